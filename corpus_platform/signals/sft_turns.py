"""Turns, lengths and forms of dialogues: what every filter and every table of a mix asks first.

A *turn* is a message of a user or the assistant. The *trained* text is what a trainer learns: contents and reasoning of messages that are marked so.
Words are Chinese characters, each alone, and runs of other letters and digits.

Not here: languages (sft_language.py), labels of the source (sft_labels.py), phrases of refusal and the like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.sft.tokens import estimated_tokens
from corpus_platform.signals.dialogues import by_row, flat, is_task
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

# Boundaries of ASCII words: those of Unicode cost a multiple in Polars' patterns, and English needs no more.
HAN = r"[\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}\x{20000}-\x{323af}]"
"""A Chinese character, for Polars' patterns."""
WORD = rf"{HAN}|[\p{{L}}\p{{N}}--{HAN}]+(?:['’\-][\p{{L}}--{HAN}]+)*"

_CONSTRAINTS_EN = (
    r"(?i)(?-u:\b)(?:must|should|only|at least|at most|no more than|no fewer than|exactly|less than|more than|fewer than|without|do not|don't|never|always"
    r"|avoid|include|including|exclude|ensure|make sure|limit(?:ed)? to|up to|within|between|each|in the (?:style|form|format) of|format(?:ted)?"
    r"|step[ -]by[ -]step|in \d+ (?:words?|sentences?|lines?|paragraphs?|steps?|points?)|bullet points?|json|table|markdown|first person|third person"
    r"|use(?:s|d)? the following)(?-u:\b)"
)
_CONSTRAINTS_ZH = (
    r"必须|务必|应该|应当|需要|只能|仅|至少|至多|最多|不超过|不少于|不得|不要|不能|禁止|避免|恰好|以内|以上|以下|之间|包含|包括|除了|确保|"
    r"限制|要求|格式|形式|风格|分步|一步一步|逐步|字左右|\d+\s*个?[字句段行条点步]|列表|表格|第一人称|第三人称|使用以下|首先|并且|同时"
)
_SHORT_ANSWERS = ("classification", "maths", "choice", "extraction", "qa", "knowledge", "code", "reasoning")
"""Tasks in which one character may be the whole answer."""
_OF_ANY = ("other", "chat")
"""Names of tasks of any kind: a data set that mixes classification and writing is called so."""
_BARE = 2


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """All measures of turns and lengths."""
    del wanted
    messages = flat(subject)
    task = subject.column("task_type").cast(pl.String)
    is_known = (task.is_not_null() & ~task.is_in(_OF_ANY)).gather(messages["row"])
    by_message = _measured(messages).with_columns(is_known.alias("is_known"))
    found = by_message.group_by("row").agg(**_AGGREGATES)
    zero = {name: by_row(subject, found, name, missing=0.0) for name in _COUNTS}
    other = {name: by_row(subject, found, name) for name in _AGGREGATES if name not in _COUNTS}
    bare = zero.pop("sft_bare_answers")
    bare[is_task(subject, *_SHORT_ANSWERS)] = np.nan
    images = subject.column("images_needed", pl.Boolean).cast(pl.Boolean).fill_null(value=False)
    system = subject.column("system").cast(pl.String).fill_null("")
    tools = subject.column("tools").cast(pl.String).is_not_null().to_numpy()
    system_tokens = estimated_tokens(system).to_numpy()
    return {
        **zero,
        **other,
        "sft_bare_answers": bare,
        "sft_tokens": zero["sft_tokens"] + system_tokens,
        "sft_prompt_characters": zero["sft_prompt_characters"],
        "sft_system_characters": system.str.len_chars().cast(pl.Float64),
        "sft_has_tools": (tools | (zero["sft_calls"] > 0)).astype(np.float64),
        "sft_images_missing": images.cast(pl.Float64),
    }


