"""RedPajama-V2's own advice: the Gopher-like selection over its signals that its data card shows.

Source: data card of togethercomputer/RedPajama-Data-V2, `gopher_rules_pass`.

Not here: the signals (signals/), Gopher's own rules (the module of Gopher).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class RedPajamaRules(FilterStep):
    """Words, their length, symbols, bullet points and repetition, as RedPajama-V2's data card selects documents by its signals."""

    step = "redpajama_v2_rules"

    min_words: int = Field(default=50, ge=0, description="Least number of words")
    max_words: int = Field(default=100_000, ge=1, description="Largest number of words")
    min_mean_word_length: float = Field(default=3, ge=0, description="Least mean length of a word")
    max_mean_word_length: float = Field(default=10, gt=0, description="Largest mean length of a word")
    max_symbol_to_word_ratio: float = Field(default=0.1, ge=0, description="Largest number of symbols per word")
    max_bullet_lines: float = Field(default=0.9, ge=0, le=1, description="Largest share of lines with a bullet point")
    max_top_2gram: float = Field(default=0.2, ge=0, description="Largest share of characters in the commonest 2-gram")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """In the order of the data card."""
        del environment
        words, length, symbols = "rps_doc_word_count", "rps_doc_mean_word_length", "rps_doc_symbol_to_word_ratio"
        bullets, top = "rps_lines_start_with_bulletpoint", "rps_doc_frac_chars_top_2gram"
        return (
            Rule("too_few_words", words, "<", self.min_words),
            Rule("too_many_words", words, ">", self.max_words),
            Rule("words_too_short", length, "<", self.min_mean_word_length, null="drop"),
            Rule("words_too_long", length, ">", self.max_mean_word_length),
            Rule("too_many_symbols", symbols, ">", self.max_symbol_to_word_ratio),
            Rule("too_many_bullet_points", bullets, ">", self.max_bullet_lines, lines="mean"),
            Rule("repeated_2gram", top, ">", self.max_top_2gram),
        )
