"""Drops dialogues whose answers say one thing over and over, or count their lists wrongly.

Source: allenai/open-instruct, filter_ngram_repetitions.py (paragraph 10, line 4, sentence 40 in its helper); lm-sys/FastChat, optional_clean.py (a digit nine
times) and filter_wrong_format.py.

Not here: the measures (signals/sft_repetition.py); shares of repeated n-grams (gopher.py, data_juicer.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step
from corpus_platform.recipes.steps.sft_rules import said

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class SftRepetition(FilterStep):
    """Drops dialogues with repeated paragraphs, lines, sentences or digits, or lists with a first number twice. A threshold of null is not asked."""

    step: ClassVar[str] = "sft_repetition"

    paragraphs: float | None = Field(
        default=10, gt=0, description="Times that a paragraph must not reach; lists, code and tables have more room"
    )
    lines: float | None = Field(default=4, gt=0, description="Times that a line must not reach, one after the other")
    sentences: float | None = Field(default=40, gt=0, description="Times that a sentence must not reach")
    digits: bool = Field(default=True, description="Whether a digit nine times in a row drops the dialogue")
    wrong_lists: bool = Field(default=False, description="Whether lists that count wrongly do")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Paragraphs, lines, sentences, digits, lists."""
        del environment
        asked = [
            ("repeated_paragraph", "sft_paragraph_repeats", self.paragraphs),
            ("repeated_line", "sft_line_run", self.lines),
            ("repeated_sentence", "sft_sentence_repeats", self.sentences),
        ]
        found = [Rule(name, signal, ">=", bound) for name, signal, bound in asked if bound is not None]
        if self.digits:
            found += said("repeated_digit", "sft_digit_run")
        if self.wrong_lists:
            found.append(Rule("wrong_list", "sft_wrong_lists", ">", 0))
        return tuple(found)
