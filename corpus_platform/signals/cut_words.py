"""Words cut as a system says: at which characters, which of them stand alone, and what is stripped from a word's ends.

BigScience's words, which Data-Juicer took over, lie between spaces, tabs and newlines and lose special characters at both ends; Chinese and Japanese
have no spaces, so there each character is a word in texts for which the caller says so.
Promise: equal to splitting and stripping in plain Python on any text; words that become empty are dropped.

Not here: the words that need no table (text/words.py), what is counted (roots.py, data_juicer.py, dolma.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel
from corpus_platform.text.utf8 import before, decode
from corpus_platform.text.words import tokens_at

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch
    from corpus_platform.text.words import Tokens

BETWEEN, ALONE, SPECIAL = 1, 2, 4
"""Bits of a character in a table: it separates words; it is a word where single characters are; it is stripped from the ends of words."""


@cache
def white_space() -> np.ndarray:
    """Words between white space, Chinese characters and kana alone, nothing stripped: uint8 of size 0x110000."""
    facts = unicode.facts()
    return ((facts & unicode.SPACE) != 0) * np.uint8(BETWEEN) | alone()


@cache
def alone() -> np.ndarray:
    """`ALONE` for Chinese characters and kana: uint8 of size 0x110000."""
    return ((unicode.facts() & (unicode.HAN | unicode.KANA)) != 0) * np.uint8(ALONE)


def cut_words(batch: TextBatch, table: np.ndarray, single: np.ndarray | None = None) -> Tokens:
    """The words of each text; `table` uint8[0x110000] of bits, `single` bool[d]: documents in which `ALONE` characters are words."""
    chosen = np.zeros(len(batch), np.bool_) if single is None else single
    start, end, document_token = _cut(batch.data, batch.document_start, table, chosen)
    return tokens_at(batch.data, start, end, document_token)


@kernel
def _cut(
    data: np.ndarray, document_start: np.ndarray, table: np.ndarray, single: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each word that is left, and the first word of each document."""
    start, end = np.empty(data.size + 1, np.int64), np.empty(data.size + 1, np.int64)
    document_token = np.zeros(document_start.size, np.int64)
    t = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        cuts = np.uint8(BETWEEN | ALONE) if single[d] else np.uint8(BETWEEN)
        while i < last:
            code, size = decode(data, i)
            if table[code] & BETWEEN:
                i += size
                continue
            first, stop = i, i + size
            if not table[code] & cuts:
                while stop < last:
                    code, size = decode(data, stop)
                    if table[code] & cuts:
                        break
                    stop += size
            i = stop
            while first < stop and table[decode(data, first)[0]] & SPECIAL:
                first += decode(data, first)[1]
            while first < stop and table[decode(data, before(data, stop))[0]] & SPECIAL:
                stop = before(data, stop)
            if first < stop:
                start[t], end[t] = first, stop
                t += 1
        document_token[d + 1] = t
    return start[:t].copy(), end[:t].copy(), document_token
