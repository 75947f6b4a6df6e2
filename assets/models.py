"""Models that the platform trains from its own tables, or takes from a location. One partition is one language, or one model."""

import dagster as dg

from assets.checks import checks_of
from assets.factory import stage_asset
from assets.partitions import of_languages, of_models
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.classifiers import CLASSIFIERS, IMPORTANCE, Classifiers, ImportanceModels
from corpus_platform.stages.stage import Partition

_LANGUAGE_MODEL = """A row is the SentencePiece + 5-gram model of a language, with its perplexity cut-offs and where its files are. One
partition is one language.

Trained from `encyclopedia/articles`; where there is too little text no model is made and the reason is kept: documents of that language
get the bucket `all`."""
_CLASSIFIER = """A row is a text classifier: its classes, how well it tells them apart on texts held back, and where its files are. One
partition is one model (`safety.zh` is the model `safety/zh`).

Trained from texts that are shipped, from tables of the platform or from files, or taken from a location."""
_IMPORTANCE = """A row is a pair of n-gram distributions that say how much a text is like a target rather than like the web. One partition is
one model.

Source: DSIR (Xie et al. 2023), as RedPajama-V2 uses it."""

Made = tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]


def model_assets(home: Home) -> Made:
    """All models and their checks."""
    made = [_language_models(home), _scorers(home, CLASSIFIERS, _CLASSIFIER), _scorers(home, IMPORTANCE, _IMPORTANCE)]
    return [asset for assets, _ in made for asset in assets], [check for _, checks in made for check in checks]


def _language_models(home: Home) -> Made:
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
    return [model], checks_of(model, name, _language)


def _scorers(home: Home, name: str, about: str) -> Made:
    """Classifiers, or importance models: a partition each."""
    stage = home.stage(name)
    assert isinstance(stage, Classifiers | ImportanceModels)
    read = [asset_of("encyclopedia.articles"), *(asset_of("web.documents", base) for base in home.deduplicated)]
    model = stage_asset(
        stage,
        key=asset_of(name),
        group="models",
        partitions=of_models(stage.names()),
        partition_of=_model,
        deps=[
            dg.AssetDep(dg.AssetKey.from_user_string(key), partition_mapping=dg.AllPartitionMapping()) for key in read
        ],
        description=about,
        kinds={"fasttext"} if name == CLASSIFIERS else {"numpy"},
        tags={"domain": "models"},
    )
    return [model], checks_of(model, name, _model)


def _language(key: str) -> Partition:
    return {"language": key}


def _model(key: str) -> Partition:
    return {"model": key}
