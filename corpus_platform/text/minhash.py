"""MinHash signatures: short fingerprints of which two agree in each place with the probability that their texts' shingles overlap (Jaccard).

Each shingle gets a base hash, each of k random permutations moves it, and the least value of each permutation is kept. Three ways to move it:

- `prime_32`: 32-bit hashes x; (a x + b mod 2^64) mod (2^61 - 1), of which the low 32 bits count. RedPajama-V2's, and datasketch's before version 2.
- `prime_64`: the same with 64-bit hashes, and all 61 bits count. Datatrove's.
- `affine_32`: a x + b mod 2^32 with odd a, after MurmurHash3's finalizer: datasketch's scheme `affine32`, and several times as fast.

The base hash is a named one, with the permutations of those who use it, or `xmx32` with `affine_32`: the high half of the house's hash, for words that of the
mixed sum of shingles.py. All in all it is a hundred times as fast as SHA-1 where Python does that, and agrees as often.
Promise: with the same base hash and seed, values equal those of RedPajama-V2's, datasketch's and datatrove's own code.
Source: RedPajama-Data, app/src/dedupe; datasketch 2.0, minhash.py; datatrove 0.10, pipeline/dedup/minhash.py.

Not here: shingles (shingles.py), the named hashes (named_hashes.py, sha1.py), candidates and clusters (dedup/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.kernel import kernel
from corpus_platform.text.named_hashes import murmur_32, xx64
from corpus_platform.text.repeats import longest_range
from corpus_platform.text.sha1 import sha1_prefix, sha1_words
from corpus_platform.text.shingles import Unit, shingles, word_shingle_hashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from corpus_platform.text.batch import Spans
    from corpus_platform.text.words import Tokens

Base = Literal["sha1_32", "sha1_64", "xx64", "murmur_32", "xmx32"]
Scheme = Literal["prime_32", "prime_64", "affine_32"]

_U32, _U64 = np.uint32, np.uint64
_PRIME = _U64((1 << 61) - 1)
_LARGEST, _LARGEST_64 = _U32(0xFFFFFFFF), _U64(0xFFFFFFFFFFFFFFFF)
_PIECE = 1 << 18
"""Characters of the documents that are signed together."""


def signatures(
    tokens: Tokens,
    shingle: int = 13,
    permutations: int = 128,
    seed: int = 42,
    base: Base = "sha1_32",
    unit: Unit = "word",
) -> tuple[np.ndarray, np.ndarray]:
    """MinHash of each document's joined words: uint32[n, permutations] (uint64 for a 64-bit base), and bool[n] whether it has a shingle at all.

    Without one, all values are the largest.
    """
    scheme = SCHEMES[base]
    found = np.empty((tokens.documents, permutations), np.uint64 if scheme == "prime_64" else np.uint32)
    valid = np.empty(tokens.documents, bool)
    for first, last in pieces(tokens.document_characters, _PIECE):
        hashes, offset = _base_hashes(tokens.of_documents(first, last), shingle, base, unit)
        found[first:last] = least_values(hashes, offset, permutations, seed, scheme)
        valid[first:last] = offset[1:] > offset[:-1]
    return found, valid


def pieces(size: np.ndarray, together: int) -> Iterator[tuple[int, int]]:
    """Ranges of documents of which each has about `together` in all of `size` (int64[n]), or is one document."""
    first, end = 0, np.cumsum(size)
    while first < size.size:
        before = int(end[first - 1]) if first else 0
        last = max(int(np.searchsorted(end, before + together, side="right")), first + 1)
        yield first, last
        first = last


def _base_hashes(tokens: Tokens, shingle: int, base: Base, unit: Unit) -> tuple[np.ndarray, np.ndarray]:
    """Base hash of each shingle, and their offsets by document."""
    if unit == "word" and base == "xmx32":
        hashes, offset = word_shingle_hashes(tokens, shingle)
        return high_half(hashes), offset
    spans, offset = shingles(tokens, shingle, unit)
    return BASES[base](spans), offset


def least_values(hashes: np.ndarray, offset: np.ndarray, permutations: int, seed: int, scheme: Scheme) -> np.ndarray:
    """The least value of each permutation of each document's base hashes: uint32[n, permutations], uint64 for `prime_64`; the largest without any.

    `hashes` are uint32, for `prime_64` uint64; those of document d are `offset[d]` to `offset[d + 1]` (int64[n + 1]).
    """
    if scheme == "affine_32":
        return _least_affine(hashes, offset, *permutations_affine(permutations, seed))
    if scheme == "prime_32":
        return _least_mod_prime(hashes, offset, *permutations_mod_prime(permutations, seed))
    return _least_mod_prime_64(hashes, offset, *permutations_mod_prime_64(permutations, seed))


def bands(signatures: np.ndarray, bands: int, rows: int) -> list[list[bytes]]:
    """The bands of each signature: the big-endian bytes of `rows` values each, the first `bands * rows` values in all, as RedPajama-V2 stores them."""
    used = np.ascontiguousarray(signatures[:, : bands * rows]).astype(">u4")
    width = 4 * rows
    return [[row[at : at + width] for at in range(0, bands * width, width)] for row in map(np.ndarray.tobytes, used)]


@cache
def permutations_mod_prime(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors and terms of permutations mod 2^61 - 1: uint64[count] each, in the order in which datasketch and RedPajama-V2 draw them."""
    generator = np.random.RandomState(seed)
    drawn = [
        (generator.randint(1, _PRIME, dtype=np.uint64), generator.randint(0, _PRIME, dtype=np.uint64))
        for _ in range(count)
    ]
    table = np.array(drawn, np.uint64).T
    return np.ascontiguousarray(table[0]), np.ascontiguousarray(table[1])


