"""RedPajama-V2's line signals: lists with a value for each line, and where the lines end.

A line keeps its newline; there is none after a final newline, and none in an empty text. With `line_ends` the triples `[start, end, score]` of
RedPajama-V2's files can be made again (rpv2_json.py).
Source: RedPajama-Data 6d2cee9, app/src/core/quality_signals/lines.py.

Not here: what a recipe removes (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.signals import rpv2_scan
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.rpv2 import SOURCE
from corpus_platform.text.batch import share
from corpus_platform.text.hashing import hash_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

TERMINAL = "rps_lines_ending_with_terminal_punctution_mark"
JAVASCRIPT = "rps_lines_javascript_counts"
WORDS = "rps_lines_num_words"
NUMERIC = "rps_lines_numerical_chars_fraction"
BULLET = "rps_lines_start_with_bulletpoint"
UPPER = "rps_lines_uppercase_letter_fraction"
ENDS = "line_ends"


def lists_of(values: np.ndarray, document_line: np.ndarray) -> pa.Array:
    """A list column of flat values (one for each line) and line offsets (int64[n + 1]); nothing is copied but booleans, which become bits."""
    return pa.LargeListArray.from_arrays(pa.array(document_line), pa.array(values))


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted line signals."""
    line, document_line = subject.scan.line, subject.scan.document_line
    ends = line[rpv2_scan.LINE_END]
    found: dict[str, np.ndarray] = {
        ENDS: ends,
        TERMINAL: line[rpv2_scan.LINE_TERMINAL] != 0,
        BULLET: line[rpv2_scan.LINE_BULLET] != 0,
    }
    if UPPER in wanted:
        found[UPPER] = share(line[rpv2_scan.LINE_UPPER], _sizes(ends, document_line)).astype(np.float32)
    if wanted & {WORDS, JAVASCRIPT, NUMERIC}:
        found |= _of_words(subject, wanted)
    return {name: lists_of(found[name], document_line) for name in wanted}


def _sizes(ends: np.ndarray, document_line: np.ndarray) -> np.ndarray:
    """Characters of each line, newline included."""
    sizes = np.diff(ends, prepend=np.int32(0))
    first = document_line[:-1][np.diff(document_line) > 0]
    sizes[first] = ends[first]
    return sizes


def _of_words(subject: Subject, wanted: frozenset[str]) -> dict[str, np.ndarray]:
    """Signals of the normalised words of each line.

    The normal form of a text is that of its lines, joined by spaces, blank ones left out; so the words of the text, in order, are those of its lines.
    """
    line = subject.scan.line
    plain = line[rpv2_scan.LINE_WORDS]
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(plain, dtype=np.int64)])
    words = subject.normalised_words
    found = {}
    if JAVASCRIPT in wanted:
        found[JAVASCRIPT] = _sums(words.hash == hash_texts(["javascript"])[0], offset)
    if WORDS in wanted:
        cut = subject.judged_words
        found[WORDS] = plain if cut.words is words else _sums(cut.pieces, offset)
    if NUMERIC in wanted:
        characters = _sums(words.characters, offset) + np.maximum(plain - 1, 0)
        found[NUMERIC] = share(line[rpv2_scan.LINE_NUMERIC], characters, 0.0).astype(np.float32)
    return found


def _sums(values: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Sum of the values of each range as int32."""
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])
    return np.diff(total[offset]).astype(np.int32)


def _line_signal(
    name: str, definition: str, dtype: Any, range_: str, *, languages: str = "any", reference: str = ""
) -> Signal:
    empty = "no entry for an empty text"
    return Signal(name, definition, SOURCE, dtype, "line", range_, languages, empty, reference)


RPV2_LINES = register(
    Family(
        name="rpv2_lines",
        version="1",
        signals=(
            _line_signal(
                ENDS,
                "Characters of the text up to the end of the line, its newline included: where RedPajama-V2's entries end and the next begins",
                pl.Int32,
                "1..",
            ),
            _line_signal(
                TERMINAL,
                f"Does the line, white space aside, end with the end of a sentence or a closing quote ({rpv2_scan.TERMINAL_MARKS[1]}); "
                "the name is spelt as in the data set",
                pl.Boolean,
                "true, false",
                reference=f"knows only {rpv2_scan.TERMINAL_MARKS[0]}",
            ),
            _line_signal(JAVASCRIPT, "Words of the line's normal form that are `javascript`", pl.Int32, "0.."),
            _line_signal(
                WORDS,
                "Words of the line's normal form, cut at CJK characters",
                pl.Int32,
                "0..",
                reference="does not cut words at Chinese characters and kana, nor drops the full-width punctuation in such words",
            ),
            _line_signal(
                NUMERIC,
                "Numeric characters of the line's normal form, Chinese numerals aside / its characters; 0 for a blank line",
                pl.Float32,
                "0..1",
                reference="counts Chinese numerals, which are everyday characters, too",
            ),
            _line_signal(
                BULLET,
                "Does the line, white space aside, start with one of • ‣ ▶ ◀ ◦ ■ □ ▪ ▫ –",
                pl.Boolean,
                "true, false",
            ),
            _line_signal(
                UPPER,
                "Upper-case characters of the line / its characters, newline included",
                pl.Float32,
                "0..1",
                languages="those with case",
            ),
        ),
        compute=compute,
    )
)
