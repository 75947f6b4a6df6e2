"""Sources other than the web: their documents as readers give them, and the same after the source's cleaning recipe.

Not here: encyclopedias' dumps (encyclopedia.py), dedups and corpora of sources (dedup.py, corpora.py).
"""

import dagster as dg

from assets.checks import checks_of
from assets.corpora import steps_of
from assets.factory import stage_asset
from assets.partitions import of_source, what_of
from assets.web import deps_of
from corpus_platform.home import Home
from corpus_platform.source_tables import partition_of_key
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.cleaned import Cleaned
from corpus_platform.stages.stage import Partition, Stage
from corpus_platform.stages.texts import cleaned_table, read_table

_DOCUMENTS = """A row is {row}, as its reader gives it. One partition is one {what}.

Records that could not be used are in `ops.rejects`, each with file, position and reason."""
_CLEANED = """A row is {row} that the recipe `{recipe}` keeps, with its language and perplexity. One partition is one {what}.

{about}

{steps}

What is dropped is in `ops.decisions`, with step, rule, value and threshold."""
_ROWS = {
    "books": "a book or a part of one",
    "academic": "a paper",
    "code": "a file of a repository",
    "social": "a thread of a site",
    "encyclopedia": "an article of an encyclopedia",
    "parallel": "a text in two languages",
    "domain": "a record of a domain's data set",
}


def source_assets(home: Home, source: str) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The assets of one source, and their checks; articles of an encyclopedia are made elsewhere."""
    made = [] if source == "encyclopedia" else [_documents(home, source)]
    made.append(_cleaned(home, source))
    return [asset for asset, _ in made], [check for _, checks in made for check in checks]


def _documents(home: Home, source: str) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    name = read_table(source)
    about = _DOCUMENTS.format(row=_ROWS[source], what=what_of(source))
    return _asset(home.stage(name), source, about, [], {"parquet", "python"})


def _cleaned(home: Home, source: str) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    stage = home.stage(cleaned_table(source))
    assert isinstance(stage, Cleaned)
    about = _CLEANED.format(
        row=_ROWS[source],
        what=what_of(source),
        recipe=stage.recipe.name,
        about=stage.recipe.about,
        steps=steps_of(stage.recipe.steps),
    )
    return _asset(stage, source, about, deps_of(stage, source), {"parquet", "numba"})


def _asset(
    stage: Stage, source: str, about: str, deps: list[dg.AssetDep], kinds: set[str]
) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    def partition_of(key: str) -> Partition:
        return partition_of_key(source, key)

    asset = stage_asset(
        stage,
        key=asset_of(stage.name),
        group=source,
        partitions=of_source(source),
        partition_of=partition_of,
        deps=deps,
        description=about,
        kinds=kinds,
        tags={"domain": source},
    )
    return asset, checks_of(asset, stage.name, partition_of)
