"""Steps of many systems: language, length, a threshold on any signal, CCNet's buckets and perplexity, a sample.

Not here: the rules that are one system's own (the modules beside this one), dedups (dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from corpus_platform.clean.edits import changed_lines
from corpus_platform.recipes.ccnet import Bucket, Dropped
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, LineSummary, Rule, register_step
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject


@register_step
class Language(FilterStep):
    """Keeps documents of the given languages whose language is sure enough.

    A document whose language was given without a score is sure.
    """

    step = "language"

    keep: tuple[str, ...] = Field(default=(), description="Languages that are kept; all where it is empty")
    min_score: float | None = Field(default=None, ge=0, le=1, description="Least score that is kept")
    above: float | None = Field(default=None, ge=0, le=1, description="Score that must be passed")
    decimals: int | None = Field(default=None, ge=0, description="Decimals that the score is rounded to before")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Whether there is one, the score, then the language."""
        del environment
        if self.min_score is None and self.above is None and not self.keep:
            return ()
        name, found = (
            Dropped.LANGUAGE_BELOW_THRESHOLD.value,
            [Rule("language_unknown", "language", "==", "", null="drop")],
        )
        if self.min_score is not None:
            found.append(Rule(name, "language_score", "<", self.min_score, decimals=self.decimals))
        if self.above is not None:
            found.append(Rule(name, "language_score", "<=", self.above, decimals=self.decimals))
        if self.keep:
            found.append(Rule(Dropped.LANGUAGE_NOT_WANTED.value, "language", "not in", self.keep))
        return tuple(found)


@register_step
class Threshold(FilterStep):
    """Holds any one signal or column against thresholds; its name in the ledger is the signal's unless it has a label."""

    step = "signal"

    signal: str = Field(description="Name of the signal or column")
    min: float | None = Field(default=None, description="Least value that is kept")
    max: float | None = Field(default=None, description="Largest value that is kept")
    above: float | None = Field(default=None, description="Value that must be passed: it is not kept itself")
    below: float | None = Field(default=None, description="Value that must not be reached: it is not kept itself")
    among: tuple[str, ...] = Field(default=(), description="Words that are kept")
    not_among: tuple[str, ...] = Field(default=(), description="Words that are dropped")
    rule: str | None = Field(default=None, description="Name of the rule; by default `<signal>_below` and so on")
    languages: tuple[str, ...] = Field(default=(), description="Languages that are judged; all where it is empty")
    null: Literal["keep", "drop"] = Field(default="keep", description="What becomes of documents without a value")
    decimals: int | None = Field(default=None, ge=0, description="Decimals that the value is rounded to before")
    lines: LineSummary | None = Field(default=None, description="Of a line signal: what of the lines' values counts")

    @property
    def name(self) -> str:
        """Name in ledger and funnel."""
        return self.label or self.signal

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self._bounds():
            raise ValueError("give at least one of min, max, above, below, among, not_among")
        return self

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule for each threshold."""
        del environment
        return tuple(
            Rule(
                self.rule or f"{self.signal}_{word}",
                self.signal,
                sign,
                bound,
                languages=self.languages,
                null=self.null,
                decimals=self.decimals,
                lines=self.lines,
            )
            for word, sign, bound in self._bounds()
        )

    def _bounds(self) -> list[tuple[str, Comparison, float | tuple[str, ...]]]:
        every: list[tuple[str, Comparison, float | tuple[str, ...] | None]] = [
            ("below", "<", self.min),
            ("below", "<=", self.above),
            ("above", ">", self.max),
            ("above", ">=", self.below),
            ("not_wanted", "not in", self.among or None),
            ("unwanted", "in", self.not_among or None),
        ]
        return [(word, sign, bound) for word, sign, bound in every if bound is not None]


@register_step
class CcnetBucket(FilterStep):
    """Keeps documents of some of CCNet's buckets: thirds by perplexity; `all` is what has no model."""

    step = "ccnet_bucket"

    keep: tuple[Bucket, ...] = Field(min_length=1, description="Buckets that are kept")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule over the bucket's name; where none is known nothing is judged by it."""
        del environment
        return (Rule("bucket_not_wanted", "bucket", "not in", tuple(b.value for b in self.keep)),)


@register_step
class Length(FilterStep):
    """Drops texts that are too short or too long."""

    step = "length"

    min: float | None = Field(default=None, ge=0, description="Least length that is kept")
    max: float | None = Field(default=None, ge=0, description="Largest length that is kept")
    of: str = Field(default="text_characters", description="Signal that says the length; code points by default")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        return self

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Too short, too long."""
        del environment
        short = (Rule("too_short", self.of, "<", self.min, null="drop"),) if self.min is not None else ()
        long = (Rule("too_long", self.of, ">", self.max),) if self.max is not None else ()
        return short + long


@register_step
class Sample(FilterStep):
    """Keeps a random share of the documents: the same ones in every run, snapshot by snapshot, whatever else is there.

    Two samples whose ranges do not overlap have no document in common.
    """

    step = "sample"

    share: float = Field(gt=0, le=1, description="Share that is kept")
    start: float = Field(default=0, ge=0, lt=1, description="Where the range of the sample starts")

    @model_validator(mode="after")
    def _ends_within(self) -> Self:
        if self.start + self.share > 1:
            raise ValueError(f"`start` + `share` is {self.start + self.share:g}: a range must end at 1 or before")
        return self

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Before the range, behind it."""
        del environment
        end = self.start + self.share
        before = (Rule("not_in_sample", "sample_position", "<", self.start),) if self.start else ()
        return (*before, *((Rule("not_in_sample", "sample_position", ">=", end),) if end < 1 else ()))


@register_step
class Perplexity(FilterStep):
    """Drops documents of high perplexity under their language's model, or of very low one: boilerplate and lists."""

    step = "perplexity"

    max: float | None = Field(default=None, gt=0, description="Largest perplexity that is kept, in any language")
    min: float | None = Field(default=None, ge=0, description="Least perplexity that is kept, in any language")
    by_language: dict[str, float] = Field(
        default={}, description="Largest perplexity of a language, in place of `max` for it"
    )
    null: Literal["keep", "drop"] = Field(default="keep", description="What becomes of documents without a perplexity")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.min is None and self.max is None and not self.by_language:
            raise ValueError("give `max`, `by_language` or `min`")
        return self

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Too high, by language or in all; too low."""
        del environment
        found = [
            Rule("perplexity_above", "perplexity", ">", most, (language,), self.null)
            for language, most in self.by_language.items()
        ]
        if self.max is not None:
            others = tuple(self.by_language)
            found.append(Rule("perplexity_above", "perplexity", ">", self.max, null=self.null, but_languages=others))
        if self.min is not None:
            found.append(Rule("perplexity_below", "perplexity", "<", self.min, null=self.null))
        return tuple(found)


@register_step
class UnicodeForm(EditStep):
    """Brings texts into a Unicode normal form: NFC joins a letter and its marks, NFKC also makes full-width letters plain ones."""

    step = "unicode_form"

    form: Literal["NFC", "NFD", "NFKC", "NFKD"] = Field(default="NFC", description="The normal form")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts in that form."""
        before = subject.batch.texts
        after = before.str.normalize(self.form)
        changed = (before != after).to_numpy()
        spans = changed_lines(before, after, "normalised").select(*PLACES) if trace else None
        return Edited(after, changed, removed={"normalised": int(changed.sum())} if changed.any() else {}, spans=spans)
