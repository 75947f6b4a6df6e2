"""Forms of texts that are compared: each by its name in the language of recipes.

Promise: equal to the plain Python of the definition on any text.

Not here: what becomes of each character (text/normalise.py), how a form is cut into shingles (text/shingles.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch, gather, join_spans
from corpus_platform.text.lines import strip
from corpus_platform.text.normalise import (
    code_words,
    letters,
    lower,
    norm_cc,
    norm_dt,
    norm_rp,
    norm_slim,
    unpunctuated,
)
from corpus_platform.text.sides import Side, side_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def in_form(batch: TextBatch, form: str) -> TextBatch:
    """Each text of the batch in the form of that name, one of `FORMS`; raises `SettingsError` for any other."""
    if form not in FORMS:
        raise SettingsError(f"there is no form of a text called `{form}`; there are {', '.join(FORMS)}")
    return FORMS[form](batch)


def _raw(batch: TextBatch) -> TextBatch:
    return batch


def _norm_cc(batch: TextBatch) -> TextBatch:
    """CCNet's normal form of each line, joined by newlines."""
    lines = norm_cc(batch.lines)
    every = np.ones(len(lines), np.bool_)
    return TextBatch(*join_spans(lines.data, lines.start, lines.end, batch.document_line, every))


def _stripped_lower(batch: TextBatch) -> TextBatch:
    """`text.strip().lower()`: C4's form of a line."""
    spans = strip(batch.documents)
    return lower(TextBatch(*gather(spans.data, spans.start, spans.end)))


def _side(side: Side) -> Callable[[TextBatch], TextBatch]:
    """One side of texts in two languages, in lower case; the whole text where it has no such side, so that those are no copies of each other."""

    def of(batch: TextBatch) -> TextBatch:
        texts = batch.texts
        sides = side_texts(texts, side)
        chosen = pl.select(pl.when(sides != "").then(sides).otherwise(texts).alias("text")).to_series()
        return lower(TextBatch.of(chosen))

    return of


FORMS: Mapping[str, Callable[[TextBatch], TextBatch]] = {
    "raw": _raw,
    "norm_cc": _norm_cc,
    "norm_rp": norm_rp,
    "norm_dt": norm_dt,
    "norm_slim": norm_slim,
    "lower": lower,
    "stripped_lower": _stripped_lower,
    "letters": letters,
    "words": letters,
    "code_words": code_words,
    "unpunctuated": unpunctuated,
    "source_side": _side("source"),
    "target_side": _side("target"),
}
"""`letters` and `words` are two systems' names of one form; `unpunctuated` is ROOTS'; the sides are those of text/sides.py."""
