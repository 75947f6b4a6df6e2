"""Who speaks when: the order of roles that trainers take, what can be mended, and why a dialogue can't be used.

In order are: a user, then the assistant, then the user again. An assistant that calls tools is followed by their answers, one or more, and these by
the assistant. System messages at the head belong to the system prompt; one further on stands before a user's message.
Mended is: names of roles by a table; turns before the first user's; a user's turn at the end that nobody answers; two messages of one side in a row,
which become one with a blank line between them, and calls that were made one by one become calls made together.
Promise: each dialogue is in order after it, or has the reason why it is not; a dialogue in order is not touched.
Source: FastChat (clean_sharegpt), LLaMA-Factory (converter: what is out of order is skipped there), and what their users ask for.

Not here: texts (message_text.py), lengths (recipes/steps/sft_structure.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import orjson
import polars as pl

from corpus_platform.sft.flat import flatten, fold
from corpus_platform.sft_tables import ROLES

NAMES: dict[str, str] = {
    **dict.fromkeys(("human", "prompter", "user", "caller", "问", "用户"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bing", "bard", "bot", "model", "conclusion", "答", "助手"), "assistant"),
    **dict.fromkeys(("function_call", "tool_call", "tool_calls"), "assistant"),
    **dict.fromkeys(("observation", "tool", "function", "ipython", "tool_response"), "tool"),
    **dict.fromkeys(("system", "developer"), "system"),
}  # fmt: skip
"""Roles by the names that data sets have for them, in lower case."""

REASONS = (
    "unknown_role",
    "no_user",
    "no_answer",
    "not_alternating",
    "tool_without_call",
    "call_without_result",
    "system_inside",
)
"""Why a dialogue can't be used, the first that holds."""


@dataclass(frozen=True)
class Ordered:
    """n dialogues in order. `reason` int16[n] is an index into REASONS or -1, `changed` bool[n]; `counts` are what was mended, by what was done."""

    messages: pl.Series
    system: pl.Series
    reason: np.ndarray
    changed: np.ndarray
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _State:
    """Messages on their way: `flat` without those that are gone."""

    flat: pl.DataFrame
    counts: dict[str, int]

    def count(self, what: str, n: int) -> None:
        if n:
            self.counts[what] = self.counts.get(what, 0) + n


def ordered(
    messages: pl.Series,
    system: pl.Series,
    *,
    names: dict[str, str] | None = None,
    trim: bool = True,
    join: bool = True,
    any_order: bool = False,
) -> Ordered:
    """The dialogues with their roles in order.

    `names` are further names of roles. `trim` takes turns off that nobody asked for or answers; without it such dialogues have a reason. `join` makes
    one message of two in a row. `any_order` asks only that roles are known and that somebody answers: several users in a row, the assistant first.
    """
    flat, system = flatten(messages), system.cast(pl.String)
    wrong = np.full(len(messages), -1, np.int16)
    state = _State(*_named(flat, {**NAMES, **(names or {})}))
    _mark(wrong, state.flat.filter(~pl.col("role").is_in(list(ROLES)))["row"], "unknown_role")
    touched = _out_of_order(state.flat) | (flat["role"].ne_missing(state.flat["role"]))
    rows = np.zeros(len(messages), np.bool_)
    rows[state.flat.filter(touched)["row"].to_numpy()] = True
    rows &= wrong < 0
    if not any_order:
        rows[_open_ended(state.flat)] = True
    mended, heads = _mended(state, rows & (wrong < 0), trim=trim and not any_order, join=join and not any_order)
    system = _with_heads(system, heads)
    _judge_sides(wrong, mended if any_order else state.flat, mended)
    if not any_order:
        _judge_order(wrong, mended)
    made = fold(mended, len(messages))
    left = wrong < 0
    changed = np.zeros(len(messages), np.bool_)
    looked = np.flatnonzero(rows & left)
    changed[looked] = _differ(messages.gather(looked), made.gather(looked))
    changed[heads["row"].to_numpy()] = True
    changed &= left
    return Ordered(made, system, wrong, changed, state.counts)


def _named(flat: pl.DataFrame, names: dict[str, str]) -> tuple[pl.DataFrame, dict[str, int]]:
    role = flat["role"].str.strip_chars().str.to_lowercase().replace(names).fill_null("")
    renamed = int(role.ne_missing(flat["role"]).sum())
    return flat.with_columns(role.alias("role")), {"role_named": renamed} if renamed else {}


def _before(column: str) -> pl.Expr:
    """Of the message before in the same dialogue, null for the first; rows of a dialogue stand together."""
    return pl.when(pl.col("row") == pl.col("row").shift(1)).then(pl.col(column).shift(1))


def _out_of_order(flat: pl.DataFrame) -> pl.Series:
    """Messages that may not stand where they are, after the one before them."""
    after = {"user": ("", "assistant", "system"), "assistant": ("user", "tool"), "tool": ("assistant", "tool")}
    after["system"] = ("assistant",)
    role, before = pl.col("role"), pl.col("before")
    fits = pl.any_horizontal(role.eq(r) & before.is_in(list(allowed)) for r, allowed in after.items())
    return flat.select("role", before=_before("role").fill_null("")).select((~fits).alias("wrong"))["wrong"]


def _open_ended(flat: pl.DataFrame) -> np.ndarray:
    """Dialogues whose last message is not the assistant's: their numbers."""
    last = flat.group_by("row", maintain_order=True).agg(pl.col("role").last())
    return last.filter(pl.col("role") != "assistant")["row"].to_numpy()


