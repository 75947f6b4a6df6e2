"""Dolma's other taggers of a text as a whole: lengths, words of the `regex` module, paragraphs of punctuation only, personal data.

Source: allenai/dolma, python/dolma/taggers/{length,punctuation,pii}.py.

Not here: the signals that they become (dolma.py), the spans (dolma_spans.py), how personal data is found (clean/pii.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import string
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.clean.pii import Found, find
from corpus_platform.clean.pii_styles import DOLMA
from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import kept_lines
from corpus_platform.text.search import count
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.batch import Spans, TextBatch

MAX_QUESTION_MARKS = 10_000
"""A text with more is not searched for personal data."""

_WORD, _OTHER = 1, 2
_LETTER_OR_DIGIT, _MARK, _SPACE = 1, 2, 4
_CIRCLED = ((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189))
"""Symbols that are letters to Unicode's property Alphabetic."""
_PICTURES = ((0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x2600, 0x27BF))
_ZERO_WIDTH_JOINERS = (0x200C, 0x200D)


@cache
def _first_categories() -> np.ndarray:
    return np.array([unicodedata.category(chr(c)) for c in range(0x110000)])


def _circled() -> np.ndarray:
    chosen = np.zeros(0x110000, np.bool_)
    for low, high in _CIRCLED:
        chosen[low : high + 1] = True
    return chosen


@cache
def _word_classes() -> np.ndarray:
    """Word characters and others as the `regex` module has them, which follows Unicode and not Python's `re`: marks are, fractions are not."""
    category, facts = _first_categories(), unicode.facts()
    word = ((facts & unicode.WORD) != 0) & (category != "No")
    word |= (category.astype("U1") == "M") | (category == "Pc") | _circled()
    word[list(_ZERO_WIDTH_JOINERS)] = True
    table = np.where(word, _WORD, _OTHER).astype(np.uint8)
    table[(facts & unicode.SPACE) != 0] = 0
    table[0x1C:0x20] = _OTHER
    return table


@cache
def _paragraph_classes() -> np.ndarray:
    """Bits of `not_alphanum_paragraph_v1`: ASCII letters and digits; punctuation, symbols and pictures; white space."""
    facts, table = unicode.facts(), np.zeros(0x110000, np.uint8)
    table[[ord(c) for c in string.ascii_letters + string.digits]] = _LETTER_OR_DIGIT
    mark = ((facts & (unicode.PUNCTUATION | unicode.SYMBOL)) != 0) & ~_circled()
    for low, high in _PICTURES:
        mark[low : high + 1] = True
    table[mark] |= _MARK
    table[(facts & unicode.SPACE) != 0] |= _SPACE
    table[0x1C:0x20] &= ~np.uint8(_SPACE)
    return table


def regex_words(batch: TextBatch) -> np.ndarray:
    r"""`len(regex.findall(r"\w+|[^\w\s]+", text))` of each text: int64[d]."""
    return _runs(batch.data, batch.document_start, _word_classes())


def mark_paragraphs(batch: TextBatch) -> tuple[Spans, np.ndarray, np.ndarray]:
    """The paragraphs of a batch (lines with their newline), their offsets, and which have marks and white space only, and some mark: bool."""
    lines, document_line = kept_lines(batch)
    return lines, document_line, _marks_only(lines.data, lines.start, lines.end, _paragraph_classes())


def personal_data(subject: Subject) -> Found:
    """What `pii_regex_with_counts_fast_v2` finds, in its order: by paragraph, then addresses, phones, IP addresses."""
    return subject.once("dolma_pii", lambda: _found(subject.batch))


def _found(batch: TextBatch) -> Found:
    found = find(batch, DOLMA.detectors, overlaps=True)
    return found.of_documents(count(batch, "?") <= MAX_QUESTION_MARKS)


@kernel
def _runs(data: np.ndarray, document_start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Maximal runs of characters of one class, those of class 0 not counted."""
    found = np.zeros(document_start.size - 1, np.int64)
    for d in range(found.size):
        i, last = document_start[d], np.uint8(0)
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            now = table[code]
            found[d] += now != last and now > 0
            last = now
            i += size
    return found


@kernel
def _marks_only(data: np.ndarray, start: np.ndarray, end: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Ranges of marks and white space with at least one mark."""
    found = np.zeros(start.size, np.bool_)
    for line in range(start.size):
        i, only = start[line], True
        while i < end[line] and only:
            code, size = decode(data, i)
            found[line] |= (table[code] & _MARK) != 0
            only = (table[code] & (_MARK | _SPACE)) != 0 and not table[code] & _LETTER_OR_DIGIT
            i += size
        found[line] &= only
    return found
