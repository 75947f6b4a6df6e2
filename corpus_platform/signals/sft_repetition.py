r"""Answers that say one thing over and over: paragraphs, lines, sentences, digits, and lists that count wrongly.

A paragraph that is code or a formula, a list's item, or has several lines may be repeated more often before it counts as much: its repeats are divided by 2,
3 and 4. So one threshold is right for all of them, and a document of tables is not taken for a loop.
Source: allenai/open-instruct, filter_ngram_repetitions.py; lm-sys/FastChat, optional_clean.py and filter_wrong_format.py; Chinese stops and numerals are ours.

Not here: shares of repeated n-grams of whole texts (gopher.py, data_juicer.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.signals.dialogues import by_row, flat
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_DIGITS = "|".join(f"{digit}{{{25 if digit == '0' else 9},}}" for digit in "0123456789")
_WRONG_LIST = r"\n1\. [^2]*\n1\. |\n1[、．][^2]*\n1[、．]|\n一、[^二]*\n一、"
_PARAGRAPHS = r"\n\s*\n"
_SENTENCE = r"[^.!?。！？\n]+[.!?。！？]+"
_FENCED = r"(?s)```.*?(?:```|\z)"
_CODE = r"[{}=;\\]|\$|^\s{4,}|\b(?:def|return|import|print|var|const|for)\b.*[:({]"
_ITEM = r"^\s*(?:[-*•·]|\d+[.)、．]|[（(]?[a-zA-Z\d一二三四五六七八九十]+[)）、])\s*"
_CODE_FACTOR, _LIST_FACTOR, _LINES_FACTOR = 2, 3, 4
_LEAST = 3
"""Pieces with fewer characters (bars, brackets) are not counted."""


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The signals that are wanted."""
    said = flat(subject).filter(pl.col("role") == "assistant")
    said = said.select("row", pl.col("turn"), pl.col("content").fill_null("").alias("said"))
    n = len(subject)
    found: dict[str, Any] = {}
    if "sft_paragraph_repeats" in wanted:
        found["sft_paragraph_repeats"] = by_row(subject, _paragraphs(said), "repeats", missing=0.0)
    if "sft_line_run" in wanted:
        found["sft_line_run"] = by_row(subject, _line_run(said), "run", missing=0.0)
    if "sft_sentence_repeats" in wanted:
        found["sft_sentence_repeats"] = by_row(subject, _sentences(said), "repeats", missing=0.0)
    if "sft_digit_run" in wanted:
        runs = said.select("row", pl.col("said").str.extract(f"({_DIGITS})", 1).alias("run")).drop_nulls()
        runs = _not_given(runs, flat(subject))
        every = pl.DataFrame({"row": pl.Series(range(n), dtype=pl.UInt32)})
        first = runs.group_by("row", maintain_order=True).agg(pl.col("run").first().str.head(40))
        found["sft_digit_run"] = every.join(first, on="row", how="left", maintain_order="left")["run"]
    if "sft_wrong_lists" in wanted:
        # FastChat looks for line breaks before both items: the first line of an answer counts here too.
        wrong = said.select("row", (pl.lit("\n") + pl.col("said")).str.contains(_WRONG_LIST).alias("wrong"))
        found["sft_wrong_lists"] = by_row(
            subject, wrong.group_by("row").agg(pl.col("wrong").sum()), "wrong", missing=0.0
        )
    return found


