"""Loops behind the Gopher measures: words with their facts, marks and lines of a text, paragraphs.

Not here: what is made of the counts (gopher.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.clean import marks
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.lines import trim
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

STOP_PLACES = 512
"""Places of the table of stop words: a power of two."""

_NOT_SYMBOL = np.uint32(marks.NOT_SYMBOL)
_ALPHABETIC = np.uint32(unicode.ALPHABETIC)
_BOTH = _NOT_SYMBOL | _ALPHABETIC
_MASK = np.uint64(STOP_PLACES - 1)
_CHINESE_BULLETS = np.array(sorted(map(ord, "•·●◆■※-－—")))


def paragraph_spans(batch: TextBatch) -> tuple[Spans, np.ndarray]:
    """Paragraphs of each stripped text, split at two or more newlines, and their offsets by document (int64[n + 1]); none where there is only one."""
    start, end, offset = _paragraphs(batch.data, batch.document_start, unicode.facts())
    return Spans(batch.data, start, end), offset


@kernel
def word_facts(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_token: np.ndarray,
    characters: np.ndarray,
    hashes: np.ndarray,
    facts: np.ndarray,
    stop_keys: np.ndarray,
    stop_bits: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By document: words with a character that is no punctuation, their characters, words with a letter, and distinct stop words."""
    n = document_token.size - 1
    real, length, alphabetic = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    stops = np.zeros(n, np.int64)
    for d in range(n):
        seen = np.int64(0)
        for t in range(document_token[d], document_token[d + 1]):
            found = _some(data, start[t], end[t], facts)
            if found & _NOT_SYMBOL:
                real[d] += 1
                length[d] += characters[t]
            alphabetic[d] += (found & _ALPHABETIC) != 0
            if characters[t] <= 4:
                seen |= _stop_bit(hashes[t], stop_keys, stop_bits)
        while seen:
            stops[d] += seen & 1
            seen >>= 1
    return real, length, alphabetic, stops


@part
def _some(data: np.ndarray, start: int, end: int, facts: np.ndarray) -> np.uint32:
    """Facts of some characters of a word, until both that are asked for are found."""
    found = np.uint32(0)
    i = start
    while i < end:
        byte = data[i]
        if byte < 0x80:
            found |= facts[byte]
            i += 1
        else:
            code, size = decode(data, i)
            found |= facts[code]
            i += size
        if found & _BOTH == _BOTH:
            break
    return found


@part
def _stop_bit(value: np.uint64, keys: np.ndarray, bits: np.ndarray) -> int:
    """The bit of a stop word, 0 for any other word."""
    place = value & _MASK
    while keys[place] != 0:
        if keys[place] == value:
            return bits[place]
        place = np.uint64(place + np.uint64(1)) & _MASK
    return np.int64(0)


@kernel
def text_marks(
    data: np.ndarray,
    document_start: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_line: np.ndarray,
    facts: np.ndarray,
    chinese: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By document: `#`, ellipses, lines that begin with a bullet, lines that end with an ellipsis. `chinese`: more bullets, and `……` is one."""
    n = document_start.size - 1
    hashes, ellipses = np.zeros(n, np.int64), np.zeros(n, np.int64)
    bullets, ends = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for d in range(n):
        hashes[d], ellipses[d] = _symbols(data, document_start[d], document_start[d + 1], chinese)
        for line in range(document_line[d], document_line[d + 1]):
            first, stop = trim(data, start[line], end[line], facts, True, True)
            if first == stop:
                continue
            code, _ = decode(data, first)
            bullets[d] += (code == 45) | (code == 0x2022) | (chinese and np.any(_CHINESE_BULLETS == code))  # noqa: SIM300
            if stop - first >= 3:
                a, b, c = data[stop - 3], data[stop - 2], data[stop - 1]
                ends[d] += (a == 46 and b == 46 and c == 46) | (a == 0xE2 and b == 0x80 and c == 0xA6)
    return hashes, ellipses, bullets, ends


@part
def _symbols(data: np.ndarray, i: int, end: int, chinese: bool) -> tuple[int, int]:
    """`#` and ellipses of a text."""
    hashes, ellipses = np.int64(0), np.int64(0)
    while i < end:
        byte = data[i]
        if byte == 35:
            hashes += 1
        elif byte == 46:
            if i + 2 < end and data[i + 1] == 46 and data[i + 2] == 46:
                ellipses += 1
                i += 2
        elif byte == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0xA6:
            ellipses += 1
            i += 2
            if chinese and i + 3 < end and data[i + 1] == 0xE2 and data[i + 2] == 0x80 and data[i + 3] == 0xA6:
                i += 3
        i += 1
    return hashes, ellipses


@kernel
def _paragraphs(
    data: np.ndarray, document_start: np.ndarray, facts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of the paragraphs of documents that have more than one, and offsets by document."""
    room = 0
    for i in range(1, data.size):
        room += (data[i] == 10) & (data[i - 1] == 10)
    room += document_start.size
    start, end = np.empty(room, np.int64), np.empty(room, np.int64)
    offset = np.zeros(document_start.size, np.int64)
    p = 0
    for d in range(document_start.size - 1):
        i, last = trim(data, document_start[d], document_start[d + 1], facts, True, True)
        first, before = i, p
        while i < last:
            if data[i] == 10 and i + 1 < last and data[i + 1] == 10:
                start[p], end[p] = first, i
                p += 1
                while data[i] == 10:
                    i += 1
                first = i
            else:
                i += 1
        if p > before:
            start[p], end[p] = first, last
            p += 1
        offset[d + 1] = p
    return start[:p], end[:p], offset
