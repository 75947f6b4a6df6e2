"""Which dialogues hold items of evaluation sets, in English and in Chinese: which item, how much of it, and where.

A *token* is a Chinese character or kana, or a run of letters and digits; width and case of characters, punctuation and the letters of options do not
count. An item has *parts*: its prompt, and its answer if that is long enough to be told from others. The *passages* of a part are runs of tokens that
follow each other: the question, and each option for itself, so that the order of options does not matter. A part is searched for by its n-grams, 13
tokens for long parts and answers, 8 for shorter ones, 3 for those of fewer than 32; one of fewer than 8 tokens must be a whole line.
The *score* of a part is the share of its tokens that the text has, within a stretch of about twice its length: tokens under n-grams that both have,
passages shorter than an n-gram word for word, and of passages of up to 128 tokens with a few words changed what both have in the same order (if that
is four fifths). Parts of fewer than 32 tokens need a higher score to be flagged, most of what their rare tokens weigh,
and their numbers; maths items need their numbers always, for their
variants differ in nothing else.
Promise: neither the order of items nor that of texts matters; `prove` finds a planted item before a run trusts a silence.
Sources: Tulu 3 (share of tokens under 8-grams, 50 %), GPT-3 (13-grams); both split at blanks, where Chinese has none.

Not here: items and their passages (eval_items.py), kernels (contamination_kernels.py), reading evaluation sets (recipes/test_sets.py), what becomes of a
dialogue (recipes/steps/sft_contamination.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.dedup.evidence import spans_of_units
from corpus_platform.dedup.grams import grams, units
from corpus_platform.dedup.sorted_sets import HashLookup
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.sft.contamination_kernels import Parts, hits_of, judged
from corpus_platform.sft.eval_items import EvalItem, normal_form, parts_of
from corpus_platform.text.batch import TextBatch, gather

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_VERSION = 1
_LENGTHS = (13, 8, 3)
"""Tokens of n-grams, the longest first."""
_LEAST = 8
"""Tokens of a part from which on it is searched for within texts, and not as a line."""
_LEAST_WITH_OPTIONS = 5
"""The same for a question with options, which must be there too."""
_COMMON, _TOO_COMMON = 10, 100
"""Parts that share an n-gram from which on it alone is no sign of any of them, and from which on it is not looked for."""
_LEAST_WEIGHT = 0.1
"""What a token weighs that all parts have."""


class Thresholds(BaseModel):
    """From which score on a part of an item counts as found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flag: float = Field(default=0.5, gt=0, le=1, description="Share of an item's tokens from which on a text holds it")
    flag_short: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="The same for items of fewer than `short` tokens, whose numbers must be there too",
    )
    flag_weight: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="Share of what the tokens of a short item weigh, the rarer a token among the items the more",
    )
    report: float = Field(default=0.2, gt=0, le=1, description="Share from which on a text is told beside an item")
    short: int = Field(default=32, ge=8, description="Tokens of an item below which it is short")
    long: int = Field(default=100, ge=32, description="Tokens of an item from which on it is searched for by 13-grams")
    answer_tokens: int = Field(
        default=40, ge=8, description="Tokens that an answer must have to be searched for by itself"
    )


@dataclass(frozen=True)
class _Grams:
    """The n-grams of one length: distinct and ascending in `lookup`; gram g stands at the tokens `at[first[g] : first[g + 1]]` of `part`."""

    length: int
    lookup: HashLookup
    first: np.ndarray
    part: np.ndarray
    at: np.ndarray
    common: np.ndarray


