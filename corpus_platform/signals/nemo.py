"""NeMo Curator's heuristic filters as signals.

Words lie between white space, sentences are lines that are not blank, paragraphs lie between two newlines. The sane form counts letters, digits, white
space and marks of any script, and takes Chinese and Japanese characters for words, where the peer asks jieba and MeCab.
Promise: in `compat: reference` the peer's scores for any text on which it does not stop with a division by zero, with two exceptions: of equally
frequent n-grams it takes any, here it is the first; and words of vowel marks or Roman numeral signs alone have letters to it.
Source: NVIDIA-NeMo/Curator 1e2e427, nemo_curator/stages/text/filters/heuristic and stages/text/utils/constants.py.

Not here: the loops (nemo_kernels.py), thresholds (recipes/).
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals import nemo_kernels as kernels
from corpus_platform.signals.cut_words import cut_words, white_space
from corpus_platform.signals.gopher import STOP_WORDS
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.roots_words import NO_SPACES, languages
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, largest, totals
from corpus_platform.text.hashing import hash_spans, hash_texts
from corpus_platform.text.lines import span_characters, strip
from corpus_platform.text.repeats import members, repeats
from corpus_platform.text.search import contains_any, ends_with_any, starts_with_any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.batch import TextBatch
    from corpus_platform.text.words import Tokens

_SOURCE = "NVIDIA-NeMo/Curator"
ELLIPSES = ("...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more")
BULLETS = (
    "\u2022",
    "\u2023",
    "\u2043",
    "\u204c",
    "\u204d",
    "\u2219",
    "\u25cb",
    "\u25cf",
    "\u25d8",
    "\u25e6",
    "\u29be",
    "\u29bf",
)
ENDS = (".", "?", "!", '"', "'")
SANE_ENDS = (*ENDS, "。", "？", "！", "”", "’", "」", "』", "…", "．")
_LONGEST = 10
_PARENTHESES = "{}⟨⟩[]()"
_SANE_PARENTHESES = _PARENTHESES + "（）［］｛｝【】〔〕〈〉"
_TEXT, _DIGIT, _SPACE, _PARENTHESIS = 1, 2, 4, 8


@lru_cache(maxsize=2)
def _table(reference: bool) -> np.ndarray:
    """Bits of each character, in the order of `class_counts`: text, digit, white space, parenthesis."""
    facts, table = unicode.facts(), np.zeros(unicode.CODE_POINTS, np.uint8)
    table[[ord(c) for c in string.ascii_letters + string.digits + "\n?!,."]] = _TEXT
    table[[ord(c) for c in string.digits]] |= _DIGIT
    table[[8, 9, 10, 13, 32]] |= _SPACE
    table[[ord(c) for c in (_PARENTHESES if reference else _SANE_PARENTHESES)]] |= _PARENTHESIS
    if not reference:
        table[(facts & (unicode.ALPHANUMERIC | unicode.LETTER_OR_MARK)) != 0] |= _TEXT
        table[[ord(c) for c in "。，、？！．；："]] |= _TEXT
        table[(facts & unicode.DECIMAL) != 0] |= _DIGIT
        table[(facts & unicode.SPACE) != 0] |= _SPACE
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class Nemo:
    """The scores of a subject, each made when it is asked for; NaN where the peer would divide by zero."""

    subject: Subject

    @property
    def _reference(self) -> bool:
        return self.subject.environment.reference

    @property
    def _batch(self) -> TextBatch:
        return self.subject.batch

    @cached_property
    def _characters(self) -> np.ndarray:
        return self._batch.characters

    @cached_property
    def _joined(self) -> np.ndarray:
        """bool[d]: are the words of a document its characters."""
        nothing = np.zeros(len(self.subject), np.bool_)
        return nothing if self._reference else np.isin(languages(self.subject), list(NO_SPACES))

    @cached_property
    def words(self) -> Tokens:
        """The words."""
        if not self._joined.any():
            return self.subject.space_words
        return cut_words(self._batch, white_space(), self._joined)

    @cached_property
    def _classes(self) -> np.ndarray:
        return kernels.class_counts(self._batch.data, self._batch.document_start, _table(self._reference))

    def _of_text(self, count: np.ndarray) -> np.ndarray:
        """A share of the characters; 1.0 for an empty text, so that it is dropped."""
        return np.where(self._characters > 0, count / np.maximum(self._characters, 1), 1.0)

    def _of(self, count: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.where(whole > 0, count / np.maximum(whole, 1), np.nan)

    def non_alphanumeric_fraction(self) -> np.ndarray:
        """Characters that are no text."""
        return self._of_text(self._characters - self._classes[0])

    def digit_fraction(self) -> np.ndarray:
        """Digits."""
        return self._of_text(self._classes[1])

    def white_space_fraction(self) -> np.ndarray:
        """White space."""
        return self._of_text(self._classes[2])

    def parenthesis_fraction(self) -> np.ndarray:
        """Parentheses."""
        return self._of_text(self._classes[3])

    def url_fraction(self) -> np.ndarray:
        """Characters of URLs."""
        return self._of_text(kernels.url_characters(self._batch.data, self._batch.document_start))

    def symbol_to_word_ratio(self) -> np.ndarray:
        """Words that are an ellipsis, or more than half runs of `#`."""
        words = self.words
        runs = kernels.hash_runs(words.spans.data, words.spans.start, words.spans.end)
        symbol = members(words.hash, hash_texts(ELLIPSES)) | (2 * runs > words.characters)
        return self._of(totals(symbol, words.document_token), words.count)

    def word_count(self) -> np.ndarray:
        """Words."""
        return self.words.count

    def mean_word_length(self) -> np.ndarray:
        """Mean characters of a word."""
        return self._of(self.words.document_characters, self.words.count)

    def longest_word(self) -> np.ndarray:
        """Characters of the longest word, 0 without one."""
        return largest(self.words.characters, self.words.document_token)

    def alphabetic_word_fraction(self) -> np.ndarray:
        """Words with a letter."""
        words = self.words
        return self._of(totals((words.some & unicode.ALPHABETIC) != 0, words.document_token), words.count)

    def common_english_words(self) -> np.ndarray:
        """Occurrences of Gopher's eight words."""
        words = self.words
        return totals(members(words.hash, hash_texts(STOP_WORDS)), words.document_token)

    @cached_property
    def _sentences(self) -> tuple[Spans, np.ndarray]:
        """Lines that are not blank, and their offsets."""
        lines, first = self._batch.lines, self._batch.document_line
        bare = strip(lines)
        keep = bare.end > bare.start
        return Spans(lines.data, lines.start[keep], lines.end[keep]), np.append(0, np.cumsum(keep))[first]

    def _share_of_sentences(self, holds: np.ndarray) -> np.ndarray:
        first = self._sentences[1]
        return self._of(totals(holds, first), np.diff(first))

    def no_end_mark_fraction(self) -> np.ndarray:
        """Sentences without a mark at their end."""
        return self._share_of_sentences(
            ~ends_with_any(strip(self._sentences[0]), ENDS if self._reference else SANE_ENDS)
        )

    def ellipsis_line_fraction(self) -> np.ndarray:
        """Sentences that end with an ellipsis, in any case."""
        lines = strip(self.subject.lowered.lines)
        keep = lines.end > lines.start
        return self._share_of_sentences(ends_with_any(lines, ELLIPSES)[keep])

    def bullet_line_fraction(self) -> np.ndarray:
        """Sentences that begin with a bullet."""
        return self._share_of_sentences(starts_with_any(strip(self._sentences[0]), BULLETS))

    @cached_property
    def _by_line(self) -> np.ndarray:
        """bool[d]: has a document no blank line, so that its paragraphs are its lines."""
        if self._reference:
            return np.zeros(len(self.subject), np.bool_)
        return ~contains_any(self._batch, ["\n\n"])

    @cached_property
    def _paragraphs(self) -> tuple[Spans, np.ndarray]:
        start, end, first = kernels.paragraphs(self._batch.data, self._batch.document_start, self._by_line)
        return Spans(self._batch.data, start, end), first

    def boilerplate_fraction(self) -> np.ndarray:
        """Paragraphs with a phrase of the list; 1.0 with `lorem ipsum`."""
        batch = self.subject.lowered
        start, end, first = kernels.paragraphs(batch.data, batch.document_start, self._by_line)
        phrases = self.subject.environment.lists.get("policy_phrases").entries
        share = self._of(totals(contains_any(Spans(batch.data, start, end), phrases), first), np.diff(first))
        return np.where(contains_any(batch, ["lorem ipsum"]), 1.0, share)

    def _distinct(self, parts: tuple[Spans, np.ndarray], by_characters: bool) -> np.ndarray:
        spans, first = parts
        weight = span_characters(spans) if by_characters else np.ones(len(spans), np.int64)
        fresh = ~repeats(hash_spans(spans), first)
        return self._of(totals(weight * fresh, first), totals(weight, first))

    def distinct_line_fraction(self, by_characters: bool = False) -> np.ndarray:
        """Different sentences by all."""
        return self._distinct(self._sentences, by_characters)

    def distinct_paragraph_fraction(self, by_characters: bool = False) -> np.ndarray:
        """Different paragraphs by all."""
        return self._distinct(self._paragraphs, by_characters)

    @cached_property
    def _scan(self) -> tuple[np.ndarray, np.ndarray]:
        words = self.words
        return kernels.scan(words.hash, words.characters, words.document_token, self._joined, _LONGEST)

    def top_gram_fraction(self, n: int) -> np.ndarray:
        """Characters that go with the most frequent n-gram; 1.0 below n words."""
        spans, batch = self.words.spans, self._batch
        gone = kernels.deleted_characters(
            batch.data, batch.document_start, spans.start, spans.end, self._scan[0][n], self._joined, n
        )
        return np.where(gone < 0, 1.0, self._of_text(gone))

    def duplicate_gram_fraction(self, n: int) -> np.ndarray:
        """Characters of n-grams that came before; 1.0 below n words."""
        gone = self._scan[1][n]
        return np.where(gone < 0, 1.0, self._of_text(gone))


