"""Decontamination: documents that share n-grams with test sets go, or lose what they share.

The test sets are files that the setting `recipes.test_sets` names; without any the step compares with nothing, and says so. Before a run trusts a
silence a planted item is looked for and must be found.
Sources: GPT-3 (13-grams), MassiveText (Jaccard of 13-grams above 0.8), Dolma (paragraphs of more than 12 words).

Not here: reading test sets (recipes/test_sets.py), the search (dedup/contamination.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.recipes.test_sets import items_of
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.dedup.contamination import Found, TestItems
    from corpus_platform.signals.subject import Subject

_MOST_PASSAGES = 20
"""Passages that are cut out of one document; one with more goes whole."""


@register_step
class Decontaminate(EditStep):
    """Documents that share n-grams with test sets go, or lose what they share."""

    step = "decontaminate"
    acts_on = "spans"

    against: tuple[str, ...] = Field(default=(), description="Test sets by name; all that the settings name by default")
    unit: Literal["word", "character"] = Field(
        default="word", description="What an n-gram is made of; words cut Chinese at each character"
    )
    n: int = Field(default=13, ge=1, description="Units of an n-gram")
    normal: Literal["raw", "lower", "norm_rp", "norm_dt", "words"] = Field(
        default="norm_rp", description="Form of the text that is compared"
    )
    by: Literal["share", "jaccard"] = Field(
        default="share",
        description="Whether `ratio` is of a test item's n-grams, or the Jaccard similarity of both texts'",
    )
    ratio: float | None = Field(
        default=None, gt=0, le=1, description="Share of a test item's n-grams that must be found; one is enough"
    )
    paragraphs: bool = Field(
        default=False, description="Whole paragraphs of at least `min_units` are compared, and not n-grams"
    )
    min_units: int = Field(default=8, ge=1, description="Shorter test items are not looked for; they are counted")
    action: Literal["cut", "drop"] = Field(default="drop", description="Whether the passage goes, or the document")

    def items(self, files: Mapping[str, str]) -> TestItems | None:
        """What is looked for; None where there is no test set. Raises CheckFailed where a planted item is not found."""
        if not files:
            return None
        found = items_of(
            files, self.against, self.n, self.unit, self.normal, min_units=self.min_units, paragraphs=self.paragraphs
        )
        found.prove()
        return found

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """Drops documents, or cuts passages out of them."""
        n = len(subject)
        items = self.items(subject.environment.test_sets)
        if items is None:
            return Edited(subject.batch.texts, np.zeros(n, np.bool_))
        found = items.find(subject.batch, self.by)
        score = found.share if self.by == "share" or found.jaccard is None else found.jaccard
        hit = (found.item >= 0) & (score >= self.ratio if self.ratio else score > 0)
        spans = self._spans(found, hit) if trace else None
        if self.action == "cut":
            return self._cut(subject, items, hit, spans)
        dropped = np.where(hit, 0, -1).astype(np.int16)
        threshold = np.where(hit, self.ratio or 0.0, np.nan)
        seen = found.frame()["item"]
        return Edited(
            subject.batch.texts,
            np.zeros(n, np.bool_),
            ("contaminated",),
            dropped,
            np.where(hit, score, np.nan),
            threshold,
            spans=spans,
            seen=seen,
        )

    def _spans(self, found: Found, hit: np.ndarray) -> pl.DataFrame:
        rows = np.flatnonzero(hit)
        columns = {"document": rows, "start": found.start[rows], "end": found.end[rows]}
        return pl.DataFrame(columns).with_columns(rule=pl.lit("contaminated"))

    def _cut(self, subject: Subject, items: TestItems, hit: np.ndarray, spans: pl.DataFrame | None) -> Edited:
        """Takes passages out until none is found any more."""
        texts = subject.batch.texts.to_list()
        left, passages = np.flatnonzero(hit), 0
        for _ in range(_MOST_PASSAGES):
            if not left.size:
                break
            found = items.find(TextBatch.of([texts[i] for i in left]))
            again = found.start >= 0
            for i, start, end in zip(left[again], found.start[again], found.end[again], strict=True):
                texts[i] = texts[i][:start] + texts[i][end:]
            passages += int(again.sum())
            left = left[again]
        dropped = np.full(len(texts), -1, np.int16)
        dropped[left] = 0
        return Edited(
            pl.Series("text", texts, dtype=pl.String),
            hit.copy(),
            ("contaminated",),
            dropped,
            np.where(dropped == 0, float(_MOST_PASSAGES), np.nan),
            np.where(dropped == 0, float(_MOST_PASSAGES), np.nan),
            {"contaminated": passages},
            spans,
        )
