r"""Gopher's repetition and quality measures, as datatrove computes them for FineWeb (`gopher_dt_*`), and their Chinese twins (`gopher_cjk_*`).

Three systems measure repeated n-grams in three ways; these are datatrove's: a scan over the words that jumps over what it has seen, and
characters of the whole text, spaces too, below the line. Words are `\w+|[^\w\s]`, or spaCy's by the setting `words`.
The twins take each Chinese character and kana as a word and know Chinese stop words, bullets and ellipses.
Source: Rae et al. 2021, table A1; huggingface/datatrove, filters/gopher_repetition_filter.py and gopher_quality_filter.py.

Not here: thresholds (recipes/steps/gopher.py), RedPajama-V2's and Dolma's definitions (the modules beside this one).
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean import marks
from corpus_platform.signals.gopher_kernels import STOP_PLACES, paragraph_spans, text_marks, word_facts
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch, gather, share, totals
from corpus_platform.text.hashing import hash_spans, hash_texts
from corpus_platform.text.lines import python_lines, span_characters
from corpus_platform.text.ngrams import Ngrams, repeated_characters
from corpus_platform.text.repeats import repeats
from corpus_platform.text.search import count_class
from corpus_platform.text.words import cjk_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.words import Tokens

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Gopher's; a page of English has at least two of them."""
CHINESE_STOP_WORDS = ("的", "一", "是", "不", "了", "在", "有", "和")
"""The same in both scripts."""

_SOURCE = "datatrove, gopher_repetition_filter.py; Rae et al. 2021, table A1"
_QUALITY = "datatrove, gopher_quality_filter.py; Rae et al. 2021, table A1"
TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)
_OF_WORDS = ("words", "mean_word", "hash_", "ellipsis_", "bullet_", "alpha_")


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The measures of datatrove for each document."""
    batch, reference = subject.batch, subject.environment.reference
    found: dict[str, Any] = {}
    if _any(wanted, "_dup_line", "_dup_para"):
        found |= _repeated_lines(batch)
    if _any(wanted, "gram_"):
        found |= _ngrams(subject.words, batch.characters, gap=1, alone=reference)
    if _any(wanted, *_OF_WORDS):
        found |= _quality(batch, subject.words, STOP_WORDS, lower=not reference, chinese=False)
    return {f"gopher_dt_{name}": values for name, values in found.items()}


def compute_cjk(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The Chinese twins, for the documents that have a Chinese character or kana; null for the others."""
    batch = subject.batch
    rows = np.flatnonzero(count_class(batch, unicode.HAN | unicode.KANA) > 0)
    if rows.size == len(batch):
        own, words = batch, subject.cjk_words
    else:
        own = TextBatch(*gather(batch.data, batch.document_start[rows], batch.document_start[rows + 1]))
        words = cjk_words(own)
    found: dict[str, Any] = {}
    if _any(wanted, "gram_"):
        found |= _ngrams(words, own.characters, gap=0, alone=False)
    if _any(wanted, *_OF_WORDS):
        found |= _quality(own, words, CHINESE_STOP_WORDS, lower=False, chinese=True)
    return {f"gopher_cjk_{name}": _scattered(values, rows, len(batch)) for name, values in found.items()}


def _any(wanted: frozenset[str], *parts: str) -> bool:
    return any(part in name for name in wanted for part in parts)


def _scattered(values: np.ndarray, rows: np.ndarray, size: int) -> pl.Series:
    """A column with values in some rows and nulls in the others."""
    whole = np.full(size, np.nan)
    whole[rows] = values
    series = pl.Series(whole).fill_nan(None)
    return series if values.dtype.kind == "f" else series.cast(pl.Int64)


