"""What an edit makes of texts, and the three ways of making it: by regular expressions, by places, by lines.

A *cut* is a regular expression with what stands in place of a match; its group `before`, where it has one, stays. *Places* are rows `document`
(0..n-1), `start`, `end` (characters of the text before), `rule`. Edits in several passes tell their places in the first text.
Promise: where nothing is put in place of what is taken out, the text without its places is the text after the edit.

Not here: which edits there are (the modules beside this one), what a recipe says of them (recipes/steps/).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.clean.line_rows import joined, lines_of
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARKS = range(0x10FFFF, 0xEFFFF, -1)
_SIZED = {**PLACES, "size": pl.Int64}
"""Places with the number of characters that stand there after the edit."""
PLACED = {**PLACES, "put": pl.String}
"""Places with what is put there."""
_WIDE = np.int64(1 << 36)
"""More than the characters of any text: document * _WIDE + character is one number for a place."""

STRIPPED = r"\A[\s\x1c-\x1f]+|[\s\x1c-\x1f]+\z"
"""What `str.strip` takes off."""


@dataclass(frozen=True)
class Cleaned:
    """n texts after an edit. `removed` counts pieces by rule; `spans` (PLACES) are there only when asked for."""

    text: pl.Series
    removed: dict[str, int] = field(default_factory=dict)
    spans: pl.DataFrame | None = None


@dataclass(frozen=True)
class Cut:
    """Matches of `pattern` (Polars: Rust's `regex`) are replaced by `put`, literally; a group `before` of the pattern stays."""

    rule: str
    pattern: str
    put: str = ""

    @property
    def _head(self) -> str:
        return "${before}" if "(?P<before>" in self.pattern else ""

    @property
    def template(self) -> str:
        """The replacement as Polars takes it."""
        return self._head + self.put.replace("$", "$$")

    def marked(self, mark: str, parting: str) -> str:
        """A replacement that shows what was matched and what is put there, between marks."""
        taken = "${cut}" if self._head else "${0}"
        return f"{self._head}{mark}{taken}{parting}{self.put.replace('$', '$$')}{mark}"


class Editing:
    """Texts under edits, one pass after the other. With `trace` the places of every pass are kept, as places in the texts that it began with."""

    def __init__(self, texts: pl.Series, *, trace: bool) -> None:
        self.text = texts
        self.trace = trace
        self.removed: dict[str, int] = {}
        self._passes: list[pl.DataFrame] = []
        self._spans: list[pl.DataFrame] = []

    def count(self, rule: str, pieces: int) -> None:
        """Adds to what a rule took out."""
        if pieces:
            self.removed[rule] = self.removed.get(rule, 0) + pieces

    def cut(self, *cuts: Cut) -> None:
        """Each cut in its turn, on what the one before has left."""
        for one in cuts:
            rows = self.text.str.contains(one.pattern).arg_true()
            if not len(rows):
                continue
            found = self.text.gather(rows)
            self.count(one.rule, int(found.str.count_matches(one.pattern).sum()))
            if self.trace:
                self._note(matched(found, one, rows))
            self.text = put_rows(self.text, rows, found.str.replace_all(one.pattern, one.template))

    def take(self, places: pl.DataFrame, put: str = "") -> None:
        """Takes places of the present texts out, or puts something there. They are in order and do not overlap; a column `put` is of each place."""
        if not places.height:
            return
        for rule, n in places.group_by("rule", maintain_order=True).len().iter_rows():
            self.count(rule, n)
        put_there = places["put"] if "put" in places.columns else pl.Series([put]).new_from_index(0, places.height)
        self._note(places.with_columns(size=put_there.str.len_chars()))
        rows = places["document"].unique(maintain_order=True)
        made = _spliced(self.text.gather(rows).to_list(), places, put_there.to_list())
        self.text = put_rows(self.text, rows, made)

    def lines(self, judge: Callable[[pl.DataFrame], pl.Series], only: str | None = None) -> None:
        """Takes lines out: `judge` gets rows as of `lines_of` and gives a rule, or null, for each. `only`: an expression that texts to look at have."""
        rows = (self.text.str.contains(only) if only else self.text.is_not_null()).arg_true()
        if not len(rows):
            return
        lines = lines_of(self.text.gather(rows)).drop("rule", strict=False)
        lines = lines.with_columns(rule=judge(lines))
        gone = lines.filter(pl.col("rule").is_not_null())
        if not gone.height:
            return
        for rule, n in gone.group_by("rule", maintain_order=True).len().iter_rows():
            self.count(rule, n)
        if self.trace:
            self._note(_line_places(lines).with_columns(pl.col("document").replace_strict(*_owners(rows))))
        self.text = put_rows(self.text, rows, joined(lines, len(rows)))

    def put(self, texts: pl.Series, places: pl.DataFrame | None = None) -> None:
        """Other texts in place of all; `places` with the column `size` say where they differ."""
        self.text = texts.rename("text")
        if self.trace and places is not None:
            self._note(places)

    def strip(self, rule: str = "white_space") -> None:
        """White space off both ends of each text, as `str.strip` does it."""
        self.cut(Cut(rule, STRIPPED))

    def done(self) -> Cleaned:
        """What came of it."""
        spans = None
        if self.trace:
            spans = pl.concat([pl.DataFrame(schema=PLACES), *self._spans]).sort("document", "start", "end")
        return Cleaned(self.text.rename("text"), self.removed, spans)

    def _note(self, places: pl.DataFrame) -> None:
        if not self.trace:
            return
        own = places.select(*PLACES, "size").cast(_SIZED).sort("document", "start", "end")  # type: ignore[arg-type]
        own = own.filter((pl.col("end") > pl.col("start")) | (pl.col("size") > 0))
        told = own
        for earlier in reversed(self._passes):
            told = _as_before(told, earlier)
        self._spans.append(told.select(*PLACES))
        self._passes.append(own)


def edit_by(texts: pl.Series, *cuts: Cut, trace: bool) -> Cleaned:
    """Texts after some cuts."""
    editing = Editing(texts, trace=trace)
    editing.cut(*cuts)
    return editing.done()


def found_in(texts: pl.Series, pattern: str, rule: str, rows: pl.Series | None = None) -> pl.DataFrame:
    """The matches of a pattern with what they hold: places and `piece`. Only rows with one are looked at; `rows` limits them further."""
    documents = texts.str.contains(pattern).arg_true() if rows is None else rows
    return matched(texts.gather(documents), Cut(rule, pattern), documents)


def changed_lines(before: pl.Series, after: pl.Series, rule: str) -> pl.DataFrame:
    """Places, with `size`, of the lines that differ between texts; of a text that has more or fewer lines than before its whole."""
    rows = (before != after).arg_true()
    if not len(rows):
        return pl.DataFrame(schema=_SIZED)
    old, new = before.gather(rows), after.gather(rows)
    as_many = (old.str.count_matches("\n", literal=True) == new.str.count_matches("\n", literal=True)).arg_true()
    length = pl.col("line").str.len_chars().cast(pl.Int64)
    lines = lines_of(old.gather(as_many)).with_columns(end=pl.col("start") + length)
    lines = lines.with_columns(now=lines_of(new.gather(as_many))["line"]).filter(pl.col("line") != pl.col("now"))
    lines = lines.with_columns(
        pl.col("document").replace_strict(*_owners(rows.gather(as_many))), size=pl.col("now").str.len_chars()
    )
    others = pl.DataFrame({"document": rows, "end": old.str.len_chars(), "size": new.str.len_chars()})
    others = others.filter(~pl.col("document").is_in(rows.gather(as_many).implode())).with_columns(start=0)
    told = [frame.with_columns(rule=pl.lit(rule)).select(*_SIZED).cast(_SIZED) for frame in (lines, others)]  # type: ignore[arg-type]
    return pl.concat(told).sort("document", "start")


def put_rows(texts: pl.Series, rows: pl.Series, values: pl.Series | Sequence[str]) -> pl.Series:
    """The texts with others in some rows."""
    made = values if isinstance(values, pl.Series) else pl.Series("text", list(values), pl.String)
    return made.rename("text") if len(rows) == len(texts) else texts.clone().scatter(rows, made)


def of_places(texts: pl.Series, places: pl.DataFrame) -> pl.Series:
    """The texts without their places, which may overlap: what a pure removal leaves."""
    merged = places.sort("document", "start", "end").with_columns(
        start=pl.max_horizontal("start", pl.col("end").cum_max().shift(1).over("document").fill_null(0))
    )
    merged = merged.filter(pl.col("end") > pl.col("start"))
    rows = merged["document"].unique(maintain_order=True)
    if not len(rows):
        return texts
    return put_rows(texts, rows, _spliced(texts.gather(rows).to_list(), merged, [""] * merged.height))


def _owners(rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    return pl.Series(np.arange(len(rows)), dtype=pl.Int64), rows.cast(pl.Int64)


def matched(texts: pl.Series, cut: Cut, rows: pl.Series) -> pl.DataFrame:
    """Places of a cut's matches, with `piece` and `size`; `rows` are the documents of the texts."""
    free = (c for c in map(chr, _MARKS) if not texts.str.contains(c, literal=True).any())
    mark, parting = next(free), next(free)
    pieces = texts.str.replace_all(cut.pattern, cut.marked(mark, parting)).str.split(mark)
    frame = pl.DataFrame({"document": rows.cast(pl.Int64), "piece": pieces}).explode("piece")
    is_match = pl.int_range(pl.len()).over("document") % 2 == 1
    both = pl.col("piece").str.splitn(parting, 2)
    frame = frame.with_columns(is_match=is_match, piece=both.struct[0], put=both.struct[1].fill_null(""))
    length = pl.col("piece").str.len_chars().cast(pl.Int64)
    end = length.cum_sum().over("document")
    placed = frame.select(
        "document", (end - length).alias("start"), end.alias("end"), pl.lit(cut.rule).alias("rule"),
        pl.col("put").str.len_chars().cast(pl.Int64).alias("size"), "piece", "is_match",
    )  # fmt: skip
    return placed.filter("is_match").drop("is_match")


def _spliced(texts: list[str], places: pl.DataFrame, put: list[str]) -> list[str]:
    """Texts with places replaced; the texts are those of the places' documents, in order."""
    made: list[str] = []
    pieces: list[str] = []
    document, at, row = -1, 0, -1
    starts, ends = places["start"].to_list(), places["end"].to_list()
    for owner, start, end, instead in zip(places["document"].to_list(), starts, ends, put, strict=True):
        if owner != document:
            if row >= 0:
                made.append("".join([*pieces, texts[row][at:]]))
            document, at, row, pieces = owner, 0, row + 1, []
        pieces += (texts[row][at:start], instead)
        at = end
    made.append("".join([*pieces, texts[row][at:]]))
    return made


def _line_places(lines: pl.DataFrame) -> pl.DataFrame:
    """Places of the lines that go, each with the newline behind it; those behind the last line that stays with the newline before them."""
    frame = lines.with_columns(
        end=pl.col("start") + pl.col("line").str.len_chars().cast(pl.Int64),
        number=pl.int_range(pl.len()),
    )
    last = pl.col("number").filter(pl.col("rule").is_null()).max().over("document").fill_null(-1)
    frame = frame.with_columns(behind=pl.col("number") > last).filter(pl.col("rule").is_not_null())
    behind = pl.col("behind")
    return frame.select(
        "document",
        pl.when(behind).then((pl.col("start") - 1).clip(lower_bound=0)).otherwise("start").alias("start"),
        pl.when(behind).then("end").otherwise(pl.col("end") + 1).alias("end"),
        "rule",
        pl.lit(0, pl.Int64).alias("size"),
    )


def _as_before(places: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Places of texts after an edit as places in the texts before it; `earlier` are the places of that edit, in order."""
    if not earlier.height or not places.height:
        return places
    owner, first, last, size = (earlier[name].to_numpy() for name in ("document", "start", "end", "size"))
    grown = size - (last - first)
    total = np.cumsum(grown)
    begins = np.flatnonzero(np.diff(owner, prepend=-1) != 0)
    base = np.repeat(total[begins] - grown[begins], np.diff(np.append(begins, owner.size)))
    shift = total - base
    after_first = first + shift - grown
    after_last = after_first + size
    document, start, end = (places[name].to_numpy() for name in ("document", "start", "end"))
    before = np.searchsorted(owner * _WIDE + after_last, document * _WIDE + start, side="right")
    told_start = start - _of_last(shift, owner, before - 1, document)
    inside = np.minimum(before, owner.size - 1)
    within = (before < owner.size) & (owner[inside] == document) & (after_first[inside] < start)
    told_start = np.where(within, first[inside], told_start)
    upto = np.searchsorted(owner * _WIDE + after_first, document * _WIDE + end, side="left") - 1
    told_end = end - _of_last(shift, owner, upto, document)
    at = np.maximum(upto, 0)
    within = (upto >= 0) & (owner[at] == document) & (after_last[at] > end)
    told_end = np.maximum(np.where(within, last[at], told_end), told_start)
    return places.with_columns(start=pl.Series(told_start), end=pl.Series(told_end)).sort("document", "start", "end")


def _of_last(shift: np.ndarray, owner: np.ndarray, at: np.ndarray, document: np.ndarray) -> np.ndarray:
    """The shift of an edit if it is of the same document, else 0."""
    index = np.maximum(at, 0)
    return np.where((at >= 0) & (owner[index] == document), shift[index], 0)
