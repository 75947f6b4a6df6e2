"""FlagData's pruners of lines and sentences as steps.

With `compat: reference` a pruner gives what FlagData's code gives; by default what it was meant to, and each says where that differs.
Source: FlagOpen/FlagData 84a3d7e, flagdata/data_operator/pruner.

Not here: what the pruners do (clean/flagdata.py), its other pruners (flagdata.py) and filters (flagdata_filters.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from pydantic import Field, field_validator

from corpus_platform.clean import flagdata
from corpus_platform.clean.chinese_lines import phrase_pattern
from corpus_platform.clean.edits import Cut, Editing
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import register_step

if TYPE_CHECKING:
    from corpus_platform.clean.edits import Cleaned


@register_step
class RemoveRepeatedSentences(CleaningStep):
    """Takes sentences out that came before in their document.

    FlagData's RepeatSentencePruner ends a sentence at the point of 3.14, loses blank lines, and with them every sentence that is too short to be compared.
    By default short ones and blank lines stay.
    """

    step = "remove_repeated_sentences"
    peer = "RepeatSentencePruner"

    lowercase: bool = Field(default=False, description="Compare in lower case")
    ignore_special_character: bool = Field(default=True, description="Compare letters and digits alone")
    min_repeat_sentence_length: int | None = Field(
        default=None,
        ge=0,
        description="Fewest characters of what is compared; by default 12, where a Chinese one counts for two, and FlagData's 2 under `compat: reference`",
    )

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with each sentence once."""
        return flagdata.without_repeated_sentences(
            texts,
            lowercase=self.lowercase,
            ignore_special=self.ignore_special_character,
            least=self.min_repeat_sentence_length,
            reference=reference,
            trace=trace,
        )


@register_step
class RemoveTables(CleaningStep):
    """Takes rows of tables out: cells between tabs, or between two and more spaces.

    FlagData's TablePruner starts at the second line, wants two characters in inner cells, lets a cell's gap run over newlines and has no upper limit. By
    default rows are lines of `min_col` to `max_col` cells, at least two in a row.
    """

    step = "remove_tables"
    peer = "TablePruner"

    min_col: int = Field(default=3, ge=2, description="Fewest cells of a row")
    max_col: int = Field(default=30, ge=2, description="Most cells of a row")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        return flagdata.without_tables(
            texts, min_col=self.min_col, max_col=self.max_col, reference=reference, trace=trace
        )


@register_step
class RemoveCaptions(CleaningStep):
    """Takes lines out that are wholly a caption of a figure or table.

    FlagData's FigureTableCaptionPruner knows titles without spaces only, and strips every line. By default titles of several words are captions too, a
    sentence about a figure is none, and other lines stay as they are.
    """

    step = "remove_captions"
    peer = "FigureTableCaptionPruner"

    max_characters: int = Field(default=120, ge=1, description="Longest line that is a caption")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        return flagdata.without_captions(texts, longest=self.max_characters, reference=reference, trace=trace)


@register_step
class RemoveCatalogues(CleaningStep):
    """Takes tables of contents out: rows of lines that name chapters, are numbered, or end in leaders.

    FlagData's CataloguePruner takes numbered lists and sentences that mention a chapter too. By default a line must be an entry as a whole, a row needs a
    chapter, a leader or page numbers, and the heading goes with its table.
    """

    step = "remove_catalogues"
    peer = "CataloguePruner"

    length_threshold: int = Field(default=100, ge=1, description="Entries have fewer characters")
    consecutive_threshold: int = Field(default=3, ge=1, description="Fewest entries in a row")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        return flagdata.without_catalogues(
            texts,
            length_threshold=self.length_threshold,
            consecutive_threshold=self.consecutive_threshold,
            reference=reference,
            trace=trace,
        )


@register_step
class EndAtPunctuation(CleaningStep):
    """Cuts texts behind their last end of a sentence.

    FlagData's EndAtLastPunctuationPruner empties a text without one, ends at the point of 3.14, and parts a closing quote from its sentence; it fails on an
    empty text. By default none of that.
    """

    step = "end_at_punctuation"
    peer = "EndAtLastPunctuationPruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts up to there."""
        return flagdata.ended_at_a_mark(texts, reference=reference, trace=trace)


@register_step
class RemoveLinesWith(CleaningStep):
    """Takes every line out that holds one of some phrases. FlagData's SpecificPatternPruner also strips the text; by default its ends stay."""

    step = "remove_lines_with"
    peer = "SpecificPatternPruner"

    patterns: tuple[str, ...] = Field(min_length=1, description="The phrases, as they are written")

    @field_validator("patterns")
    @classmethod
    def _say_something(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if "" in patterns:
            raise ValueError("an empty phrase is in every line")
        return patterns

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without these lines."""
        held = phrase_pattern(self.patterns)
        editing = Editing(texts, trace=trace)
        if reference:
            editing.cut(Cut("line", rf"(?m)^.*{held}.*$\n?"))
            editing.strip()
            return editing.done()
        rule = pl.when(pl.col("line").str.contains(held)).then(pl.lit("line"))
        editing.lines(lambda lines: lines.select(rule).to_series(), held)
        return editing.done()
