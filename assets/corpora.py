"""Published corpora: one asset per recipe, one partition per snapshot, all made by one factory from the recipes' YAML; and what they have in common."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.checks import checks_of
from assets.factory import OWNERS, stage_asset
from assets.metadata import of_overlap, overlap_schema
from assets.partitions import cc_snapshot, of_texts, what_of
from assets.web import deps_of, of_variant
from corpus_platform.analytics.corpora import overlap_of
from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from corpus_platform.recipes.part import Part
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import Step
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.corpus import LAYER, Corpus
from corpus_platform.stages.texts import source_of
from resources.home import HomeResource

OVERLAP = "overlap"
_OVERLAP = """A row is a pair of corpora, with the documents that both have and the share of the one that they are. One partition is one snapshot.

Those that are made are compared. The same on the command line: `corpus recipes overlap`."""


def corpus_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The corpora of the enabled recipes, and their checks."""
    made = [
        (name, variant, *_corpus(home, name, variant)) for name in home.enabled for variant in home.variants_of(name)
    ]
    assets = [asset for _, _, asset, _ in made]
    of_web = [asset for name, variant, asset, _ in made if source_of(variant) is None and not home.recipe(name).parts]
    compared = [_overlap(of_web)] if len(of_web) > 1 and OVERLAP not in home.enabled else []
    return [*assets, *compared], [check for _, _, _, checks in made for check in checks]


def _corpus(home: Home, recipe: str, variant: str) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    name = f"{LAYER}.{recipe}"
    stage = home.stage(name)
    assert isinstance(stage, Corpus)
    corpus = stage_asset(
        stage,
        key=asset_of(name, variant),
        group=f"{LAYER}_{recipe}" if stage.recipe.parts else LAYER,
        partitions=of_texts(variant),
        partition_of=of_variant(variant),
        deps=deps_of(stage, variant),
        description=about(stage.recipe, variant),
        kinds={"parquet"},
        tags={"domain": source_of(variant) or "web", "variant": variant, "recipe": recipe},
    )
    return corpus, checks_of(corpus, name, of_variant(variant))


def _overlap(corpora: list[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """The asset that shows how much the corpora of a snapshot have in common; it writes no table."""

    @dg.asset(
        key=[LAYER, OVERLAP],
        group_name=LAYER,
        partitions_def=cc_snapshot,
        deps=[corpus.key for corpus in corpora],
        description=_OVERLAP,
        owners=OWNERS,
        kinds={"polars"},
        tags={"domain": "web"},
        code_version="1",
        metadata={"dagster/column_schema": overlap_schema()},
    )
    def asset(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[Any]:
        try:
            found = overlap_of(home.open(), context.partition_key)
        except CorpusError as error:
            raise dg.Failure(str(error)) from error
        return dg.MaterializeResult(metadata=of_overlap(found, context.partition_key))

    return asset


def about(recipe: Recipe, variant: str) -> str:
    """What the recipe's corpus is, from its YAML: title, source, and the steps with their thresholds."""
    fields = "CCNet's own fields" if recipe.publish == "ccnet" else "its text after the recipe's edits"
    lines = [
        f"A row is a document that the recipe `{recipe.name}` keeps, with {fields}. One partition is one {what_of(variant)}.",
        f"**{recipe.title}**. {recipe.reference}" + (f" <{recipe.homepage}>" if recipe.homepage else ""),
        recipe.about,
        *(_part(part) for part in recipe.parts if part.variant == variant),
        steps_of(recipe.steps),
        f"What is dropped is in `ops.decisions`, with step, rule, value and threshold. Text variant: `{variant}`"
        + (", judged as the system's own code does (`compat: reference`)." if recipe.compat == "reference" else "."),
    ]
    return "\n\n".join(line for line in lines if line)


def _part(part: Part) -> str:
    """A part with its own steps."""
    of = f" ({', '.join(part.of)})" if part.of else ""
    own = steps_of(part.steps) or "It has no steps of its own."
    return f"Part `{part.part}`{of}, before the steps of all parts:\n\n{own}"


def steps_of(steps: Sequence[Step]) -> str:
    """Steps as a numbered list."""
    return "\n".join(f"{i}. {_step(step)}" for i, step in enumerate(steps, 1))


def _step(step: Step) -> str:
    """`gopher_quality`: min_words 50, max_words 100000."""
    values = step.model_dump(mode="json", exclude={"label", "note", "unverified"}, exclude_none=True)
    said = ", ".join(f"{name} {_written(value)}" for name, value in values.items() if value not in ([], {}, ""))
    name = f"`{step.step}`" if step.name == step.step else f"`{step.step}` ({step.name})"
    unverified = f" (unverified: {step.unverified})" if step.unverified else ""
    return f"{name}{': ' if said else ''}{said}{unverified}"


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value[:12])) + (" ..." if len(value) > 12 else "")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
