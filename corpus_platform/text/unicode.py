"""Facts about each code point, as one table that kernels read; made once per process from Python's own Unicode data.

Entry c of `code_points()` holds, in a uint32: the lower-case code point (bits 0-20), whether c is white space to `str.strip`, whether it is
cased or ignorable to the rule of the final sigma, and whether it is a decimal digit. The table says what `str.lower` does, for it is made by
calling it; two characters need more than a table: U+0130, which becomes two characters, and U+03A3, which depends on its neighbours.
Source: Python's str.lower (Objects/unicodeobject.c, handle_capital_sigma); Unicode standard, section 3.13.

Not here: kernels on texts (normalise.py and its neighbours), or rules of a recipe.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

CODE_POINTS = 0x110000
LOWER = 0x1FFFFF
WHITE = 1 << 21
CASED = 1 << 22
IGNORABLE = 1 << 23
DIGIT = 1 << 24

CAPITAL_SIGMA = 0x3A3
FINAL_SIGMA = 0x3C2
CAPITAL_I_DOT = 0x130
"""The one character whose lower case is two: `i` and U+0307, a combining dot above."""


def _text(code_points: np.ndarray) -> str:
    return code_points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _sigma_is_final_after(prefix: str) -> np.ndarray:
    """For each character c: does `prefix + c + U+03A3` end with a final sigma when it is lower-cased."""
    every = np.arange(CODE_POINTS)
    every[CAPITAL_I_DOT] = ord("A")  # cased as well, and as long in lower case
    width = len(prefix) + 3
    probe = np.empty((CODE_POINTS, width), np.uint32)
    for i, character in enumerate(prefix):
        probe[:, i] = ord(character)
    probe[:, -3], probe[:, -2], probe[:, -1] = every, CAPITAL_SIGMA, ord("\n")
    return _code_points(_text(probe.ravel()).lower()).reshape(CODE_POINTS, width)[:, -2] == FINAL_SIGMA


@cache
def code_points() -> np.ndarray:
    """The table: read-only uint32 of size 0x110000."""
    every = np.arange(CODE_POINTS, dtype=np.uint32)
    plain = every.copy()
    plain[[CAPITAL_I_DOT, CAPITAL_SIGMA]] = 0
    table = _code_points(_text(plain).lower()).copy()
    table[CAPITAL_SIGMA] = ord("σ")
    cased = _sigma_is_final_after("")
    table[cased] |= CASED
    table[_sigma_is_final_after("A") & ~cased] |= IGNORABLE
    # The same sets as `str.strip` and `str.isdecimal` use: `re` asks the same functions.
    text = _text(every)
    table[[match.start() for match in re.finditer(r"\s", text)]] |= WHITE
    table[[match.start() for match in re.finditer(r"\d", text)]] |= DIGIT
    table.flags.writeable = False
    return table
