"""RedPajama-V2's document signals that need the text alone: natural language, repetition, curly brackets and lorem ipsum.

The reference's own rules are for Latin letters: a Chinese sentence is one word without letters. The sane form counts a Chinese character or kana as a word,
any Unicode letter as a letter, and Chinese and other marks as ends of sentences; on plain English the two agree.
Source: RedPajama-Data 6d2cee9, app/src/core/quality_signals/{natural_language,repetitions,content}.py.

Not here: line signals (rpv2_lines.py), signals that need word and domain lists (rpv2_lists.py), models, signatures (signatures.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals import rpv2_scan
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import share
from corpus_platform.text.ngrams import Ngrams
from corpus_platform.text.search import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

SOURCE = "RedPajama-V2 (togethercomputer/RedPajama-Data)"
CUT = "does not cut words at Chinese characters and kana, nor drops the full-width punctuation in such words"
"""How the reference's words differ."""
TOP, DUPLICATE = range(2, 5), range(5, 11)
"""Lengths of the n-grams of which the most frequent, or all repeated ones, are measured."""


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted signals, and others that come with them."""
    found: dict[str, np.ndarray] = {}
    if wanted & _SCANNED.keys():
        found |= _scanned(subject)
    if wanted & _COUNTED.keys():
        found |= _counted(subject)
    if "rps_doc_lorem_ipsum" in wanted:
        times = count(subject.normalised, "lorem ipsum")
        some = times.any()
        found["rps_doc_lorem_ipsum"] = (
            share(times, subject.normalised.characters, 0.0) if some else np.zeros(len(subject))
        )
    if wanted & _REPEATED.keys():
        found |= _repeated(subject, max(_REPEATED.get(name, 1) for name in wanted))
    return found


def _scanned(subject: Subject) -> dict[str, np.ndarray]:
    """Signals from the pass over the raw text."""
    counts, document_line = subject.scan.document, subject.scan.document_line
    words, lines = counts[:, rpv2_scan.WORDS], np.diff(document_line)
    return {
        "rps_doc_num_sentences": counts[:, rpv2_scan.SENTENCES].copy(),
        "rps_doc_symbol_to_word_ratio": share(counts[:, rpv2_scan.SYMBOLS], words),
        "rps_doc_frac_lines_end_with_ellipsis": share(counts[:, rpv2_scan.ELLIPSIS_LINES], lines),
        "rps_doc_frac_no_alph_words": 1.0 - share(counts[:, rpv2_scan.ALPHABETIC_WORDS], words),
        "rps_doc_frac_all_caps_words": share(counts[:, rpv2_scan.UPPER_WORDS], words),
        "rps_doc_curly_bracket": share(counts[:, rpv2_scan.BRACES], counts[:, rpv2_scan.CHARACTERS], 0.0),
    }


def _counted(subject: Subject) -> dict[str, np.ndarray]:
    """Numbers and lengths of the normalised words."""
    words = subject.judged_words.words
    return {
        "rps_doc_word_count": words.count.astype(np.int32),
        "rps_doc_mean_word_length": share(words.document_characters, words.count),
    }


def _repeated(subject: Subject, longest: int) -> dict[str, np.ndarray]:
    """Signals of words and n-grams that are compared, up to a length."""
    words = subject.judged_words.words
    characters = words.document_characters
    grams = Ngrams.of(words, longest)
    entropy = np.where(words.count > 0, grams.entropy, np.nan)
    found = {"rps_doc_frac_unique_words": share(grams.unique, words.count), "rps_doc_unigram_entropy": entropy}
    for n in (n for n in TOP if n <= longest):
        top = np.where(grams.count[n - 1] > 1, grams.count[n - 1] * grams.characters[n - 1], 0)
        found[f"rps_doc_frac_chars_top_{n}gram"] = share(top, characters, 0.0)
    for n in (n for n in DUPLICATE if n <= longest):
        found[f"rps_doc_frac_chars_dupe_{n}grams"] = share(grams.covered[n - 1], characters, 0.0)
    return found


_NATURAL = (
    Signal(
        name="rps_doc_word_count",
        definition="Words of the normal form (ASCII punctuation deleted, lower case, NFD), split at white space",
        source=SOURCE,
        dtype=pl.Int32,
        range="0..",
        empty="0",
        reference=CUT,
    ),
    Signal(
        name="rps_doc_mean_word_length",
        definition="Characters of the words of the normal form / words; after NFD, so combining marks and Korean jamo count one by one",
        source=SOURCE,
        range="0..",
        reference=CUT,
    ),
    Signal(
        name="rps_doc_num_sentences",
        definition=f"Runs of characters between ends of sentences ({rpv2_scan.SENTENCE_ENDS[1]}) that hold a word character",
        source=SOURCE,
        dtype=pl.Int32,
        range="0..",
        empty="0",
        reference=f"knows only {rpv2_scan.SENTENCE_ENDS[0]} as ends (pattern `\\b[^.!?]+[.!?]*`)",
    ),
    Signal(
        name="rps_doc_symbol_to_word_ratio",
        definition="`#`, `...`, `。。。` and runs of `…` or `⋯` / words of the raw text (`\\w+|[^\\w\\s]+` with Unicode's `\\w`, cut at CJK characters)",
        source=SOURCE,
        range="0..",
        reference="counts each `…` of a run and neither `。。。` nor `⋯`, and does not cut words at CJK characters",
    ),
    Signal(
        name="rps_doc_frac_lines_end_with_ellipsis",
        definition="Share of lines that end with `...`, `。。。`, `…` or `⋯`, white space aside; blank lines count as lines",
        source=SOURCE,
        reference="knows only `...` and `…`",
    ),
    Signal(
        name="rps_doc_frac_no_alph_words",
        definition="Share of words of the raw text, cut at CJK characters, without any letter; punctuation is a word too",
        source=SOURCE,
        reference="knows only the letters A-Z and a-z, and does not cut words at CJK characters: a Chinese text is near 1",
    ),
    Signal(
        name="rps_doc_frac_unique_words",
        definition="Distinct words of the normal form / words",
        source=SOURCE,
        reference=CUT,
    ),
    Signal(
        name="rps_doc_unigram_entropy",
        definition="Entropy in nats of the distribution of words of the normal form",
        source=SOURCE,
        range="0..",
        reference=CUT,
    ),
    Signal(
        name="rps_doc_frac_all_caps_words",
        definition="Share of words of the raw text, cut at CJK characters, with a cased character and no other than upper-case ones (`I` and `A1` count)",
        source=SOURCE,
        languages="those with case",
        reference="does not cut words at CJK characters",
    ),
)
_CONTENT = (
    Signal(
        name="rps_doc_curly_bracket",
        definition="`{` and `}` / characters of the raw text",
        source=SOURCE,
        empty="0",
    ),
    Signal(
        name="rps_doc_lorem_ipsum",
        definition="Occurrences of `lorem ipsum` in the normal form / its characters",
        source=SOURCE,
        empty="0",
    ),
)
_TOP = tuple(
    Signal(
        name=f"rps_doc_frac_chars_top_{n}gram",
        definition=f"Most frequent {n}-gram of the words of the normal form (ties: first seen), if it occurs twice: its occurrences * its characters / "
        "characters of all words; overlaps count, so it may exceed 1",
        source=SOURCE,
        range="0..",
        empty="0",
        reference=CUT,
    )
    for n in TOP
)
_DUPLICATE = tuple(
    Signal(
        name=f"rps_doc_frac_chars_dupe_{n}grams",
        definition=f"Characters of the words that lie in some {n}-gram which occurs at least twice (the first time too, each word once) / characters of "
        "all words",
        source=SOURCE,
        empty=f"0, also below {n} words",
        reference=CUT,
    )
    for n in DUPLICATE
)

_SCANNED = dict.fromkeys(
    (
        "rps_doc_num_sentences",
        "rps_doc_symbol_to_word_ratio",
        "rps_doc_frac_lines_end_with_ellipsis",
        "rps_doc_frac_no_alph_words",
        "rps_doc_frac_all_caps_words",
        "rps_doc_curly_bracket",
    )
)
_COUNTED = dict.fromkeys(("rps_doc_word_count", "rps_doc_mean_word_length"))
_REPEATED = (
    {"rps_doc_frac_unique_words": 1, "rps_doc_unigram_entropy": 1}
    | {f"rps_doc_frac_chars_top_{n}gram": n for n in TOP}
    | {f"rps_doc_frac_chars_dupe_{n}grams": n for n in DUPLICATE}
)
"""Signals by the length of n-gram that they need."""

RPV2 = register(Family(name="rpv2", version="1", signals=(*_NATURAL, *_CONTENT, *_TOP, *_DUPLICATE), compute=compute))
