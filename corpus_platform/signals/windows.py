"""Windows of n values that slide over a document, characters or words, and how often they come again.

Promise: equal to counting all windows in a `Counter`; windows are compared by a 64-bit hash, different ones are equal with a probability of about 2^-64.
Source: BigScience data-preparation, filtering.py (compute_character_repetition_ratio, compute_word_repetition_ratio), which Data-Juicer took over.

Not here: what the values are (roots.py, data_juicer.py), n-grams of Gopher and others (text/ngrams.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.kernel import inlined, kernel
from corpus_platform.text.repeats import longest_range, room_for
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

_U64 = np.uint64
_BASE = _U64(0x9FB21C651E98DF25)
_SPREAD = _U64(0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class Windows:
    """Of d documents: `all` windows, those that `repeated` (all copies of windows that occur more than once), and those of the `top` ones, int64[d] each.

    The top ones are the min(floor(sqrt(distinct windows)), windows that occur more than once) most frequent.
    """

    all: np.ndarray
    repeated: np.ndarray
    top: np.ndarray

    @property
    def repeated_ratio(self) -> np.ndarray:
        """float64[d]: 0.0 without a window."""
        return self.repeated / np.maximum(self.all, 1)

    @property
    def top_ratio(self) -> np.ndarray:
        """float64[d]: 0.0 without a window."""
        return self.top / np.maximum(self.all, 1)

    def with_rows(self, rows: np.ndarray, other: Windows) -> Windows:
        """The same with the counts of some documents (int64) from elsewhere."""
        return Windows(*(_put(own, rows, new) for own, new in zip(self._rows, other._rows, strict=True)))

    @property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.all, self.repeated, self.top


def _put(values: np.ndarray, rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed[rows] = new
    return changed


def word_windows(hashes: np.ndarray, document_token: np.ndarray, width: np.ndarray) -> Windows:
    """Windows of `width` (int64[d]) words each."""
    return Windows(*_windows(hashes, document_token, width))


def character_windows(batch: TextBatch, width: np.ndarray) -> Windows:
    """Windows of `width` (int64[d], at most 255) code points each."""
    return Windows(*_character_windows(batch.data, batch.document_start, width))


@kernel
def _power(width: int) -> np.uint64:
    """What the oldest value of a window is multiplied by when the next one has come."""
    power = _U64(1)
    for _ in range(width):
        power = _U64(power * _BASE)
    return power


@inlined
def _add(state: np.uint64, keys: np.ndarray, counts: np.ndarray, places: np.ndarray, used: int) -> int:
    """Counts one window in a table that is empty where `counts` is 0; how many places are in use after it."""
    mask = _U64(counts.size - 1)
    place = _U64(_U64(state * _SPREAD) >> _U64(32)) & mask
    while counts[place] > 0 and keys[place] != state:
        place = _U64(place + _U64(1)) & mask
    if counts[place] == 0:
        keys[place] = state
        places[used] = place
        used += 1
    counts[place] += 1
    return used


@kernel
def _summary(counts: np.ndarray, places: np.ndarray, used: int) -> tuple[int, int]:
    """Repeated and top windows of one document; the table is empty again afterwards."""
    often, n, repeated, top = np.empty(used, np.int64), 0, 0, 0
    for k in range(used):
        if counts[places[k]] > 1:
            often[n] = counts[places[k]]
            repeated += often[n]
            n += 1
        counts[places[k]] = 0
    kept = min(np.int64(np.sqrt(used)), n)
    often = np.sort(often[:n])
    for k in range(n - kept, n):
        top += often[k]
    return repeated, top


@kernel
def _room(first: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A table for the largest of some ranges: keys, counts, places."""
    longest = longest_range(first)
    room = room_for(longest)
    return np.empty(room, np.uint64), np.zeros(room, np.int32), np.empty(longest, np.int64)


@kernel
def _windows(values: np.ndarray, first: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All, repeated and top windows of each document's values."""
    found, repeated, top = np.zeros_like(width), np.zeros_like(width), np.zeros_like(width)
    keys, counts, places = _room(first)
    for d in range(width.size):
        n, low = width[d], first[d]
        table = counts[: room_for(first[d + 1] - low)]
        state, used, gone = _U64(0), 0, _power(n)
        for i in range(low, first[d + 1]):
            state = _U64(_U64(state * _BASE) + values[i])
            if i >= low + n:
                state = _U64(state - _U64(values[i - n] * gone))
            if i >= low + n - 1:
                used = _add(state, keys, table, places, used)
        found[d] = max(first[d + 1] - low - n + 1, 0)
        repeated[d], top[d] = _summary(table, places, used)
    return found, repeated, top


@kernel
def _character_windows(
    data: np.ndarray, document_start: np.ndarray, width: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All, repeated and top windows of each document's code points."""
    found, repeated, top = np.zeros_like(width), np.zeros_like(width), np.zeros_like(width)
    keys, counts, places = _room(document_start)
    last = np.zeros(256, np.uint64)
    for d in range(width.size):
        n, i, seen = width[d], document_start[d], 0
        table = counts[: room_for(document_start[d + 1] - i)]
        state, used, gone = _U64(0), 0, _power(n)
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            # Spread, so that sums of small numbers do not meet.
            value = _U64(_U64(code + 1) * _SPREAD)
            state = _U64(_U64(state * _BASE) + value)
            if seen >= n:
                state = _U64(state - _U64(last[(seen - n) & 255] * gone))
            last[seen & 255] = value
            seen += 1
            if seen >= n:
                used = _add(state, keys, table, places, used)
            i += size
        found[d] = max(seen - n + 1, 0)
        repeated[d], top[d] = _summary(table, places, used)
    return found, repeated, top
