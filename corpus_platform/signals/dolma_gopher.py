"""The quantities of Dolma's taggers `gopher_v1` and `gopher_v2`, on words as `str.split` gives them and lines as newlines split them.

Source: allenai/dolma, python/dolma/taggers/gopher.py.

Not here: the signals that they become (dolma.py), thresholds (recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.signals.gopher import STOP_WORDS
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, totals
from corpus_platform.text.hashing import hash_spans, hash_texts
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import lstrip, rstrip, span_characters
from corpus_platform.text.ngrams import Ngrams
from corpus_platform.text.repeats import members, occurrences
from corpus_platform.text.search import contains_any, ends_with_any, starts_with_any
from corpus_platform.text.words import whitespace_words

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.words import Tokens

_ELLIPSIS = "…"


def lower_words(subject: Subject) -> Tokens:
    """The words of the texts in lower case, as `str.split` gives them."""
    return subject.once("lower_space_words", lambda: whitespace_words(subject.lowered))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)


@dataclass(frozen=True)
class Gopher:
    """The quantities of `gopher_v1` and `gopher_v2`, each made when it is asked for."""

    subject: Subject

    @property
    def _sane(self) -> bool:
        return not self.subject.environment.reference

    @cached_property
    def _ngrams(self) -> Ngrams:
        return Ngrams.of(self.subject.space_words, 10)

    @cached_property
    def _word_characters(self) -> np.ndarray:
        return self.subject.space_words.document_characters

    def character_count(self) -> np.ndarray:
        """Code points."""
        return self.subject.batch.characters

    def word_count(self) -> np.ndarray:
        """Words."""
        return self.subject.space_words.count

    def median_word_length(self) -> np.ndarray:
        """Median of the words' code points, 0.0 without words."""
        words = self.subject.space_words
        return _median(words.characters, words.document_token)

    def symbol_to_word_ratio(self) -> np.ndarray:
        """Words with a symbol by words."""
        words = self.subject.space_words
        symbols = ["#", _ELLIPSIS, "..."] if self._sane else ["#", _ELLIPSIS]
        return _share(totals(contains_any(words.spans, symbols), words.document_token), words.count)

    def fraction_of_words_with_alpha_character(self) -> np.ndarray:
        """Words with a letter by words."""
        words = self.subject.space_words
        return _share(totals((words.some & unicode.ALPHABETIC) != 0, words.document_token), words.count)

    def required_word_count(self) -> np.ndarray:
        """Occurrences of the eight words."""
        words = lower_words(self.subject) if self._sane else self.subject.space_words
        return totals(members(words.hash, hash_texts(STOP_WORDS)), words.document_token)

    def fraction_of_characters_in_most_common_grams(self, n: int) -> np.ndarray:
        """Characters of the top n-gram by those of all words."""
        grams = self._ngrams
        value = grams.count[n - 1] * grams.characters[n - 1] / np.maximum(self._word_characters, 1)
        return np.where(grams.count[n - 1] > 0, value, np.nan)

    def fraction_of_characters_in_duplicate_grams(self, n: int) -> np.ndarray:
        """Characters of repeated n-grams by those of all n-grams."""
        grams = self._ngrams
        return np.where(grams.every[n - 1] > 0, _share(grams.duplicate[n - 1], grams.every[n - 1]), np.nan)

    def lines(self, version: int) -> tuple[Spans, np.ndarray]:
        """The lines that a version sees, and their offsets: split at newlines, v2 at runs of them."""
        lines, first = self.subject.batch.lines, self.subject.batch.document_line
        if version == 1:
            return lines, first
        keep = lines.end > lines.start
        keep[first[:-1]] = keep[first[1:] - 1] = True
        return Spans(lines.data, lines.start[keep], lines.end[keep]), np.append(0, np.cumsum(keep))[first]

    def fraction_of_lines_starting_with_bullet_point(self, version: int) -> np.ndarray:
        """Lines that begin with a bullet by lines."""
        lines, first = self.lines(version)
        begins = starts_with_any(lstrip(lines), ["*", "-", "•"]) if self._sane else starts_with_any(lines, ["*", "-"])
        return _share(totals(begins, first), np.diff(first))

    def fraction_of_lines_ending_with_ellipsis(self, version: int) -> np.ndarray:
        """Lines that end with an ellipsis by lines."""
        lines, first = self.lines(version)
        ends = ends_with_any(rstrip(lines), [_ELLIPSIS, "..."]) if self._sane else ends_with_any(lines, [_ELLIPSIS])
        return _share(totals(ends, first), np.diff(first))

    def _repeated(self, version: int) -> tuple[np.ndarray, Spans, np.ndarray]:
        lines, first = self.lines(version)
        return occurrences(hash_spans(lines), first) > 1, lines, first

    def fraction_of_duplicate_lines(self, version: int) -> np.ndarray:
        """All copies of lines that occur more than once, by lines."""
        repeated, _, first = self._repeated(version)
        return _share(totals(repeated, first), np.diff(first))

    def fraction_of_characters_in_duplicate_lines(self, version: int) -> np.ndarray:
        """Their characters by those of all words."""
        repeated, lines, first = self._repeated(version)
        return _share(totals(np.where(repeated, span_characters(lines), 0), first), self._word_characters)


@kernel
def _median(values: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Median of each document's values, 0.0 where there are none."""
    found = np.zeros(offset.size - 1, np.float64)
    for d in range(found.size):
        size = offset[d + 1] - offset[d]
        if size:
            ordered = np.sort(values[offset[d] : offset[d + 1]])
            found[d] = (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
    return found
