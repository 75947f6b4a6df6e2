"""Lines told by a small trained model: running text, advertisements, navigation and legal notices.

Not here: the model (models/training/lines.*.yaml), what becomes of lone lines (clean/line_classes.py), unsafe lines (the step `safety_lines`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean.line_classes import without_lone
from corpus_platform.models.features import word_bytes
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import kept_lines
from corpus_platform.text.pieces import PLACES, Pieces

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

MODELS = {"en": "lines/en", "zh": "lines/zh"}
"""The model of each language; lines in another language stay."""

LineClass = Literal["ad", "navigation", "legal"]


@register_step
class LineClassifier(EditStep):
    """Removes lines that a model takes for advertisements, navigation or legal notices; a document that loses too many goes.

    A line alone among lines of text stays, whatever it looks like, unless it is of the classes in `lone`: a novel may speak of prices and rights.
    """

    step: ClassVar[str] = "line_classifier"
    acts_on: ClassVar = "lines"
    keeps: ClassVar = frozenset({"language", "language_score"})

    min_probability: float = Field(default=0.8, ge=0, le=1, description="Least probability of a line that is removed")
    classes: tuple[LineClass, ...] = Field(
        default=("ad", "navigation", "legal"), min_length=1, description="Classes that are removed"
    )
    lone: tuple[LineClass, ...] = Field(default=(), description="Classes whose lines go among lines of text too")
    max_removed: float = Field(
        default=1.0, ge=0, le=1, description="Documents that lose a larger share of their lines are dropped"
    )
    optional: bool = Field(
        default=False, description="Whether a missing model leaves documents unjudged in place of stopping the recipe"
    )

    def needs(self) -> tuple[str, ...]:
        """The language decides which model is asked."""
        return ("language",)

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """One of the languages' models."""
        known = tuple(MODELS.values())
        return () if self.optional or any(name in environment.models for name in known) else known[:1]

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents without these lines."""
        lines = Pieces(subject.batch, *kept_lines(subject.batch))
        label, probability = self._judged(subject, lines)
        sure = np.nan_to_num(probability) >= self.min_probability
        wanted = {name: np.equal(label, name) & sure for name in self.classes}
        chosen = np.logical_or.reduce(list(wanted.values()))
        gone = without_lone(chosen, label, lines.first)
        for name in set(self.lone) & set(self.classes):
            gone |= wanted[name]
        removed = lines.count(gone)
        share = removed / np.maximum(np.diff(lines.first), 1)
        lost = share > self.max_removed
        counts = {f"lines:{name}": int((gone & found).sum()) for name, found in wanted.items()}
        return Edited(
            text=lines.without(gone),
            changed=removed > 0,
            rules=("removed_lines",),
            dropped=np.where(lost, 0, -1).astype(np.int16),
            value=np.where(lost, share, np.nan),
            threshold=np.where(lost, self.max_removed, np.nan),
            removed={rule: count for rule, count in counts.items() if count},
            spans=self._places(lines, wanted, gone) if trace else None,
        )

    def _places(self, lines: Pieces, wanted: dict[str, np.ndarray], gone: np.ndarray) -> pl.DataFrame:
        found = [lines.places(gone & chosen, name) for name, chosen in wanted.items()]
        return pl.concat([pl.DataFrame(schema=PLACES), *found]).sort("document", "start")

    def _judged(self, subject: Subject, lines: Pieces) -> tuple[np.ndarray, np.ndarray]:
        """Label (None where nothing is to be read) and probability of each line."""
        document_line = lines.first
        label = np.full(document_line[-1], None, object)
        probability = np.full(document_line[-1], np.nan)
        language = subject.column("language").cast(pl.String)
        for code, name in MODELS.items():
            of_language = (language == code).fill_null(value=False).to_numpy()
            if not of_language.any() or name not in subject.environment.models:
                continue
            rows = np.repeat(of_language, np.diff(document_line))
            texts = pl.Series("text", lines.spans.strings()).filter(pl.Series(rows))
            found = subject.environment.models[name].classify_words(*word_bytes(TextBatch.of(texts)))
            label[rows] = found.labels
            probability[rows] = found.probability
        return label, probability
