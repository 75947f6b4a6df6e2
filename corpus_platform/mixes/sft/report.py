"""What a mix was asked for and what it gives, by part, language, label and whatever else it shares by: as rows, and as counters of its commit.

Not here: how rows are drawn (draw.py), cards and pages (analytics/sft_release.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Self

import polars as pl

from corpus_platform.mixes.sft.draw import LENGTH, PART

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.mixes.sft.draw import Dimension, Drawn
    from corpus_platform.mixes.sft.mix import Mix

_HEAD = "mix"
_SLACK = 0.005
"""Share of what was asked that may be missing before it is told as unmet: shares are held to a row."""


@dataclass(frozen=True)
class ShareRow:
    """One value of something that a mix shares by. Amounts are in the unit of the mix; of a part with a `count`, in rows."""

    dimension: str
    value: str
    wanted: int
    given: int
    rows: int
    distinct: int
    """Rows without their repetitions."""
    available: int
    """What there is once."""
    largest: int = 0
    """Largest row that was given."""

    @property
    def epochs(self) -> float:
        """How often its rows have come, on average over all that there are."""
        return self.given / self.available if self.available else 0.0

    @property
    def missing(self) -> int:
        """How much less than asked was given; 0 where it is less than a row, or next to nothing."""
        short = self.wanted - self.given
        return short if short > max(self.largest, _SLACK * self.wanted) else 0

    def counters(self) -> dict[str, int]:
        """The row as counters of a commit."""
        own = {key: value for key, value in asdict(self).items() if isinstance(value, int)}
        return {f"{_HEAD}:{self.dimension}:{what}:{self.value}": n for what, n in own.items()}

    @classmethod
    def of_counters(cls, counters: Mapping[str, int]) -> list[Self]:
        """The rows of a commit, in the order in which they were counted."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        known = {field.name for field in fields(cls)}
        for name, n in counters.items():
            head, _, rest = name.partition(":")
            dimension, _, rest = rest.partition(":")
            what, _, value = rest.partition(":")
            if head == _HEAD and what in known:
                found.setdefault((dimension, value), {})[what] = n
        return [cls(dimension, value, **numbers) for (dimension, value), numbers in found.items()]


def share_rows(mix: Mix, drawn: Drawn) -> list[ShareRow]:
    """Parts first, in the order of the mix, then what else it shares by."""
    taken = drawn.frame.select("_unit", "doc_id", "set", *(_column(d) for d in drawn.dimensions))
    size = mix.size if mix.size is not None else int(taken["_unit"].sum())
    return [row for dimension in drawn.dimensions for row in _rows(dimension, drawn, taken, size)]


def in_order(mix: Mix, rows: Iterable[ShareRow]) -> list[ShareRow]:
    """Parts first, in the order of the mix, then lengths from short to long, and other values as they are written, those that are asked for first."""
    parts = [part.name for part in mix.parts]
    lengths = list(mix.lengths.names) if mix.lengths else []

    def place(row: ShareRow) -> tuple[int, str, int, str]:
        if row.dimension == PART:
            return 0, "", parts.index(row.value.partition("/")[0]), row.value
        known = lengths if row.dimension == LENGTH else list(mix.shares.get(row.dimension, ()))
        return 1, row.dimension, known.index(row.value) if row.value in known else len(known), row.value

    return sorted(rows, key=place)


def unmet(rows: Iterable[ShareRow]) -> list[ShareRow]:
    """Those that were given less than they should."""
    return [row for row in rows if row.missing]


def _rows(dimension: Dimension, drawn: Drawn, taken: pl.DataFrame, size: int) -> list[ShareRow]:
    column = _column(dimension)
    unit = pl.col("_unit")
    once = dict(drawn.candidates.group_by(column).agg(unit.sum()).iter_rows())
    given = {
        value: numbers
        for value, *numbers in taken.group_by(column)
        .agg(unit.sum(), pl.len(), pl.struct("set", "doc_id").n_unique(), unit.max().alias("largest"))
        .iter_rows()
    }
    wanted = _wanted_of_parts(drawn, given, size) if dimension.name == PART else dimension.shares
    by_rows = {leaf.name for leaf in drawn.leaves if leaf.by_rows} if dimension.name == PART else set[str]()
    made = []
    for value, asked in wanted.items():
        units, rows, distinct, largest = given.get(value, (0, 0, 0, 0))
        amount = rows if value in by_rows else units
        whole = round(asked if dimension.name == PART else asked * size)
        made.append(ShareRow(dimension.name, value, whole, amount, rows, distinct, once.get(value, 0), largest))
    return made


def _wanted_of_parts(drawn: Drawn, given: Mapping[str, list[int]], size: int) -> dict[str, float]:
    """Of a fixed part its limit, of others their shares of what fixed parts have left."""
    fixed = sum(given.get(leaf.name, [0])[0] for leaf in drawn.leaves if leaf.limit is not None)
    rest = max(size - fixed, 0)
    return {leaf.name: leaf.share * rest if leaf.limit is None else leaf.limit for leaf in drawn.leaves}


def _column(dimension: Dimension) -> str:
    return PART if dimension.name == PART else f"_{dimension.name}"
