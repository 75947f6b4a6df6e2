"""MD5 of many short byte ranges at once, compiled.

32 messages are hashed side by side, as in sha1.py. Promise: equal to `hashlib.md5` on any bytes. Here MD5 names a shingle; it protects nothing.
Source: RFC 1321.

Not here: what is hashed (shingles.py, dedup/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.kernel import inlined, kernel, part

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans

_LANES = 32
_BLOCK = 64
_STATE = 64
"""Row of a table where the state begins: the oldest of the last four values of `b` first, so a, d, c, b."""
_U32 = np.uint32
_SINES = np.floor(np.abs(np.sin(np.arange(1, 65, dtype=np.float64))) * 2.0**32).astype(np.uint32)
_ORDER = np.array([factor * t + term & 15 for factor, term in ((1, 0), (5, 1), (3, 5), (7, 0)) for t in range(16)])
"""Which word of the message a round takes."""
_SHIFTS = np.array([[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]], np.uint32)


def md5_words(spans: Spans) -> np.ndarray:
    """MD5 of each span as its four words: uint32 of shape (n, 4). The digest is their little-endian bytes."""
    blocks = (spans.end - spans.start + 8) // _BLOCK + 1
    # Messages of like length share a register; 16-bit keys are sorted by radix.
    order = np.argsort(np.minimum(blocks, 0xFFFF).astype(np.uint16), kind="stable")
    return _md5(spans.data, spans.start, spans.end, order)


def md5_halves(spans: Spans) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last eight bytes of each span's MD5, each read as a big-endian number: uint64[n] twice."""
    words = md5_words(spans).astype("<u4", copy=False).view("<u8").astype(np.uint64, copy=False).byteswap()
    return np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])


@inlined
def _rotate(value: np.uint32, by: np.uint32) -> np.uint32:
    value = _U32(value)
    return _U32(_U32(value << by) | _U32(value >> _U32(_U32(32) - by)))


@part
def _read_block(data: np.ndarray, at: int, end: int, message: np.ndarray, lane: int) -> None:
    """Writes the 64 bytes from `at` on, padded where the message ends, into a lane."""
    for t in range(16):
        i, word = at + 4 * t, _U32(0)
        if i + 4 <= end:
            # Unsigned, for an index that can't be negative needs no test, and the four loads become one.
            j = np.uint64(i)
            word = _U32(
                _U32(data[j])
                | (_U32(data[j + np.uint64(1)]) << _U32(8))
                | (_U32(data[j + np.uint64(2)]) << _U32(16))
                | (_U32(data[j + np.uint64(3)]) << _U32(24))
            )
        elif i <= end:
            for k in range(i, end):
                word |= _U32(_U32(data[k]) << _U32(8 * (k - i)))
            word |= _U32(_U32(0x80) << _U32(8 * (end - i)))
        message[t * _LANES + lane] = word


@part
def _compress(message: np.ndarray, table: np.ndarray) -> None:
    """Applies the compression function to all lanes: `message` uint32, 16 rows of 32 lanes; `table` uint32, 132 rows.

    Rows 0-63 get the words as the rounds want them, 64-67 are the state; rows 68-131 get the values of `b` after each round. All of a round lies at constant
    distances in one flat array, for then the compiler knows that rows do not overlap and works on whole registers.
    """
    for t in range(64):
        for lane in range(_LANES):
            table[np.uint64(t * _LANES + lane)] = _U32(message[np.uint64(_ORDER[t] * _LANES + lane)] + _SINES[t])
    _rounds(table)
    for at in range(_STATE * _LANES, (_STATE + 4) * _LANES):
        table[at] = _U32(table[at] + table[at + 64 * _LANES])


@part
def _rounds(table: np.ndarray) -> None:
    """The 64 rounds, in four loops for their four functions."""
    for t in range(16):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32((b & c) | (~b & d)), _SHIFTS[0, t & 3])
    for t in range(16, 32):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32((d & b) | (~d & c)), _SHIFTS[1, t & 3])
    for t in range(32, 48):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32(b ^ c ^ d), _SHIFTS[2, t & 3])
    for t in range(48, 64):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32(c ^ (b | ~d)), _SHIFTS[3, t & 3])


@inlined
def _bcd(table: np.ndarray, at: int) -> tuple[np.uint32, np.uint32, np.uint32]:
    """The words b, c, d before the round of a scheduled word."""
    return table[at + 67 * _LANES], table[at + 66 * _LANES], table[at + 65 * _LANES]


@inlined
def _step(table: np.ndarray, at: int, mixed: np.uint32, shift: np.uint32) -> None:
    """The new `b` of a round."""
    moved = _rotate(_U32(_U32(table[at + 64 * _LANES] + mixed) + table[at]), shift)
    table[at + 68 * _LANES] = _U32(table[at + 67 * _LANES] + moved)


@part
def _initial_state(table: np.ndarray) -> None:
    """Rows 64-67 before the first block."""
    for lane in range(_LANES):
        table[_STATE * _LANES + lane] = _U32(0x67452301)
        table[(_STATE + 1) * _LANES + lane] = _U32(0x10325476)
        table[(_STATE + 2) * _LANES + lane] = _U32(0x98BADCFE)
        table[(_STATE + 3) * _LANES + lane] = _U32(0xEFCDAB89)


@kernel
def _md5(data: np.ndarray, start: np.ndarray, end: np.ndarray, order: np.ndarray) -> np.ndarray:
    """MD5 words of each range, (n, 4). `order` lists the ranges so that neighbours have about the same size."""
    digest = np.empty((start.size, 4), np.uint32)
    message, table = np.zeros(16 * _LANES, np.uint32), np.zeros((_STATE + 4 + 64) * _LANES, np.uint32)
    last = np.empty(_LANES, np.int64)
    for group in range(0, order.size, _LANES):
        members = order[group : group + _LANES]
        _initial_state(table)
        for lane in range(members.size):
            last[lane] = (end[members[lane]] - start[members[lane]] + 8) >> 6
        for block in range(last[: members.size].max() + 1):
            for lane in range(members.size):
                m = members[lane]
                if block <= last[lane]:
                    _read_block(data, start[m] + block * 64, end[m], message, lane)
                if block == last[lane]:
                    bits = np.uint64(end[m] - start[m]) << np.uint64(3)
                    message[14 * _LANES + lane] = _U32(bits & np.uint64(0xFFFFFFFF))
                    message[15 * _LANES + lane] = _U32(bits >> np.uint64(32))
            _compress(message, table)
            for lane in range(members.size):
                if block == last[lane]:
                    _read_digest(table, lane, digest[members[lane]])
    return digest


@part
def _read_digest(table: np.ndarray, lane: int, words: np.ndarray) -> None:
    """The four words of a lane's state: a, b, c, d."""
    words[0], words[3] = table[_STATE * _LANES + lane], table[(_STATE + 1) * _LANES + lane]
    words[2], words[1] = table[(_STATE + 2) * _LANES + lane], table[(_STATE + 3) * _LANES + lane]
