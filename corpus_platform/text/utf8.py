"""UTF-8, one character at a time, for kernels: all texts are valid UTF-8, as Arrow strings are.

Not here: loops over texts (the modules beside this one).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import inlined


@inlined
def decode(data: np.ndarray, i: int) -> tuple[int, int]:
    """The code point whose first byte is at i, and its length in bytes."""
    byte = np.int64(data[i])
    if byte < 0x80:
        return byte, 1
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | np.int64(data[i + 1]) & 0x3F, 2
    middle = (np.int64(data[i + 1]) & 0x3F) << 6
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | middle | np.int64(data[i + 2]) & 0x3F, 3
    return (byte & 0x07) << 18 | middle << 6 | (np.int64(data[i + 2]) & 0x3F) << 6 | np.int64(data[i + 3]) & 0x3F, 4


@inlined
def before(data: np.ndarray, i: int) -> int:
    """First byte of the character that ends before i."""
    i -= 1
    while (data[i] & 0xC0) == 0x80:
        i -= 1
    return i


@inlined
def encode(code: int, data: np.ndarray, i: int) -> int:
    """Writes a code point at i; returns the place after it."""
    if code < 0x80:
        data[i] = code
        return i + 1
    if code < 0x800:
        data[i] = 0xC0 | code >> 6
        data[i + 1] = 0x80 | code & 0x3F
        return i + 2
    if code < 0x10000:
        data[i] = 0xE0 | code >> 12
        data[i + 1] = 0x80 | code >> 6 & 0x3F
        data[i + 2] = 0x80 | code & 0x3F
        return i + 3
    data[i] = 0xF0 | code >> 18
    data[i + 1] = 0x80 | code >> 12 & 0x3F
    data[i + 2] = 0x80 | code >> 6 & 0x3F
    data[i + 3] = 0x80 | code & 0x3F
    return i + 4
