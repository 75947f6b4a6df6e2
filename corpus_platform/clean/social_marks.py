"""Marks of the sites where people write: buttons, menus, counters, share marks; taken out of posts by lists of whole lines and of ends of lines.

An entry of the list `social_marks` is a line (`reply`, `赞同 #`) where `#` is a number and `@` a time; several on one line go together, times too.
`also:` is a mark only beside others, `end:` goes behind other words too, `any:` wherever it stands. A line that has anything else on it is left
alone, and so is code.
Promise: time is linear; the text without its spans is the text after.

Not here: frames of web pages (chinese_lines.py), names and addresses (social_pii.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.clean.edits import Cleaned, Editing
from corpus_platform.clean.line_rows import lines_of
from corpus_platform.clean.matches import matches
from corpus_platform.lists.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST = "social_marks"
LANGUAGES = ("en", "zh")

_NUMBER = r"\d[\d,.]*(?:\s?(?:[万千亿]|[wkm]\b))?\+?"
_CLOCK = r"\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[ap]m\b)?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = (
    rf"(?:(?:19|20)\d\d[-/.年]\s?\d{{1,2}}[-/.月]\s?\d{{1,2}}日?|\d{{1,2}}[-/月]\d{{1,2}}日?|今天|昨天|前天|today|yesterday"
    rf"|\b{_MONTH} \d{{1,2}}(?:,? ?'?\d{{2,4}})?\b)"
)
_AGO = (
    r"(?:\d+|\ban?)\s*(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|mo|years?|yrs?|[smhdwy]|秒钟?|分钟?|小时|天|周|个?月|年)"
    r"\s*(?:ago|前)|刚刚|just now"
)
_TIME = rf"(?:{_DAY}(?:\s*(?:at\s*)?{_CLOCK})?|{_CLOCK}|{_AGO})"
_BETWEEN = r"[|·•,，、/»→]+"
_REPOST = r"//\s*(?:@[^\s:：]{1,30}|<USER>)\s*[:：]\s*"
"""Who is said to have passed something on, of which nothing but a mark is left."""
_N, _T = "\x01", "\x02"
"""Stand for a number and for a time."""
_NOTHING = r"[^\s\S]"
_HAN = r"\p{Han}"
_LONGEST = 200
"""Characters of a line that may be made of marks."""
_MANY = 3
"""Marks of one word with mere spaces between them may be words of a sentence; so many are a menu."""
_FENCE = r"^[\s>]*(?:```|~~~)"


def without_marks(
    texts: pl.Series, *, lists: Lists | None = None, languages: Sequence[str] = LANGUAGES, trace: bool = False
) -> Cleaned:
    """Texts without the marks of some languages: lines under the rule `button`, ends of lines and what goes anywhere under `mark`."""
    patterns = _patterns(lists or Lists(), tuple(languages))
    part = patterns.part
    editing = Editing(texts, trace=trace)
    editing.lines(lambda lines: _buttons(lines, patterns))
    rows = editing.text.str.contains(rf"(?m){part}").arg_true()
    if len(rows):
        lines = lines_of(editing.text.gather(rows)).with_columns(
            pl.col("document").replace_strict(pl.Series(range(len(rows)), dtype=pl.Int64), rows.cast(pl.Int64))
        )
        lines = lines.filter(~_is_code())
        inside = matches(lines["line"], part, "mark").rename({"document": "row"})
        of_line = lines.select("document", first="start").with_row_index("row").cast({"row": pl.Int64})
        placed = inside.join(of_line, on="row", how="left", maintain_order="left")
        start, end = pl.col("first") + pl.col("start"), pl.col("first") + pl.col("end")
        editing.take(
            placed.filter(pl.col("end") > pl.col("start")).select(
                "document", start.alias("start"), end.alias("end"), "rule"
            )
        )
    return editing.done()


def _is_code() -> pl.Expr:
    """Of lines: whether they are between fences, or fences."""
    is_fence = pl.col("line").str.contains(_FENCE)
    return is_fence | (is_fence.cast(pl.Int64).cum_sum().over("document") % 2 == 1)


def _buttons(lines: pl.DataFrame, patterns: _Patterns) -> pl.Series:
    is_mark = patterns.of_lines(lines["line"])
    rule = pl.when(pl.col("is_mark") & ~_is_code()).then(pl.lit("button"))
    return lines.with_columns(is_mark=is_mark).select(rule.alias("rule")).to_series()


@dataclass(frozen=True)
class _Patterns:
    """Of lines whose numbers, times and white space have been made alike: `sure` marks, and those with what is one only beside them; and of any line."""

    sure: str
    every: str
    part: str

    def of_lines(self, lines: pl.Series) -> pl.Series:
        """Lines that are nothing but marks."""
        short = pl.DataFrame({"line": lines}).with_row_index("row")
        short = short.filter(pl.col("line").str.len_chars().is_between(1, _LONGEST)).with_columns(
            normal=_alike(pl.col("line"))
        )
        normal = pl.col("normal")
        is_menu = (
            normal.str.contains(rf"[|{_N}{_T}]|{_HAN}")
            | (normal.str.count_matches(" ") >= _MANY - 1)
            | normal.str.contains(rf"^(?:{self.sure})$")
        )
        has_han = normal.str.contains(_HAN)
        beside = rf"[| {_N}{_T}]|{_HAN}"
        has_sure = normal.str.contains(rf"(?:^|{beside})(?:{self.sure})(?:$|{beside})")
        apart = normal.str.contains(rf"^(?:(?:{self.every}|{_T})(?:[| ]+|$))+$")
        # Chinese marks need nothing between them; `replay` would be `rep` and `lay`.
        joined = has_han & normal.str.contains(rf"^(?:(?:{self.every}|{_T})[| ]*)+$")
        found = short.filter(has_sure & is_menu & (apart | joined))
        return pl.Series("is_mark", pl.int_range(len(lines), eager=True).is_in(found["row"].cast(pl.Int64).implode()))


def _alike(text: pl.Expr) -> pl.Expr:
    return (
        text.str.to_lowercase()
        .str.replace_all(_TIME, _T)
        .str.replace_all(_NUMBER, _N)
        .str.replace_all(rf"\s*{_BETWEEN}\s*", "|")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars("| ")
    )


@lru_cache(maxsize=16)
def _patterns(lists: Lists, languages: tuple[str, ...]) -> _Patterns:
    entries = [entry for language in languages for entry in lists.get(LIST, language).entries]
    kinds: dict[str, list[str]] = {"also": [], "end": [], "any": [], "": []}
    for entry in entries:
        kind, colon, rest = entry.partition(":")
        known = kind if colon and kind in kinds else ""
        kinds[known].append(rest.strip() if known else entry)
    ends, anywhere = kinds["end"], kinds["any"]
    pieces = [rf"(?:(?:{_REPOST})?[\s(（]*{_any(ends)}[)）\s]*)+$"] * bool(ends) + [_any(anywhere)] * bool(anywhere)
    sure = [*kinds[""], *ends, *anywhere]
    part = f"(?i){'|'.join(pieces)}" if pieces else _NOTHING
    return _Patterns(_words(sure), _words([*sure, *kinds["also"]]), part)


def _words(entries: Sequence[str]) -> str:
    """Entries as a pattern of lines that have been made alike."""
    marked = pl.Series("entry", [entry.replace("#", _N).replace("@", _T) for entry in entries], pl.String)
    alike = sorted(set(pl.select(_alike(pl.lit(marked))).to_series()), key=len, reverse=True)
    return "|".join(pl.escape_regex(mark).replace(" ", " ?") for mark in alike if mark) or _NOTHING


def _any(phrases: Sequence[str]) -> str:
    escaped = (pl.escape_regex(phrase).replace(" ", r"\s*") for phrase in sorted(phrases, key=len, reverse=True))
    return f"(?:{'|'.join(escaped)})"
