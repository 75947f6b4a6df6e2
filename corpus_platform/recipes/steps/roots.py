"""ROOTS: the edit before the filters, and the filters with thresholds by language.

Source: bigscience-workshop/data-preparation, 01b_oscar_cleaning_and_filtering (filtering.py, parameters_filtering.py).

Not here: what is measured (signals/roots.py), SimHash (dedup.py), personal data (pii.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.clean.words import spaced_words
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.cut_words import SPECIAL
from corpus_platform.signals.roots_words import EXOTIC_SPACES, special_table
from corpus_platform.text.batch import TextBatch, totals
from corpus_platform.text.lines import span_characters, strip
from corpus_platform.text.search import contains_any

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject


class Thresholds(BaseModel):
    """What is kept of one language; without a value a quantity is not asked about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_words: int | None = Field(default=None, description="Least words")
    max_words: int | None = Field(default=None, description="Most words")
    max_character_repetition: float | None = Field(
        default=None, description="Largest share of the most frequent windows of characters"
    )
    max_word_repetition: float | None = Field(
        default=None, description="Largest share of windows of words that come again"
    )
    max_special_characters: float | None = Field(default=None, description="Largest share of special characters")
    min_stop_words: float | None = Field(default=None, description="Least share of stop words")
    max_flagged_words: float | None = Field(default=None, description="Largest share of flagged words")
    min_language_score: float | None = Field(default=None, description="Least score of the language")
    max_perplexity: float | None = Field(default=None, description="Largest perplexity")


_ASKED: tuple[tuple[str, str, str, Comparison], ...] = (
    ("number_words", "min_words", "roots_word_count", "<"),
    ("number_words", "max_words", "roots_word_count", ">"),
    ("character_repetition", "max_character_repetition", "roots_character_repetition_ratio", ">"),
    ("word_repetition", "max_word_repetition", "roots_word_repetition_ratio", ">"),
    ("special_characters", "max_special_characters", "roots_special_character_ratio", ">"),
    ("stopwords", "min_stop_words", "roots_stop_word_ratio", "<"),
    ("flagged_words", "max_flagged_words", "roots_flagged_word_ratio", ">"),
    ("lang_id", "min_language_score", "language_score", "<"),
    ("perplexity", "max_perplexity", "ccnet_perplexity", ">"),
)
"""Rules in the order in which they are asked: name, threshold, signal, comparison."""


@register_step
class Roots(FilterStep):
    """BigScience's filters: each language has thresholds of its own, the others those of `default`."""

    step: ClassVar[str] = "roots"

    default: Thresholds = Field(default=Thresholds(), description="Thresholds of languages that are not named")
    languages: dict[str, Thresholds] = Field(default={}, description="Thresholds by language")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Every quantity for every language, then for the rest."""
        del environment
        found = []
        for name, field, signal, sign in _ASKED:
            for language, thresholds in self.languages.items():
                bound = getattr(thresholds, field)
                if bound is not None:
                    found.append(Rule(name, signal, sign, bound, languages=(language,)))
            bound = getattr(self.default, field)
            if bound is not None:
                found.append(Rule(name, signal, sign, bound, but_languages=tuple(self.languages)))
        return tuple(found)


@register_step
class RootsModify(EditStep):
    """BigScience's edit before its filters: plain spaces, no words that are links or code, no words that are too long.

    Words are cut at space, tab and newline and compared without special characters at their ends; between two that are left stays one separator.
    """

    step: ClassVar[str] = "roots_modify"
    acts_on: ClassVar = "spans"

    uniform_whitespace: bool = Field(
        default=True, description="Whether other spaces become plain ones and the ends are stripped"
    )
    substrings: tuple[str, ...] = Field(
        default=("http", "www", ".com", "href", "//"), description="Words that hold one of these go"
    )
    max_word_length: dict[str, int] = Field(
        default={}, description="Longest word by language; in other languages no word is removed, whatever it holds"
    )

    def needs(self) -> tuple[str, ...]:
        """The language decides whether words are removed."""
        return ("language",)

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents without those words."""
        del trace
        batch = self._plain(subject.batch) if self.uniform_whitespace else subject.batch
        words = spaced_words(batch, (special_table(subject.environment) & SPECIAL) > 0)
        longest = np.array(
            [
                self.max_word_length.get(code, -1)
                for code in subject.column("language").cast(pl.String).fill_null("").to_list()
            ],
            np.int64,
        )
        judged = longest >= 0
        most = np.repeat(np.where(judged, longest, np.iinfo(np.int64).max), np.diff(words.first))
        bare = span_characters(words.bare)
        too_long = (span_characters(words.whole) > most) & ((bare > most) | (bare == 0))
        link = contains_any(words.bare, self.substrings) & np.repeat(judged, np.diff(words.first))
        text = words.joined(~(too_long | link))
        plain = batch.texts
        text = text.zip_with(pl.Series(judged), plain)
        before = subject.batch.texts
        removed = {
            "incorrect_substring": int(totals(link, words.first).sum()),
            "long_word": int((too_long & ~link).sum()),
        }
        return Edited(
            text=text,
            changed=(text != before).to_numpy(),
            removed={name: count for name, count in removed.items() if count},
        )

    def _plain(self, batch: TextBatch) -> TextBatch:
        """Stripped, and exotic spaces made plain."""
        stripped = pl.Series("text", strip(batch.documents).strings())
        return TextBatch.of(stripped.str.replace_many(dict.fromkeys(EXOTIC_SPACES, " ")))
