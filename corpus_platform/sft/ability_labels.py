"""What data sets say of the abilities that their records ask for, under the names of the model of abilities.

Labels of data sets name tasks in many ways ("Coding & Debugging", "closed_qa", "数学计算能力"): the first of the labels below that has a value which a pattern
knows tells the ability, else the task type where that is one. What no pattern knows is not told.
Source: databricks-dolly-15k, Magpie, Infinity-Instruct, firefly-train, BELLE and Natural Instructions, as the catalogue has them.

Not here: the model (ability.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.sft.ability import ABILITIES
from corpus_platform.sft.flat import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.ability import AbilityModel

LABELS = (
    "ability",
    "task_category",
    "category",
    "categories",
    "categories_en",
    "categories_zh",
    "abilities_en",
    "abilities_zh",
    "task",
    "kind",
    "class",
)
"""Labels that are asked, in this order."""
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("maths", r"math|arithmetic|algebra|geometry|calculus|数学|计算题|运算"),
    ("code", r"\bcod(?:e|ing)\b|debug|program|software|\bsql\b|编程|代码|程序"),
    ("translation", r"translat|翻译"),
    ("summarisation", r"summar|title generation|headline|摘要|总结|概括"),
    ("poetry", r"poe(?:m|try)|couplet|lyric|诗|对联|歌词"),
    ("role_play", r"role.?play|角色扮演"),
    ("rewriting", r"rewrit|paraphras|editing|grammar|error correction|textcorrection|style transfer|改写|润色|纠错"),
    (
        "extraction",
        r"extract|closed.?qa|named entity|\bner\b|reading comprehension|\bmrc\b|keyword|tagging|抽取|阅读理解|提取",
    ),
    ("classification", r"classif|categori[sz]ation|sentiment|detection|textmatching|分类|情感分析|判断"),
    ("reasoning", r"reason|logic|inference|entailment|\bnli\b|\bcot\b|commonsense|推理|逻辑"),
    ("writing", r"writing|composition|storygen|story|prosegen|creative|essay|product.?desc|写作|创作|文案"),
    ("ideas", r"brainstorm|头脑风暴|question generation|创意"),
    ("advice", r"advice|planning|recommend|life skill|建议|规划|生活"),
    ("knowledge", r"open.?qa|general.?qa|information.?seeking|factual|knowledge|dictionary|常识|知识|百科"),
    ("chat", r"^chat|chit.?chat|small talk|闲聊|聊天"),
)
"""Patterns by ability, asked in this order: of "mathematical reasoning" mathematics is the more special."""
_KNOWN = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS)
_NOT_TOLD = frozenset({"chat"})
"""Task types that say nothing of a record: whole data sets of chats are called so, whatever is asked in them."""


def told(labels: pl.Series, task_type: pl.Series) -> pl.Series:
    """The ability that each of n records is said to ask for; null where nobody says it. Equal labels are read once."""
    different = labels.cast(pl.String).unique().drop_nulls()
    known = pl.DataFrame(
        {"labels": different, "ability": pl.Series([_of(text) for text in different], dtype=pl.String)}
    )
    frame = pl.DataFrame({"labels": labels.cast(pl.String), "task": task_type.cast(pl.String)})
    by_task = pl.when(pl.col("task").is_in([name for name in ABILITIES if name not in _NOT_TOLD])).then("task")
    joined = frame.join(known, on="labels", how="left", maintain_order="left")
    return joined.select(pl.coalesce("ability", by_task).alias("ability"))["ability"]


def abilities(frame: pl.DataFrame, model: AbilityModel) -> pl.DataFrame:
    """`ability` and `score` of n dialogues (`messages`, and where there are any `labels` and `task_type`): as they are said to be, else by the model.

    The score is null where it is said, and both are where nothing is known.
    """
    said = told(*(_column(frame, name) for name in ("labels", "task_type")))
    found = model.predict(first_requests(frame["messages"])).with_columns(said.alias("said"))
    return found.select(
        pl.coalesce("said", "ability").alias("ability"), pl.when(pl.col("said").is_null()).then("score").alias("score")
    )


def first_requests(messages: pl.Series) -> pl.Series:
    """What the user says first in each of n dialogues; an empty text where nobody does."""
    first = (
        flatten(messages)
        .filter(pl.col("role") == "user")
        .group_by("row", maintain_order=True)
        .agg(pl.col("content").first())
    )
    rows = pl.DataFrame({"row": pl.Series(range(len(messages)), dtype=pl.UInt32)})
    return rows.join(first, on="row", how="left", maintain_order="left")["content"].fill_null("").alias("request")


def _of(text: str) -> str | None:
    try:
        labels = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    values = (word for name in LABELS for word in _words(labels.get(name))) if isinstance(labels, dict) else iter(())
    return next((found for word in values if (found := _named(word))), None)


def _named(word: str) -> str | None:
    bare = word.strip().lower()
    if bare.replace(" ", "_") in ABILITIES:
        return bare.replace(" ", "_")
    return next((name for name, pattern in _KNOWN if pattern.search(bare)), None)


def _words(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value.replace("_", " ")
        case list():
            for one in value:
                yield from _words(one)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height, pl.String)