@dataclass(frozen=True)
class EvalItems:
    """Evaluation items made ready to be searched for. `item`, `is_answer` and `strict` (numbers must be there) are by part.

    `too_short` names the items of which nothing can be searched for.
    """

    items: tuple[EvalItem, ...]
    thresholds: Thresholds
    item: np.ndarray
    is_answer: np.ndarray
    parts: Parts
    strict: np.ndarray
    grams: tuple[_Grams, ...]
    lines: dict[int, tuple[int, ...]] = field(repr=False)
    """Parts by the hash of a whole line."""
    texts: tuple[str, ...] = field(repr=False)
    """Normal text of each part."""
    too_short: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Iterable[EvalItem], thresholds: Thresholds | None = None) -> EvalItems:
        """The items made ready. Raises SettingsError when an id comes twice within a benchmark."""
        asked = thresholds or Thresholds()
        ordered = tuple(sorted(items, key=lambda i: (i.benchmark, i.id)))
        twice = [a for a, b in pairwise(ordered) if (a.benchmark, a.id) == (b.benchmark, b.id)]
        if twice:
            raise SettingsError(
                f"two items of `{twice[0].benchmark}` are called `{twice[0].id}`: give each an id of its own"
            )
        parts = parts_of(ordered)
        passages = [text for part in parts for text in part.passages]
        found = units(TextBatch.of(passages), "word", "words")
        part_passage = _starts([len(part.passages) for part in parts])
        part_start = found.offset[part_passage]
        size = np.diff(part_start)
        longest = np.maximum.reduceat(np.append(found.count, 0), part_passage[:-1]) if parts else np.empty(0, np.int64)
        is_answer = np.array([part.name == "answer" for part in parts], np.bool_)
        length = _gram_lengths(size, longest, is_answer, np.diff(part_passage) > 2, asked)
        length[is_answer & (size < asked.answer_tokens)] = 0
        single = np.diff(part_passage) == 1
        whole = np.flatnonzero((size > 0) & (size < _LEAST) & (length == 0) & ~is_answer & single)
        used = {parts[p].item for p in (*np.flatnonzero(length > 0), *whole)}
        numbers = units(TextBatch.of([" ".join(part.numbers) for part in parts]), "word", "words")
        maths = np.array([ordered[part.item].maths for part in parts], np.bool_)
        return cls(
            ordered,
            asked,
            np.array([part.item for part in parts], np.int64),
            is_answer,
            Parts(
                found.hash,
                _weights(found.hash, part_start),
                part_start,
                found.offset,
                part_passage,
                length,
                ~is_answer,
                numbers.hash,
                numbers.offset,
            ),
            maths | (size < asked.short),
            tuple(_grams(n, length, found.hash, found.offset, part_passage, part_start) for n in _LENGTHS),
            _by_line(found.hash, part_start, whole),
            tuple("\n".join(part.passages) for part in parts),
            tuple(f"{one.benchmark}#{one.id}" for number, one in enumerate(ordered) if number not in used),
        )

    @cached_property
    def digest(self) -> str:
        """What a fingerprint names the items by: equal for the same items and thresholds, whatever their order."""
        told = [(i.benchmark, i.id, i.prompt, i.answer, i.maths) for i in self.items]
        return hashlib.blake2b(
            repr((_VERSION, self.thresholds.model_dump(), told)).encode(), digest_size=16
        ).hexdigest()

    def find(self, texts: pl.Series, *, passages: Literal["none", "flagged", "all"] = "flagged") -> pl.DataFrame:
        """What n texts hold: a row for each text and item that it holds more than `report` of, the best part of it (`HIT_SCHEMA`).

        `row` u32 is the number of the text; rows are in the order of texts, the highest score first. `passages`: of which rows
        both passages are told; they take longer than the search where there are many.
        """
        normal = normal_form(texts)
        batch = TextBatch.of(normal)
        found = units(batch, "word", "words")
        hits = self._candidates(found.hash, found.offset)
        told = judged(hits, found.hash, found.offset, self.parts)
        frame = pl.DataFrame(told._asdict()).with_columns(weight=told.weight / self._whole_weight[told.part])
        lines = self._whole_lines(batch)
        frame = pl.concat([frame, lines]) if lines.height else frame
        return self._told(frame, normal, passages)

    def prove(self) -> None:
        """Plants items in a text and finds them, one of each length of n-grams. Raises CheckFailed when there is none, or one is not found."""
        sizes = np.diff(self.parts.start)
        searched = [int(np.flatnonzero(self.parts.length == n)[0]) for n in _LENGTHS if (self.parts.length == n).any()]
        line = next((p for p in np.flatnonzero((self.parts.length == 0) & (sizes > 0)) if self._is_line(int(p))), None)
        searched += [] if line is None else [int(line)]
        if not searched:
            what = f"all {len(self.too_short):,} items are too short" if self.too_short else "there are no items"
            raise CheckFailed(f"nothing to search for: {what}; name an evaluation set with longer items")
        planted = pl.Series([f"Planted.\n{self.texts[p]}\nPlanted." for p in searched], dtype=pl.String)
        found = self.find(planted, passages="none")
        for number, p in enumerate(searched):
            own = found.filter((pl.col("row") == number) & pl.col("flagged"))
            if own.is_empty() or own["score"].max() < 0.999:  # type: ignore[operator]
                one = self.items[self.item[p]]
                raise CheckFailed(
                    f"item `{one.benchmark}#{one.id}` was planted in a text and not found: the search is broken"
                )

    @cached_property
    def _whole_weight(self) -> np.ndarray:
        sums = np.concatenate([np.zeros(1), np.cumsum(self.parts.weight)])
        return np.maximum(np.diff(sums[self.parts.start]), _LEAST_WEIGHT)

    def _is_line(self, part: int) -> bool:
        return any(part in held for held in self.lines.values())

    def _candidates(self, hashes: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """N-grams that texts and parts share: text, part, token in the text, token of the part, whether it is common, length; sorted."""
        found = [np.empty((6, 0), np.int64)]
        for own in self.grams:
            if own.lookup.values.size:
                gram, start = grams(hashes, offset, own.length, own.length)
                lookup = (own.lookup.values, own.lookup.prefix_start, own.lookup.shift)
                found.append(hits_of(gram, start, *lookup, own.first, own.part, own.at, own.common, own.length))
        every = np.concatenate(found, axis=1)
        order = np.lexsort((every[3], every[2], every[1], every[0]))
        return np.ascontiguousarray(every[:, order])

    def _whole_lines(self, batch: TextBatch) -> pl.DataFrame:
        """Lines that are the whole of a part that is too short to be searched for otherwise."""
        rows = []
        if self.lines:
            lines = TextBatch(*gather(batch.data, batch.lines.start, batch.lines.end))
            found = units(lines, "word", "words")
            keys, ends = grams(found.hash, found.offset, _LEAST, 1)
            single = np.flatnonzero((np.diff(ends) == 1) & (found.count < _LEAST))
            wanted = np.array(sorted(self.lines), np.uint64)
            line_text = np.repeat(np.arange(len(batch)), np.diff(batch.document_line))
            before = found.offset[batch.document_line]
            for line in single[np.isin(keys[ends[single]], wanted)]:
                text = int(line_text[line])
                at, n = int(found.offset[line] - before[text]), int(found.count[line])
                rows += [(text, p, n, 1.0, n, at, at + n, 0, n, True) for p in self.lines[int(keys[ends[line]])]]
        return pl.DataFrame(rows, schema=_JUDGED_SCHEMA, orient="row")

    def _told(self, frame: pl.DataFrame, normal: pl.Series, passages: str) -> pl.DataFrame:
        """The rows of hits that are worth telling, with names and passages."""
        strict = pl.Series("strict", self.strict[frame["part"].to_numpy()], pl.Boolean)
        short = pl.Series("short", np.diff(self.parts.start)[frame["part"].to_numpy()] < self.thresholds.short)
        item = pl.Series("item_number", self.item[frame["part"].to_numpy()], pl.Int64)
        least = pl.when(pl.col("short")).then(self.thresholds.flag_short).otherwise(self.thresholds.flag)
        told = frame.with_columns(strict, short, item, (pl.col("matched") / pl.col("tokens")).alias("score"))
        told = told.filter(pl.col("score") >= self.thresholds.report).with_columns(
            flagged=(pl.col("score") >= least)
            & (~pl.col("short") | (pl.col("weight") >= self.thresholds.flag_weight))
            & (pl.col("numbers") | ~pl.col("strict"))
        )
        # Of an item the part that is flagged, then the fuller one, then the prompt.
        told = told.sort(
            ["row", "item_number", "flagged", "score", "part"], descending=[False, False, True, True, False]
        ).unique(["row", "item_number"], keep="first", maintain_order=True)
        told = told.sort(
            ["row", "flagged", "score", "matched", "item_number"], descending=[False, True, True, True, False]
        )
        parts = told["part"].to_numpy()
        named = [self.items[i] for i in told["item_number"]]
        told = told.with_columns(
            pl.Series("benchmark", [one.benchmark for one in named], pl.String),
            pl.Series("item", [one.id for one in named], pl.String),
            pl.Series("part", np.where(self.is_answer[parts], "answer", "prompt"), pl.String),
        )
        shown = {"none": np.zeros(told.height, np.bool_), "all": np.ones(told.height, np.bool_)}.get(passages)
        rows = np.flatnonzero(told["flagged"].to_numpy() if shown is None else shown)
        return self._with_passages(told, parts, rows, normal).select(HIT_SCHEMA.keys()).cast(HIT_SCHEMA)  # type: ignore[arg-type]

    def _with_passages(
        self, told: pl.DataFrame, parts: np.ndarray, rows: np.ndarray, normal: pl.Series
    ) -> pl.DataFrame:
        """The hits with what stands between the first and the last match of some of them, in the text and in the item."""
        some = told[rows]
        sides = (
            ("passage", normal.gather(some["row"]).to_list(), "start", "end"),
            ("item_passage", [self.texts[p] for p in parts[rows]], "item_start", "item_end"),
        )
        for name, texts, first, end in sides:
            found: list[str | None] = [None] * told.height
            start, stop = some[first].to_numpy().astype(np.int64), some[end].to_numpy().astype(np.int64)
            a, b = spans_of_units(texts, start, stop - start, "word", "words") if texts else (start, stop)
            for row, text, i, j in zip(rows, texts, a, b, strict=True):
                found[row] = text[i:j].strip()
            told = told.with_columns(pl.Series(name, found, pl.String))
        return told


HIT_SCHEMA = {
    "row": pl.UInt32,
    "benchmark": pl.String,
    "item": pl.String,
    "part": pl.String,
    "score": pl.Float64,
    "matched": pl.Int32,
    "tokens": pl.Int32,
    "weight": pl.Float64,
    "numbers": pl.Boolean,
    "flagged": pl.Boolean,
    "passage": pl.String,
    "item_passage": pl.String,
}
"""A hit: number of the text, item, part, share of its tokens, how many and of how many, whether all its numbers are there, whether it counts, both passages
(of the texts as they are compared: half-width, digits without separators)."""

_JUDGED_SCHEMA = {
    "row": pl.Int64,
    "part": pl.Int64,
    "matched": pl.Int64,
    "weight": pl.Float64,
    "tokens": pl.Int64,
    "start": pl.Int64,
    "end": pl.Int64,
    "item_start": pl.Int64,
    "item_end": pl.Int64,
    "numbers": pl.Boolean,
}


def _starts(sizes: Sequence[int]) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.array(sizes, np.int64))]).astype(np.int64)


