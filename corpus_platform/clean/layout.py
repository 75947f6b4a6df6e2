"""What pages leave in a text: words cut at line ends, lines wrapped at a width, page numbers, heads and feet that come back on every page.

For OCR, PDF and plain text books. A document whose lines were not wrapped is left alone.

Not here: tables of contents, captions and tables (flagdata.py), frames of web pages (line_classes.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.clean.edits import Cleaned, Cut, Editing, found_in

if TYPE_CHECKING:
    from collections.abc import Iterable

_HYPHENATED = r"\p{L}{2,}(?:-|\u2010|\xad|¬)[^\S\n]*\n[^\S\n]*\p{Ll}\p{L}+"
_PARTS = re.compile(r"(?s)(\w+)([-\u2010\xad¬])\s*\n\s*(\w+)")
_SURE = "\xad¬"

_WHITE, _END = r"[^\S\n]", r"[.!?。！？…:：;；][\"'”’»」』）)\]】]*$"
_STARTS = (
    r"^(?:[-*+•·▪◦●○■□◆◇※>#|]|\(?\d{1,3}[.)、．]|[（(][一二三四五六七八九十\d]+[)）]|[一二三四五六七八九十]+、|"
    r"第[零〇一二三四五六七八九十百千\d]+[章节回卷篇]|(?i:chapter|part|section|book)\s+[\divxlc]+\b)"
)
_WIDE = r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef“”‘’…—]"

_ROMAN = r"(?:x{0,3}(?:ix|iv|v?i{0,3})|(?:x[lc]|l?x{0,3})(?:ix|iv|v?i{0,3}))"
_PAGE_NUMBER = (
    rf"(?i)^[-–—~·.\[(（【|]*\s*(?:p(?:age|g|p)?\.?\s*)?(?:\d{{1,4}}|{_ROMAN})(?:\s*(?:of|/)\s*\d{{1,4}})?\s*[-–—~·.\])）】|]*$|"
    r"^[-–—~·\[(（【]*\s*(?:第\s*[\d一二三四五六七八九十百]{1,5}\s*页)(?:\s*[,，/]?\s*共\s*\d{1,5}\s*页)?\s*[-–—~·\])）】]*$"
)
_EDGES = r"^[\d\s.|·-]+|[\d\s.|·-]+$"
"""The page number of a running head, on either side of it."""
_HEADING = (
    r"^(?:chapter|part|book|section|canto|act|scene|stanza|letter|volume|vol|no|appendix|question|answer|exercise)\b|^第[零〇一二三四五六七八九十百千\d]+[章节回卷篇幕场]|"
    r"^[问答甲乙丙丁][：:]"
)
"""Headings and speakers come back too, and are the text's own."""
_DIGITS = r"^[\d\s.,;:%+\-–—/|()\[\]{}<>=×*#°$€£¥￥·]*\d[\d\s.,;:%+\-–—/|()\[\]{}<>=×*#°$€£¥￥·]*$"


def joined_words(texts: pl.Series, *, trace: bool) -> Cleaned:
    """Words cut by a hyphen at a line's end are whole again, and the rest of the line follows.

    The document's own words decide: where it writes `well-known` within a line the hyphen stays, and only the line break goes.
    """
    editing = Editing(texts, trace=trace)
    rows = texts.str.contains(_HYPHENATED).arg_true()
    if not len(rows):
        return editing.done()
    spotted = found_in(texts, _HYPHENATED, "", rows)
    words = {row: _Words(text) for row, text in zip(rows.to_list(), texts.gather(rows).to_list(), strict=True)}
    read = [
        _whole(piece, words[document]) for document, piece in zip(spotted["document"], spotted["piece"], strict=True)
    ]
    put, rule = ([one[i] for one in read] for i in (0, 1))
    editing.take(spotted.with_columns(put=pl.Series(put, dtype=pl.String), rule=pl.Series(rule, dtype=pl.String)))
    return editing.done()


