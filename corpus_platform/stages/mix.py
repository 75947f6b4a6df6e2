"""Mixes: the documents that each mix draws from the tables of documents, by budget, shares and quality. One partition is one mix.

A row has no text: it says which document, why, and where its source record is. Texts are read when a release is made.
Test sets are looked for before anything is drawn; what shares n-grams with them stays out and is in `ops.decisions`, with the item and the place. A
planted document goes through the same search and must be found, else the run fails.

Not here: the language of mixes and how budgets are divided (mixes/), what is released (analytics/mix_release.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.errors import CheckFailed, SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.mixes.mix import mix_of
from corpus_platform.mixes.order import hashes, taken
from corpus_platform.mixes.plan import Leaf, Row, leaves, plan
from corpus_platform.recipes.steps.contamination import Decontaminate
from corpus_platform.stages.decisions import DECISIONS
from corpus_platform.stages.mix_candidates import FACTS, Candidates
from corpus_platform.stages.mix_sources import (
    COLUMNS,
    Origin,
    before,
    check_where,
    chosen,
    counts_by,
    documents,
    origins,
)
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS
from corpus_platform.stages.read import batches
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, stored_in
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.texts import Rows
from corpus_platform.stages.token_counts import counts, counts_partition
from corpus_platform.stages.tokenizers import stored
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from corpus_platform.dedup.contamination import TestItems
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.mixes.mix import Mix, Part
    from corpus_platform.stages.stage import Output, Partition

DIMENSIONS = ("language", "category")
"""What cleaning should not shift."""
CANARY = "canary"
_VALUES = 40
"""Values of a dimension that are counted by name; the others are one."""


class MixSettings(Settings):
    """How mixes are made."""

    folder: str = Field(default="mixes", description="Folder (relative to the home) of mixes of one's own, `*.yaml`")
    memory_mb: int = Field(
        default=1024, ge=64, description="Memory for putting candidates in order; what is more goes to disk"
    )

    def below(self, home: Path) -> MixSettings:
        """The same with the folder below a home."""
        return self.model_copy(update={"folder": str(home / Path(self.folder).expanduser())})


@dataclass(frozen=True)
class _Work:
    mix: Mix
    parts: tuple[tuple[Origin, ...], ...]
    """Partitions that each part reads."""


@dataclass(frozen=True)
class MixDocuments(Stage):
    """The documents of one mix."""

    name: ClassVar[str] = MIX_DOCUMENTS
    version: ClassVar[str] = "3"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    settings: MixSettings = MixSettings()
    mixes: Mapping[str, Mix] = field(default_factory=dict, kw_only=True)
    """All mixes by name."""
    test_sets: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """Files of test sets by name."""

    def settings_hash(self) -> str:
        """The same for all mixes: the mix is part of its shard."""
        return digest_of({})

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Nothing by itself: what a mix draws from are partitions of its own choice."""
        del variant
        return ()

    def mix(self, partition: Partition) -> Mix:
        """The mix of a partition. Raises SettingsError for an unknown one."""
        return mix_of(partition["mix"], self.mixes)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: every file of every part, the mix, the tokenizer and the test sets. None where no part has a table yet."""
        mix = self.mix(partition)
        parts = tuple(part_origins(lake, part) for part in mix.parts)
        if not any(parts):
            return []
        tokenizer = stored(lake, mix.tokenizer)
        read = sorted({name for found in parts for origin in found for name in origin.reads})
        read += sorted({name for found in parts for origin in found for name in _signals_read(lake, origin)})
        items = self._items(mix)
        said = ("title", "reference", "about", "tasks")
        own = (f"mix:{digest_of(mix.model_dump(mode='json', exclude=set(said)))}", f"tokenizer:{tokenizer['digest']}")
        own += (f"test_sets:{items.digest}",) if items else ()
        size = sum({file.uri: file.bytes for found in parts for origin in found for file in origin.files}.values())
        return [Shard(0, (*own, *read), _Work(mix, parts), size)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Gathers the candidates, divides the budget, draws."""
        del partition
        work: _Work = shard.work
        with Candidates.open(work.mix, output.scratch(), self.settings.memory_mb) as candidates:
            rows = self._planned(lake, work, candidates, output)
            _tell(output, rows)
            for leaf in leaves(work.mix):
                _draw(candidates, work.mix, leaf, [row for row in rows if row.leaf == leaf], output)
        _count_shift(lake, work, output)

    def preview(self, lake: Lake, partition: Partition, scratch: Path) -> list[Row]:
        """The plan of a mix, without drawing. Needs token counts."""
        [shard] = self.shards(lake, partition) or [None]
        if shard is None:
            raise SourceError(
                f"mix {partition['mix']}: none of its tables is made yet: {', '.join(self.mix(partition).tables)}"
            )
        with Candidates.open(shard.work.mix, scratch, self.settings.memory_mb) as candidates:
            return self._planned(lake, shard.work, candidates, None)

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the tables and of the tokenizer."""
        mix = self.mix(partition)
        found: dict[str, Any] = {name: lake.version(name) for name in mix.tables if is_made(lake, name)}
        return {**found, "tokenizer": stored(lake, mix.tokenizer)["digest"]}

    def _items(self, mix: Mix) -> TestItems | None:
        """What is looked for. Raises CheckFailed where a planted item is not found, SettingsError where there is no test set."""
        wanted = mix.decontaminate
        if wanted is None:
            return None
        if not self.test_sets:
            raise SettingsError(
                f"mix {mix.name} is to be decontaminated, and the setting `recipes.test_sets` names no test set"
            )
        return _step(mix).items(self.test_sets)

    def _planned(self, lake: Lake, work: _Work, candidates: Candidates, output: Output | None) -> list[Row]:
        """Gathers the candidates and divides the budget."""
        self._gather(lake, work, candidates, output)
        return plan(work.mix, {leaf: candidates.size(leaf) for leaf in leaves(work.mix)})

    def _gather(self, lake: Lake, work: _Work, candidates: Candidates, output: Output | None) -> None:
        items, told = self._items(work.mix), set[str]()
        for part, found in zip(work.mix.parts, work.parts, strict=True):
            if items is not None and found:
                _prove(items, work.mix, output)
            for origin in found:
                for file in origin.files:
                    for frame in _facts(lake, work.mix.tokenizer, part, origin, file, text=items is not None):
                        clean = frame if items is None else _clean(items, work.mix, frame, output, told)
                        if output is not None:
                            output.count("records", frame.height)
                        candidates.add(part, clean)
        candidates.weigh()


def part_origins(lake: Lake, part: Part) -> tuple[Origin, ...]:
    """The partitions that a part reads. Raises SettingsError for a column that a table does not have."""
    found: list[Origin] = []
    for name in part.sources:
        check_where(name, part.where)
        if is_made(lake, name):
            found += origins(lake, name, part.where)
    return tuple(found)


def is_made(lake: Lake, name: str) -> bool:
    """Whether the lake has a table; a name that no table can have is a SettingsError."""
    table(name)
    return lake.version(name) is not None


def _step(mix: Mix) -> Decontaminate:
    wanted = mix.decontaminate
    assert wanted is not None
    return Decontaminate(against=wanted.against, n=wanted.n, min_units=wanted.min_units, ratio=wanted.ratio)


def _facts(
    lake: Lake, tokenizer: str, part: Part, origin: Origin, file: DataFile, *, text: bool
) -> Iterator[pl.DataFrame]:
    """The documents of a file that a part takes, with their tokens, their place in the lake, and what their quality goes by."""
    by = (part.quality.by,) if part.quality else ()
    known = {*COLUMNS, *table(origin.table).schema.names}
    counted = Rows(counts(lake, tokenizer, origin, file))
    measured = _measured(lake, origin, file, by) if by and by[0] not in known else None
    if by and by[0] not in known and measured is None:
        raise SettingsError(f"{origin.table} has no column `{by[0]}`, and {SIGNALS} of {origin.key} has no such signal")
    identified = _measured(lake, origin, file, LANGUAGE)
    for frame in documents(lake, origin, file, more=(*by, *part.where), text=text):
        tokens = counted.take(frame.height)
        if not (tokens.height == frame.height and tokens["doc_id"].equals(frame["doc_id"])):
            where = counts_partition(tokenizer, origin)
            raise SourceError(
                f"tokens of {origin.table} [{origin.key}] are not counted by `{where['tokenizer']}` as the table is now: corpus mix make does it"
            )
        full = frame.with_columns(
            tokens["tokens"],
            pl.lit(origin.table).alias("table"),
            pl.lit(table(origin.table).partition_string(origin.partition)).alias("table_partition"),
            pl.lit(file.shard, pl.Int32).alias("table_shard"),
        )
        if identified is not None:
            # A page's own language is known to its signals; a corpus whose texts are pages does not repeat it.
            full = full.join(identified, on="doc_id", how="left", maintain_order="left", suffix="_measured")
            full = full.with_columns(pl.coalesce(name, f"{name}_measured").alias(name) for name in LANGUAGE)
        if measured is not None:
            full = full.join(measured, on="doc_id", how="left", maintain_order="left")
        yield chosen(full, part.where).select(*FACTS, *(c for c in by if c not in FACTS), *(["text"] if text else []))


def _signals_read(lake: Lake, origin: Origin) -> tuple[str, ...]:
    """What a shard names of the signals of a partition of the web: languages and qualities may be theirs."""
    if set(origin.partition) != {"variant", "snapshot"} or (state := lake.state(SIGNALS, origin.partition)) is None:
        return ()
    return (f"signals:{origin.key}:{state.fingerprint}",)


def _measured(lake: Lake, origin: Origin, file: DataFile, names: Sequence[str]) -> pl.DataFrame | None:
    """Signals of the documents of a file; None where they are not stored."""
    where = {name: value for name, value in origin.partition.items() if name in {"variant", "snapshot"}}
    if len(where) < len(origin.partition) or lake.state(SIGNALS, where) is None:
        return None
    files = [one for one in lake.files(SIGNALS, where) if one.shard == file.shard]
    if not files or not set(names) <= set(_stored(lake, where)):
        return None
    return pl.concat([frame for one in files for frame in batches(lake, one, columns=("doc_id", *names))])


def _stored(lake: Lake, where: Partition) -> tuple[str, ...]:
    """Columns that the partition's signals have."""
    return (*LANGUAGE, *stored_in(lake, where)[0])


