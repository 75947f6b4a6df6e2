"""Sorting of 64-bit keys with what belongs to them, in time linear in their number.

Keys are dealt into buckets by their high bits, each bucket into parts and each part into handfuls by the bits below, and what is left is put in order by
neighbours. That is all for hashes, which are spread evenly. Where keys crowd (small numbers, many equal ones) they are sorted byte by byte, low ones first.
Promise: stable, and for any keys what `numpy.argsort(key, kind="stable")` gives; memory is that of the answer and of the fullest bucket.

Not here: what equal keys mean (units.py, matching.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from corpus_platform.text.kernel import kernel, part

_U64 = np.uint64
_MOST_BITS = 8
"""Buckets of the first deal: more of them and their ends no longer fit into the first cache."""
_HANDFUL = 24
"""Up to so many keys are put in order by neighbours."""


def radix_sort(key: np.ndarray, payload: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The keys (uint64[k]) ascending, and the payload (k of any number type) in their order; equal keys keep theirs. The input stays as it is."""
    sorted_key, sorted_payload = np.empty_like(key), np.empty_like(payload)
    bits = min(max(int(key.size).bit_length() - 14, 1), _MOST_BITS)
    start = _deal_all(key, payload, 64 - bits, sorted_key, sorted_payload)
    room = int(np.diff(start).max())
    _sort_buckets(
        sorted_key, sorted_payload, start, 64 - bits, np.empty(room, np.uint64), np.empty(room, payload.dtype)
    )
    return sorted_key, sorted_payload


@intrinsic
def _prefetch(_typing: Any, array: Any, i: Any) -> Any:
    """Asks for the memory around place i (int64) of an array, soon to be written: place i may lie outside. It makes a deal two to three times as fast."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
        # To write, to be kept in the caches, data.
        builder.call(ask, [place, number(1), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, i), generate


@part
def _deal(
    key: np.ndarray,
    payload: np.ndarray,
    shift: int,
    start: np.ndarray,
    out_key: np.ndarray,
    out_payload: np.ndarray,
) -> int:
    """Deals keys, in their order, by the bits from `shift` on; `start` (int64, one more than there are places) gets where each place starts.

    Returns the size of the fullest place.
    """
    places = start.size - 1
    by, mask = _U64(shift), _U64(places - 1)
    start[:] = 0
    for i in range(key.size):
        start[((key[i] >> by) & mask) + _U64(1)] += 1
    fullest = np.int64(0)
    for p in range(places):
        fullest = max(fullest, start[p + 1])
        start[p + 1] += start[p]
    for i in range(key.size):
        own = key[i]
        place = (own >> by) & mask
        to = start[place]
        start[place] = to + 1
        out_key[to], out_payload[to] = own, payload[i]
        _prefetch(out_key, to + 8)
        _prefetch(out_payload, to + 16)
    # Each place has come to where the next one starts.
    for p in range(places, 0, -1):
        start[p] = start[p - 1]
    start[0] = 0
    return fullest


@kernel
def _deal_all(
    key: np.ndarray, payload: np.ndarray, shift: int, out_key: np.ndarray, out_payload: np.ndarray
) -> np.ndarray:
    """Deals all keys by their high bits, from `shift` on; returns where each bucket starts."""
    start = np.empty((1 << (64 - shift)) + 1, np.int64)
    _deal(key, payload, shift, start, out_key, out_payload)
    return start


@kernel
def _sort_buckets(
    key: np.ndarray,
    payload: np.ndarray,
    bucket_start: np.ndarray,
    shift: int,
    other_key: np.ndarray,
    other_payload: np.ndarray,
) -> None:
    """Sorts each bucket in place; the keys of one have the same bits from `shift` on. The other arrays have room for the fullest."""
    start, below, count = np.empty(1025, np.int64), np.empty(1025, np.int64), np.empty((8, 256), np.int64)
    for bucket in range(bucket_start.size - 1):
        first, last = bucket_start[bucket], bucket_start[bucket + 1]
        own_key, own_payload = key[first:last], payload[first:last]
        bits = min(max(_bits_of(last - first) // 2, 1), 10)
        part_start = start[: (1 << bits) + 1]
        _deal(own_key, own_payload, shift - bits, part_start, other_key, other_payload)
        for p in range(1 << bits):
            low, high = part_start[p], part_start[p + 1]
            _sort_part(
                other_key[low:high],
                other_payload[low:high],
                shift - bits,
                below,
                count,
                own_key[low:high],
                own_payload[low:high],
            )
        _by_neighbours(own_key, own_payload)


@part
def _bits_of(size: int) -> int:
    """Largest b with 2^b <= size; 0 for none."""
    bits = 0
    while size >> (bits + 1):
        bits += 1
    return bits


@part
def _sort_part(
    key: np.ndarray,
    payload: np.ndarray,
    shift: int,
    start: np.ndarray,
    count: np.ndarray,
    out_key: np.ndarray,
    out_payload: np.ndarray,
) -> None:
    """Deals a part into handfuls, and sorts those that are more than that. The keys have the same bits from `shift` on."""
    if key.size <= _HANDFUL // 2:
        for i in range(key.size):
            out_key[i], out_payload[i] = key[i], payload[i]
        return
    bits = min(max(_bits_of(key.size) - 1, 1), 10)
    own_start = start[: (1 << bits) + 1]
    if _deal(key, payload, shift - bits, own_start, out_key, out_payload) <= _HANDFUL:
        return
    for p in range(1 << bits):
        low, high = own_start[p], own_start[p + 1]
        if high - low > _HANDFUL:
            _by_bytes(out_key[low:high], out_payload[low:high], count, key[low:high], payload[low:high])


@part
def _by_neighbours(key: np.ndarray, payload: np.ndarray) -> None:
    """Moves each key down past those that are larger: only a few steps, for its handful is at its place."""
    for i in range(1, key.size):
        own, belonging, to = key[i], payload[i], i
        while to > 0 and key[to - 1] > own:
            key[to], payload[to] = key[to - 1], payload[to - 1]
            to -= 1
        key[to], payload[to] = own, belonging


@part
def _by_bytes(
    key: np.ndarray, payload: np.ndarray, count: np.ndarray, other_key: np.ndarray, other_payload: np.ndarray
) -> None:
    """Sorts crowded keys in place by one byte after the other, the lowest first; bytes that all of them share are passed over."""
    count[:] = 0
    for i in range(key.size):
        for byte in range(8):
            count[byte, (key[i] >> _U64(8 * byte)) & _U64(255)] += 1
    here = True
    for byte in range(8):
        shift, place = _U64(8 * byte), count[byte]
        if place[(key[0] >> shift) & _U64(255)] == key.size:
            continue
        total = np.int64(0)
        for digit in range(256):
            size = place[digit]
            place[digit] = total
            total += size
        if here:
            _move_by_byte(key, payload, shift, place, other_key, other_payload)
        else:
            _move_by_byte(other_key, other_payload, shift, place, key, payload)
        here = not here
    if not here:
        for i in range(key.size):
            key[i], payload[i] = other_key[i], other_payload[i]


@part
def _move_by_byte(
    key: np.ndarray,
    payload: np.ndarray,
    shift: np.uint64,
    place: np.ndarray,
    out_key: np.ndarray,
    out_payload: np.ndarray,
) -> None:
    """Moves keys, in their order, to the places of one of their bytes."""
    for i in range(key.size):
        digit = (key[i] >> shift) & _U64(255)
        out_key[place[digit]], out_payload[place[digit]] = key[i], payload[i]
        place[digit] += 1
