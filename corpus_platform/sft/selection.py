"""Which dialogues of a set are worth training on: those whose labels are new, whose requests are unlike, whose scores are high.

    rows = request_rows(frame)                                   # features of what users ask, a list a row
    chosen = by_unlikeness(Vectors.of(rows), most=0.7)           # Open-Platypus
    chosen = by_tags(tags, rows=6_000)                           # InsTag, complexity first
    chosen = by_scores(score, Vectors.of(rows), rows=6_000, most=0.9)      # Deita

*Tags* are words of each row. The row with the most comes first; a round takes each that has a tag which no other of the round has, and rounds go on
until there are enough. *Likeness* is the cosine of what users say, as TF-IDF of its words and pairs of words (a Chinese character is a word): of the
first 512 words, tf 1 + ln n, idf ln((1 + N) / (1 + df)) + 1 over the rows that are chosen among. *Scores* are numbers; equal ones keep their order.
Promise: what is chosen depends on the rows and their order alone. The greedy search is exact: pairs that can't pass the threshold are not looked at, for
two vectors that share nothing but their most frequent features are unlike (prefix filter). Memory is some 100 bytes a word of what users say.
Source: OFA-Sys/InsTag, README; arielnlee/Platypus, data_pipeline (cosine of embeddings, which need a model: here of words); hkust-nlp/deita,
src/deita/selection.

Not here: loops (selection_kernels.py), which labels and scores rows have (recipes/steps/sft_selection.py), copies (duplicates.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from corpus_platform.dedup.grams import grams, units
from corpus_platform.sft.duplicates import flat_lists
from corpus_platform.sft.flat import flatten
from corpus_platform.sft.selection_kernels import LEFT, heads, keep_unlike, take_by_tags
from corpus_platform.text.batch import TextBatch

WORDS = 512
"""Words of a request that its vector is made of."""
_ALL = np.iinfo(np.int64).max
_ROUNDS = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Chosen:
    """What becomes of n rows: `kept` bool[n]; of those that go `rule`, an index into `rules` (int16[n], -1 where kept).

    `value` and `threshold` float64[n] are what the rule saw (NaN where there is none); `like` int64[n] is the row that was too much alike, or -1.
    """

    rules: tuple[str, ...]
    rule: np.ndarray
    value: np.ndarray
    threshold: np.ndarray
    like: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Which rows stay."""
        return self.rule < 0

    @classmethod
    def all_of(cls, n: int, rules: tuple[str, ...]) -> Self:
        """Every row stays."""
        return cls(rules, np.full(n, -1, np.int16), np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1, np.int64))

    def drop(self, rows: np.ndarray, rule: str, value: np.ndarray | float, threshold: np.ndarray | float) -> None:
        """Notes that rows (a mask or numbers) go."""
        self.rule[rows] = self.rules.index(rule)
        self.value[rows], self.threshold[rows] = value, threshold


@dataclass(frozen=True)
class Vectors:
    """Vectors of n rows, each of length 1, or without a feature: `feature` int64, the rarest first, and `weight` float64, from `start[r]` to `start[r + 1]`."""

    feature: np.ndarray
    weight: np.ndarray
    start: np.ndarray
    features: int

    def __len__(self) -> int:
        return self.start.size - 1

    @classmethod
    def of(cls, rows: pl.Series) -> Self:
        """TF-IDF of rows of features (`request_rows`)."""
        hashes, offset = flat_lists(rows)
        n = offset.size - 1
        if not hashes.size:
            return cls(np.empty(0, np.int64), np.empty(0), np.zeros(n + 1, np.int64), 0)
        known, number = np.unique(hashes, return_inverse=True)
        size = known.size
        # One number for row and feature: sorting it brings the same features of a row together.
        entry, tf = np.unique(np.repeat(np.arange(n), np.diff(offset)) * size + number, return_counts=True)
        del hashes, number
        row, feature = np.divmod(entry, size)
        df = np.bincount(feature, minlength=size)
        rank = np.empty(size, np.int64)
        rank[np.argsort(df, kind="stable")] = np.arange(size)
        weight = (1 + np.log(tf)) * (np.log((1 + n) / (1 + df[feature])) + 1)
        order = np.argsort(row * size + rank[feature])
        counts = np.bincount(row, minlength=n)
        weight /= np.sqrt(np.bincount(row, weight * weight, n))[row]
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int64)
        return cls(rank[feature][order], weight[order], start, size)

    def ordered(self, order: np.ndarray) -> Vectors:
        """The vectors of some rows (numbers), in their order."""
        size = np.diff(self.start)[order]
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)]).astype(np.int64)
        entry = np.arange(start[-1]) + np.repeat(self.start[order] - start[:-1], size)
        return Vectors(self.feature[entry], self.weight[entry], start, self.features)


def requests_of(messages: pl.Series) -> pl.Series:
    """All that users say of n dialogues, a line break between what they say; an empty text where they say nothing."""
    flat = flatten(messages).filter(pl.col("role") == "user")
    said = flat.group_by("row", maintain_order=True).agg(pl.col("content").str.join("\n"))
    rows = pl.DataFrame({"row": pl.Series(range(len(messages)), dtype=pl.UInt32)})
    return rows.join(said, on="row", how="left", maintain_order="left")["content"].fill_null("").alias("request")


