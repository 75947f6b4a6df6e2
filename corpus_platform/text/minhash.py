"""MinHash signatures: short fingerprints of which two agree in each place with the probability that their texts' shingles overlap (Jaccard).

A shingle is n words in a row, joined by one space, or n characters of that text. Each shingle gets a 32-bit base hash, each of k random permutations
moves it, and the least value of each permutation is kept. Two ways to do so:

- `sha1_32`: the first four bytes of SHA-1, little-endian; permutations (a x + b mod 2^64) mod (2^61 - 1), of which the low 32 bits count. It is
  RedPajama-V2's, and datasketch's before version 2.
- `xmx32`: for words, the high half of the mixed sum of word hash * B^place (hashing.py); for characters, that of the hash of their bytes. Permutations
  a x + b mod 2^32 with odd a, after MurmurHash3's finalizer: datasketch's scheme `affine32`. A hundred times as fast.

Promise: with the same base hash and seed, values equal those of RedPajama-V2's and datasketch's own code.
Source: RedPajama-Data, app/src/dedupe; datasketch 2.0, minhash.py.

Not here: normal forms and words (normalise.py, words.py), candidates and clusters (dedup/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.text.batch import Spans
from corpus_platform.text.hashing import hash_spans, mixed
from corpus_platform.text.kernel import kernel
from corpus_platform.text.repeats import longest_range
from corpus_platform.text.sha1 import sha1_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.text.words import Tokens

Base = Literal["sha1_32", "xmx32"]
Unit = Literal["word", "character"]

_U32, _U64 = np.uint32, np.uint64
_PRIME = _U64((1 << 61) - 1)
_LARGEST = _U32(0xFFFFFFFF)
_BASE = _U64(0x9FB21C651E98DF25)
"""Multiplier of the sum of word hashes: any large odd number."""
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
    """MinHash of each document: uint32[n, permutations], and bool[n] whether it has a shingle at all (without one, all values are the largest)."""
    found = np.empty((tokens.documents, permutations), np.uint32)
    valid = np.empty(tokens.documents, bool)
    for first, last in _pieces(tokens.document_characters):
        own = tokens.of_documents(first, last)
        hashes, offset = _base_hashes(own, shingle, base, unit)
        if base == "sha1_32":
            found[first:last] = _least_mod_prime(hashes, offset, *permutations_mod_prime(permutations, seed))
        else:
            found[first:last] = _least_affine(hashes, offset, *permutations_affine(permutations, seed))
        valid[first:last] = offset[1:] > offset[:-1]
    return found, valid


def _pieces(size: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of documents that are signed together: shingles overlap, so they take a multiple of their text."""
    first, end = 0, np.cumsum(size)
    while first < size.size:
        before = int(end[first - 1]) if first else 0
        last = max(int(np.searchsorted(end, before + _PIECE, side="right")), first + 1)
        yield first, last
        first = last


def _base_hashes(tokens: Tokens, shingle: int, base: Base, unit: Unit) -> tuple[np.ndarray, np.ndarray]:
    """Base hash of each shingle, and their offsets by document."""
    if unit == "word" and base == "xmx32":
        return _word_shingles(tokens.hash, tokens.document_token, shingle)
    spans, offset = shingles(tokens, shingle, unit)
    return _sha1_32(spans) if base == "sha1_32" else _high_half(hash_spans(spans)), offset


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
def permutations_affine(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors (odd) and terms of permutations mod 2^32: uint32[count] each, as datasketch draws those of `affine32`."""
    generator = np.random.RandomState(seed)
    factor = generator.randint(0, 1 << 31, count, dtype=np.uint32) * _U32(2) + _U32(1)
    return factor, generator.randint(0, 1 << 32, count, dtype=np.uint32)


def shingles(tokens: Tokens, shingle: int, unit: Unit = "word") -> tuple[Spans, np.ndarray]:
    """All shingles in a buffer of their own (they overlap in it), and their offsets by document (int64[n + 1])."""
    spans = tokens.spans
    data, start, end = _joined(spans.data, spans.start, spans.end)
    data.flags.writeable = False
    document = tokens.document_token
    if unit == "character":
        start, end, document = _characters(data, start, end, document)
    first, last, offset = _windows(start, end, document, shingle)
    return Spans(data, first, last), offset


def _sha1_32(spans: Spans) -> np.ndarray:
    return np.ascontiguousarray(sha1_words(spans)[:, 0]).byteswap()


def _high_half(hashes: np.ndarray) -> np.ndarray:
    return (hashes >> _U64(32)).astype(np.uint32)


@kernel
def _joined(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words one after the other with a space behind each: bytes, and where each word is in them."""
    first, last = np.empty_like(start), np.empty_like(end)
    to = 0
    for t in range(start.size):
        first[t], last[t] = to, to + end[t] - start[t]
        to = last[t] + 1
    together = np.full(to, 32, np.uint8)
    for t in range(start.size):
        to = first[t]
        for i in range(start[t], end[t]):
            together[to] = data[i]
            to += 1
    return together, first, last


@kernel
def _characters(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, document_token: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each character of each document's joined words: start, end, and offsets by document."""
    first, last = np.empty(data.size, np.int64), np.empty(data.size, np.int64)
    offset = np.zeros(document_token.size, np.int64)
    count = 0
    for d in range(document_token.size - 1):
        if document_token[d] < document_token[d + 1]:
            stop = end[document_token[d + 1] - 1]
            for i in range(start[document_token[d]], stop):
                if (data[i] & 0xC0) != 0x80:
                    first[count] = i
                    count += 1
                last[count - 1] = i + 1
        offset[d + 1] = count
    return first[:count], last[:count], offset


@kernel
def _windows(
    start: np.ndarray, end: np.ndarray, document: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each run of `size` neighbours inside one document, and their offsets by document."""
    offset = np.zeros(document.size, np.int64)
    for d in range(document.size - 1):
        offset[d + 1] = offset[d] + max(document[d + 1] - document[d] - size + 1, 0)
    first, last = np.empty(offset[-1], np.int64), np.empty(offset[-1], np.int64)
    for d in range(document.size - 1):
        for k in range(offset[d + 1] - offset[d]):
            first[offset[d] + k] = start[document[d] + k]
            last[offset[d] + k] = end[document[d] + k + size - 1]
    return first, last, offset


@kernel
def _word_shingles(hashes: np.ndarray, document_token: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Base hash of each run of `size` words, and their offsets by document."""
    offset = np.zeros(document_token.size, np.int64)
    for d in range(document_token.size - 1):
        offset[d + 1] = offset[d] + max(document_token[d + 1] - document_token[d] - size + 1, 0)
    found = np.empty(offset[-1], np.uint32)
    leaving = _U64(1)
    for _ in range(size):
        leaving = _U64(leaving * _BASE)
    for d in range(document_token.size - 1):
        first, total = document_token[d], _U64(0)
        for t in range(first, document_token[d + 1]):
            total = _U64(_U64(total * _BASE) + hashes[t])
            if t - first >= size:
                total = _U64(total - _U64(hashes[t - size] * leaving))
            if t - first >= size - 1:
                found[offset[d] + t - first - size + 1] = _U32(mixed(_U64(0), total) >> _U64(32))
    return found, offset


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
