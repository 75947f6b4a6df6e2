"""Signs that a book was scanned badly, from its lines, and how much of it is dialogue.

Text recognition leaves what typing does not: words divided at line ends, sentences broken in the middle of a line's width, and scraps (page numbers,
specks read as signs). So the lengths of lines have two peaks where prose has one. The definitions are ours; lines without a letter of a cased
script (Chinese) are never broken ones.

Not here: which books are dropped (recipes/steps/books.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean.line_rows import lines_of
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_DIVIDED = r"\p{L}[-\u00ac\u2010]$"
_ENDS = r"[.!?:;…。！？；：”’\"'»)\]}—–*-]$"
_GOES_ON = r"^\p{Ll}"
_SPEECH = "^[\"“”‘'«„「『—–]"
_FEW = 10
_SHORT = 0.6
_FULL = {"hyphens": 0.1, "broken": 0.3, "fragments": 0.3}
"""Shares from which a sign counts in full in the score."""
_TWO_PEAKS, _CLEARLY = 5 / 9, 0.25
"""Sarle's coefficient of an even distribution, and how far above it counts in full."""


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """All signals of the family from one pass over the lines."""
    del wanted
    found = _by_document(_judged(subject.batch.texts), len(subject))
    enough = pl.col("book_lines") >= _FEW
    shares = ("book_hyphen_line_share", "book_broken_line_share", "book_fragment_line_share", "book_dialogue_share")
    bimodality = pl.when(enough & (pl.col("spread") > 0)).then(pl.col("book_line_bimodality")).fill_nan(None)
    found = found.with_columns(pl.when(enough).then(pl.col(name)).alias(name) for name in shares)
    found = found.with_columns(book_line_bimodality=bimodality)
    found = found.with_columns(book_ocr_score=_score())
    names = ("book_lines", *shares, "book_line_bimodality", "book_ocr_score")
    return {name: found[name] for name in names}


def _judged(texts: pl.Series) -> pl.DataFrame:
    """The lines that are not blank, with what is true of each."""
    bare = pl.col("line").str.strip_chars()
    lines = lines_of(texts).select("document", line=bare).filter(pl.col("line") != "")
    line = pl.col("line")
    lines = lines.with_columns(
        size=line.str.len_chars().cast(pl.Float64),
        after=line.shift(-1).over("document"),
        solid=line.str.count_matches(r"\S"),
    )
    goes_on = pl.col("after").str.contains(_GOES_ON).fill_null(value=False)
    width = pl.col("size").quantile(0.9).over("document")
    letters = line.str.count_matches(r"\p{L}")
    return lines.with_columns(
        pair=pl.col("after").is_not_null(),
        hyphen=line.str.contains(_DIVIDED) & goes_on,
        broken=~line.str.contains(_ENDS) & goes_on & (pl.col("size") < _SHORT * width),
        fragment=(letters < 2) | (3 * line.str.count_matches(r"[\p{L}\p{N}]") < pl.col("solid")),
        speech=line.str.contains(_SPEECH),
        log=pl.col("size").log(),
    )


def _by_document(lines: pl.DataFrame, documents: int) -> pl.DataFrame:
    """A row for each document; no lines: 0 and nulls."""
    pairs = pl.col("pair").sum().cast(pl.Float64)
    skewness, kurtosis = pl.col("log").skew(), pl.col("log").kurtosis(fisher=False)
    found = lines.group_by("document").agg(
        book_lines=pl.len().cast(pl.Int32),
        book_hyphen_line_share=pl.col("hyphen").sum() / pairs,
        book_broken_line_share=pl.col("broken").sum() / pairs,
        book_fragment_line_share=pl.col("fragment").mean(),
        book_dialogue_share=pl.col("speech").mean(),
        book_line_bimodality=(skewness.pow(2) + 1) / kurtosis,
        spread=pl.col("log").std(),
    )
    every = pl.DataFrame({"document": np.arange(documents)})
    joined = every.join(found, on="document", how="left", maintain_order="left")
    return joined.with_columns(pl.col("book_lines").fill_null(0))


def _score() -> pl.Expr:
    """Mean of four signs, each in 0..1; null where there are too few lines to judge."""
    signs = [
        (pl.col(f"book_{name}") / _FULL[sign]).clip(0, 1)
        for name, sign in (
            ("hyphen_line_share", "hyphens"),
            ("broken_line_share", "broken"),
            ("fragment_line_share", "fragments"),
        )
    ]
    peaks = ((pl.col("book_line_bimodality").fill_null(0.0) - _TWO_PEAKS) / _CLEARLY).clip(0, 1)
    return (signs[0] + signs[1] + signs[2] + peaks) / 4


_OURS = "ours"
_NONE = "null with fewer than 10 lines that are not blank"

register(
    Family(
        name="books",
        version="1",
        signals=(
            Signal("book_lines", "Lines that are not blank", _OURS, dtype=pl.Int32, range="0..", empty="0"),
            Signal(
                "book_hyphen_line_share",
                "Share of the lines that are not blank and not the last that end in a letter and a hyphen while the next one begins with a small letter",
                _OURS,
                languages="cased scripts",
                empty=_NONE,
            ),
            Signal(
                "book_broken_line_share",
                "Share of the lines that are not blank and not the last that end without a stop, quotation mark, bracket or dash, are shorter than 0.6 "
                "of the text's 90th percentile of line lengths, and are followed by a line that begins with a small letter",
                _OURS,
                languages="cased scripts",
                empty=_NONE,
            ),
            Signal(
                "book_fragment_line_share",
                "Share of the lines that are not blank with fewer than 2 letters, or with letters and digits in fewer than a third of their characters other "
                "than white space",
                _OURS,
                empty=_NONE,
            ),
            Signal(
                "book_line_bimodality",
                "Sarle's coefficient of the natural logarithms of the lengths of lines that are not blank: (skewness^2 + 1) / kurtosis; 5/9 for an even "
                "distribution, 1/3 for a normal one, more where there are two peaks",
                _OURS,
                empty=f"{_NONE}, or all of one length",
            ),
            Signal(
                "book_dialogue_share",
                "Share of the lines that are not blank that begin with a quotation mark or a dash",
                _OURS,
                empty=_NONE,
            ),
            Signal(
                "book_ocr_score",
                "Likeness to badly recognised scans: mean of min(1, book_hyphen_line_share / 0.1), min(1, book_broken_line_share / 0.3), "
                "min(1, book_fragment_line_share / 0.3) and (book_line_bimodality - 5/9) / 0.25 within 0..1",
                _OURS,
                empty=_NONE,
            ),
        ),
        compute=compute,
        default=False,
    )
)
