"""Edits of single characters and runs of them: controls, invisible ones, white space, widths, marks that repeat, remnants of HTML.

Not here: scripts (script.py), wrongly decoded text (mojibake.py), Unicode's normal forms (the step `unicode_form`).
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Literal

import polars as pl

from corpus_platform.clean.edits import Cut, Editing, edit_by, found_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.clean.edits import Cleaned

_COLOURS = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
"""Sequences by which a terminal is told colours and titles."""


def without_controls(texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
    """Control characters go (Unicode's category Cc).

    Reference: all but the newline, tabs too. Else tabs stay, what ends a line elsewhere (CR LF, CR, vertical tab, form feed, NEL, U+2028, U+2029) becomes a
    newline, and sequences of terminals go whole.
    """
    if reference:
        return edit_by(texts, Cut("control", r"[\p{Cc}--\n]"), trace=trace)
    return edit_by(
        texts,
        Cut("terminal", _COLOURS),
        Cut("line_end", r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n"),
        Cut("control", r"[\p{Cc}--[\n\t]]"),
        trace=trace,
    )


INVISIBLE = r"[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]"
_JOINERS = r"(?P<before>^|[\p{Latin}\p{Han}\p{Cyrillic}\p{Greek}\p{P}\s\d])(?P<cut>[\u200c\u200d]+)"


def without_invisible(texts: pl.Series, *, soft_hyphens: bool, joiners: bool, trace: bool) -> Cleaned:
    """Characters that nobody sees go: byte order marks, zero-width spaces, direction marks, fillers.

    Joiners go behind letters of scripts that have no use for them; those of emoji and of Indic and Arabic scripts stay.
    """
    invisible = INVISIBLE if soft_hyphens else INVISIBLE.replace(r"\xad", "")
    cuts = [Cut("invisible", invisible), *([Cut("joiner", _JOINERS)] if joiners else [])]
    return edit_by(texts, *cuts, trace=trace)


_SPACES = r"[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"


def plain_white_space(texts: pl.Series, *, indent: bool, blank_lines: int, trace: bool) -> Cleaned:
    """Spaces of every kind become plain ones, runs one, none stands at a line's end; at most so many blank lines follow each other.

    With `indent` the plain spaces and tabs at a line's start stay: those of code and verse.
    """
    inner = r"(?P<before>\S)(?P<cut>[ ]{2,})" if indent else r"[ ]{2,}"
    spaces = _SPACES.replace(r"\t", "") if indent else _SPACES
    cuts = [
        Cut("line_end", r"\r\n?", "\n"),
        Cut("space", spaces, " "),
        *([Cut("tab", r"(?P<before>\S[ ]*)(?P<cut>\t[\t ]*)", " ")] if indent else []),
        Cut("trailing", r"(?m)[ \t]+$"),
        Cut("run", inner, " "),
        *([] if indent else [Cut("leading", r"(?m)^[ ]+")]),
        Cut("blank_lines", rf"\n{{{blank_lines + 2},}}", "\n" * (blank_lines + 1)),
        Cut("ends", r"\A\s*\n|\s+\z" if indent else r"\A\s+|\s+\z"),
    ]
    return edit_by(texts, *cuts, trace=trace)


def fewer_newlines(texts: pl.Series, *, most: int, reference: bool, trace: bool) -> Cleaned:
    """Runs of more newlines become `most`. Reference: newlines alone; else lines of white space between them count as blank."""
    inner = r"\n" if reference else r"\r?\n(?:[^\S\n]*\n)"
    run = rf"\n{{{most + 1},}}" if reference else rf"{inner}{{{most},}}"
    return edit_by(texts, Cut("newlines", run, "\n" * most), trace=trace)


Width = Literal["half", "full"]
_KINDS: dict[str, str] = {
    "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "digits": "0123456789",
    "marks": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "space": " ",
}


@cache
def width_table(to: Width, kinds: tuple[str, ...]) -> Mapping[str, str]:
    """What becomes of each character: full-width forms (U+FF01 to U+FF5E, U+3000) and ASCII; letters, digits, marks, space."""
    pairs = {c: ("\u3000" if c == " " else chr(ord(c) + 0xFEE0)) for kind in kinds for c in _KINDS[kind]}
    return {full: half for half, full in pairs.items()} if to == "half" else pairs


def of_width(texts: pl.Series, to: Width, kinds: tuple[str, ...], *, trace: bool) -> Cleaned:
    """Full-width forms become ASCII, or ASCII full-width, for some kinds of characters."""
    return mapped(texts, width_table(to, kinds), f"{to}_width", trace=trace)


def mapped(texts: pl.Series, table: Mapping[str, str], rule: str, *, trace: bool) -> Cleaned:
    """Characters replaced by a table."""
    editing = Editing(texts, trace=trace)
    put_mapped(editing, table, rule)
    return editing.done()


def put_mapped(editing: Editing, table: Mapping[str, str], rule: str) -> None:
    """A pass that replaces characters by a table."""
    texts = editing.text
    pattern = f"[{''.join(re.escape(c) for c in table)}]"
    rows = texts.str.contains(pattern).arg_true()
    if not len(rows):
        return
    found = texts.gather(rows)
    editing.count(rule, int(found.str.count_matches(pattern).sum()))
    places = None
    if editing.trace:
        spotted = found_in(texts, pattern, rule, rows)
        places = spotted.with_columns(size=pl.Series([len(table[c]) for c in spotted["piece"]], dtype=pl.Int64))
    made = found.str.replace_many(list(table), list(table.values()))
    editing.put(texts.clone().scatter(rows, made), places)


_REPEATED = "!！?？。，,、；;…~～*#=_—·•^"


def fewer_marks(texts: pl.Series, *, most: int, marks: str, trace: bool) -> Cleaned:
    """Runs of one and the same mark are cut to `most`; points to three, the ellipsis that they mean, and hyphens and underlines of a line to three too."""
    # One look for all of them: most texts have no such run.
    any_run = "|".join(rf"{re.escape(mark)}{{{max(_least(mark), most) + 1},}}" for mark in marks or _REPEATED + ".-")
    rows = texts.str.contains(any_run).arg_true()
    editing = Editing(texts, trace=trace)
    if not len(rows):
        return editing.done()
    spotted = found_in(texts, any_run, "repeated", rows)
    kept = [max(_least(piece[0]), most) for piece in spotted["piece"]]
    editing.take(spotted.with_columns(start=pl.col("start") + pl.Series(kept, dtype=pl.Int64)))
    return editing.done()


def _least(mark: str) -> int:
    """Marks of a kind that mean something together."""
    return 3 if mark in ".-_=*#" else 2 if mark in "…—" else 1


_NAMES = (
    "a|abbr|address|article|aside|audio|b|base|big|blockquote|body|br|button|canvas|caption|center|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|"
    "embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|"
    "mark|meta|nav|nobr|noscript|object|ol|optgroup|option|p|param|pre|q|rp|rt|ruby|s|samp|section|select|small|source|span|strike|strong|sub|summary|sup|"
    "svg|table|tbody|td|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr"
)
_WHOLE = (
    r"(?is)<!--.*?-->|<script\b[^>]*>.*?</script\s*>|<style\b[^>]*>.*?</style\s*>|<!\[CDATA\[|\]\]>|<!doctype\b[^>]*>"
)
_BREAKING = r"(?i)<(?:br|hr)\s*/?>|</(?:p|div|li|tr|h[1-6]|table|ul|ol|dl|dd|dt|blockquote|section|article|pre)\s*>"
_TAG = rf"(?i)</?(?:{_NAMES})(?:\s[^<>\n]{{0,1000}})?/?>"
_ENTITY = r"&(?:#[0-9]{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,31});"


def without_html(texts: pl.Series, *, tags: bool, entities: bool, trace: bool) -> Cleaned:
    """Remnants of HTML go: comments, scripts, tags of HTML's own names (a line break where one ends a line), and character references become characters.

    References that were written twice (`&amp;nbsp;`) are read twice. `<T>`, `a < b` and `&` alone stay.
    """
    editing = Editing(texts, trace=trace)
    if tags:
        editing.cut(Cut("block", _WHOLE), Cut("break", _BREAKING, "\n"), Cut("tag", _TAG))
    for _ in range(2 if entities else 0):
        _read_entities(editing)
    return editing.done()


def _read_entities(editing: Editing) -> None:
    rows = editing.text.str.contains(_ENTITY).arg_true()
    if not len(rows):
        return
    spotted = found_in(editing.text, _ENTITY, "entity", rows)
    known = {piece: _character(piece) for piece in spotted["piece"].unique()}
    put = pl.Series("put", [known[piece] for piece in spotted["piece"]], pl.String)
    editing.take(spotted.with_columns(put).filter(pl.col("put") != pl.col("piece")))


def _character(entity: str) -> str:
    """What a reference stands for; a space for the no-break space, and itself for what it does not name."""
    found = html.unescape(entity)
    if any(0xD800 <= ord(c) <= 0xDFFF for c in found):
        return entity
    return " " if found == "\xa0" else found
