"""Planted clusters: millions of made documents, as sets of shingles, whose similarity is known exactly.

A document is 60 to 120 distinct shingles, 64-bit hashes. Most documents are *alone*. The others are in a *cluster*: one *base*, and *members* that
hold the shingles of their base with some of them replaced. Of m shingles a member that replaces r shares m - r of m + r with its base.
Replacements are of one document only, so documents of different clusters share nothing.
A *slot* is the number of a document before shuffling: the clusters one after the other, each with its base first, then the documents that are alone.
Promise: a document depends on seed, plan and number only, whatever is asked first and in whichever batches; Jaccard similarities are those that are
stated, exactly, for 64-bit shingles are a bijection of (document, place) and can't collide. Their high halves, 32 bits, collide as any hashes do.

Not here: signatures, what bands find (banding.py), variants of real texts (variants.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corpus_platform.text.kernel import inlined, kernel, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_I64, _U64 = np.int64, np.uint64
FEWEST, MOST = 60, 120
"""Shingles of a document. At most 128: which of them a member keeps is told by two words of 64 bits."""
_STEP = _U64(0x9E3779B97F4A7C15)
_FIRST_MIX, _SECOND_MIX = _U64(0xBF58476D1CE4E5B9), _U64(0x94D049BB133111EB)
_PLACE_BITS = _U64(8)
_ROUNDS = 4
# What is drawn: each has random numbers of its own.
_SHINGLE, _SIZE, _COPY, _SIMILARITY, _KEEP, _ORDER = range(6)


class Batch(NamedTuple):
    """Documents `first`, `first` + 1 ...: `hashes` uint64[k], of which document d of the batch has `offset[d]` to `offset[d + 1]` (int64[n + 1])."""

    first: int
    hashes: np.ndarray
    offset: np.ndarray


class Truth(NamedTuple):
    """int64[n] each: the cluster of each document (-1: alone), its base (itself: alone or a base), and of the shingles of both, those shared and all."""

    cluster: np.ndarray
    base: np.ndarray
    shared: np.ndarray
    union: np.ndarray

    @property
    def jaccard(self) -> np.ndarray:
        """float64[n]: the similarity of each document and its base."""
        return self.shared / self.union


@dataclass(frozen=True)
class Planted:
    """A number of documents of which slots `start[c]` to `start[c + 1]` (int64[c + 1]) are cluster c; make one with `plant`.

    `keys` uint64[6]: the seeds of what is drawn. A share `copies` of all members replace nothing; the others' similarities to their base are spread
    evenly from `least` to 1.
    """

    documents: int
    start: np.ndarray
    keys: np.ndarray
    least: float
    copies: float

    @property
    def clusters(self) -> int:
        """The number of clusters."""
        return self.start.size - 1

    @property
    def _plan(self) -> tuple[int, np.ndarray, np.ndarray, float, float]:
        return self.documents, self.start, self.keys, self.least, self.copies

    def batches(self, size: int, first: int = 0, last: int | None = None) -> Iterator[Batch]:
        """The documents `first` to `last`, exclusive (default: all), `size` at a time."""
        last = self.documents if last is None else last
        for at in range(first, last, size):
            yield Batch(at, *self.shingles(np.arange(at, min(at + size, last))))

    def shingles(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The shingles of any documents (int64[n]): uint64[k], and their offsets by document, int64[n + 1]."""
        return _shingles(documents, *self._plan)

    def truth(self, documents: np.ndarray) -> Truth:
        """What is known of any documents (int64[n])."""
        return Truth(*_truth(documents, *self._plan))

    def members(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The documents of the clusters `first` to `last`, exclusive, each with its base first: int64[k], and their offsets by cluster, int64[c + 1]."""
        slots = np.arange(self.start[first], self.start[last])
        return _documents_of(slots, self.documents, self.keys), self.start[first : last + 1] - self.start[first]

    def overlap(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each pair of documents (int64[n] both) the number of shingles that they share and of all that they have: int64[n] each."""
        return _overlaps(left, right, *self._plan)

    def jaccard(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The exact similarity of each pair of documents: float64[n]."""
        shared, union = self.overlap(left, right)
        return shared / union

    def kept(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which places of its base each document keeps, as bits: uint64[n, 2]; and the number of its shingles, int64[n]."""
        return _kept_bits(documents, *self._plan)


def plant(
    documents: int,
    seed: int = 0,
    *,
    alone: float = 0.7,
    exponent: float = 2.2,
    largest: int = 1000,
    huge: Sequence[float] = (1 / 200, 1 / 500, 1 / 1000),
    least: float = 0.5,
    copies: float = 0.1,
) -> Planted:
    """Documents of which a share `alone` are alone, and the others in clusters.

    A cluster for each entry of `huge`, that share of all documents; the sizes n of the others are drawn from 2 to `largest` with weights n^-`exponent`.
    """
    sizes = [size for share in huge if (size := int(documents * share)) >= 2]
    left = round(documents * (1 - alone)) - sum(sizes)
    usual = np.arange(2, largest + 1)
    weight = np.cumsum(usual**-exponent)
    drawn = np.random.default_rng(seed).random(max(left, 0) // 2)
    found = usual[np.searchsorted(weight / weight[-1], drawn, side="right").clip(max=usual.size - 1)]
    found = found[: np.searchsorted(np.cumsum(found), left, side="right")]
    start = np.concatenate([[0], np.cumsum([*sizes, *found])]).astype(np.int64)
    keys = np.random.SeedSequence(seed).generate_state(6, np.uint64)
    return Planted(documents, start, keys, least, copies)


@inlined
def _mixed(x: np.uint64) -> np.uint64:
    """The finalizer of splitmix64, a bijection."""
    x = _U64(_U64(x ^ (x >> _U64(30))) * _FIRST_MIX)
    x = _U64(_U64(x ^ (x >> _U64(27))) * _SECOND_MIX)
    return _U64(x ^ (x >> _U64(31)))


@inlined
def _drawn(key: np.uint64, number: np.uint64) -> np.uint64:
    """A random number by its number: for one key, different numbers give different ones."""
    return _mixed(_U64(_U64(_U64(number) * _STEP) + key))


@inlined
def _share(drawn: np.uint64) -> float:
    """A random number as one from 0 to 1, exclusive."""
    return np.float64(drawn >> _U64(11)) * (1.0 / (1 << 53))


@inlined
def _half_bits(documents: int) -> np.uint64:
    """Half of the bits, rounded up, that numbers below `documents` have."""
    half = _U64(1)
    while (_I64(1) << _I64(half + half)) < documents:
        half = half + _U64(1)
    return half


@part
def _slot_of(document: int, documents: int, half: np.uint64, keys: np.ndarray) -> int:
    """Shuffles: a Feistel network over an even number of bits, walked until it comes back below `documents`."""
    mask, number = _U64((_U64(1) << half) - _U64(1)), _U64(document)
    while True:
        left, right = number >> half, number & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_drawn(keys[_ORDER], (right << _U64(2)) + _U64(turn)) & mask)
        number = (left << half) | right
        if number < _U64(documents):
            return _I64(number)


@part
def _document_of(slot: int, documents: int, half: np.uint64, keys: np.ndarray) -> int:
    """Undoes `_slot_of`."""
    mask, number = _U64((_U64(1) << half) - _U64(1)), _U64(slot)
    while True:
        left, right = number >> half, number & mask
        for turn in range(_ROUNDS):
            at = _U64(_ROUNDS - 1 - turn)
            left, right = right ^ (_drawn(keys[_ORDER], (left << _U64(2)) + at) & mask), left
        number = (left << half) | right
        if number < _U64(documents):
            return _I64(number)


@part
def _cluster_of(slot: int, start: np.ndarray) -> int:
    """The cluster of a slot, -1 for a document that is alone."""
    low, high = 0, start.size
    while low < high:
        middle = (low + high) >> 1
        if start[middle] <= slot:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low < start.size else -1


@inlined
def _size_of(base: int, keys: np.ndarray) -> int:
    """The number of shingles of a base, and of all its members."""
    return FEWEST + _I64(_drawn(keys[_SIZE], _U64(base)) % _U64(MOST - FEWEST + 1))


@part
def _replaced(slot: int, base: int, size: int, keys: np.ndarray, least: float, copies: float) -> int:
    """How many of its shingles a document has in place of its base's: as many as leave it at least as similar as was drawn."""
    if slot == base or _share(_drawn(keys[_COPY], _U64(slot))) < copies:
        return 0
    similarity = least + (1.0 - least) * _share(_drawn(keys[_SIMILARITY], _U64(slot)))
    return _I64(size * (1.0 - similarity) / (1.0 + similarity))


@inlined
def _keeps(slot: int, place: int, size: int, left: int, keys: np.ndarray) -> bool:
    """Whether the shingle at a place is kept when `left` of those from there on are to be replaced; each choice of places is equally likely."""
    drawn = _drawn(keys[_KEEP], (_U64(slot) << _PLACE_BITS) | _U64(place))
    return _I64(((drawn >> _U64(32)) * _U64(size - place)) >> _U64(32)) >= left


@part
def _place(
    document: int,
    documents: int,
    half: np.uint64,
    start: np.ndarray,
    keys: np.ndarray,
    least: float,
    copies: float,
) -> tuple[int, int, int, int, int]:
    """Slot, cluster, slot of the base, number of shingles, number of them that are not the base's."""
    slot = _slot_of(document, documents, half, keys)
    cluster = _cluster_of(slot, start)
    base = start[cluster] if cluster >= 0 else slot
    size = _size_of(base, keys)
    return slot, cluster, base, size, _replaced(slot, base, size, keys, least, copies)


@kernel
def _shingles(
    which: np.ndarray, documents: int, start: np.ndarray, keys: np.ndarray, least: float, copies: float
) -> tuple[np.ndarray, np.ndarray]:
    """Shingles of some documents, and their offsets by document."""
    half = _half_bits(documents)
    hashes, offset = np.empty(which.size * MOST, np.uint64), np.zeros(which.size + 1, np.int64)
    to = 0
    for d in range(which.size):
        slot, _, base, size, left = _place(which[d], documents, half, start, keys, least, copies)
        for place in range(size):
            owner = base
            if left > 0 and not _keeps(slot, place, size, left, keys):
                owner, left = slot, left - 1
            hashes[to] = _drawn(keys[_SHINGLE], (_U64(owner) << _PLACE_BITS) | _U64(place))
            to += 1
        offset[d + 1] = to
    return hashes[:to].copy(), offset


@kernel
def _truth(
    which: np.ndarray, documents: int, start: np.ndarray, keys: np.ndarray, least: float, copies: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The fields of `Truth`."""
    half = _half_bits(documents)
    clusters, bases = np.empty(which.size, np.int64), np.empty(which.size, np.int64)
    shared, union = np.empty(which.size, np.int64), np.empty(which.size, np.int64)
    for d in range(which.size):
        _, clusters[d], base, size, replaced = _place(which[d], documents, half, start, keys, least, copies)
        bases[d] = _document_of(base, documents, half, keys)
        shared[d], union[d] = size - replaced, size + replaced
    return clusters, bases, shared, union


@kernel
def _documents_of(slots: np.ndarray, documents: int, keys: np.ndarray) -> np.ndarray:
    """The document in each slot."""
    half = _half_bits(documents)
    found = np.empty(slots.size, np.int64)
    for s in range(slots.size):
        found[s] = _document_of(slots[s], documents, half, keys)
    return found


@kernel
def _kept_bits(
    which: np.ndarray, documents: int, start: np.ndarray, keys: np.ndarray, least: float, copies: float
) -> tuple[np.ndarray, np.ndarray]:
    """The places that are kept as bits, and the number of shingles."""
    half = _half_bits(documents)
    bits, sizes = np.zeros((which.size, 2), np.uint64), np.empty(which.size, np.int64)
    for d in range(which.size):
        slot, _, _, sizes[d], left = _place(which[d], documents, half, start, keys, least, copies)
        for place in range(sizes[d]):
            if left > 0 and not _keeps(slot, place, sizes[d], left, keys):
                left -= 1
            else:
                bits[d, place >> 6] |= _U64(1) << _U64(place & 63)
    return bits, sizes


@kernel
def _overlaps(
    left: np.ndarray,
    right: np.ndarray,
    documents: int,
    start: np.ndarray,
    keys: np.ndarray,
    least: float,
    copies: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Shingles in both documents of each pair, and in either."""
    half = _half_bits(documents)
    shared, union = np.zeros(left.size, np.int64), np.empty(left.size, np.int64)
    for p in range(left.size):
        slot, _, base, size, to_go = _place(left[p], documents, half, start, keys, least, copies)
        other, _, other_base, other_size, others_to_go = _place(right[p], documents, half, start, keys, least, copies)
        if slot == other:
            shared[p] = size
        elif base == other_base:
            for place in range(size):
                keeps = to_go == 0 or _keeps(slot, place, size, to_go, keys)
                other_keeps = others_to_go == 0 or _keeps(other, place, size, others_to_go, keys)
                to_go -= not keeps
                others_to_go -= not other_keeps
                shared[p] += keeps and other_keeps
        union[p] = size + other_size - shared[p]
    return shared, union
