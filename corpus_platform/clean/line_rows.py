"""Lines of texts as rows of a frame, for edits that judge lines by Polars expressions; a `rule` says why a line goes.

Not here: lines as spans of a batch (text/lines.py, text/pieces.py), which lines go (recipes/).
"""

from __future__ import annotations

import numpy as np
import polars as pl


def lines_of(texts: pl.Series) -> pl.DataFrame:
    """Every line: `document` (0..n-1), `line`, `start` (its first character in the text)."""
    frame = pl.DataFrame({"document": np.arange(len(texts)), "line": texts.str.split("\n")}).explode("line")
    length = pl.col("line").str.len_chars().cast(pl.Int64) + 1
    return frame.with_columns(start=(length.cum_sum() - length).over("document"))


def joined(lines: pl.DataFrame, documents: int, column: str = "line") -> pl.Series:
    """The texts of lines without a `rule`, each joined by newlines."""
    kept = (
        lines.filter(pl.col("rule").is_null())
        .group_by("document", maintain_order=True)
        .agg(pl.col(column).str.join("\n"))
    )
    every = pl.DataFrame({"document": np.arange(documents)})
    return every.join(kept, on="document", how="left", maintain_order="left")[column].fill_null("").rename("text")
