"""An edit that cleans: what all steps of clean/ have in common.

Not here: the steps (steps/flagdata.py, steps/cleaning.py), what they do (clean/).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from corpus_platform.recipes.step import Edited, EditStep

if TYPE_CHECKING:
    import polars as pl

    from corpus_platform.clean.edits import Cleaned
    from corpus_platform.signals.subject import Subject


class CleaningStep(EditStep):
    """Takes pieces out of texts, or puts others in their place; a text stays in its language, and no document is dropped."""

    keeps: ClassVar = frozenset({"language", "language_score"})
    acts_on: ClassVar = "spans"
    peer: ClassVar[str | None] = None
    """Name of FlagData's operator, where it is one of those."""

    @abstractmethod
    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts after the step."""

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents after the step."""
        before = subject.batch.texts
        done = self.clean(before, reference=subject.environment.reference, trace=trace)
        return Edited(
            text=done.text,
            changed=(before != done.text).to_numpy(),
            removed=done.removed,
            spans=done.spans,
        )
