"""FineWeb's own filter: lines, short lines, repeated lines, lists.

Source: Penedo et al. 2024; huggingface/datatrove, fineweb_quality_filter.py.

Not here: how the measures are taken (signals/fineweb.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class FineWebQuality(FilterStep):
    """Drops documents whose lines are not those of prose; rules bear datatrove's names."""

    step: ClassVar[str] = "fineweb_quality"

    line_punct_thr: float | None = Field(
        default=0.12, description="Least lines that end with a terminal mark, as a share"
    )
    short_line_thr: float | None = Field(default=0.67, description="Most lines of at most 30 characters, as a share")
    char_duplicates_ratio: float | None = Field(
        default=0.01, description="Most characters in repeated lines, as a share"
    )
    new_line_ratio: float | None = Field(default=0.3, description="Most newlines for each word")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """No line, terminal marks, short lines, repeated lines, newlines."""
        del environment
        found = [Rule("empty", "fineweb_lines", "<", 1)]
        if self.line_punct_thr is not None:
            found.append(Rule("line_punct_ratio", "fineweb_terminal_line_fraction", "<", self.line_punct_thr))
        if self.short_line_thr is not None:
            found.append(Rule("short_line_ratio", "fineweb_short_line_fraction", ">", self.short_line_thr))
        if self.char_duplicates_ratio is not None:
            found.append(
                Rule("char_dup_ratio", "fineweb_duplicate_line_char_fraction", ">", self.char_duplicates_ratio)
            )
        if self.new_line_ratio is not None:
            found.append(Rule("list_ratio", "fineweb_newline_word_ratio", ">", self.new_line_ratio))
        return tuple(found)