def _prove(items: TestItems, mix: Mix, output: Output | None) -> None:
    """Sends a planted document through the search that all others go through. Raises CheckFailed where it is not found."""
    planted = pl.DataFrame({"doc_id": [CANARY], "url": [None], "text": [f"Planted.\n{items.canary}\nPlanted."]})
    found = _clean(items, mix, planted, None, set())
    if found.height:
        raise CheckFailed(f"mix {mix.name}: a planted test item was not found, so the search for test sets is broken")
    if output is not None:
        output.count("canaries:found")


def _clean(items: TestItems, mix: Mix, frame: pl.DataFrame, output: Output | None, told: set[str]) -> pl.DataFrame:
    """The documents that share nothing with the test sets; the others are listed, each once."""
    found = items.find(TextBatch.of(frame["text"].to_list()), "share")
    ratio = mix.decontaminate.ratio if mix.decontaminate else None
    hit = (found.item >= 0) & (found.share >= ratio if ratio else found.share > 0)
    if output is not None and hit.any():
        output.count("dropped:decontaminate:contaminated", int(hit.sum()))
        rows = pl.concat([frame.select("doc_id", "url"), found.frame()], how="horizontal").filter(pl.Series(hit))
        rows = rows.filter(~pl.col("doc_id").is_in(list(told))).unique("doc_id", maintain_order=True)
        told.update(rows["doc_id"])
        place = pl.format("{} at {}-{}", "item", "start", "end")
        output.write(
            rows.select(
                "doc_id",
                "url",
                pl.lit(mix.name).alias("recipe"),
                pl.lit("decontaminate").alias("step"),
                pl.lit("contaminated").alias("rule"),
                pl.col("share").alias("value"),
                pl.lit(ratio or 0.0).alias("threshold"),
                place.alias("seen"),
            ),
            DECISIONS,
        )
    return frame.filter(pl.Series(~hit)).drop("text")