def _mended(state: _State, rows: np.ndarray, *, trim: bool, join: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All messages after repair of some dialogues, and the system messages at their heads (`row`, `said`)."""
    is_one = pl.Series(rows[state.flat["row"].to_numpy()], dtype=pl.Boolean)
    flat = state.flat.filter(is_one)
    at_head = (pl.col("role") != "system").cum_sum().over("row") == 0
    heads = flat.filter(at_head & (pl.col("content") != ""))
    state.count("system_moved", heads.height)
    flat = flat.filter(~at_head)
    if trim:
        flat = _trimmed(state, flat)
    if join:
        flat = _joined(state, flat)
    whole = pl.concat([state.flat.filter(~is_one), flat]).sort("row", "turn", maintain_order=True)
    return whole, heads.group_by("row", maintain_order=True).agg(pl.col("content").str.join("\n\n").alias("said"))


def _trimmed(state: _State, flat: pl.DataFrame) -> pl.DataFrame:
    """Without what stands before the first user's message and behind the assistant's last one."""
    begun = flat.filter((pl.col("role") == "user").cum_sum().over("row") > 0)
    state.count("before_first_user", flat.height - begun.height)
    answered = begun.filter((pl.col("role") == "assistant").cum_sum(reverse=True).over("row") > 0)
    state.count("unanswered", begun.height - answered.height)
    return answered


def _joined(state: _State, flat: pl.DataFrame) -> pl.DataFrame:
    """One message for each run of a side's messages; answers of tools stay apart, and so do a call and what is said behind it."""
    calls = pl.col("calls").is_not_null()
    same = (pl.col("role") == _before("role")) & pl.col("role").is_in(["user", "assistant", "system"])
    same &= ~(_before("calls").is_not_null() & ~calls)
    runs = flat.with_columns((~same.fill_null(value=False)).cast(pl.Int32).cum_sum().over("row").alias("run"))
    sizes = runs.group_by("row", "run", maintain_order=True).len()
    state.count("joined", int((sizes["len"] - 1).sum()))
    if sizes.height == flat.height:
        return flat
    said = {name: pl.col(name).filter(pl.col(name).str.strip_chars() != "") for name in ("content", "reasoning")}
    one = runs.group_by("row", "run", maintain_order=True).agg(
        pl.col("turn").first(),
        pl.col("role").first(),
        said["content"].str.join("\n\n").alias("content"),
        pl.when(said["reasoning"].len() > 0).then(said["reasoning"].str.join("\n\n")).alias("reasoning"),
        pl.col("calls").drop_nulls(),
        pl.col("name").first(),
        pl.col("trained").all(),
    )
    return one.with_columns(_together(one["calls"])).select(flat.columns)


def _together(calls: pl.Series) -> pl.Series:
    """Lists of JSON arrays, each list as one array."""
    made = [
        None if not own else own[0] if len(own) == 1 else orjson.dumps([c for one in own for c in orjson.loads(one)]).decode()
        for own in calls.to_list()
    ]  # fmt: skip
    return pl.Series("calls", made, pl.String)


def _with_heads(system: pl.Series, heads: pl.DataFrame) -> pl.Series:
    """System prompts with what system messages at the head say behind them."""
    if not heads.height:
        return system
    rows = (
        pl.DataFrame({"system": system}).with_row_index("row").join(heads, on="row", how="left", maintain_order="left")
    )
    own = pl.when(pl.col("system") != "").then("system")
    both = pl.concat_str([own, pl.col("said")], separator="\n\n", ignore_nulls=True)
    return rows.select(pl.when(pl.col("said").is_not_null()).then(both).otherwise("system").alias("system"))["system"]


def _mark(wrong: np.ndarray, rows: pl.Series, reason: str) -> None:
    """Gives dialogues a reason where they have none."""
    found = rows.unique().to_numpy()
    wrong[found[wrong[found] < 0]] = REASONS.index(reason)


def _judge_sides(wrong: np.ndarray, flat: pl.DataFrame, left: pl.DataFrame) -> None:
    """The reason of dialogues in which a side says nothing, or of which nothing is left."""
    every = pl.Series(np.arange(wrong.size), dtype=pl.UInt32)
    for role, reason in (("user", "no_user"), ("assistant", "no_answer")):
        _mark(wrong, every.filter(~every.is_in(flat.filter(pl.col("role") == role)["row"].implode())), reason)
    _mark(wrong, every.filter(~every.is_in(left["row"].implode())), "no_answer")


def _judge_order(wrong: np.ndarray, flat: pl.DataFrame) -> None:
    """The reason of each dialogue that is not in order."""
    _mark(wrong, pl.Series(_open_ended(flat)), "no_answer")
    seen = flat.select("row", "role", before=_before("role").fill_null(""), had_calls=_before("calls").is_not_null())
    seen = seen.filter(_out_of_order(flat))
    is_tool, is_answer = pl.col("role") == "tool", pl.col("role") == "assistant"
    _mark(wrong, seen.filter(is_tool)["row"], "tool_without_call")
    _mark(
        wrong,
        seen.filter(is_answer & (pl.col("before") == "assistant") & pl.col("had_calls"))["row"],
        "call_without_result",
    )
    _mark(wrong, seen.filter((pl.col("role") == "system") | (pl.col("before") == "system"))["row"], "system_inside")
    _mark(wrong, seen["row"], "not_alternating")


def _differ(before: pl.Series, after: pl.Series) -> np.ndarray:
    return before.cast(after.dtype).ne_missing(after).to_numpy()
