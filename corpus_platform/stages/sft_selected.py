"""Choices among the dialogues of a data set: what becomes of each, for the choices that its recipe has (`sft_select_*`).

A choice needs all of its set: the dialogues go through the recipe's steps before it, file by file, and leave an index; then all are judged at once. Each
choice reads the dialogues once more, over what the one before it leaves. A recipe without a choice costs nothing.
Promise: verdicts depend on the set and its recipe alone; memory is that of the choice, some 100 bytes a word of what users say.

Not here: the choices (recipes/steps/sft_selection.py), what a recipe does with verdicts (recipes/deduplicated.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pyarrow as pa

from corpus_platform.documents import column
from corpus_platform.lake import TableSpec, register
from corpus_platform.recipes.sft_selections import as_verdicts, gathered, selections_of
from corpus_platform.sft_tables import DIALOGUE_ORDER, MESSAGE_COLUMNS, SET
from corpus_platform.stages.corpus import what_steps_do
from corpus_platform.stages.read import digests
from corpus_platform.stages.sft_filtered import SFT_DUPLICATES, SFT_SELECTED, RecipeStage, dedup_of, dedup_verdicts
from corpus_platform.stages.sft_signals import DIALOGUE_PLACE, SFT_SIGNALS, tables_of
from corpus_platform.stages.stage import Shard, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.sft_judged import DialogueWork
    from corpus_platform.stages.stage import Output, Partition

_NONE = "recipe:no choice"
_WRITTEN = 100_000


@dataclass(frozen=True)
class _Work:
    """What the task reads: the files of dialogues with their signals, and the verdicts of the dedup."""

    files: tuple[DialogueWork, ...]
    verdicts: tuple[DataFile, ...]


@dataclass(frozen=True)
class SftSelected(RecipeStage):
    """What becomes of the dialogues of one data set by the choices of its recipe."""

    name: ClassVar[str] = SFT_SELECTED
    version: ClassVar[str] = "1"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Dialogues, their signals, and the verdicts of the dedup."""
        return tuple((name, variant) for name in (*tables_of(self.sft), SFT_SIGNALS, SFT_DUPLICATES))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: all of the set; one that reads nothing where the recipe has no choice."""
        recipe = self.recipe_of(partition)
        chosen = selections_of(recipe)
        found = self.judged(partition).shards(lake, partition)
        if not chosen or not found:
            return [Shard(0, (_NONE,), None)]
        upto = recipe.model_copy(update={"steps": recipe.steps[: chosen[-1][0] + 1]})
        verdicts = tuple(lake.files(SFT_DUPLICATES, partition)) if dedup_of(recipe) else ()
        does = digest_of([recipe.compat, what_steps_do(upto)])
        reads = (f"recipe:{does}", *digests(verdicts), *(read for shard in found for read in shard.reads))
        work = _Work(tuple(shard.work for shard in found), verdicts)
        return [Shard(0, reads, work, sum(shard.bytes for shard in found))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Chooses, one choice after the other, and writes a verdict on each row that a choice has seen."""
        if shard.work is None:
            return
        judged = self.judged(partition)
        verdicts = dedup_verdicts(lake, judged.recipe, shard.work.verdicts)
        told: list[pl.DataFrame] = []
        for place, step in selections_of(judged.recipe):

            def frames() -> Iterator[pl.DataFrame]:
                for file in shard.work.files:
                    yield from judged.frames(lake, partition, file)

            gone, rows, indexes = verdicts, [], []
            for left, index in gathered(judged.recipe, place, frames(), judged.environment, gone):
                rows.append(left.select(DIALOGUE_PLACE))
                indexes.append(index)
            if not indexes:
                continue
            found = step.verdicts(pl.concat(indexes))
            verdicts = {**verdicts, step.name: as_verdicts(found)}
            told.append(_told(pl.concat(rows), found, step.name, output))
        # In the order of dialogues, which several choices may have seen.
        whole = pl.concat(told).sort(DIALOGUE_ORDER, maintain_order=True) if told else pl.DataFrame()
        for start in range(0, whole.height, _WRITTEN):
            output.write(whole[start : start + _WRITTEN])

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of dialogues, signals and the dedup's verdicts."""
        return self.versions(lake, partition, SFT_DUPLICATES)


def _told(rows: pl.DataFrame, found: pl.DataFrame, step: str, output: Output) -> pl.DataFrame:
    """Rows of the table of the verdicts of a choice, which are counted."""
    output.count("records", found.height)
    output.count("kept", int(found["kept"].sum()))
    for rule, gone in found.filter(~pl.col("kept")).group_by("rule").len().sort("rule").iter_rows():
        output.count(f"dropped:{step}:{rule}", gone)
    own = found.drop("doc_id").rename({"similarity": "value"}).with_columns(pl.lit(step).alias("step"))
    return pl.concat([rows, own], how="horizontal").select("step", *DIALOGUE_PLACE, *_TOLD)


_KNOWN = {one.name: one for one in MESSAGE_COLUMNS}
_TOLD = ("kept", "rule", "value", "threshold", "canonical")

register(
    TableSpec(
        SFT_SELECTED,
        "A row is a dialogue that a choice of its data set's recipe has seen: whether it stays, or why it goes",
        (
            column("step", pa.string(), "The choice, by the name that the ledger has", nullable=False),
            *(_KNOWN[name] for name in DIALOGUE_PLACE),
            column("kept", pa.bool_(), "Whether it stays", nullable=False),
            column(
                "rule",
                pa.string(),
                "Why it goes: no_tags, no_new_tag, like_another, no_score, low_score, like_a_better_one, over_budget",
            ),
            column("value", pa.float64(), "What the rule saw: tags, cosine, score, place in the order"),
            column("threshold", pa.float64(), "What it was held against"),
            column("canonical", pa.string(), "doc_id of the dialogue that it was too much alike"),
            SET,
        ),
        key=("step", "doc_id", "set"),
        partition_by=("set",),
        order=DIALOGUE_ORDER,
    )
)
