"""Many bytes at once: loads and comparisons that plain loops over arrays do not get from the compiler.

They are written as LLVM instructions on vectors, which every processor has in one form or another; the values do not depend on it.

Not here: what is done with them (hashing.py, words.py).
"""

from __future__ import annotations

import string
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WIDTH = 64
"""Bytes that a mask covers: bit k of a mask is about the byte at i + k."""

_BYTE = ir.IntType(8)
_MASK = ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, WIDTH)


def ranges(characters: str) -> list[tuple[int, int]]:
    """First and last code of the runs of neighbours in a set of ASCII characters."""
    codes = sorted(map(ord, characters))
    first = [code for code in codes if code - 1 not in codes]
    last = [code for code in codes if code + 1 not in codes]
    return list(zip(first, last, strict=True))


WORD_CHARACTERS = ranges(string.ascii_letters + string.digits + "_")
LETTERS_AND_DIGITS = ranges(string.ascii_letters + string.digits)
CAPITALS = ranges(string.ascii_uppercase)
SPACES = ranges(string.whitespace + "\x1c\x1d\x1e\x1f")


def _at(context: Any, builder: Any, array_type: Any, array: Any, i: Any, kind: Any) -> Any:
    """Loads a value that starts at byte i of an array, wherever that is."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.load(builder.bitcast(builder.gep(data, [i]), kind.as_pointer()), align=1)


def _inside(builder: Any, vector: Any, chosen: list[tuple[int, int]]) -> Any:
    """Which bytes lie in one of the ranges, as a vector of bits."""
    found = ir.Constant(ir.VectorType(ir.IntType(1), WIDTH), [0] * WIDTH)
    for low, high in chosen:
        moved = builder.sub(vector, ir.Constant(_BYTES, [low] * WIDTH))
        inside = builder.icmp_unsigned("<=", moved, ir.Constant(_BYTES, [high - low] * WIDTH))
        found = builder.or_(found, inside)
    return found


@intrinsic
def load8(_typing: Any, data: Any, i: Any) -> Any:
    """Eight bytes of a uint8 array from i (int64) on as a little-endian uint64. All of them must be inside: nothing checks it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _at(context, builder, signature.args[0], arguments[0], arguments[1], _MASK)

    return types.uint64(data, i), generate


def _masks_of(*sets: list[tuple[int, int]]) -> Any:
    """An instruction that gives a mask for each set of bytes."""

    def masks_at(_typing: Any, data: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector = _at(context, builder, signature.args[0], arguments[0], arguments[1], _BYTES)
            found = [builder.bitcast(_inside(builder, vector, chosen), _MASK) for chosen in sets]
            return context.make_tuple(builder, signature.return_type, found)

        return types.UniTuple(types.uint64, len(sets))(data, i), generate

    return intrinsic(masks_at)


masks = _masks_of(WORD_CHARACTERS, SPACES, [(128, 255)])
r"""Of the 64 bytes of a uint8 array from i (int64) on: ASCII word characters (`\w`), ASCII white space, and bytes that are not ASCII. All must be inside."""

letters = _masks_of(LETTERS_AND_DIGITS, SPACES, [(0, 8), (14, 27), (127, 255)])
"""The same with letters and digits, white space, and bytes that are control characters or not ASCII. What is in none of them is punctuation."""


@intrinsic
def copy_lowered(_typing: Any, out: Any, to: Any, data: Any, i: Any) -> Any:
    """Copies 64 bytes of `data` from i on to `out` from `to` on, A-Z in lower case; returns `to`. All must be inside both."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = _at(context, builder, signature.args[2], arguments[2], arguments[3], _BYTES)
        capital = builder.zext(_inside(builder, vector, CAPITALS), _BYTES)
        lowered = builder.or_(vector, builder.shl(capital, ir.Constant(_BYTES, [5] * WIDTH)))
        place = builder.gep(context.make_array(signature.args[0])(context, builder, arguments[0]).data, [arguments[1]])
        builder.store(lowered, builder.bitcast(place, _BYTES.as_pointer()), align=1)
        return arguments[1]

    return types.int64(out, to, data, i), generate


@intrinsic
def lowest(_typing: Any, _mask: Any) -> Any:
    """Place of the lowest bit of a uint64 that is set, as int64; 64 where there is none."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate
