"""Frames of dialogues for tests, written as short as they are said."""

import numpy as np
import polars as pl

from corpus_platform.sft.flat import MESSAGE_TYPE, flatten, texts
from corpus_platform.sft.form import Message
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.subject import Subject

SIDES = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}


def said(*pieces):
    """`u:hello` or a Message, in order."""
    return [piece if isinstance(piece, Message) else Message(SIDES[piece[0]], piece[2:]) for piece in pieces]


def frame_of(*dialogues, **columns):
    """Dialogues (lists of messages) with the columns of their table that steps and signals read."""
    n = len(dialogues)
    messages = pl.Series("messages", [[m.row() for m in one] for one in dialogues], MESSAGE_TYPE)
    system = pl.Series("system", columns.pop("system", [None] * n), pl.String)
    frame = pl.DataFrame({"doc_id": [f"{i:032x}" for i in range(n)], "messages": messages, "system": system})
    frame = frame.with_columns(texts(flatten(messages), system).alias("text"))
    types = {"images_needed": pl.Boolean}
    return frame.with_columns(pl.Series(k, v, types.get(k, pl.String)) for k, v in columns.items())


def edited(step, *dialogues, trace=False, **columns):
    """What a step makes of dialogues."""
    return step.edit(Subject.of(frame_of(*dialogues, **columns), Environment()), trace=trace)


def contents(edit, row=0):
    """(role, content) of a dialogue after an edit."""
    return [(m["role"], m["content"]) for m in edit.columns["messages"].to_list()[row]]


def reason(edit, row=0):
    """Why a dialogue was dropped, or None."""
    dropped = edit.dropped if edit.dropped.size else np.full(row + 1, -1)
    return edit.rules[dropped[row]] if dropped[row] >= 0 else None
