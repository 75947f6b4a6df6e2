"""Tokens of dialogues: of what a trainer learns (the assistant's side), and of all.

Counted by a tokenizer where the home has made one; else estimated from characters: four to a token, of scripts whose letters take three bytes in UTF-8
(Chinese, Japanese, Korean ...) three to two tokens. Which of the two it was is kept with the mix.

Not here: tokenizers (mixes/tokenizer.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.sft.flat import flatten

if TYPE_CHECKING:
    from corpus_platform.mixes.tokenizer import Tokenizer

ESTIMATED = "estimate: 4 characters a token, of Chinese and other wide scripts 1.5"
NARROW, WIDE = 4.0, 1.5


def estimate(text: pl.Expr) -> pl.Expr:
    """Tokens of texts by their characters, Float64."""
    wide = (text.str.len_bytes().cast(pl.Int64) - text.str.len_chars().cast(pl.Int64)) / 2
    return wide / WIDE + (text.str.len_chars() - wide) / NARROW


def count(frame: pl.DataFrame, tokenizer: Tokenizer | None) -> pl.DataFrame:
    """`trained` and `tokens`, Int64, of dialogues (columns `messages`, `system`, `tools`), a row for each: of what is learnt, and of all.

    What a message says is its reasoning, content and calls. Marks of a chat template are in neither.
    """
    flat = flatten(frame["messages"]).with_columns(pl.col("reasoning", "calls").fill_null(""))
    said = pl.concat_str("reasoning", "content", "calls", ignore_nulls=True)
    head = pl.concat_str(
        pl.col("system").cast(pl.String), pl.col("tools").cast(pl.String), ignore_nulls=True
    ).fill_null("")
    if tokenizer is None:
        pieces = flat.select("row", "trained", estimate(said).alias("n"))
        heads = frame.select(estimate(head).alias("n"))["n"]
    else:
        pieces = flat.select("row", "trained", said.alias("text"))
        pieces = pieces.with_columns(pl.Series("n", tokenizer.count(pieces["text"].to_list())))
        heads = pl.Series("n", tokenizer.count(frame.select(head.alias("t"))["t"].to_list()))
    by_row = pieces.group_by("row").agg(
        pl.col("n").filter(pl.col("trained").fill_null(value=False)).sum().alias("trained"),
        pl.col("n").sum().alias("spoken"),
    )
    rows = pl.DataFrame({"row": pl.Series(range(frame.height), dtype=pl.UInt32), "head": heads})
    joined = rows.join(by_row, on="row", how="left", maintain_order="left").fill_null(0)
    return joined.select(
        pl.col("trained").ceil().cast(pl.Int64),
        (pl.col("spoken") + pl.col("head")).ceil().cast(pl.Int64).alias("tokens"),
    )
