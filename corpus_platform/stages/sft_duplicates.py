"""Copies among data sets of dialogues, in two stages: what the dialogues are compared by, and what becomes of each.

- `sft.dedup_index`: the dialogues that the recipe's steps before its dedup leave, with their keys, a shard per file of dialogues.
- `sft.duplicates`: a set held against itself and against what stays of the sets of higher priority, in one shard; of those only the index is read, and
  of that only rows that share a key.

A set of lower priority never changes one of higher priority; a set that comes above others makes theirs stale, for its files are among what they read.
Promise: verdicts depend on the sets up to the set's own in the order of priority, and memory is that of `Copies`: some 600 bytes a row of one set.

Not here: the rules (sft/duplicates.py), what a recipe does with verdicts (recipes/deduplicated.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.documents import column
from corpus_platform.errors import SettingsError
from corpus_platform.lake import TableSpec, register
from corpus_platform.recipes.apply import Run
from corpus_platform.recipes.steps.sft_dedup import DialoguesDedup
from corpus_platform.sft.duplicates import INDEX_SCHEMA, index_of
from corpus_platform.sft.duplicates_search import LISTS, Earlier, Index, may_match, verdicts_of
from corpus_platform.sft_tables import DIALOGUE_ORDER, MESSAGE_COLUMNS, SET
from corpus_platform.stages.corpus import what_steps_do
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.sft_judged import JudgedDialogues
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.sft_signals import DIALOGUE_PLACE, SFT_SIGNALS, tables_of
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.stage import Output, Partition

SFT_DEDUP_INDEX, SFT_DUPLICATES = "sft.dedup_index", "sft.duplicates"
_ROWS = 50_000
"""Rows of an index that are read at a time."""
_NO_DEDUP = "recipe:no dedup"


@dataclass(frozen=True)
class _DedupStage(Stage):
    """What both stages share: the recipes, and which dedup they have."""

    settings: SignalsSettings = SignalsSettings()
    """How signals are computed."""
    sft: SftSettings = field(default_factory=SftSettings, kw_only=True)
    recipes: Mapping[str, Recipe] = field(default_factory=dict, kw_only=True)
    """Recipes over dialogues by name, those that data sets ask for."""
    test_sets: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def recipe_of(self, name: str) -> Recipe:
        """The recipe that filters a data set."""
        wanted = self.sft.recipe_of(name)
        if wanted not in self.recipes:
            raise SettingsError(f"`sft.sets.{name}`: there is no recipe over dialogues `{wanted}`")
        return self.recipes[wanted]

    def step_of(self, name: str) -> tuple[int, DialoguesDedup] | None:
        """The dedup of a data set's recipe and its place among the steps; None where it has none."""
        steps = self.recipe_of(name).steps
        return next(((i, step) for i, step in enumerate(steps) if isinstance(step, DialoguesDedup)), None)

    def reads_from(self, name: str, partition: Partition) -> bool:
        """Dialogues are in one table of several."""
        return self.sft.holds(name, partition["set"])

    def settings_hash(self) -> str:
        """What a recipe does is part of a data set's shards."""
        return digest_of([])


