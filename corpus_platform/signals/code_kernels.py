"""One pass over the characters of programs: lines, letters, digits, and how many pieces a tokenizer of subwords would make of them.

Pieces stand in for the tokens of GPT-NeoX' tokenizer, which is not to be had without its files: a word of letters is a piece for each eight letters that
it has begun, and a new word begins at a capital that follows a small letter; digits are one for each three, marks for each three in a row, white space one
for each run of more than a single space, and each character of Chinese, Japanese or Korean writing is one. Held against a byte-pair tokenizer of 100,000
entries (cl100k) on 404 files of installed packages in 16 languages, pieces are 0.98 to 1.22 times the tokens in nine of ten files, 1.10 in the middle; the rule
of 1.5 letters a token parts 98.3 % of the files alike.
Promise: lines are those of `str.splitlines`, letters and digits those of `str.isalpha`, `str.isalnum` and `str.isdigit`.

Not here: which signals come of it (code.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

CHARACTERS, LINES, LONGEST_LINE, ALPHANUMERIC, ALPHABETIC, DIGITS, PIECES, SPACES = range(8)
"""Columns of what the pass counts in each document."""

_WORD_LETTERS, _NUMBER_DIGITS, _MARKS = 8, 3, 3
_ALPHABETIC, _ALPHANUMERIC, _DIGIT = unicode.ALPHABETIC, unicode.ALPHANUMERIC, unicode.DIGIT_CHARACTER
_SPACE, _BREAK, _UPPER = unicode.SPACE, unicode.LINE_BREAK, unicode.UPPER
_ALONE = unicode.HAN | unicode.KANA | unicode.HANGUL
_NOTHING, _LETTERS, _NUMBER, _MARK, _WHITE = range(5)


def scan(batch: TextBatch) -> np.ndarray:
    """Counts of each document: int64[n, 8]."""
    return _scan(batch.data, batch.document_start, unicode.facts())


@kernel
def _scan(data: np.ndarray, document_start: np.ndarray, facts: np.ndarray) -> np.ndarray:
    """One loop over the characters of all documents."""
    found = np.zeros((document_start.size - 1, 8), np.int64)
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        line, longest, lines = 0, 0, 0
        kind, run, small, after_return = _NOTHING, 0, False, False
        characters, alphanumeric, alphabetic, digits, pieces, spaces = 0, 0, 0, 0, 0, 0
        while i < last:
            code, size = decode(data, i)
            i += size
            fact = facts[code]
            characters += 1
            if fact & _BREAK:
                if not (code == 10 and after_return):
                    lines += 1
                    longest = max(longest, line)
                line = 0
            else:
                line += 1
            after_return = code == 13
            alphanumeric += (fact & _ALPHANUMERIC) != 0
            digits += (fact & _DIGIT) != 0
            is_letter = (fact & _ALPHABETIC) != 0
            alphabetic += is_letter
            if fact & _ALONE:
                pieces += 1
                kind, run = _NOTHING, 0
            elif is_letter:
                is_upper = (fact & _UPPER) != 0
                starts = kind != _LETTERS or (is_upper and small)
                run = 1 if starts else run + 1
                pieces += starts or run % _WORD_LETTERS == 1
                kind, small = _LETTERS, not is_upper
            elif fact & _DIGIT:
                run = run + 1 if kind == _NUMBER else 1
                pieces += run % _NUMBER_DIGITS == 1
                kind = _NUMBER
            elif fact & (_SPACE | _BREAK):
                spaces += 1
                run = run + 1 if kind == _WHITE else 1
                # A single space belongs to the word behind it, a newline does not.
                pieces += (run == 1 and code != 32) or (run == 2 and data[i - 2] == 32)
                kind = _WHITE
            else:
                run = run + 1 if kind == _MARK else 1
                pieces += run % _MARKS == 1
                kind = _MARK
        if line:
            lines += 1
            longest = max(longest, line)
        found[d] = (characters, lines, longest, alphanumeric, alphabetic, digits, pieces, spaces)
    return found