def request_rows(messages: pl.Series) -> pl.Series:
    """Features of what users say of n dialogues, List(UInt64): hashes of the words and of the pairs of words, as often as they come."""
    found = units(TextBatch.of(requests_of(messages)), "word", "words")
    size = np.minimum(found.count, WORDS)
    words = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)]).astype(np.int64)
    entry = np.arange(words[-1]) + np.repeat(found.offset[:-1] - words[:-1], size)
    hashes = found.hash[entry]
    pairs, ends = grams(hashes, words, 2, 2)
    n = len(messages)
    row = np.concatenate([np.repeat(np.arange(n), size), np.repeat(np.arange(n), np.diff(ends))])
    both = pl.DataFrame(
        {"row": row, "hash": np.concatenate([hashes, pairs])}, schema={"row": pl.Int64, "hash": pl.UInt64}
    )
    lists = both.group_by("row", maintain_order=True).agg("hash")
    rows = pl.DataFrame({"row": np.arange(n)}, schema={"row": pl.Int64})
    whole = rows.join(lists, on="row", how="left", maintain_order="left")["hash"]
    return pl.select(whole.fill_null(pl.lit([], dtype=pl.List(pl.UInt64))).alias("features")).to_series()


def by_tags(tags: pl.Series, *, rows: int | None = None, rounds: int | None = None) -> Chosen:
    """InsTag's choice, complexity first, of rows with lists of tags (List(String)): as many rows as are wanted, or rounds; one round by default.

    A row goes by `no_tags`, by `no_new_tag` (value: its tags; threshold: one that is new) or, with a number of rows, by `over_budget` (value: its tags;
    threshold: those of the row that was taken last).
    """
    rules = ("no_tags", "no_new_tag", "over_budget")
    own = tags.fill_null([]).list.drop_nulls().list.unique(maintain_order=True)
    size = own.list.len().to_numpy().astype(np.int64)
    made = Chosen.all_of(len(own), rules)
    order = np.argsort(-size, kind="stable")
    said = own.gather(order).explode(empty_as_null=False)
    tag = said.rank("dense").to_numpy().astype(np.int64) - 1 if len(said) else np.empty(0, np.int64)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(size[order])])
    limit = _ALL if rows is None else rows
    most = rounds or (1 if rows is None else _ROUNDS)
    taken = take_by_tags(tag, start, int(tag.max()) + 1 if tag.size else 0, limit, most)
    left = order[taken == LEFT]
    is_full = rows is not None and int((taken != LEFT).sum()) == rows
    last = float(size[order[np.flatnonzero(taken == taken.max())[-1]]]) if is_full else np.nan
    made.drop(left, "over_budget" if is_full else "no_new_tag", size[left].astype(np.float64), last if is_full else 1.0)
    made.drop(size == 0, "no_tags", 0.0, 1.0)
    return made


def by_unlikeness(vectors: Vectors, *, most: float, order: np.ndarray | None = None, rows: int | None = None) -> Chosen:
    """Keeps a row, in the order that is given (theirs by default), if its cosine with each kept one is `most` at most, until there are enough.

    A row goes by `like_another` (value: the largest cosine) or `over_budget` (value: its place in the order, from 1; threshold: the rows that are wanted).
    A row without a word is like none.
    """
    made = Chosen.all_of(len(vectors), ("like_another", "over_budget"))
    places = np.arange(len(vectors)) if order is None else order
    own = vectors.ordered(places)
    limit = _ALL if rows is None else rows
    kept, largest, like = keep_unlike(
        own.feature, own.weight, own.start, heads(own.weight, own.start, most), own.features, most, limit
    )
    alike = like >= 0
    over = ~kept & ~alike
    made.drop(places[over], "over_budget", np.flatnonzero(over) + 1.0, np.nan if rows is None else float(rows))
    made.drop(places[alike], "like_another", largest[alike], most)
    made.like[places[alike]] = places[like[alike]]
    return made


def by_scores(
    score: np.ndarray,
    vectors: Vectors | None = None,
    *,
    least: float | None = None,
    most: float | None = None,
    rows: int | None = None,
) -> Chosen:
    """The rows of the best scores (float64[n], NaN where there is none) that are unlike each other.

    A row goes by `no_score`, `low_score` (below `least`), `like_a_better_one` (its cosine with a kept row of at least its score is above `most`; `vectors` are
    needed then), or `over_budget` (value: its score; threshold: the least score that was taken).
    """
    made = Chosen.all_of(score.size, ("no_score", "low_score", "like_a_better_one", "over_budget"))
    made.drop(np.isnan(score), "no_score", np.nan, np.nan)
    if least is not None:
        low = score < least
        made.drop(low, "low_score", score[low], least)
    left = np.flatnonzero(made.kept)
    order = left[np.argsort(-score[left], kind="stable")]
    if vectors is None or most is None:
        over = order[rows:] if rows is not None else order[:0]
    else:
        found = by_unlikeness(vectors, most=most, order=order, rows=rows)
        alike = order[found.rule[order] == 0]
        made.drop(alike, "like_a_better_one", found.value[alike], most)
        made.like[alike] = found.like[alike]
        over = order[found.rule[order] == 1]
    taken = order[made.kept[order] & ~np.isin(order, over)]
    made.drop(over, "over_budget", score[over], float(score[taken].min()) if taken.size else np.nan)
    return made
