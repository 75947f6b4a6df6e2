"""Texts without some of their words, put together again as BigScience does it: one space, tab or newline between the words that are left.

Source: bigscience-workshop/data-preparation, 01b_oscar_cleaning_and_filtering/filtering.py (split_on_newline_tab_whitespace and its inverse).

Not here: which words go (recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from corpus_platform.text.batch import Spans, TextBatch, strings_of
from corpus_platform.text.kernel import kernel
from corpus_platform.text.utf8 import before, decode


@dataclass(frozen=True)
class SpacedWords:
    """Words between spaces, tabs and newlines: their bytes, the same without special characters at the ends (`bare`), and their offsets int64[d + 1]."""

    batch: TextBatch
    whole: Spans
    bare: Spans
    first: np.ndarray

    def joined(self, keep: np.ndarray) -> pl.Series:
        """The texts of the words for which `keep` (bool) holds: between two of them the strongest separator that was there, once."""
        data, start = _join(
            self.batch.data, self.batch.document_start, self.whole.start, self.whole.end, self.first, keep
        )
        return pl.Series("text", strings_of(data, start))


def spaced_words(batch: TextBatch, special: np.ndarray) -> SpacedWords:
    """The words of each text; `special` bool[0x110000] says which characters are stripped for `bare`."""
    start, end, bare_start, bare_end, first = _words(batch.data, batch.document_start, special)
    return SpacedWords(batch, Spans(batch.data, start, end), Spans(batch.data, bare_start, bare_end), first)


@kernel
def _words(
    data: np.ndarray, document_start: np.ndarray, special: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each word, of its bare form, and the first word of each document."""
    room = data.size // 2 + document_start.size
    start, end = np.empty(room, np.int64), np.empty(room, np.int64)
    bare_start, bare_end = np.empty(room, np.int64), np.empty(room, np.int64)
    first = np.zeros(document_start.size, np.int64)
    n = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        while i < last:
            if data[i] in (9, 10, 32):
                i += 1
                continue
            low = i
            while i < last and data[i] not in (9, 10, 32):
                i += 1
            start[n], end[n] = low, i
            high = i
            while low < high and special[decode(data, low)[0]]:
                low += decode(data, low)[1]
            while low < high and special[decode(data, before(data, high))[0]]:
                high = before(data, high)
            bare_start[n], bare_end[n] = low, high
            n += 1
        first[d + 1] = n
    return start[:n].copy(), end[:n].copy(), bare_start[:n].copy(), bare_end[:n].copy(), first


@kernel
def _join(
    data: np.ndarray,
    document_start: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    first: np.ndarray,
    keep: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Bytes and offsets of the kept words with one separator between two."""
    out, out_start = np.empty(data.size, np.uint8), np.zeros(document_start.size, np.int64)
    to = np.int64(0)
    for d in range(document_start.size - 1):
        before_it = np.int64(-1)
        for word in range(first[d], first[d + 1]):
            if not keep[word]:
                continue
            if before_it >= 0:
                separator = np.uint8(32)
                for i in range(before_it, start[word]):
                    if data[i] == 10 or (data[i] == 9 and separator == 32):
                        separator = data[i]
                out[to] = separator
                to += 1
            for i in range(start[word], end[word]):
                out[to] = data[i]
                to += 1
            before_it = end[word]
        out_start[d + 1] = to
    return out[:to].copy(), out_start
