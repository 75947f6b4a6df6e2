"""Rules held against columns of signals, for all documents at once.

Not here: which rules there are (steps/), what becomes of the verdicts (apply.py).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.recipes.step import Rule

_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


_SUMMARIES = {
    "mean": lambda lists: lists.list.mean(),
    "sum": lambda lists: lists.list.sum(),
    "max": lambda lists: lists.list.max(),
    "min": lambda lists: lists.list.min(),
}


@dataclass(frozen=True)
class Judged:
    """One rule over n documents: `holds` bool[n] (drop), `asked` bool[n] (of a language that is judged).

    What the rule saw is `value` float64[n], or `seen` where it is about words; null where there is nothing.
    """

    rule: Rule
    holds: np.ndarray
    asked: np.ndarray
    value: pl.Series
    seen: pl.Series
    threshold: pl.Series
    """float64[n]: what the value was held against; null for words."""

    @property
    def unknown(self) -> np.ndarray:
        """bool[n]: documents that are asked and have no value."""
        return self.asked & self.value.is_null().to_numpy() & self.seen.is_null().to_numpy()


def judge(rule: Rule, column: pl.Series, language: pl.Series | None, domain: pl.Series | None = None) -> Judged:
    """Holds a rule against the column of its signal.

    `language` is needed where the rule, or a threshold of it, is for some languages only, `domain` where one is for a host.
    """
    n = len(column)
    asked = _asked(rule, language if language is not None else pl.Series([None] * n, dtype=pl.String))
    if rule.lines is not None:
        column = _SUMMARIES[rule.lines](column)
    nothing, words = pl.Series([None] * n, dtype=pl.Float64), pl.Series([None] * n, dtype=pl.String)
    threshold = nothing
    if isinstance(rule.threshold, str | tuple):
        words = column.cast(pl.String)
        holds = _compare_words(rule, words)
    else:
        nothing = rounded(column, rule.decimals)
        threshold = _thresholds(rule, n, language, domain)
        holds = _COMPARE[rule.drop_when](nothing, threshold)
    holds = holds.fill_null(value=rule.null == "drop").to_numpy()
    return Judged(rule, holds & asked, asked, nothing, words, threshold)


def _thresholds(rule: Rule, n: int, language: pl.Series | None, domain: pl.Series | None) -> pl.Series:
    """float64[n]: the rule's threshold, or the one that is frozen for a document's language and host."""
    assert not isinstance(rule.threshold, str | tuple)
    found = np.full(n, float(rule.threshold))
    for frozen in rule.instead:
        fits = np.ones(n, np.bool_)
        if frozen.language is not None:
            fits &= (language == frozen.language).fill_null(value=False).to_numpy() if language is not None else False
        if frozen.source is not None:
            below = (
                domain.str.ends_with(f".{frozen.source}") | (domain == frozen.source) if domain is not None else None
            )
            fits &= below.fill_null(value=False).to_numpy() if below is not None else False
        found[fits] = frozen.value
    return pl.Series(found, dtype=pl.Float64)


def rounded(column: pl.Series, decimals: int | None) -> pl.Series:
    """A column of numbers as rules see it: float64, NaN as null."""
    numbers = column.cast(pl.Float64).fill_nan(None)
    return numbers if decimals is None else numbers.round(decimals)


def first_holding(judged: Sequence[Judged], n: int) -> np.ndarray:
    """int16[n]: index of the first rule that holds for a document, or -1."""
    first = np.full(n, -1, np.int16)
    for i, one in enumerate(judged):
        first[(first < 0) & one.holds] = i
    return first


def _asked(rule: Rule, language: pl.Series) -> np.ndarray:
    asked = np.ones(len(language), np.bool_)
    if rule.languages:
        asked &= language.is_in(list(rule.languages)).fill_null(value=False).to_numpy()
    if rule.but_languages:
        asked &= ~language.is_in(list(rule.but_languages)).fill_null(value=False).to_numpy()
    return asked


def _compare_words(rule: Rule, column: pl.Series) -> pl.Series:
    match rule.drop_when, rule.threshold:
        case "in", tuple(words):
            return column.is_in(list(words))
        case "not in", tuple(words):
            return ~column.is_in(list(words))
        case ("==" | "!=" | "<" | "<=" | ">" | ">=") as sign, str(word):
            return _COMPARE[sign](column, word)
        case sign, threshold:
            raise ValueError(f"rule `{rule.name}`: `{sign}` does not go with {threshold!r}")
