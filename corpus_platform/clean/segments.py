"""Texts in segments of bounded length, and the runs of good ones.

A segment ends before the last newline, or after the last sentence end, that leaves it at most `longest` characters; where there is none it is cut there.
A *run* is a row of consecutive good segments that cannot be made longer.
Source: CASIA-LM/ChineseWebText, BERTEval, `utils/encode.py` (segments of at most 512 - 2 characters) and `predict.py` (runs).

Not here: how good a segment is (signals/, models/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.text.kernel import kernel, part

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDS = np.array(sorted(map(ord, ".?!。！？")), np.uint32)


@dataclass(frozen=True)
class Segments:
    """Segments of n texts, in order and without gaps: `document` (0..n-1), `start` and `end` (characters of the text, end exclusive), int64; `text`."""

    document: np.ndarray
    start: np.ndarray
    end: np.ndarray
    text: pl.Series

    def runs(self, good: np.ndarray) -> Iterator[tuple[int, int, int]]:
        """Document, first and last segment (exclusive) of each maximal run of good segments; `good` bool of every segment."""
        edge = np.flatnonzero(np.diff(self.document, prepend=-1) != 0)
        new_run = good & ~np.concatenate([[False], good[:-1]])
        new_run[edge] = good[edge]
        for first in np.flatnonzero(new_run).tolist():
            last = first + 1
            while last < good.size and good[last] and not new_run[last]:
                last += 1
            yield int(self.document[first]), first, last


def segments_of(texts: pl.Series, longest: int = 510) -> Segments:
    """The segments of texts; an empty text has none."""
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    first = np.concatenate([[0], np.cumsum(texts.str.len_chars().to_numpy().astype(np.int64))])
    document, start = _cut(codes, first, longest, _ENDS)
    end = np.concatenate([start[1:], [len(joined)]])[: start.size]
    text = pl.Series("text", [joined[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)], pl.String)
    return Segments(document, start - first[document], end - first[document], text)


@kernel
def _cut(codes: np.ndarray, first: np.ndarray, longest: int, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Document and start of each segment."""
    size = codes.size + 1
    document, start = np.empty(size, np.int64), np.empty(size, np.int64)
    n = 0
    for d in range(first.size - 1):
        begin = first[d]
        while begin < first[d + 1]:
            document[n], start[n] = d, begin
            n += 1
            begin = _end(codes, begin, first[d + 1], longest, ends)
    return document[:n].copy(), start[:n].copy()


@part
def _end(codes: np.ndarray, begin: int, last: int, longest: int, ends: np.ndarray) -> int:
    if begin + longest >= last - 1:
        return min(begin + longest, last)
    for i in range(begin + longest - 1, begin, -1):
        if codes[i] == 10:
            return i
        for end in ends:
            if codes[i] == end:
                return i + 1
    return begin + longest
