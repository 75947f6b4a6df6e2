"""Which of a document's lines, paragraphs or words occur more than once, found by their hashes.

Promise: for equal hashes the answers are those of a `set` or a `Counter` per document; hashes of different texts are equal with a probability of 2^-64.

Not here: the hash (hashing.py), n-grams (ngrams.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import inlined, kernel, part

_U64 = np.uint64
_SPREAD = _U64(0x9E3779B97F4A7C15)


def repeats(hashes: np.ndarray, document_offset: np.ndarray) -> np.ndarray:
    """Came an equal one earlier in the same document: bool[m]. Those of document d are `document_offset[d]` to `document_offset[d + 1]`."""
    return first_place(hashes, document_offset) < np.arange(hashes.size)


def first_place(hashes: np.ndarray, document_offset: np.ndarray) -> np.ndarray:
    """Index of the first equal one in the same document: int64[m]."""
    return _first_place(hashes, document_offset)


def occurrences(hashes: np.ndarray, document_offset: np.ndarray) -> np.ndarray:
    """How often each occurs in its document: int32[m]."""
    first = first_place(hashes, document_offset)
    return np.bincount(first, minlength=hashes.size)[first].astype(np.int32)


def members(hashes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Is each hash one of the `wanted` (uint64, any order): bool[m]."""
    return _members(hashes, np.unique(wanted.astype(np.uint64, copy=False)))


@inlined
def room_for(count: int) -> int:
    """Places of a table for some entries: a power of two, at least twice as many."""
    room = 16
    while room < 2 * count:
        room *= 2
    return room


@inlined
def place_of(key: np.uint64, mask: np.uint64) -> np.uint64:
    """Where the search for a key starts in a table of `mask` + 1 places."""
    key = _U64(key * _SPREAD)
    return _U64(key ^ (key >> _U64(32))) & mask


@part
def longest_range(offset: np.ndarray) -> int:
    """Size of the longest range between two offsets."""
    longest = 0
    for d in range(offset.size - 1):
        longest = max(longest, offset[d + 1] - offset[d])
    return longest


@kernel
def _first_place(hashes: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Index of the first equal hash in the same range."""
    table = np.empty(room_for(longest_range(offset)), np.int64)
    first = np.empty(hashes.size, np.int64)
    for d in range(offset.size - 1):
        room = room_for(offset[d + 1] - offset[d])
        mask = _U64(room - 1)
        table[:room] = -1
        for i in range(offset[d], offset[d + 1]):
            place = place_of(hashes[i], mask)
            while table[place] >= 0 and hashes[table[place]] != hashes[i]:
                place = _U64(place + _U64(1)) & mask
            if table[place] < 0:
                table[place] = i
            first[i] = table[place]
    return first


@kernel
def _members(hashes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Is each hash in a table of the wanted ones."""
    found = np.zeros(hashes.size, np.bool_)
    mask = _U64(room_for(wanted.size * 2) - 1)
    table = np.full(mask + _U64(1), -1, np.int64)
    for k in range(wanted.size):
        place = place_of(wanted[k], mask)
        while table[place] >= 0:
            place = _U64(place + _U64(1)) & mask
        table[place] = k
    for i in range(hashes.size):
        place = place_of(hashes[i], mask)
        while table[place] >= 0 and wanted[table[place]] != hashes[i]:
            place = _U64(place + _U64(1)) & mask
        found[i] = table[place] >= 0
    return found
