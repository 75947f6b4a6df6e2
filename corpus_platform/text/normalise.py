"""Normalised lines at compiled speed: one loop over UTF-8 bytes, driven by tables of Unicode facts.

`norm_cc` is CCNet's normalisation for paragraph hashes: strip; lower-case; every decimal digit becomes 0; delete 34 punctuation and all control
characters. A line's lower case is that of Python's `str.lower`, rule of the final sigma included. It is taken inside the line, which is
the same as in the document: newlines and white space are neither cased nor ignorable, so no sigma looks past them.
Promise: equal to the plain Python of the definition on any text.
Source: facebookresearch/cc_net, text_normalizer.py (normalize_for_dedup).

Not here: hashing (sha1.py), what is done with equal lines (dedup/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import re
import string
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch, gather
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

CC_PUNCTUATION = "，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►"
"""What CCNet deletes from a paragraph before hashing it. ASCII punctuation stays. The full-width one has no effect: it is 0 by then."""

_WHITE = np.uint32(unicode.WHITE)
_CASED = np.uint32(unicode.CASED)
_IGNORABLE = np.uint32(unicode.IGNORABLE)
_LOWER = np.uint32(unicode.LOWER)
_CAPITAL_SIGMA = unicode.CAPITAL_SIGMA
_FINAL_SIGMA = unicode.FINAL_SIGMA
_CAPITAL_I_DOT = unicode.CAPITAL_I_DOT
_NOTHING = unicode.LOWER
"""Stands in the table for a character that is deleted; it is not a code point."""


@cache
def _cc_table() -> np.ndarray:
    """The Unicode table with CCNet's replacement in the place of the lower-case character."""
    table = unicode.code_points().copy()
    lower = (table & _LOWER).astype(np.int64)
    deleted = np.zeros(unicode.CODE_POINTS, bool)
    deleted[[ord(c) for c in CC_PUNCTUATION]] = True
    deleted[0:0x20] = deleted[0x7F:0xA0] = True
    replacement = np.where((table[lower] & unicode.DIGIT) != 0, ord("0"), np.where(deleted[lower], _NOTHING, lower))
    return (table & ~_LOWER) | replacement.astype(np.uint32)


def norm_cc(lines: Spans) -> Spans:
    """CCNet's normalised form of each line, in a buffer of its own."""
    data, start = _normalise(lines.data, lines.start, lines.end, _cc_table())
    return Spans(data, start[:-1], start[1:])


def strip(lines: Spans) -> Spans:
    """Each line without white space at its ends, as `str.strip` does it: narrower spans of the same buffer."""
    return Spans(lines.data, *_strip(lines.data, lines.start, lines.end, unicode.code_points()))


def _each(batch: TextBatch, function: Callable[[str], str]) -> TextBatch:
    return TextBatch.of([function(text) for text in batch.documents.strings().to_pylist()])


def norm_rp(batch: TextBatch) -> TextBatch:
    """RedPajama-V2's normal form of each text: ASCII punctuation deleted; lower case; stripped; white space runs to one space; NFD."""
    return _each(batch, _norm_rp)


def norm_rp_spans(spans: Spans) -> Spans:
    """`norm_rp` of each span by itself, in a buffer of its own."""
    return norm_rp(TextBatch(*gather(spans.data, spans.start, spans.end))).documents


def norm_slim(batch: TextBatch) -> TextBatch:
    """SlimPajama's normal form of each text: lower case; ASCII punctuation deleted; stripped; white space runs to one space."""
    return _each(batch, lambda text: re.sub(r"\s+", " ", text.lower().translate(_ASCII_PUNCTUATION).strip()))


def lower(batch: TextBatch) -> TextBatch:
    """`str.lower` of each text."""
    return _each(batch, str.lower)


def norm_dt(batch: TextBatch) -> TextBatch:
    """Datatrove's `simplify_text` of each text."""
    return _each(batch, _norm_dt)


