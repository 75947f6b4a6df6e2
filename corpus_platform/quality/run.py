"""Runs the suite of a table on a partition: figures in one pass, Great Expectations' verdict, the rows that break a promise.

Promise: a result says of every expectation that it is met, broken, or not asked and why. What could not be evaluated is a `SuiteError`, and no result.

Not here: suites of side tables (they are run for the partition of their main table: `suites_of`), pages of results (page.py).
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from corpus_platform.errors import SettingsError
from corpus_platform.lake import table
from corpus_platform.quality.cells import shown
from corpus_platform.quality.expectation import MOST_ROWS, Expectation, Found, NotAsked
from corpus_platform.quality.facts import Facts
from corpus_platform.quality.figures import Reading
from corpus_platform.quality.judge import judge
from corpus_platform.quality.suite import KEYS, Suite, key_of, suite_of
from corpus_platform.stages.output import REJECTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from corpus_platform.home import Home
    from corpus_platform.quality.judge import Judged
    from corpus_platform.stages.stage import Partition

MET, BROKEN, NOT_ASKED = "met", "broken", "not asked"


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation. `rows`: what breaks it, or what it is made of, as texts that are cut short."""

    figure: str
    check: str
    blocks: bool
    state: str
    notes: str
    observed: float | None = None
    other: float | None = None
    allowed: str = ""
    why: str = ""
    """Why it was not asked."""
    rows: tuple[dict[str, str], ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    """Further figures, by name."""
    id: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether the promise is broken."""
        return self.state == BROKEN


@dataclass(frozen=True)
class Result:
    """What the suite of a table says of a partition."""

    table: str
    partition: dict[str, str]
    version: int | None
    rows: int
    time: str
    """When, ISO 8601 in UTC."""
    seconds: float
    outcomes: tuple[Outcome, ...]

    @property
    def where(self) -> str:
        """Values of the partition, joined by a comma."""
        return ",".join(self.partition.values())

    @property
    def is_sound(self) -> bool:
        """Whether nothing is broken that blocks."""
        return not any(outcome.is_broken and outcome.blocks for outcome in self.outcomes)

    @property
    def is_green(self) -> bool:
        """Whether nothing is broken at all."""
        return not any(outcome.is_broken for outcome in self.outcomes)

    def of(self, check: str) -> tuple[Outcome, ...]:
        """The outcomes of one check."""
        return tuple(outcome for outcome in self.outcomes if outcome.check == check)

    def as_json(self) -> dict[str, Any]:
        """The result as JSON takes it."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Result:
        """Turns `as_json`'s value back into a result."""
        outcomes = tuple(Outcome(**{**one, "rows": tuple(one["rows"])}) for one in value["outcomes"])
        return cls(**{**value, "outcomes": outcomes})


def suites_of(home: Home, name: str, partition: Partition) -> Iterator[tuple[str, Partition]]:
    """(table, partition) of the suites that a partition's stage answers for: its own, and those of side tables that it has rows in."""
    yield name, partition
    if table(name).side or not _has_stage(home, name):
        return
    where = home.lake.side_partition(name, partition)
    for side in dict.fromkeys((REJECTS, *home.stage(name).side)):
        if home.lake.files(side, where):
            yield side, where


def run_suite(home: Home, name: str, partition: Partition, checks: Collection[str] | None = None) -> Result:
    """What the suite of a table says of a partition; only of some checks where they are named.

    Raises SuiteError where it can't be evaluated, DamagedFile where a file is not as it was written.
    """
    started = time.monotonic()
    suite = suite_of(name)
    lake = home.lake
    state = lake.state(name, partition)
    files = lake.files(name, partition)
    asked = [e for e in suite.expectations if checks is None or e.check in checks]
    with Reading(lake, suite.spec, partition, files) as reading:
        facts = Facts(home, suite.spec, dict(partition), state, files, reading, suite.profile)
        outcomes = _outcomes(facts, suite, asked)
    return Result(
        table=name,
        partition=dict(partition),
        version=None if state is None else state.version,
        rows=facts.rows,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - started, 3),
        outcomes=tuple(outcomes),
    )


