"""Published corpora: one asset per recipe, one partition per snapshot, all made by one factory from the recipes' YAML."""

import dagster as dg

from assets.checks import balance, checks_of, usual_size, verdicts
from assets.factory import stage_asset
from assets.partitions import cc_snapshot
from assets.web import deps_of, of_variant
from corpus_platform.home import Home, asset_of
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import DedupStep, Step
from corpus_platform.stages.corpus import LAYER, Corpus
from corpus_platform.stages.stage import Partition


def corpus_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The corpora of the enabled recipes, and their checks."""
    made = [_corpus(home, name) for name in home.enabled]
    return [asset for asset, _ in made], [check for _, checks in made for check in checks]


def _corpus(home: Home, recipe: str) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    name, variant = f"{LAYER}.{recipe}", home.variant_of(recipe)
    stage = home.stage(name)
    assert isinstance(stage, Corpus)
    corpus = stage_asset(
        stage,
        key=asset_of(name),
        group=LAYER,
        partitions=cc_snapshot,
        partition_of=of_variant(variant),
        deps=deps_of(stage, variant),
        description=about(stage.recipe, variant),
        kinds={"parquet"},
        tags={"domain": "web", "variant": variant, "recipe": recipe},
    )
    where = of_variant(variant)
    source, of = stage.above(variant)[0]

    def of_source(key: str) -> Partition:
        return {"variant": of, "snapshot": key}

    checks = [
        # An empty corpus is no broken one: there may be no document in the recipe's languages.
        *checks_of(corpus, name, where, may_be_empty=True),
        balance(corpus, name, source, where, of_source),
        *verdicts(corpus, name, where),
        usual_size(corpus, name, where),
    ]
    return corpus, checks


def about(recipe: Recipe, variant: str) -> str:
    """What the recipe's corpus is, from its YAML: title, source, and the steps with their thresholds."""
    fields = "CCNet's own fields" if recipe.publish == "ccnet" else "its text after the recipe's edits"
    lines = [
        f"A row is a document that the recipe `{recipe.name}` keeps, with {fields}. One partition is one snapshot.",
        f"**{recipe.title}**. {recipe.reference}" + (f" <{recipe.homepage}>" if recipe.homepage else ""),
        recipe.about,
        "\n".join(f"{i}. {_step(step)}" for i, step in enumerate(recipe.steps, 1)),
        f"What is dropped is in `ops.decisions`, with step, rule, value and threshold. Text variant: `{variant}`"
        + (", judged as the system's own code does (`compat: reference`)." if recipe.compat == "reference" else "."),
    ]
    return "\n\n".join(line for line in lines if line)


def _step(step: Step) -> str:
    """`gopher_quality`: min_words 50, max_words 100000."""
    values = step.model_dump(mode="json", exclude={"label", "note", "unverified"}, exclude_none=True)
    said = ", ".join(f"{name} {_written(value)}" for name, value in values.items() if value not in ([], {}, ""))
    name = f"`{step.step}`" if step.name == step.step else f"`{step.step}` ({step.name})"
    pending = " **pending: not done yet**" if isinstance(step, DedupStep) and step.is_pending else ""
    unverified = f" (unverified: {step.unverified})" if step.unverified else ""
    return f"{name}{': ' if said else ''}{said}{pending}{unverified}"


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value[:12])) + (" ..." if len(value) > 12 else "")
    return str(value)
