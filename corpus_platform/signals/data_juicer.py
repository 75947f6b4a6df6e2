"""Data-Juicer's text filters as signals, with the parameters of its Common Crawl recipe: windows of 10, words without a tokeniser.

Its filters are BigScience's, but the windows are of one size for all languages and stop and flagged words are of single words, unless an operator
is told otherwise. With `tokenization: true` its words are SentencePiece pieces: give the models `sentence_piece/<language>` for that.
Source: modelscope/data-juicer c07c2d7, data_juicer/ops/filter.

Not here: operators that edit (recipes/steps/data_juicer.py), thresholds (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.roots import characters_repeated, words_repeated
from corpus_platform.signals.roots_words import listed_share, refined_words, special_ratio
from corpus_platform.text import unicode
from corpus_platform.text.batch import largest
from corpus_platform.text.lines import python_lines, span_characters
from corpus_platform.text.search import count_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject

_SOURCE = "modelscope/data-juicer"
_WINDOW = 10


def _longest_line(subject: Subject) -> np.ndarray:
    lines, first = python_lines(subject.batch)
    return largest(span_characters(lines), first)


def _average_line(subject: Subject) -> np.ndarray:
    _, first = python_lines(subject.batch)
    return subject.batch.characters / np.maximum(np.diff(first), 1)


def _compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    made: dict[str, Callable[[], np.ndarray]] = {
        "dj_alphanumeric_ratio": lambda: (
            count_class(subject.batch, unicode.ALPHANUMERIC) / np.maximum(subject.batch.characters, 1)
        ),
        "dj_average_line_length": lambda: _average_line(subject),
        "dj_maximum_line_length": lambda: _longest_line(subject),
        "dj_character_repetition_ratio": lambda: characters_repeated(subject, _WINDOW, {}).top_ratio,
        "dj_word_repetition_ratio": lambda: words_repeated(subject, np.full(len(subject), _WINDOW)).repeated_ratio,
        "dj_flagged_words_ratio": lambda: listed_share(subject, "flagged_words", pairs=False),
        "dj_stop_words_ratio": lambda: listed_share(subject, "stop_words", pairs=False),
        "dj_special_characters_ratio": lambda: special_ratio(subject),
        "dj_text_length": lambda: subject.batch.characters,
        "dj_words_num": lambda: refined_words(subject).count,
    }
    return {name: made[name]() for name in wanted}


_ROOTS = "as for the signals of ROOTS"

DATA_JUICER = register(
    Family(
        "data_juicer",
        "1",
        (
            Signal("dj_alphanumeric_ratio", "Share of characters that `str.isalnum` accepts", _SOURCE, empty="0"),
            Signal(
                "dj_average_line_length",
                "Characters, line ends too, by lines of `str.splitlines`",
                _SOURCE,
                range="0..",
                empty="0",
            ),
            Signal(
                "dj_maximum_line_length",
                "Characters of the longest line of `str.splitlines`",
                _SOURCE,
                pl.Int32,
                range="0..",
                empty="0",
            ),
            Signal(
                "dj_character_repetition_ratio",
                "`roots_character_repetition_ratio` with windows of 10 in every language",
                _SOURCE,
                empty="0",
            ),
            Signal(
                "dj_word_repetition_ratio",
                "`roots_word_repetition_ratio` with windows of 10 words",
                _SOURCE,
                empty="0",
                reference=_ROOTS,
            ),
            Signal(
                "dj_flagged_words_ratio",
                "Share of words (as in roots_word_count) in the list of flagged words of the language; null for languages without a list",
                _SOURCE,
                languages="those with a list",
                empty="0",
                reference=_ROOTS,
                lists=("flagged_words", "special_characters"),
            ),
            Signal(
                "dj_stop_words_ratio",
                "Share of words (as in roots_word_count) in the list of stop words of the language; null for languages without a list",
                _SOURCE,
                languages="those with a list",
                empty="0",
                reference=_ROOTS,
                lists=("stop_words", "special_characters"),
            ),
            Signal(
                "dj_special_characters_ratio",
                "`roots_special_character_ratio`",
                _SOURCE,
                empty="0",
                reference=_ROOTS,
                lists=("special_characters",),
            ),
            Signal("dj_text_length", "Code points of the text", _SOURCE, pl.Int32, range="0..", empty="0"),
            Signal("dj_words_num", "`roots_word_count`", _SOURCE, pl.Int32, range="0..", empty="0", reference=_ROOTS),
        ),
        _compute,
        reads=("language",),
        default=False,
    )
)
