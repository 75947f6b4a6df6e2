"""Caps: no value of a column has more than its share of what is drawn, however long the drawn beginning is.

A document whose value is at its cap waits until enough others have been drawn; then it comes, before all that are behind it in the order. So the order
changes, and what is drawn stays a beginning of it: a larger budget still only adds. A value may exceed its cap by its last document, as a budget may.
What waits at the end never comes: the part has less to give, which its plan tells.
Documents without a value are not capped.

Not here: the order before caps (order.py).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Row = dict[str, Any]
Value = tuple[str, str]
"""Column and value."""


@dataclass
class Capped:
    """Passes documents on in the order that caps allow. `caps`: by column, one share for every value or shares by value."""

    caps: Mapping[str, float | Mapping[str, float]]
    total: int = 0
    """Tokens that were passed on."""
    tokens: dict[Value, int] = field(default_factory=dict)
    _waiting: dict[Value, list[tuple[int, Row]]] = field(default_factory=dict)
    _wakes: list[tuple[float, Value]] = field(default_factory=list)
    _asleep: set[Value] = field(default_factory=set)
    _ready: list[tuple[int, Value]] = field(default_factory=list)

    def pass_on(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that may come, in their order; a row has `tokens` and the capped columns."""
        for number, row in enumerate(rows):
            yield from self._that_wait()
            yield from self._try(number, row)
        yield from self._that_wait()

    def _try(self, number: int, row: Row) -> Iterator[Row]:
        value = self._at_its_cap(row)
        if value is not None:
            heapq.heappush(self._waiting.setdefault(value, []), (number, row))
            self._sleep(value)
            return
        self.total += row["tokens"]
        for one in self._values(row):
            self.tokens[one] = self.tokens.get(one, 0) + row["tokens"]
        yield row

    def _that_wait(self) -> Iterator[Row]:
        """Rows whose value is below its cap again, the earliest first."""
        while True:
            while self._wakes and self._wakes[0][0] < self.total:
                _, value = heapq.heappop(self._wakes)
                self._asleep.discard(value)
                if queue := self._waiting[value]:
                    heapq.heappush(self._ready, (queue[0][0], value))
            if not self._ready:
                return
            _, value = heapq.heappop(self._ready)
            if queue := self._waiting[value]:
                yield from self._try(*heapq.heappop(queue))
            if self._waiting[value]:
                self._sleep(value)

    def _sleep(self, value: Value) -> None:
        """Notes from which total on the first row that waits for the value may come."""
        if value not in self._asleep:
            self._asleep.add(value)
            heapq.heappush(self._wakes, (self._free_above(value, self._waiting[value][0][1]), value))

    def _at_its_cap(self, row: Row) -> Value | None:
        """The first value of the row that has its share already."""
        return next((value for value in self._values(row) if self.total <= self._free_above(value, row)), None)

    def _free_above(self, value: Value, row: Row) -> float:
        """The total above which the row may come; its own tokens count into the total, so that a first document can come."""
        return self.tokens.get(value, 0) / self._cap(value) - row["tokens"]

    def _values(self, row: Row) -> list[Value]:
        found = []
        for column, cap in self.caps.items():
            value = row.get(column)
            if value is not None and (not isinstance(cap, dict) or value in cap):
                found.append((column, value))
        return found

    def _cap(self, value: Value) -> float:
        cap = self.caps[value[0]]
        return cap if isinstance(cap, int | float) else cap[value[1]]
