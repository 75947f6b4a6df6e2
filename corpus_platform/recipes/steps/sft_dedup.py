"""Dedup of dialogues: equal ones, equal prompts, beginnings of others, near copies; sets of higher priority keep their rows.

Not here: the rules (sft/duplicates.py), who takes part and which sets come first (stages/sft_duplicates.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.recipes.step import register_step
from corpus_platform.recipes.steps.dedup import Dedup
from corpus_platform.sft.duplicates import Copies, index_of
from corpus_platform.sft.duplicates_search import Index, verdicts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from corpus_platform.sft.duplicates import SamePrompt
    from corpus_platform.sft.duplicates_search import Earlier


@register_step
class DialoguesDedup(Copies, Dedup):
    """Copies among dialogues go; those of sets of higher priority stay."""

    step: ClassVar[str] = "dialogues_dedup"
    of: ClassVar[Literal["texts", "dialogues"]] = "dialogues"

    across_sets: bool = Field(default=True, description="Whether sets of higher priority are compared with")

    @property
    def limit(self) -> float | None:
        """The similarity of near copies."""
        return self.near

    def copies(self, same_prompt: SamePrompt | None = None) -> Copies:
        """What a copy is, with a data set's own policy for equal prompts where it has one."""
        values = {name: getattr(self, name) for name in Copies.model_fields}
        return Copies(**{**values, "same_prompt": same_prompt or self.same_prompt})

    def verdicts(
        self, frame: pl.DataFrame, earlier: Sequence[Earlier] = (), same_prompt: SamePrompt | None = None
    ) -> pl.DataFrame:
        """Verdicts on the dialogues of a frame (`VERDICT_COLUMNS` of sft/duplicates_search.py): for plain files, whose rows are in memory."""
        options = self.copies(same_prompt)
        return verdicts_of(Index.of(index_of(frame, options)), options, earlier)
