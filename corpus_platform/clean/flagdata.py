"""FlagData's pruners that look at lines, sentences and comments, in two forms.

With `reference=True` a text comes out as FlagData's own code leaves it, oddities included; by default as it was meant. What differs is said at each.
Source: FlagOpen/FlagData 84a3d7e, flagdata/data_operator/pruner; the expressions here are ours.

Not here: pruners that are one expression (addresses.py, characters.py), their parameters (recipes/steps/flagdata.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import regex

from corpus_platform.clean.edits import Cut, Editing, found_in
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.pieces import sentence_pieces

if TYPE_CHECKING:
    from corpus_platform.clean.edits import Cleaned

_COMMENT = r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
_NOTICE = r"(?i)copyright\s*(?:\(c\)|©|:|\d{4}|by\s)|(?:\(c\)|©)\s*(?:copyright|\d{4})|all rights? reserved|版权所有|著作权所有|spdx-"
_LINE_SPACE = r"[\s\x1c-\x1f--\n]"

_MARKED, _CLOSED = "[.。！!？?]", "[^’”\n]"
_SPLITS = (
    rf"({_MARKED})({_CLOSED})",
    rf"(\.{{6}})({_CLOSED})",
    rf"(…{{2}})({_CLOSED})",
    rf"([.。!！？?{{6}}…2][’”])({_CLOSED})",
)
"""Where FlagData parts sentences: between the two groups."""
_PART = "\U000ffff0"
_LEAST_KEY = {True: 2, False: 12}

_CAPTION = r"(?i)^(?:图|表|figure|table)\s*\d+(?:-\d+)?(?:\.\d+)?\s*[\u4e00-\u9fa5A-Za-z\u0130\u0131]*$"
_SANE_CAPTION = (
    r"(?i)^(?:图表?|表格?|附[图表]|figure|fig\.?|table|tab\.|chart|scheme)\s{0,3}[A-Z]?\d+[a-z]?(?:[-–.．][A-Z]?\d+)*"
    r"(?:\s{0,3}[:：.．、]\s{0,3}(?P<told>\S.*)|[\s\u3000]+(?P<title>[^\s.。!！?？;；].*)|(?P<close>[\u4e00-\u9fff][^。！？；，]*))?$"
)
_GOES_ON = (
    r"(?i)^(?:shows?|lists?|gives?|presents?|illustrates?|summari[sz]es?|compares?|depicts?|and|or|is|are|was|were|has|have|in|of|above|below|also|can|"
    r"which|that)\b|^(?:显示|表明|给出|列出|所示|说明|是|中|为|可|展示|描述|反映|和|与|及|的)"
)
"""Words after a number that make it a sentence about a figure, and no caption."""

_CATALOGUE = r"(?i)第[^\n]*章|章[^\n]*第|第[^\n]*幕|幕[^\n]*第|chapter|\.{12}|(?m:^\s*\d+\.)"
_CHAPTER = (
    r"(?i)^\s*(?:第\s*[\d零〇一二两三四五六七八九十百千]+\s*[章幕节回卷篇部集]|(?:chapter|part|section|book|act)\s+(?:\d+|[ivxlc]+)\b|"
    r"(?:appendix|附录)\s*[A-Z\d一二三四五六七八九十]?(?:\W|$))"
)
_LEADER = r"(?:\.{4,}|…{2,}|·{4,}|(?:\s\.){4,}|_{4,}|-{6,})\s*[(（]?(?:\d+|[ivxlc]+)?[)）]?\s*$"
_PAGE = r"\S[\s\u3000]+\d{1,4}\s*$"
_NUMBERED = r"^\s*(?:\d+(?:\.\d+)+[.、．]?\s*|\d+[.、．]\s*|\d+\s+)\S"
_CODE = r"[=;{}<>\\]|\)$"
_HEAD = r"(?i)^\s*(?:目\s*录|目\s*次|(?:table of )?contents)\s*$"
_SENTENCE = r"[。！？!?;；，,.][”’\"'）)]*\s*$"


def without_notices(texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
    """Comments about copyright go: blocks, and lines of line comments.

    In reference any comment that holds the word; else one with a notice: a holder or year behind the word or the sign, or reserved rights.
    """
    word = "(?i)copyright" if reference else _NOTICE
    lead = r"//|#|--" if reference else r"//+!?|#+|--|;+|%+|rem\b|dnl\b"
    editing = Editing(texts, trace=trace)
    rows = texts.str.contains(word).arg_true()
    if not len(rows):
        return editing.done()
    blocks = _COMMENT if reference else rf"(?s){_COMMENT}|<!--.*?-->"
    comments = found_in(texts, blocks, "block", (texts.str.contains(word) & texts.str.contains(blocks)).arg_true())
    editing.take(comments.filter(pl.col("piece").str.contains(word)))
    space = r"[\s\x1c-\x1f]"
    line = pl.col("line").str.contains(rf"(?i)^{space}*(?:{lead})") & pl.col("line").str.contains(word)
    editing.lines(lambda lines: _ruled(lines, ("line", line)), word)
    return editing.done()


def without_repeated_sentences(
    texts: pl.Series, *, lowercase: bool, ignore_special: bool, least: int | None, reference: bool, trace: bool
) -> Cleaned:
    """Sentences that came before in their document go; they are compared by a key without marks, of at least `least` characters.

    Reference: a point ends a sentence inside a number too, blank lines vanish, and sentences with shorter keys vanish with the repeated ones (2 by default).
    Else they stay (12 by default, a Chinese character counts for two), and whole sentences of text/pieces.py are compared.
    """
    shortest = _LEAST_KEY[reference] if least is None else least
    editing = Editing(texts, trace=trace)
    rows = _flagdata_sentences(texts) if reference else _sentences(texts)
    sentence = pl.col("piece").str.strip_chars()
    special = r"[^a-zA-Z0-9\u4e00-\u9fa5\n\t ]" if reference else r"[^\p{L}\p{N}\p{M}]"
    key = sentence.str.to_lowercase() if lowercase else sentence
    rows = rows.with_columns(key=key.str.replace_all(special, "") if ignore_special else key)
    size = pl.col("key").str.len_chars()
    if least is None and not reference:
        size += pl.col("key").str.count_matches(r"\p{Han}")
    long = (size >= shortest).alias("long")
    repeated = long & ~pl.struct("document", "key", long).is_first_distinct()
    rows = rows.with_columns(rule=pl.when(repeated).then(pl.lit("repeated")))
    if reference:
        short = ~long & (pl.col("piece") != "")
        rows = rows.with_columns(rule=pl.when(short).then(pl.lit("short")).otherwise("rule"))
        editing.take(rows.filter(pl.col("rule").is_not_null()))
        editing.lines(lambda lines: _ruled(lines, ("blank_line", pl.col("line") == "")))
        return editing.done()
    # A newline goes with its line only where nothing of that line stays.
    whole = pl.col("rule").is_not_null().all().over("document", "number")
    breaks = pl.col("piece").str.ends_with("\n") & ~whole
    editing.take(rows.with_columns(end=pl.col("end") - breaks.cast(pl.Int64)).filter(pl.col("rule").is_not_null()))
    return editing.done()


def _flagdata_sentences(texts: pl.Series) -> pl.DataFrame:
    parted = texts
    for split in _SPLITS:
        parted = parted.str.replace_all(split, f"${{1}}{_PART}${{2}}")
    frame = pl.DataFrame({"document": np.arange(len(texts)), "line": parted.str.split("\n")}).explode("line")
    frame = frame.with_row_index("number").with_columns(piece=pl.col("line").str.split(_PART)).explode("piece")
    is_last = pl.col("number") != pl.col("number").shift(-1, fill_value=-1)
    length = pl.col("piece").str.len_chars().cast(pl.Int64)
    behind = (length + is_last.cast(pl.Int64)).cum_sum().over("document")
    end = behind - is_last.cast(pl.Int64)
    return frame.select("document", (end - length).alias("start"), end.alias("end"), "piece", "number")


def _sentences(texts: pl.Series) -> pl.DataFrame:
    pieces = sentence_pieces(TextBatch.of(texts))
    piece = pl.Series("piece", pieces.spans.strings(), pl.String)
    document = np.repeat(np.arange(len(texts)), np.diff(pieces.first))
    frame = pl.DataFrame({"document": document, "piece": piece})
    length = pl.col("piece").str.len_chars().cast(pl.Int64)
    end = length.cum_sum().over("document")
    number = pl.col("piece").str.ends_with("\n").shift(1, fill_value=False).cum_sum()
    return frame.with_columns(start=end - length, end=end, number=number)


def without_captions(texts: pl.Series, *, longest: int, reference: bool, trace: bool) -> Cleaned:
    """Lines that are wholly a caption of a figure or table go.

    Reference: a title without spaces at most, and every line loses the white space at its ends. Else titles of several words too, of `longest` characters
    at most, and no sentence about the figure.
    """
    editing = Editing(texts, trace=trace)
    lead = (
        rf"(?im)^{_LINE_SPACE}*(?:[图表]|figure|table)"
        if reference
        else rf"(?im)^{_LINE_SPACE}*(?:附?[图表]|fig|tab|chart|scheme)"
    )
    bare = pl.col("line").str.strip_chars()
    caption = bare.str.contains(_CAPTION)
    if not reference:
        groups = bare.str.extract_groups(_SANE_CAPTION)
        told, title, close = (groups.struct.field(name) for name in ("told", "title", "close"))
        said = pl.coalesce(title, close).fill_null("")
        sentence = (
            bare.str.contains(r"[。！？!?;；]\s*$") | (said != "") & bare.str.contains(r"[.]\s*$") & told.is_null()
        )
        caption = (
            bare.str.contains(_SANE_CAPTION)
            & ~sentence
            & ~said.str.contains(_GOES_ON)
            & (bare.str.len_chars() <= longest)
        )
    editing.lines(lambda lines: _ruled_among(lines, pl.col("line").str.contains(lead), ("caption", caption)), lead)
    if reference:
        editing.cut(Cut("white_space", rf"(?m)^{_LINE_SPACE}+|{_LINE_SPACE}+$"))
    return editing.done()


def without_catalogues(
    texts: pl.Series, *, length_threshold: int, consecutive_threshold: int, reference: bool, trace: bool
) -> Cleaned:
    """Rows of lines like those of a table of contents go; blank lines between them go too.

    Reference: a short line that names a chapter or act, begins with a number and a point, or holds twelve points. Else a line must be one whole entry,
    half of a row's lines must have page numbers, leaders or chapters, and the heading goes with its table.
    """
    editing = Editing(texts, trace=trace)
    line, kinds = pl.col("line"), _entries(reference=reference)
    blank = line == "" if reference else line.str.strip_chars() == ""

    def judge(lines: pl.DataFrame) -> pl.Series:
        short = lines.select(line.str.len_chars() < length_threshold).to_series().arg_true()
        none = pl.Series([False]).new_from_index(0, lines.height)
        found = lines[short].select(kinds)
        entry, sure, head = (none.clone().scatter(short, found[name]) for name in ("entry", "sure", "head"))
        facts = lines.select("document", blank=blank).with_columns(
            entry=entry, sure=sure, number=pl.int_range(pl.len())
        )
        facts = facts.with_columns(normal=~(pl.col("entry") | pl.Series(head) | pl.col("blank")))
        over = ("document", pl.col("normal").cum_sum().over("document"))
        inside = pl.col("entry") & ~pl.col("normal")
        many = inside.sum().over(over) >= consecutive_threshold
        evident = 2 * (inside & pl.col("sure")).sum().over(over) >= inside.sum().over(over)
        last = pl.col("number").filter(inside).max().over(over)
        goes = many & evident & ~pl.col("normal") & (pl.col("number") <= last)
        return facts.select(pl.when(goes).then(pl.lit("catalogue"))).to_series()

    editing.lines(judge, _CATALOGUE if reference else None)
    return editing.done()


def _entries(*, reference: bool) -> list[pl.Expr]:
    """Of a short line: whether it is an `entry` of a table of contents, one that is `sure`, or a `head` of one."""
    line = pl.col("line")
    if reference:
        both = [line.str.contains("第", literal=True) & line.str.contains(c, literal=True) for c in "章幕"]
        entry = (
            both[0] | both[1] | line.str.contains(r"(?i)chapter|\.{12}") | line.str.contains(r"^[\s\x1c-\x1f]*\d+\.")
        )
        return [entry.alias("entry"), pl.lit(value=True).alias("sure"), pl.lit(value=False).alias("head")]
    chapter, leads, page = (line.str.contains(pattern) for pattern in (_CHAPTER, _LEADER, _PAGE))
    titled = chapter | line.str.contains(_NUMBERED) | page & line.str.contains(r"^\s*\p{L}")
    entry = leads | (titled & ~line.str.contains(_SENTENCE) & ~line.str.contains(_CODE))
    sure = leads | chapter | (page & ~line.str.contains(r"^[\d\s.,]+$"))
    return [entry.alias("entry"), sure.alias("sure"), line.str.contains(_HEAD).alias("head")]


def without_tables(texts: pl.Series, *, min_col: int, max_col: int, reference: bool, trace: bool) -> Cleaned:
    """Rows of tables go: cells between tabs or two and more spaces.

    Reference: from the second line on, cells between two others must have two characters, white space may hold newlines, and blank lines behind go
    too; `max_col` limits nothing. Else rows of `min_col` to `max_col` cells of any length, two or more such lines in a row.
    """
    editing = Editing(texts, trace=trace)
    if reference:
        _take_flagdata_tables(editing, min_col, max_col)
        return editing.done()
    bare = pl.col("line").str.strip_chars()
    cells = bare.str.count_matches(r"(?:[ \u3000\xa0]*\t[ \t\u3000\xa0]*|[ \u3000\xa0]{2,})") + 1
    row = cells.is_between(min_col, max_col)

    def judge(lines: pl.DataFrame) -> pl.Series:
        facts = lines.select("document", row=row, blank=bare == "")
        number = (~(pl.col("row") | pl.col("blank"))).cum_sum().over("document")
        facts = facts.with_columns(run=number)
        many = pl.col("row").sum().over("document", "run") >= 2
        return facts.select(pl.when(pl.col("row") & many).then(pl.lit("row"))).to_series()

    editing.lines(judge, r"\t|[ \u3000\xa0]{2}")
    return editing.done()


def _take_flagdata_tables(editing: Editing, min_col: int, max_col: int) -> None:
    """FlagData's passes, with more columns each; the first that finds nothing ends them, for later ones find no more."""
    for columns in range(min_col - 1, max_col):
        # The same matches as of `((\S+)(\t|\s{2,})(\S+)){n,}\n+`, whose inner cells are two runs side by side: that one takes exponential time. It ends at
        # the first run behind n gaps that a newline follows, for it would rather have its last run whole than another gap.
        gap = r"(?:\t|\s{2,})"
        pattern = regex.compile(
            rf"(?<=\n)\S+{gap}(?:\S{{2,}}{gap}){{{columns - 1},}}?\S+\n+" if columns > 0 else r"(?<=\n)\n+"
        )
        rows = editing.text.str.contains(r"\n\S+(?:\t|\s{2})").arg_true()
        found = [
            (document, match.start(), match.end(), "row")
            for document, text in zip(rows.to_list(), editing.text.gather(rows).to_list(), strict=True)
            for match in pattern.finditer(text)
        ]
        if not found:
            return
        editing.take(pl.DataFrame(found, schema=["document", "start", "end", "rule"], orient="row"))


