"""The 64-bit hash of byte ranges that words, lines and n-grams are compared by.

`xmx64`, 64 bits, seed 0x9E3779B97F4A7C15: the bytes are read as little-endian words of eight, the last filled up with zeros. The state starts as
seed xor (length * 0xA0761D6478BD642F); each word is xored into it, then state *= 0xE7037ED1A0B428DB and state ^= state >> 32; at the end
state *= 0x8EBC6AF09C88C6E3 and state ^= state >> 29. Every step can be undone, so ranges of at most eight bytes and equal length never collide;
any other two do with a probability of about 2^-64.
Promise: the same bytes have the same hash in every process and release. It is no protection against texts made to collide.

Not here: SHA-1 (sha1.py), what is hashed.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.kernel import inlined, part
from corpus_platform.text.wide import load8

if TYPE_CHECKING:
    from collections.abc import Sequence

_U64 = np.uint64
SEED = _U64(0x9E3779B97F4A7C15)
_OF_LENGTH = _U64(0xA0761D6478BD642F)
_OF_WORD = _U64(0xE7037ED1A0B428DB)
_AT_END = _U64(0x8EBC6AF09C88C6E3)
_ALL = _U64(0xFFFFFFFFFFFFFFFF)
_LOW_BITS = _U64(0x0101010101010101)


def hash_spans(spans: Spans) -> np.ndarray:
    """Hash of each span: uint64[n]; equal bytes have equal hashes, others differ but for a chance of 2^-64."""
    return measure(spans)[1]


def hash_texts(texts: Sequence[str]) -> np.ndarray:
    """Hash of each text: what `hash_spans` gives for its UTF-8 bytes, e.g. of the entries of a word list."""
    return hash_spans(TextBatch.of(list(texts)).documents)


def measure(spans: Spans) -> tuple[np.ndarray, np.ndarray]:
    """Code points (int32[n]) and hash (uint64[n]) of each span."""
    characters, hashes = np.empty(len(spans), np.int32), np.empty(len(spans), np.uint64)
    measure_ranges(padded(spans.data), spans.start, spans.end, characters, hashes, 0, len(spans))
    return characters, hashes


def padded(data: np.ndarray) -> np.ndarray:
    """The bytes themselves, or a copy with zeros where there are not enough of them to be read by eight."""
    if data.size >= 8:
        return data
    copy = np.zeros(8, np.uint8)
    copy[: data.size] = data
    copy.flags.writeable = False
    return copy


@inlined
def mixed(state: np.uint64, word: np.uint64) -> np.uint64:
    """The state after one more word."""
    state = _U64(_U64(state ^ word) * _OF_WORD)
    return _U64(state ^ (state >> _U64(32)))


@inlined
def _continuing(word: np.uint64) -> np.uint64:
    """How many of eight bytes continue a character: those that start with the bits 10."""
    return _U64(_U64((word >> _U64(7)) & ~(word >> _U64(6)) & _LOW_BITS) * _LOW_BITS) >> _U64(56)


@part
def measure_ranges(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    characters: np.ndarray,
    hashes: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Writes code points and hash of the ranges `first` to `last`. `data` has at least eight bytes."""
    last_word = data.size - 8
    for t in range(first, last):
        i, stop = start[t], end[t]
        state, continuing = _U64(SEED ^ _U64(_U64(stop - i) * _OF_LENGTH)), _U64(0)
        while stop - i > 8:
            word = load8(data, i)
            state, continuing = mixed(state, word), continuing + _continuing(word)
            i += 8
        if stop > i:
            # Read where eight bytes are left, moved to the front, and without what follows.
            at = min(i, last_word)
            word = (load8(data, at) >> _U64(8 * (i - at))) & (_ALL >> _U64(64 - 8 * (stop - i)))
            state, continuing = mixed(state, word), continuing + _continuing(word)
        state = _U64(state * _AT_END)
        hashes[t] = _U64(state ^ (state >> _U64(29)))
        characters[t] = stop - start[t] - np.int64(continuing)
