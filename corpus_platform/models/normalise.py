"""The text as CCNet's language models see it.

In order: strip, lower case, accents off (NFD without Mn), decimal digits to 0, 34 punctuation marks to ASCII, control characters deleted.
Newlines are control characters: the document becomes one line, and the words at line ends are joined. `newlines="space"` keeps them apart.
Source: facebookresearch/cc_net, text_normalizer.py (`normalize`). Its table takes the full-width one for a quote; digits are mapped before, so
that it never counts.

Not here: CCNet's other normaliser, for paragraph hashes (text/), tokens (sentence_piece.py).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Literal

import numpy as np

Newlines = Literal["delete", "space"]

ASCII_OF = {
    **dict.fromkeys("„”“«»」「《》", '"'),
    **dict.fromkeys("´’", "'"),
    **dict.fromkeys("，、", ","),
    **dict.fromkeys("∶：", ":"),
    **dict.fromkeys("–━►", "-"),
    "。": ".",
    "？": "?",
    "！": "!",
    "（": "(",
    "）": ")",
    "；": ";",
    "～": "~",
    "〈": "<",
    "〉": ">",
    "【": "[",
    "】": "]",
    "％": "%",
    "．": ". ",
    "—": " - ",
    "…": "...",
}
"""Punctuation and what becomes of it."""

_DELETED = 0x110000
"""Stands for no character; one above the last code point."""
_LONGER = {mark: ascii_form for mark, ascii_form in ASCII_OF.items() if len(ascii_form) > 1}
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_ASCII_TABLE = dict.fromkeys((c for c in _CONTROLS if c < 0x80), None) | {ord(d): "0" for d in "123456789"}


def normalise(text: str, newlines: Newlines = "delete") -> str:
    """The text as one line for SentencePiece and the n-gram model; may be empty."""
    text = text.strip()
    if newlines == "space":
        text = text.replace("\n", " ")
    text = text.lower()
    if text.isascii():
        return text.translate(_ASCII_TABLE)
    text = unicodedata.normalize("NFD", text)
    for mark, ascii_form in _LONGER.items():
        text = text.replace(mark, ascii_form)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    mapped = _table()[points]
    return mapped[mapped != _DELETED].tobytes().decode("utf-32-le")


@cache
def _table() -> np.ndarray:
    """What becomes of each code point, uint32; 4.5 MB, built once per process from this Python's Unicode tables."""
    table = np.arange(0x110000, dtype=np.uint32)
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        if category == "Nd":
            table[point] = ord("0")
        elif category == "Mn":
            table[point] = _DELETED
    for mark, ascii_form in ASCII_OF.items():
        if mark not in _LONGER:
            table[ord(mark)] = ord(ascii_form)
    table[list(_CONTROLS)] = _DELETED
    # A lone surrogate is in no valid text, and must not be the reason for a crash.
    table[0xD800:0xE000] = 0xFFFD
    return table
