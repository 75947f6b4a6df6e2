"""Which values a column may have, as data: a range, a set, a pattern, a shape of lists; each as SQL that finds the rows that break it, and in words.

Promise: a null breaks nothing here (columns_are_filled is about nulls); a number that is none (NaN) or is infinite breaks every range.

Not here: which column has which values (declared.py), how rows are counted (figures.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Values:
    """What the values of a column, or the items of a list, may be. All that is given must hold; of nothing given every value is allowed."""

    least: float | None = None
    most: float | None = None
    below: float | None = None
    one_of: tuple[str | int, ...] = ()
    pattern: str = ""
    """Regular expression (RE2) that the whole text matches."""
    items: int | None = None
    """Length of a list."""
    bytes_each: int | None = None
    """Size of each item of a list of bytes, or of a value of bytes."""

    def __str__(self) -> str:
        """`0 to 1`, `0 or more`, `one of head, middle`: what is allowed."""
        parts = [
            _range_in_words(self.least, self.most, self.below),
            f"one of {', '.join(map(str, self.one_of))}" if self.one_of else "",
            f"like {self.pattern}" if self.pattern else "",
            f"{self.items} items" if self.items is not None else "",
            f"{self.bytes_each} bytes each" if self.bytes_each is not None else "",
        ]
        return ", ".join(part for part in parts if part) or "any"

    def breaks(self, field: pa.Field) -> str:
        """SQL that is true for a row whose value is not allowed, false or null for others."""
        column = quoted(field.name)
        if not _is_list(field.type):
            return " OR ".join(self._of_value(column, field.type))
        item = self._of_value("item", field.type.value_type)
        found = [f"len(list_filter({column}, lambda item: {' OR '.join(item)})) > 0"] if item else []
        return " OR ".join([*([f"len({column}) <> {self.items}"] if self.items is not None else []), *found])

    def _of_value(self, value: str, kind: pa.DataType) -> list[str]:
        found = []
        if self.least is not None:
            found.append(f"{value} < {self.least!r}")
        if self.most is not None:
            found.append(f"{value} > {self.most!r}")
        if self.below is not None:
            found.append(f"{value} >= {self.below!r}")
        if found and pa.types.is_floating(kind):
            found.append(f"NOT isfinite({value})")
        if self.one_of:
            found.append(f"{value} NOT IN ({', '.join(map(literal, self.one_of))})")
        if self.pattern:
            found.append(f"NOT regexp_full_match({value}, {literal(self.pattern)})")
        if self.bytes_each is not None:
            found.append(f"octet_length({value}) <> {self.bytes_each}")
        return found


def at_least(least: float) -> Values:
    """`least` or more."""
    return Values(least=least)


def between(least: float, most: float) -> Values:
    """From `least` to `most`, both included."""
    return Values(least=least, most=most)


def one_of(values: Sequence[str | int]) -> Values:
    """One of some values."""
    return Values(one_of=tuple(values))


def like(pattern: str) -> Values:
    """A text that matches a pattern as a whole."""
    return Values(pattern=pattern)


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float) -> str:
    """A value as SQL takes it."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _range_in_words(least: float | None, most: float | None, below: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    if least is not None:
        return f"{least:g} or more" if below is None else f"{least:g} up to, not including, {below:g}"
    return f"up to {most:g}" if most is not None else ""


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)
