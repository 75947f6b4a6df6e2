"""What Dolma's taggers `c4_v1` and `c4_v2` see in a document: its lines, how they end, how many words they have, and what occurs in them.

Source: allenai/dolma, python/dolma/taggers/c4.py.

Not here: the signals that it becomes (dolma.py), the spans (dolma_spans.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.signals.cjk import cut_cjk
from corpus_platform.signals.dolma_gopher import lower_words
from corpus_platform.text.batch import totals
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.lines import strip
from corpus_platform.text.repeats import members
from corpus_platform.text.search import contains_any, ends_with_any

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject

MIN_WORDS = 3
"""Words that a line has at least."""
_ENDS = (".", "?", "!", '"')
_SANE_ENDS = (*_ENDS, "。", "？", "！", "”", "」", "』", "…", "．")


@dataclass(frozen=True)
class C4:
    """A document's facts; lines are those of `split` at newlines, the empty one after a final newline too."""

    subject: Subject

    @property
    def _sane(self) -> bool:
        return not self.subject.environment.reference

    @property
    def document_line(self) -> np.ndarray:
        """int64[d + 1]: offsets of the lines."""
        return self.subject.batch.document_line

    @cached_property
    def without_end(self) -> np.ndarray:
        """bool[lines]: does a line, stripped, lack a mark at its end."""
        return ~ends_with_any(strip(self.subject.batch.lines), _SANE_ENDS if self._sane else _ENDS)

    @cached_property
    def too_few_words(self) -> np.ndarray:
        """bool[lines]: has a line fewer than three words."""
        lines = self.subject.batch.lines
        words = self.subject.space_words
        pieces = cut_cjk(words).pieces if self._sane else np.ones(len(words), np.int32)
        # Lines of different documents may begin at the same byte: all but the last of these are empty.
        line = np.searchsorted(lines.start, words.spans.start, side="right") - 1
        return np.bincount(line, pieces, minlength=len(lines)) < MIN_WORDS

    def _has_word(self, entries: list[str]) -> np.ndarray:
        words = lower_words(self.subject)
        return totals(members(words.hash, hash_texts(entries)), words.document_token) > 0

    def has_naughty_word(self) -> np.ndarray:
        """bool[d]: is a listed word among its words, or a listed phrase anywhere."""
        entries = self.subject.environment.lists.get("ldnoobw", "en").entries
        phrases = [entry for entry in entries if " " in entry]
        found = self._has_word([entry for entry in entries if " " not in entry])
        return found | self._has_phrase(phrases) if phrases else found

    def _has_phrase(self, phrases: list[str]) -> np.ndarray:
        batch = self.subject.lowered
        return batch.texts.str.contains_any(phrases).to_numpy()

    def has_javascript(self, version: int) -> np.ndarray:
        """bool[d]: v1 wants the word, v2 the letters."""
        return self._has_word(["javascript"]) if version == 1 else contains_any(self.subject.lowered, ["javascript"])

    def has_lorem_ipsum(self) -> np.ndarray:
        """bool[d]: does it have these words, in any case."""
        return contains_any(self.subject.lowered, ["lorem ipsum"])

    def has_curly_brace(self) -> np.ndarray:
        """bool[d]: does it have an opening brace."""
        return contains_any(self.subject.batch, ["{"])

    def line_count(self) -> np.ndarray:
        """int64[d]: lines."""
        return np.diff(self.document_line)

    def lines_with_no_ending_punctuation(self) -> np.ndarray:
        """int64[d]: lines without a mark at their end."""
        return totals(self.without_end, self.document_line)

    def lines_with_too_few_words(self) -> np.ndarray:
        """int64[d]: lines of fewer than three words."""
        return totals(self.too_few_words, self.document_line)

    def share(self, name: str) -> np.ndarray:
        """float64[d]: lines of one of these two counts by all lines."""
        return getattr(self, name)() / np.maximum(self.line_count(), 1)
