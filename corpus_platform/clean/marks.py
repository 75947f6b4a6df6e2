"""Punctuation that rules of the web systems name, and the table of facts that their kernels read.

`SYMBOLS`: characters of which a word must have another one to count as a word in datatrove's Gopher filter. `TERMINAL`: marks that end a line in
FineWeb's filter, which are Unicode's Sentence_Terminal of many scripts; ASCII quotes and closing brackets are not among them.
Entry c of `facts()` is that of text/unicode.py with the bits below added.
Source: huggingface/datatrove, utils/text.py (which characters); explosion/spaCy, lang/punctuation.py (where a token is cut).

Not here: what is done with the marks (sentences.py, c4_lines.py, signals/).
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np

from corpus_platform.text import unicode

NOT_SYMBOL = 1 << 24
"""Makes a word a word: a character outside datatrove's punctuation."""
TERMINAL_MARK = 1 << 25
"""Ends a sentence in one of many scripts."""
SENTENCE_MARK = 1 << 26
"""A token of this one character ends a sentence to spaCy's sentencizer."""
WIDE_MARK = 1 << 27
"""Ends a sentence wherever it stands, for its script writes no spaces."""
PREFIX = 1 << 28
"""Cut off the start of a word."""
SUFFIX = 1 << 29
"""Cut off the end of a word."""
BEFORE_POINT = 1 << 30
"""A final point after it is a token of its own."""
QUOTE = 1 << 31
"""Quotation marks and brackets as spaCy joins them."""


def _characters(ranges: str) -> list[int]:
    """Code points of `21 2E-3F ...`."""
    found: list[int] = []
    for part in ranges.split():
        first, _, last = part.partition("-")
        found.extend(range(int(first, 16), int(last or first, 16) + 1))
    return found


_SENTENCE_MARKS = _characters(
    "21 2E 3F 589 61F 6D4 700-702 7F9 964-965 104A-104B 1362 1367-1368 166E 1735-1736 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1C3B-1C3C "
    "1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 "
    "FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF 11238-11239 1123B-1123C 112A9 "
    "1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11A42-11A43 11A9B-11A9C 11C41-11C42 16A6E-16A6F 16AF5 16B37-16B38 16B44 1BC9F 1DA88"
)
_MORE_TERMINAL = _characters(
    "61D-61E 837 839 83D-83E 17D4-17D6 17D9-17DA 1B7D-1B7E 2E53-2E54 10F55-10F59 10F86-10F89 11944 11946 11EF7-11EF8 11F43-11F44 16E98"
)
TERMINAL = "".join(map(chr, sorted(_SENTENCE_MARKS + _MORE_TERMINAL)))
"""The 159 terminal marks of datatrove."""

_PUNCTUATION = _characters(
    "0-8 B-1F 21-2F 3A-40 5B-60 7B-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA 3001-3002 3008-300D 3010-3011 FF01 FF05 FF08-FF09 FF0C "
    "FF0E FF11 FF1A-FF1B FF1F FF5E"
)
SYMBOLS = frozenset(map(chr, _PUNCTUATION)) | frozenset(TERMINAL)
"""datatrove's punctuation and control characters; the full-width figure one is among them, as in CCNet's list."""

_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉〈〉⟦⟧"
_PUNCTUATION_TOKENS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
_CURRENCY = "$£€¥฿₽﷼₴" + "".join(map(chr, range(0x20A0, 0x20C0)))
_UNKNOWN_SCRIPTS = _characters("530-58F A00-B7F D00-D7F E00-11FF 1780-17FF")
"""Armenian, Gurmukhi to Oriya, Malayalam, Thai to Georgian and Khmer: spaCy has no letters of theirs, so a point stays with its word."""
_WIDE_MARKS = "。！？｡．"


@cache
def facts() -> np.ndarray:
    """Read-only uint32 of size 0x110000: the facts of text/unicode.py and those of this module."""
    table = unicode.facts().copy()
    table[:] |= np.uint32(NOT_SYMBOL)
    table[[ord(c) for c in SYMBOLS]] &= np.uint32(0xFFFFFFFF ^ NOT_SYMBOL)
    symbols = np.flatnonzero(table & unicode.SYMBOL)
    icons = [int(c) for c in symbols if unicodedata.category(chr(c)) == "So"]
    points = (table & unicode.ALPHABETIC != 0) & (table & unicode.UPPER == 0) | (table & unicode.DECIMAL != 0)
    points[_UNKNOWN_SCRIPTS] = False
    table[points] |= np.uint32(BEFORE_POINT)
    for bit, characters in (
        (TERMINAL_MARK, TERMINAL),
        (SENTENCE_MARK, map(chr, _SENTENCE_MARKS)),
        (WIDE_MARK, _WIDE_MARKS),
        (PREFIX, _QUOTES + _PUNCTUATION_TOKENS + _CURRENCY + "§%=—–+"),
        (SUFFIX, _QUOTES + _PUNCTUATION_TOKENS + "—–"),
        (BEFORE_POINT, _QUOTES + _PUNCTUATION_TOKENS + "%²-+|"),
        (QUOTE, _QUOTES),
    ):
        table[[ord(c) for c in characters]] |= np.uint32(bit)
    table[icons] |= np.uint32(PREFIX | SUFFIX)
    table.flags.writeable = False
    return table
