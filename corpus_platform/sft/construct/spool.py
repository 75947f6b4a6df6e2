"""Rows kept to be read again: in memory up to a bound, beyond it in a temporary file; and groups of rows by a key.

    spool = Spool(rows)
    sizes = Counter(row["set"] for row in spool)          # once
    for row in spool: ...                                 # and again
    for key, group in spool.groups(question_of): ...

Bound: `SPOOL_BYTES` for the rows, as much again while they are grouped, and then one bucket of `BUCKETS` (a 64th of the rows, by a hash of the key) as
Python has it. A group is whole in memory.

Not here: what is asked of the rows (the ways).
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson

from corpus_platform.sft.construct.way import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SPOOL_BYTES = 256 << 20
"""Bytes of rows that are held in memory."""
BUCKETS = 64
"""Parts that rows are split into before they are grouped."""


class Spool:
    """Rows in order, to be read as often as one likes."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], memory: int = SPOOL_BYTES) -> None:
        self._memory = memory
        # The file ends with the object: nothing else has it open, and it has no name.
        self._file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=memory))  # noqa: SIM115
        self.height = 0
        for row in rows:
            # The text of a dialogue says again what its messages say.
            self._add({name: value for name, value in row.items() if name != "text" or not row.get("messages")})

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows, from the first. One reading at a time."""
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)

    def groups(self, key: Callable[[dict[str, Any]], str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """The rows by a key, each group in the order of the rows; groups by the hash of their key, then by their first row."""
        for bucket in self._buckets(key):
            found: dict[str, list[dict[str, Any]]] = {}
            for row in bucket:
                found.setdefault(key(row), []).append(row)
            yield from found.items()

    def _buckets(self, key: Callable[[dict[str, Any]], str]) -> list[Spool]:
        buckets = [Spool((), self._memory // BUCKETS) for _ in range(BUCKETS)]
        for row in self:
            buckets[drawn("bucket", key(row)) % BUCKETS]._add(row)  # noqa: SLF001  (of the same class)
        return buckets

    def _add(self, row: Mapping[str, Any]) -> None:
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS))
        self.height += 1