_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
DATATROVE_PUNCTUATION = (
    "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
    + "".join(map(chr, [*range(9), 11, 12, *range(13, 32), *range(127, 160)]))
)
_TO_SPACE = str.maketrans(dict.fromkeys(DATATROVE_PUNCTUATION, " "))


def _norm_rp(text: str) -> str:
    text = text.translate(_ASCII_PUNCTUATION).lower().strip()
    return unicodedata.normalize("NFD", re.sub(r"\s+", " ", text))


def _norm_dt(text: str) -> str:
    text = re.sub(r"\d+([.,،٫⎖⎗⎘]\d+)?", "0", text.lower()).translate(_TO_SPACE)
    text = unicodedata.normalize("NFD", re.sub(r"\s+", " ", text.strip()))
    return "".join(c for c in text if unicodedata.category(c) != "Mn").strip()


@kernel
def _decode(data: np.ndarray, i: int) -> tuple[int, int]:
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


@kernel
def _before(data: np.ndarray, i: int) -> int:
    """First byte of the character that ends before i."""
    i -= 1
    while (data[i] & 0xC0) == 0x80:
        i -= 1
    return i


@kernel
def _encode(code: int, data: np.ndarray, i: int) -> int:
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


@kernel
def _trim(data: np.ndarray, start: int, end: int, table: np.ndarray) -> tuple[int, int]:
    """A range without white space at its ends."""
    while start < end:
        code, size = _decode(data, start)
        if not table[code] & _WHITE:
            break
        start += size
    while start < end:
        last = _before(data, end)
        if not table[_decode(data, last)[0]] & _WHITE:
            break
        end = last
    return start, end


@kernel
def _strip(data: np.ndarray, start: np.ndarray, end: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`_trim` for each line."""
    first, last = np.empty_like(start), np.empty_like(end)
    for line in range(start.size):
        first[line], last[line] = _trim(data, start[line], end[line], table)
    return first, last


@kernel
def _is_final_sigma(data: np.ndarray, start: int, end: int, at: int, table: np.ndarray) -> bool:
    """Is a capital sigma at `at` the last letter of a word: a cased letter before it and none after, ignorable characters aside."""
    i, fact = at, np.uint32(0)
    while i > start:
        i = _before(data, i)
        fact = table[_decode(data, i)[0]]
        if not fact & _IGNORABLE:
            break
    if not fact & _CASED:
        return False
    i, fact = at + 2, np.uint32(0)
    while i < end:
        code, size = _decode(data, i)
        fact = table[code]
        if not fact & _IGNORABLE:
            break
        i += size
    return not fact & _CASED


@kernel
def _normalise(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Strips each range and replaces its characters as the table says: bytes, and offsets of size n + 1."""
    size = np.int64(0)
    for line in range(start.size):
        size += end[line] - start[line]
    # Lower case takes at most three bytes where the capital took two.
    out, out_start = np.empty(size + size // 2 + 4, np.uint8), np.zeros(start.size + 1, np.int64)
    ascii_table, ascii_kept = np.empty(128, np.uint8), np.empty(128, np.int64)
    for code in range(128):
        replacement = table[code] & _LOWER
        ascii_table[code], ascii_kept[code] = replacement, replacement != _NOTHING
    to = np.int64(0)
    for line in range(start.size):
        first, last = _trim(data, start[line], end[line], table)
        i = first
        while i < last:
            byte = data[i]
            if byte < 0x80:
                out[to] = ascii_table[byte]
                to += ascii_kept[byte]
                i += 1
                continue
            code, length = _decode(data, i)
            replacement = np.int64(table[code] & _LOWER)
            if code == _CAPITAL_SIGMA and _is_final_sigma(data, first, last, i, table):
                replacement = _FINAL_SIGMA
            if code == _CAPITAL_I_DOT:
                to = _encode(0x307, out, _encode(0x69, out, to))
            elif replacement != _NOTHING:
                to = _encode(replacement, out, to)
            i += length
        out_start[line + 1] = to
    return out[:to], out_start
