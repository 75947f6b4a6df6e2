"""Harmful dialogues out, lessons in safety kept.

Not here: what is flagged and what a safety dialogue is (signals/sft_safety.py), how many of them a mix takes (mixes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class SftToxicity(FilterStep):
    """Drops what is flagged, toxic or full of listed words, unless it is a safety dialogue: its task says so, or the assistant declines.

    A threshold of null turns its rule off. Upstream labels are carried on whatever is dropped.
    """

    step: ClassVar[str] = "sft_toxicity"

    flagged: bool = Field(default=True, description="Whether what the source's moderation has flagged is dropped")
    max_toxicity: float | None = Field(
        default=0.5, ge=0, le=1, description="Highest toxicity by the source's own score (detoxify: 0..1)"
    )
    max_words: float | None = Field(
        default=0.017,
        ge=0,
        le=1,
        description="Highest share of listed words (data-juicer, Chinese instructions: 0.017)",
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """A rule for each kind of evidence."""
        del environment
        found = [Rule("flagged", "sft_unsafe_flagged", ">=", 0.5)] if self.flagged else []
        if self.max_toxicity is not None:
            found.append(Rule("toxic", "sft_unsafe_toxicity", ">", self.max_toxicity))
        if self.max_words is not None:
            found.append(Rule("flagged_words", "sft_unsafe_words", ">", self.max_words))
        return tuple(found)


@register_step
class SftMedicalPrivacy(FilterStep):
    """Drops dialogues that name a patient's age, name and hospital together; placeholders cannot take such a combination out."""

    step: ClassVar[str] = "sft_medical_privacy"

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule."""
        del environment
        return (Rule("sensitive_medical", "sft_sensitive_medical", ">", 0),)
