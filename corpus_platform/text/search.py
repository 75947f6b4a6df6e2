"""Finding and counting in texts and spans: substrings, beginnings and ends, classes of characters.

Every function takes a `TextBatch` (then a row is a document) or `Spans` (a row is a span). Facts of characters are the bits of unicode.py.
Promise: equal to `str.count`, `in`, `str.startswith`, `str.endswith` and sums over characters on any text.

Not here: patterns of a recipe (recipes/), words (words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.kernel import inlined, kernel
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from collections.abc import Sequence


def _spans(where: TextBatch | Spans) -> Spans:
    return where.documents if isinstance(where, TextBatch) else where


def _needles(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Bytes and offsets of search terms. Raises ValueError for an empty one, which is everywhere."""
    if not all(texts):
        raise ValueError("an empty text is everywhere: search for at least one character")
    batch = TextBatch.of(list(texts))
    return batch.data, batch.document_start


def count(where: TextBatch | Spans, needle: str) -> np.ndarray:
    """How often `needle` occurs in each row without overlap, as `str.count` counts: int64[n]."""
    spans = _spans(where)
    return _count(spans.data, spans.start, spans.end, *_needles([needle]))


def contains_any(where: TextBatch | Spans, needles: Sequence[str]) -> np.ndarray:
    """Does one of the needles occur in each row: bool[n]."""
    spans = _spans(where)
    return _contains(spans.data, spans.start, spans.end, *_needles(needles))


def ends_with_any(where: TextBatch | Spans, endings: Sequence[str]) -> np.ndarray:
    """Does each row end with one of the endings: bool[n]."""
    spans = _spans(where)
    return _at_an_end(spans.data, spans.start, spans.end, *_needles(endings), at_start=False)


def starts_with_any(where: TextBatch | Spans, beginnings: Sequence[str]) -> np.ndarray:
    """Does each row start with one of the beginnings: bool[n]."""
    spans = _spans(where)
    return _at_an_end(spans.data, spans.start, spans.end, *_needles(beginnings), at_start=True)


def count_class(where: TextBatch | Spans, flags: int) -> np.ndarray:
    """Code points of each row for which at least one of the facts `flags` holds: int64[n]."""
    spans = _spans(where)
    return _count_class(spans.data, spans.start, spans.end, unicode.facts(), np.uint32(flags))


def flags_of(where: TextBatch | Spans) -> tuple[np.ndarray, np.ndarray]:
    """Facts that hold for some, and for every character of each row: uint32[n] twice. An empty row has none, and all."""
    spans = _spans(where)
    return _flags_of(spans.data, spans.start, spans.end, unicode.facts())


@inlined
def _is_at(data: np.ndarray, at: int, needles: np.ndarray, first: int, last: int) -> bool:
    """Are the bytes from `at` on those of a needle."""
    for k in range(last - first):  # noqa: SIM110  (Numba compiles no generator)
        if data[at + k] != needles[first + k]:
            return False
    return True


@kernel
def _count(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, needles: np.ndarray, needle_start: np.ndarray
) -> np.ndarray:
    """Occurrences of the first needle in each range."""
    found = np.zeros(start.size, np.int64)
    size, head = needle_start[1], needles[0]
    for row in range(start.size):
        i, last = start[row], end[row] - size
        while i <= last:
            if data[i] == head and _is_at(data, i, needles, 0, size):
                found[row] += 1
                i += size
            else:
                i += 1
    return found


@kernel
def _contains(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, needles: np.ndarray, needle_start: np.ndarray
) -> np.ndarray:
    """Is one of the needles in each range."""
    found = np.zeros(start.size, np.bool_)
    heads = np.zeros(256, np.bool_)
    for n in range(needle_start.size - 1):
        heads[needles[needle_start[n]]] = True
    for row in range(start.size):
        for i in range(start[row], end[row]):
            if not heads[data[i]]:
                continue
            for n in range(needle_start.size - 1):
                size = needle_start[n + 1] - needle_start[n]
                if i + size <= end[row] and _is_at(data, i, needles, needle_start[n], needle_start[n + 1]):
                    found[row] = True
                    break
            if found[row]:
                break
    return found


@kernel
def _at_an_end(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, needles: np.ndarray, needle_start: np.ndarray, at_start: bool
) -> np.ndarray:
    """Does each range start, or end, with one of the needles."""
    found = np.zeros(start.size, np.bool_)
    for row in range(start.size):
        for n in range(needle_start.size - 1):
            size = needle_start[n + 1] - needle_start[n]
            if size > end[row] - start[row]:
                continue
            at = start[row] if at_start else end[row] - size
            if _is_at(data, at, needles, needle_start[n], needle_start[n + 1]):
                found[row] = True
                break
    return found


@kernel
def _count_class(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, facts: np.ndarray, flags: np.uint32
) -> np.ndarray:
    """Characters of each range with one of the flags."""
    found = np.zeros(start.size, np.int64)
    for row in range(start.size):
        i = start[row]
        while i < end[row]:
            code, size = decode(data, i)
            found[row] += (facts[code] & flags) != 0
            i += size
    return found


@kernel
def _flags_of(data: np.ndarray, start: np.ndarray, end: np.ndarray, facts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Facts of some, and of all characters of each range."""
    some, every = np.zeros(start.size, np.uint32), np.full(start.size, 0xFFFFFFFF, np.uint32)
    for row in range(start.size):
        i = start[row]
        while i < end[row]:
            code, size = decode(data, i)
            some[row] |= facts[code]
            every[row] &= facts[code]
            i += size
    return some, every
