"""The suite of a table: its expectations, made from the table's spec and what is declared of it.

Every table has one, also those of open layers and those that nobody has thought of here: columns and types, nulls and keys follow from the spec.

Not here: how a suite is run (run.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from corpus_platform.lake import TableSpec, table
from corpus_platform.quality import drift, personal
from corpus_platform.quality.declared import declared, of_signals, values_of
from corpus_platform.quality.expectation import CHECKS, Check, Expectation, Found
from corpus_platform.quality.figures import hash_of
from corpus_platform.quality.values import Values, quoted
from corpus_platform.stages.signals import SIGNALS

if TYPE_CHECKING:
    import pyarrow as pa

    from corpus_platform.quality.facts import Facts

KEYS = "keys seen twice"


@dataclass(frozen=True)
class Suite:
    """What a table's partitions are held to."""

    spec: TableSpec
    expectations: tuple[Expectation, ...]
    profile: dict[str, str]
    """Aggregates for the comparison with other partitions."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks that its expectations belong to, in the order in which they are shown."""
        mine = {expectation.check for expectation in self.expectations}
        return tuple(check for name, check in CHECKS.items() if name in mine)


@cache
def suite_of(name: str) -> Suite:
    """The suite of a table by its name; an unknown one is a `SettingsError`."""
    spec = table(name)
    special = declared(name)
    found = [
        *([] if special.may_be_empty else [_HAS_ROWS]),
        _DECLARED,
        *_filled(spec),
        *([_unique(spec)] if special.has_unique_keys else []),
        *_allowed(spec),
        *_agreements(spec),
        *(
            Expectation(
                one.left, "nothing_is_lost", one.notes, find=one.find, equals=one.right, needs=dict(one.sql or {})
            )
            for one in special.balances
        ),
        *personal.expectations(spec),
        *drift.expectations(spec, special.shares, is_alike=special.has_alike_sizes),
        *(
            Expectation(
                one.figure,
                one.check,
                one.notes,
                find=one.find,
                needs=dict(one.sql or {}),
                least=one.least,
                most=one.most,
                id=one.id,
            )
            for one in special.cautions
        ),
    ]
    return Suite(spec, tuple(found), drift.profile(spec, special.shares))


def key_of(spec: TableSpec) -> tuple[str, ...]:
    """The columns of the key that differ within a partition; the whole key where none does."""
    return tuple(name for name in spec.key if name not in spec.partition_by) or spec.key


def _rows(facts: Facts) -> Found:
    return Found(facts.rows, None, (), {"rows": facts.rows})


def _problems(facts: Facts) -> Found:
    return Found(len(facts.footers.problems), None, facts.footers.problems)


_HAS_ROWS = Expectation("rows", "has_rows", "The partition has rows", find=_rows, least=1)
_DECLARED = Expectation(
    "columns of files that are not as declared",
    "columns_are_declared",
    "Missing, unknown, or of another type",
    find=_problems,
    most=0,
    id="columns_not_as_declared",
)


def _filled(spec: TableSpec) -> list[Expectation]:
    return [
        Expectation(
            f"{field.name} is null",
            "columns_are_filled",
            _described(field),
            (field.name,),
            sql=f"count_if({quoted(field.name)} IS NULL)",
            most=0,
            breaks=((field.name, f"{quoted(field.name)} IS NULL"),),
        )
        for field in spec.schema
        if not field.nullable
    ]


def _unique(spec: TableSpec) -> Expectation:
    key = key_of(spec)
    return Expectation(
        KEYS,
        "keys_are_unique",
        f"The key is {', '.join(spec.key)}",
        key,
        sql=f"count(*) - count(DISTINCT {hash_of(key)})",
        most=0,
        id="keys_seen_twice",
    )


def _allowed(spec: TableSpec) -> list[Expectation]:
    """One expectation a column; of signals one for all that have the same range."""
    if spec.name == SIGNALS:
        return _of_signals(spec)
    fields = [*spec.schema, *(field for field in spec.partition_fields if field.name == "variant")]
    found = []
    for field in fields:
        values = values_of(spec.name, field.name)
        if values is not None and (breaks := values.breaks(field)):
            found.append(_within(f"{field.name}: not {values}", ((field.name, breaks),), _described(field)))
    return found


def _of_signals(spec: TableSpec) -> list[Expectation]:
    alike: dict[Values, list[tuple[str, str]]] = {}
    for field in spec.schema:
        values = of_signals().get(field.name) or values_of(spec.name, field.name)
        if values is not None and (breaks := values.breaks(field)):
            alike.setdefault(values, []).append((field.name, breaks))
    return [
        _within(f"{len(breaks)} columns: not {values}", tuple(breaks), ", ".join(name for name, _ in breaks))
        for values, breaks in alike.items()
    ]


def _within(figure: str, breaks: tuple[tuple[str, str], ...], notes: str) -> Expectation:
    return Expectation(
        figure,
        "values_are_allowed",
        notes,
        tuple(column for column, _ in breaks),
        sql=f"count_if({' OR '.join(f'({sql})' for _, sql in breaks)})",
        most=0,
        breaks=breaks,
    )


def _agreements(spec: TableSpec) -> list[Expectation]:
    names = {*spec.schema.names, *spec.partition_by}
    return [
        Expectation(
            f"breaks: {one.name}",
            "values_are_allowed",
            one.notes,
            one.shows,
            sql=f"count_if({one.breaks})",
            most=0,
            breaks=tuple((column, one.breaks) for column in one.shows),
        )
        for one in declared(spec.name).agree
        if set(one.shows) <= names
    ]


def _described(field: pa.Field) -> str:
    return (field.metadata or {}).get(b"description", b"").decode()