def _repeated_lines(batch: TextBatch) -> dict[str, np.ndarray]:
    """Shares of lines and paragraphs that repeat an earlier one, and of their characters."""
    characters = batch.characters
    empty_ends = (_edge(batch, 0) == 10).astype(np.int64) + (_edge(batch, -1) == 10)
    lines, filled = batch.lines, batch.lines.end > batch.lines.start
    again = repeats(hash_spans(lines), batch.document_line) & filled
    again_characters = totals(np.where(again, span_characters(lines), 0), batch.document_line)
    # Splitting at runs of newlines leaves an empty text before the first and after the last: the second of them repeats the first.
    of_lines = totals(again, batch.document_line) + (empty_ends == 2)
    line_count = totals(filled, batch.document_line) + empty_ends
    paragraphs, offset = paragraph_spans(batch)
    twice = repeats(hash_spans(paragraphs), offset)
    twice_characters = totals(np.where(twice, span_characters(paragraphs), 0), offset)
    return {
        "dup_line_fraction": np.where(characters > 0, share(of_lines, line_count), np.nan),
        "dup_line_char_fraction": share(again_characters, characters),
        "dup_para_fraction": np.where(characters > 0, totals(twice, offset) / np.maximum(np.diff(offset), 1), np.nan),
        "dup_para_char_fraction": share(twice_characters, characters),
    }


def _edge(batch: TextBatch, which: int) -> np.ndarray:
    """First (0) or last (-1) byte of each document, 0 where it is empty."""
    size = np.diff(batch.document_start)
    place = batch.document_start[:-1] if which == 0 else batch.document_start[1:] - 1
    edge = np.zeros(size.size, np.int64)
    edge[size > 0] = batch.data[place[size > 0]]
    return edge


def _ngrams(words: Tokens, characters: np.ndarray, *, gap: int, alone: bool) -> dict[str, np.ndarray]:
    """Shares of the text in its most frequent n-gram, and in repeated ones. `gap`: characters between words; `alone`: one occurrence counts."""
    top = Ngrams.of(words, TOP[-1])
    found = {}
    for n in TOP:
        count = top.count[n - 1]
        count = count if alone else np.where(count > 1, count, 0)
        above = np.where(count > 0, (top.characters[n - 1] + gap * (n - 1)) * count, 0)
        found[f"top_{n}gram_char_fraction"] = share(above, characters)
    repeated = repeated_characters(words, REPEATED[0], REPEATED[-1])
    for n in REPEATED:
        found[f"dup_{n}gram_char_fraction"] = share(repeated[n - REPEATED[0]], characters)
    return found


def _quality(
    batch: TextBatch, words: Tokens, stop_words: tuple[str, ...], *, lower: bool, chinese: bool
) -> dict[str, np.ndarray]:
    """Words, marks and lines of each document."""
    places = _stop_places(stop_words, lower)
    spans = words.spans
    facts = word_facts(
        spans.data, spans.start, spans.end, words.document_token, words.characters, words.hash, marks.facts(), *places
    )
    real, real_characters, alphabetic, stops = facts
    lines, document_line = python_lines(batch)
    hashes, ellipses, bullets, ends = text_marks(
        batch.data, batch.document_start, lines.start, lines.end, document_line, marks.facts(), chinese
    )
    line_count = np.diff(document_line)
    return {
        "words": real,
        "mean_word_length": share(real_characters, real),
        "hash_ratio": share(hashes, words.count),
        "ellipsis_ratio": share(ellipses, words.count),
        "bullet_line_fraction": share(bullets, line_count),
        "ellipsis_line_fraction": share(ends, line_count),
        "alpha_word_fraction": share(alphabetic, words.count),
        "stop_words": stops,
    }


def _stop_places(words: tuple[str, ...], lower: bool) -> tuple[np.ndarray, np.ndarray]:
    """An open table of the hashes of stop words, in every mixture of cases where `lower`, and the bit of each."""
    forms = [
        (form, place)
        for place, word in enumerate(words)
        for form in ({"".join(c) for c in product(*((c, c.upper()) for c in word))} if lower else {word})
    ]
    keys, bits = np.zeros(STOP_PLACES, np.uint64), np.zeros(STOP_PLACES, np.int64)
    for value, (_, place) in zip(hash_texts([form for form, _ in forms]), forms, strict=True):
        at = int(value) % STOP_PLACES
        while keys[at]:
            at = (at + 1) % STOP_PLACES
        keys[at], bits[at] = value, 1 << place
    return keys, bits


