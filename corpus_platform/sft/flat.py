"""Messages of many dialogues as one flat frame, a row for each, and back: what kernels over messages work on.

    flat = flatten(frame["messages"])           # row, turn, role, content, reasoning, calls, name, trained
    answers = flat.filter(pl.col("role") == "assistant")

Not here: what is measured or changed (signals/sft_*.py, recipes/steps/sft_*.py).
"""

from __future__ import annotations

import polars as pl

MESSAGE_TYPE = pl.List(
    pl.Struct(
        {
            "role": pl.String,
            "content": pl.String,
            "reasoning": pl.String,
            "calls": pl.String,
            "name": pl.String,
            "trained": pl.Boolean,
        }
    )
)
"""Polars type of the column `messages`."""
_FIELDS = tuple(field.name for field in MESSAGE_TYPE.inner.fields)  # type: ignore[union-attr]


def flatten(messages: pl.Series) -> pl.DataFrame:
    """A row for each message of n dialogues, in order: `row` u32 (0..n-1), `turn` i32 (from 0), and the fields of a message."""
    lists = pl.DataFrame({"messages": messages.cast(MESSAGE_TYPE)}).with_row_index("row")
    flat = lists.filter(pl.col("messages").list.len() > 0).explode("messages").unnest("messages")
    return flat.with_columns(pl.int_range(pl.len(), dtype=pl.Int32).over("row").alias("turn")).select(
        "row", "turn", *_FIELDS
    )


def fold(flat: pl.DataFrame, n: int) -> pl.Series:
    """`messages` of n dialogues, of a flat frame with its rows in order; a dialogue without rows has an empty list."""
    packed = flat.select("row", pl.struct(_FIELDS).alias("message")).group_by("row", maintain_order=True).agg("message")
    whole = pl.DataFrame({"row": pl.Series(range(n), dtype=pl.UInt32)}).join(packed, on="row", how="left")
    folded = whole.sort("row")["message"].cast(MESSAGE_TYPE)
    return pl.select(folded.fill_null(pl.lit([], dtype=MESSAGE_TYPE)).alias("messages")).to_series()


def texts(flat: pl.DataFrame, system: pl.Series) -> pl.Series:
    """The column `text` of n dialogues: system prompt, then reasoning and content of each message, joined by blank lines, empty pieces left out."""
    said = flat.select("row", pl.concat_list("reasoning", "content").alias("piece")).explode("piece")
    head = pl.DataFrame({"piece": system.cast(pl.String)}).with_row_index("row")
    pieces = pl.concat([head, said.select("row", "piece")]).filter(pl.col("piece").fill_null("") != "")
    joined = pieces.group_by("row", maintain_order=True).agg(pl.col("piece").str.join("\n\n"))
    rows = pl.DataFrame({"row": pl.Series(range(len(system)), dtype=pl.UInt32)})
    return rows.join(joined, on="row", how="left").sort("row")["piece"].fill_null("").alias("text")