def _measured(messages: pl.DataFrame) -> pl.DataFrame:
    """Messages with what is measured of each."""
    content = pl.col("content").fill_null("")
    is_user = pl.col("role") == "user"
    trained = pl.col("trained").fill_null(pl.col("role") == "assistant")
    reasoning = pl.col("reasoning").fill_null("")
    asked = pl.when(is_user).then(content)
    sizes = messages.with_columns(
        is_user=is_user,
        is_assistant=pl.col("role") == "assistant",
        trained=trained,
        characters=content.str.len_chars().cast(pl.Int64),
        thought=reasoning.str.len_chars().cast(pl.Int64),
        han=pl.when(content.str.len_bytes() != content.str.len_chars())
        .then(content.str.count_matches(HAN))
        .otherwise(0)
        .cast(pl.Int64),
        words=content.str.count_matches(WORD).cast(pl.Int64),
        is_empty=(content.str.strip_chars() == "") & pl.col("calls").is_null(),
        constraints=asked.str.count_matches(_CONSTRAINTS_EN) + asked.str.count_matches(_CONSTRAINTS_ZH),
        has_code=content.str.contains("```", literal=True),
        tokens=estimated_tokens(messages["content"].fill_null(""))
        + estimated_tokens(messages["reasoning"].fill_null("")),
        said=content.str.strip_chars(),
    )
    before = pl.col("role").shift(1).over("row").fill_null("")
    last = pl.int_range(pl.len()).over("row") == pl.len().over("row") - 1
    follows = (pl.col("is_user") & before.is_in(["", "assistant", "system"])) | (
        pl.col("is_assistant") & before.is_in(["user", "tool"])
    )
    return sizes.with_columns(follows=follows | ~(pl.col("is_user") | pl.col("is_assistant")), is_last=last)


_ANSWER = pl.col("characters").filter(pl.col("trained") & pl.col("calls").is_null())
_IS_BARE = (
    pl.col("trained")
    & pl.col("calls").is_null()
    & (pl.col("said").str.len_chars() < _BARE)
    & (pl.col("is_known") | ~pl.col("said").str.contains(r"[\p{L}\p{N}]"))
)
_AGGREGATES: dict[str, pl.Expr] = {
    "sft_turns": (pl.col("is_user") | pl.col("is_assistant")).sum(),
    "sft_user_turns": pl.col("is_user").sum(),
    "sft_answers": pl.col("trained").sum(),
    "sft_characters": pl.col("characters").sum(),
    "sft_width": (pl.col("characters") + pl.col("han")).sum(),
    "sft_words": pl.col("words").sum(),
    "sft_tokens": pl.col("tokens").sum() + 6 * pl.len(),
    "sft_answer_tokens": pl.col("tokens").filter(pl.col("trained")).sum(),
    "sft_answer_characters": (pl.col("characters") + pl.col("thought")).filter(pl.col("trained")).sum(),
    "sft_answer_words": pl.col("words").filter(pl.col("trained")).sum(),
    "sft_prompt_characters": pl.col("characters").filter("is_user").sum(),
    "sft_prompt_words": pl.col("words").filter("is_user").sum(),
    "sft_reasoning_characters": pl.col("thought").sum(),
    "sft_calls": pl.col("calls").is_not_null().sum(),
    "sft_constraint_words": pl.col("constraints").sum(),
    "sft_empty_messages": pl.col("is_empty").sum(),
    "sft_bare_answers": _IS_BARE.sum(),
    "sft_first_user_characters": pl.col("characters").filter("is_user").first(),
    "sft_shortest_answer": _ANSWER.min(),
    "sft_longest_answer": _ANSWER.max(),
    "sft_longest_prompt": pl.col("characters").filter("is_user").max(),
    "sft_shortest_prompt": pl.col("characters").filter("is_user").min(),
    "sft_alternates": (pl.col("follows").all() & pl.col("is_user").first()).cast(pl.Float64),
    "sft_ends_with_answer": pl.col("is_assistant").last().cast(pl.Float64),
    "sft_has_reasoning": (pl.col("thought") > 0).any().cast(pl.Float64),
    "sft_has_code": pl.col("has_code").any().cast(pl.Float64),
    "sft_answer_share": (pl.col("characters").filter("trained").sum() / pl.col("characters").sum()),
    "sft_answer_is_prompt": (
        (pl.col("said").filter("is_user").first() == pl.col("said").filter("trained").first()).cast(pl.Float64)
    ),
}
_COUNTS = (
    "sft_turns", "sft_user_turns", "sft_answers", "sft_characters", "sft_width", "sft_words", "sft_tokens", "sft_answer_tokens", "sft_answer_characters",
    "sft_answer_words", "sft_prompt_characters", "sft_prompt_words", "sft_reasoning_characters", "sft_calls", "sft_constraint_words",
    "sft_empty_messages", "sft_bare_answers", "sft_alternates", "sft_ends_with_answer", "sft_has_reasoning", "sft_has_code",
)  # fmt: skip
"""Measures that a dialogue without messages has as 0; the others are null there."""

