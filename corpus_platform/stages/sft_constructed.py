"""Dialogues made of other rows without a model: a way of building over data sets, or over cleaned documents of a source. One partition is the data set made.

Every row that a way reads is the parent of a dialogue, or has a reason in ops.rejects.

Not here: the ways (sft/construct/), which sets are made of what (sft_sets.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.sft.construct.way import way_class
from corpus_platform.sft.form import Problem, row_of
from corpus_platform.source_tables import partition_of_key
from corpus_platform.stages.output import Rows
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.sft_sets import MESSAGES, SftSettings
from corpus_platform.stages.stage import Shard, Stage, digest_of
from corpus_platform.stages.texts import cleaned_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.sft.construct.way import Way
    from corpus_platform.sft.form import SetFacts
    from corpus_platform.stages.stage import Output, Partition

_ROWS = 1_000


def constructed_table(way: str) -> str:
    """`sft.constructed_<way>`."""
    return f"{DIALOGUES}.constructed_{way}"


@dataclass(frozen=True)
class _Work:
    """What one task reads: files of rows, the way, and what is true of what it makes."""

    files: tuple[DataFile, ...]
    way: Way
    facts: SetFacts


@dataclass(frozen=True, kw_only=True)
class SftConstructed(Stage):
    """The data sets that one way makes."""

    version: ClassVar[str] = "1"
    settings: SftSettings = SftSettings()
    way: str

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each way)
        """`sft.constructed_<way>`."""
        return constructed_table(self.way)

    @property
    def reads(self) -> str:
        """The table that rows are from."""
        made_by = way_class(self.way)
        return MESSAGES if made_by.source is None else cleaned_table(made_by.source)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The table that rows are from."""
        return ((self.reads, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """A shard for each file of rows, or one for all of a parent, or of all parents, where the way has to see them together."""
        one = self.settings.one(partition["set"])
        if one.built_by != self.way:
            raise SourceError(f"`sft.sets.{partition['set']}` is not made by `{self.way}`")
        way, facts = one.way(), one.facts(partition["set"])
        options = digest_of([way.model_dump(mode="json"), way.digests(), _facts(facts)])
        how = (f"way:{way.name} {way.version}", f"options:{options}")
        shards: list[Shard] = []
        of_parents = [lake.files(self.reads, self._parent(parent)) for parent in one.sources]
        for files in [list(chain.from_iterable(of_parents))] if way.pools else of_parents:
            for group in [files] if way.gathers else [[file] for file in files]:
                if group:
                    work = _Work(tuple(group), way, facts)
                    shards.append(Shard(len(shards), (*digests(group), *how), work, sum(file.bytes for file in group)))
        return shards

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the rows through the way."""
        del partition
        work: _Work = shard.work
        rows = Rows(output, polars_schema(table(self.name)))
        seen: set[str] = set()
        for position, made in enumerate(work.way.make(self._rows(lake, work.files, output))):
            output.count("outcomes")
            parent = made.parents[0] if made.parents else ""
            file = f"{self.reads}/{shard.index}"
            match made.outcome:
                case Problem(reason=reason, detail=detail, broken=broken):
                    output.reject(
                        file=file, position=position, reason=reason, detail=detail, record=parent, broken=broken
                    )
                case dialogue:
                    output.count("kept")
                    row = row_of(dialogue, work.facts, file=file, position=position, ordinal=0)
                    rows.add({**row, "shard": shard.index, "file_index": shard.index})
            seen.update(made.parents)
        rows.flush()
        output.count("parents", len(seen))

    def settings_hash(self) -> str:
        """How each is made is part of its shards."""
        return digest_of([])

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of what it is made of."""
        found = {}
        for parent in self.settings.one(partition["set"]).sources:
            state = lake.state(self.reads, self._parent(parent))
            found |= {f"{self.reads}:{parent}": state.version} if state else {}
        return found

    def _parent(self, word: str) -> Partition:
        source = way_class(self.way).source
        return {"set": word} if source is None else partition_of_key(source, word)

    def _rows(self, lake: Lake, files: tuple[DataFile, ...], output: Output) -> Iterator[dict[str, Any]]:
        for file in files:
            for frame in batches(lake, file, rows=_ROWS):
                output.count("records", frame.height)
                yield from frame.iter_rows(named=True)


def _facts(facts: SetFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}
