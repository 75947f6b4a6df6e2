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
_CUT = re.compile(r"\w+[-\u2010\xad¬]\s*\n\s*\w+")
_SURE = "\xad¬"
_SOME, _MANY = 2, 5

_WHITE, _END = r"[^\S\n]", r"[.!?。！？…:：;；][\"'”’»」』）)\]】]*$"
_STARTS = (
    r"^(?:[-*+•·▪◦●○■□◆◇※>#%|]|//|\(?\d{1,3}[.)、．]|[（(][一二三四五六七八九十\d]+[)）]|[一二三四五六七八九十]+、|"
    r"第[零〇一二三四五六七八九十百千\d]+[章节回卷篇]|(?i:chapter|part|section|book)\s+[\divxlc]+\b)"
)
_WIDE = r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef“”‘’…—]"

_ROMAN = "(?-i:[ivxl]{1,7})"
"""Small letters only: capital ones are chapters'."""
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

    The document's own words decide. A word that it writes whole elsewhere loses the hyphen, one that it writes with a hyphen keeps it. For others: where it
    has cut words that it writes whole, all are taken for cut; else a hyphen between two words of the document stays, and so do all in a document that breaks
    many lines at hyphens and never within a word.
    """
    editing = Editing(texts, trace=trace)
    rows = texts.str.contains(_HYPHENATED).arg_true()
    if not len(rows):
        return editing.done()
    spotted = found_in(texts, _HYPHENATED, "", rows)
    pieces = dict(spotted.group_by("document", maintain_order=True).agg("piece").iter_rows())
    given = dict(zip(rows.to_list(), texts.gather(rows).to_list(), strict=True))
    read = [one for row, of_document in pieces.items() for one in _whole_words(of_document, given[row])]
    put, rule = ([one[i] for one in read] for i in (0, 1))
    editing.take(spotted.with_columns(put=pl.Series(put, dtype=pl.String), rule=pl.Series(rule, dtype=pl.String)))
    return editing.done()


def _whole_words(pieces: list[str], text: str) -> list[tuple[str, str]]:
    """What each cut word of a document is, and the rule: `hyphen` where it goes, `line_break` where only that goes."""
    words = frozenset(re.findall(r"\w+(?:-\w+)*", _CUT.sub(" ", text).lower()))
    parts = [_PARTS.fullmatch(piece) for piece in pieces]
    cut = [(match[1].lower(), match[2], match[3].lower()) for match in parts if match]
    whole = sum(first + second in words for first, _, second in cut)
    hyphened = sum(f"{first}-{second}" in words for first, _, second in cut)
    breaks_words = whole >= _SOME and whole > hyphened
    never_breaks = not whole and len(cut) >= _MANY

    def keeps(first: str, mark: str, second: str) -> bool:
        if mark in _SURE or first + second in words:
            return False
        if f"{first}-{second}" in words:
            return True
        return not breaks_words and (never_breaks or (first in words and second in words))

    made = []
    for piece, match in zip(pieces, parts, strict=True):
        if match is None:
            made.append((piece, "hyphen"))
        elif keeps(match[1].lower(), match[2], match[3].lower()):
            made.append((f"{match[1]}-{match[3]}", "line_break"))
        else:
            made.append((match[1] + match[3], "hyphen"))
    return made


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
    plain = ~bare.str.contains(r"^(?:[>#%|]|//)")
    goes_on = plain & (bare != "") & (pl.col("following").str.strip_chars() != "") & full & ~starts & ~ends & ~upper
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
    next and seldom much more, and ends no sentence: heads and feet of pages. Page numbers go where a document has three and more of them.
    """
    editing = Editing(texts, trace=trace)
    editing.cut(Cut("page_break", r"(?P<before>^|\n)(?P<cut>\f+)"), Cut("page_break", r"\n?\f+", "\n"))
    bare = pl.col("line").str.strip_chars()

    def judge(lines: pl.DataFrame) -> pl.Series:
        blank = bare == ""
        facts = lines.select(
            "document",
            bare=bare,
            number=pl.int_range(pl.len()),
            before=blank.shift(1, fill_value=True).over("document"),
            behind=blank.shift(-1, fill_value=True).over("document"),
        )
        facts = facts.filter(pl.col("bare").str.len_chars().is_between(1, longest))
        facts = facts.with_columns(key=pl.col("bare").str.to_lowercase().str.replace_all(_EDGES, ""))
        over = ("document", "key")
        facts = facts.with_columns(
            gap=(pl.col("number") - pl.col("number").shift(1)).over(over), times=pl.len().over(over)
        )
        is_page = pl.col("bare").str.contains(_PAGE_NUMBER)
        alone = pl.col("before") & pl.col("behind")
        comes_back = (
            (pl.col("times") >= repeats)
            & (pl.col("gap").median().over(over) >= apart)
            & (pl.col("gap").quantile(0.75).over(over) <= 2.5 * pl.col("gap").median().over(over))
            & pl.col("key").str.contains(r"\p{L}.*\p{L}")
            & ~pl.col("key").str.contains(_HEADING)
            & ~pl.col("bare").str.contains(r"[{}()=;\\<>]")
            & ~pl.col("bare").str.contains(r"[.!?。！？…][\"'”’)）]*$")
        )
        rules: Iterable[tuple[str, bool, pl.Expr]] = (
            ("page_number", page_numbers, is_page & pl.col("document").is_in(_paged(facts.filter(is_page)).implode())),
            ("repeated", repeats > 0, comes_back),
            ("digits", digits, alone & pl.col("bare").str.contains(_DIGITS)),
        )
        rule = pl.lit(None, pl.String)
        for name, asked, holds in reversed(list(rules)):
            if asked:
                rule = pl.when(holds).then(pl.lit(name)).otherwise(rule)
        none = pl.Series("rule", [None], pl.String).new_from_index(0, lines.height)
        return none.scatter(facts["number"], facts.select(rule).to_series())

    editing.lines(judge)
    return editing.done()


def _paged(numbers: pl.DataFrame) -> pl.Series:
    """Documents whose lines of numbers are those of pages: one more, or a few more, than the one before, five lines and more apart in the middle of cases."""
    value = pl.col("bare").str.extract(r"(\d+)", 1).cast(pl.Int64, strict=False)
    facts = numbers.with_columns(step=value.diff().over("document"), gap=pl.col("number").diff().over("document"))
    said = facts.group_by("document").agg(
        pl.len(), pl.col("step").is_between(1, 4).mean().alias("follows"), pl.col("gap").median().alias("gap")
    )
    roman = pl.col("follows").is_null()
    return said.filter((pl.col("len") >= 3) & (roman | (pl.col("follows") >= 0.6)) & (pl.col("gap") >= 5))["document"]
