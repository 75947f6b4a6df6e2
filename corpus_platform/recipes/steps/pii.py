"""Personal data replaced, as FineWeb, Dolma, ROOTS and MNBVC do it, or in our own way for Chinese and mixed text.

Not here: patterns and what they are replaced by (clean/pii_styles.py), Dolma's rule on the number of finds (dolma.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from corpus_platform.clean.pii import Detector, Found, find, is_ip, texts_after
from corpus_platform.clean.pii import replace as replaced_by
from corpus_platform.clean.pii_styles import DOLMA_SANE, PUBLIC_IPV4, STYLES, long_digits
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.signals.dolma_text import MAX_QUESTION_MARKS
from corpus_platform.text.pieces import PLACES
from corpus_platform.text.search import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.clean.pii_styles import Style
    from corpus_platform.signals.subject import Subject


_MIN_DIGITS = 8


@register_step
class Pii(EditStep):
    """Replaces e-mail and IP addresses, phone and identity numbers and the like, in the style of a system.

    Where a style has several replacements the address itself picks one, so that equal addresses stay equal; under `compat: reference` they take
    turns within a document (FineWeb's turns run on from document to document, so that its output depends on their order). Dolma's own patterns
    take the white space around an address with it and miss one at the very end of a text; the sane form does neither.
    """

    step: ClassVar[str] = "pii"
    keeps: ClassVar = frozenset({"language", "language_score"})
    acts_on: ClassVar = "spans"

    style: Literal["fineweb", "dolma", "roots", "mnbvc", "chinese", "social"] = Field(
        description="Whose patterns and replacements"
    )
    kinds: tuple[str, ...] = Field(
        default=(), description="Kinds that are replaced; all of the style where it is empty"
    )
    replacements: dict[str, tuple[str, ...]] = Field(default={}, description="Other replacements, by kind")
    public_only: bool = Field(
        default=True, description="In the styles fineweb and chinese: only IP addresses of the public internet"
    )
    min_digits: int | None = Field(
        default=None, ge=1, description="In the style mnbvc: least digits of a string that goes; 8 by default"
    )

    @model_validator(mode="after")
    def _knows_its_kinds(self) -> Self:
        known = STYLES[self.style].replacements
        for kind in (*self.kinds, *self.replacements):
            if kind not in known:
                raise ValueError(f"the style `{self.style}` has no kind `{kind}`; it has {', '.join(known)}")
        if empty := [kind for kind, texts in self.replacements.items() if not texts]:
            raise ValueError(f"give at least one replacement of `{empty[0]}`; an empty text removes it")
        return self

    def _style(self, reference: bool) -> Style:
        return DOLMA_SANE if self.style == "dolma" and not reference else STYLES[self.style]

    def detectors(self, *, reference: bool) -> tuple[Detector, ...]:
        """What is looked for, in its order."""
        found = []
        for detector in self._style(reference).detectors:
            if self.kinds and detector.kind not in self.kinds:
                continue
            if detector is PUBLIC_IPV4 and not self.public_only:
                found.append(replace(detector, accept=lambda match: is_ip(match[0])))
            else:
                found.append(long_digits(self.min_digits or _MIN_DIGITS) if detector.kind == "digits" else detector)
        return tuple(found)

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Replacements by kind."""
        return {**STYLES[self.style].replacements, **self.replacements}

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents with every find replaced."""
        reference, batch = subject.environment.reference, subject.batch
        detectors = self.detectors(reference=reference)
        found = find(batch, detectors)
        if reference and self.style == "dolma":
            found = found.of_documents(count(batch, "?") <= MAX_QUESTION_MARKS)
        made = replaced_by(batch, found, detectors, self.choices, rotate=reference)
        texts, changed = texts_after(batch, made)
        return Edited(
            text=pl.Series("text", texts, pl.String),
            changed=changed,
            removed=dict(made.counts),
            spans=_places(found, detectors) if trace else None,
        )


def _places(found: Found, detectors: tuple[Detector, ...]) -> pl.DataFrame:
    names = np.array([detector.kind for detector in detectors], object)
    columns = {"document": found.document, "start": found.start, "end": found.end, "rule": names[found.kind].tolist()}
    return pl.DataFrame(columns, schema=PLACES)