def _not_given(runs: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """The runs of digits that nobody but the assistant has written: a number to be repeated is none of its making."""
    given = messages.filter(pl.col("role") != "assistant").join(runs.select("row").unique(), on="row", how="semi")
    texts = given.group_by("row").agg(pl.col("content").fill_null("").str.join("\n").alias("given"))
    found = runs.join(texts, on="row", how="left", maintain_order="left")
    return found.filter(~pl.col("given").fill_null("").str.contains(pl.col("run"), literal=True)).select("row", "run")


def _pieces(pieces: pl.DataFrame) -> pl.DataFrame:
    """Pieces (row, turn, piece) without white space around them, those that are long enough, with how often each stands in its answer."""
    bare = pieces.select("row", "turn", raw=pl.col("piece"), piece=pl.col("piece").str.strip_chars())
    bare = bare.filter(pl.col("piece").str.len_chars() >= _LEAST)
    counted = bare.group_by("row", "turn", "piece").agg(pl.len().alias("times"), pl.col("raw").first())
    return counted.filter(pl.col("times") > 1)


def _paragraphs(said: pl.DataFrame) -> pl.DataFrame:
    """By row the most repeats of a paragraph, divided by its factor."""
    parted = said.filter(pl.col("said").str.contains(_PARAGRAPHS)).with_columns(
        pl.col("said").str.replace_all(_PARAGRAPHS, "\x1d").str.split("\x1d").alias("piece")
    )
    counted = _pieces(parted.explode("piece"))
    piece = pl.col("raw")
    factor = (
        pl.when(piece.str.strip_chars("\n").str.contains("\n"))
        .then(_LINES_FACTOR)
        .when(piece.str.contains(_ITEM))
        .then(_LIST_FACTOR)
        .when(piece.str.contains(_CODE))
        .then(_CODE_FACTOR)
        .otherwise(1)
    )
    return counted.group_by("row").agg((pl.col("times") / factor).max().alias("repeats"))


def _sentences(said: pl.DataFrame) -> pl.DataFrame:
    """By row the most repeats of a sentence in one answer."""
    parted = said.with_columns(pl.col("said").str.replace_all(_FENCED, "\n").str.extract_all(_SENTENCE).alias("piece"))
    parted = parted.filter(pl.col("piece").list.len() > 1)
    return _pieces(parted.explode("piece")).group_by("row").agg(pl.col("times").max().alias("repeats"))


def _line_run(said: pl.DataFrame) -> pl.DataFrame:
    """By row the most times that a line stands in a row, blank lines left out."""
    lines = said.filter(pl.col("said").str.contains("\n")).with_columns(pl.col("said").str.split("\n").alias("line"))
    lines = lines.explode("line").with_columns(pl.col("line").str.strip_chars())
    lines = lines.filter(pl.col("line").str.len_chars() >= _LEAST)
    runs = lines.select("row", pl.struct("row", "turn", "line").rle_id().alias("run"))
    return runs.group_by("row", "run").len().group_by("row").agg(pl.col("len").max().alias("run"))


_OPEN = "allenai/open-instruct, filter_ngram_repetitions.py"

register(
    Family(
        name="sft_repetition",
        version="2",
        signals=(
            Signal(
                "sft_paragraph_repeats",
                "Most times that a paragraph of 3 characters or more stands in one answer, divided by 4 where it has several lines, 3 where it is an "
                "item of a list, 2 where it is code or a formula; 0 where none is repeated",
                f"{_OPEN}: its factors on the threshold are divisors here",
                range="0..",
                empty="0",
            ),
            Signal(
                "sft_line_run",
                "Most times that a line of 3 characters or more stands in one answer without another line between; blank lines are left out; 0 for "
                "answers of one line",
                _OPEN,
                range="0..",
                empty="0",
            ),
            Signal(
                "sft_sentence_repeats",
                "Most times that a sentence (up to . ! ? 。 ！ ？) stands in one answer outside of blocks of code; 0 where none is repeated",
                f"{_OPEN}; Chinese stops are ours",
                range="0..",
                empty="0",
            ),
            Signal(
                "sft_digit_run",
                "First run of nine or more of one digit (of zeros 25, as powers of ten have some) that answers have of themselves, its first 40 digits",
                "after lm-sys/FastChat, optional_clean.py, which counts nine of any",
                dtype=pl.String,
                range="digits",
            ),
            Signal(
                "sft_wrong_lists",
                "Answers with a list that has its first number twice, with no 2 (or 二) between",
                "lm-sys/FastChat, filter_wrong_format.py; Chinese numerals are ours",
                range="0..",
                empty="0",
            ),
        ),
        compute=compute,
        reads=("messages",),
        of="dialogues",
    )
)