def _definitions(*, cjk: bool) -> dict[str, tuple[str, str, str]]:
    """Name -> (definition, range, how the reference differs), in the order of the columns; the twins have no lines and paragraphs."""
    return ({} if cjk else _OF_LINES) | _of_ngrams(cjk=cjk) | _of_words(cjk=cjk)


_OF_LINES = {
    "dup_para_fraction": (
        "Paragraphs (the stripped text split at two or more newlines) that repeat an earlier one / paragraphs",
        "0..1",
        "",
    ),
    "dup_para_char_fraction": (
        "Characters of the paragraphs that repeat an earlier one / characters of the text",
        "0..1",
        "",
    ),
    "dup_line_fraction": (
        "Lines (the text split at runs of newlines) that repeat an earlier one / lines",
        "0..1",
        "",
    ),
    "dup_line_char_fraction": (
        "Characters of the lines that repeat an earlier one / characters of the text",
        "0..1",
        "",
    ),
}


def _of_ngrams(*, cjk: bool) -> dict[str, tuple[str, str, str]]:
    """Definitions over n-grams of words."""
    gram = "Words are characters, joined without spaces" if cjk else "Words are joined by spaces"
    alone = "" if cjk else "An n-gram that occurs once counts too"
    found = {}
    for n in TOP:
        text = (
            f"Characters of the most frequent {n}-gram of words, the first among equals, x its occurrences / characters of the text. {gram}; "
            "0 where none repeats"
        )
        found[f"top_{n}gram_char_fraction"] = (text, "0..", alone)
    for n in REPEATED:
        text = (
            f"Scan from the left: a {n}-gram of words that was seen gives its characters and is jumped over, else the scan moves one word; their sum / "
            "characters of the text"
        )
        found[f"dup_{n}gram_char_fraction"] = (text, "0..1", "")
    return found


def _of_words(*, cjk: bool) -> dict[str, tuple[str, str, str]]:
    """Definitions of the quality filter."""
    bullets = "•, ·, ●, ◆, ■, ※, -, － or —" if cjk else "• or -"
    stop = " ".join(CHINESE_STOP_WORDS if cjk else STOP_WORDS)
    lower = "" if cjk else "Stop words are compared as they are written: `The` is none"
    return {
        "words": ("Words with at least one character that is no punctuation", "0..", ""),
        "mean_word_length": ("Characters of those words / their number", "1..", ""),
        "hash_ratio": ("Occurrences of # / words, punctuation included", "0..", ""),
        "ellipsis_ratio": (
            "Occurrences of `...` and `…`" + (", `……` as one" if cjk else "") + " / words, punctuation included",
            "0..",
            "",
        ),
        "bullet_line_fraction": (
            f"Lines (`str.splitlines`) that begin with {bullets} after white space / lines",
            "0..1",
            "",
        ),
        "ellipsis_line_fraction": ("Lines that end with `...` or `…` before white space / lines", "0..1", ""),
        "alpha_word_fraction": (
            "Words with at least one letter of any script / words, punctuation included",
            "0..1",
            "",
        ),
        "stop_words": (f"How many of these words it has, in any case: {stop}", "0..8", lower),
    }


def _signals(prefix: str, languages: str) -> tuple[Signal, ...]:
    whole = ("words", "stop_words")
    made = []
    for name, (definition, span, reference) in _definitions(cjk=prefix == "gopher_cjk_").items():
        source = _SOURCE if "gram" in name or "dup" in name else _QUALITY
        made.append(
            Signal(
                name=prefix + name,
                definition=definition,
                source=source if prefix == "gopher_dt_" else f"after {source}, for texts without spaces",
                dtype=pl.Int64 if name in whole else pl.Float64,
                range=span,
                languages="en" if name == "stop_words" and languages == "any" else languages,
                empty="0" if name in whole and prefix == "gopher_dt_" else "null",
                reference=reference,
            )
        )
    return tuple(made)


GOPHER = register(Family("gopher_dt", "1", _signals("gopher_dt_", "any"), compute))
GOPHER_CJK = register(Family("gopher_cjk", "1", _signals("gopher_cjk_", "zh, ja"), compute_cjk))
