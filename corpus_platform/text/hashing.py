"""The 64-bit hash of byte ranges that words, lines and n-grams are compared by.

`xmx64`, 64 bits, seed 0x9E3779B97F4A7C15: the bytes are read as little-endian words of eight, the last filled up with zeros. The state starts as
seed xor (length * 0xA0761D6478BD642F); each word is xored into it, then state *= 0xE7037ED1A0B428DB and state ^= state >> 32; at the end
state *= 0x8EBC6AF09C88C6E3 and state ^= state >> 29. Every step can be undone, so ranges of at most eight bytes and equal length never collide;
any other two do with a probability of about 2^-64.
Promise: the same bytes have the same hash in every process and release. It is no protection against texts made to collide.

Not here: SHA-1 (sha1.py), what is hashed.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

_U64 = np.uint64
SEED = _U64(0x9E3779B97F4A7C15)
_OF_LENGTH = _U64(0xA0761D6478BD642F)
_OF_WORD = _U64(0xE7037ED1A0B428DB)
_AT_END = _U64(0x8EBC6AF09C88C6E3)


def hash_spans(spans: Spans) -> np.ndarray:
    """Hash of each span: uint64[n]; equal bytes have equal hashes, others differ but for a chance of 2^-64."""
    return _hash_spans(spans.data, spans.start, spans.end)


def hash_texts(texts: Sequence[str]) -> np.ndarray:
    """Hash of each text: what `hash_spans` gives for its UTF-8 bytes, e.g. of the entries of a word list."""
    return hash_spans(TextBatch.of(list(texts)).documents)


@kernel
def load8(data: np.ndarray, i: int) -> np.uint64:
    """Eight bytes as a little-endian word; all of them must be inside the buffer."""
    # Unsigned, for an index that can't be negative needs no test, and the eight loads become one.
    at = _U64(i)
    return _U64(
        _U64(data[at])
        | (_U64(data[at + _U64(1)]) << _U64(8))
        | (_U64(data[at + _U64(2)]) << _U64(16))
        | (_U64(data[at + _U64(3)]) << _U64(24))
        | (_U64(data[at + _U64(4)]) << _U64(32))
        | (_U64(data[at + _U64(5)]) << _U64(40))
        | (_U64(data[at + _U64(6)]) << _U64(48))
        | (_U64(data[at + _U64(7)]) << _U64(56))
    )


@kernel
def hash_bytes(data: np.ndarray, start: int, end: int) -> np.uint64:
    """The hash of one range of bytes."""
    state = _U64(SEED ^ _U64(_U64(end - start) * _OF_LENGTH))
    i = start
    while end - i > 8:
        state = _U64(_U64(state ^ load8(data, i)) * _OF_WORD)
        state ^= state >> _U64(32)
        i += 8
    if end > i:
        word = _U64(0)
        if i + 8 <= data.size:
            word = load8(data, i) & (_U64(0xFFFFFFFFFFFFFFFF) >> _U64(64 - 8 * (end - i)))
        else:
            for k in range(end - i):
                word |= _U64(data[i + k]) << _U64(8 * k)
        state = _U64(_U64(state ^ word) * _OF_WORD)
        state ^= state >> _U64(32)
    state = _U64(state * _AT_END)
    return _U64(state ^ (state >> _U64(29)))


@kernel
def _hash_spans(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """`hash_bytes` of each range."""
    hashes = np.empty(start.size, np.uint64)
    for i in range(start.size):
        hashes[i] = hash_bytes(data, start[i], end[i])
    return hashes