_CLOSING = r"[\"'”’»」』）)\]】》]*"


_NEAR = 1000
"""Characters at a text's end in which its last sentence end is looked for first."""


def ended_at_a_mark(texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
    """Texts cut behind their last end of a sentence.

    Reference: behind the last of six marks, wherever it stands; a text without one becomes empty. Else closing marks stay with the end, a point counts
    where white space or nothing follows, and a text without an end is left alone.
    """
    if reference:
        editing = Editing(texts, trace=trace)
        editing.cut(Cut("tail", r"[^。！？.?!]+\z"))
        return editing.done()
    whole = rf"(?s)\A(.*(?:[。！？…．｡]{_CLOSING}|[.?!]{_CLOSING}(?:\s|\z)))"
    # Most texts have an end in their last few lines: the whole is read where they have not.
    tail = texts.str.tail(_NEAR)
    size = texts.str.len_chars().cast(pl.Int64)
    near = tail.str.extract(whole, 1).str.strip_chars_end().str.len_chars().cast(pl.Int64)
    near += size - tail.str.len_chars().cast(pl.Int64)
    far = (near.is_null() & (size > _NEAR)).arg_true()
    kept = near.scatter(
        far, texts.gather(far).str.extract(whole, 1).str.strip_chars_end().str.len_chars().cast(pl.Int64)
    )
    frame = pl.DataFrame({"document": np.arange(len(texts)), "start": kept, "end": size})
    bare = texts.str.strip_chars_end().str.len_chars().cast(pl.Int64)
    places = frame.filter(pl.Series(bare) > pl.col("start")).with_columns(rule=pl.lit("tail"))
    editing = Editing(texts, trace=trace)
    editing.take(places)
    return editing.done()


def _ruled_among(lines: pl.DataFrame, among: pl.Expr, *rules: tuple[str, pl.Expr]) -> pl.Series:
    """The same, asked of some of the lines only: those of which something cheaper holds."""
    where = lines.select(among).to_series().arg_true()
    none = pl.Series("rule", [None], pl.String).new_from_index(0, lines.height)
    return none.scatter(where, _ruled(lines[where], *rules))


def _ruled(lines: pl.DataFrame, *rules: tuple[str, pl.Expr]) -> pl.Series:
    """The first rule that holds of each line, or null."""
    found = pl.lit(None, pl.String)
    for name, holds in reversed(rules):
        found = pl.when(holds).then(pl.lit(name)).otherwise(found)
    return lines.select(found.alias("rule")).to_series()
