"""Values of signals for documents whose texts change: what is stored is used as long as it is true, the rest is computed.

Each value remembers which version of the document's text it was measured on. An edit gives the changed documents a new version, so that
only their values, and only those that are asked for, are computed anew.

Not here: what is asked for, and when (apply.py), or how signals are computed (signals/).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.registry import families, signals
from corpus_platform.signals.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.signals.environment import Environment

TEXT_COLUMNS = ("length", "nlines", "line_ids", "perplexity", "bucket")
"""Columns of a document that are true of its stored text only, besides the signals."""

_STILL_LIKE = 0.8
"""Share of its bytes that a text must have left for what an edit keeps to be true of it."""


@dataclass
class Values:
    """Documents under a recipe: `frame` as it came, the texts as they are now, and what is known of them."""

    frame: pl.DataFrame
    environment: Environment
    """What signals are computed with."""
    stored_reference: bool
    """Whether the frame's signals were computed with `compat: reference`."""
    text: pl.Series = field(init=False)
    version: np.ndarray = field(init=False)
    """int32[n]: how often each text was edited."""
    stale: Counter[str] = field(default_factory=Counter)
    """Documents, by signal, that were judged by a value of their text before it was edited, for it can't be measured here."""
    computed: Counter[str] = field(default_factory=Counter)
    """Documents, by signal, whose value was computed and not stored."""

    def __post_init__(self) -> None:
        self.text = self.frame["text"]
        self.version = np.zeros(self.frame.height, np.int32)
        self._columns: dict[str, pl.Series] = {}
        self._measured: dict[str, np.ndarray] = {}
        known = signals()
        for name in self.frame.columns:
            unfit = name in known and known[name].reference and self.stored_reference != self.environment.reference
            if name != "text" and not unfit:
                self._columns[name] = self.frame[name]
                self._measured[name] = np.zeros(self.frame.height, np.int32)
        if "language" in self._columns:
            self._measured["language"][self._columns["language"].is_null().to_numpy()] = -1

    def column(self, name: str) -> pl.Series:
        """A column as it is known now; nulls where nothing is."""
        if name in self._columns:
            return self._columns[name]
        dtype = signals()[name].column_type if name in signals() else pl.String
        return pl.Series(name, [None] * self.frame.height, dtype)

    @property
    def stored(self) -> frozenset[str]:
        """Columns that something is known of."""
        return frozenset(self._columns)

    def missing(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Those of the rows (int64) whose value is not known for the text that they have now."""
        if name not in self._columns:
            return rows
        if name not in signals() and name not in TEXT_COLUMNS:
            return rows[:0]
        return rows[self._measured[name][rows] != self.version[rows]]

    def measure(self, names: Iterable[str], rows: np.ndarray) -> None:
        """Computes what is not known of the rows, signals that lack the same rows together."""
        groups: dict[bytes, tuple[np.ndarray, list[str]]] = {}
        for name in names:
            lacking = self.missing(name, rows)
            if not lacking.size:
                continue
            if name in signals():
                groups.setdefault(lacking.tobytes(), (lacking, []))[1].append(name)
            elif name in self._columns:
                self.stale[name] += lacking.size
        for lacking, wanted in groups.values():
            self._compute(lacking, wanted)

    def identify(self, rows: np.ndarray) -> None:
        """Sees that each row has a language; one that a text had before it was edited will do: a cleaned text is in the language that it was in."""
        measured = self._measured.get("language")
        self.measure(["language"], rows if measured is None else rows[measured[rows] < 0])

    def edit(
        self,
        rows: np.ndarray,
        text: pl.Series,
        changed: np.ndarray,
        keeps: Iterable[str] = (),
        columns: Mapping[str, pl.Series] | None = None,
    ) -> None:
        """Puts new texts in the place of those of the rows; `changed` bool says which differ.

        Signals of `keeps` stay true of texts that are not much shorter. `columns` change with the texts.
        """
        rows, text = rows[changed], text.filter(pl.Series(changed))
        if not rows.size:
            return
        for name, values in (columns or {}).items():
            self._columns[name] = _put(self._columns[name], rows, values.filter(pl.Series(changed)))
        before = self.text.gather(rows).str.len_bytes().to_numpy().astype(np.float64)
        like = rows[text.str.len_bytes().to_numpy() >= _STILL_LIKE * before]
        true = {
            name: like[self._measured[name][like] == self.version[like]] for name in keeps if name in self._measured
        }
        self.text = _put(self.text, rows, text)
        self.version[rows] += 1
        for name, still in true.items():
            self._measured[name][still] = self.version[still]

    def subject(self, rows: np.ndarray, names: Iterable[str]) -> Subject:
        """The rows with the columns of those names that there are."""
        columns = [self._columns[name].gather(rows) for name in names if name in self._columns]
        columns = columns or [self.frame["doc_id"].gather(rows)]
        return Subject.of(pl.DataFrame([*columns, self.text.gather(rows).alias("text")]), self.environment)

    def result(self, rows: np.ndarray) -> pl.DataFrame:
        """The frame's columns of the rows as they are now; a signal that is no longer true of its text is null."""
        known = signals()
        columns = []
        for name in self.frame.columns:
            series = (self.text if name == "text" else self._columns.get(name, self.frame[name])).gather(rows)
            if name in known and name in self._measured:
                true = self._measured[name][rows] == self.version[rows]
                series = pl.select(pl.when(pl.lit(pl.Series(true))).then(pl.lit(series)).alias(name)).to_series()
            columns.append(series.cast(self.frame.schema[name]).alias(name))
        return pl.DataFrame(columns)

    def _compute(self, rows: np.ndarray, wanted: list[str]) -> None:
        # What is stored describes the text before an edit: families must not take it for the new one's.
        known, edited = signals(), pl.Series(self.version[rows] > 0, dtype=pl.Boolean)
        languages = {"language", "language_score"}
        untrue = {*TEXT_COLUMNS, *known} - (set() if languages & {*wanted} else languages)
        columns = [(name, column.gather(rows)) for name, column in self._columns.items()]
        columns = [_without(column, edited) if name in untrue else column for name, column in columns]
        subject = Subject.of(pl.DataFrame([*columns, self.text.gather(rows).alias("text")]), self.environment)
        found = compute(subject, wanted)
        for name in wanted:
            self._keep(name, rows, found[name])

    def _keep(self, name: str, rows: np.ndarray, values: pl.Series) -> None:
        before = self.column(name)
        if name in self._columns and not _measurable(name):
            old = before.gather(rows)
            lost = values.is_null() & old.is_not_null()
            self.stale[name] += int(lost.sum())
            values = pl.select(pl.coalesce(values, old.cast(values.dtype))).to_series()
        if name not in self._columns:
            self._measured[name] = np.full(self.frame.height, -1, np.int32)
        # A float32 column keeps the values that it has; new ones may need more digits.
        dtype = signals()[name].column_type
        self._columns[name] = _put(before.cast(dtype), rows, values)
        self._measured[name][rows] = self.version[rows]
        self.computed[name] += rows.size


def _put(series: pl.Series, rows: np.ndarray, values: pl.Series) -> pl.Series:
    """The series with other values in some rows: of any type, lists too."""
    source = np.arange(len(series))
    source[rows] = len(series) + np.arange(rows.size)
    return pl.concat([series, values.cast(series.dtype).alias(series.name)]).gather(source)


def _without(column: pl.Series, gone: pl.Series) -> pl.Series:
    """The column with nulls in some rows."""
    return pl.select(pl.when(~gone).then(column).alias(column.name)).to_series()


def _measurable(name: str) -> bool:
    """Whether a null of a new text says that there is nothing to measure, and not that nothing to measure it with is here."""
    family = next(family for family in families() if any(signal.name == name for signal in family.signals))
    by_model = set(signals()[name].models) - {"language_id"}
    return not by_model and not any(column in TEXT_COLUMNS for column in family.reads)
