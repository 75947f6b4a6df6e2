"""Repair of dialogues: roles in order, texts put right, and an end for what is too long.

Not here: how it is done (sft/roles.py, sft/message_text.py), filters on structure and length (sft_structure.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.errors import SchemaError
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.sft.flat import flatten, fold
from corpus_platform.sft.flat import texts as texts_of
from corpus_platform.sft.message_text import RULES, Rule, put_right
from corpus_platform.sft.pieces import Pieces, of_rows, put_rows
from corpus_platform.sft.roles import REASONS, ordered
from corpus_platform.sft.tokens import estimated_tokens
from corpus_platform.signals.dialogues import is_task, messages
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject

_ASKS_FOR_HTML = r"(?i)html|css|markup|xml|\btags?\b|web ?page|网页|标签|前端|<[a-z]"


@register_step
class SftRoles(EditStep):
    """Brings the roles into order, as trainers take them, and drops what can't be; the reason is told.

    Known names of roles become the four roles. System messages at the head go to the system prompt. Turns before the first user's and a user's turn
    that nobody answers are taken off; two messages of one side in a row become one, parted by a blank line, and calls made one by one become calls
    made together. A call may be followed by the answers of several tools.
    """

    step: ClassVar[str] = "sft_roles"

    names: dict[str, str] = Field(default={}, description="Further names of roles, and the role that each means")
    trim: bool = Field(default=True, description="Take turns off that nobody asked for or answers")
    join: bool = Field(default=True, description="Make one message of two of one side in a row")
    any_order: bool = Field(
        default=False, description="Take every order in which a user asks and the assistant answers"
    )

    def needs(self) -> tuple[str, ...]:
        """The dialogues."""
        return ("messages", "system")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The dialogues in order."""
        before, system = messages(subject), subject.column("system")
        done = ordered(before, system, names=self.names, trim=self.trim, join=self.join, any_order=self.any_order)
        if done.counts.get("system_moved") and "system" not in subject.columns.columns:
            raise SchemaError("dialogues begin with system messages, and there is no column `system` for them: add one")
        rows = np.flatnonzero(done.changed)
        texts = texts_of(flatten(done.messages.gather(rows)), done.system.gather(rows))
        made = put_rows(subject.batch.texts, rows, texts)
        columns = {"messages": done.messages, "system": done.system}
        return Edited(
            text=made,
            changed=done.changed,
            rules=REASONS,
            dropped=done.reason,
            value=np.full(len(subject), np.nan),
            threshold=np.full(len(subject), np.nan),
            removed=done.counts,
            spans=pl.DataFrame(schema=PLACES) if trace else None,
            columns=_there(subject, columns),
        )