def _draw(candidates: Candidates, mix: Mix, leaf: Leaf, rows: Sequence[Row], output: Output) -> None:
    """Writes the beginning of a leaf's order that the plan gives."""
    end, tokens, rank = max((row.end for row in rows), default=0), 0, 0
    if not end:
        return
    for frame in candidates.drawn(leaf):
        cumulative = tokens + np.cumsum(frame["tokens"].to_numpy())
        begins = cumulative - frame["tokens"].to_numpy()
        numbered = frame.with_columns(
            pl.lit(str(leaf)).alias("part"),
            pl.Series("rank", np.arange(rank, rank + frame.height)),
            _place_keys(frame, mix, leaf),
        )
        for number, row in enumerate(rows):
            own = numbered.filter(pl.Series(taken(begins, row.start, row.end)))
            output.count("kept", own.height)
            output.count(f"plan:{row.stage}:{leaf}:documents", own.height)
            output.count(f"plan:{row.stage}:{leaf}:drawn", int(own["tokens"].sum()))
            output.write(
                own.with_columns(pl.lit(number, pl.Int16).alias("stage")).select(table(MIX_DOCUMENTS).schema.names)
            )
        tokens, rank = int(cumulative[-1]), rank + frame.height
        if tokens >= end:
            return


def _place_keys(frame: pl.DataFrame, mix: Mix, leaf: Leaf) -> pl.Series:
    """What the order of a release goes by: a hash of the document, its part, and how often it has come."""
    names = [f"{leaf}\0{epoch}\0{doc_id}" for epoch, doc_id in zip(frame["epoch"], frame["doc_id"], strict=True)]
    return pl.Series("place_key", hashes(names, mix.seed, what="place"), pl.UInt64)


def _tell(output: Output, rows: Sequence[Row]) -> None:
    """The plan as counters: what was wanted, there, given."""
    for row in rows:
        for what in ("wanted", "available", "most", "given"):
            output.count(f"plan:{row.stage}:{row.leaf}:{what}", getattr(row, what))


def _count_shift(lake: Lake, work: _Work, output: Output) -> None:
    """Documents by language and category, as they were read and as cleaning has left them, of every table that the mix reads."""
    every = {(o.table, o.key): o for found in work.parts for o in found}
    seen = set[tuple[str, ...]]()
    for origin in every.values():
        name, partition = before(origin.table, origin.partition)
        if name == origin.table:
            continue
        for dimension in DIMENSIONS:
            if (key := (origin.table, name, *partition.values(), dimension)) in seen:
                continue
            first = counts_by(lake, name, partition, dimension)
            then = counts_by(lake, origin.table, origin.partition, dimension)
            if not first or not then:
                continue
            seen.add(key)
            named = {value for value, _ in Counter(first).most_common(_VALUES)}
            for when, found in (("before", first), ("after", then)):
                for value, n in found.items():
                    output.count(f"{when}:{origin.table}:{dimension}:{value if value in named else 'others'}", n)