def _gram_lengths(
    size: np.ndarray, longest: np.ndarray, is_answer: np.ndarray, options: np.ndarray, asked: Thresholds
) -> np.ndarray:
    """Length of the n-grams of each part, 0 for one that is not searched for by n-grams."""
    wanted = np.select([(size >= asked.long) | is_answer, size >= asked.short], [13, 8], 3)
    length = np.zeros(size.size, np.int64)
    for n in sorted(_LENGTHS):
        length[(longest >= n) & (wanted >= n)] = n
    length[size < np.where(options, _LEAST_WITH_OPTIONS, _LEAST)] = 0
    return length


def _weights(token: np.ndarray, part_start: np.ndarray) -> np.ndarray:
    """float64 by token: how much it tells, the logarithm of all parts over those that have it, and a little more than nothing."""
    of_part = np.repeat(np.arange(part_start.size - 1), np.diff(part_start))
    _, inverse = np.unique(token, return_inverse=True)
    pairs = np.unique(np.stack([inverse, of_part]), axis=1)[0] if token.size else np.empty(0, np.int64)
    parts = np.bincount(pairs, minlength=1)
    return np.log((part_start.size + 1) / parts[inverse]) + _LEAST_WEIGHT if token.size else np.empty(0)


def _grams(
    n: int,
    length: np.ndarray,
    token: np.ndarray,
    passage_start: np.ndarray,
    part_passage: np.ndarray,
    part_start: np.ndarray,
) -> _Grams:
    """The n-grams of the parts that have those of this length, by where they stand."""
    passage_part = np.repeat(np.arange(length.size), np.diff(part_passage))
    gram, start = grams(token, passage_start, n, n)
    own = np.repeat(np.arange(passage_part.size), np.diff(start))
    at = passage_start[own] + np.arange(gram.size) - start[own]
    part = passage_part[own]
    keep = length[part] == n
    gram, part, at = gram[keep], part[keep], at[keep] - part_start[part[keep]]
    order = np.lexsort((at, part, gram))
    gram, part, at = gram[order], part[order], at[order]
    values, first, inverse = np.unique(gram, return_index=True, return_inverse=True)
    # How many parts have it, not how often.
    new = np.ones(gram.size, np.bool_)
    new[1:] = (gram[1:] != gram[:-1]) | (part[1:] != part[:-1])
    parts = np.bincount(inverse, weights=new, minlength=values.size).astype(np.int64)
    rare = parts[inverse] <= _TOO_COMMON
    gram, part, at, parts_of = gram[rare], part[rare], at[rare], parts[inverse][rare]
    values, first = np.unique(gram, return_index=True)
    common = parts_of[first] > _COMMON if values.size else np.empty(0, np.bool_)
    return _Grams(n, HashLookup.of(values), np.append(first, gram.size).astype(np.int64), part, at, common)


def _by_line(token: np.ndarray, part_start: np.ndarray, whole: np.ndarray) -> dict[int, tuple[int, ...]]:
    """The parts that must be a whole line, by its hash."""
    key, start = grams(token, part_start, _LEAST, 1)
    found: dict[int, tuple[int, ...]] = {}
    for p in whole:
        of = int(key[start[p]])
        found[of] = (*found.get(of, ()), int(p))
    return found
