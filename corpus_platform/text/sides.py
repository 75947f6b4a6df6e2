r"""The two sides of texts that hold pairs: a pair is two lines, source and target, and an empty line stands between pairs.

    "Hello.\n你好。\n\nBye.\n再见。"  ->  "Hello.\nBye.", "你好。\n再见。"

A text of one line has no target.

Not here: how such texts are made (readers/parallel.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Side = Literal["source", "target"]
_PERIOD = 3
_FIRST: dict[str, int] = {"source": 0, "target": 1}


def side_lines(texts: pl.Series, side: Side) -> pl.Series:
    """The lines of one side of each text, as lists of strings."""
    return texts.str.split("\n").list.gather_every(_PERIOD, _FIRST[side])


def side_texts(texts: pl.Series, side: Side) -> pl.Series:
    """One side of each text, its lines joined by newlines; empty where the text has no such side."""
    return side_lines(texts, side).list.join("\n")
