"""Dolma's rules: Gopher's and C4's as its taggers measure them, the number of personal data, and sentences that a model finds toxic.

A signal that is missing is computed, and one that does not exist is an error when the recipe is read: Dolma's own mixer passes over a misspelt
attribute in silence, so that its rules on top 2- to 4-grams never drop anything.
Source: allenai/dolma, configs/dolma-v1_5/mixing/cc-head.yaml, configs/c4-replication/mixer.yaml.

Not here: what is measured (signals/dolma.py), how personal data is replaced (pii.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.dolma_c4 import C4
from corpus_platform.text.pieces import Pieces, line_pieces, sentence_pieces

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_V1 = "dolma_gopher_v1_"
_LINE_RULES = ("no_ending_punctuation", "too_few_words")


@register_step
class DolmaGopher(FilterStep):
    """Drops documents by Gopher's quantities as Dolma's `gopher_v1` measures them."""

    step: ClassVar[str] = "dolma_gopher"

    min_words: int = Field(default=50, description="Least words")
    max_words: int = Field(default=100_000, description="Most words")
    min_median_word_length: float = Field(default=3, description="Least median length of a word")
    max_median_word_length: float = Field(default=10, description="Largest median length of a word")
    max_symbol_to_word_ratio: float = Field(default=0.1, description="Most words with a symbol, as a share")
    min_alpha_words: float = Field(default=0.8, description="Least words with a letter, as a share")
    min_required_words: int = Field(default=2, description="Least occurrences of the eight words")
    max_bullet_lines: float = Field(default=0.9, description="Most lines that begin with a bullet, as a share")
    max_ellipsis_lines: float = Field(default=0.3, description="Most lines that end with an ellipsis, as a share")
    max_duplicate_lines: float = Field(default=0.3, description="Most lines that occur more than once, as a share")
    max_duplicate_line_characters: float = Field(default=0.3, description="Most characters in such lines, as a share")
    max_top_grams: dict[int, float] = Field(
        default={2: 0.20, 3: 0.18, 4: 0.16}, description="Most characters of the most frequent n-gram, as a share, by n"
    )
    max_duplicate_grams: dict[int, float] = Field(
        default={5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10},
        description="Most characters of repeated n-grams, as a share, by n",
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """In the order of Dolma's configuration; under `compat: reference` without the rules that a misspelt name disables there."""
        top = {} if environment.reference else self.max_top_grams
        lines = "fraction_of_lines"
        bounds: tuple[tuple[str, Comparison, float], ...] = (
            ("word_count", "<", self.min_words),
            ("word_count", ">", self.max_words),
            ("median_word_length", "<", self.min_median_word_length),
            ("median_word_length", ">", self.max_median_word_length),
            ("symbol_to_word_ratio", ">", self.max_symbol_to_word_ratio),
            ("fraction_of_words_with_alpha_character", "<", self.min_alpha_words),
            ("required_word_count", "<", self.min_required_words),
            (f"{lines}_starting_with_bullet_point", ">", self.max_bullet_lines),
            (f"{lines}_ending_with_ellipsis", ">", self.max_ellipsis_lines),
            ("fraction_of_duplicate_lines", ">", self.max_duplicate_lines),
            ("fraction_of_characters_in_duplicate_lines", ">", self.max_duplicate_line_characters),
            *((f"fraction_of_characters_in_most_common_{n}grams", ">", most) for n, most in top.items()),
            *(
                (f"fraction_of_characters_in_duplicate_{n}grams", ">", most)
                for n, most in self.max_duplicate_grams.items()
            ),
        )
        word = {"<": "below", ">": "above"}
        return tuple(Rule(f"{name}_{word[sign]}", _V1 + name, sign, bound) for name, sign, bound in bounds)


