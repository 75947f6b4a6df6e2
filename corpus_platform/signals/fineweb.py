r"""FineWeb's own measures: lines that end like sentences, short lines, repeated lines, newlines for words.

Lines are those of a split at `\n` that hold more than white space.
Source: Penedo et al. 2024; huggingface/datatrove, filters/fineweb_quality_filter.py.

Not here: thresholds (recipes/steps/fineweb.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean import marks
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import trim
from corpus_platform.text.repeats import repeats
from corpus_platform.text.utf8 import before, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_TERMINAL = np.uint32(marks.TERMINAL_MARK)
_SHORT = 30


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """FineWeb's measures of each document."""
    batch = subject.batch
    lines, document_line = batch.lines, batch.document_line
    again = repeats(hash_spans(lines), document_line)
    strip = not subject.environment.reference
    filled, terminal, short, repeated, characters = _line_facts(
        batch.data, lines.start, lines.end, document_line, again, marks.facts(), strip
    )
    newlines = np.diff(document_line) - 1
    found: dict[str, Any] = {"fineweb_lines": filled}
    with np.errstate(divide="ignore", invalid="ignore"):
        found["fineweb_terminal_line_fraction"] = terminal / filled
        found["fineweb_short_line_fraction"] = short / filled
        found["fineweb_duplicate_line_char_fraction"] = np.where(filled > 0, repeated / characters, np.nan)
        if "fineweb_newline_word_ratio" in wanted:
            words = subject.words.count
            found["fineweb_newline_word_ratio"] = np.where(words > 0, newlines / words, np.nan)
    return found


@kernel
def _line_facts(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_line: np.ndarray,
    again: np.ndarray,
    facts: np.ndarray,
    strip: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By document: lines with more than white space; those that end in a terminal mark, that are short; characters of those that repeat, of all."""
    n = document_line.size - 1
    filled, terminal, short = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    repeated, characters = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for d in range(n):
        for line in range(document_line[d], document_line[d + 1]):
            first, last = start[line], end[line]
            length = np.int64(0)
            for i in range(first, last):
                length += (data[i] & 0xC0) != 0x80
            characters[d] += length
            full, inner = trim(data, first, last, facts, True, True)
            if full == inner:
                continue
            filled[d] += 1
            short[d] += length <= _SHORT
            repeated[d] += length if again[line] else 0
            stop = inner if strip else last
            code, _size = decode(data, before(data, stop))
            terminal[d] += (facts[code] & _TERMINAL) != 0
    return filled, terminal, short, repeated, characters


def _signal(name: str, definition: str, **more: Any) -> Signal:
    return Signal(name, definition, "datatrove, fineweb_quality_filter.py; Penedo et al. 2024", **more)


FINEWEB = register(
    Family(
        "fineweb",
        "1",
        (
            _signal("fineweb_lines", "Lines that hold more than white space", dtype=pl.Int64, range="0..", empty="0"),
            _signal(
                "fineweb_terminal_line_fraction",
                "Those lines that end with one of 159 terminal marks of many scripts (ASCII quotes and brackets are none), white space after it aside / "
                "those lines",
                reference="White space at the end of a line is not put aside, so a line before CR LF never ends with a mark",
            ),
            _signal(
                "fineweb_short_line_fraction",
                f"Those lines with at most {_SHORT} characters, white space too / those lines",
            ),
            _signal(
                "fineweb_duplicate_line_char_fraction",
                "Characters of those lines that repeat an earlier one / characters of the text but newlines",
            ),
            _signal("fineweb_newline_word_ratio", "Newlines / words, punctuation included", range="0.."),
        ),
        compute,
    )
)