def _outcomes(facts: Facts, suite: Suite, asked: list[Expectation]) -> list[Outcome]:
    mistyped = facts.footers.mistyped
    facts.reading.use(facts.footers.present)
    decided = [e for e in asked if not _rests_on(e, mistyped)]
    facts.figures = facts.reading.aggregates(_aggregates(facts, decided))
    found = {e.figure: _found(facts, e) for e in decided}
    put = [e for e in decided if isinstance(found[e.figure], Found)]
    judged = judge(suite.spec.name, suite.spec.description, put, _frame(put, found))
    return [_outcome(facts, e, found.get(e.figure, _mistyped(e, mistyped)), judged.get(e.figure)) for e in asked]


def _aggregates(facts: Facts, decided: list[Expectation]) -> dict[str, str]:
    """All that one pass over the rows has to find."""
    told = facts.footers.nulls
    asked = {e.figure: e.sql for e in decided if e.sql and not _is_told(e, told)}
    for expectation in decided:
        asked |= expectation.needs
    return asked | (facts.profile if any(e.check == "is_like_before" for e in decided) else {})


def _found(facts: Facts, expectation: Expectation) -> Found | NotAsked:
    if expectation.find is not None:
        return expectation.find(facts)
    if _is_told(expectation, facts.footers.nulls):
        return Found(facts.footers.nulls[expectation.columns[0]])
    value = facts.figures[expectation.figure] or 0
    if expectation.figure == KEYS and value:
        twice, rows = facts.reading.keys_seen_twice(key_of(facts.spec))
        return Found(twice, None, tuple(rows))
    return Found(value)


def _is_told(expectation: Expectation, nulls: dict[str, int]) -> bool:
    return expectation.check == "columns_are_filled" and expectation.columns[0] in nulls


def _frame(put: list[Expectation], found: dict[str, Found | NotAsked]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for expectation in put:
        one = found[expectation.figure]
        assert isinstance(one, Found)
        figures[expectation.figure] = one.value
        if expectation.equals and one.other is not None:
            figures[expectation.equals] = one.other
    return figures


def _outcome(facts: Facts, asked: Expectation, found: Found | NotAsked, judged: Judged | None) -> Outcome:
    outcome = Outcome(
        asked.figure, asked.check, asked.blocks, NOT_ASKED, asked.notes, allowed=asked.allowed, id=asked.id
    )
    if isinstance(found, NotAsked):
        return replace(outcome, why=found.why)
    assert judged is not None
    rows = found.rows
    if not judged.success and asked.breaks and not rows:
        rows = tuple(facts.reading.rows_that_break(asked.breaks, key_of(facts.spec)))
    return replace(
        outcome,
        state=MET if judged.success else BROKEN,
        observed=found.value,
        other=found.other,
        rows=shown(rows[:MOST_ROWS], facts.spec),
        more=dict(found.more),
    )


def _rests_on(expectation: Expectation, mistyped: Collection[str]) -> bool:
    """Whether its figure would be made of a column that files have with another type."""
    said = " ".join([expectation.sql, *expectation.needs.values()])
    return any(name in expectation.columns or re.search(rf"\b{re.escape(name)}\b", said) for name in mistyped)


def _mistyped(expectation: Expectation, mistyped: Collection[str]) -> NotAsked:
    of = ", ".join(sorted(set(mistyped).intersection(expectation.columns))) or ", ".join(sorted(mistyped))
    return NotAsked(f"{of} has another type than declared")


def partitions_of(home: Home, name: str) -> list[Partition]:
    """The partitions of a table that were committed; of a side table those that readers see."""
    try:
        return home.lake.partitions(name)
    except SettingsError:
        return []


def _has_stage(home: Home, name: str) -> bool:
    return name in home.stages or name.partition(".")[0] == "corpora"
