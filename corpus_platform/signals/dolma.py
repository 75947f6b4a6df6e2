"""Dolma's taggers as signals: Gopher's quantities, C4's counts, lengths, personal data, paragraphs without letters.

Dolma versions its taggers, and so do the names here: `dolma_gopher_v2_*` differs from v1 in what a line is, `dolma_c4_v2_has_javascript` looks for
letters where v1 wants a word.
Promise: in `compat: reference` the numbers of dolma 1.2.1 on any text, where uniseg counts by Unicode 16.
Source: allenai/dolma 669f534, python/dolma/taggers.

Not here: the quantities themselves (dolma_gopher.py, dolma_c4.py, dolma_text.py), the spans that taggers write (dolma_spans.py), thresholds (recipes/).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean.pii_styles import DOLMA
from corpus_platform.signals.dolma_c4 import C4
from corpus_platform.signals.dolma_gopher import Gopher
from corpus_platform.signals.dolma_text import mark_paragraphs, personal_data, regex_words
from corpus_platform.signals.dolma_word_break import word_segments
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import totals
from corpus_platform.text.lines import span_characters, strip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject

_SOURCE = "allenai/dolma"

_GOPHER = {
    "fraction_of_characters_in_most_common_{n}grams": "Occurrences of the most frequent {n}-gram of words times its characters, by the characters of all words",
    "fraction_of_characters_in_duplicate_{n}grams": "Characters of all occurrences of {n}-grams of words that occur more than once, by those of all {n}-grams",
}
_GOPHER_WORDS = {
    "character_count": ("Code points of the text", "0..", ""),
    "word_count": ("Words as `str.split` gives them", "0..", ""),
    "median_word_length": ("Median code points of a word", "0..", ""),
    "symbol_to_word_ratio": (
        "Share of words that hold `#`, an ellipsis character or three points",
        "0..1",
        "three points are no ellipsis",
    ),
    "fraction_of_words_with_alpha_character": ("Share of words with a letter", "0..1", ""),
    "required_word_count": (
        "Occurrences of the, be, to, of, and, that, have, with, in any case",
        "0..",
        "lower case only",
    ),
}
_GOPHER_LINES = {
    "fraction_of_lines_starting_with_bullet_point": (
        "Share of lines that begin, after white space, with `*`, `-` or `•`",
        "only `*` and `-` at the very start count",
    ),
    "fraction_of_lines_ending_with_ellipsis": (
        "Share of lines that end, before white space, with an ellipsis character or three points",
        "only the character at the very end counts",
    ),
    "fraction_of_duplicate_lines": ("Share of lines, all copies, that occur more than once", ""),
    "fraction_of_characters_in_duplicate_lines": ("Characters of those lines by the characters of all words", ""),
}
_LINES = {1: "lines split at newlines, empty ones too", 2: "lines split at runs of newlines"}


def _gopher_signals() -> tuple[Signal, ...]:
    made = []
    for n in range(2, 11):
        name = (
            "fraction_of_characters_in_most_common_{n}grams"
            if n < 5
            else "fraction_of_characters_in_duplicate_{n}grams"
        )
        made.append(Signal(f"dolma_gopher_v1_{name.format(n=n)}", _GOPHER[name].format(n=n), _SOURCE, range="0.."))
    for name, (definition, values, reference) in _GOPHER_WORDS.items():
        kind = pl.Int32 if name.endswith("count") else pl.Float64
        made.append(
            Signal(
                f"dolma_gopher_v1_{name}",
                definition,
                _SOURCE,
                kind,
                range=values,
                languages="en" if "required" in name else "any",
                empty="0",
                reference=reference,
            )
        )
    for version, lines in _LINES.items():
        for name, (definition, reference) in _GOPHER_LINES.items():
            made.append(
                Signal(
                    f"dolma_gopher_v{version}_{name}",
                    f"{definition}; {lines}",
                    _SOURCE,
                    range="0..",
                    empty="0",
                    reference=reference,
                )
            )
    return tuple(made)


def gopher(subject: Subject, version: int) -> dict[str, Callable[[], np.ndarray]]:
    """The quantities of a version in the order in which the tagger emits them, by type: float64 or whole numbers, NaN where the tagger emits nothing."""
    measured = Gopher(subject)
    common = {
        f"fraction_of_characters_in_most_common_{n}grams": partial(
            measured.fraction_of_characters_in_most_common_grams, n
        )
        for n in range(2, 5)
    }
    repeated = {
        f"fraction_of_characters_in_duplicate_{n}grams": partial(measured.fraction_of_characters_in_duplicate_grams, n)
        for n in range(5, 11)
    }
    words = {name: getattr(measured, name) for name in _GOPHER_WORDS}
    lines = {name: partial(getattr(measured, name), version) for name in _GOPHER_LINES}
    return {**common, **repeated, **words, **lines}


def _gopher(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    made: dict[str, Any] = {}
    for version in (1, 2):
        prefix = f"dolma_gopher_v{version}_"
        made.update({prefix + kind: make for kind, make in gopher(subject, version).items()})
    return {name: made[name]() for name in wanted}


register(Family("dolma_gopher", "1", _gopher_signals(), _gopher, default=False))


_ENDS = '`. ? ! "`, or a Chinese or Japanese mark that ends a sentence or quotation'
_C4 = {
    "line_count": (pl.Int32, "Lines split at newlines, the empty one after a final newline too", ""),
    "lines_with_no_ending_punctuation": (
        pl.Int32,
        f"Lines that, stripped, do not end with {_ENDS}",
        'only `. ? ! "` end a line',
    ),
    "lines_with_too_few_words": (
        pl.Int32,
        "Lines of fewer than 3 words between white space, each Chinese character and kana a word",
        "a run of Chinese is one word",
    ),
    "has_naughty_word": (
        pl.Boolean,
        "Is a word of the list, in any case, among the words, or a phrase of it in the text",
        "",
    ),
    "has_lorem_ipsum": (pl.Boolean, "Is `lorem ipsum`, in any case, in the text", ""),
    "has_curly_brace": (pl.Boolean, "Is `{` in the text", ""),
}
_JAVASCRIPT = {
    1: "Is one of the words `javascript`, in any case",
    2: "Are the letters `javascript`, in any case, in the text",
}


def _c4_signals() -> tuple[Signal, ...]:
    made = []
    for name, (kind, definition, reference) in _C4.items():
        lists = ("ldnoobw",) if "naughty" in name else ()
        made.append(
            Signal(
                f"dolma_c4_{name}",
                definition,
                _SOURCE,
                kind,
                range="0.." if kind == pl.Int32 else "yes or no",
                empty="1" if "line" in name else "no",
                reference=reference,
                lists=lists,
            )
        )
    for version, definition in _JAVASCRIPT.items():
        made.append(
            Signal(
                f"dolma_c4_v{version}_has_javascript", definition, _SOURCE, pl.Boolean, range="yes or no", empty="no"
            )
        )
    for name in ("lines_with_no_ending_punctuation", "lines_with_too_few_words"):
        _, definition, reference = _C4[name]
        made.append(
            Signal(
                f"dolma_c4_fraction_of_{name}",
                f"Share of lines: {definition[0].lower()}{definition[1:]}",
                _SOURCE,
                empty="1",
                reference=reference,
            )
        )
    return tuple(made)


def _c4(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    c4 = C4(subject)
    made: dict[str, Callable[[], Any]] = {f"dolma_c4_{name}": getattr(c4, name) for name in _C4}
    for version in _JAVASCRIPT:
        made[f"dolma_c4_v{version}_has_javascript"] = partial(c4.has_javascript, version)
    for name in ("lines_with_no_ending_punctuation", "lines_with_too_few_words"):
        made[f"dolma_c4_fraction_of_{name}"] = partial(c4.share, name)
    return {name: made[name]() for name in wanted}


register(Family("dolma_c4", "1", _c4_signals(), _c4, default=False))


def _bytes(subject: Subject) -> np.ndarray:
    return np.diff(subject.batch.document_start)


def _stripped(subject: Subject) -> np.ndarray:
    return span_characters(strip(subject.batch.documents))


def _split_words(subject: Subject) -> np.ndarray:
    return regex_words(subject.batch) + int(subject.environment.reference)


LENGTH_TYPES: dict[str, tuple[str, Callable[[Subject], np.ndarray]]] = {
    "char_length_v1": ("length", lambda subject: subject.batch.characters),
    "char_length_strip_ws_v1": ("length_no_ws", _stripped),
    "bytes_length_v1": ("bytes", _bytes),
    "whitespace_tokenizer_v1": ("length", _split_words),
    "uniseg_length_v1": ("length", lambda subject: word_segments(subject.batch)),
}
"""Dolma's length taggers: the type of their one span, and how it is measured."""

_LENGTHS = {
    "char_length_v1": ("Code points of the text", ""),
    "char_length_strip_ws_v1": ("Code points without white space at the ends", ""),
    "bytes_length_v1": ("Bytes in UTF-8", ""),
    "whitespace_tokenizer_v1": (
        "Runs of Unicode word characters, and of other characters that are no white space",
        "one more: the pieces between the words are counted",
    ),
    "uniseg_length_v1": ("Word segments of UAX #29 in the stripped text, white space among them", ""),
}


def _length(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    return {name: LENGTH_TYPES[name.removeprefix("dolma_")][1](subject) for name in wanted}


register(
    Family(
        "dolma_length",
        "1",
        tuple(
            Signal(f"dolma_{name}", definition, _SOURCE, pl.Int32, range="0..", empty="0", reference=reference)
            for name, (definition, reference) in _LENGTHS.items()
        ),
        _length,
        default=False,
    )
)


def personal(subject: Subject) -> dict[str, Callable[[], np.ndarray]]:
    """The numbers of `pii_regex_with_counts_fast_v2`: finds by type, all finds, and their share of the text."""
    found = personal_data(subject)
    n, characters = len(subject), subject.batch.characters

    def of(kind: int) -> np.ndarray:
        return np.bincount(found.document[found.kind == kind], minlength=n)

    def count() -> np.ndarray:
        return np.bincount(found.document, minlength=n)

    def fraction() -> np.ndarray:
        share = np.bincount(found.document, found.end - found.start, minlength=n) / np.maximum(characters, 1)
        nothing = -1.0 if subject.environment.reference else np.nan
        return np.where(characters > 0, share + float(subject.environment.reference), nothing)

    kinds = {detector.kind: partial(of, index) for index, detector in enumerate(DOLMA.detectors)}
    return {**kinds, "doc_count": count, "doc_frac": fraction}


def _pii(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    made = personal(subject)
    return {name: made[name.removeprefix("dolma_pii_v2_")]() for name in wanted}


_PII = {
    "EMAIL_ADDRESS": "E-mail addresses that white space follows",
    "PHONE_NUMBER": "Phone numbers of 3, 3 and 4 digits after white space",
    "IP_ADDRESS": "IPv4 addresses, also private ones and parts of longer strings",
    "doc_count": "All of these; none in texts with more than 10,000 question marks",
}
register(
    Family(
        "dolma_pii",
        "2",
        (
            *(
                Signal(f"dolma_pii_v2_{name}", definition, _SOURCE, pl.Int32, range="0..", languages="en", empty="0")
                for name, definition in _PII.items()
            ),
            Signal(
                "dolma_pii_v2_doc_frac",
                "Characters of these by the characters of the text",
                _SOURCE,
                reference="one more, for the span over the whole document is counted; -1 for an empty text",
            ),
        ),
        _pii,
        default=False,
    )
)


def _paragraphs(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    _, first, marked = mark_paragraphs(subject.batch)
    return {"dolma_not_alphanum_paragraph_v1": totals(marked, first)}


register(
    Family(
        "dolma_paragraph",
        "1",
        (
            Signal(
                "dolma_not_alphanum_paragraph_v1",
                "Lines with punctuation, symbols or pictographs and white space only",
                _SOURCE,
                pl.Int32,
                range="0..",
                empty="0",
            ),
        ),
        _paragraphs,
        default=False,
    )
)
