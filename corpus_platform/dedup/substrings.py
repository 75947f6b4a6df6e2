r"""Exact substrings: every window of n units that follow each other is compared, and what repeated windows cover is cut out.

A maximal repeat of at least n units is a row of windows that follow each other and are all repeated; so what windows cover together is what a suffix array
with its longest common prefixes gives, without the array, and documents need not be in one place.
Hashing: a window's hash joins the hashes of two windows of half its size, and so on down to single units; the last two overlap where n is no power of two.
Each level is a pass over its block of windows, in the first cache.
Promise: windows of equal units have equal keys; others with a probability of 2^-64 a level, of which there are log2 n. No cut divides a character.
Source: Lee et al. 2022 and google-research/deduplicate-text-datasets (100 bytes), RefinedWeb (50 tokens).

Not here: who else has a window (units.py within a batch, matching.py in a corpus).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.dedup.cuts import Parts, Removed, cut_out
from corpus_platform.dedup.keys import Keys
from corpus_platform.dedup.units import index_of, window_offset
from corpus_platform.text.hashing import SEED, mixed
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.utf8 import decode
from corpus_platform.text.wide import load8
from corpus_platform.text.words import cjk_words, simple_words

if TYPE_CHECKING:
    import polars as pl

    from corpus_platform.text.batch import TextBatch

_U64 = np.uint64
_BLOCK = 2048
"""Windows that are hashed together: their hashes stay in the first cache."""
_BYTES_AT_ONCE = 8


@dataclass(frozen=True)
class WindowUnits:
    r"""Windows of n bytes, characters, words or tokens, one at each byte (character ...) of a document where one fits; they overlap.

    `word` is `\w+|[^\w\s]` (text/words.py, `simple_words`); `token` the same with each Chinese character or kana a token of its own (`cjk_words`). White
    space between words is not compared. What is cut out of words goes from the first one's start to the last one's end; of bytes, whole characters only.
    """

    n: int
    unit: Literal["token", "word", "character", "byte"] = "byte"

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  (other families read them)
        """The hash of each window, in order: about one a byte for bytes and characters."""
        if self.unit == "byte" and self.n >= _BYTES_AT_ONCE:
            offset = window_offset(batch.document_start, self.n)
            return Keys(_hash_bytes(batch.data, batch.document_start, offset, self.n), offset)
        value, parts = self._items(batch)
        offset = window_offset(parts.first, self.n)
        return Keys(_hash_items(value, parts.first, offset, self.n), offset)

    def remove(
        self,
        batch: TextBatch,
        document_of: np.ndarray,
        ordinal: np.ndarray,
        *,
        count_words: bool = False,
        count_sentences: bool = False,
    ) -> Removed:
        """The texts without what some windows cover."""
        if self.unit == "byte":
            runs = self._runs(batch.document_start, document_of, ordinal)
            cuts = Parts(*_whole_characters(batch.data, runs.start, runs.end), runs.first)
        else:
            parts = self._items(batch)[1]
            runs = self._runs(parts.first, document_of, ordinal)
            cuts = Parts(parts.start[runs.start], parts.end[runs.end - 1], runs.first)
        count = np.bincount(document_of, minlength=len(batch))
        return cut_out(batch, cuts, count, count_words=count_words, count_sentences=count_sentences)

    def _runs(self, first: np.ndarray, document_of: np.ndarray, ordinal: np.ndarray) -> Parts:
        """What windows cover together, as ranges of items."""
        index_of(window_offset(first, self.n), document_of, ordinal)
        return Parts(*_runs(document_of, first[document_of] + ordinal, self.n, first.size - 1))

    def _items(self, batch: TextBatch) -> tuple[np.ndarray, Parts]:
        """What a window is made of: a value (uint64) for each item, equal for equal ones, and where it is."""
        if self.unit == "byte":
            place = np.arange(batch.data.size)
            return batch.data.astype(np.uint64), Parts(place, place + 1, batch.document_start)
        if self.unit == "character":
            value, start, first = _characters(batch.data, batch.document_start)
            return value, Parts(start, np.append(start[1:], batch.data.size), first)
        tokens = cjk_words(batch) if self.unit == "token" else simple_words(batch)
        return tokens.hash, Parts(tokens.spans.start, tokens.spans.end, tokens.document_token)


@inlined
def _joined(left: np.uint64, right: np.uint64) -> np.uint64:
    """The hash of two windows, one behind the other or overlapping."""
    return mixed(mixed(SEED, left), right)


@part
def _hash_block(level: np.ndarray, size: int, width: int, n: int, key: np.ndarray) -> None:
    """Writes the hashes of windows of n, given those of windows of `width` at each of `size` places, which are lost."""
    while 2 * width <= n:
        size -= width
        for i in range(size):
            level[i] = _joined(level[i], level[i + width])
        width *= 2
    back = n - width
    for i in range(size - back):
        key[i] = mixed(_joined(level[i], level[i + back]), _U64(n))


@kernel
def _hash_items(value: np.ndarray, first: np.ndarray, offset: np.ndarray, n: int) -> np.ndarray:
    """The hash of each window of n items."""
    key, level = np.empty(offset[-1], np.uint64), np.empty(_BLOCK + n, np.uint64)
    for d in range(offset.size - 1):
        for block in range(offset[d], offset[d + 1], _BLOCK):
            last = min(block + _BLOCK, offset[d + 1])
            begin, size = first[d] + block - offset[d], last - block + n - 1
            for i in range(size):
                level[i] = value[begin + i]
            _hash_block(level, size, 1, n, key[block:last])
    return key


@kernel
def _hash_bytes(data: np.ndarray, document_start: np.ndarray, offset: np.ndarray, n: int) -> np.ndarray:
    """The hash of each window of n bytes, at least eight: these are the first level as they are."""
    key, level = np.empty(offset[-1], np.uint64), np.empty(_BLOCK + n, np.uint64)
    for d in range(offset.size - 1):
        for block in range(offset[d], offset[d + 1], _BLOCK):
            last = min(block + _BLOCK, offset[d + 1])
            begin, size = document_start[d] + block - offset[d], last - block + n - _BYTES_AT_ONCE
            for i in range(size):
                level[i] = load8(data, begin + i)
            _hash_block(level, size, _BYTES_AT_ONCE, n, key[block:last])
    return key


@kernel
def _characters(data: np.ndarray, document_start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Code point and first byte of each character, and the first character of each document."""
    count = 0
    for i in range(data.size):
        count += (data[i] & 0xC0) != 0x80
    value, start, first = np.empty(count, np.uint64), np.empty(count, np.int64), np.zeros_like(document_start)
    n = 0
    for d in range(document_start.size - 1):
        i = document_start[d]
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            value[n], start[n] = code, i
            n += 1
            i += size
        first[d + 1] = n
    return value, start, first


@kernel
def _runs(
    document_of: np.ndarray, place: np.ndarray, n: int, documents: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ranges that windows of n cover together, one for those that overlap or touch, and the first one of each document."""
    start, end, first = np.empty_like(place), np.empty_like(place), np.zeros(documents + 1, np.int64)
    runs = 0
    for i in range(place.size):
        if runs > 0 and place[i] <= end[runs - 1] and document_of[i] == document_of[i - 1]:
            end[runs - 1] = place[i] + n
            continue
        start[runs], end[runs] = place[i], place[i] + n
        runs += 1
        first[document_of[i] + 1] += 1
    for d in range(documents):
        first[d + 1] += first[d]
    return start[:runs].copy(), end[:runs].copy(), first


@kernel
def _whole_characters(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Byte ranges without the halves of characters at their ends."""
    first, last = start.copy(), end.copy()
    for row in range(start.size):
        while first[row] < end[row] and (data[first[row]] & 0xC0) == 0x80:
            first[row] += 1
        while last[row] > first[row] and last[row] < data.size and (data[last[row]] & 0xC0) == 0x80:
            last[row] -= 1
    return first, last
