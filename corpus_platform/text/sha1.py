"""SHA-1 of many short byte ranges at once, compiled.

32 messages are hashed side by side, one per lane of two vector registers: the rounds of SHA-1 depend on each other, messages do not.
Promise: equal to `hashlib.sha1` on any bytes. Here SHA-1 names a line; it protects nothing.
Source: FIPS 180-4, section 6.1.

Not here: what is hashed (normalise.py), or what equal hashes mean (dedup/).
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
_U32 = np.uint32


def sha1_words(spans: Spans) -> np.ndarray:
    """SHA-1 of each span as its five words h0..h4: uint32 of shape (n, 5). The digest is their big-endian bytes."""
    blocks = (spans.end - spans.start + 8) // _BLOCK + 1
    # Messages of like length share a register; 16-bit keys are sorted by radix.
    order = np.argsort(np.minimum(blocks, 0xFFFF).astype(np.uint16), kind="stable")
    return _sha1(spans.data, spans.start, spans.end, order)


def sha1_prefix(spans: Spans) -> np.ndarray:
    """First 8 bytes of each span's SHA-1, read as a little-endian uint64: CCNet's paragraph hash."""
    words = np.ascontiguousarray(sha1_words(spans)[:, :2]).byteswap()
    return words.astype("<u4", copy=False).view("<u8").ravel().astype(np.uint64, copy=False)


@inlined
def _rotate(value: np.uint32, by: int) -> np.uint32:
    value = _U32(value)
    return _U32(_U32(value << _U32(by)) | _U32(value >> _U32(32 - by)))


@inlined
def _word(data: np.ndarray, at: int) -> np.uint32:
    """Four bytes as a big-endian word."""
    # Unsigned, for an index that can't be negative needs no test, and the four loads become one.
    i = np.uint64(at)
    return _U32(
        (_U32(data[i]) << _U32(24))
        | (_U32(data[i + np.uint64(1)]) << _U32(16))
        | (_U32(data[i + np.uint64(2)]) << _U32(8))
        | _U32(data[i + np.uint64(3)])
    )


@part
def _read_block(data: np.ndarray, at: int, end: int, table: np.ndarray, lane: int) -> None:
    """Writes the 64 bytes from `at` on, padded where the message ends, into rows 0-15 of a lane."""
    whole = min(max(end - at, 0) >> 2, 16)
    for t in range(whole):
        table[np.uint64(t * _LANES + lane)] = _word(data, at + 4 * t)
    if whole == 16:
        return
    for t in range(whole, 16):
        table[np.uint64(t * _LANES + lane)] = 0
    if at <= end:
        word, shift = _U32(0), 24
        for i in range(at + 4 * whole, end):
            word |= _U32(_U32(data[i]) << _U32(shift))
            shift -= 8
        table[whole * _LANES + lane] = _U32(word | _U32(_U32(0x80) << _U32(shift)))


@part
def _write_size(table: np.ndarray, lane: int, size: int) -> None:
    """Writes the size of a message in bits into the end of its last block."""
    bits = np.uint64(size) << np.uint64(3)
    table[14 * _LANES + lane] = _U32(bits >> np.uint64(32))
    table[15 * _LANES + lane] = _U32(bits & np.uint64(0xFFFFFFFF))


@part
def _compress(table: np.ndarray) -> None:
    """Applies the compression function to all lanes of `table`: uint32, 165 rows of 32 lanes.

    Rows 0-79 are the message schedule, of which 0-15 are given. Rows 80-84 are the state as the last five values of `a`, oldest first
    (b, c, d, e are earlier values of a, the last three rotated); rows 85-164 get the values of `a` after each round.
    One flat array, for then the compiler knows that rows do not overlap and works on whole registers.
    """
    for row in range(16 * _LANES, 80 * _LANES, _LANES):
        for at in range(row, row + _LANES):
            table[at] = _rotate(
                table[at - 3 * _LANES] ^ table[at - 8 * _LANES] ^ table[at - 14 * _LANES] ^ table[at - 16 * _LANES], 1
            )
    _rounds(table)
    for at in range(_LANES):
        for row in range(80, 83):
            # Kept as `a` was before it was rotated into c, d, e.
            old, new = table[row * _LANES + at], table[(row + 80) * _LANES + at]
            table[row * _LANES + at] = _rotate(_rotate(old, 30) + _rotate(new, 30), 2)
        for row in range(83, 85):
            table[row * _LANES + at] += table[(row + 80) * _LANES + at]


@part
def _rounds(table: np.ndarray) -> None:
    """The 80 rounds, in four loops for their four functions."""
    for t in range(20):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32(((b & c) | (~b & d)) + _U32(0x5A827999)))
    for t in range(20, 40):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32((b ^ c ^ d) + _U32(0x6ED9EBA1)))
    for t in range(40, 60):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32(((b & c) | (b & d) | (c & d)) + _U32(0x8F1BBCDC)))
    for t in range(60, 80):
        for at in range(t * _LANES, (t + 1) * _LANES):
            b, c, d = _bcd(table, at)
            _step(table, at, _U32((b ^ c ^ d) + _U32(0xCA62C1D6)))


@inlined
def _bcd(table: np.ndarray, at: int) -> tuple[np.uint32, np.uint32, np.uint32]:
    """The words b, c, d before the round of a schedule word."""
    return table[at + 83 * _LANES], _rotate(table[at + 82 * _LANES], 30), _rotate(table[at + 81 * _LANES], 30)


@inlined
def _step(table: np.ndarray, at: int, mixed: np.uint32) -> None:
    """The new `a` of a round."""
    a, e = _rotate(table[at + 84 * _LANES], 5), _rotate(table[at + 80 * _LANES], 30)
    table[at + 85 * _LANES] = _U32(a + mixed + e + table[at])


@part
def _initial_state(table: np.ndarray) -> None:
    """Rows 80-84 before the first block."""
    for lane in range(_LANES):
        table[84 * _LANES + lane] = _U32(0x67452301)
        table[83 * _LANES + lane] = _U32(0xEFCDAB89)
        table[82 * _LANES + lane] = _rotate(_U32(0x98BADCFE), 2)
        table[81 * _LANES + lane] = _rotate(_U32(0x10325476), 2)
        table[80 * _LANES + lane] = _rotate(_U32(0xC3D2E1F0), 2)


@part
def _read_digest(table: np.ndarray, lane: int, words: np.ndarray) -> None:
    """The five words of a lane's state."""
    words[0], words[1] = table[84 * _LANES + lane], table[83 * _LANES + lane]
    for word in range(2, 5):
        words[word] = _rotate(table[(84 - word) * _LANES + lane], 30)


@kernel
def _sha1(data: np.ndarray, start: np.ndarray, end: np.ndarray, order: np.ndarray) -> np.ndarray:
    """SHA-1 words of each range, (n, 5). `order` lists the ranges so that neighbours have about the same size."""
    digest = np.empty((start.size, 5), np.uint32)
    table = np.zeros(165 * _LANES, np.uint32)
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
                    _read_block(data, start[m] + block * 64, end[m], table, lane)
                if block == last[lane]:
                    _write_size(table, lane, end[m] - start[m])
            _compress(table)
            for lane in range(members.size):
                if block == last[lane]:
                    _read_digest(table, lane, digest[members[lane]])
    return digest
