"""Hashes of byte ranges that other systems name, bit by bit: XXH64 and MurmurHash3 (x86, 32 bits), both with seed 0.

Promise: equal to the reference implementations on any bytes.
Source: xxHash, doc/xxhash_spec.md; SMHasher, MurmurHash3.cpp.

Not here: SHA-1 and MD5 (sha1.py, md5.py), the house's own hash (hashing.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.hashing import padded
from corpus_platform.text.kernel import inlined, kernel
from corpus_platform.text.wide import load8

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans

_U32, _U64 = np.uint32, np.uint64
_P1, _P2 = _U64(0x9E3779B185EBCA87), _U64(0xC2B2AE3D27D4EB4F)
_P3, _P4, _P5 = _U64(0x165667B19E3779F9), _U64(0x85EBCA77C2B2AE63), _U64(0x27D4EB2F165667C5)
_C1, _C2 = _U32(0xCC9E2D51), _U32(0x1B873593)
_STRIPE = 32


def xx64(spans: Spans) -> np.ndarray:
    """XXH64 of each span, seed 0: uint64[n]."""
    return _xx64(padded(spans.data), spans.start, spans.end)


def murmur_32(spans: Spans) -> np.ndarray:
    """MurmurHash3_x86_32 of each span, seed 0: uint32[n]."""
    return _murmur_32(padded(spans.data), spans.start, spans.end)


@inlined
def _read(data: np.ndarray, i: int, size: int) -> np.uint64:
    """`size` bytes (1 to 8) from i on as a little-endian number, whatever follows them."""
    at = min(i, data.size - 8)
    return (load8(data, at) >> _U64(8 * (i - at))) & (_U64(0xFFFFFFFFFFFFFFFF) >> _U64(64 - 8 * size))


@inlined
def _rotate_64(value: np.uint64, by: int) -> np.uint64:
    return _U64(value << _U64(by)) | _U64(value >> _U64(64 - by))


@inlined
def _rotate_32(value: np.uint32, by: int) -> np.uint32:
    return _U32(_U32(value << _U32(by)) | _U32(value >> _U32(32 - by)))


@inlined
def _round(state: np.uint64, word: np.uint64) -> np.uint64:
    return _U64(_rotate_64(_U64(state + _U64(word * _P2)), 31) * _P1)


@inlined
def _merged(state: np.uint64, lane: np.uint64) -> np.uint64:
    return _U64(_U64(_U64(state ^ _round(_U64(0), lane)) * _P1) + _P4)


@kernel
def _xx64(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """XXH64 of each range. `data` has at least eight bytes."""
    found = np.empty(start.size, np.uint64)
    for row in range(start.size):
        i, stop = start[row], end[row]
        size, state = _U64(stop - i), _P5
        if stop - i >= _STRIPE:
            a, b, c, d = _U64(_P1 + _P2), _P2, _U64(0), _U64(_U64(0) - _P1)
            while stop - i >= _STRIPE:
                a, b = _round(a, load8(data, i)), _round(b, load8(data, i + 8))
                c, d = _round(c, load8(data, i + 16)), _round(d, load8(data, i + 24))
                i += _STRIPE
            state = _U64(_rotate_64(a, 1) + _rotate_64(b, 7) + _rotate_64(c, 12) + _rotate_64(d, 18))
            state = _merged(_merged(_merged(_merged(state, a), b), c), d)
        state = _U64(state + size)
        while stop - i >= 8:
            state = _U64(_U64(_rotate_64(_U64(state ^ _round(_U64(0), load8(data, i))), 27) * _P1) + _P4)
            i += 8
        if stop - i >= 4:
            state = _U64(_U64(_rotate_64(_U64(state ^ _U64(_read(data, i, 4) * _P1)), 23) * _P2) + _P3)
            i += 4
        while i < stop:
            state = _U64(_rotate_64(_U64(state ^ _U64(_U64(data[i]) * _P5)), 11) * _P1)
            i += 1
        state = _U64(_U64(state ^ (state >> _U64(33))) * _P2)
        state = _U64(_U64(state ^ (state >> _U64(29))) * _P3)
        found[row] = _U64(state ^ (state >> _U64(32)))
    return found


@inlined
def _scrambled(word: np.uint64) -> np.uint32:
    return _U32(_rotate_32(_U32(_U32(word) * _C1), 15) * _C2)


@kernel
def _murmur_32(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """MurmurHash3 of each range. `data` has at least eight bytes."""
    found = np.empty(start.size, np.uint32)
    for row in range(start.size):
        i, stop, state = start[row], end[row], _U32(0)
        while stop - i >= 4:
            state = _rotate_32(_U32(state ^ _scrambled(_read(data, i, 4))), 13)
            state = _U32(_U32(state * _U32(5)) + _U32(0xE6546B64))
            i += 4
        if i < stop:
            state = _U32(state ^ _scrambled(_read(data, i, stop - i)))
        state = _U32(state ^ _U32(stop - start[row]))
        state = _U32(_U32(state ^ (state >> _U32(16))) * _U32(0x85EBCA6B))
        state = _U32(_U32(state ^ (state >> _U32(13))) * _U32(0xC2B2AE35))
        found[row] = _U32(state ^ (state >> _U32(16)))
    return found
