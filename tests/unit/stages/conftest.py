"""A tiny stage whose inputs, failures and rows are in plain sight."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.documents import column
from corpus_platform.engine.serial import Serial
from corpus_platform.lake import Lake, TableSpec, register
from corpus_platform.stages.stage import Settings, Shard, Stage

NUMBERS = register(
    TableSpec(
        name="test.numbers",
        description="A row is a number",
        columns=(column("number", pa.int64(), "The number", nullable=False),),
        key=("number",),
        partition_by=("snapshot",),
    )
)


class NumberSettings(Settings):
    """How numbers are made."""

    factor: int = 1


@dataclass(frozen=True)
class Numbers(Stage):
    """Each shard holds a few numbers; `versions` are the versions of its inputs; shards in `dying` fail."""

    name: ClassVar[str] = "test.numbers"
    version: ClassVar[str] = "1"
    settings: NumberSettings = NumberSettings()
    versions: tuple[str, ...] = ("a", "a", "a", "a")
    dying: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()

    def shards(self, lake, partition):
        return [Shard(i, (f"input-{i}:{v}",), i * 10, 100) for i, v in enumerate(self.versions)]

    def run(self, lake, partition, shard, output):
        if shard.index in self.dying:
            raise RuntimeError(f"shard {shard.index} was told to die")
        output.count("records", 4)
        if shard.index in self.broken:
            output.reject(file=f"input-{shard.index}", position=7, reason="truncated", detail="cut off")
        rows = [(shard.work + i) * self.settings.factor for i in range(3)]
        output.write(pl.DataFrame({"number": rows}))
        output.count("kept", 3)


@pytest.fixture
def lake(tmp_path):
    """A lake in a folder of its own."""
    return Lake(tmp_path / "lake")


@pytest.fixture
def engine():
    """The engine in this process."""
    return Serial()


@pytest.fixture
def numbers():
    """The class of the tiny stage."""
    return Numbers