class _Words:
    """The words of a document in lower case, whole ones and those with hyphens; found when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: frozenset[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._known is None:
            self._known = frozenset(re.findall(r"\w+(?:-\w+)*", self._text.lower()))
        return word.lower() in self._known


def _whole(piece: str, words: _Words) -> tuple[str, str]:
    match = _PARTS.fullmatch(piece)
    if match is None:
        return piece, "hyphen"
    first, mark, second = match.groups()
    keeps = mark not in _SURE and f"{first}-{second}" in words and first + second not in words
    return (f"{first}-{second}", "line_break") if keeps else (first + second, "hyphen")


def joined_lines(texts: pl.Series, *, least: int, trace: bool) -> Cleaned:
    """Lines of wrapped paragraphs become one line each: a space between words, nothing between Chinese characters.

    A document is wrapped where at least `least` lines go on in the next one and most of its full lines have about one width. A line goes on where it is
    nearly as long as that, does not end a sentence at less than the width, and the next begins no list item, heading or indented paragraph.
    """
    editing = Editing(texts, trace=trace)
    rows = texts.str.contains(r"\S\n\S").arg_true()
    if not len(rows):
        return editing.done()
    frame = pl.DataFrame({"document": rows.cast(pl.Int64), "line": texts.gather(rows).str.split("\n")}).explode("line")
    size = pl.col("line").str.len_chars().cast(pl.Int64)
    frame = frame.with_columns(size=size, end=((size + 1).cum_sum() - 1).over("document"))
    width = pl.col("size").filter(pl.col("size") > 0).quantile(0.8, "lower").over("document")
    bare = pl.col("line").str.strip_chars()
    following = pl.col("line").shift(-1).over("document")
    own_indent = pl.col("line").str.len_chars() - pl.col("line").str.strip_chars_start().str.len_chars()
    frame = frame.with_columns(width=width, indent=own_indent, following=following)
    indented = pl.col("indent").shift(-1).over("document") > pl.col("indent") + 1
    full = pl.col("size") >= 0.75 * pl.col("width")
    starts = pl.col("following").str.strip_chars_start().str.contains(_STARTS) | indented
    ends = bare.str.contains(_END) & (pl.col("size") < 0.9 * pl.col("width"))
    upper = pl.col("following").str.contains(r"^\s*\p{Lu}") & bare.str.contains(r"[.!?][\"'”’)]*$") & ~full
    goes_on = (bare != "") & (pl.col("following").str.strip_chars() != "") & full & ~starts & ~ends & ~upper
    frame = frame.with_columns(goes_on=goes_on.fill_null(value=False))
    filled = (pl.col("size") > 0).sum().over("document")
    even = pl.col("size").is_between(0.75 * pl.col("width"), 1.15 * pl.col("width")).sum().over("document")
    wrapped = (
        (pl.col("goes_on").sum().over("document") >= least)
        & (even >= 0.6 * filled)
        & pl.col("width").is_between(20, 160)
        & (pl.col("size").max().over("document") <= 1.6 * pl.col("width"))
    )
    chosen = frame.filter(wrapped & pl.col("goes_on"))
    tail = chosen["line"].str.len_chars() - chosen["line"].str.strip_chars_end().str.len_chars()
    head = chosen["following"].str.len_chars() - chosen["following"].str.strip_chars_start().str.len_chars()
    wide = chosen["line"].str.contains(rf"{_WIDE}{_WHITE}*$") & chosen["following"].str.contains(rf"^{_WHITE}*{_WIDE}")
    places = chosen.select(
        "document",
        (pl.col("end") - tail.cast(pl.Int64)).alias("start"),
        (pl.col("end") + 1 + head.cast(pl.Int64)).alias("end"),
        pl.lit("line_break").alias("rule"),
        pl.select(pl.when(wide).then(pl.lit("")).otherwise(pl.lit(" "))).to_series().alias("put"),
    )
    editing.take(places)
    return editing.done()


def without_page_marks(
    texts: pl.Series, *, page_numbers: bool, digits: bool, repeats: int, apart: int, longest: int, trace: bool
) -> Cleaned:
    """Lines that are a page number, paragraphs of digits alone, and short lines that come back through a document go.

    A line comes back where it stands `repeats` times and more (page numbers at its ends aside), in the middle of cases `apart` lines and more from one to the
    next, and ends no sentence: heads and feet of pages. Page numbers go where a document has three and more of them.
    """
    editing = Editing(texts, trace=trace)
    editing.cut(Cut("page_break", r"(?P<before>^|\n)(?P<cut>\f+)"), Cut("page_break", r"\n?\f+", "\n"))
    bare = pl.col("line").str.strip_chars()

    def judge(lines: pl.DataFrame) -> pl.Series:
        facts = lines.select("document", bare=bare, number=pl.int_range(pl.len()))
        facts = facts.with_columns(
            key=pl.col("bare").str.to_lowercase().str.replace_all(_EDGES, "").str.replace_all(r"\s+", " ")
        )
        over = ("document", "key")
        gap = (pl.col("number") - pl.col("number").shift(1)).over(over)
        facts = facts.with_columns(gap=gap)
        is_page = (pl.col("bare") != "") & pl.col("bare").str.contains(_PAGE_NUMBER)
        comes_back = (
            (pl.len().over(over) >= repeats)
            & (pl.col("gap").median().over(over) >= apart)
            & (pl.col("bare").str.len_chars() <= longest)
            & pl.col("key").str.contains(r"\p{L}.*\p{L}")
            & ~pl.col("key").str.contains(_HEADING)
            & ~pl.col("bare").str.contains(r"[.!?。！？…][\"'”’)）]*$")
        )
        rules: Iterable[tuple[str, bool, pl.Expr]] = (
            ("page_number", page_numbers, is_page & (is_page.sum().over("document") >= 3)),
            ("repeated", repeats > 0, comes_back),
            ("digits", digits, pl.col("bare").str.contains(_DIGITS) & (pl.col("bare").str.len_chars() > 0)),
        )
        rule = pl.lit(None, pl.String)
        for name, asked, holds in rules:
            if asked:
                rule = pl.when(rule.is_null() & holds).then(pl.lit(name)).otherwise(rule)
        return facts.select(rule).to_series()

    editing.lines(judge)
    return editing.done()