@cache
def permutations_mod_prime_64(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same in the order in which datatrove draws them: all factors, then all terms."""
    generator = np.random.RandomState(seed)
    factor = generator.randint(1, _PRIME, count, dtype=np.uint64)
    return factor, generator.randint(0, _PRIME, count, dtype=np.uint64)


@cache
def permutations_affine(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors (odd) and terms of permutations mod 2^32: uint32[count] each, as datasketch draws those of `affine32`."""
    generator = np.random.RandomState(seed)
    factor = generator.randint(0, 1 << 31, count, dtype=np.uint32) * _U32(2) + _U32(1)
    return factor, generator.randint(0, 1 << 32, count, dtype=np.uint32)


def _sha1_32(spans: Spans) -> np.ndarray:
    return np.ascontiguousarray(sha1_words(spans)[:, 0]).byteswap()


def high_half(hashes: np.ndarray) -> np.ndarray:
    """The high 32 bits of 64-bit hashes: uint32 of their shape."""
    return (hashes >> _U64(32)).astype(np.uint32)


def _xmx32(spans: Spans) -> np.ndarray:
    return high_half(hash_spans(spans))


BASES: Mapping[Base, Callable[[Spans], np.ndarray]] = {
    "sha1_32": _sha1_32,
    "sha1_64": sha1_prefix,
    "xx64": xx64,
    "murmur_32": murmur_32,
    "xmx32": _xmx32,
}
"""Base hash of each span, uint32[n] or uint64[n]. SHA-1's are its first four or eight bytes, little-endian."""

SCHEMES: Mapping[Base, Scheme] = {
    "sha1_32": "prime_32",
    "sha1_64": "prime_64",
    "xx64": "prime_64",
    "murmur_32": "prime_32",
    "xmx32": "affine_32",
}
"""The permutations that go with a base hash."""


@kernel
def _least_affine(hashes: np.ndarray, offset: np.ndarray, factor: np.ndarray, term: np.ndarray) -> np.ndarray:
    """The least value of each permutation mod 2^32 for each document."""
    found = np.full((offset.size - 1, factor.size), _LARGEST, np.uint32)
    value = np.empty(longest_range(offset), np.uint32)
    for d in range(offset.size - 1):
        size = offset[d + 1] - offset[d]
        for k in range(size):
            x = hashes[offset[d] + k]
            x = _U32(_U32(x ^ (x >> _U32(16))) * _U32(0x85EBCA6B))
            x = _U32(_U32(x ^ (x >> _U32(13))) * _U32(0xC2B2AE35))
            value[k] = _U32(x ^ (x >> _U32(16)))
        for p in range(factor.size):
            least, a, b = _LARGEST, factor[p], term[p]
            for k in range(size):
                least = min(least, _U32(_U32(a * value[k]) + b))
            found[d, p] = least
    return found


@kernel
def _least_mod_prime(hashes: np.ndarray, offset: np.ndarray, factor: np.ndarray, term: np.ndarray) -> np.ndarray:
    """The least value of each permutation mod 2^61 - 1, low 32 bits, for each document."""
    found = np.full((offset.size - 1, factor.size), _LARGEST, np.uint32)
    for d in range(offset.size - 1):
        for p in range(factor.size):
            least, a, b = _LARGEST, factor[p], term[p]
            for k in range(offset[d], offset[d + 1]):
                moved = _U64(_U64(a * _U64(hashes[k])) + b)
                # 2^61 is 1 to this modulus, so the high bits are added to the low ones.
                moved = _U64((moved & _PRIME) + (moved >> _U64(61)))
                moved = moved - _PRIME if moved >= _PRIME else moved
                least = min(least, _U32(moved & _U64(0xFFFFFFFF)))
            found[d, p] = least
    return found


@kernel
def _least_mod_prime_64(hashes: np.ndarray, offset: np.ndarray, factor: np.ndarray, term: np.ndarray) -> np.ndarray:
    """The least value of each permutation mod 2^61 - 1, all of its bits, for each document."""
    found = np.full((offset.size - 1, factor.size), _LARGEST_64, np.uint64)
    for d in range(offset.size - 1):
        for p in range(factor.size):
            least, a, b = _LARGEST_64, factor[p], term[p]
            for k in range(offset[d], offset[d + 1]):
                moved = _U64(_U64(a * hashes[k]) + b)
                moved = _U64((moved & _PRIME) + (moved >> _U64(61)))
                moved = moved - _PRIME if moved >= _PRIME else moved
                least = min(least, moved)
            found[d, p] = least
    return found