_ASCII = "ASCII letters, digits and `? ! , .` and newlines only"
_SPACES = "Chinese and Japanese are cut at white space too (the peer has jieba and MeCab for them)"
_PARAGRAPHS = "a text without a blank line is one paragraph"
_DEFINITIONS: dict[str, tuple[str, str, str]] = {
    "non_alphanumeric_fraction": (
        "Share of characters that are no letter, mark, digit, newline and none of `? ! , .` and their full-width forms",
        "1",
        _ASCII,
    ),
    "symbol_to_word_ratio": (
        "Share of words that are an ellipsis, or whose runs of `#` are more than half of their characters",
        "null",
        _SPACES,
    ),
    "digit_fraction": ("Share of decimal digits", "1", "ASCII digits only"),
    "url_fraction": ("Share of characters in URLs that begin with http:// or https://", "1", ""),
    "white_space_fraction": ("Share of white space", "1", "tab, newline, return, backspace and space only"),
    "parenthesis_fraction": (
        "Share of round, square, curly and angle brackets",
        "1",
        "full-width ones are not counted",
    ),
    "boilerplate_fraction": (
        "Share of paragraphs (cut at two newlines; lines, where there is no blank one) with a phrase of the list, in any case; 1 for a text with `lorem ipsum`",
        "0",
        _PARAGRAPHS,
    ),
    "distinct_line_fraction": ("Different lines by lines, blank ones left out", "null", ""),
    "distinct_paragraph_fraction": ("Different paragraphs by paragraphs", "1", _PARAGRAPHS),
    "distinct_line_character_fraction": (
        "Characters of the different lines by those of all, blank ones left out",
        "null",
        "",
    ),
    "distinct_paragraph_character_fraction": (
        "Characters of the different paragraphs by those of all",
        "null",
        _PARAGRAPHS,
    ),
    "word_count": (
        "Words between white space; in zh, ja, yue and wuu each character and each run between them is one",
        "0",
        _SPACES,
    ),
    "no_end_mark_fraction": (
        "Share of lines, blank ones left out, that do not end with `. ? ! \" '` or a Chinese mark",
        "null",
        "only `. ? ! \" '`",
    ),
    "alphabetic_word_fraction": ("Share of words with a letter", "null", _SPACES),
    "common_english_words": (
        "Occurrences of the, be, to, of, and, that, have, with, in lower case as meant: titles in capitals have none",
        "0",
        _SPACES,
    ),
    "mean_word_length": ("Mean characters of a word", "null", _SPACES),
    "longest_word": ("Characters of the longest word", "0", _SPACES),
    "ellipsis_line_fraction": (
        "Share of lines, blank ones left out, that end with an ellipsis or `read more`",
        "null",
        "",
    ),
    "bullet_line_fraction": ("Share of lines, blank ones left out, that begin with a bullet character", "null", ""),
}
_TOP = "Characters that go when the most frequent {n}-gram of words, joined by spaces, is deleted wherever it stands in the text, by all; 1 below {n} words"
_DUPLICATE = (
    "Characters of {n}-grams of words that came before, none twice, with the spaces inside, by all; 1 below {n} words"
)
_COUNTS = ("word_count", "common_english_words", "longest_word")


