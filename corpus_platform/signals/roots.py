"""The quantities of BigScience's ROOTS filters: repetition of characters and words, special characters, stop words and flagged words.

Promise: in `compat: reference`, with BigScience's own lists, the numbers of data-preparation 9d05884 for languages that it cuts at white space; Chinese
needs the SentencePiece model too.
Source: bigscience-workshop/data-preparation, preprocessing/training/01b_oscar_cleaning_and_filtering/filtering.py.

Not here: words and lists (roots_words.py), the edit before the filters and the thresholds by language (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.roots_words import counted_words, languages, listed_share, refined_words, special_ratio
from corpus_platform.signals.windows import Windows, character_windows, word_windows
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject

CHARACTERS, WORDS = 10, 5
"""Characters and words of a window."""
OWN_CHARACTERS = {"zh": 3}
OWN_WORDS = {"ur": 7}
"""Languages with windows of their own."""
_SOURCE = "BigScience data-preparation (ROOTS)"


def widths(known: np.ndarray, usual: int, own: Mapping[str, int]) -> np.ndarray:
    """Size of the windows of each document: int64[d]."""
    found = np.full(known.size, usual, np.int64)
    for language, width in own.items():
        found[known == language] = width
    return found


def characters_repeated(subject: Subject, usual: int, own: Mapping[str, int]) -> Windows:
    """Windows of characters: of `usual` ones, and in some languages of another number. Those of the usual size are shared."""
    found = subject.once(f"characters {usual}", lambda: character_windows(subject.batch, np.full(len(subject), usual)))
    chosen = np.isin(languages(subject), list(own))
    if not chosen.any():
        return found
    rows = np.flatnonzero(chosen)
    batch = TextBatch.of([subject.batch.documents.bytes(row).decode() for row in rows.tolist()])
    return found.with_rows(rows, character_windows(batch, widths(languages(subject)[rows], usual, own)))


def words_repeated(subject: Subject, width: np.ndarray) -> Windows:
    """Windows of refined words."""
    words = refined_words(subject)
    return subject.once(f"words {width.tobytes().hex()}", lambda: word_windows(words.hash, words.document_token, width))


def _compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    known = languages(subject)
    made: dict[str, Callable[[], np.ndarray]] = {
        "roots_word_count": lambda: counted_words(subject).count,
        "roots_character_repetition_ratio": lambda: characters_repeated(subject, CHARACTERS, OWN_CHARACTERS).top_ratio,
        "roots_word_repetition_ratio": lambda: words_repeated(subject, widths(known, WORDS, OWN_WORDS)).repeated_ratio,
        "roots_special_character_ratio": lambda: special_ratio(subject),
        "roots_stop_word_ratio": lambda: listed_share(subject, "stop_words", pairs=True),
        "roots_flagged_word_ratio": lambda: listed_share(subject, "flagged_words", pairs=True),
    }
    return {name: made[name]() for name in wanted}


_WORDS = (
    "words: lower case, cut at white space and stripped of special characters; SentencePiece pieces for zh where the model `sentence_piece/zh` is there, "
    "else each Chinese character or kana is a word (zh, ja, yue, wuu)"
)
_REFERENCE = "words are cut at space, tab and newline; special are the listed characters and ASCII only"

ROOTS = register(
    Family(
        "roots",
        "1",
        (
            Signal(
                "roots_word_count",
                f"Number of words ({_WORDS})",
                _SOURCE,
                pl.Int32,
                range="0..",
                empty="0",
                reference=_REFERENCE,
            ),
            Signal(
                "roots_character_repetition_ratio",
                "Share, among all windows of 10 characters (zh: 3), of the k most frequent; k = min(floor(sqrt(distinct)), those that occur more than once)",
                _SOURCE,
                empty="0",
            ),
            Signal(
                "roots_word_repetition_ratio",
                f"Share of windows of 5 words (ur: 7) that occur more than once ({_WORDS})",
                _SOURCE,
                empty="0",
                reference=_REFERENCE,
            ),
            Signal(
                "roots_special_character_ratio",
                "Share of characters that are punctuation, symbols, emoji, digits, white space, control characters or in the list",
                _SOURCE,
                empty="0",
                reference="ASCII punctuation, digits and white space, and the list",
                lists=("special_characters",),
            ),
            Signal(
                "roots_stop_word_ratio",
                "Share of words in the list of the language, pairs of neighbours counted too in zh and vi, at most 1; null for languages without a list",
                _SOURCE,
                languages="those with a list",
                empty="0",
                reference=f"{_REFERENCE}; pairs join across what was stripped between them, and without a space in vi",
                lists=("stop_words", "special_characters"),
            ),
            Signal(
                "roots_flagged_word_ratio",
                "Share of words in the list of flagged words of the language, pairs as for stop words; null for languages without a list",
                _SOURCE,
                languages="those with a list",
                empty="0",
                reference=f"{_REFERENCE}; pairs join across what was stripped between them, and without a space in vi",
                lists=("flagged_words", "special_characters"),
            ),
        ),
        _compute,
        reads=("language",),
        default=False,
    )
)
