"""DCLM's quality filters, each by the name of its function.

Source: Li et al. 2024 (DataComp-LM); mlfoundations/dclm, baselines_configs/dclm_baseline_refinedweb.yaml.

Not here: the measures (signals/dclm.py), the line corrections (refinedweb.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment


@register_step
class DclmQuality(FilterStep):
    """Drops documents that are too short or long, or whose words, marks and lines are not those of prose; so are those without a word or line."""

    step: ClassVar[str] = "dclm_quality"

    min_words: float | None = Field(default=50, description="Least words, punctuation not counted")
    max_words: float | None = Field(default=100_000, description="Most words")
    min_word_length: float | None = Field(default=3, description="Least mean length of a word")
    max_word_length: float | None = Field(default=10, description="Largest mean length of a word")
    max_symbol_ratio: float | None = Field(default=0.1, description="Most `#` and ellipses together for each word")
    max_bullet_lines: float | None = Field(default=0.9, description="Most lines that begin with a bullet, as a share")
    max_ellipsis_lines: float | None = Field(
        default=0.3, description="Most lines that end with an ellipsis, as a share"
    )
    max_non_alpha_words: float | None = Field(default=0.2, description="Most words without a letter, as a share")
    min_stop_words: float | None = Field(default=2, description="Least stop words, each occurrence counted")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Length, word length, symbols, bullets, ellipses, letters, stop words."""
        del environment
        asked: tuple[tuple[str, str, Comparison, float | None], ...] = (
            ("page_length_filter", "dclm_words", "<", self.min_words),
            ("page_length_filter", "dclm_words", ">", self.max_words),
            ("word_length_filter", "dclm_mean_word_length", "<", self.min_word_length),
            ("word_length_filter", "dclm_mean_word_length", ">", self.max_word_length),
            ("symbol_ratio_filter", "dclm_symbol_ratio", ">", self.max_symbol_ratio),
            ("bullet_count_filter", "dclm_bullet_line_fraction", ">", self.max_bullet_lines),
            ("ellipsis_count_filter", "dclm_ellipsis_line_fraction", ">", self.max_ellipsis_lines),
            ("alphabetic_word_ratio_filter", "dclm_non_alpha_word_fraction", ">", self.max_non_alpha_words),
            ("stop_word_filter", "dclm_stop_words", "<", self.min_stop_words),
        )
        return tuple(Rule(name, signal, sign, bound) for name, signal, sign, bound in asked if bound is not None)