@dataclass(frozen=True)
class SftDedupIndex(_DedupStage):
    """What the dialogues of one data set are compared by."""

    name: ClassVar[str] = SFT_DEDUP_INDEX
    version: ClassVar[str] = "1"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Dialogues and their signals."""
        return tuple((name, variant) for name in (*tables_of(self.sft), SFT_SIGNALS))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of dialogues; one that reads nothing where the recipe has no dedup."""
        found = self.step_of(partition["set"])
        if found is None:
            return [Shard(0, (_NO_DEDUP,), None)]
        index, step = found
        judged = self._judged(partition, index)
        does = digest_of([judged.recipe.compat, what_steps_do(judged.recipe), step.copies().model_dump(mode="json")])
        return [replace(s, reads=(*s.reads, f"recipe:{does}")) for s in judged.shards(lake, partition)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the dialogues through the earlier steps, some MB at a time."""
        found = self.step_of(partition["set"])
        if shard.work is None or found is None:
            return
        index, step = found
        judged = self._judged(partition, index)
        for frame in judged.frames(lake, partition, shard.work):
            run = Run(judged.recipe, frame, judged.environment)
            run.all()
            left = run.values.result(run.alive)
            output.count("records", frame.height)
            output.count("kept", left.height)
            output.count("dropped:earlier_steps", frame.height - left.height)
            rows = index_of(left, step.copies()).drop("doc_id")
            output.write(pl.concat([left.select(DIALOGUE_PLACE), rows], how="horizontal"))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of dialogues and signals."""
        return _versions(lake, dict.fromkeys((self.sft.table_of(partition["set"]), SFT_SIGNALS), partition))

    def _judged(self, partition: Partition, index: int) -> JudgedDialogues:
        recipe = self.recipe_of(partition["set"])
        before = recipe.model_copy(update={"steps": recipe.steps[:index]})
        return JudgedDialogues(before, self.settings, self.sft, self.test_sets)


@dataclass(frozen=True)
class _Held:
    """A set that is compared with: its name, the files of its index and of its verdicts, and whether its bands are made as the set's own are."""

    name: str
    index: tuple[DataFile, ...]
    verdicts: tuple[DataFile, ...] = ()
    comparable: bool = True


@dataclass(frozen=True)
class SftDuplicates(_DedupStage):
    """What becomes of the dialogues of one data set."""

    name: ClassVar[str] = SFT_DUPLICATES
    version: ClassVar[str] = "1"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The index; those of sets of higher priority are among what the shard reads."""
        return ((SFT_DEDUP_INDEX, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: the set, and what stays of those before it."""
        name = partition["set"]
        found = self.step_of(name)
        own = tuple(lake.files(SFT_DEDUP_INDEX, partition))
        if found is None or not own:
            return [Shard(0, (_NO_DEDUP,), None)]
        step = found[1]
        held = tuple(self._held(lake, name)) if step.across_sets else ()
        does = digest_of([step.copies(self.sft.one(name).same_prompt).model_dump(mode="json"), step.across_sets])
        reads = [f"copies:{does}", *digests(own)]
        for one in held:
            reads += [
                f"{one.name}:{one.comparable}:{digest}" for digest in (*digests(one.index), *digests(one.verdicts))
            ]
        return [Shard(0, tuple(reads), (_Held(name, own), held), sum(file.bytes for file in own))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Finds the copies, and writes a verdict on each row."""
        found = self.step_of(partition["set"])
        if shard.work is None or found is None:
            return
        own, held = shard.work
        index = index_in(lake, own.index)
        output.count("records", index.rows.height)
        judge = may_match(index.rows)
        earlier = [Earlier(one.name, _held_index(lake, one, judge)) for one in held]
        options = found[1].copies(self.sft.one(partition["set"]).same_prompt)
        verdicts = verdicts_of(index, options, earlier)
        output.count("kept", int(verdicts["kept"].sum()))
        for rule, gone in verdicts.filter(~pl.col("kept")).group_by("rule").len().sort("rule").iter_rows():
            output.count(f"dropped:{rule}", gone)
        output.write(pl.concat([index.rows.select(DIALOGUE_PLACE), verdicts.drop("doc_id")], how="horizontal"))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the index."""
        return _versions(lake, {SFT_DEDUP_INDEX: partition})

    def _held(self, lake: Lake, name: str) -> Iterator[_Held]:
        """The sets of higher priority that have verdicts already, in their order."""
        found = self.step_of(name)
        assert found is not None
        mine = found[1].copies()
        for other in self.sft.ranked[: self.sft.ranked.index(name)]:
            where = {"set": other}
            files, verdicts = tuple(lake.files(SFT_DEDUP_INDEX, where)), tuple(lake.files(SFT_DUPLICATES, where))
            if files and verdicts:
                theirs = self.step_of(other)
                yield _Held(other, files, verdicts, theirs is not None and mine.is_comparable(theirs[1].copies()))


def index_in(
    lake: Lake,
    files: Sequence[DataFile],
    judge: Callable[[pl.DataFrame], np.ndarray] | None = None,
    gone: frozenset[str] | None = None,
) -> Index:
    """The rows of an index, those of another set only where they stay and may match; shingles are read of those that are asked for."""
    columns = [*DIALOGUE_PLACE, *(name for name in INDEX_SCHEMA if name not in (*LISTS, "doc_id"))]
    frames, places = [], []
    for number, file in enumerate(files):
        first = 0
        for frame in batches(lake, file, columns=columns, rows=_ROWS):
            keep = np.ones(frame.height, np.bool_) if judge is None else judge(frame)
            if gone:
                keep &= ~frame["doc_id"].is_in(list(gone)).to_numpy()
            frames.append(frame.filter(pl.Series(keep)))
            places.append(pl.DataFrame({"file": number, "row": first + np.flatnonzero(keep)}))
            first += frame.height
    rows = (
        pl.concat(frames)
        if frames
        else pl.DataFrame(schema={**dict.fromkeys(DIALOGUE_PLACE, pl.Int64), **INDEX_SCHEMA})
    )
    place = pl.concat(places) if places else pl.DataFrame({"file": [], "row": []})

    def lists(name: str, wanted: np.ndarray) -> pl.Series:
        """A column of lists of some rows, ascending."""
        asked = place[wanted]
        found = []
        for number, file in enumerate(files):
            of_file = asked.filter(pl.col("file") == number)["row"].to_numpy()
            first = 0
            for frame in batches(lake, file, columns=[name], rows=_ROWS) if of_file.size else ():
                low, high = np.searchsorted(of_file, [first, first + frame.height])
                found.append(frame[name].gather(of_file[low:high] - first))
                first += frame.height
        return pl.concat(found)

    return Index(rows, lists)


def _held_index(lake: Lake, held: _Held, judge: Callable[[pl.DataFrame], np.ndarray]) -> Index:
    """What stays of another set and may match; only word for word where its recipe compares otherwise."""
    found = index_in(lake, held.index, judge, _gone(lake, held.verdicts))
    if held.comparable:
        return found
    nothing = [pl.lit(None, INDEX_SCHEMA[name]).alias(name) for name in ("bands", "prompt_bands")]
    return Index(found.rows.with_columns(nothing), found.lists)


def _gone(lake: Lake, files: Sequence[DataFile]) -> frozenset[str]:
    """The rows that verdicts take out."""
    rows = (frame for file in files for frame in batches(lake, file, columns=["doc_id", "kept"], rows=_ROWS))
    return frozenset(name for frame in rows for name in frame.filter(~pl.col("kept"))["doc_id"])


def _versions(lake: Lake, read: Mapping[str, Partition]) -> dict[str, Any]:
    states = {name: lake.state(name, partition) for name, partition in read.items()}
    return {name: state.version for name, state in states.items() if state}


_KNOWN = {one.name: one for one in MESSAGE_COLUMNS}
_PLACE = tuple(_KNOWN[name] for name in DIALOGUE_PLACE)

register(
    TableSpec(
        SFT_DEDUP_INDEX,
        "A row is a dialogue that the steps before the dedup leave, with what it is compared by",
        (
            *_PLACE,
            column("content_id", pa.string(), "Identity of what is said, after the steps before"),
            column("dialogue", pa.uint64(), "Key of all messages in the normal form", nullable=False),
            column("prompt", pa.uint64(), "Key of all that the user says"),
            column("first_exchange", pa.uint64(), "Key of everything up to the first answer"),
            column("prefixes", pa.list_(pa.uint64()), "Keys of its beginnings that end with an answer", nullable=False),
            column("answer_characters", pa.int64(), "Length of the answers", nullable=False),
            column("turns", pa.int32(), "Messages", nullable=False),
            column("score", pa.float64(), "Label that the best of equal prompts is told by"),
            column(
                "numbers", pa.uint64(), "Hash of the numbers in the prompt, of tasks whose copies must have the same"
            ),
            column("short", pa.bool_(), "Whether it is held against others letter by letter", nullable=False),
            column(
                "bands",
                pa.list_(pa.uint64()),
                "Keys of the bands of its signature; null for what is only compared word for word",
            ),
            column("shingles", pa.list_(pa.uint32()), "Its distinct shingles, ascending; the letters of a short one"),
            column(
                "prompt_bands",
                pa.list_(pa.uint64()),
                "Keys of the bands of its prompt, where similar prompts are thinned",
            ),
            column("prompt_shingles", pa.list_(pa.uint32()), "Distinct shingles of its prompt, ascending"),
            SET,
        ),
        key=("doc_id", "set"),
        partition_by=("set",),
        order=DIALOGUE_ORDER,
    )
)

register(
    TableSpec(
        SFT_DUPLICATES,
        "A row is a dialogue that was compared: whether it stays, or which one stays in its place",
        (
            *_PLACE,
            column("kept", pa.bool_(), "Whether it stays", nullable=False),
            column(
                "rule", pa.string(), "Why it goes: exact_dialogue, prompt, first_exchange, prefix, near, short, similar"
            ),
            column("similarity", pa.float64(), "How alike it is to the one that it was held against, 0..1"),
            column("canonical", pa.string(), "doc_id of the dialogue that stays in its place"),
            column("canonical_set", pa.string(), "Set that has it; null: the same"),
            column("cluster", pa.string(), "doc_id of the one that stays of its cluster; null without copies"),
            SET,
        ),
        key=("doc_id", "set"),
        partition_by=("set",),
        order=DIALOGUE_ORDER,
    )
)