def _signals() -> tuple[Signal, ...]:
    made = []
    for name, (definition, empty, reference) in _DEFINITIONS.items():
        count = name in _COUNTS
        made.append(
            Signal(
                f"nemo_{name}",
                definition,
                _SOURCE,
                pl.Int32 if count else pl.Float64,
                range="0.." if count or name == "mean_word_length" else "0..1",
                languages="en" if "english" in name else "any",
                empty=empty,
                reference=reference,
                lists=("policy_phrases",) if name.startswith("boilerplate") else (),
            )
        )
    for n in range(2, 11):
        name, definition = ("top", _TOP) if n < 5 else ("duplicate", _DUPLICATE)
        made.append(
            Signal(f"nemo_{name}_{n}gram_fraction", definition.format(n=n), _SOURCE, empty="1", reference=_SPACES)
        )
    return tuple(made)


def _compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    nemo = Nemo(subject)
    made: dict[str, Callable[[], np.ndarray]] = {
        "nemo_distinct_line_character_fraction": partial(nemo.distinct_line_fraction, by_characters=True),
        "nemo_distinct_paragraph_character_fraction": partial(nemo.distinct_paragraph_fraction, by_characters=True),
        **{f"nemo_top_{n}gram_fraction": partial(nemo.top_gram_fraction, n) for n in range(2, 5)},
        **{f"nemo_duplicate_{n}gram_fraction": partial(nemo.duplicate_gram_fraction, n) for n in range(5, 11)},
    }
    for name in _DEFINITIONS:
        made.setdefault(f"nemo_{name}", getattr(nemo, name, None))  # type: ignore[arg-type]
    return {name: made[name]() for name in wanted}


NEMO = register(Family("nemo", "1", _signals(), _compute, reads=("language",), default=False))
