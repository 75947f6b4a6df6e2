"""Traditional to Simplified Chinese by OpenCC, line by line, and only the lines that hold a character which is Traditional only.

A table made once per process from OpenCC's own conversion says which single characters change. Lines without one are left alone: OpenCC's phrases
take Simplified text for Traditional now and then (打坏, to smash, becomes 打坯, a blank). Within a line it is OpenCC that decides: 乾 stays in 乾隆.
Source: OpenCC, configuration `t2s` (characters and phrases, no regional vocabulary). zhconv's `zh-cn`, which EvalWeb uses, also replaces
vocabulary (資訊 -> 信息): it changes the same texts, and a few more words in them.

Promise: a line is as OpenCC gives it, or as it was.

Not here: what becomes of Traditional pages (recipes/), the share of such characters (signals/chinese.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

HAN = ((0x2E80, 0x2FE0), (0x3005, 0x3008), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))
"""Ranges of Han characters, ends exclusive: radicals, iteration and closing marks, URO, compatibility forms and all extensions."""


@cache
def _converter(configuration: str) -> Any:
    from opencc import OpenCC  # noqa: PLC0415  (loads its dictionaries)

    return OpenCC(configuration)


@cache
def simplified_characters() -> np.ndarray:
    """uint32 of size 0x110000, read-only: the Simplified form of each character, itself where it has none of its own."""
    table = np.arange(0x110000, dtype=np.uint32)
    han = [chr(code) for first, last in HAN for code in range(first, last)]
    converted = _converter("t2s").convert("\n".join(han)).split("\n")
    for before, after in zip(han, converted, strict=True):
        if len(after) == 1 and after != before:
            table[ord(before)] = ord(after)
    table.flags.writeable = False
    return table


@cache
def traditional_pattern() -> str:
    """A regular expression: one character that is Traditional only."""
    table = simplified_characters()
    changed = np.flatnonzero(table != np.arange(table.size, dtype=np.uint32))
    return f"[{''.join(map(chr, changed))}]"


def to_simplified(texts: pl.Series) -> tuple[pl.Series, np.ndarray]:
    """The texts in Simplified characters, and bool[n]: which of them have changed."""
    rows = texts.str.contains(traditional_pattern()).arg_true()
    before = texts.gather(rows)
    made = _by_lines(before, "t2s", traditional=True)
    changed = np.zeros(len(texts), np.bool_)
    changed[rows.to_numpy()] = [old != new for old, new in zip(before, made, strict=True)]
    return (texts.clone().scatter(rows, made) if changed.any() else texts), changed


def _by_lines(texts: pl.Series, mode: str, *, traditional: bool) -> list[str]:
    """The texts with the lines converted that hold a character which is Traditional only, or those that hold none."""
    lines = texts.str.split("\n")
    counts = lines.list.len().to_numpy()
    flat = lines.explode()
    holds = flat.str.contains(traditional_pattern())
    where = (holds if traditional else ~holds).arg_true()
    after = _converter(mode).convert("\n".join(flat.gather(where).to_list())).split("\n")
    made = flat.to_list()
    for i, line in zip(where.to_list(), after, strict=False):  # no lines give one empty text
        made[i] = line
    ends = np.cumsum(counts)
    return ["\n".join(made[end - count : end]) for count, end in zip(counts, ends, strict=True)]


Mode = Literal[
    "s2t", "t2s", "s2tw", "tw2s", "s2hk", "hk2s", "s2twp", "tw2sp", "t2tw", "tw2t", "hk2t", "t2hk", "t2jp", "jp2t"
]
"""OpenCC's configurations by script: `s` Simplified, `t` Traditional, `tw` and `hk` as in Taiwan and Hong Kong, `p` with their words, `jp` Japanese Kanji."""
MODES: tuple[str, ...] = get_args(Mode)


def converted(texts: pl.Series, mode: str, *, whole: bool = False) -> pl.Series:
    """The texts by one of OpenCC's modes.

    By default the lines that are in the script already are left alone: from Simplified those that hold a character which is Traditional only, to Simplified
    those that hold none; `whole` converts every text as one piece, as OpenCC does. Raises ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"OpenCC has no mode `{mode}` here; there are {', '.join(MODES)}")
    if mode == "t2s" and not whole:
        return to_simplified(texts)[0]
    rows = texts.str.contains(r"\p{Han}").arg_true()
    if not len(rows):
        return texts
    found = texts.gather(rows)
    if whole or (mode.startswith(("t", "h", "j")) and not mode.endswith(("2s", "2sp"))):
        convert = _converter(mode).convert
        return texts.clone().scatter(rows, [convert(text) for text in found.to_list()])
    return texts.clone().scatter(rows, _by_lines(found, mode, traditional=not mode.startswith("s")))


def both_scripts(words: Iterable[str]) -> tuple[str, ...]:
    """Words and their Traditional forms, in order and without repetition."""
    convert = _converter("s2t").convert
    return tuple(dict.fromkeys(form for word in words for form in (word, convert(word))))
