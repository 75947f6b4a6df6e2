"""The dialogues that a data set's recipe keeps: repaired, filtered, de-identified, without copies, without what evaluation sets have.

Every dialogue ends as one row here or one drop that is counted, and is a row in ops.decisions with step, rule, value and threshold.

Not here: what a recipe is and how it judges (recipes/), copies (sft_duplicates.py), choices (sft_selected.py), which rows are drawn for training (sft_mix.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import SettingsError
from corpus_platform.lake import table
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.recipes.sft_selections import as_verdicts, selections_of
from corpus_platform.recipes.step import DedupStep
from corpus_platform.recipes.steps.sft_selection import Selection
from corpus_platform.stages.corpus import what_steps_do
from corpus_platform.stages.decisions import DECISIONS, count_funnel
from corpus_platform.stages.read import digests, lazy
from corpus_platform.stages.sft_judged import JudgedDialogues
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.sft_signals import SFT_SIGNALS, tables_of
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.sft_judged import DialogueWork
    from corpus_platform.stages.stage import Output, Partition, Shard

FILTERED = f"{DIALOGUES}.filtered"
SFT_DUPLICATES = f"{DIALOGUES}.duplicates"
SFT_SELECTED = f"{DIALOGUES}.selected"


@dataclass(frozen=True)
class _Work:
    """What one task reads: dialogues with their signals, and all verdicts of the data set."""

    judged: DialogueWork
    verdicts: tuple[DataFile, ...]
    chosen: tuple[DataFile, ...]


@dataclass(frozen=True)
class RecipeStage(Stage):
    """What stages share that run a data set's recipe with the verdicts of its dedup."""

    settings: SignalsSettings = SignalsSettings()
    """How signals are computed."""
    sft: SftSettings = field(default_factory=SftSettings, kw_only=True)
    recipes: Mapping[str, Recipe] = field(default_factory=dict, kw_only=True)
    """Recipes over dialogues by name, those that data sets ask for."""
    test_sets: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def recipe_of(self, partition: Partition) -> Recipe:
        """The recipe that filters a data set."""
        name = self.sft.recipe_of(partition["set"])
        if name not in self.recipes:
            raise SettingsError(f"`sft.sets.{partition['set']}`: there is no recipe over dialogues `{name}`")
        return self.recipes[name]

    def judged(self, partition: Partition) -> JudgedDialogues:
        """What is read for a data set."""
        return JudgedDialogues(self.recipe_of(partition), self.settings, self.sft, self.test_sets)

    def reads_from(self, name: str, partition: Partition) -> bool:
        """Dialogues are in one table of several."""
        return self.sft.holds(name, partition["set"])

    def settings_hash(self) -> str:
        """Which recipe does what is part of a data set's shards."""
        return digest_of([])

    def versions(self, lake: Lake, partition: Partition, *names: str) -> dict[str, Any]:
        """Versions of dialogues, signals and other tables."""
        read = (self.sft.table_of(partition["set"]), SFT_SIGNALS, *names)
        states = {name: lake.state(name, partition) for name in read}
        return {name: state.version for name, state in states.items() if state}


@dataclass(frozen=True)
class SftFiltered(RecipeStage):
    """The dialogues of one data set that its recipe keeps."""

    name: ClassVar[str] = FILTERED
    version: ClassVar[str] = "1"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Dialogues, their signals, and the verdicts of the dedup and of choices."""
        return tuple((name, variant) for name in (*tables_of(self.sft), SFT_SIGNALS, SFT_DUPLICATES, SFT_SELECTED))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of dialogues, with all verdicts of the data set."""
        recipe = self.recipe_of(partition)
        verdicts = tuple(lake.files(SFT_DUPLICATES, partition)) if dedup_of(recipe) else ()
        chosen = tuple(lake.files(SFT_SELECTED, partition)) if selections_of(recipe) else ()
        does = digest_of([recipe.name, recipe.compat, what_steps_do(recipe)])
        more = (f"recipe:{does}", *digests(verdicts), *(f"chosen:{digest}" for digest in digests(chosen)))
        found = self.judged(partition).shards(lake, partition)
        return [replace(s, reads=(*s.reads, *more), work=_Work(s.work, verdicts, chosen)) for s in found]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the dialogues, some MB at a time."""
        work: _Work = shard.work
        judged = self.judged(partition)
        verdicts = dedup_verdicts(lake, judged.recipe, work.verdicts) | _choices(lake, judged.recipe, work.chosen)
        for frame in judged.frames(lake, partition, work.judged):
            output.count("records", frame.height)
            applied = apply(judged.recipe, frame, judged.environment, verdicts)
            count_funnel(output, applied)
            output.write(applied.decisions.with_columns(pl.lit(judged.recipe.name).alias("recipe")), DECISIONS)
            output.write(self._rows(applied, judged.recipe))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of dialogues, signals and verdicts."""
        return self.versions(lake, partition, SFT_DUPLICATES, SFT_SELECTED)

    def _rows(self, applied: Applied, recipe: Recipe) -> pl.DataFrame:
        marked = applied.kept.with_columns(
            pl.Series("edited", applied.changed, pl.Boolean), pl.lit(recipe.name).alias("recipe")
        )
        return marked.select(name for name in table(self.name).schema.names if name in marked.columns)


def dedup_of(recipe: Recipe) -> DedupStep | None:
    """The dedup of a recipe over dialogues; it has one at most."""
    return next(
        (step for step in recipe.steps if isinstance(step, DedupStep) and not isinstance(step, Selection)), None
    )


def dedup_verdicts(lake: Lake, recipe: Recipe, files: tuple[DataFile, ...]) -> dict[str, pl.DataFrame]:
    """What the dedup of a recipe takes out, by its step, of files of `sft.duplicates`; nothing where it has no dedup, or there are none."""
    step = dedup_of(recipe)
    if step is None or not files:
        return {}
    schema = {**VERDICT_SCHEMA, "rule": pl.String}
    asked = ("doc_id", "kept", "similarity", "canonical", "rule")
    rows = pl.concat([lazy(lake, file).select(asked) for file in files]).filter(~pl.col("kept")).collect()
    empty = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in asked]
    return {step.name: rows.with_columns(empty).select(*schema).cast(schema)}  # type: ignore[arg-type]


def _choices(lake: Lake, recipe: Recipe, files: tuple[DataFile, ...]) -> dict[str, pl.DataFrame]:
    """What each choice of a recipe takes out, of files of `sft.selected`."""
    if not files:
        return {}
    rows = pl.concat([lazy(lake, file).filter(~pl.col("kept")) for file in files])
    named = rows.rename({"value": "similarity"}).collect()
    return {step.name: as_verdicts(named.filter(pl.col("step") == step.name)) for _, step in selections_of(recipe)}