@register_step
class SftText(EditStep):
    """Puts the texts of messages right: controls, normal form, mojibake, HTML of shared chats, buttons, markers of prompts, special tokens, blanks.

    Every rule acts where its mark is and nowhere else, and is counted by itself. HTML is only read in messages that show a shared chat's own frame, or
    that begin with a paragraph or list where nobody asked for HTML. System prompts and reasoning are put right too; calls of tools stay.
    """

    step: ClassVar[str] = "sft_text"
    acts_on: ClassVar = "spans"

    rules: tuple[Rule, ...] = Field(
        default=RULES, description="What is put right, in the order that is always the same"
    )

    def needs(self) -> tuple[str, ...]:
        """The dialogues, and what they ask for."""
        return ("messages", "system", "task_type")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The dialogues with their texts put right."""
        pieces = Pieces.of(messages(subject), subject.column("system"))
        role = pieces.role
        done = put_right(
            pieces.texts,
            role,
            self.rules,
            is_shared=(role == "assistant") & ~pl.Series(_about_html(subject, pieces)[pieces.row]),
            is_maths=pl.Series(is_task(subject, "maths")[pieces.row]),
            trace=trace,
        )
        put = pieces.put(done.text)
        return Edited(
            text=put.text(subject.batch.texts),
            changed=put.changed,
            removed=done.removed,
            spans=None if done.spans is None else pieces.places(done.spans),
            columns=_there(subject, {"messages": put.messages, "system": put.system}),
        )


@register_step
class SftCut(EditStep):
    """Ends dialogues that are longer than a trainer's window after the last answer that fits, and drops those whose first answer does not fit.

    An edit makes no rows, so that the pieces behind the cut are lost here; to keep them as dialogues of their own, construct `recut` of the data set.
    Tokens are estimated: a Chinese character is one, other text one for four bytes; each message has six more (FastChat, split_long_conversation).
    """

    step: ClassVar[str] = "sft_cut"
    acts_on: ClassVar = "spans"

    max_tokens: int = Field(default=4096, ge=16, description="Most tokens of a dialogue, as estimated")
    too_long: str = Field(
        default="drop",
        pattern="^(drop|keep)$",
        description="What becomes of a dialogue whose first answer does not fit",
    )

    def needs(self) -> tuple[str, ...]:
        """The dialogues."""
        return ("messages", "system")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The dialogues up to the last answer that fits."""
        n, system = len(subject), subject.column("system").cast(pl.String)
        pieces = Pieces.of(messages(subject), system)
        head = estimated_tokens(system.fill_null("")).to_numpy()
        size = estimated_tokens(pieces.flat["content"]) + estimated_tokens(pieces.flat["reasoning"].fill_null("")) + 6
        flat = pieces.flat.with_columns(
            size.alias("size"), pl.Series(head[pieces.flat["row"].to_numpy()]).alias("head")
        )
        upto = flat.select("row", "turn", "role", (pl.col("size").cum_sum().over("row") + pl.col("head")).alias("upto"))
        whole = upto.group_by("row").agg(pl.col("upto").max())
        total = np.zeros(n)
        total[whole["row"].to_numpy()] = whole["upto"].to_numpy()
        fits = upto.filter((pl.col("upto") <= self.max_tokens) & (pl.col("role") == "assistant"))
        last = np.full(n, -1, np.int64)
        ends = fits.group_by("row").agg(pl.col("turn").max())
        last[ends["row"].to_numpy()] = ends["turn"].to_numpy()
        is_long = total > self.max_tokens
        dropped = is_long & (last < 0) & (self.too_long == "drop")
        shorter = is_long & (last >= 0)
        keep = ~shorter[pieces.flat["row"].to_numpy()] | (
            pieces.flat["turn"].to_numpy() <= last[pieces.flat["row"].to_numpy()]
        )
        rows = np.flatnonzero(shorter)
        left = of_rows(pieces.flat.filter(pl.Series(keep)), rows)
        return Edited(
            text=put_rows(subject.batch.texts, rows, texts_of(left, system.gather(rows))),
            changed=shorter,
            rules=("first_answer_too_long",),
            dropped=np.where(dropped, 0, -1).astype(np.int16),
            value=np.where(dropped, total, np.nan),
            threshold=np.where(dropped, float(self.max_tokens), np.nan),
            removed={"messages": int((~keep).sum())} if not keep.all() else {},
            spans=_cut_off(pieces, keep) if trace else None,
            columns={"messages": put_rows(pieces.messages, rows, fold(left, rows.size))},
        )


def _about_html(subject: Subject, pieces: Pieces) -> np.ndarray:
    """Dialogues in which HTML may be what is asked for: bool[n]."""
    users = pieces.flat.filter(pl.col("role") == "user")
    asked = users.filter(pl.col("content").str.contains(_ASKS_FOR_HTML))["row"].to_numpy()
    found = is_task(subject, "code")
    found[asked] = True
    return found


def _there(subject: Subject, columns: dict[str, pl.Series]) -> dict[str, pl.Series]:
    """Those of the columns that the dialogues have."""
    return {name: values for name, values in columns.items() if name in subject.columns.columns}


def _cut_off(pieces: Pieces, keep: np.ndarray) -> pl.DataFrame:
    """Places of the messages that are cut off."""
    gone = np.concatenate([np.zeros(len(pieces.system), np.bool_), ~keep, ~keep])
    number = np.flatnonzero(gone)
    size = pieces.texts.gather(number).str.len_chars().cast(pl.Int64)
    spans = pl.DataFrame({"document": number, "start": np.zeros(number.size, np.int64), "end": size})
    return pieces.places(spans.with_columns(rule=pl.lit("messages")).filter(pl.col("end") > 0))