_DEFINITIONS: dict[str, str] = {
    "sft_turns": "Messages of users and the assistant",
    "sft_user_turns": "Messages of users",
    "sft_answers": "Messages that are trained",
    "sft_characters": "Characters of all contents, without the system prompt and reasoning",
    "sft_width": "Characters of all contents, a Chinese one twice, for it says as much as two letters",
    "sft_words": "Words of all contents: Chinese characters, and runs of other letters and digits",
    "sft_tokens": "Tokens of system prompt, contents and reasoning, estimated (one for a CJK character, one for four other bytes), and six for each message",
    "sft_answer_tokens": "Tokens of the trained text, estimated in the same way",
    "sft_answer_characters": "Characters of the trained text: contents and reasoning",
    "sft_answer_words": "Words of the trained contents",
    "sft_prompt_characters": "Characters of what users say",
    "sft_prompt_words": "Words of what users say",
    "sft_reasoning_characters": "Characters of reasoning",
    "sft_calls": "Messages that call tools",
    "sft_constraint_words": "Words and phrases of users that narrow what they ask for, in English and Chinese: at least, must not, 不超过, 格式 ...",
    "sft_empty_messages": "Messages that say nothing: no content but white space, and no call",
    "sft_bare_answers": "Trained contents of under 2 characters, calls aside; of a dialogue whose task is not known, `other` or `chat`, only those without "
    "letter or digit; null for tasks in which one character is an answer (choice, maths, classification ...)",
    "sft_first_user_characters": "Characters of the first message of a user",
    "sft_shortest_answer": "Characters of the shortest trained content, calls aside",
    "sft_longest_answer": "Characters of the longest trained content, calls aside",
    "sft_longest_prompt": "Characters of the longest message of a user",
    "sft_shortest_prompt": "Characters of the shortest message of a user",
    "sft_alternates": "1 where users and the assistant take turns, a user first; answers of tools stand between a call and the next answer",
    "sft_ends_with_answer": "1 where the last message is the assistant's",
    "sft_has_reasoning": "1 where a message has reasoning",
    "sft_has_code": "1 where a content has a fenced block",
    "sft_answer_share": "Share of the contents' characters that is trained",
    "sft_answer_is_prompt": "1 where the first trained content is the first message of a user again",
    "sft_system_characters": "Characters of the system prompt",
    "sft_has_tools": "1 where tools are listed or called",
    "sft_images_missing": "1 where it speaks of an image that is not there",
}
_FLAGS = frozenset(
    name for name in _DEFINITIONS if _DEFINITIONS[name].startswith("1 where") or name == "sft_answer_share"
)

register(
    Family(
        name="sft_turns",
        version="2",
        signals=tuple(
            Signal(
                name=name,
                definition=definition,
                source="corpus platform",
                range="0..1" if name in _FLAGS else "0..",
                empty="0" if name in _COUNTS else "null",
            )
            for name, definition in _DEFINITIONS.items()
        ),
        compute=compute,
        reads=("messages", "system", "tools", "task_type", "images_needed"),
        of="dialogues",
    )
)
