"""Steps for books: badly scanned ones go, very long serials end at a chapter, classes of books weigh less or more.

Not here: the signs of a scan (signals/books.py), editions of one book (the step `simhash`), classes (models/book_classes.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from corpus_platform.readers.book_lines import Block, is_heading, is_named
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_SENTENCE = re.compile(r"[.!?。！？…][\"'”’」』)]*")
_HEADING_LINE = 80


@register_step
class BadScan(FilterStep):
    """Drops books that read like badly recognised scans: divided words, sentences broken in the middle of a line, scraps, two peaks of line lengths."""

    step = "bad_scan"

    max_score: float = Field(default=0.5, ge=0, le=1, description="Largest `book_ocr_score` that is kept")
    max_hyphens: float = Field(
        default=0.25, ge=0, le=1, description="Largest share of lines that end in a divided word"
    )
    max_fragments: float = Field(default=0.6, ge=0, le=1, description="Largest share of lines that are scraps")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Score, divided words, scraps."""
        del environment
        return (
            Rule("ocr_like", "book_ocr_score", ">", self.max_score),
            Rule("divided_words", "book_hyphen_line_share", ">", self.max_hyphens),
            Rule("scraps", "book_fragment_line_share", ">", self.max_fragments),
        )


@register_step
class SerialCap(EditStep):
    """Very long works are cut before the last chapter that begins within the limit (in its second half; else at a paragraph), or dropped.

    A serial of millions of characters by one author would weigh as much as a shelf of books.
    """

    step = "serial_cap"

    characters: int = Field(default=2_000_000, ge=1_000, description="Most code points of a work")
    policy: Literal["cut", "drop"] = Field(default="cut", description="Whether longer works are cut or dropped")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts within the limit."""
        before = subject.batch.texts
        size = subject.batch.characters
        long = np.flatnonzero(size > self.characters)
        dropped = np.full(len(before), -1, np.int16)
        value, threshold = np.full(len(before), np.nan), np.full(len(before), np.nan)
        texts = before.to_list() if long.size else []
        spans: list[tuple[int, int, int, str]] = []
        for i in long.tolist():
            if self.policy == "drop":
                dropped[i], value[i], threshold[i] = 0, size[i], self.characters
                continue
            end = chapter_border(texts[i], self.characters)
            spans.append((i, end, len(texts[i]), "beyond_cap"))
            texts[i] = texts[i][:end].rstrip()
        after = pl.Series("text", texts, pl.String) if spans else before
        changed = np.zeros(len(before), np.bool_)
        changed[[span[0] for span in spans]] = True
        return Edited(
            text=after,
            changed=changed,
            rules=("too_long",),
            dropped=dropped,
            value=value,
            threshold=threshold,
            removed={"beyond_cap": len(spans)} if spans else {},
            spans=pl.DataFrame(spans, schema=PLACES, orient="row") if trace else None,
        )


@register_step
class CategoryWeight(EditStep):
    """Gives documents of some classes another sampling weight; the texts stay. Fiction is most of what is printed, and would be most of a corpus."""

    step: ClassVar[str] = "category_weight"

    weights: dict[str, float] = Field(
        description="Weight of a class; documents of other classes, and those without, weigh 1"
    )

    @field_validator("weights")
    @classmethod
    def _are_positive(cls, weights: dict[str, float]) -> dict[str, float]:
        wrong = [name for name, weight in weights.items() if not 0 < weight < float("inf")]
        if wrong or not weights:
            raise ValueError(f"weights are numbers above 0 (wrong: {', '.join(wrong) or 'none is given'})")
        return weights

    def needs(self) -> tuple[str, ...]:
        """The class."""
        return ("category",)

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The same texts, with weights."""
        texts = subject.batch.texts
        weight = subject.column("category").replace_strict(self.weights, default=1.0, return_dtype=pl.Float32)
        return Edited(
            text=texts,
            changed=np.zeros(len(texts), np.bool_),
            weight=weight.fill_null(1.0).to_numpy(),
            spans=pl.DataFrame(schema=PLACES) if trace else None,
        )


def chapter_border(text: str, limit: int) -> int:
    """Where a text of more than `limit` characters ends within it: before the last chapter heading of the second half, else behind a paragraph or sentence."""
    end, least = limit, limit // 2
    while (start := text.rfind("\n", least, end)) >= 0:
        stop = text.find("\n", start + 1, start + 2 + _HEADING_LINE)
        if stop > start and _is_chapter(text[start + 1 : stop].strip()):
            return start + 1
        end = start
    for border in ("\n\n", "\n"):
        if (place := text.rfind(border, least, limit)) >= 0:
            return place
    stops = [match.end() for match in _SENTENCE.finditer(text, least, limit)]
    return stops[-1] if stops else limit


def _is_chapter(line: str) -> bool:
    block = Block((line,)) if line else None
    return block is not None and is_heading(block) and is_named(block)
