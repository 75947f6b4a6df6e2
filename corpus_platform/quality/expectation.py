"""What a suite is made of: expectations, each a promise about one figure of a partition, and the checks that people see them under.

A *figure* is a number about a partition: rows, nulls of a column, keys seen twice, documents that were read. An *expectation* allows a range
of it, or wants it equal to another figure. A *check* is what Dagster and people know by name: all expectations of a table that are about one thing.

Not here: which expectations a table has (suite.py), how figures are found (figures.py, counted.py, drift.py), who judges (judge.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.quality.facts import Facts

Row = dict[str, Any]
"""A row that breaks a promise: what identifies it, and what was found."""
MOST_ROWS = 20
"""Rows that are shown of those that break a promise."""


@dataclass(frozen=True)
class Check:
    """A check by the name that people know; `blocks`: what depends on the table is not made where it fails."""

    name: str
    blocks: bool
    about: str


CHECKS = {
    check.name: check
    for check in (
        Check(
            "has_rows",
            True,
            "The partition has at least one row: an empty one means that an input was not found or everything was dropped.",
        ),
        Check(
            "columns_are_declared",
            True,
            "Every file has the columns of its table, each with its type. A column that older files lack may be missing only where nulls are allowed.",
        ),
        Check("columns_are_filled", True, "Columns that must have a value have one in every row."),
        Check("keys_are_unique", True, "No key occurs twice, or every count downstream would be wrong."),
        Check(
            "values_are_allowed",
            True,
            "Values are within their ranges and sets, and columns of a row agree with each other.",
        ),
        Check(
            "nothing_is_lost",
            True,
            "Read = kept + dropped or rejected, each with its reason (in `ops.decisions`, `ops.rejects`): nothing vanishes.",
        ),
        Check(
            "no_personal_data",
            True,
            "Texts of social media hold no pattern of personal data that is known: addresses, handles, numbers, accounts, pages about people.",
        ),
        Check(
            "few_broken_records",
            False,
            "Few records are broken (truncated, undecodable, timed out): `ops.rejects` names each one, with file, offset and reason.",
        ),
        Check(
            "is_like_before",
            False,
            "Rows, languages, what is dropped by which rule, copies and perplexity are much as in the snapshot before, and the size is as of the others.",
        ),
        Check(
            "languages_are_sure",
            False,
            "For most documents the language is known, with a score above the threshold that CCNet keeps documents at.",
        ),
        Check(
            "languages_have_models",
            False,
            "Documents in the languages whose perplexity is wanted have one; without a model their bucket is `all`.",
        ),
        Check(
            "buckets_are_spread",
            False,
            "No language has nearly all its documents in one of head, middle, tail; else the model's cut-offs were made for other texts.",
        ),
        Check(
            "a_part_is_kept",
            False,
            "The recipe keeps some documents and drops some: else its language is not there, a signal is missing, or a threshold never holds.",
        ),
        Check(
            "rules_see_values",
            False,
            "Every rule over a model's score finds one in some document: else the model is missing, and the rule has judged nothing.",
        ),
        Check(
            "shares_are_kept",
            False,
            "Cleaning has left the shares of languages and categories about as they were: else its rules work against some of them.",
        ),
        Check(
            "model_was_made",
            False,
            "There is a model; else the reason says why not. What it would measure is then unknown: without a language model the bucket is `all`.",
        ),
    )
}
"""All checks by name, in the order in which they are shown."""


@dataclass(frozen=True)
class Found:
    """A figure that was found by other means than an aggregate over the rows."""

    value: float
    other: float | None = None
    """The figure that it must equal, where the expectation asks for that."""
    rows: tuple[Row, ...] = ()
    """What it is made of, or what breaks the promise."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further figures that people want to see."""


@dataclass(frozen=True)
class NotAsked:
    """There is nothing to judge: why."""

    why: str


@dataclass(frozen=True)
class Expectation:
    """A promise about one figure. The figure is `sql`, an aggregate over the rows, or what `find` says.

    `least` and `most` are what is allowed, both included; `equals` names a second figure instead, which `find` gives too. `breaks` is SQL that is
    true for a row that breaks the promise, `shows` the columns whose values say so.
    """

    figure: str
    check: str
    notes: str
    columns: tuple[str, ...] = ()
    sql: str = ""
    find: Callable[[Facts], Found | NotAsked] | None = None
    needs: Mapping[str, str] = field(default_factory=dict)
    """Aggregates over the rows that `find` reads, by name."""
    least: float | None = None
    most: float | None = None
    equals: str = ""
    breaks: tuple[tuple[str, str], ...] = ()
    """(column, SQL): the row breaks the promise where one of these is true."""
    id: str = ""
    """Name of the figure among metadata that are plotted; none where the check's totals say enough."""

    @property
    def blocks(self) -> bool:
        """Whether a failure is broken data, and not just something to look at."""
        return CHECKS[self.check].blocks

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.equals:
            return f"= {self.equals}"
        if self.least is not None and self.most is not None:
            return f"{self.least:,g} to {self.most:,g}" if self.least != self.most else f"{self.most:,g}"
        return f"at least {self.least:,g}" if self.least is not None else f"at most {self.most:,g}"
