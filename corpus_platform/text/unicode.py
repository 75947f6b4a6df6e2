"""Facts about each code point, as one table that kernels read; made once per process from Python's own Unicode data.

Entry c of `code_points()` holds, in a uint32: the lower-case code point (bits 0-20), whether c is white space to `str.strip`, whether it is
cased or ignorable to the rule of the final sigma, and whether it is a decimal digit. The table says what `str.lower` does, for it is made by
calling it; two characters need more than a table: U+0130, which becomes two characters, and U+03A3, which depends on its neighbours.
Source: Python's str.lower (Objects/unicodeobject.c, handle_capital_sigma); Unicode standard, section 3.13.

Not here: kernels on texts (normalise.py and its neighbours), or rules of a recipe.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

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


# Facts of one code point, as Python's own functions on a one-character text say them; bits of `facts()`.
WORD = 1 << 0
"""`\\w`: alphanumeric or the low line."""
SPACE = 1 << 1
"""White space: `\\s`, `str.split`, `str.strip` and `str.isspace` agree on it."""
LINE_BREAK = 1 << 2
"""Ends a line to `str.splitlines`."""
ALPHABETIC = 1 << 3
"""`str.isalpha`."""
ALPHANUMERIC = 1 << 4
"""`str.isalnum`."""
UPPER = 1 << 5
"""`str.isupper` of the character alone."""
NOT_UPPER = 1 << 6
"""Cased, but lower or title case: a text with one of these is not `str.isupper`."""
NUMERIC = 1 << 7
"""`str.isnumeric`."""
DECIMAL = 1 << 8
"""`str.isdecimal`, which is `\\d`."""
ASCII_LETTER = 1 << 9
"""A-Z and a-z."""
ASCII_PUNCTUATION = 1 << 10
"""The 32 characters of `string.punctuation`."""
PUNCTUATION = 1 << 11
"""General category P*."""
SYMBOL = 1 << 12
"""General category S*."""
HAN = 1 << 13
"""Chinese characters: the Unicode script Han, without its radicals and marks other than U+3005, U+3007 and U+3021-3029, 3038-303B."""
KANA = 1 << 14
"""Hiragana and Katakana, half-width forms and the prolonged sound mark included."""
HANGUL = 1 << 15
"""Korean syllables and jamo."""
MARK = 1 << 16
"""General category Mn: non-spacing marks, such as accents after NFD."""
CONTROL = 1 << 17
"""General category Cc."""
LETTER_OR_MARK = 1 << 18
"""General category L* or M*."""
LOWER_CASE = 1 << 19
"""`str.islower` of the character alone."""
DIGIT_CHARACTER = 1 << 20
"""`str.isdigit`."""

_HAN = (
    (0x3005, 0x3005),
    (0x3007, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
_KANA = (
    (0x3041, 0x3096),
    (0x309D, 0x309F),
    (0x30A1, 0x30FA),
    (0x30FC, 0x30FF),
    (0x31F0, 0x31FF),
    (0xFF66, 0xFF9F),
    (0x1AFF0, 0x1B16F),
)
_HANGUL = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB), (0xFFA0, 0xFFDC))


_ASSIGNED = [*range(0x33480), *range(0xE0000, 0xE0200)]
"""All that Unicode 14 has, but for private characters; of the others nothing is known, and nothing holds."""


def _matches(pattern: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(pattern, text)]


def _holds(test: Callable[[str], bool], characters: list[str]) -> np.ndarray:
    return np.fromiter(map(test, characters), bool, len(characters))


@cache
def facts() -> np.ndarray:
    """The facts of each code point: read-only uint32 of size 0x110000. Made once per process from Python's own Unicode data."""
    characters = list(map(chr, _ASSIGNED))
    text = "".join(characters)
    own = np.zeros(len(characters), np.uint32)
    own[_matches(r"\w", text)] |= WORD
    own[_matches(r"\s", text)] |= SPACE
    own[_matches("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text)] |= LINE_BREAK
    category = np.array(list(map(unicodedata.category, characters)))
    first = category.astype("U1")
    for bit, chosen in (
        (ALPHABETIC, _holds(str.isalpha, characters)),
        (ALPHANUMERIC, _holds(str.isalnum, characters)),
        (UPPER, _holds(str.isupper, characters)),
        (LOWER_CASE, _holds(str.islower, characters)),
        (NOT_UPPER, _holds(str.islower, characters) | (category == "Lt")),
        (NUMERIC, _holds(str.isnumeric, characters)),
        (DECIMAL, _holds(str.isdecimal, characters)),
        (DIGIT_CHARACTER, _holds(str.isdigit, characters)),
        (PUNCTUATION, first == "P"),
        (SYMBOL, first == "S"),
        (MARK, category == "Mn"),
        (CONTROL, category == "Cc"),
        (LETTER_OR_MARK, (first == "L") | (first == "M")),
        (ASCII_PUNCTUATION, _holds(string.punctuation.__contains__, characters)),
        (ASCII_LETTER, _holds(string.ascii_letters.__contains__, characters)),
    ):
        own[chosen] |= bit
    table = np.zeros(CODE_POINTS, np.uint32)
    table[_ASSIGNED] = own
    for bit, ranges in ((HAN, _HAN), (KANA, _KANA), (HANGUL, _HANGUL)):
        for low, high in ranges:
            table[low : high + 1] |= bit
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class Decompositions:
    """Full canonical decompositions (NFD): of code point c they are `characters[o + 1 : o + 1 + characters[o]]` with o = `offset[c]`, or c itself where o = 0.

    `offset` int32[0x110000]; `characters` uint32; `combining` uint16[0x110000]: the combining class, plus 256 for a non-spacing mark (Mn).
    """

    offset: np.ndarray
    characters: np.ndarray
    combining: np.ndarray


@cache
def decompositions() -> Decompositions:
    """The table of decompositions, Hangul syllables included."""
    offset, found = np.zeros(CODE_POINTS, np.int32), [0]
    for code in _ASSIGNED[0xC0:]:
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) > 1 or ord(parts) != code:
            offset[code] = len(found)
            found += [len(parts), *map(ord, parts)]
    combining = np.zeros(CODE_POINTS, np.uint16)
    combining[_ASSIGNED] = np.fromiter(map(unicodedata.combining, map(chr, _ASSIGNED)), np.uint16)
    combining[(facts() & MARK) != 0] += 0x100
    table = Decompositions(offset, np.array(found, np.uint32), combining)
    for array in (table.offset, table.characters, table.combining):
        array.flags.writeable = False
    return table
