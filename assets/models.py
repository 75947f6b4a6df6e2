"""Models that the platform trains from its own tables, or takes from a location. One partition is one language."""

import dagster as dg

from assets.checks import checks_of, model_exists
from assets.factory import stage_asset
from assets.partitions import of_languages
from corpus_platform.home import Home, asset_of
from corpus_platform.stages.stage import Partition

_LANGUAGE_MODEL = """A row is the SentencePiece + 5-gram model of a language, with its perplexity cut-offs and where its files are. One
partition is one language.

Trained from `encyclopedia/articles`; where there is too little text no model is made and the reason is kept: documents of that language
get the bucket `all`."""


def model_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The language models and their checks."""
    name = "models.language_model"
    deps = [dg.AssetDep(["encyclopedia", "articles"], partition_mapping=dg.AllPartitionMapping())]
    if cutoffs := home.settings.language_model.cutoffs_of:
        pages = dg.AssetKey.from_user_string(asset_of("web.pages", cutoffs.variant))
        one = dg.SpecificPartitionsPartitionMapping([cutoffs.snapshot])
        deps.append(dg.AssetDep(pages, partition_mapping=one))
    model = stage_asset(
        home.stage(name),
        key=asset_of(name),
        group="models",
        partitions=of_languages(home.settings.language_model.languages),
        partition_of=_language,
        deps=deps,
        description=_LANGUAGE_MODEL,
        kinds={"kenlm", "sentencepiece"},
        tags={"domain": "models"},
    )
    return [model], [*checks_of(model, name, _language), model_exists(model, name, _language)]


def _language(key: str) -> Partition:
    return {"language": key}
