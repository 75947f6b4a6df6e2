"""Steps of Pile-CC.

Source: Gao et al. 2020 (The Pile), github.com/leogao2/commoncrawl_downloader.

Not here: jusText (extract/main_text.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import FilterStep, Rule, register_step
from corpus_platform.signals.pile import MODEL

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class ParetoQuality(FilterStep):
    """Keeps a document when a Pareto draw (alpha 3) is above 1 - its score, so that some of low score pass."""

    step: ClassVar[str] = "pareto_quality"

    optional: bool = Field(default=False, description="Keep every document where there is no model")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule over the margin. Raises ModelError without the model, unless the step is optional."""
        if not self.optional:
            need(environment.models, MODEL)
        return (Rule("quality_draw", "pile_pareto_margin", "<=", 0.0),)
