"""Rows of Stack Exchange's XML files, looked at once and fetched later, for an answer may stand far behind its question.

A first pass through `safe_xml` says of each `<row .../>` what is asked of it and where it is: its byte offset, which is where `<row` stands, for
`<` is nowhere else in XML. Later passes read only wanted rows, in the order of the file, so that a stream that can't seek serves too.
Promise: memory is 8 bytes a row for its place and what `take` keeps of it; a row larger than `LONGEST` is never held.

Not here: what rows mean (stackexchange.py, people.py).
"""

from __future__ import annotations

import io
import re
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from corpus_platform.readers.safe_xml import events
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST = 16 << 20
"""Bytes of a row; no site allows a post of a hundredth of it."""
_BATCH = 1 << 20
_SKIP = 1 << 20
_START = re.compile(rb"<row[\s/>]")
_ROW = re.compile(rb"""<row(?:[^"'>]+|"[^"]*"|'[^']*')*+>""")


@dataclass
class Places:
    """Where rows are: `offset` has one more than there are rows, the last is the end of the file. `problem` is what ended the first pass early."""

    offset: array[int] = field(default_factory=lambda: array("q"))
    problem: Problem | None = None

    def __len__(self) -> int:
        return max(len(self.offset) - 1, 0)

    def sizes(self) -> np.ndarray:
        """Bytes of each row: int64[n]."""
        return np.diff(np.frombuffer(self.offset, np.int64)) if len(self) else np.empty(0, np.int64)


def survey(stream: BinaryIO, name: str, take: Callable[[Any], None]) -> Places:
    """A first pass: `take` gets every row as an element, in order."""
    places = Places()
    watched = _Watched(stream, places.offset)
    rows = 0
    for found in events(watched, tags={"row"}, name=name):  # pyright: ignore[reportArgumentType]
        if isinstance(found, Problem):
            places.problem = found
            break
        take(found)
        rows += 1
    if places.problem is not None:
        # What was read of it may begin further rows, the first of which is the damaged one.
        end = places.offset[rows] if len(places.offset) > rows else watched.read_bytes
        del places.offset[rows:]
        places.offset.append(end)
    elif len(places.offset) == rows:
        places.offset.append(watched.read_bytes)
    else:
        places.problem = Problem(
            "not_a_dump", "its rows can't be told by their `<row`: another charset, or comments", name
        )
    return places


def fetch(
    stream: BinaryIO, places: Places, wanted: np.ndarray, name: str
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The attributes of some rows (ascending numbers); None for one that is too long or can't be read."""
    reader = _Ahead(stream)
    batch: list[tuple[int, bytes]] = []
    size = 0
    for row in wanted.tolist():
        start, end = places.offset[row], places.offset[row + 1]
        if end - start > LONGEST:
            yield from _parsed(batch, name)
            batch, size = [], 0
            yield row, None
            continue
        match = _ROW.match(reader.at(start, end - start))
        batch.append((row, match[0] if match else b""))
        size += end - start
        if size >= _BATCH:
            yield from _parsed(batch, name)
            batch, size = [], 0
    yield from _parsed(batch, name)


def _parsed(batch: list[tuple[int, bytes]], name: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    if not batch:
        return
    rows = [data if data.endswith(b"/>") else data[:-1] + b"/>" for _, data in batch if data]
    document = io.BytesIO(b"<rows>" + b"".join(rows) + b"</rows>")
    found = [dict(e.attrib) for e in events(document, tags={"row"}, name=name) if not isinstance(e, Problem)]
    at = iter(found)
    for row, data in batch:
        yield row, next(at, None) if data else None


class _Watched:
    """A stream whose places of `<row` are kept while it is read."""

    def __init__(self, stream: BinaryIO, offsets: array[int]) -> None:
        self._stream, self._offsets, self._tail = stream, offsets, b""
        self.read_bytes = 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        seen = self._tail + data
        first = self.read_bytes - len(self._tail)
        self._offsets.extend(first + match.start() for match in _START.finditer(seen))
        self.read_bytes += len(data)
        # Shorter than the pattern, so that nothing is found twice.
        self._tail = seen[-4:]
        return data


class _Ahead:
    """Reads pieces of a stream at rising offsets."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at, self._seeks = stream, 0, stream.seekable()

    def at(self, offset: int, size: int) -> bytes:
        """The bytes there; fewer at the end of the file."""
        if offset != self._at:
            if self._seeks:
                self._stream.seek(offset)
            else:
                self._skip(offset - self._at)
        data = self._stream.read(size)
        while len(data) < size and (more := self._stream.read(size - len(data))):
            data += more
        self._at = offset + len(data)
        return data

    def _skip(self, size: int) -> None:
        while size > 0 and (data := self._stream.read(min(size, _SKIP))):
            size -= len(data)
