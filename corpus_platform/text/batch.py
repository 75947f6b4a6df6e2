"""A batch of texts as one buffer of UTF-8 bytes with offsets, and its lines.

A *span* is a byte range of the buffer. Spans of a batch are what kernels work on: documents, lines, later words.
Promise: no text is decoded, and nothing is copied when the texts come as one Arrow `large_string` array.

Not here: what is done with the spans (normalise.py, sha1.py), or any rule of a recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.errors import SchemaError
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEWLINE = 10
_RETURN = 13


@dataclass(frozen=True)
class Spans:
    """Byte ranges of one buffer: `data` uint8 (read-only), `start` and `end` int64, `end` exclusive."""

    data: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def __post_init__(self) -> None:
        # One Numba type for borrowed and own buffers: a kernel is compiled once.
        self.data.flags.writeable = False

    def __len__(self) -> int:
        return self.start.size

    def bytes(self, index: int) -> bytes:
        """The bytes of one span."""
        return self.data[self.start[index] : self.end[index]].tobytes()

    def strings(self) -> pa.Array:
        """All spans as an Arrow `large_string` array, in a buffer of its own."""
        return strings_of(*gather(self.data, self.start, self.end))


@dataclass(frozen=True)
class TextBatch:
    """Texts as one buffer: `data` uint8, `document_start` int64 of size n + 1, `document_start[0]` = 0."""

    data: np.ndarray
    document_start: np.ndarray

    def __post_init__(self) -> None:
        self.data.flags.writeable = False

    @classmethod
    def of(cls, texts: pl.Series | pa.Array | pa.ChunkedArray | Sequence[str]) -> TextBatch:
        """A batch over texts. Raises `SchemaError` when one of them is null."""
        array = _large_strings(texts)
        if array.null_count:
            row = int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0])
            raise SchemaError(f"text {row} of a batch of {len(array)} is null: fill or drop it before")
        if not len(array):
            return cls(np.empty(0, np.uint8), np.zeros(1, np.int64))
        _, offsets, values = array.buffers()
        offset = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8)
        data = np.frombuffer(values, np.uint8) if values is not None and values.size else np.empty(0, np.uint8)
        return cls(data[offset[0] : offset[-1]], offset - offset[0])

    def __len__(self) -> int:
        return self.document_start.size - 1

    @cached_property
    def documents(self) -> Spans:
        """Each document's bytes."""
        return Spans(self.data, self.document_start[:-1].copy(), self.document_start[1:].copy())

    @cached_property
    def _split(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _split_lines(self.data, self.document_start, universal=False)

    @property
    def lines(self) -> Spans:
        """The lines of all documents, as `str.split` at newlines gives them: without the newline, and at least one per document."""
        return Spans(self.data, self._split[0], self._split[1])

    @property
    def document_line(self) -> np.ndarray:
        """int64 of size n + 1: the lines of document d are `document_line[d]` to `document_line[d + 1]`, exclusive."""
        return self._split[2]

    @cached_property
    def characters(self) -> np.ndarray:
        """Code points of each document, int64."""
        return count_characters(self.data, self.document_start[:-1], self.document_start[1:])

    @property
    def texts(self) -> pl.Series:
        """The texts as a Polars series called `text`."""
        return pl.Series("text", strings_of(self.data, self.document_start), dtype=pl.String)

    def universal_lines(self) -> tuple[Spans, np.ndarray]:
        """Lines and document offsets as Python's text mode splits: LF, CR LF and a lone CR end a line."""
        start, end, document_line = _split_lines(self.data, self.document_start, universal=True)
        return Spans(self.data, start, end), document_line


def _large_strings(texts: pl.Series | pa.Array | pa.ChunkedArray | Sequence[str]) -> pa.Array:
    array: Any = texts.to_arrow(compat_level=pl.CompatLevel.oldest()) if isinstance(texts, pl.Series) else texts
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    if isinstance(array, pa.Array):
        return array if pa.types.is_large_string(array.type) else array.cast(pa.large_string())
    return pa.array(array, pa.large_string())


def strings_of(data: np.ndarray, document_start: np.ndarray) -> pa.Array:
    """A `large_string` array over bytes and offsets (int64 of size n + 1); nothing is copied."""
    offsets = pa.py_buffer(np.ascontiguousarray(document_start, np.int64))
    return pa.LargeStringArray.from_buffers(document_start.size - 1, offsets, pa.py_buffer(data))


def totals(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sum of `values[offsets[d] : offsets[d + 1]]` for each d: int64 for whole numbers and booleans, else float64."""
    kind = np.float64 if values.dtype.kind == "f" else np.int64
    return _totals(values.astype(kind, copy=False), offsets)


def share(part: np.ndarray, whole: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """Part / whole as float64; `empty` where the whole is 0."""
    return np.divide(part, whole, out=np.full(whole.shape, empty), where=whole > 0)


@kernel
def _totals(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sums by document."""
    found = np.zeros(offsets.size - 1, values.dtype)
    for d in range(found.size):
        for i in range(offsets[d], offsets[d + 1]):
            found[d] += values[i]
    return found


@kernel
def largest(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Largest of `values[offsets[d] : offsets[d + 1]]` for each d, 0 where there is none: int64."""
    found = np.zeros(offsets.size - 1, np.int64)
    for d in range(found.size):
        for i in range(offsets[d], offsets[d + 1]):
            found[d] = max(found[d], values[i])
    return found


@kernel
def gather(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of ranges one after the other, and offsets of size n + 1."""
    offset = np.zeros(start.size + 1, np.int64)
    for row in range(start.size):
        offset[row + 1] = offset[row] + end[row] - start[row]
    together = np.empty(offset[-1], np.uint8)
    for row in range(start.size):
        to = offset[row]
        for i in range(start[row], end[row]):
            together[to] = data[i]
            to += 1
    return together, offset


@kernel
def count_characters(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Code points of each range: its bytes that do not continue a character."""
    count = np.zeros(start.size, np.int64)
    for row in range(start.size):
        for i in range(start[row], end[row]):
            count[row] += (data[i] & 0xC0) != 0x80
    return count


@kernel
def join_spans(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, document_line: np.ndarray, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The kept spans of each document, joined by newlines: bytes and document offsets."""
    document_start = np.zeros(document_line.size, np.int64)
    for d in range(document_line.size - 1):
        size = 0
        for line in range(document_line[d], document_line[d + 1]):
            if keep[line]:
                size += end[line] - start[line] + 1
        document_start[d + 1] = document_start[d] + max(size - 1, 0)
    joined = np.empty(document_start[-1], np.uint8)
    for d in range(document_line.size - 1):
        to, last = document_start[d], document_start[d + 1]
        for line in range(document_line[d], document_line[d + 1]):
            if not keep[line]:
                continue
            for i in range(start[line], end[line]):
                joined[to] = data[i]
                to += 1
            if to < last:
                joined[to] = _NEWLINE
                to += 1
    return joined, document_start


@kernel
def _split_lines(
    data: np.ndarray, document_start: np.ndarray, universal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each line, and the first line of each document. `universal`: CR LF and CR end a line too."""
    total = document_start.size - 1
    for i in range(data.size):
        total += (data[i] == _NEWLINE) | (universal & (data[i] == _RETURN))
    start, end = np.empty(total, np.int64), np.empty(total, np.int64)
    document_line = np.zeros(document_start.size, np.int64)
    line = 0
    for d in range(document_start.size - 1):
        first, last = document_start[d], document_start[d + 1]
        start[line] = first
        i = first
        while i < last:
            byte = data[i]
            if byte == _NEWLINE or (universal and byte == _RETURN):
                end[line] = i
                line += 1
                if byte == _RETURN and i + 1 < last and data[i + 1] == _NEWLINE:
                    i += 1
                start[line] = i + 1
            i += 1
        end[line] = last
        line += 1
        document_line[d + 1] = line
    return start[:line], end[:line], document_line
