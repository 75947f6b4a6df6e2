"""Marks of the sites where people write, taken out.

Not here: what the marks are (lists/data/social_marks.*.txt), how they are found (clean/social_marks.py), personal data (pii.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.clean.social_marks import LANGUAGES, without_marks
from corpus_platform.recipes.step import Edited, EditStep, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject


@register_step
class SocialMarks(EditStep):
    """Removes lines of buttons, menus and counters (`赞同 123`, `Reply Share Report`), and such marks at the ends of lines; code stays."""

    step = "social_marks"
    keeps: ClassVar = frozenset({"language", "language_score"})
    acts_on: ClassVar = "spans"

    languages: tuple[str, ...] = Field(default=LANGUAGES, description="Languages whose list of marks is read")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts without them."""
        before = subject.batch.texts
        done = without_marks(before, lists=subject.environment.lists, languages=self.languages, trace=trace)
        return Edited(text=done.text, changed=(before != done.text).to_numpy(), removed=done.removed, spans=done.spans)
