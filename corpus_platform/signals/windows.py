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

from corpus_platform.text.kernel import kernel
from corpus_platform.text.repeats import room_for
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


def word_windows(hashes: np.ndarray, document_token: np.ndarray, width: np.ndarray) -> Windows:
    """Windows of `width` (int64[d]) words each."""
    return Windows(*_windows(hashes, document_token, width))


def character_windows(batch: TextBatch, width: np.ndarray) -> Windows:
    """Windows of `width` (int64[d]) code points each."""
    values, first = _code_points(batch.data, batch.document_start)
    return Windows(*_windows(values, first, width))


@kernel
def _code_points(data: np.ndarray, document_start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The code points of all documents, and the first one of each document."""
    values, first = np.empty(data.size, np.uint64), np.zeros(document_start.size, np.int64)
    n = 0
    for d in range(document_start.size - 1):
        i = document_start[d]
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            # Spread, so that sums of small numbers do not meet.
            values[n] = _U64(_U64(code + 1) * _SPREAD)
            n += 1
            i += size
        first[d + 1] = n
    return values[:n].copy(), first


@kernel
def _count(keys: np.ndarray, counts: np.ndarray, places: np.ndarray, values: np.ndarray, width: int) -> int:
    """Counts the windows of one document in a table that is empty where `counts` is 0; the places that are in use, and how many."""
    mask = _U64(counts.size - 1)
    gone = _U64(1)
    for _ in range(width):
        gone = _U64(gone * _BASE)
    state, used = _U64(0), 0
    for i in range(values.size):
        state = _U64(_U64(state * _BASE) + values[i])
        if i >= width:
            state = _U64(state - _U64(values[i - width] * gone))
        if i < width - 1:
            continue
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
def _windows(values: np.ndarray, first: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All, repeated and top windows of each document."""
    documents, longest = first.size - 1, 0
    for d in range(documents):
        longest = max(longest, first[d + 1] - first[d])
    room = room_for(longest)
    keys, counts, places = np.empty(room, np.uint64), np.zeros(room, np.int64), np.empty(longest, np.int64)
    found = np.zeros(documents, np.int64)
    repeated, top = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    for d in range(documents):
        size = first[d + 1] - first[d]
        if size < width[d]:
            continue
        found[d] = size - width[d] + 1
        used = _count(keys, counts[: room_for(found[d])], places, values[first[d] : first[d + 1]], width[d])
        often, n = np.empty(used, np.int64), 0
        for k in range(used):
            if counts[places[k]] > 1:
                often[n] = counts[places[k]]
                repeated[d] += often[n]
                n += 1
            counts[places[k]] = 0
        kept = min(np.int64(np.sqrt(used)), n)
        often = np.sort(often[:n])
        for k in range(n - kept, n):
            top[d] += often[k]
    return found, repeated, top