@register_step
class DolmaPii(FilterStep):
    """Drops documents with more personal data than can be replaced with good conscience."""

    step: ClassVar[str] = "dolma_pii"

    max_count: int = Field(
        default=5, ge=0, description="Most e-mail addresses, phone numbers and IP addresses together"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule."""
        del environment
        return (Rule("pii_count_above", "dolma_pii_v2_doc_count", ">", self.max_count),)


@register_step
class DolmaC4(EditStep):
    """Drops documents with code, filler or naughty words, and removes lines without end mark or with fewer than three words, as Dolma replicates C4."""

    step: ClassVar[str] = "dolma_c4"
    acts_on: ClassVar = "lines"

    curly_brace: bool = Field(default=True, description="Whether `{` drops a document")
    lorem_ipsum: bool = Field(default=True, description="Whether `lorem ipsum` drops a document")
    javascript: bool = Field(default=True, description="Whether `javascript`, also inside a word, drops a document")
    naughty_words: bool = Field(default=True, description="Whether a word of the list drops a document")
    ending_punctuation: bool = Field(default=True, description="Whether lines without end mark are removed")
    too_few_words: bool = Field(default=True, description="Whether lines of fewer than three words are removed")
    drop_empty: bool = Field(default=True, description="Whether documents go of which nothing but white space is left")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents without the removed lines."""
        c4, pieces = C4(subject), line_pieces(subject.batch)
        verdict = np.full(len(pieces), -1, np.int8)
        for i, (asked, found) in enumerate(
            ((self.ending_punctuation, c4.without_end), (self.too_few_words, c4.too_few_words))
        ):
            if asked:
                verdict[found & (verdict < 0)] = i
        counts = {f"lines:{name}": int((verdict == i).sum()) for i, name in enumerate(_LINE_RULES)}
        text = pieces.without(verdict >= 0)
        rules, dropped = self._dropped(c4, text)
        return Edited(
            text=text,
            changed=text.str.len_bytes().to_numpy() != np.diff(subject.batch.document_start),
            rules=rules,
            dropped=dropped,
            value=np.where(dropped >= 0, 1.0, np.nan),
            threshold=np.full(len(subject), np.nan),
            removed={name: count for name, count in counts.items() if count},
            spans=_removed_lines(pieces, verdict) if trace else None,
        )

    def _dropped(self, c4: C4, text: pl.Series) -> tuple[tuple[str, ...], np.ndarray]:
        empty = (text.str.strip_chars() == "").to_numpy()
        rules = (
            ("curly_brace", self.curly_brace, c4.has_curly_brace),
            ("lorem_ipsum", self.lorem_ipsum, c4.has_lorem_ipsum),
            ("javascript", self.javascript, lambda: c4.has_javascript(2)),
            ("naughty_word", self.naughty_words, c4.has_naughty_word),
            ("nothing_left", self.drop_empty, lambda: empty),
        )
        dropped = np.full(len(text), -1, np.int16)
        for i, (_, asked, found) in enumerate(rules):
            if asked:
                dropped[(dropped < 0) & found()] = i
        return tuple(name for name, _, _ in rules), dropped


def _removed_lines(pieces: Pieces, verdict: np.ndarray) -> pl.DataFrame:
    """The lines that went in their order, each with the rule of `_LINE_RULES` that took it."""
    each = [pieces.places(verdict == i, rule) for i, rule in enumerate(_LINE_RULES)]
    return pl.concat(each).sort("document", "start")


@register_step
class Sentences(EditStep):
    """Removes sentences that a classifier gives a high score, e.g. toxic ones.

    A document in a language that has no such model is left as it is. A model that is missing altogether is an error, unless the step is optional.
    """

    step: ClassVar[str] = "sentences"
    acts_on: ClassVar = "sentences"

    models: dict[str, str] = Field(description="Name of the classifier by language, e.g. `en: safety/en`")
    labels: tuple[str, ...] = Field(
        default=(), description="Only sentences of these classes go; all with the score where it is empty"
    )
    min_score: float = Field(default=0.4, ge=0, le=1, description="Least score of a sentence that goes")
    min_characters: int = Field(default=10, ge=0, description="Shorter sentences are not judged")
    drop_empty: bool = Field(default=True, description="Whether documents go of which nothing but white space is left")
    optional: bool = Field(default=False, description="Leave the texts as they are where there is no model")

    def needs(self) -> tuple[str, ...]:
        """The language picks the model."""
        return ("language",)

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """Models without which the recipe can't judge."""
        missing = tuple(name for name in self.models.values() if name not in environment.models)
        return () if self.optional else missing

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents without those sentences. Raises ModelError without a model."""
        pieces = sentence_pieces(subject.batch)
        removed = np.zeros(len(pieces), np.bool_)
        languages = subject.column("language")
        for language, name in self.models.items():
            rows = (languages == language).fill_null(value=False).to_numpy()
            if rows.any() and not (self.optional and name not in subject.environment.models):
                removed |= self._bad(
                    need(subject.environment.models, name), pieces, np.repeat(rows, np.diff(pieces.first))
                )
        text = pieces.without(removed)
        empty = (text.str.strip_chars() == "").to_numpy() & (pieces.count(removed) > 0)
        dropped = np.where(empty & self.drop_empty, 0, -1).astype(np.int16)
        return Edited(
            text=text,
            changed=pieces.count(removed) > 0,
            rules=("nothing_left",),
            dropped=dropped,
            value=np.full(len(subject), np.nan),
            threshold=np.full(len(subject), np.nan),
            removed={"sentences": int(removed.sum())} if removed.any() else {},
            spans=pieces.places(removed, self.name) if trace else None,
        )

    def _bad(self, model: object, pieces: Pieces, asked: np.ndarray) -> np.ndarray:
        """Which of the asked pieces go: bool[pieces]."""
        bad = np.zeros(len(pieces), np.bool_)
        texts = pl.Series(pieces.spans.strings()).str.strip_chars()
        chosen = np.flatnonzero(asked & (texts.str.len_chars() >= self.min_characters).to_numpy())
        if not chosen.size:
            return bad
        judged = model.classify(texts.gather(chosen))  # type: ignore[attr-defined]
        high = np.nan_to_num(judged.score) >= self.min_score
        if self.labels:
            high &= np.array([label in self.labels for label in judged.labels])
        bad[chosen] = high
        return bad
