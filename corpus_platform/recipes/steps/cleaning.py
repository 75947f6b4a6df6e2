"""Our own operators of cleaning, for texts of any source: characters, remnants of HTML, and what pages leave in a text.

Not here: FlagData's (flagdata.py), lines told by a model (line_classifier.py), what the operators do (clean/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.clean import characters, layout, mojibake
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import register_step

if TYPE_CHECKING:
    import polars as pl

    from corpus_platform.clean.edits import Cleaned


@register_step
class FixMojibake(CleaningStep):
    """Reads lines again that were decoded with a wrong charset, where that is certain: all that ftfy repairs, and Chinese that it does not know.

    A repaired text may be in another language than what it seemed to be in: the language is identified again.
    """

    step = "fix_mojibake"
    keeps: ClassVar = frozenset()
    acts_on: ClassVar = "lines"

    chinese: bool = Field(default=True, description="Also GBK read as Latin-1, and UTF-8 read as GBK")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts as they were meant."""
        del reference
        return mojibake.repaired(texts, chinese=self.chinese, trace=trace)


@register_step
class RemoveInvisible(CleaningStep):
    """Takes characters out that nobody sees: byte order marks, zero-width spaces, direction marks, fillers; joiners where their script has no use for them."""

    step = "remove_invisible"

    soft_hyphens: bool = Field(default=True, description="Soft hyphens too")
    joiners: bool = Field(default=True, description="Joiners behind Latin, Greek, Cyrillic and Chinese characters too")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        del reference
        return characters.without_invisible(texts, soft_hyphens=self.soft_hyphens, joiners=self.joiners, trace=trace)


@register_step
class WidthForms(CleaningStep):
    """Full-width letters and digits become plain ones, or plain ones full-width; marks stay by default, for Chinese writes them full-width."""

    step = "width_forms"

    to: Literal["half", "full"] = Field(default="half", description="The width that they get")
    letters: bool = Field(default=True, description="Latin letters")
    digits: bool = Field(default=True, description="Digits")
    marks: bool = Field(default=False, description="Marks")
    space: bool = Field(default=False, description="The space")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in that width."""
        del reference
        kinds = tuple(kind for kind in ("letters", "digits", "marks", "space") if getattr(self, kind))
        return characters.of_width(texts, self.to, kinds, trace=trace)


@register_step
class WhiteSpace(CleaningStep):
    """Spaces of every kind become plain ones and runs one; none stands at a line's end or at the text's; blank lines are few."""

    step = "white_space"

    indent: bool = Field(default=False, description="Keep the spaces and tabs at a line's start, as in code and verse")
    blank_lines: int = Field(default=1, ge=0, description="Most blank lines in a row")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in plain white space."""
        del reference
        return characters.plain_white_space(texts, indent=self.indent, blank_lines=self.blank_lines, trace=trace)


@register_step
class HtmlRemnants(CleaningStep):
    """Takes tags, comments and scripts of HTML out, and reads character references; what is no tag of HTML (`<T>`, `a < b`) stays."""

    step = "html_remnants"

    tags: bool = Field(default=True, description="Take tags out; one that ends a line becomes a newline")
    entities: bool = Field(default=True, description="Read references: `&amp;`, `&#20013;`, also where written twice")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        del reference
        return characters.without_html(texts, tags=self.tags, entities=self.entities, trace=trace)


@register_step
class RepeatedMarks(CleaningStep):
    """Cuts runs of one mark: `!!!!!` to one; points, hyphens and rules to three, Chinese ellipses and dashes to two."""

    step = "repeated_marks"

    most: int = Field(default=1, ge=1, description="Most of a mark in a row")
    marks: str = Field(
        default="", description="The marks; by default those of sentences, points, hyphens, rules and stars"
    )

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with shorter runs."""
        del reference
        return characters.fewer_marks(texts, most=self.most, marks=self.marks, trace=trace)


@register_step
class JoinHyphenated(CleaningStep):
    """Makes words whole that a hyphen cuts at a line's end; a hyphen that the document writes elsewhere in the word stays."""

    step = "join_hyphenated"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with whole words."""
        del reference
        return layout.joined_words(texts, trace=trace)


@register_step
class JoinLines(CleaningStep):
    """Makes one line of each paragraph that was wrapped at a width, as in OCR, PDF and plain text books; verse, lists and code stay."""

    step = "join_lines"
    acts_on: ClassVar = "lines"

    min_lines: int = Field(
        default=5, ge=1, description="Lines that must go on in the next one, or the document is left alone"
    )

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with whole paragraphs."""
        del reference
        return layout.joined_lines(texts, least=self.min_lines, trace=trace)


@register_step
class RemovePageMarks(CleaningStep):
    """Takes page numbers, paragraphs of digits, and the heads and feet out that come back on every page of a book."""

    step = "remove_page_marks"
    acts_on: ClassVar = "lines"

    page_numbers: bool = Field(default=True, description="Lines that are a page number, where there are three or more")
    digits: bool = Field(default=True, description="Lines of digits and marks alone")
    repeats: int = Field(
        default=4, ge=0, description="Times that a head or foot stands in a document at least; 0: none is looked for"
    )
    apart: int = Field(default=10, ge=1, description="Lines between one and the next, in the middle of cases")
    max_characters: int = Field(default=80, ge=1, description="Longest line that is a head or foot")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        del reference
        return layout.without_page_marks(
            texts,
            page_numbers=self.page_numbers,
            digits=self.digits,
            repeats=self.repeats,
            apart=self.apart,
            longest=self.max_characters,
            trace=trace,
        )
