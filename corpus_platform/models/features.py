"""Texts as the lines that fastText classifiers read: one line a text, features parted by spaces.

- `lines`: the text itself, its lines joined by spaces (RedPajama, DCLM).
- `words`: lower-cased words, each Han and Kana character a word of its own, digits as 0, no punctuation: one form for English and Chinese.
- `math`: the same, with formulas between dollars or LaTeX brackets replaced by one word (OpenWebMath scores the text around the formulas).
- `segmented`: Chinese words of two and more characters (ChineseWebText's features), with rjieba.

Promise: a line holds no newline, and its features are the same on any machine.

Not here: training and scoring (classifier.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from corpus_platform.errors import ModelError
from corpus_platform.text.batch import TextBatch, strings_of
from corpus_platform.text.kernel import kernel
from corpus_platform.text.utf8 import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

Features = Literal["lines", "words", "math", "segmented"]

EQUATION = " equationmark "
_FORMULA = r"(?s)\$\$.{1,2000}?\$\$|\$[^$\n]{1,400}\$|\\\[.{1,2000}?\\\]|\\\(.{1,400}?\\\)"
_ALONE = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
"""Characters that are words of their own: Hiragana, Katakana, Han."""
_OWN_WORD = np.uint32(1 << 24)
_CODE = np.uint32((1 << 24) - 1)
_FULL_WIDTH = (0xFF01, 0xFF5F, 0xFEE0)


def feature_lines(texts: Sequence[str] | pl.Series, kind: Features) -> list[str]:
    """The line of each text; an empty one where nothing of it is a feature. Raises ModelError where `segmented` lacks its extra."""
    series = texts if isinstance(texts, pl.Series) else pl.Series("text", list(texts), pl.String)
    if kind == "lines":
        return series.str.replace_all("[\n\r\\x00]", " ").str.strip_chars().to_list()
    if kind == "segmented":
        return [_segmented(text) for text in series]
    if kind == "math":
        series = series.str.replace_all(_FORMULA, EQUATION)
    return words_of(TextBatch.of(series))


def words_of(batch: TextBatch) -> list[str]:
    """The `words` line of each text."""
    return strings_of(*word_bytes(batch)).to_pylist()


def word_bytes(batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
    """The same as bytes with offsets, int64[n + 1]."""
    return _words(batch.data, batch.document_start, _table())


@cache
def _table() -> np.ndarray:
    """For each code point what stands for it: 0 (parts words), or a code point, marked where it is a word of its own."""
    table = np.zeros(0x110000, np.uint32)
    for code in range(0x30000):
        character = chr(code)
        if character.isdecimal():
            table[code] = ord("0")
        elif character.isalnum():
            lower = character.lower()
            table[code] = ord(lower) if len(lower) == 1 else code
    for first, last in _ALONE:
        letters = table[first : last + 1]
        letters[letters != 0] |= _OWN_WORD
    table[0x30000:0x40000] = np.arange(0x30000, 0x40000, dtype=np.uint32) | _OWN_WORD
    first, end, shift = _FULL_WIDTH
    table[first:end] = table[first - shift : end - shift]
    return table


@cache
def _segmenter() -> object:
    try:
        import rjieba  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ModelError('rjieba is not installed, which this model cuts words with: pip install "rjieba"') from error
    return rjieba


def _segmented(text: str) -> str:
    words = _segmenter().cut(text, False)  # type: ignore[attr-defined]
    return " ".join(word for word in words if len(word) > 1 and not word.isspace())


@kernel
def _words(data: np.ndarray, document_start: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The words of each text parted by single spaces: bytes, and offsets of size n + 1."""
    # A character takes at most one byte more than it had, and a space.
    out = np.empty(2 * data.size + 8, np.uint8)
    out_start = np.zeros(document_start.size, np.int64)
    to = np.int64(0)
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        first = to
        apart = False
        while i < last:
            code, size = decode(data, i)
            i += size
            fact = table[code]
            if fact == 0:
                apart = True
                continue
            alone = (fact & _OWN_WORD) != 0
            if (apart or alone) and to > first:
                out[to] = 32
                to += 1
            apart = alone
            to = encode(np.int64(fact & _CODE), out, to)
        out_start[d + 1] = to
    return out[:to], out_start
