"""What the bands of MinHash signatures find of planted clusters: in expectation, and in truth for given signatures.

Two documents *match* when one of b bands of r rows is equal in both; at similarity s that has the probability 1 - (1 - s^r)^b. Documents are
*connected* when matches lead from one to the other. What is connected is found here cluster by cluster, on whole signatures: no hash of a band, no
sort, no ranges. Recall and precision of a deduplication count pairs of documents that are connected.
Promise: `connected` is exact for the signatures that it is given, but for matches across planted clusters. Those share no shingle, so that all r
values of a band would have to be equal by chance.

Not here: the documents (planted.py), the deduplication that is measured.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.hashing import mixed
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.minhash import permutations_affine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planted import Planted

    Sign = Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Shingles (uint64[k]) and their offsets by document (int64[n + 1]) to signatures: an array of integers, n rows of at least b * r."""

_U32, _U64 = np.uint32, np.uint64
_LARGEST_SIZE = 128
_PIECE = 50_000
"""Documents whose signatures are held at a time; a larger cluster is a piece of its own."""


@dataclass(frozen=True)
class Theory:
    """Expected of the bands, and of how many: `matches` of `pairs` inside clusters, of those with a base `base_matches` of `base_pairs`.

    `clustered` documents are in clusters; those of them that match another one are at least `documents_least` (each has the probability of its likeliest
    match) and at most `documents_most` (as if matches were independent; they are not, for a document has one signature for all).
    """

    pairs: int
    matches: float
    base_pairs: int
    base_matches: float
    clustered: int
    documents_least: float
    documents_most: float


@dataclass(frozen=True)
class Agreement:
    """Of pairs that are connected in truth the share found connected (`recall`), and of those found the share that is true (`precision`).

    `removed` and `true_removed`: documents that go when one of each component stays. `missed` documents are connected in truth and found alone.
    """

    recall: float
    precision: float
    pairs: int
    found_pairs: int
    removed: int
    true_removed: int
    missed: int


