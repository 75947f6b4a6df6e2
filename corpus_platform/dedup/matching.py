"""Who else holds a key: the keys of a snapshot held against one another and against those of earlier snapshots, one range of keys at a time.

A *holder* of a key is a document that has it. Of each key the first holder in the order of documents is remembered, in the *index* of its snapshot,
and every other holder is linked to it: an *edge*. Components over these edges are those over all pairs of holders, at a cost that is linear in the
keys. A later snapshot reads the indexes of the earlier ones by range, and neither their texts nor their signatures.
Promise: index and edges depend on the documents alone, not on ranges, files or their order; an index never changes when a later snapshot comes.

Not here: clusters (clusters.py), units that are taken out of texts (unit_matching.py), where keys and indexes are kept (stages/, local.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.dedup.clusters import root
from corpus_platform.dedup.sorting import radix_sort
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_U64 = np.uint64
OWN = -1
"""In place of the number of an earlier snapshot: the other document is of this one."""


@dataclass(frozen=True)
class Holders:
    """Keys with their documents, m in all: `key` uint64[m] ascending, `place` int64[m]; `value` uint64[m] or None, as `Keys` has it.

    Rows of one key and value stand in the order of their places.
    """

    key: np.ndarray
    place: np.ndarray
    value: np.ndarray | None = None

    @classmethod
    def sorted(cls, key: np.ndarray, place: np.ndarray, value: np.ndarray | None = None) -> Holders:
        """The rows in their order, whatever the order in which they come."""
        if value is None:
            key, place = radix_sort(key, place)
        else:
            key, order = radix_sort(key, np.arange(key.size))
            place, value = place[order], value[order]
        _order_groups(key, place, place.view(np.uint64) if value is None else value)
        return cls(key, place, value)

    def __len__(self) -> int:
        return self.key.size


@dataclass(frozen=True)
class Earlier:
    """What an earlier snapshot holds in the range, by the snapshot's number (0 is the first): its index in pieces, which are looked at once."""

    number: int
    pieces: Iterable[Holders]

    def whole(self) -> Holders:
        """All pieces as one."""
        pieces = list(self.pieces)
        key = np.concatenate([np.empty(0, np.uint64), *(piece.key for piece in pieces)])
        place = np.concatenate([np.empty(0, np.int64), *(piece.place for piece in pieces)])
        return Holders(key, place, np.concatenate([np.empty(0, np.uint64), *map(_values, pieces)]))


@dataclass(frozen=True)
class Matched:
    """What came of a range.

    `index`: the keys that are new with this snapshot, each with its first holder. `edges`: (place int64, other_snapshot int64: its number or OWN,
    other int64: its place, keys int64: how many they share in this range, apart: bits that the values differ in).
    """

    index: Holders
    edges: pl.DataFrame


@dataclass(frozen=True)
class Equal:
    """Documents match where key and value are equal. With `chained` each is linked to the holder before it too, for edges that are looked at again."""

    chained: bool = False

    def match(self, own: Holders, earlier: Sequence[Earlier]) -> Matched:
        """Links all holders of a key to its first one."""
        group = _groups(own.key, own.key if own.value is None else own.value)
        first = np.flatnonzero(np.diff(group, prepend=-1))
        holder_snapshot = np.full(first.size, OWN, np.int64)
        holder = own.place[first].copy()
        key, value = own.key[first], None if own.value is None else own.value[first]
        for index in earlier:
            for piece in index.pieces:
                _take_earlier(
                    key,
                    key if value is None else value,
                    piece.key,
                    _values(piece),
                    piece.place,
                    index.number,
                    holder_snapshot,
                    holder,
                )
        is_new = holder_snapshot == OWN
        index_rows = Holders(key[is_new], holder[is_new], None if value is None else value[is_new])
        linked = ~((own.place == holder[group]) & is_new[group])
        edges = [_edges(own.place[linked], holder_snapshot[group][linked], holder[group][linked])]
        if self.chained:
            follows = np.flatnonzero(np.diff(group, prepend=-1) == 0)
            follows = follows[own.place[follows] != own.place[follows - 1]]
            edges.append(_edges(own.place[follows], np.full(follows.size, OWN, np.int64), own.place[follows - 1]))
        return Matched(index_rows, _summed(pl.concat(edges)))


@dataclass(frozen=True)
class Near:
    """Documents match where keys are equal and values differ in at most `distance` bits. With `every` pairs inside one component are told too."""

    distance: int
    every: bool = False

    def match(self, own: Holders, earlier: Sequence[Earlier]) -> Matched:
        """Compares the distinct values of each key with one another, and with those of earlier snapshots."""
        assert own.value is not None
        theirs = [index.whole() for index in earlier]
        number = [np.full(len(holders), index.number, np.int64) for index, holders in zip(earlier, theirs, strict=True)]
        key = np.concatenate([*(holders.key for holders in theirs), own.key])
        value = np.concatenate([*map(_values, theirs), own.value])
        place = np.concatenate([*(holders.place for holders in theirs), own.place])
        # Earlier snapshots come first, so that a stable sort leaves the first holder of a value before the others.
        snapshot = np.concatenate([*number, np.full(len(own), np.iinfo(np.int64).max, np.int64)])
        order = np.lexsort((place, snapshot, value, key))
        key, value, place, snapshot = key[order], value[order], place[order], snapshot[order]
        a, b, apart = _near_pairs(key, value, place, snapshot, self.distance, self.every)
        is_own = snapshot == np.iinfo(np.int64).max
        group = _groups(key, value)
        first = np.flatnonzero(np.diff(group, prepend=-1))
        new = first[is_own[first]]
        other = np.where(is_own[b], OWN, snapshot[b])
        return Matched(Holders(key[new], place[new], value[new]), _summed(_edges(place[a], other, place[b], apart)))


Rule = Equal | Near


def ranges(count: int) -> Iterator[tuple[int, int]]:
    """The keys' ranges, first and last (inclusive), that divide 0..2^64 into `count` equal parts."""
    for i in range(count):
        yield (i << 64) // count, ((i + 1) << 64) // count - 1


def _values(holders: Holders) -> np.ndarray:
    """The second halves of the keys; the keys themselves where they have none."""
    return holders.key if holders.value is None else holders.value


def _edges(place: np.ndarray, snapshot: np.ndarray, other: np.ndarray, apart: np.ndarray | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "place": place,
            "other_snapshot": snapshot,
            "other": other,
            "keys": np.ones(place.size, np.int64),
            "apart": np.zeros(place.size, np.int64) if apart is None else apart,
        }
    )


def _summed(edges: pl.DataFrame) -> pl.DataFrame:
    """An edge for each pair, in the order of places."""
    pair = ("place", "other_snapshot", "other")
    return edges.group_by(pair).agg(pl.col("keys").sum(), pl.col("apart").min()).sort(pair)


@kernel
def _order_groups(key: np.ndarray, place: np.ndarray, value: np.ndarray) -> None:
    """Puts rows of one key into the order of value, then place: most groups have a row or two, and are in order as they come."""
    first = 0
    while first < key.size:
        last, ordered = first + 1, True
        while last < key.size and key[last] == key[first]:
            before = last - 1
            ordered &= value[before] < value[last] or (value[before] == value[last] and place[before] <= place[last])
            last += 1
        if not ordered:
            order = first + np.argsort(place[first:last], kind="mergesort")
            order = order[np.argsort(value[order], kind="mergesort")]
            # The value is the place itself where keys have no value of their own: both are read before either is written.
            new_place, new_value = place[order], value[order]
            place[first:last] = new_place
            value[first:last] = new_value
        first = last


