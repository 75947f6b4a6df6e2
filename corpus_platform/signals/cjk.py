"""Words of languages without spaces: runs of Chinese characters and kana cut into single characters, other words left as they are.

A word that holds a Chinese character, kana or full-width punctuation is cut: each such letter, with the marks on it, is a word; runs of other letters and
digits stay together; punctuation and symbols are dropped. Any other word stays, so texts without CJK characters keep their words exactly.
Promise: equal bytes have equal hashes, as in text/words.py; Korean, which has spaces, is not cut.

Not here: real word segmentation, which needs a dictionary.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans
from corpus_platform.text.hashing import measure
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.utf8 import decode
from corpus_platform.text.words import Tokens

_OTHER, _LETTER, _MARK, _PUNCTUATION, _WIDE_PUNCTUATION = range(5)
_FIRST_BYTE = 0xE3
"""No CJK character's UTF-8 starts with a smaller byte."""


class Cut(NamedTuple):
    """Words after cutting, and how many each word became: int32 of the number of words before."""

    words: Tokens
    pieces: np.ndarray


def cut_cjk(tokens: Tokens) -> Cut:
    """The words, cut where they hold CJK characters; the same words where none does."""
    spans = tokens.spans
    pieces, changed = _pieces(spans.data, spans.start, spans.end, tokens.document_token, _classes())
    if not changed.any():
        return Cut(tokens, pieces)
    start, end, characters, hashes, document_token, new = _cut(
        spans.data,
        spans.start,
        spans.end,
        tokens.characters,
        tokens.hash,
        tokens.document_token,
        pieces,
        changed,
        _classes(),
    )
    characters[new], hashes[new] = measure(Spans(spans.data, start[new], end[new]))
    return Cut(Tokens(Spans(spans.data, start, end), document_token, characters, hashes), np.abs(pieces))


@cache
def _classes() -> np.ndarray:
    """What each code point is to a cut: uint8 of size 0x110000."""
    facts = unicode.facts()
    classes = np.full(unicode.CODE_POINTS, _OTHER, np.uint8)
    classes[(facts & (unicode.PUNCTUATION | unicode.SYMBOL)) != 0] = _PUNCTUATION
    for low, high in ((0x3000, 0x3040), (0xFF00, 0xFFF0)):
        wide = classes[low:high]
        wide[wide == _PUNCTUATION] = _WIDE_PUNCTUATION
    classes[(facts & unicode.MARK) != 0] = _MARK
    classes[(facts & (unicode.HAN | unicode.KANA)) != 0] = _LETTER
    return classes


@part
def _is_wide(data: np.ndarray, start: int, end: int) -> bool:
    """May the bytes hold a CJK character."""
    wide = False
    for i in range(start, end):
        wide |= data[i] >= _FIRST_BYTE
    return wide


@kernel
def _pieces(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, document_token: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Words that each word becomes, negative (or 0) where it is cut, 1 where it stays; and in which documents some word is cut."""
    pieces = np.ones(start.size, np.int32)
    changed = np.zeros(document_token.size - 1, np.bool_)
    for d in range(changed.size):
        first, last = document_token[d], document_token[d + 1]
        if first == last or not _is_wide(data, start[first], end[last - 1]):
            continue
        for t in range(first, last):
            if not _is_wide(data, start[t], end[t]):
                continue
            i, found, cjk, piece = start[t], 0, False, _PUNCTUATION
            while i < end[t]:
                code, size = decode(data, i)
                kind = classes[code]
                cjk |= kind in (_LETTER, _WIDE_PUNCTUATION)
                found += kind == _LETTER or (kind == _OTHER and piece != _OTHER)
                piece = piece if kind == _MARK else kind
                i += size
            if cjk:
                pieces[t] = -found
                changed[d] = True
    return pieces, changed


@kernel
def _cut(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    characters: np.ndarray,
    hashes: np.ndarray,
    document_token: np.ndarray,
    pieces: np.ndarray,
    changed: np.ndarray,
    classes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start, end, code points and hash of each word after cutting, the first word of each document, and which are pieces: those lack the two measures."""
    total = np.abs(pieces).sum()
    first, last, new = np.empty(total, np.int64), np.empty(total, np.int64), np.zeros(total, np.bool_)
    length, value = np.empty(total, np.int32), np.empty(total, np.uint64)
    offset = np.zeros(document_token.size, np.int64)
    to = 0
    for d in range(document_token.size - 1):
        t, stop = document_token[d], document_token[d + 1]
        while t < stop:
            stay = t
            while stay < stop and (pieces[stay] > 0 or not changed[d]):
                stay += 1
            size = stay - t
            first[to : to + size], last[to : to + size] = start[t:stay], end[t:stay]
            length[to : to + size], value[to : to + size] = characters[t:stay], hashes[t:stay]
            to, t = to + size, stay
            if t < stop:
                to = _cut_word(data, start[t], end[t], classes, first, last, new, to)
                t += 1
        offset[d + 1] = to
    return first, last, length, value, offset, new


@part
def _cut_word(
    data: np.ndarray,
    i: int,
    stop: int,
    classes: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    new: np.ndarray,
    to: int,
) -> int:
    """Writes the pieces of a word from `to` on; returns the place after them."""
    piece = _PUNCTUATION  # what the open piece is; punctuation: none is open
    while i < stop:
        code, size = decode(data, i)
        kind = classes[code]
        if kind == _LETTER or (kind == _OTHER and piece != _OTHER):
            first[to], new[to] = i, True
            to += 1
        piece = piece if kind == _MARK else kind
        i += size
        if piece in (_LETTER, _OTHER):
            last[to - 1] = i
    return to
