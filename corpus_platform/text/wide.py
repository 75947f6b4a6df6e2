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
SPACES = ranges(string.whitespace + "\x1c\x1d\x1e\x1f")


def _at(context: Any, builder: Any, array_type: Any, array: Any, i: Any, kind: Any) -> Any:
    """Loads a value that starts at byte i of an array, wherever that is."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.load(builder.bitcast(builder.gep(data, [i]), kind.as_pointer()), align=1)


def _within(builder: Any, vector: Any, chosen: list[tuple[int, int]]) -> Any:
    """Mask of the bytes that lie in one of the ranges."""
    found = ir.Constant(ir.VectorType(ir.IntType(1), WIDTH), [0] * WIDTH)
    for low, high in chosen:
        moved = builder.sub(vector, ir.Constant(_BYTES, [low] * WIDTH))
        inside = builder.icmp_unsigned("<=", moved, ir.Constant(_BYTES, [high - low] * WIDTH))
        found = builder.or_(found, inside)
    return builder.bitcast(found, _MASK)


@intrinsic
def load8(_typing: Any, data: Any, i: Any) -> Any:
    """Eight bytes of a uint8 array from i (int64) on as a little-endian uint64. All of them must be inside: nothing checks it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _at(context, builder, signature.args[0], arguments[0], arguments[1], _MASK)

    return types.uint64(data, i), generate


@intrinsic
def masks(_typing: Any, data: Any, i: Any) -> Any:
    r"""Of the 64 bytes from i on: masks of ASCII word characters (`\w`), of ASCII white space, and of bytes that are not ASCII. All must be inside."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = _at(context, builder, signature.args[0], arguments[0], arguments[1], _BYTES)
        found = [_within(builder, vector, chosen) for chosen in (WORD_CHARACTERS, SPACES, [(128, 255)])]
        return context.make_tuple(builder, signature.return_type, found)

    return types.UniTuple(types.uint64, 3)(data, i), generate


@intrinsic
def lowest(_typing: Any, _mask: Any) -> Any:
    """Place of the lowest bit of a uint64 that is set, as int64; 64 where there is none."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate
