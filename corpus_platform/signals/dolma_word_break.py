"""Unicode word segments (UAX #29), counted as Dolma's uniseg taggers count them.

Promise: the rules WB1 to WB999 with the Word_Break property of the `regex` module, whose Unicode version may be newer than Python's.
Source: Unicode standard annex 29; dolma taggers/length.py (uniseg_length_v1).

Not here: the words of other signals (text/words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.lines import strip
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans, TextBatch

_PROPERTIES = (
    "Other",
    "CR",
    "LF",
    "Newline",
    "Extend",
    "ZWJ",
    "Format",
    "Regional_Indicator",
    "Katakana",
    "Hebrew_Letter",
    "ALetter",
    "Single_Quote",
    "Double_Quote",
    "MidNumLet",
    "MidLetter",
    "MidNum",
    "Numeric",
    "ExtendNumLet",
    "WSegSpace",
)
(
    _OTHER,
    _CR,
    _LF,
    _NEWLINE,
    _EXTEND,
    _JOINER,
    _FORMAT,
    _FLAG,
    _KATAKANA,
    _HEBREW,
    _LETTER,
    _QUOTE,
    _QUOTES,
    _MID_BOTH,
    _MID_LETTER,
    _MID_NUMBER,
    _NUMBER,
    _LOW_LINE,
    _SPACE,
) = range(len(_PROPERTIES))
_CEDILLA = 0xB8
"""A letter since Unicode 17; uniseg, and so Dolma, counts by Unicode 16. No other assigned character differs."""
_PICTURE = 32
"""Bit of a pictograph, beside the property."""


@cache
def word_break_table() -> np.ndarray:
    """Word_Break of each code point as an index, with bit 32 for Extended_Pictographic: uint8 of size 0x110000."""
    import regex  # noqa: PLC0415  (used here only)

    every = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    table = np.zeros(0x110000, np.uint8)
    for value, name in enumerate(_PROPERTIES[1:], 1):
        table[[ord(c) for c in regex.findall(rf"\p{{Word_Break={name}}}", every)]] = value
    table[_CEDILLA] = _OTHER
    table[[ord(c) for c in regex.findall(r"\p{Extended_Pictographic}", every)]] |= _PICTURE
    table.flags.writeable = False
    return table


def word_segments(batch: TextBatch) -> np.ndarray:
    """Segments of each text, stripped before, white space among them: int64[n]; 0 where nothing is left."""
    spans: Spans = strip(batch.documents)
    return _segments(spans.data, spans.start, spans.end, word_break_table())


@inlined
def _is_letter(value: int) -> bool:
    return value in (_LETTER, _HEBREW)


@part
def _next(data: np.ndarray, i: int, end: int, table: np.ndarray) -> int:
    """Property of the next character that is none of Extend, Format and ZWJ; Other at the end."""
    while i < end:
        code, size = decode(data, i)
        value = table[code] & 31
        if value not in (_EXTEND, _FORMAT, _JOINER):
            return value
        i += size
    return _OTHER


@part
def _joins(before: int, last: int, now: int, after: int) -> bool:
    """Do the rules WB5 to WB13b keep two characters together: the last two before, this one, and the one after."""
    letter, number = _is_letter(last), last == _NUMBER
    plain = _is_letter(now) or now == _NUMBER
    runs = (letter or number) and (plain or now == _LOW_LINE)
    runs |= last == _KATAKANA and now in (_KATAKANA, _LOW_LINE)
    runs |= last == _LOW_LINE and (plain or now in (_KATAKANA, _LOW_LINE))
    in_word = (letter and now in (_MID_LETTER, _MID_BOTH, _QUOTE) and _is_letter(after)) or (
        _is_letter(before) and last in (_MID_LETTER, _MID_BOTH, _QUOTE) and _is_letter(now)
    )
    in_number = (number and now in (_MID_NUMBER, _MID_BOTH, _QUOTE) and after == _NUMBER) or (
        before == _NUMBER and last in (_MID_NUMBER, _MID_BOTH, _QUOTE) and now == _NUMBER
    )
    in_hebrew = (last == _HEBREW and (now == _QUOTE or (now == _QUOTES and after == _HEBREW))) or (
        before == _HEBREW and last == _QUOTES and now == _HEBREW
    )
    return runs or in_word or in_number or in_hebrew


@kernel
def _segments(data: np.ndarray, start: np.ndarray, end: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Word segments of each range."""
    found = np.zeros(start.size, np.int64)
    for row in range(start.size):
        i = start[row]
        raw, last, before, flags = -1, _OTHER, _OTHER, 0
        while i < end[row]:
            code, size = decode(data, i)
            now, picture = table[code] & 31, (table[code] & _PICTURE) != 0
            ignored = now in (_EXTEND, _FORMAT, _JOINER)
            if raw < 0 or raw in (_CR, _LF, _NEWLINE) or now in (_CR, _LF, _NEWLINE):
                together = raw == _CR and now == _LF
                ignored = False
            elif (raw == _JOINER and picture) or (raw == _SPACE and now == _SPACE) or ignored:
                together = True
            elif now == _FLAG and last == _FLAG:
                together = flags % 2 == 1
            else:
                together = _joins(before, last, now, _next(data, i + size, end[row], table))
            found[row] += not together
            if not ignored:
                flags = flags + 1 if now == _FLAG else 0
                before, last = last, now
            raw = now
            i += size
    return found
