"""What a request asks an assistant to be able to do: a model of words and pairs of words, made of requests that we have written, or of labelled sets.

    model = shipped()                                   # made in a fraction of a second of abilities/en.yaml and zh.yaml
    found = model.predict(requests)                     # ability, score

The model is a naive Bayes classifier: the features of a request are the words and pairs of words of its beginning and end, each once, and its first word as
such; a Chinese character is a word. The *score* is the softmax of log likelihoods over the square root of the features that are known, for features
depend on each other. A request of which nothing is known has no ability.
Promise: the same requests and labels give the same model, byte by byte; nothing is drawn at random.
How well it does: docs/sft.md has figures on labelled sets that it was not made of.

Not here: which labels of data sets name an ability (ability_labels.py), the signal (signals/sft_ability.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import polars as pl
import yaml

from corpus_platform.dedup.grams import grams, units
from corpus_platform.errors import ModelError
from corpus_platform.models.classifier import ClassMetrics, metrics
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corpus_platform.models.training_sets import TrainingSet

ABILITIES = (
    "chat",
    "knowledge",
    "maths",
    "code",
    "reasoning",
    "writing",
    "poetry",
    "rewriting",
    "summarisation",
    "translation",
    "classification",
    "extraction",
    "role_play",
    "advice",
    "ideas",
)
"""Abilities, coarsely. Those that are task types too have the same name."""
MODEL, INFO = "ability.npz", "ability.json"
_HEAD, _TAIL = 300, 100
_SMOOTHING = 0.1
_ANYTHING = "anyslot"
_SLOT = re.compile(r"\{\w+\}")
_FIRST = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class AbilityModel:
    """`feature` uint64[f], ascending; `weight` float32[f, labels]: log likelihoods; `prior` float32[labels]. `classes` says how well each label is told."""

    labels: tuple[str, ...]
    feature: np.ndarray
    weight: np.ndarray
    prior: np.ndarray
    classes: tuple[ClassMetrics, ...] = ()
    data: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Identity of the model, 32 hex digits."""
        made = hashlib.blake2b(repr(self.labels).encode(), digest_size=16)
        for array in (self.feature, self.weight, self.prior):
            made.update(np.ascontiguousarray(array).tobytes())
        return made.hexdigest()

    def predict(self, requests: pl.Series) -> pl.DataFrame:
        """`ability` (String) and `score` (Float64, 0..1) of n requests; null where nothing is known."""
        hashes, row = _features(requests)
        place = np.searchsorted(self.feature, hashes)
        known = place < self.feature.size
        known[known] = self.feature[place[known]] == hashes[known]
        n = len(requests)
        count = np.bincount(row[known], minlength=n)
        # Features come row by row: those of a row are added up at once.
        own = self.weight[place[known]]
        total = np.zeros((n, len(self.labels)))
        there = np.flatnonzero(count)
        if there.size:
            total[there] = np.add.reduceat(own, (np.cumsum(count) - count)[there], axis=0)
        total = (total + self.prior) / np.sqrt(np.maximum(count, 1))[:, None]
        power = np.exp(total - total.max(axis=1, keepdims=True))
        best = total.argmax(axis=1)
        score = power[np.arange(n), best] / power.sum(axis=1)
        told = pl.Series(count > 0)
        names = pl.Series(self.labels, dtype=pl.String).gather(best)
        found = pl.DataFrame({"ability": names, "score": score, "told": told})
        return found.select(
            pl.when("told").then("ability").alias("ability"), pl.when("told").then("score").alias("score")
        )

    def save(self, folder: Path) -> None:
        """Writes the model into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / MODEL, feature=self.feature, weight=self.weight, prior=self.prior)
        told = {"labels": self.labels, "classes": [one.model_dump() for one in self.classes], "data": self.data}
        (folder / INFO).write_text(json.dumps({**told, **self.facts, "digest": self.digest}, indent=2) + "\n", "utf-8")

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The model of a folder. Raises ModelError where there is none."""
        place = Path(folder)
        try:
            told = json.loads((place / INFO).read_text("utf-8"))
            with np.load(place / MODEL, allow_pickle=False) as arrays:
                made = cls(
                    tuple(told["labels"]),
                    arrays["feature"],
                    arrays["weight"],
                    arrays["prior"],
                    tuple(ClassMetrics(**one) for one in told["classes"]),
                    told["data"],
                )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{place}: no model of abilities there ({error}): corpus sft ability train") from None
        return made


