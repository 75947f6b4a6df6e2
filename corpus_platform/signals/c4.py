"""What C4's page cleaning looks for, as measures of the text as it is: C4 itself edits the text (recipes/steps/c4.py).

Lines are stripped lines of `str.splitlines` without citation marks.
Source: Raffel et al. 2020; tensorflow/datasets, text/c4_utils.py; huggingface/datatrove, filters/c4_filters.py.

Not here: the edit, thresholds.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean.c4_lines import CURLY, JAVASCRIPT, LOREM, POLICY, phrases_of, sheet
from corpus_platform.clean.phrases import ANYWHERE, WORD, Phrases, count_phrases
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import TextBatch, gather, largest, totals
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import span_characters
from corpus_platform.text.normalise import lower
from corpus_platform.text.search import ends_with_any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.lists.lists import Lists
    from corpus_platform.signals.subject import Subject

TERMINAL = (".", "?", "!", '"')
"""Ends of a line to the released code."""
CJK_TERMINAL = ("。", "？", "！", "…", "”", "」", "』", "．", "｡")
"""Ends of a line in Chinese and Japanese."""
WITHOUT_SPACES = ("ja", "th", "zh")
"""Languages whose bad words are looked for inside words."""
ALLOWED = {"ja": frozenset({"sm", "グロ", "女の子"}), "zh": frozenset({"性"})}
"""Entries of the public lists that are parts of harmless words."""


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """C4's measures of each document."""
    batch, wide = subject.batch, not subject.environment.reference
    found: dict[str, Any] = {}
    if wanted - {"c4_third_line_length"}:
        page = sheet(batch, phrases_of(), wide=wide, count_sentences="c4_sentences" in wanted)
        lines = np.diff(page.document_line)
        for name, bit in (
            ("lorem_ipsum", LOREM),
            ("curly_bracket", CURLY),
            ("javascript", JAVASCRIPT),
            ("policy", POLICY),
        ):
            found[f"c4_{name}_lines"] = totals((page.phrases & bit) != 0, page.document_line)
        marks = (*TERMINAL, *CJK_TERMINAL) if wide else TERMINAL
        ends = ends_with_any(page.cleaned, marks) & ~ends_with_any(page.cleaned, ("...",))
        with np.errstate(divide="ignore", invalid="ignore"):
            found["c4_terminal_line_fraction"] = totals(ends, page.document_line) / lines
        found["c4_sentences"] = totals(np.where(page.words > 0, page.sentences, 0), page.document_line)
        found["c4_longest_word"] = largest(page.longest, page.document_line)
    if "c4_third_line_length" in wanted:
        found["c4_third_line_length"] = _third(span_characters(batch.lines), batch.document_line)
    return found


def bad_words(lists: Lists, language: str | None) -> tuple[tuple[str, ...], int]:
    """The bad words of a language in lower case, and what must stand beside them."""
    allowed = ALLOWED.get(language or "", frozenset())
    entries = lists.get("ldnoobw", language).entries if language else ()
    words = tuple(sorted({entry.lower() for entry in entries} - allowed))
    return words, ANYWHERE if language in WITHOUT_SPACES else WORD


def compute_bad_words(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    """Bad words of each document's own language; null where it has no list."""
    language = subject.column("language").cast(pl.String).to_numpy()
    small = lower(subject.batch)
    found = np.full(len(subject), np.nan)
    for name in sorted({str(code) for code in language if code is not None}):
        words, flank = bad_words(subject.environment.lists, name)
        if words:
            rows = np.flatnonzero(language == name)
            own = TextBatch(*gather(small.data, small.document_start[rows], small.document_start[rows + 1]))
            found[rows] = count_phrases(own.documents, Phrases.of({}, dict.fromkeys(words, 1), flank))
    return {"c4_bad_words": pl.Series(found).fill_nan(None).cast(pl.Int64)}


@kernel
def _third(length: np.ndarray, document_line: np.ndarray) -> np.ndarray:
    """The third largest number of each document, 0 where it has fewer than three."""
    third = np.zeros(document_line.size - 1, np.int64)
    for d in range(third.size):
        a, b, c = np.int64(0), np.int64(0), np.int64(0)
        for line in range(document_line[d], document_line[d + 1]):
            size = length[line]
            if size > a:
                a, b, c = size, a, b
            elif size > b:
                b, c = size, b
            elif size > c:
                c = size
        third[d] = c
    return third


def _signal(name: str, definition: str, **more: Any) -> Signal:
    given = {"dtype": pl.Int64, "range": "0..", "empty": "0"} | more
    return Signal(name, definition, "tensorflow/datasets, c4_utils.py; Raffel et al. 2020", **given)


C4 = register(
    Family(
        "c4",
        "1",
        (
            _signal("c4_lorem_ipsum_lines", "Lines with `lorem ipsum` in any case"),
            _signal("c4_curly_bracket_lines", "Lines with `{`"),
            _signal("c4_javascript_lines", "Lines with `javascript` in any case"),
            _signal("c4_policy_lines", "Lines with one of six phrases about cookies, terms and privacy in any case"),
            _signal(
                "c4_terminal_line_fraction",
                'Lines that end with `. ? ! "` or a Chinese or Japanese mark, and not with `...` / lines',
                dtype=pl.Float64,
                range="0..1",
                empty="null",
                reference="Only the ASCII marks",
            ),
            _signal(
                "c4_sentences",
                "Sentences of all lines that have a word, counted by rule as spaCy's sentencizer counts them; full-width marks end one wherever they stand",
                reference="Full-width marks end a sentence only at the end of a word",
            ),
            _signal("c4_longest_word", "Characters of the longest word between white space"),
            _signal(
                "c4_third_line_length",
                "Characters of the third longest line of a split at newlines; 0 where there are fewer than three (mC4's paragraph rule asks for 200)",
            ),
        ),
        compute,
    )
)

C4_BAD_WORDS = register(
    Family(
        "c4_bad_words",
        "1",
        (
            _signal(
                "c4_bad_words",
                "Places with an entry of the list of bad words of the document's language, in lower case; between characters that are no word "
                "characters, but anywhere in Chinese, Japanese and Thai",
                languages="those that have a list",
                empty="0; null without a list",
                lists=("ldnoobw",),
            ),
        ),
        compute_bad_words,
        reads=("language",),
    )
)
