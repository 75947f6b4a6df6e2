"""What a stage is: a name, a version, settings, an output table, and a pure function on a shard.

A shard's *fingerprint* is the hash of (stage name, version, settings, what the shard reads). A finished shard is used again only while its
fingerprint is the same; a partition is up to date while the fingerprints of all its shards are those of its last commit.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import orjson
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from corpus_platform.lake import Lake, TableSpec
    from corpus_platform.stages.estimate import Estimate

Partition = dict[str, str]
"""Values of a table's partition columns, e.g. {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}."""


class Settings(BaseModel):
    """Options of a stage: frozen, closed, hashed into its identity."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Shard:
    """A unit of work: what one task reads.

    `reads` names every input with its version (a file with its size and etag, a table file with its digest, a model with its digest): it is the
    part of the fingerprint that belongs to the shard. `work` is whatever the stage needs to do the task; it must pickle.
    """

    index: int
    reads: tuple[str, ...]
    work: Any
    bytes: int = 0

    @property
    def label(self) -> str:
        """Name of the shard in messages."""
        return f"shard {self.index}"


class Output(Protocol):
    """Where a task puts its results. Nothing is visible to readers before the partition is committed."""

    def write(self, frame: pl.DataFrame, table: str | None = None) -> None:
        """Adds rows to the stage's main table, or to the side table of that name. Rows come in their final order."""

    def reject(
        self,
        *,
        file: str,
        position: int,
        reason: str,
        detail: str = "",
        url: str | None = None,
        record: str | None = None,
        broken: bool = True,
    ) -> None:
        """Records an input that can't be used. `broken` ones count against the reject budget; others (an image, say) do not."""

    def count(self, name: str, amount: int = 1) -> None:
        """Adds to a named counter of the report, e.g. `kept` or `dropped:too_short`."""

    def scratch(self) -> Path:
        """A folder for what does not fit into memory; it goes with the task, and a vacuum finds it where the task was killed."""
        ...


@dataclass(frozen=True)
class Stage(ABC):
    """A step from input tables or files to one output table. Subclasses are frozen dataclasses and pickle."""

    name: ClassVar[str]
    """The output table, e.g. `web.pages`."""
    version: ClassVar[str]
    """Raised by hand when the same inputs and settings give other rows."""
    upstream: ClassVar[tuple[str, ...]] = ()
    """Tables that the stage reads."""
    side: ClassVar[tuple[str, ...]] = ()
    """Side tables besides `ops.rejects`."""

    settings: Settings = Settings()
    reject_budget: float = field(default=0.05, kw_only=True)
    """Largest share of broken records among the records read, before the stage fails. No part of the stage's identity."""

    @abstractmethod
    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """The partition's shards in order. Runs in the parent; must be cheap and deterministic."""

    @abstractmethod
    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Does one shard. Runs in a worker; streams batches, so memory is bounded by a batch and not by the shard."""

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The tables that the stage reads for a text variant (empty for tables that have none), each with the variant that is read of it."""
        return tuple((name, variant) for name in self.upstream)

    def reads_from(self, name: str, partition: Partition) -> bool:
        """Whether a partition is made of a table that is above: of several that hold the like, one may have it."""
        del name, partition
        return True

    @property
    def reads_source(self) -> bool:
        """Whether documents come in here, from outside of the lake: what was forgotten is kept out."""
        reads_tables = self.upstream or type(self).above is not Stage.above
        return not reads_tables and {"file", "position"} <= set(self.output().schema.names)

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate | None:
        """What these shards of the partition will take; None where nothing is known. Reads commits only."""
        del lake, partition, shards
        return None

    @property
    def is_estimated(self) -> bool:
        """Whether the stage knows what its shards take."""
        return type(self).estimate is not Stage.estimate

    @property
    def needs_room(self) -> bool:
        """Whether a run is refused where there is less room than the estimate."""
        return True

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the tables and models that the partition is made of, for its commit. Lineage only: staleness is `Shard.reads`."""
        del lake, partition
        return {}

    def output(self) -> TableSpec:
        """The table that the stage writes."""
        from corpus_platform.lake import table  # noqa: PLC0415  (the registry is filled by importing corpus_platform.tables)

        return table(self.name)

    def settings_hash(self) -> str:
        """16 hex digits of the settings, whatever the order in which they were given."""
        return digest_of(self.settings.model_dump(mode="json"))

    def fingerprint(self, shard: Shard) -> str:
        """Identity of the shard's result: 16 hex digits of stage, version, settings and what the shard reads."""
        return digest_of([self.name, self.version, self.settings_hash(), list(shard.reads)])


def digest_of(value: Any) -> str:
    """16 hex digits (BLAKE2b-64) of a JSON-like value, keys sorted."""
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
