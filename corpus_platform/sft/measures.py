"""How varied dialogues are, and what is known of them: a set, a mix or a file, measured in one pass.

    found = measure(frames)              # frames with `messages`, and any of labels, language, task_type, construction, origin, doc_id

All rows are counted: languages, tasks, constructions, origins, labels and how many rows have them, difficulty where it is given, turns and lengths.
Texts are looked at in a sample of those with the lowest hashes of their ids: *distinct-n*, the share of different n-grams among all n-grams of requests and
answers, a Chinese character being a word (Li et al. 2016); verbs of requests with their objects (tags.py); abilities (ability.py).
A distinct-n falls as texts grow in number, so two are only compared at samples of one size: the first 200,000 words of the sample count.
Promise: the same rows give the same figures in any order.
Memory is 12 bytes a row, and the sample.

Not here: reading sets and mixes, and how figures are shown (analytics/sft_measures.py).
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl

from corpus_platform.dedup.grams import grams, units
from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.sft.ability import AbilityModel, shipped
from corpus_platform.sft.ability_labels import abilities, first_requests
from corpus_platform.sft.flat import MESSAGE_TYPE, flatten
from corpus_platform.sft.tags import demands, verb_objects
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLE, WORDS = 10_000, 200_000
COUNTED = ("language", "task_type", "construction", "origin")
"""Columns whose values are counted."""
DIFFICULTY = ("difficulty", "level")
"""Labels that say how difficult a request is."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST = 30
"""Values that are told of one column; verbs, labels."""
_OBJECTS = 5


@dataclass
class _Sample:
    """Dialogues with the lowest hashes: (-hash, number, messages, labels, task type)."""

    size: int
    rows: list[tuple[int, int, Any, Any, Any]] = field(default_factory=list)
    seen: int = 0

    def add(self, frame: pl.DataFrame) -> None:
        ids = _column(frame, "doc_id") if "doc_id" in frame.columns else frame["messages"].hash().cast(pl.String)
        hashes = hash_spans(TextBatch.of(ids.fill_null("")).documents)
        full = len(self.rows) >= self.size
        near = np.flatnonzero(hashes < np.uint64(-self.rows[0][0])) if full else np.arange(frame.height)
        columns = pl.DataFrame([frame["messages"], _column(frame, "labels"), _column(frame, "task_type")])[near]
        for place, row in zip(near.tolist(), columns.iter_rows(), strict=True):
            entry = (-int(hashes[place]), self.seen + place, *row)
            (heapq.heappush if len(self.rows) < self.size else heapq.heappushpop)(self.rows, entry)
        self.seen += frame.height

    def frame(self) -> pl.DataFrame:
        """The sample, lowest hash first."""
        ordered = sorted(self.rows, key=lambda one: (-one[0], one[1]))
        return pl.DataFrame(
            [one[2:] for one in ordered],
            schema={"messages": MESSAGE_TYPE, "labels": pl.String, "task_type": pl.String},
            orient="row",
        )


def measure(
    frames: Iterable[pl.DataFrame], *, sample: int = SAMPLE, model: AbilityModel | None = None
) -> dict[str, Any]:
    """The figures of dialogues as plain values (docs/sft.md names them). `model` tells abilities; the shipped one by default."""
    counts = {name: Counter[str]() for name in COUNTED}
    labels, difficulty = Counter[str](), Counter[str]()
    sizes: dict[str, list[np.ndarray]] = {"turns": [], "request_characters": [], "answer_characters": []}
    looked_at = _Sample(sample)
    for frame in frames:
        looked_at.add(frame)
        for name in COUNTED:
            counts[name].update(dict(_column(frame, name).fill_null(NOBODY_SAYS).value_counts().iter_rows()))
        _count_labels(_column(frame, "labels"), labels, difficulty)
        for name, values in _sizes(frame["messages"]).items():
            sizes[name].append(values)
    rows = looked_at.seen
    chosen = looked_at.frame()
    return {
        "rows": rows,
        **{name: _shares(found, rows) for name, found in counts.items()},
        "labels": _shares(labels, rows),
        "difficulty": _shares(difficulty, rows),
        **{name: _quantiles(values) for name, values in sizes.items()},
        "sample": chosen.height,
        **_of_texts(chosen, model or shipped()),
    }


