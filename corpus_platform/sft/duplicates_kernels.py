"""Loops behind the search for copies of dialogues: keys of their beginnings, distinct shingles, and which row stays of those that are alike.

Not here: what is compared and by which rules (duplicates.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.hashing import SEED, mixed
from corpus_platform.text.kernel import kernel, part

_U64 = np.uint64
_AT_END = _U64(0x8EBC6AF09C88C6E3)
_MOST = 16
"""Rows of a bucket that one is compared with: those that came last and stay."""


@kernel
def chained(hashes: np.ndarray, start: np.ndarray) -> np.ndarray:
    """uint64 by message: hash of the messages of a row (`start[r]` to `start[r + 1]`) from the first up to each."""
    found = np.empty(hashes.size, np.uint64)
    for r in range(start.size - 1):
        state = SEED
        for m in range(start[r], start[r + 1]):
            state = mixed(state, hashes[m])
            last = _U64(state * _AT_END)
            found[m] = _U64(last ^ (last >> _U64(29)))
    return found


@kernel
def distinct(hashes: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of each range, ascending, and their offsets."""
    found, ends, size = np.empty_like(hashes), np.zeros_like(offset), 0
    for d in range(offset.size - 1):
        own = np.sort(hashes[offset[d] : offset[d + 1]])
        for k in range(own.size):
            if k == 0 or own[k] != own[k - 1]:
                found[size] = own[k]
                size += 1
        ends[d + 1] = size
    return found[:size].copy(), ends


@part
def _jaccard(value: np.ndarray, a: int, a_end: int, b: int, b_end: int) -> float:
    """Jaccard similarity of two ascending ranges."""
    shared, size = 0, a_end - a + b_end - b
    while a < a_end and b < b_end:
        if value[a] == value[b]:
            shared += 1
            a += 1
            b += 1
        elif value[a] < value[b]:
            a += 1
        else:
            b += 1
    return shared / (size - shared) if size else 0.0


@part
def _ratio(value: np.ndarray, a: int, a_end: int, b: int, b_end: int, row: np.ndarray) -> float:
    """Twice the length of the longest common subsequence of two ranges over the length of both; `row` is room for one more than the second has."""
    for j in range(b_end - b + 1):
        row[j] = 0
    for i in range(a, a_end):
        diagonal = 0
        for j in range(b_end - b):
            above = row[j + 1]
            if value[i] == value[b + j]:
                row[j + 1] = diagonal + 1
            else:
                row[j + 1] = max(above, row[j])
            diagonal = above
    size = a_end - a + b_end - b
    return 2.0 * row[b_end - b] / size if size else 0.0


@part
def _alike(
    value: np.ndarray, a: int, a_end: int, b: int, b_end: int, least: float, as_text: bool, row: np.ndarray
) -> float:
    """How alike two ranges are; 0 where their sizes alone say that it is less than `least`."""
    if as_text:
        return _ratio(value, a, a_end, b, b_end, row)
    fewer, more = min(a_end - a, b_end - b), max(a_end - a, b_end - b)
    return _jaccard(value, a, a_end, b, b_end) if fewer >= least * more else 0.0


@kernel
def led(  # noqa: C901  (one loop: rows, their bands, the leaders of a bucket)
    bucket: np.ndarray,
    buckets: int,
    value: np.ndarray,
    start: np.ndarray,
    guard: np.ndarray,
    fixed: int,
    least: float,
    as_text: bool,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in the order of preference; each either leads or follows a leader that it is at least `least` alike: leader (int64[n], -1), similarity, who goes.

    `bucket` int32[n, bands], -1 where a row shares its key with none: leaders of one bucket are looked at. `value[start[r] : start[r + 1]]` is what a row
    is compared by: distinct shingles, ascending, or with `as_text` code points. Rows whose `guard` (uint64, 0 for none) differs are not alike. The
    first `fixed` rows lead whatever they are like. Of the rows that are like a leader, itself among them, `most` stay.
    """
    n, bands = bucket.shape
    leader, similarity, goes = np.full(n, -1, np.int64), np.zeros(n), np.zeros(n, np.bool_)
    head, after = np.full(buckets, -1, np.int32), np.full((n, bands), -1, np.int32)
    looked_at, size = np.full(n, -1, np.int32), np.ones(n, np.int64)
    longest = 0
    for r in range(n):
        longest = max(longest, start[r + 1] - start[r])
    row = np.zeros(longest + 1, np.int64)
    for r in range(n):
        for band in range(bands if r >= fixed else 0):
            other = head[bucket[r, band]] if bucket[r, band] >= 0 else -1
            for _ in range(_MOST):
                if other < 0:
                    break
                if looked_at[other] != r and (guard[r] == guard[other] or guard[r] == 0 or guard[other] == 0):
                    looked_at[other] = r
                    alike = _alike(value, start[r], start[r + 1], start[other], start[other + 1], least, as_text, row)
                    if alike >= least and alike > similarity[r]:
                        leader[r], similarity[r] = other, alike
                other = after[other, band]
            if leader[r] >= 0:
                break
        if leader[r] >= 0:
            size[leader[r]] += 1
            goes[r] = size[leader[r]] > most
            continue
        for band in range(bands):
            if bucket[r, band] >= 0:
                after[r, band], head[bucket[r, band]] = head[bucket[r, band]], r
    return leader, similarity, goes
