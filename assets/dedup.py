"""Dedups: three assets for each dedup of an enabled recipe, and of each that is asked for over all texts. One partition is one snapshot."""

from collections.abc import Callable

import dagster as dg

from assets.checks import checks_of
from assets.factory import stage_asset
from assets.partitions import of_texts, what_of
from assets.web import deps_of
from corpus_platform.home import Home
from corpus_platform.recipes.population import Method
from corpus_platform.stages.asset_names import DEDUP, EVERY_TEXT, asset_of, partition_of
from corpus_platform.stages.dedup import DEDUP_DOCUMENTS, DEDUP_INDEX
from corpus_platform.stages.stage import Partition
from corpus_platform.stages.texts import source_of
from corpus_platform.stages.verdicts import DUPLICATES, variant_and_method

_DOCUMENTS = """A row is a document that {what} compares, with its keys in `web.dedup_keys`. One partition is one {part}.

{who}"""
_INDEX = """A row is a key that this partition is the first to have, with its first holder. One partition is one {part}.

Keys are held against the indexes of {earlier}; links between documents are in `web.dedup_edges`."""
_VERDICTS = """A row is a document that {what} has something to say of: {says}. One partition is one {part}.

{scope} `corpus dups` shows a cluster with its texts side by side."""
_SAYS = {
    "documents": "its cluster of copies, and whether it stays",
    "units": "the lines, spans or windows that it loses",
    "filter": "that its key, or which of its paragraphs, was seen before",
    "weights": "its sampling weight, by how common its n-grams are",
}


def dedup_assets(home: Home, of: str) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The assets of one dedup, by its coordinate, and their checks."""
    variant, name = variant_and_method(of)
    method = next(m for m in home.methods[name] if m.whole is None or m.recipe.variant == variant)
    what = f"the dedup `{name}`"
    part = what_of(variant)
    earlier = (
        f"all earlier partitions{_of_parts(method)}"
        if method.step.sees_earlier
        else f"no other {part}: its scope is this one"
    )
    about = {
        DEDUP_DOCUMENTS: _DOCUMENTS.format(what=what, part=part, who=_who(method)),
        DEDUP_INDEX: _INDEX.format(part=part, earlier=earlier),
        DUPLICATES: _VERDICTS.format(what=what, part=part, says=_SAYS[method.step.matching], scope=_scope(method)),
    }
    kinds = {
        DEDUP_DOCUMENTS: {"parquet", "numba"},
        DEDUP_INDEX: {"parquet", "numba"},
        DUPLICATES: {"parquet", "duckdb"},
    }
    made = {
        table: stage_asset(
            home.stage(table),
            key=asset_of(table, of),
            group=DEDUP if method.whole is None else f"{DEDUP}_{variant.replace('.', '_')}",
            partitions=of_texts(variant),
            partition_of=_of(table, of),
            deps=deps_of(home.stage(table), of),
            description=f"{text}\n\nText variant: `{variant}`.",
            kinds=kinds[table],
            tags={"domain": source_of(variant) or "web", "variant": variant, "method": name},
        )
        for table, text in about.items()
    }
    checks = [check for table, asset in made.items() for check in checks_of(asset, table, _of(table, of))]
    return list(made.values()), checks


def _of(table: str, of: str) -> Callable[[str], Partition]:
    def partition(key: str) -> Partition:
        return partition_of(table, of, key)

    return partition


def _who(method: Method) -> str:
    if method.recipe.name == EVERY_TEXT:
        return "All documents of the variant take part."
    if method.index == 0:
        return f"All documents take part: it is the first step of the recipe `{method.recipe.name}`."
    return f"Those take part that the steps of the recipe `{method.recipe.name}` before it have left, with their texts as edited so far."


def _of_parts(method: Method) -> str:
    return " and those of parts with a higher priority" if method.is_shared else ""


def _scope(method: Method) -> str:
    step = method.step
    parts = [f"`{step.step}` within scope `{step.scope}`, survivor `{step.survivor}`"]
    parts += [f"similarity {step.limit:g}"] if step.limit is not None else []
    return f"{', '.join(parts)}."
