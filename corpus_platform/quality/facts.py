"""What is known of a partition while its suite runs: its commit, its counters, the figures of its rows, and what it was made of.

Not here: how rows are read (figures.py), what follows from it (counted.py, drift.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from corpus_platform.quality.footers import Footers

if TYPE_CHECKING:
    from corpus_platform.home import Home
    from corpus_platform.lake import TableSpec
    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.quality.figures import Reading
    from corpus_platform.stages.stage import Partition


@dataclass
class Facts:
    """A partition of a table in a home."""

    home: Home
    spec: TableSpec
    partition: Partition
    state: PartitionState | None
    files: list[DataFile]
    reading: Reading
    profile: dict[str, str]
    """Aggregates over the rows that a comparison with other partitions needs."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Aggregates over the rows, by the name of their figure."""

    @property
    def rows(self) -> int:
        """Rows of the partition, as its files say."""
        return sum(file.rows for file in self.files)

    @cached_property
    def footers(self) -> Footers:
        """What the footers of the files say."""
        return Footers.of(self.home.lake, self.spec, self.files)

    def counter(self, name: str) -> int:
        """A counter of the commit; 0 where there is none."""
        return self.state.counters.get(name, 0) if self.state else 0

    def counters(self, start: str) -> dict[str, int]:
        """The counters whose name begins so, without that."""
        known = self.state.counters if self.state else {}
        return {name.removeprefix(start): n for name, n in known.items() if name.startswith(start)}

    def side_rows(self, name: str) -> int:
        """Rows that the partition has in a side table."""
        where = self.home.lake.side_partition(self.spec.name, self.partition)
        return sum(file.rows for file in self.home.lake.files(name, where))
