"""NeMo Curator's heuristic filters for English, in the order of its own pipeline.

Source: NVIDIA-NeMo/Curator, nemo_curator/config/text/heuristic_filter_english_pipeline.yaml.

Not here: what is measured (signals/nemo.py), its fuzzy dedup (dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment

_ORDER: tuple[tuple[str, str, Comparison], ...] = (
    ("max_non_alphanumeric", "non_alphanumeric_fraction", ">"),
    ("max_symbol_to_word", "symbol_to_word_ratio", ">"),
    ("max_digits", "digit_fraction", ">"),
    ("max_urls", "url_fraction", ">"),
    ("max_white_space", "white_space_fraction", ">"),
    ("max_parentheses", "parenthesis_fraction", ">"),
    ("max_boilerplate", "boilerplate_fraction", ">"),
    ("min_distinct_lines", "distinct_line_fraction", "<"),
    ("min_distinct_paragraphs", "distinct_paragraph_fraction", "<"),
    ("min_distinct_line_characters", "distinct_line_character_fraction", "<"),
    ("min_distinct_paragraph_characters", "distinct_paragraph_character_fraction", "<"),
    ("min_words", "word_count", "<"),
    ("max_words", "word_count", ">"),
    ("max_lines_without_end_mark", "no_end_mark_fraction", ">"),
    ("min_alphabetic_words", "alphabetic_word_fraction", "<"),
    ("min_common_english_words", "common_english_words", "<"),
    ("min_mean_word_length", "mean_word_length", "<"),
    ("max_mean_word_length", "mean_word_length", ">"),
    ("max_word_length", "longest_word", ">"),
    ("max_ellipsis_lines", "ellipsis_line_fraction", ">"),
)


@register_step
class NemoHeuristic(FilterStep):
    """Drops documents by NeMo Curator's heuristics; a threshold of `null` leaves a rule out."""

    step: ClassVar[str] = "nemo_heuristic"

    max_non_alphanumeric: float | None = Field(default=0.25, description="Most characters that are no text, as a share")
    max_symbol_to_word: float | None = Field(default=0.1, description="Most words that are symbols, as a share")
    max_digits: float | None = Field(default=0.15, description="Most digits, as a share of characters")
    max_urls: float | None = Field(default=0.2, description="Most characters of URLs, as a share")
    max_white_space: float | None = Field(default=0.25, description="Most white space, as a share")
    max_parentheses: float | None = Field(default=0.1, description="Most brackets, as a share")
    max_boilerplate: float | None = Field(
        default=0.4, description="Most paragraphs with a phrase of a cookie or privacy notice, as a share"
    )
    min_distinct_lines: float | None = Field(default=0.7, description="Least different lines, as a share")
    min_distinct_paragraphs: float | None = Field(default=0.7, description="Least different paragraphs, as a share")
    min_distinct_line_characters: float | None = Field(
        default=0.8, description="Least characters in different lines, as a share"
    )
    min_distinct_paragraph_characters: float | None = Field(
        default=0.8, description="Least characters in different paragraphs, as a share"
    )
    min_words: int | None = Field(default=50, description="Least words")
    max_words: int | None = Field(default=100_000, description="Most words")
    max_lines_without_end_mark: float | None = Field(
        default=0.85, description="Most lines that do not end with a mark, as a share"
    )
    min_alphabetic_words: float | None = Field(default=0.8, description="Least words with a letter, as a share")
    min_common_english_words: int | None = Field(
        default=2, description="Least occurrences of eight common English words"
    )
    min_mean_word_length: float | None = Field(default=3, description="Least mean length of a word")
    max_mean_word_length: float | None = Field(default=10, description="Largest mean length of a word")
    max_word_length: int | None = Field(default=1000, description="Longest word")
    max_ellipsis_lines: float | None = Field(
        default=0.3, description="Most lines that end with an ellipsis, as a share"
    )
    max_top_grams: dict[int, float] = Field(
        default={2: 0.2, 3: 0.18, 4: 0.16}, description="Most characters of the top n-gram, as a share, by n"
    )
    max_duplicate_grams: dict[int, float] = Field(
        default={5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10},
        description="Most characters of n-grams that came before, as a share, by n",
    )
    max_bullet_lines: float | None = Field(default=0.9, description="Most lines that begin with a bullet, as a share")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """In the order of the peer's pipeline."""
        del environment
        found = []
        for field, name, sign in _ORDER:
            bound = getattr(self, field)
            if bound is not None:
                found.append(Rule(f"{name}_{'above' if sign == '>' else 'below'}", f"nemo_{name}", sign, bound))
        for kind, bounds in (("top", self.max_top_grams), ("duplicate", self.max_duplicate_grams)):
            found += [
                Rule(f"{kind}_{n}gram_above", f"nemo_{kind}_{n}gram_fraction", ">", most) for n, most in bounds.items()
            ]
        if self.max_bullet_lines is not None:
            found.append(Rule("bullet_line_fraction_above", "nemo_bullet_line_fraction", ">", self.max_bullet_lines))
        return tuple(found)
