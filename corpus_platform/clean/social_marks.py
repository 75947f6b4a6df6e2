"""Marks of the sites where people write: buttons, menus, counters, share marks; taken out of posts by lists of whole lines and of ends of lines.

An entry of the list `social_marks` is a line (`reply`, `赞同 #`) where `#` is a number and `@` a time; several on one line go together. `end:` marks
what also goes behind other words, `any:` what goes wherever it stands. A line that has anything else on it is left alone, and so is code.
Promise: time is linear; spans say what went, in characters of the text before.

Not here: frames of web pages (chinese_lines.py), names and addresses (social_pii.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.clean.line_rows import joined, lines_of
from corpus_platform.clean.matches import matches
from corpus_platform.lists.lists import Lists
from corpus_platform.text.pieces import PLACES

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
_BETWEEN = r"[|·•,，、/>»→~-]+"
_LONGEST = 200
"""Characters of a line that may be made of marks."""
_MANY = 3
"""Marks of one word with mere spaces between them may be words of a sentence; so many are a menu."""
_FENCE = r"^[\s>]*(?:```|~~~)"


@dataclass(frozen=True)
class Marked:
    """`text` without the marks; `spans` (columns of PLACES) say what went under the rules `button`, `end` and `any`, where they were asked for."""

    text: pl.Series
    removed: dict[str, int]
    spans: pl.DataFrame | None


def without_marks(
    texts: pl.Series, *, lists: Lists | None = None, languages: Sequence[str] = LANGUAGES, trace: bool = False
) -> Marked:
    """Texts without the marks of some languages."""
    marks, part = _patterns(lists or Lists(), tuple(languages))
    lines = lines_of(texts)
    line = pl.col("line")
    is_fence = line.str.contains(_FENCE)
    fences = is_fence.cast(pl.Int64).cum_sum().over("document")
    lines = lines.with_columns(code=is_fence | (fences % 2 == 1), is_mark=_are_marks(lines["line"], marks))
    left = pl.when(pl.col("code")).then(line).otherwise(line.str.replace_all(part, "").str.strip_chars_end())
    has_part = ~pl.col("code") & line.str.contains(part)
    lines = lines.with_columns(left=pl.when(has_part).then(left).otherwise(line), has_part=has_part)
    goes = ~pl.col("code") & (pl.col("is_mark") | (pl.col("has_part") & (pl.col("left").str.strip_chars() == "")))
    lines = lines.with_columns(rule=pl.when(goes).then(pl.lit("button")))
    shortened = lines.filter(pl.col("has_part") & pl.col("rule").is_null())
    removed = {"button": int(lines["rule"].is_not_null().sum()), "end": shortened.height}
    changed = lines.filter(pl.col("rule").is_not_null() | pl.col("has_part"))["document"].unique()
    after = joined(lines, len(texts), "left").str.replace_all(r"\n{3,}", "\n\n").str.strip_chars("\n")
    text = pl.select(
        pl.when(pl.int_range(len(texts)).is_in(changed.implode())).then(after).otherwise(texts).alias("text")
    ).to_series()
    return Marked(text, {k: n for k, n in removed.items() if n}, _spans(lines, shortened, part) if trace else None)


def _spans(lines: pl.DataFrame, shortened: pl.DataFrame, part: str) -> pl.DataFrame:
    end = pl.col("start") + pl.col("line").str.len_chars()
    whole = lines.filter(pl.col("rule").is_not_null()).select("document", "start", end.alias("end"), "rule")
    inside = matches(shortened["line"], part, "end")
    of_line = shortened.select("document", "start").with_row_index("row").cast({"row": pl.Int64})
    placed = inside.rename({"document": "row", "start": "from", "end": "to"}).join(of_line, on="row", how="left")
    pieces = placed.select(
        "document", pl.col("start") + pl.col("from"), (pl.col("start") + pl.col("to")).alias("end"), "rule"
    )
    kinds = [frame.cast(PLACES) for frame in (whole, pieces)]  # type: ignore[arg-type]
    return pl.concat(kinds).sort("document", "start")


def _are_marks(lines: pl.Series, marks: str) -> pl.Series:
    """Lines that are nothing but marks."""
    short = (
        pl.DataFrame({"line": lines})
        .with_row_index("row")
        .filter(pl.col("line").str.len_chars().is_between(1, _LONGEST))
    )
    normal = (
        pl.col("line")
        .str.to_lowercase()
        .str.replace_all(_TIME, "@")
        .str.replace_all(_NUMBER, "#")
        .str.replace_all(rf"\s*{_BETWEEN}\s*", "|")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars("| ")
    )
    short = short.with_columns(normal=normal)
    normal = pl.col("normal")
    is_menu = (
        normal.str.contains(r"[|@#\p{Han}]")
        | (normal.str.count_matches(" ") >= _MANY - 1)
        | normal.str.contains(rf"^(?:{marks})$")
    )
    found = short.filter(
        normal.str.contains(rf"^(?:(?:{marks}|[@#])(?:[| ]|$)|[@#]?(?:{marks})[@#]?)+$")
        & is_menu
        & (normal.str.strip_chars("@#| ") != "")
    )
    return pl.Series("is_mark", pl.int_range(len(lines), eager=True).is_in(found["row"].cast(pl.Int64).implode()))


@lru_cache(maxsize=16)
def _patterns(lists: Lists, languages: tuple[str, ...]) -> tuple[str, str]:
    """A pattern of marks in lines where numbers, times and white space have been made alike, and one of what goes from a line."""
    entries = [entry for language in languages for entry in lists.get(LIST, language).entries]
    ends = [entry.removeprefix("end:").strip() for entry in entries if entry.startswith("end:")]
    anywhere = [entry.removeprefix("any:").strip() for entry in entries if entry.startswith("any:")]
    whole = [entry for entry in entries if not entry.startswith(("end:", "any:"))] + ends + anywhere
    alike = (
        pl.Series(whole, dtype=pl.String)
        .str.to_lowercase()
        .str.replace_all(rf"\s*{_BETWEEN}\s*", "|")
        .str.strip_chars("| ")
    )
    marks = "|".join(
        pl.escape_regex(mark).replace(" ", " ?") for mark in sorted(set(alike), key=len, reverse=True) if mark
    )
    pieces = [rf"[\s(（]*(?:{_any(ends)})[)）\s]*$"] * bool(ends) + [_any(anywhere)] * bool(anywhere)
    return marks or r"[^\s\S]", f"(?i){'|'.join(pieces)}" if pieces else r"[^\s\S]"


def _any(phrases: Sequence[str]) -> str:
    escaped = (pl.escape_regex(phrase).replace(" ", r"\s*") for phrase in sorted(phrases, key=len, reverse=True))
    return f"(?:{'|'.join(escaped)})"
