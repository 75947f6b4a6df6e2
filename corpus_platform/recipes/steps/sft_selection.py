"""Choices among the dialogues of a data set that a recipe leaves: by tags, by unlikeness, by scores.

Each needs all of the set: what is known of a dialogue for it (`index`) is gathered first, then all are judged at once (`verdicts`). They come behind the
recipe's dedup, each over what the one before has left.

Not here: how they choose (sft/selection.py), who takes part (recipes/sft_selections.py, stages/sft_selected.py).
"""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import orjson
import polars as pl
from pydantic import Field, model_validator

from corpus_platform.recipes.step import DedupStep, register_step
from corpus_platform.sft.selection import Vectors, by_scores, by_tags, by_unlikeness, request_rows, requests_of
from corpus_platform.sft.tags import tags_of
from corpus_platform.signals.registry import signals
from corpus_platform.signals.sft_labels import NAMES, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from corpus_platform.sft.selection import Chosen

VERDICTS = {
    "doc_id": pl.String,
    "kept": pl.Boolean,
    "rule": pl.String,
    "similarity": pl.Float64,
    "threshold": pl.Float64,
    "canonical": pl.String,
}
"""What becomes of a dialogue: `similarity` is the value that the rule saw, `canonical` the dialogue that it was too much alike."""
_ABILITY = "sft_ability"


