"""OSCAR's steps: short lines cut off a page's ends, the vote of its lines on the language, annotations; and the line-level form of 2019.

Source: oscar-project/ungoliant, src/pipelines/oscardoc; goclassy for the form of 2019.

Not here: what is measured (signals/oscar.py), line dedup (dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.models.language_id import LanguageId, language_id_model
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.oscar import rust_lines, trimmed
from corpus_platform.text.batch import Spans, join_spans, largest, strings_of, totals
from corpus_platform.text.lines import span_characters
from corpus_platform.text.pieces import Pieces

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

Annotation = Literal["tiny", "short_sentences", "header", "footer", "noisy"]


def _kept_lines(
    subject: Subject, lines: Spans, first: np.ndarray, keep: np.ndarray, rule: tuple[str, float], *, trace: bool
) -> Edited:
    """The kept lines joined by newlines; a document that has none left is dropped by `rule`, a name and its threshold."""
    batch = subject.batch
    text = pl.Series("text", strings_of(*join_spans(lines.data, lines.start, lines.end, first, keep)))
    before = batch.texts
    left = totals(keep, first)
    most = largest(span_characters(lines), first)
    return Edited(
        text=text,
        changed=(text != before).to_numpy(),
        rules=(rule[0],),
        dropped=np.where(left == 0, 0, -1).astype(np.int16),
        value=np.where(left == 0, most, np.nan),
        threshold=np.where(left == 0, rule[1], np.nan),
        removed={"lines": int((~keep).sum())} if (~keep).any() else {},
        spans=Pieces(batch, lines, first).places(~keep, rule[0]) if trace else None,
    )


@register_step
class OscarTrim(EditStep):
    """Cuts lines of at most 100 characters off the beginning and end; a page without a longer line goes."""

    step: ClassVar[str] = "oscar_trim"
    acts_on: ClassVar = "lines"

    min_characters: Literal[100] = Field(
        default=100, description="A line must have more characters than these to end the cut"
    )

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents between their first and last long line."""
        text = trimmed(subject)
        line = np.arange(len(text.lines))
        owner = np.repeat(np.arange(len(subject)), np.diff(text.first))
        keep = (line >= text.begin[owner]) & (line < text.stop[owner])
        return _kept_lines(subject, text.lines, text.first, keep, ("no_long_line", self.min_characters), trace=trace)


@register_step
class OscarLanguage(FilterStep):
    """Drops pages whose lines do not agree on a language; pages of many languages are kept as `multi`."""

    step: ClassVar[str] = "oscar_language"

    min_confidence: float = Field(default=0.6, ge=0, le=1, description="Least confidence in the language of most bytes")
    keep: tuple[str, ...] = Field(
        default=(), description="Languages that are kept, `multi` among them; all where it is empty"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """No language, too little confidence, another language."""
        del environment
        found = [
            Rule("no_language", "oscar_language", "==", "", null="drop"),
            Rule("confidence_below", "oscar_language_confidence", "<", self.min_confidence),
        ]
        if self.keep:
            found.append(Rule("language_not_wanted", "oscar_language", "not in", self.keep))
        return tuple(found)


@register_step
class OscarAnnotations(FilterStep):
    """Drops pages that are annotated noisy and tiny and nothing else; others by request."""

    step: ClassVar[str] = "oscar_annotations"

    noisy_and_tiny: bool = Field(default=True, description="Whether pages that are noisy and tiny and nothing else go")
    drop: tuple[Annotation, ...] = Field(default=(), description="Annotations each of which drops a page")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule for each."""
        del environment
        found = [Rule("noisy_and_tiny", "oscar_only_noisy_and_tiny", ">", 0)] if self.noisy_and_tiny else []
        return tuple(found + [Rule(name, f"oscar_{name}", ">", 0) for name in self.drop])


@register_step
class GoclassyLines(EditStep):
    """Keeps the long lines of a page, as OSCAR 2019 did, with `own_language` only those in the page's language; a page without any goes."""

    step: ClassVar[str] = "goclassy_lines"
    acts_on: ClassVar = "lines"

    min_characters: int = Field(default=100, ge=0, description="A line must have more characters than these")
    own_language: bool = Field(default=False, description="Whether lines in another language than the page's go")
    min_score: float = Field(
        default=0.0, ge=0, le=1, description="Least score of the language of a line, with `own_language`"
    )

    def needs(self) -> tuple[str, ...]:
        """The page's language, where lines are held against it."""
        return ("language",) if self.own_language else ()

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents with their long lines. Raises ModelError where a language model is needed and missing."""
        lines, first = rust_lines(subject.batch)
        keep = span_characters(lines) > self.min_characters
        if self.own_language and keep.any():
            owner = np.repeat(np.arange(len(subject)), np.diff(first))
            keep[keep] = self._is_of(subject, lines, keep, owner[keep])
        return _kept_lines(subject, lines, first, keep, ("no_line_left", self.min_characters), trace=trace)

    def _is_of(self, subject: Subject, lines: Spans, chosen: np.ndarray, owner: np.ndarray) -> np.ndarray:
        model = LanguageId.open(language_id_model(subject.environment.settings.language_id))
        texts = Spans(lines.data, lines.start[chosen], lines.end[chosen]).strings().to_pylist()
        codes, scores = model.predict(texts)
        own = subject.column("language").cast(pl.String).to_list()
        same = np.array([code is not None and code == own[d] for code, d in zip(codes, owner.tolist(), strict=True)])
        return same & (scores >= self.min_score)
