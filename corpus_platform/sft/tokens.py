"""Tokens of texts, estimated without a tokenizer.

Not here: exact numbers by a trainer's own tokenizer (mixes/).
"""

from __future__ import annotations

import polars as pl

_CJK = r"[\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}\x{f900}-\x{faff}]"


def estimated_tokens(texts: pl.Series) -> pl.Series:
    """Tokens of each text: one for a Chinese, Japanese or Korean character, one for four bytes of all else, rounded up; i64."""
    frame = pl.DataFrame({"text": texts})
    cjk = pl.col("text").str.count_matches(_CJK).cast(pl.Int64)
    other = pl.col("text").str.len_bytes().cast(pl.Int64) - 3 * cjk
    return frame.select((cjk + (other + 3) // 4).alias("tokens"))["tokens"]