class Selection(DedupStep):
    """What all choices are."""

    of: ClassVar[Literal["texts", "dialogues"]] = "dialogues"
    matching: ClassVar[str] = "documents"
    limit: ClassVar[float | None] = None
    """Thresholds stand in the verdicts, for each row."""

    @abstractmethod
    def index(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What is kept of dialogues (`doc_id` and the columns of `needs`) until all have been seen: `doc_id` and more."""

    @abstractmethod
    def choose(self, index: pl.DataFrame) -> Chosen:
        """What becomes of the rows of an index, which are in the order of their set."""

    def verdicts(self, index: pl.DataFrame) -> pl.DataFrame:
        """The same as rows (`VERDICTS`)."""
        chosen = self.choose(index)
        names = pl.Series([*chosen.rules, None], dtype=pl.String)
        ids = index["doc_id"]
        other = pl.Series(np.where(chosen.like < 0, len(ids), chosen.like))
        return pl.DataFrame(
            {
                "doc_id": ids,
                "kept": chosen.kept,
                "rule": names.gather(np.where(chosen.kept, len(chosen.rules), chosen.rule)),
                "similarity": pl.Series(chosen.value).fill_nan(None),
                "threshold": pl.Series(chosen.threshold).fill_nan(None),
                "canonical": pl.concat([ids, pl.Series([None], dtype=pl.String)]).gather(other),
            }
        ).cast(VERDICTS)  # type: ignore[arg-type]


@register_step
class SelectByTags(Selection):
    """Dialogues with the most tags that bring new ones (#InsTag): each round covers all tags once more."""

    step: ClassVar[str] = "sft_select_tags"

    labels: tuple[str, ...] = Field(
        default=("tags",), description="Labels that hold the tags of a dialogue: a list of words, or a word"
    )
    own: bool = Field(
        default=False,
        description="Whether dialogues without such a label have tags of ours: ability, first verb with its object, demands on the answer",
    )
    rows: int | None = Field(
        default=None, ge=1, description="Dialogues that are wanted: rounds go on until there are as many"
    )
    rounds: int | None = Field(default=None, ge=1, description="Rounds at most; one by default where no rows are named")

    def needs(self) -> tuple[str, ...]:
        """Labels; for tags of ours messages and ability."""
        return ("labels", *(("messages", _ABILITY) if self.own else ()))

    def index(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The tags."""
        found = _by_labels(frame["labels"], self._read, pl.List(pl.String))
        if self.own:
            own = tags_of(requests_of(frame["messages"]), frame[_ABILITY])
            found = pl.select(pl.when(found.list.len() > 0).then(found).otherwise(own)).to_series()
        return pl.DataFrame({"doc_id": frame["doc_id"], "tags": found})

    def choose(self, index: pl.DataFrame) -> Chosen:
        """By new tags."""
        return by_tags(index["tags"], rows=self.rows, rounds=self.rounds)

    def _read(self, labels: Mapping[str, Any]) -> list[str]:
        return [word for name in self.labels for word in _words(labels.get(name))]


@register_step
class SelectUnlike(Selection):
    """Requests that are unlike each one kept before them (Open-Platypus)."""

    step: ClassVar[str] = "sft_select_unlike"

    most: float = Field(
        default=0.7,
        gt=0,
        lt=1,
        description="Largest cosine with a request that is kept: TF-IDF of words and pairs of words",
    )
    rows: int | None = Field(
        default=None, ge=1, description="Dialogues that are wanted; all that are unlike by default"
    )
    first: str | None = Field(
        default=None,
        description="Signal or label whose highest values come first, e.g. sft_answer_characters; the set's order by default",
    )

    def needs(self) -> tuple[str, ...]:
        """Messages, and what comes first."""
        return ("messages", *(_needed([self.first]) if self.first else ()))

    def index(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Words of the requests."""
        score = _scores(frame, [self.first]) if self.first else pl.Series([0.0] * frame.height)
        return pl.DataFrame({"doc_id": frame["doc_id"], "features": request_rows(frame["messages"]), "score": score})

    def choose(self, index: pl.DataFrame) -> Chosen:
        """By unlikeness, those without a value last."""
        score = index["score"].cast(pl.Float64).fill_null(-np.inf).to_numpy()
        order = np.argsort(-score, kind="stable")
        return by_unlikeness(Vectors.of(index["features"]), most=self.most, order=order, rows=self.rows)


@register_step
class SelectByScores(Selection):
    """Dialogues with the best scores that are unlike each other (Deita), or with a score that is high enough (AlpaGasus)."""

    step: ClassVar[str] = "sft_select_scores"

    factors: tuple[str, ...] = Field(
        default=("complexity", "quality"),
        min_length=1,
        description="Labels or signals whose product is the score; of labels with a value for each turn the products are summed",
    )
    least: float | None = Field(default=None, description="Least score; any by default")
    most: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Largest cosine with a kept request of at least its score; not asked by default",
    )
    rows: int | None = Field(default=None, ge=1, description="Dialogues that are wanted; all by default")

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.least is None and self.most is None and self.rows is None:
            raise ValueError("a choice by scores says `rows`, `least` or `most`")
        return self

    def needs(self) -> tuple[str, ...]:
        """What the factors are read of, and messages where they are compared."""
        return (*_needed(self.factors), *(("messages",) if self.most is not None else ()))

    def index(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Score, and words of the requests where they are compared."""
        told = pl.DataFrame({"doc_id": frame["doc_id"], "score": _scores(frame, self.factors)})
        return told if self.most is None else told.with_columns(request_rows(frame["messages"]).alias("features"))

    def choose(self, index: pl.DataFrame) -> Chosen:
        """By scores."""
        score = index["score"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        vectors = Vectors.of(index["features"]) if self.most is not None else None
        return by_scores(score, vectors, least=self.least, most=self.most, rows=self.rows)


def _needed(factors: Iterable[str]) -> tuple[str, ...]:
    known = signals()
    return tuple(dict.fromkeys(name if name in known else "labels" for name in factors))


def _scores(frame: pl.DataFrame, factors: Sequence[str]) -> pl.Series:
    """The product of the factors of each dialogue, summed over turns; null where one is missing."""
    known = signals()
    measured = [pl.col(name).cast(pl.Float64) for name in factors if name in known]
    said = [name for name in factors if name not in known]
    score = frame.with_columns(_score=reduce(lambda a, b: a * b, measured, pl.lit(1.0)))["_score"]
    return score * _by_labels(frame["labels"], lambda own: _product(own, said), pl.Float64) if said else score


def _product(labels: Mapping[str, Any], names: Iterable[str]) -> float | None:
    found = [_numbers(labels, name) for name in names]
    turns = max(len(one) for one in found)
    if any(len(one) not in (1, turns) for one in found) or not turns:
        return None
    by_turn = [one if len(one) == turns else one * turns for one in found]
    return sum(reduce(lambda a, b: a * b, turn) for turn in zip(*by_turn, strict=True))


def _numbers(labels: Mapping[str, Any], name: str) -> list[float]:
    """The values of the first label of the name, or of those that a signal of the name is read of."""
    for known in (name, *NAMES.get(f"sft_{name}", ())):
        if labels.get(known) is not None:
            return list(numbers(labels[known]))
    return []


def _words(value: Any) -> list[str]:
    match value:
        case str():
            return [value.strip()] if value.strip() else []
        case list():
            return [word for one in value for word in _words(one)]
        case _:
            return []


def _by_labels(labels: pl.Series, read: Callable[[Mapping[str, Any]], Any], dtype: Any) -> pl.Series:
    """What is read of the column `labels`, equal ones once; null where there are none."""
    different = labels.unique().drop_nulls()
    known = [orjson.loads(text) for text in different]
    values = pl.Series([read(own) if isinstance(own, dict) else None for own in known], dtype=dtype)
    table = pl.DataFrame({"labels": different, "value": values})
    return pl.DataFrame({"labels": labels}).join(table, on="labels", how="left", maintain_order="left")["value"]
