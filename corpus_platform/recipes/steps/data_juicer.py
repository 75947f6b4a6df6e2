"""Data-Juicer's operators by their own names: filters with a range, mappers that clean.

Source: modelscope/data-juicer, data_juicer/ops/filter and data_juicer/ops/mapper.

Not here: what is measured (signals/data_juicer.py), SimHash and MinHash (dedup.py).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from corpus_platform.clean.edits import changed_lines
from corpus_platform.clean.matches import matches
from corpus_platform.clean.words import spaced_words
from corpus_platform.models.normalise import ASCII_OF
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.cut_words import SPECIAL
from corpus_platform.signals.roots_words import special_table
from corpus_platform.text.lines import span_characters, strip
from corpus_platform.text.pieces import PLACES
from corpus_platform.text.search import contains_any

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

FilterOp = Literal[
    "alphanumeric_filter",
    "average_line_length_filter",
    "character_repetition_filter",
    "flagged_words_filter",
    "language_id_score_filter",
    "maximum_line_length_filter",
    "perplexity_filter",
    "special_characters_filter",
    "stopwords_filter",
    "text_length_filter",
    "word_repetition_filter",
    "words_num_filter",
]
_SIGNALS: dict[str, str] = {
    "alphanumeric_filter": "dj_alphanumeric_ratio",
    "average_line_length_filter": "dj_average_line_length",
    "character_repetition_filter": "dj_character_repetition_ratio",
    "flagged_words_filter": "dj_flagged_words_ratio",
    "language_id_score_filter": "language_score",
    "maximum_line_length_filter": "dj_maximum_line_length",
    "perplexity_filter": "ccnet_perplexity",
    "special_characters_filter": "dj_special_characters_ratio",
    "stopwords_filter": "dj_stop_words_ratio",
    "text_length_filter": "dj_text_length",
    "word_repetition_filter": "dj_word_repetition_ratio",
    "words_num_filter": "dj_words_num",
}


@register_step
class DataJuicer(FilterStep):
    """One of Data-Juicer's filters: keeps documents whose value is in a range, its ends included."""

    step: ClassVar[str] = "data_juicer"

    op: FilterOp = Field(description="Name of the operator")
    min: float | None = Field(default=None, description="Least value that is kept")
    max: float | None = Field(default=None, description="Largest value that is kept")
    languages: tuple[str, ...] = Field(default=(), description="Languages that are judged; all where it is empty")

    @property
    def name(self) -> str:
        """Name in ledger and funnel: the operator's."""
        return self.label or self.op

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max`, or both")
        return self

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One for each end."""
        del environment
        signal, found = _SIGNALS[self.op], []
        if self.min is not None:
            found.append(Rule(f"{signal}_below", signal, "<", self.min, self.languages))
        if self.max is not None:
            found.append(Rule(f"{signal}_above", signal, ">", self.max, self.languages))
        return tuple(found)


MapperOp = Literal[
    "clean_email_mapper",
    "clean_links_mapper",
    "fix_unicode_mapper",
    "punctuation_normalization_mapper",
    "whitespace_normalization_mapper",
    "remove_long_words_mapper",
    "remove_words_with_incorrect_substrings_mapper",
]
_EMAIL = r"[A-Za-z0-9.\-+_]+@[a-z0-9.\-+_]+\.[a-z]+"
_LINK_END = r"""[^\s`!()\[\]{};:'".,<>?«»“”‘’\p{Han}\p{Hiragana}\p{Katakana}，。、；：？！（）]"""
_LINK = (
    r"(?i)\b(?:[a-z][\w-]+:/{1,3}|mailto:|www\d{0,3}[.]|[a-z0-9][a-z0-9.\-]*[.][a-z]{2,4}/)"
    r"(?:[^\s()<>\p{Han}\p{Hiragana}\p{Katakana}，。、；：？！（）]*" + _LINK_END + ")"
)
_SPACES = "\t\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u00a0\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufffc\x84"


_LONGEST_WORD = 50


@register_step
class DataJuicerMapper(EditStep):
    """One of Data-Juicer's mappers.

    `clean_links_mapper` takes links only where a scheme with slashes, `mailto:`, `www.` or a host with a path begins, and ends them at Chinese
    characters; the peer's pattern takes `note:this` too. `fix_unicode_mapper` brings texts into NFC; ftfy's repair of wrongly decoded text is not made.
    """

    step: ClassVar[str] = "data_juicer_mapper"
    acts_on: ClassVar = "spans"

    op: MapperOp = Field(description="Name of the operator")
    max_length: int | None = Field(
        default=None, ge=1, description="Of remove_long_words_mapper: longest word that is kept; 50 by default"
    )
    substrings: tuple[str, ...] = Field(
        default=("http", "www", ".com", "href", "//"),
        description="Of remove_words_with_incorrect_substrings_mapper: what a word must not hold",
    )

    @property
    def name(self) -> str:
        """Name in ledger and funnel: the operator's."""
        return self.label or self.op

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents after the mapper; places are the addresses that go, else the lines that change."""
        before = subject.batch.texts
        match self.op:
            case "clean_email_mapper":
                text = before.str.replace_all(_EMAIL, "")
            case "clean_links_mapper":
                text = before.str.replace_all(_LINK, "")
            case "fix_unicode_mapper":
                text = _in_nfc(before)
            case "punctuation_normalization_mapper":
                marks = ASCII_OF | {"１": '"'} if subject.environment.reference else ASCII_OF
                text = before.str.replace_many(list(marks), list(marks.values()))
            case "whitespace_normalization_mapper":
                stripped = pl.Series("text", strip(subject.batch.documents).strings())
                text = stripped.str.replace_many(dict.fromkeys(_SPACES, " "))
            case _:
                text = self._without_words(subject)
        return Edited(
            text=text,
            changed=(text != before).to_numpy(),
            spans=self._places(before, text) if trace else None,
        )

    def _places(self, before: pl.Series, text: pl.Series) -> pl.DataFrame:
        pattern = {"clean_email_mapper": _EMAIL, "clean_links_mapper": _LINK}.get(self.op)
        if pattern is not None:
            return matches(before, pattern, self.op)
        return changed_lines(before, text, self.op).select(*PLACES)

    def _without_words(self, subject: Subject) -> pl.Series:
        words = spaced_words(subject.batch, (special_table(subject.environment) & SPECIAL) > 0)
        if self.op == "remove_long_words_mapper":
            bare, longest = span_characters(words.bare), self.max_length or _LONGEST_WORD
            return words.joined((span_characters(words.whole) <= longest) | ((bare > 0) & (bare <= longest)))
        return words.joined(~contains_any(words.bare, self.substrings))


def _in_nfc(texts: pl.Series) -> pl.Series:
    """The texts in Unicode's composed form; ASCII is in it."""
    foreign = (texts.str.len_bytes() != texts.str.len_chars()).to_numpy()
    rows = np.flatnonzero(foreign)
    if not rows.size:
        return texts
    normal = [unicodedata.normalize("NFC", text) for text in texts.gather(rows).to_list()]
    return texts.clone().scatter(rows, normal)
