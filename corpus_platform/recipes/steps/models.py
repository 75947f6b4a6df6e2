"""Steps that ask models: `classifier`, `safety`, `importance`, and `score` for any model that has no signal of its own.

A step whose model is missing stops the recipe, unless it says `optional: true`: then its documents are not judged.

Not here: the models and their signals (models/, signals/models.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from corpus_platform.models.safety import LABELS, judge_safety
from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.models import SAFETY, signal_of_model
from corpus_platform.signals.registry import signal
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import kept_lines
from corpus_platform.text.pieces import Pieces

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_OPTIONAL = "Whether a missing model leaves documents unjudged in place of stopping the recipe"
Label = Literal["porn", "gambling", "violence", "hate", "fraud"]


@register_step
class ClassifierStep(FilterStep):
    """Holds the score of a classifier against a threshold."""

    step: ClassVar[str] = "classifier"

    model: str | None = Field(
        default=None,
        description="Name of the model, e.g. quality/wikiref/en, or quality/wikipedia for all its languages",
    )
    signal: str | None = Field(default=None, description="Signal that holds the score, in place of a model's name")
    min_score: float | None = Field(default=None, description="Least score that is kept")
    above: float | None = Field(default=None, description="Score that must be passed")
    max_score: float | None = Field(default=None, description="Largest score that is kept")
    null: Literal["keep", "drop"] = Field(default="keep", description="What becomes of documents without a score")
    optional: bool = Field(default=False, description=_OPTIONAL)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.model is None) == (self.signal is None):
            raise ValueError("name a `model` or a `signal`, one of them")
        if self.min_score is None and self.max_score is None and self.above is None:
            raise ValueError("give at least one of min_score, above, max_score")
        if self.model is not None and signal_of_model(self.model) is None:
            raise ValueError(f"no signal holds the score of `{self.model}`: use the step `score`, which asks any model")
        return self

    @property
    def name(self) -> str:
        """Name in ledger and funnel."""
        return self.label or self.model or self.signal or self.step

    @property
    def measured(self) -> str:
        """The signal that is judged."""
        return self.signal or signal_of_model(self.model or "") or ""

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """Models without which the recipe can't judge."""
        if self.optional:
            return ()
        known = signal(self.measured).models
        wanted = [one for one in known if self.model is None or one == self.model or one.startswith(f"{self.model}/")]
        # A model of one language is enough where there are several: documents of the others are not judged.
        return () if any(one in environment.models for one in wanted) else tuple(wanted[:1])

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The lower bounds, then the upper one."""
        del environment
        bounds: tuple[tuple[str, Comparison, float | None], ...] = (
            ("below", "<", self.min_score),
            ("below", "<=", self.above),
            ("above", ">", self.max_score),
        )
        return tuple(
            Rule(f"{self.measured}_{word}", self.measured, sign, bound, null=self.null)
            for word, sign, bound in bounds
            if bound is not None
        )


@register_step
class ImportanceStep(FilterStep):
    """Holds DSIR's importance weight against a threshold."""

    step: ClassVar[str] = "importance"

    target: Literal["books", "openwebtext", "wikipedia"] = Field(description="What texts should be like")
    length_correction: bool = Field(default=False, description="Whether the length term is added")
    min: float = Field(default=0.0, description="Least weight that is kept: 0 is as likely in the target as in the web")
    optional: bool = Field(default=False, description=_OPTIONAL)

    @property
    def measured(self) -> str:
        """The signal that is judged."""
        return f"rps_doc_{self.target}_importance{'_length_correction' if self.length_correction else ''}"

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """Models without which the recipe can't judge."""
        known = signal(self.measured).models
        return () if self.optional or any(one in environment.models for one in known) else known[:1]

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule."""
        del environment
        return (Rule(f"{self.measured}_below", self.measured, "<", self.min),)


@register_step
class SafetyStep(FilterStep):
    """Drops documents that are more likely unsafe than `max_score`: porn, gambling, violence, hate, fraud."""

    step: ClassVar[str] = "safety"

    max_score: float = Field(default=0.5, ge=0, le=1, description="Largest score that is kept")
    labels: tuple[Label, ...] = Field(
        default=(), description="Drop every document of these classes, whatever its score; empty: all by the score"
    )
    level: Literal["document"] = Field(default="document", description="Lines are removed by the step `safety_lines`")
    optional: bool = Field(default=False, description=_OPTIONAL)

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """Models without which the recipe can't judge."""
        known = tuple(SAFETY.values())
        return () if self.optional or any(one in environment.models for one in known) else known[:1]

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The score, or, where only some classes are meant, the label."""
        del environment
        if self.labels:
            return (Rule("unsafe_label", "ml_safety_label", "in", self.labels),)
        return (Rule("unsafe", "ml_safety_score", ">", self.max_score),)


@register_step
class SafetyLines(EditStep):
    """Removes lines that are more likely unsafe than `max_score`; a document that loses too many goes."""

    step: ClassVar[str] = "safety_lines"
    acts_on: ClassVar = "lines"

    max_score: float = Field(default=0.8, ge=0, le=1, description="Largest score of a line that is kept")
    labels: tuple[Label, ...] = Field(default=(), description="Only lines of these classes are judged; empty: all")
    max_removed: float = Field(
        default=1.0, ge=0, le=1, description="Documents that lose a larger share of their lines are dropped"
    )
    optional: bool = Field(default=False, description=_OPTIONAL)

    def needs(self) -> tuple[str, ...]:
        """The language decides which model is asked."""
        return ("language",)

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """One of the languages' models."""
        known = tuple(SAFETY.values())
        return () if self.optional or any(one in environment.models for one in known) else known[:1]

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents without their unsafe lines."""
        lines = Pieces(subject.batch, *kept_lines(subject.batch))
        unsafe = self._unsafe(subject, lines.first)
        removed = lines.count(unsafe)
        share = removed / np.maximum(np.diff(lines.first), 1)
        lost = share > self.max_removed
        return Edited(
            text=lines.without(unsafe),
            changed=removed > 0,
            rules=("unsafe_lines",),
            dropped=np.where(lost, 0, -1).astype(np.int16),
            value=np.where(lost, share, np.nan),
            threshold=np.where(lost, self.max_removed, np.nan),
            removed={"lines:unsafe": int(removed.sum())} if removed.sum() else {},
            spans=lines.places(unsafe, "unsafe_lines") if trace else None,
        )

    def _unsafe(self, subject: Subject, document_line: np.ndarray) -> np.ndarray:
        unsafe = np.zeros(document_line[-1], bool)
        language = subject.column("language").cast(pl.String)
        texts = subject.batch.texts
        for code, name in SAFETY.items():
            rows = (language == code).fill_null(value=False).arg_true().to_numpy()
            if not rows.size or name not in subject.environment.models:
                continue
            judged = judge_safety(subject.environment.models[name], TextBatch.of(texts.gather(rows)))
            bad = judged.line_score > self.max_score
            bad &= np.isin(np.array(judged.line_label, object), np.array(self.labels or LABELS[1:], object))
            # The lines of the part's documents follow each other as they do in the whole batch.
            chosen = np.zeros(len(subject), bool)
            chosen[rows] = True
            unsafe[np.repeat(chosen, np.diff(document_line))] = bad
        return unsafe


@register_step
class Score(EditStep):
    """Asks any model that was given by name, a BERT-class one too, and drops documents whose score is too low or too high."""

    step: ClassVar[str] = "score"

    model: str = Field(description="Name of the model, as it was given with its place")
    min_score: float | None = Field(default=None, description="Least score that is kept")
    max_score: float | None = Field(default=None, description="Largest score that is kept")
    languages: tuple[str, ...] = Field(default=(), description="Languages that are judged; all where it is empty")
    optional: bool = Field(default=False, description=_OPTIONAL)

    def needs(self) -> tuple[str, ...]:
        """The language, where only some are judged."""
        return ("language",) if self.languages else ()

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """The model."""
        return () if self.optional or self.model in environment.models else (self.model,)

    @property
    def name(self) -> str:
        """Name in ledger and funnel."""
        return self.label or self.model

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts as they are, with those that are dropped marked."""
        del trace
        text = subject.batch.texts
        score = self._scores(subject, text)
        low = score < (-np.inf if self.min_score is None else self.min_score)
        high = score > (np.inf if self.max_score is None else self.max_score)
        threshold = np.where(low, self.min_score or 0.0, np.where(high, self.max_score or 0.0, np.nan))
        return Edited(
            text=text,
            changed=np.zeros(len(subject), bool),
            rules=("score_below", "score_above"),
            dropped=np.where(low, 0, np.where(high, 1, -1)).astype(np.int16),
            value=np.where(low | high, score, np.nan),
            threshold=threshold,
        )

    def _scores(self, subject: Subject, text: pl.Series) -> np.ndarray:
        score = np.full(len(subject), np.nan)
        if self.optional and self.model not in subject.environment.models:
            return score
        judged = np.ones(len(subject), bool)
        if self.languages:
            judged = (
                subject.column("language").cast(pl.String).is_in(list(self.languages)).fill_null(value=False).to_numpy()
            )
        rows = np.flatnonzero(judged)
        if rows.size:
            score[rows] = need(subject.environment.models, self.model).score(text.gather(rows))
        return score