def train(rows: TrainingSet) -> AbilityModel:
    """A model of labelled requests, judged on those held back. Raises ModelError where there are too few."""
    if rows.reason:
        raise ModelError(f"no model of abilities can be made: {rows.reason}")
    made = _made_of(rows.labels, rows.train_texts, rows.train_labels, rows.data)
    return _judged(made, rows.train_labels, rows.held_texts, rows.held_labels)


@cache
def shipped() -> AbilityModel:
    """The model of the requests that we have written, in English and Chinese."""
    learnt, held = written(), written("held_back")
    truth, texts = _flat(learnt)
    held_truth, held_texts = _flat(held)
    data = hashlib.blake2b(repr((learnt, held)).encode(), digest_size=16).hexdigest()
    return _judged(_made_of(ABILITIES, texts, truth, data), truth, held_texts, held_truth)


def written(part: Literal["sentences", "held_back"] = "sentences") -> dict[str, list[str]]:
    """The requests that we have written, by ability, with a word that nobody uses for anything that may stand there."""
    found: dict[str, list[str]] = {ability: [] for ability in ABILITIES}
    for language in ("en", "zh"):
        content = files("corpus_platform.sft").joinpath("abilities", f"{language}.yaml").read_bytes()
        for ability, own in yaml.safe_load(content).items():
            found[ability] += [_SLOT.sub(f" {_ANYTHING} ", text) for text in own[part]]
    return found


def _flat(texts: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Labels and texts, one each."""
    pairs = [(label, text) for label, own in texts.items() for text in own]
    return [label for label, _ in pairs], [text for _, text in pairs]


def model_at(folder: str | None) -> AbilityModel:
    """The model of a folder, or the shipped one. Raises ModelError where there is none."""
    if folder is None:
        return shipped()
    told = Path(folder) / INFO
    return _opened(folder, told.stat().st_mtime_ns if told.is_file() else 0)


@lru_cache(maxsize=4)
def _opened(folder: str, changed: int) -> AbilityModel:
    del changed
    return AbilityModel.open(folder)


def _made_of(labels: tuple[str, ...], texts: Sequence[str], truth: Sequence[str], data: str) -> AbilityModel:
    hashes, row = _features(pl.Series(texts, dtype=pl.String))
    feature, place = np.unique(hashes, return_inverse=True)
    own = np.array([labels.index(label) for label in truth], np.int64)
    counts = np.zeros((feature.size, len(labels)))
    np.add.at(counts, (place, own[row]), 1.0)
    likely = np.log((counts + _SMOOTHING) / (counts.sum(axis=0) + _SMOOTHING * feature.size))
    prior = np.log((np.bincount(own, minlength=len(labels)) + 1) / (own.size + len(labels)))
    return AbilityModel(labels, feature, likely.astype(np.float32), prior.astype(np.float32), data=data)


def _judged(model: AbilityModel, truth: Iterable[str], texts: Sequence[str], held: Sequence[str]) -> AbilityModel:
    found = model.predict(pl.Series(texts, dtype=pl.String))["ability"].to_list() if texts else []
    counts = dict(pl.Series(list(truth)).value_counts().iter_rows())
    judged = metrics(held, found, model.labels)
    classes = tuple(one.model_copy(update={"training_rows": counts.get(one.label, 0)}) for one in judged)
    return AbilityModel(model.labels, model.feature, model.weight, model.prior, classes, model.data)


def _features(requests: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Features of n requests (uint64) and the row of each (int64), every feature once a row."""
    text = pl.col("text")
    parts = pl.concat_str(text.str.slice(0, _HEAD), text.str.tail(_TAIL), separator="\n")
    frame = pl.DataFrame({"text": requests.fill_null("").str.strip_chars()})
    looked_at = frame.select(pl.when(text.str.len_chars() > _HEAD + _TAIL).then(parts).otherwise(text))["text"]
    found = units(TextBatch.of(looked_at), "word", "words")
    pairs, ends = grams(found.hash, found.offset, 2, 2)
    rows = np.arange(len(requests))
    begun = rows[found.count > 0]
    hashes = np.concatenate([found.hash, pairs, found.hash[found.offset[:-1][begun]] * _FIRST])
    row = np.concatenate([np.repeat(rows, found.count), np.repeat(rows, np.diff(ends)), begun])
    once = (
        pl.DataFrame({"row": row, "hash": hashes}, schema={"row": pl.Int64, "hash": pl.UInt64})
        .unique()
        .sort("row", "hash")
    )
    return once["hash"].to_numpy(), once["row"].to_numpy()