def distinct(texts: pl.Series, n: int, words: int = WORDS) -> float | None:
    """Different n-grams of words by all n-grams, of so many words from the first text on; None where there is none."""
    found = units(TextBatch.of(texts), "word", "words")
    last = int(np.searchsorted(found.offset, words, "right")) - 1
    offset = found.offset[: max(last, 1) + 1]
    own, _ = grams(found.hash, offset, n, n)
    return round(np.unique(own).size / own.size, 4) if own.size else None


def _of_texts(frame: pl.DataFrame, model: AbilityModel) -> dict[str, Any]:
    flat = flatten(frame["messages"])
    said = {
        "requests": flat.filter(pl.col("role") == "user")["content"],
        "answers": flat.filter(pl.col("role") == "assistant")["content"],
    }
    told = {
        f"distinct_{n}": {name: distinct(texts.fill_null(""), n) for name, texts in said.items()} for n in (1, 2, 3)
    }
    requests = first_requests(frame["messages"])
    named = abilities(frame, model)["ability"].fill_null(NOBODY_SAYS)
    return {
        **told,
        "abilities": _shares(Counter(named.to_list()), frame.height),
        "demands": _shares(Counter(demands(requests).explode().drop_nulls().to_list()), frame.height),
        "verbs": _verbs(verb_objects(requests)),
    }


def _verbs(found: pl.DataFrame) -> dict[str, Any]:
    """How many requests have a verb, how many pairs of verb and object there are, how evenly they are spread (bits), and the most frequent verbs."""
    with_verb = found.drop_nulls("verb")
    pairs = (
        with_verb.drop_nulls("object")
        .group_by("verb", "object")
        .len()
        .sort("len", "verb", "object", descending=[True, False, False])
    )
    share = pairs["len"].to_numpy() / max(int(pairs["len"].sum()), 1)
    top = with_verb.group_by("verb").len().sort("len", "verb", descending=[True, False])[:_MOST]
    return {
        "with_verb": round(with_verb.height / found.height, 4) if found.height else 0.0,
        "pairs": pairs.height,
        "bits": round(float(-(share * np.log2(share)).sum()), 2) if share.size else 0.0,
        "top": {
            verb: {"rows": n, "objects": dict(pairs.filter(pl.col("verb") == verb)[:_OBJECTS].select("object", "len").iter_rows())}
            for verb, n in top.iter_rows()
        },
    }  # fmt: skip


def _count_labels(column: pl.Series, labels: Counter[str], difficulty: Counter[str]) -> None:
    """Adds up which labels rows have, equal ones at once."""
    for text, n in column.drop_nulls().value_counts().iter_rows():
        own = orjson.loads(text)
        if not isinstance(own, dict):
            continue
        labels.update(dict.fromkeys(own, n))
        value = next((own[name] for name in DIFFICULTY if isinstance(own.get(name), str | int | float)), None)
        if value is not None:
            difficulty[str(value).strip().lower()] += n


def _sizes(messages: pl.Series) -> dict[str, np.ndarray]:
    flat = flatten(messages)
    n = len(messages)
    row, size = flat["row"].to_numpy(), flat["content"].str.len_chars().fill_null(0).to_numpy()
    of = {role: (flat["role"] == role).to_numpy() for role in ("user", "assistant")}
    return {
        "turns": np.bincount(row, minlength=n).astype(np.int32),
        "request_characters": np.bincount(row[of["user"]], size[of["user"]], n).astype(np.int32),
        "answer_characters": np.bincount(row[of["assistant"]], size[of["assistant"]], n).astype(np.int32),
    }


def _quantiles(values: list[np.ndarray]) -> dict[str, float]:
    whole = np.concatenate(values) if values else np.empty(0)
    if not whole.size:
        return {}
    found = np.quantile(whole, QUANTILES, method="nearest")
    told = {f"p{round(100 * q)}": float(value) for q, value in zip(QUANTILES, found, strict=True)}
    return {"mean": round(float(whole.mean()), 2), **told, "max": float(whole.max())}


def _shares(found: Counter[str], rows: int) -> dict[str, dict[str, float]]:
    """Rows and share of each value, the most frequent first."""
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_MOST]
    return {value: {"rows": n, "share": round(n / rows, 4)} for value, n in ordered} if rows else {}


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name].cast(pl.String) if name in frame.columns else pl.Series(name, [None] * frame.height, pl.String)