def probability(jaccard: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """The probability that documents of that similarity match: float64[n]."""
    return 1.0 - (1.0 - np.asarray(jaccard, np.float64) ** rows) ** bands


def signed(hashes: np.ndarray, offset: np.ndarray, permutations: int, seed: int = 42) -> np.ndarray:
    """MinHash of sets of shingles (uint64[k], of which the high halves count): uint32[n, permutations], by datasketch's scheme `affine32`."""
    return _signed((hashes >> _U64(32)).astype(np.uint32), offset, *permutations_affine(permutations, seed))


def theory(planted: Planted, bands: int, rows: int, sample: int = 200, small: int = 2000) -> Theory:
    """What bands find of planted clusters on average.

    Pairs of members count at their own exact similarity: all of them in clusters up to `small` documents; in larger ones `sample` partners of each
    document, drawn with a fixed seed, stand for the others.
    """
    table = _probabilities(bands, rows)
    total = np.zeros(4)
    for documents, offset in _pieces(planted):
        bits, sizes = planted.kept(documents)
        total += _expected(bits, sizes, offset, table, small, sample)
    sizes = np.diff(planted.start)
    pairs = int((sizes * (sizes - 1) // 2).sum())
    clustered = int(sizes.sum())
    matches, base_matches, least, most = total.tolist()
    return Theory(pairs, matches, clustered - planted.clusters, base_matches, clustered, least, most)


def connected(planted: Planted, sign: Sign, bands: int, rows: int, last: int | None = None) -> np.ndarray:
    """The component of each of the first `last` documents (default: all), named by its least document: int64[last].

    By brute force on the signatures that `sign` gives; memory: 8 bytes a document, and the signatures of the largest cluster.
    """
    last = planted.documents if last is None else last
    label = np.arange(last)
    for documents, offset in _pieces(planted):
        cluster = np.repeat(np.arange(offset.size - 1), np.diff(offset))
        order = np.lexsort((documents, cluster))
        order = order[documents[order] < last]
        within = np.searchsorted(cluster[order], np.arange(offset.size))
        own = documents[order]
        signatures = np.ascontiguousarray(sign(*planted.shingles(own))[:, : bands * rows])
        label[own] = own[_components(signatures, within, bands, rows)]
    return label


def agreement(true: np.ndarray, found: np.ndarray) -> Agreement:
    """Compares two namings of components: an integer of 0 to n - 1 for each of n documents, equal where documents are connected."""
    sizes, found_sizes = np.bincount(true), np.bincount(found)
    together = (sizes[true] > 1) & (found_sizes[found] > 1)
    _, both = np.unique(true[together].astype(np.int64) * true.size + found[together], return_counts=True)
    pairs, found_pairs, shared = (int((n * (n - 1) // 2).sum()) for n in (sizes, found_sizes, both))
    return Agreement(
        recall=shared / pairs if pairs else 1.0,
        precision=shared / found_pairs if found_pairs else 1.0,
        pairs=pairs,
        found_pairs=found_pairs,
        removed=true.size - int(np.count_nonzero(found_sizes)),
        true_removed=true.size - int(np.count_nonzero(sizes)),
        missed=int(((sizes[true] > 1) & (found_sizes[found] == 1)).sum()),
    )


def shown(found: Theory | Agreement) -> dict[str, float]:
    """The fields as a dictionary, for tables and JSON."""
    return asdict(found)


def _pieces(planted: Planted) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The documents of some clusters after the other, and their offsets by cluster."""
    first = 0
    while first < planted.clusters:
        last = int(np.searchsorted(planted.start, planted.start[first] + _PIECE, side="right")) - 1
        last = max(last, first + 1)
        yield planted.members(first, last)
        first = last


def _probabilities(bands: int, rows: int) -> np.ndarray:
    """Probability of a match by the number of shingles of two documents of a cluster, and of those that they share."""
    size, shared = np.meshgrid(np.arange(_LARGEST_SIZE + 1), np.arange(_LARGEST_SIZE + 1), indexing="ij")
    jaccard = np.where(shared <= size, shared / np.maximum(2 * size - shared, 1), 0.0)
    return probability(jaccard, bands, rows)


@inlined
def _ones(bits: np.uint64) -> np.uint64:
    """How many bits are set."""
    bits = _U64(bits - ((bits >> _U64(1)) & _U64(0x5555555555555555)))
    bits = _U64((bits & _U64(0x3333333333333333)) + ((bits >> _U64(2)) & _U64(0x3333333333333333)))
    bits = _U64((bits + (bits >> _U64(4))) & _U64(0x0F0F0F0F0F0F0F0F))
    return _U64(bits * _U64(0x0101010101010101)) >> _U64(56)


@inlined
def _match(bits: np.ndarray, size: int, i: int, j: int, table: np.ndarray) -> float:
    """Probability that two documents of a cluster match."""
    shared = _ones(bits[i, 0] & bits[j, 0]) + _ones(bits[i, 1] & bits[j, 1])
    return table[size, np.int64(shared)]


@kernel
def _expected(
    bits: np.ndarray, sizes: np.ndarray, offset: np.ndarray, table: np.ndarray, small: int, sample: int
) -> np.ndarray:
    """Expected matches, matches with a base, and documents that match: at least, at most."""
    total = np.zeros(4)
    for c in range(offset.size - 1):
        first, last = offset[c], offset[c + 1]
        count = last - first
        # For each document its likeliest match, and the logarithm of the probability that it matches no other.
        likeliest, alone = np.zeros(count), np.zeros(count)
        for i in range(count):
            partners = count - 1 - i if count <= small else sample
            scale = 1.0 if count <= small else (count - 1) / sample
            for k in range(partners):
                j = i + 1 + k
                if count > small:
                    drawn = mixed(_U64(i), _U64(k)) >> _U64(32)
                    j = (i + 1 + np.int64(drawn) % (count - 1)) % count
                found = _match(bits, sizes[first], first + i, first + j, table)
                missed = np.log(max(1.0 - found, 1e-300))
                likeliest[i], likeliest[j] = max(likeliest[i], found), max(likeliest[j], found)
                alone[i] += scale * missed
                if count <= small:
                    alone[j] += missed
                total[0] += found if count <= small else found * scale / 2
            if i > 0:
                found = _match(bits, sizes[first], first, first + i, table)
                likeliest[i], likeliest[0] = max(likeliest[i], found), max(likeliest[0], found)
                total[1] += found
        total[2] += likeliest.sum()
        total[3] += (1.0 - np.exp(alone)).sum()
    return total


@kernel
def _signed(hashes: np.ndarray, offset: np.ndarray, factor: np.ndarray, term: np.ndarray) -> np.ndarray:
    """The least value of each permutation for each document."""
    found = np.full((offset.size - 1, factor.size), _U32(0xFFFFFFFF), np.uint32)
    value = np.empty(np.diff(offset).max() if offset.size > 1 else 0, np.uint32)
    for d in range(offset.size - 1):
        size = offset[d + 1] - offset[d]
        for k in range(size):
            x = hashes[offset[d] + k]
            x = _U32(_U32(x ^ (x >> _U32(16))) * _U32(0x85EBCA6B))
            x = _U32(_U32(x ^ (x >> _U32(13))) * _U32(0xC2B2AE35))
            value[k] = _U32(x ^ (x >> _U32(16)))
        for p in range(factor.size):
            least, a, b = _U32(0xFFFFFFFF), factor[p], term[p]
            for k in range(size):
                least = min(least, _U32(_U32(a * value[k]) + b))
            found[d, p] = least
    return found


@part
def _root(parent: np.ndarray, d: int) -> int:
    """The name of the component of a document, halving the way to it."""
    while parent[d] != d:
        parent[d] = parent[parent[d]]
        d = parent[d]
    return d


@part
def _equal(signatures: np.ndarray, i: int, j: int, first: int, last: int) -> bool:
    """Whether two documents agree in the columns `first` to `last`, exclusive."""
    column = first
    while column < last and signatures[i, column] == signatures[j, column]:
        column += 1
    return column == last


@kernel
def _components(signatures: np.ndarray, offset: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """The least document of each document's component: int64[n]; documents `offset[c]` to `offset[c + 1]` are cluster c."""
    parent = np.arange(offset[-1])
    size = 4
    while size < 2 * np.diff(offset).max():
        size *= 2
    # A hash table of the documents of one cluster and band; what it holds is compared by the whole band.
    holder, owner = np.empty(size, np.int64), np.full(size, -1, np.int64)
    mask, turn = _U64(size - 1), 0
    for c in range(offset.size - 1):
        for band in range(bands):
            turn += 1
            first = band * rows
            for d in range(offset[c], offset[c + 1]):
                state = _U64(0)
                for column in range(first, first + rows):
                    state = mixed(state, _U64(signatures[d, column]))
                slot = state & mask
                while owner[slot] == turn and not _equal(signatures, holder[slot], d, first, first + rows):
                    slot = (slot + _U64(1)) & mask
                if owner[slot] == turn:
                    one, other = _root(parent, holder[slot]), _root(parent, d)
                    parent[max(one, other)] = min(one, other)
                else:
                    holder[slot], owner[slot] = d, turn
    for d in range(parent.size):
        parent[d] = _root(parent, d)
    return parent