@kernel
def _groups(key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """int64[m]: number of the run of equal key and value that a row is in."""
    group = np.empty(key.size, np.int64)
    number = -1
    for i in range(key.size):
        if i == 0 or key[i] != key[i - 1] or value[i] != value[i - 1]:
            number += 1
        group[i] = number
    return group


@kernel
def _take_earlier(
    key: np.ndarray,
    value: np.ndarray,
    their_key: np.ndarray,
    their_value: np.ndarray,
    their_place: np.ndarray,
    number: int,
    holder_snapshot: np.ndarray,
    holder: np.ndarray,
) -> None:
    """Where an earlier snapshot has key and value too its holder is the first; of several earlier snapshots the earliest counts."""
    j = 0
    for i in range(np.searchsorted(key, their_key[0]) if their_key.size else 0, key.size):
        while j < their_key.size and (their_key[j] < key[i] or (their_key[j] == key[i] and their_value[j] < value[i])):
            j += 1
        if j == their_key.size:
            break
        is_theirs = their_key[j] == key[i] and their_value[j] == value[i]
        if is_theirs and (holder_snapshot[i] < 0 or number < holder_snapshot[i]):
            holder_snapshot[i], holder[i] = number, their_place[j]


@kernel
def _bits(word: np.uint64) -> int:
    """Set bits of a word."""
    word = _U64(word - ((word >> _U64(1)) & _U64(0x5555555555555555)))
    word = _U64((word & _U64(0x3333333333333333)) + ((word >> _U64(2)) & _U64(0x3333333333333333)))
    word = _U64((word + (word >> _U64(4))) & _U64(0x0F0F0F0F0F0F0F0F))
    return np.int64(_U64(word * _U64(0x0101010101010101)) >> _U64(56))


@kernel
def _near_pairs(
    key: np.ndarray, value: np.ndarray, place: np.ndarray, snapshot: np.ndarray, distance: int, every: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of rows (a of this snapshot, b before it) that match, and the bits that they differ in.

    Rows are in the order of key, value, snapshot, place. Rows of one value are linked to the first. The distinct values of a key are looked at
    pair by pair; a pair is told where it is the nearest of a value, joins two components, or all are asked for.
    """
    largest = np.iinfo(np.int64).max
    found = np.empty((3, 1024), np.int64)
    count, first = 0, 0
    while first < key.size:
        last = first
        while last < key.size and key[last] == key[first]:
            last += 1
        heads = np.empty(last - first, np.int64)
        size = 0
        for i in range(first, last):
            if i == first or value[i] != value[i - 1]:
                heads[size] = i
                size += 1
            elif snapshot[i] == largest:
                found, count = _tell(found, count, i, heads[size - 1], 0)
                # A pair that is looked at again may turn out to be none: the row before is another way into the cluster.
                if every and i - 1 > heads[size - 1]:
                    found, count = _tell(found, count, i, i - 1, 0)
        # In the order of documents, so that an edge goes from a document to an earlier one.
        heads = heads[:size]
        heads = heads[np.argsort(place[heads], kind="mergesort")]
        heads = heads[np.argsort(snapshot[heads], kind="mergesort")]
        parent = np.arange(size)
        for j in range(size):
            if snapshot[heads[j]] == largest:
                found, count = _link(value, heads, j, parent, distance, every, found, count)
        first = last
    return found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()


@kernel
def _link(
    value: np.ndarray,
    heads: np.ndarray,
    j: int,
    parent: np.ndarray,
    distance: int,
    every: bool,
    found: np.ndarray,
    count: int,
) -> tuple[np.ndarray, int]:
    """Tells the pairs of the j-th value of a key with those before it."""
    nearest, least = -1, distance + 1
    for i in range(j):
        bits = _bits(value[heads[j]] ^ value[heads[i]])
        if bits < least:
            nearest, least = i, bits
    if nearest < 0:
        return found, count
    for i in range(j):
        known = root(parent, i) == root(parent, nearest) or root(parent, i) == root(parent, j)
        if i != nearest and known and not every:
            continue
        bits = _bits(value[heads[j]] ^ value[heads[i]])
        if bits <= distance:
            found, count = _tell(found, count, heads[j], heads[i], bits)
            parent[root(parent, i)] = root(parent, j)
    return found, count


@kernel
def _tell(found: np.ndarray, count: int, row: int, other: int, bits: int) -> tuple[np.ndarray, int]:
    """Adds a pair to the table, which is made twice as large where it is full."""
    if count == found.shape[1]:
        larger = np.empty((3, 2 * count), np.int64)
        larger[:, :count] = found
        found = larger
    found[0, count], found[1, count], found[2, count] = row, other, bits
    return found, count + 1
