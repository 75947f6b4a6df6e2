"""Signals of dialogues: measured once per data set, judged by every recipe over them.

A row is a dialogue, in the order of its table, with a column for each signal over dialogues. Those that a family cannot tell are null.

Not here: what a signal is (signals/), thresholds and verdicts (recipes/, sft_filtered.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.documents import DIALOGUES
from corpus_platform.lake import TableSpec, register, table
from corpus_platform.sft_tables import DIALOGUE_ORDER, MESSAGE_COLUMNS, SET
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families
from corpus_platform.stages.read import digests
from corpus_platform.stages.sft_sets import MESSAGES, SftSettings
from corpus_platform.stages.signals import SignalsSettings, identity, signal_fields
from corpus_platform.stages.stage import Shard, Stage, digest_of
from corpus_platform.stages.texts import text_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.signals.registry import Family
    from corpus_platform.stages.stage import Output, Partition

SFT_SIGNALS = f"{DIALOGUES}.signals"
DIALOGUE_PLACE = ("doc_id", *DIALOGUE_ORDER)


@dataclass(frozen=True)
class SftSignals(Stage):
    """The signals of a file of dialogues."""

    name: ClassVar[str] = SFT_SIGNALS
    version: ClassVar[str] = "1"
    settings: SignalsSettings = SignalsSettings()
    sft: SftSettings = field(default_factory=SftSettings, kw_only=True)
    """Which table has a data set. No part of the stage's identity."""

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The tables of dialogues that are in use."""
        return tuple((name, variant) for name in tables_of(self.sft))

    def reads_from(self, name: str, partition: Partition) -> bool:
        """Dialogues are in one table of several."""
        return self.sft.holds(name, partition["set"])

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of dialogues."""
        common = identity(measured(), self.settings)
        files = lake.files(self.sft.table_of(partition["set"]), partition)
        return [Shard(file.shard, (*digests([file]), *common), file, file.bytes) for file in files]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the dialogues, some MB at a time."""
        environment = Environment(self.settings)
        names = [signal.name for family in measured() for signal in family.signals]
        for frame in dialogue_batches(lake, shard.work, self.sft.table_of(partition["set"])):
            output.count("records", frame.height)
            output.count("kept", frame.height)
            output.write(
                pl.concat([frame.select(DIALOGUE_PLACE), annotate(frame, names, environment)], how="horizontal")
            )

    def settings_hash(self) -> str:
        """What changes values."""
        return digest_of([self.settings.values_hash()])

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the dialogues."""
        name = self.sft.table_of(partition["set"])
        state = lake.state(name, partition)
        return {name: state.version} if state else {}


def measured() -> tuple[Family, ...]:
    """The families of signals over dialogues that are stored, in the registry's order."""
    return tuple(family for family in families() if family.of == "dialogues" and family.default)


def tables_of(settings: SftSettings) -> tuple[str, ...]:
    """The tables of dialogues that are in use: those of what is read, of each way of building, and of what is collected from people."""
    built = (f"{DIALOGUES}.constructed_{way}" for way in settings.ways)
    return (MESSAGES, *built, *(f"{DIALOGUES}.collected_{way}" for way in settings.collections))


def dialogue_batches(lake: Lake, file: DataFile, name: str) -> Iterator[pl.DataFrame]:
    """The rows of a file of a table of dialogues, some MB of text at a time."""
    return text_batches(lake, file, table(name).schema.names)


def _spec() -> TableSpec:
    known = {field.name: field for field in MESSAGE_COLUMNS}
    place = [known[name] for name in DIALOGUE_PLACE]
    return TableSpec(
        SFT_SIGNALS,
        "A row is a dialogue of a data set with its signals",
        (*place, *signal_fields("dialogues"), SET),
        key=("doc_id", "set"),
        partition_by=("set",),
        order=DIALOGUE_ORDER,
    )


register(_spec())
