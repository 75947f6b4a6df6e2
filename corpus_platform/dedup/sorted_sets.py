"""Sorted sets of 64-bit hashes: built as a stream, merged by hash range, asked fast.

A *set* is what one group of files gave: its distinct hashes, ascending, each with a flag. Hashes are taken to be spread evenly over 0..2^64, as
SHA-1 spreads them: a share of the range then holds that share of the hashes, and memory is bounded by it.
Promise: what comes out depends on the hashes alone, not on how they were cut into batches, sets or files.

Not here: which hashes are made (text/), or what a repeated one means (paragraphs.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HashSource = str | Path | pl.DataFrame | pl.LazyFrame
"""A Parquet file or a frame with a column `hash` (uint64), sorted by it; sorted files are read by row group."""

_BYTES_PER_ROW = 48
"""What a row costs while its range is merged: decoded, concatenated and sorted, with flag and slack."""


class FlaggedHashes:
    """The distinct hashes of documents that come as a stream, and whether each was in two documents or more.

    Memory: about 27 bytes per distinct hash at its peak, plus the batch.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, hashes: np.ndarray, document_line: np.ndarray) -> None:
        """Takes the hashes (uint64) of a batch; document d owns `document_line[d]` to `document_line[d + 1]`, exclusive."""
        document = np.repeat(np.arange(document_line.size - 1), np.diff(document_line))
        order = np.argsort(hashes)
        self._runs.append(_distinct(hashes[order], document[order]))
        # Runs at least double in size from the last to the first, so that each hash is merged a logarithmic number of times.
        while len(self._runs) > 1 and self._runs[-2][0].size < 2 * self._runs[-1][0].size:
            self._merge_last()

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct hashes, uint64 ascending, and their flags `in_two_documents`, bool."""
        if not self._runs:
            return np.empty(0, np.uint64), np.empty(0, np.bool_)
        while len(self._runs) > 1:
            self._merge_last()
        return self._runs[0]

    def _merge_last(self) -> None:
        right, left = self._runs.pop(), self._runs.pop()
        self._runs.append(_merge_runs(*left, *right))


def by_range(sources: Iterable[HashSource], columns: Sequence[str], memory: int) -> Iterator[pl.DataFrame]:
    """The rows of many sources, one range of hashes after the other: unsorted frames, each within `memory` bytes while it is worked on."""
    frames = [_lazy(source).select(columns) for source in sources]
    rows = sum(count.item() for count in pl.collect_all([frame.select(pl.len()) for frame in frames]))
    ranges = max(1, -(-rows * _BYTES_PER_ROW // max(memory, 1)))
    for i in range(ranges if rows else 0):
        first, last = (i << 64) // ranges, ((i + 1) << 64) // ranges - 1
        within = pl.col("hash").is_between(pl.lit(first, pl.UInt64), pl.lit(last, pl.UInt64))
        yield pl.concat([frame.filter(within).collect() for frame in frames])


def sorted_chunks(sources: Iterable[HashSource], memory: int) -> Iterator[np.ndarray]:
    """The distinct hashes of many sources as ascending arrays that follow each other, within `memory` bytes."""
    for rows in by_range(sources, ("hash",), memory):
        yield np.unique(rows["hash"].to_numpy())


def intersect(own: np.ndarray, chunks: Iterable[np.ndarray]) -> np.ndarray:
    """The hashes of `own` (uint64, ascending) that are in one of the chunks (ascending, following each other)."""
    found = [_intersect(own, chunk) for chunk in chunks]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


@dataclass(frozen=True)
class HashLookup:
    """A sorted set that answers in about one memory access: `values` uint64, and where in it each prefix of a hash begins.

    Costs 8 bytes per hash and 4 to 8 for the prefixes.
    """

    values: np.ndarray
    prefix_start: np.ndarray
    shift: int

    @classmethod
    def of(cls, values: np.ndarray) -> HashLookup:
        """A lookup over hashes that are ascending and distinct."""
        bits = min(max(int(values.size).bit_length() - 1, 1), 30)
        shift = 64 - bits
        edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(shift)
        start = np.append(np.searchsorted(values, edges), values.size).astype(np.int64)
        return cls(values, start, shift)

    def contains(self, hashes: np.ndarray) -> np.ndarray:
        """For each hash (uint64): is it in the set."""
        return _contains(self.values, self.prefix_start, self.shift, hashes)


def _lazy(source: HashSource) -> pl.LazyFrame:
    return pl.scan_parquet(source) if isinstance(source, str | Path) else source.lazy()


@kernel
def _distinct(hashes: np.ndarray, document: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct hashes of sorted ones, and whether they come from two documents."""
    distinct, flag = np.empty_like(hashes), np.zeros(hashes.size, np.bool_)
    size, first = 0, 0
    for i in range(hashes.size):
        if i == 0 or hashes[i] != hashes[i - 1]:
            distinct[size], first = hashes[i], document[i]
            size += 1
        elif document[i] != first:
            flag[size - 1] = True
    return distinct[:size].copy(), flag[:size].copy()


@kernel
def _merge_runs(
    left: np.ndarray, left_flag: np.ndarray, right: np.ndarray, right_flag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Union of two sorted sets; a hash of both is flagged."""
    merged, flag = np.empty(left.size + right.size, np.uint64), np.empty(left.size + right.size, np.bool_)
    i, j, size = 0, 0, 0
    while i < left.size or j < right.size:
        if j == right.size or (i < left.size and left[i] < right[j]):
            merged[size], flag[size] = left[i], left_flag[i]
            i += 1
        elif i == left.size or right[j] < left[i]:
            merged[size], flag[size] = right[j], right_flag[j]
            j += 1
        else:
            merged[size], flag[size] = left[i], True
            i += 1
            j += 1
        size += 1
    return merged[:size].copy(), flag[:size].copy()


@kernel
def _intersect(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The hashes that two sorted sets share."""
    shared = np.empty(min(left.size, right.size), np.uint64)
    if shared.size == 0:
        return shared
    size, j = 0, 0
    for i in range(np.searchsorted(left, right[0]), left.size):
        while j < right.size and right[j] < left[i]:
            j += 1
        if j == right.size:
            break
        if right[j] == left[i]:
            shared[size] = left[i]
            size += 1
    return shared[:size].copy()


@kernel
def _contains(values: np.ndarray, prefix_start: np.ndarray, shift: int, hashes: np.ndarray) -> np.ndarray:
    """Binary search of each hash among those that share its prefix."""
    found = np.zeros(hashes.size, np.bool_)
    for i in range(hashes.size):
        prefix = np.int64(hashes[i] >> np.uint64(shift))
        low, high = prefix_start[prefix], prefix_start[prefix + 1]
        while low < high:
            middle = (low + high) // 2
            if values[middle] < hashes[i]:
                low = middle + 1
            else:
                high = middle
        found[i] = low < prefix_start[prefix + 1] and values[low] == hashes[i]
    return found
