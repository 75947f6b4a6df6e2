"""What is written in dialogues (system prompts, reasoning, contents) as one series of texts that edits work on, and back.

    pieces = Pieces.of(frame["messages"], frame["system"])
    made = pieces.put(edited(pieces.texts))                 # messages, system, and which have changed

Promise: what is null stays null, and a place in a piece is told as a place in the dialogue's column `text`.

Not here: what is edited (message_text.py, private.py), rows of messages (flat.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from corpus_platform.sft.flat import MESSAGE_TYPE, flatten, fold
from corpus_platform.sft.flat import texts as texts_of
from corpus_platform.text.pieces import PLACES

_GAP = 2
"""Characters between two pieces in the column `text`: a blank line."""


class Put(NamedTuple):
    """n dialogues after an edit: `messages`, `system`, bool[n] `changed` of those that differ; `rows` int64[k] are their numbers, `made` their k texts."""

    messages: pl.Series
    system: pl.Series
    made: pl.Series
    rows: np.ndarray
    changed: np.ndarray

    def text(self, before: pl.Series) -> pl.Series:
        """The column `text`, of what it was."""
        return put_rows(before, self.rows, self.made)


def put_rows(before: pl.Series, rows: np.ndarray, made: pl.Series) -> pl.Series:
    """A series with other values, of any type, in some rows."""
    if not rows.size:
        return before
    source = np.arange(len(before))
    source[rows] = len(before) + np.arange(rows.size)
    return pl.concat([before, made.cast(before.dtype).alias(before.name)]).gather(source)


def of_rows(flat: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """Messages of some dialogues (ascending numbers), numbered anew from 0."""
    own = flat["row"].to_numpy()
    at = np.searchsorted(rows, own)
    kept = np.zeros(own.size, np.bool_)
    inside = at < rows.size
    kept[inside] = rows[at[inside]] == own[inside]
    return flat.filter(pl.Series(kept)).with_columns(pl.Series("row", at[kept], dtype=pl.UInt32))


@dataclass(frozen=True)
class Pieces:
    """`texts` has n system prompts, then the reasoning of m messages, then their contents; the empty text where there is none.

    `flat` are the m messages (flat.py), `system` the n prompts; `row` int64[n + 2m] is the dialogue of each text, `turn` its message, -1 for a prompt.
    """

    texts: pl.Series
    messages: pl.Series
    flat: pl.DataFrame
    system: pl.Series
    row: np.ndarray
    turn: np.ndarray

    @classmethod
    def of(cls, messages: pl.Series, system: pl.Series | None = None) -> Pieces:
        """The pieces of n dialogues."""
        flat = flatten(messages)
        head = pl.Series("text", [None] * len(messages), pl.String) if system is None else system.cast(pl.String)
        texts = pl.concat([s.rename("text") for s in (head, flat["reasoning"], flat["content"])]).fill_null("")
        of_message = flat["row"].cast(pl.Int64).to_numpy()
        row = np.concatenate([np.arange(len(messages)), of_message, of_message])
        turn = flat["turn"].to_numpy()
        return cls(
            texts,
            messages.cast(MESSAGE_TYPE),
            flat,
            head,
            row,
            np.concatenate([np.full(len(messages), -1, np.int32), turn, turn]),
        )

    @property
    def role(self) -> pl.Series:
        """Role of the message of each text; `system` for a prompt."""
        head = pl.Series("role", ["system"], pl.String).new_from_index(0, len(self.system))
        return pl.concat([head, self.flat["role"], self.flat["role"]])

    @property
    def is_content(self) -> pl.Series:
        """Which texts are contents of messages."""
        return pl.Series(np.arange(len(self.texts)) >= len(self.system) + self.flat.height)

    def put(self, texts: pl.Series, calls: pl.Series | None = None) -> Put:
        """The dialogues with other texts, as many and in the same order, and other calls where they are given."""
        n, m = len(self.system), self.flat.height
        new = [texts.slice(0, n), texts.slice(n, m), texts.slice(n + m, m)]
        old = [self.system, self.flat["reasoning"], self.flat["content"]]
        system, reasoning, content = (
            pl.select(pl.when(before.is_not_null()).then(after)).to_series().rename(before.name)
            for before, after in zip(old, new, strict=True)
        )
        changed = np.zeros(n, np.bool_)
        changed[self.row[(self.texts != texts).to_numpy()]] = True
        flat = self.flat.with_columns(reasoning.alias("reasoning"), content.alias("content"))
        if calls is not None:
            flat = flat.with_columns(calls.alias("calls"))
            changed[self.row[n : n + m][self.flat["calls"].ne_missing(calls).to_numpy()]] = True
        rows = np.flatnonzero(changed)
        some = of_rows(flat, rows)
        messages = put_rows(self.messages, rows, fold(some, rows.size))
        return Put(messages, system.rename("system"), texts_of(some, system.gather(rows)), rows, changed)

    def places(self, spans: pl.DataFrame) -> pl.DataFrame:
        """Places in the pieces (`document` is the number of a piece) as places in the column `text`, in order."""
        start = self._starts()
        piece = spans["document"].to_numpy()
        moved = spans.with_columns(
            document=pl.Series(self.row[piece], dtype=pl.Int64),
            start=pl.col("start") + pl.Series(start[piece]),
            end=pl.col("end") + pl.Series(start[piece]),
        )
        return moved.select(*PLACES).cast(PLACES).sort("document", "start", "end")  # type: ignore[arg-type]

    def _starts(self) -> np.ndarray:
        """Where each piece begins in its dialogue's `text`, in characters: int64[n + 2m]."""
        length = self.texts.str.len_chars().cast(pl.Int64).to_numpy()
        order = np.lexsort((np.arange(length.size), self.turn, self.row))
        step = np.where(length > 0, length + _GAP, 0)[order]
        before = np.cumsum(step) - step
        own = self.row[order]
        first = np.searchsorted(own, own)
        start = np.empty(length.size, np.int64)
        start[order] = before - before[first]
        return start
