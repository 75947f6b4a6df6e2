"""Data sets of dialogues in a report: what was read of each, why records and dialogues went, what its recipe keeps.

All of it is from commits. Not here: sources of documents (sources.py), mixes (analytics/sft_report.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.analytics.plots import said
from corpus_platform.analytics.report.facts import DataSetFacts
from corpus_platform.analytics.report.markup import Html, bar, join, more, share, table, tag, whole
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_messages import PREFERENCES
from corpus_platform.stages.sft_signals import tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.report.facts import Counts, Facts
    from corpus_platform.home import Home
    from corpus_platform.lake.log import PartitionState

_REASONS = 5
"""Reasons that a row names, the largest."""


def data_sets_of(home: Home) -> tuple[DataSetFacts, ...]:
    """Every data set that was read or built, in the order of its table and then by name."""
    others = {name: {s.partition["set"]: s for s in home.lake.states(name)} for name in (FILTERED, PREFERENCES)}
    found = []
    for name in tables_of(home.dialogues.sft):
        for state in sorted(home.lake.states(name), key=lambda one: one.partition["set"]):
            key = state.partition["set"]
            found.append(_facts(key, name, state, others[FILTERED].get(key), others[PREFERENCES].get(key)))
    return tuple(found)


def _facts(
    key: str, name: str, read: PartitionState, filtered: PartitionState | None, preferences: PartitionState | None
) -> DataSetFacts:
    counters = read.counters
    records = counters.get("rows", counters.get("records", read.rows))
    compared = preferences.rows if preferences else None
    kept = filtered.rows if filtered else None
    rejects = _reasons(counters, "rejects:")
    dropped = _reasons(filtered.counters, "dropped:") if filtered else ()
    return DataSetFacts(key, name, records, rejects, read.rows, compared, kept, dropped)


def _reasons(counters: dict[str, int], kind: str) -> Counts:
    found = [(said(name.removeprefix(kind)), n) for name, n in counters.items() if name.startswith(kind) and n]
    return tuple(sorted(found, key=lambda row: (-row[1], row[0])))


def section(facts: Facts) -> Html:
    """A row for each data set, those that were read before those that are built; then all reasons of each."""
    head = ("data set", "of", "records", "dialogues", "preferences", "kept", "of dialogues", "", "most were dropped by")
    rows = [_row(one) for one in facts.data_sets]
    rows += [_all(facts.data_sets)] if len(rows) > 1 else []
    shown = table(head, rows, numbers=(2, 3, 4, 5, 6))
    lost = [one for one in facts.data_sets if one.rejects or one.dropped]
    return join([shown, *([more("Every reason", _every(lost))] if lost else [])])


def _row(one: DataSetFacts) -> tuple[object, ...]:
    named = ", ".join(f"{reason} {n:,}" for reason, n in one.dropped[:_REASONS])
    told = (one.name, tag("code", one.table), whole(one.records), whole(one.dialogues), whole(one.preferences))
    if one.kept is None:
        return (*told, "", "", "", "")
    drawn = bar(one.kept / max(one.dialogues, 1), kind="kept")
    return (*told, whole(one.kept), share(one.kept, one.dialogues), drawn, named)


def _all(of: Sequence[DataSetFacts]) -> tuple[object, ...]:
    judged = [one for one in of if one.kept is not None]
    kept, dialogues = sum(one.kept or 0 for one in judged), sum(one.dialogues for one in judged)
    numbers = (
        sum(one.records for one in of),
        sum(one.dialogues for one in of),
        sum(one.preferences or 0 for one in of),
    )
    return ("all", "", *map(whole, numbers), whole(kept), share(kept, dialogues), "", "")


def _every(of: Sequence[DataSetFacts]) -> Html:
    rows = [
        (one.name, what, reason, whole(n))
        for one in of
        for what, reasons in (("record", one.rejects), ("dialogue", one.dropped))
        for reason, n in reasons
    ]
    return table(("data set", "what went", "why", "how many"), rows, numbers=(3,))
