"""Where a regular expression matches in texts, in characters: what an edit by that expression takes out or replaces.

Promise: Polars' own matches, in their context, so that they are those of its `replace_all` with the same expression; the time is linear in the text.

Not here: which expressions (recipes/), places of lines and sentences (text/pieces.py).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from corpus_platform.text.pieces import PLACES

_MARKS = range(0x10FFFF, 0xEFFFF, -1)


def matches(texts: pl.Series, pattern: str, rule: str, rows: pl.Series | None = None) -> pl.DataFrame:
    """The matches in texts, or in some rows of them, under a rule's name: `document` (0..n-1), `start`, `end` in characters, `rule`.

    An empty match has a row too. The pattern is one of Polars (Rust's `regex`).
    """
    documents = np.arange(len(texts)) if rows is None else rows.to_numpy()
    looked = texts if rows is None else texts.gather(rows)
    mark = next(c for c in map(chr, _MARKS) if not looked.str.contains(c, literal=True).any())
    pieces = looked.str.replace_all(pattern, f"{mark}${{0}}{mark}").str.split(mark)
    frame = pl.DataFrame({"document": documents, "piece": pieces}).explode("piece")
    size = pl.col("piece").str.len_chars().cast(pl.Int64)
    end = size.cum_sum().over("document")
    is_match = pl.int_range(pl.len()).over("document") % 2 == 1
    placed = frame.select("document", start=end - size, end=end, rule=pl.lit(rule), is_match=is_match)
    return placed.filter("is_match").drop("is_match").cast(PLACES)  # type: ignore[arg-type]
