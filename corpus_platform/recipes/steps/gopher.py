"""The two Gopher filters with datatrove's rules, and their Chinese twins.

Rules bear the names that datatrove gives as reasons, and are asked in its order. A threshold of null is not asked.
Source: Rae et al. 2021, table A1; huggingface/datatrove, gopher_repetition_filter.py and gopher_quality_filter.py.

Not here: how the measures are taken (signals/gopher.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment

    _Asked = tuple[str, str, Comparison, float | None]
    """Name, signal, sign and threshold of a rule; None: it is not asked."""

Unit = Literal["words", "characters"]
_FAMILY = {"words": "gopher_dt", "characters": "gopher_cjk"}


def _rules(asked: list[_Asked]) -> tuple[Rule, ...]:
    return tuple(Rule(name, signal, sign, bound) for name, signal, sign, bound in asked if bound is not None)


@register_step
class GopherRepetition(FilterStep):
    """Drops documents that repeat paragraphs, lines or n-grams of words."""

    step: ClassVar[str] = "gopher_repetition"

    dup_para_frac: float | None = Field(
        default=0.3, description="Most paragraphs that repeat an earlier one, as a share"
    )
    dup_para_char_frac: float | None = Field(default=0.2, description="Most characters in those")
    dup_line_frac: float | None = Field(default=0.3, description="Most lines that repeat an earlier one, as a share")
    dup_line_char_frac: float | None = Field(default=0.2, description="Most characters in those")
    top_n_grams: dict[Literal[2, 3, 4], float] = Field(
        default={2: 0.2, 3: 0.18, 4: 0.16}, description="Most characters in the most frequent n-gram, by n"
    )
    dup_n_grams: dict[Literal[5, 6, 7, 8, 9, 10], float] = Field(
        default={5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1},
        description="Most characters in repeated n-grams, by n",
    )
    unit: Unit = Field(default="words", description="`characters`: n-grams of Chinese characters and kana")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Paragraphs, lines, the most frequent n-grams, repeated n-grams."""
        del environment
        family = _FAMILY[self.unit]
        asked: list[_Asked] = [
            ("dup_para_frac", "gopher_dt_dup_para_fraction", ">", self.dup_para_frac),
            ("dup_para_char_frac", "gopher_dt_dup_para_char_fraction", ">", self.dup_para_char_frac),
            ("dup_line_frac", "gopher_dt_dup_line_fraction", ">", self.dup_line_frac),
            ("dup_line_char_frac", "gopher_dt_dup_line_char_fraction", ">", self.dup_line_char_frac),
        ]
        for n, most in sorted(self.top_n_grams.items()):
            asked.append((f"top_{n}_gram", f"{family}_top_{n}gram_char_fraction", ">", most))
        for n, most in sorted(self.dup_n_grams.items()):
            asked.append((f"duplicated_{n}_n_grams", f"{family}_dup_{n}gram_char_fraction", ">", most))
        return _rules(asked)


@register_step
class GopherQuality(FilterStep):
    """Drops documents that are too short or long, or whose words, marks and lines are not those of prose."""

    step: ClassVar[str] = "gopher_quality"

    min_doc_words: float | None = Field(default=50, description="Least words, punctuation not counted")
    max_doc_words: float | None = Field(default=100_000, description="Most words")
    min_avg_word_length: float | None = Field(default=3, description="Least mean length of a word")
    max_avg_word_length: float | None = Field(default=10, description="Largest mean length of a word")
    max_symbol_word_ratio: float | None = Field(default=0.1, description="Most `#`, and most ellipses, for each word")
    max_bullet_lines_ratio: float | None = Field(
        default=0.9, description="Most lines that begin with a bullet, as a share"
    )
    max_ellipsis_lines_ratio: float | None = Field(
        default=0.3, description="Most lines that end with an ellipsis, as a share"
    )
    min_alpha_words_ratio: float | None = Field(default=0.8, description="Least words with a letter, as a share")
    min_stop_words: float | None = Field(default=2, description="Least different stop words")
    unit: Unit = Field(
        default="words", description="`characters`: Chinese characters and kana are words, stop words are Chinese"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Length, words, marks, lines, letters, stop words."""
        del environment
        family = _FAMILY[self.unit]
        return _rules(
            [
                ("gopher_short_doc", f"{family}_words", "<", self.min_doc_words),
                ("gopher_long_doc", f"{family}_words", ">", self.max_doc_words),
                ("gopher_below_avg_threshold", f"{family}_mean_word_length", "<", self.min_avg_word_length),
                ("gopher_above_avg_threshold", f"{family}_mean_word_length", ">", self.max_avg_word_length),
                ("gopher_too_many_hashes", f"{family}_hash_ratio", ">", self.max_symbol_word_ratio),
                ("gopher_too_many_ellipsis", f"{family}_ellipsis_ratio", ">", self.max_symbol_word_ratio),
                ("gopher_too_many_bullets", f"{family}_bullet_line_fraction", ">", self.max_bullet_lines_ratio),
                (
                    "gopher_too_many_end_ellipsis",
                    f"{family}_ellipsis_line_fraction",
                    ">",
                    self.max_ellipsis_lines_ratio,
                ),
                ("gopher_below_alpha_threshold", f"{family}_alpha_word_fraction", "<", self.min_alpha_words_ratio),
                ("gopher_enough_stop_words", f"{family}_stop_words", "<", self.min_stop_words),
            ]
        )
