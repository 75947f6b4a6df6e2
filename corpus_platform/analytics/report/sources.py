"""The sources other than the web in a report: what was read of each partition, why records and texts went, and what corpora keep of them.

All of it is from commits. Not here: snapshots of the web (counting.py, sections.py).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from corpus_platform.analytics.plots import largest, said
from corpus_platform.analytics.report.facts import SourceFacts
from corpus_platform.analytics.report.markup import Html, bar, bars, join, more, share, table, tag, whole
from corpus_platform.documents import SOURCES
from corpus_platform.source_tables import PARTITION_BY, key_of
from corpus_platform.stages.texts import cleaned_table, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.report.facts import CorpusFacts, Counts, Facts
    from corpus_platform.home import Home
    from corpus_platform.lake.log import PartitionState

_REASONS = 14
_PARTITIONS = 40
"""Partitions of a source that are shown one by one, those with most documents."""


def sources_of(home: Home) -> tuple[SourceFacts, ...]:
    """Every partition of a source that was read, in the order of the sources."""
    found = []
    for source in SOURCES:
        cleaned = {key_of(source, state.partition): state for state in home.lake.states(cleaned_table(source))}
        for state in home.lake.states(read_table(source)):
            key = key_of(source, state.partition)
            found.append(_facts(source, key, state, cleaned.get(key)))
    return tuple(sorted(found, key=lambda one: (SOURCES.index(one.source), one.key)))


def _facts(source: str, key: str, read: PartitionState, cleaned: PartitionState | None) -> SourceFacts:
    gone = _reasons(read, ("rejects:", "dropped:"))
    dropped = _reasons(cleaned, ("dropped:",)) if cleaned else ()
    records = read.counters.get("records", read.rows)
    return SourceFacts(source, key, records, gone, read.rows, cleaned.rows if cleaned else None, dropped)


def _reasons(state: PartitionState, kinds: tuple[str, ...]) -> Counts:
    found = [(said(name.partition(":")[2]), n) for name, n in state.counters.items() if name.startswith(kinds) and n]
    return tuple(sorted(found, key=lambda row: (-row[1], row[0])))


def section(facts: Facts) -> Html:
    """A table of each source by partition, with the reasons why others went."""
    parts: list[object] = []
    for source in dict.fromkeys(one.source for one in facts.sources):
        of = [one for one in facts.sources if one.source == source]
        parts += [tag("h3", source), _table(source, of), more(f"{source}: from records to cleaned texts", _funnel(of))]
    return join(parts)


def _table(source: str, of: Sequence[SourceFacts]) -> Html:
    shown = sorted(of, key=lambda one: (-one.documents, one.key))[:_PARTITIONS]
    rest = [one for one in of if one not in shown]
    rows = [_row(one.key, [one]) for one in shown]
    rows += [_row(f"{len(rest):,} others", rest)] if rest else []
    rows += [_row("all", of)] if len(of) > 1 else []
    head = (", ".join(PARTITION_BY[source]), "records", "documents", "of records", "cleaned", "of documents", "")
    return table(head, rows, numbers=(1, 2, 3, 4, 5))


def _row(name: str, of: Sequence[SourceFacts]) -> tuple[object, ...]:
    records, documents = sum(one.records for one in of), sum(one.documents for one in of)
    if all(one.cleaned is None for one in of):
        return name, whole(records), whole(documents), share(documents, records), "", "", ""
    cleaned = sum(one.cleaned or 0 for one in of)
    drawn = bar(cleaned / max(records, 1), kind="kept")
    return (
        name,
        whole(records),
        whole(documents),
        share(documents, records),
        whole(cleaned),
        share(cleaned, documents),
        drawn,
    )


def _funnel(of: Sequence[SourceFacts]) -> Html:
    records = sum(one.records for one in of)
    rows: list[tuple[str, int, int, str]] = [("records read", 0, records, "")]
    left = _losses(rows, records, [one.rejects for one in of])
    rows.append(("documents", 0, sum(one.documents for one in of), "kept"))
    if any(one.cleaned is not None for one in of):
        _losses(rows, left, [one.dropped for one in of])
        rows.append(("cleaned texts", 0, sum(one.cleaned or 0 for one in of), "kept"))
    return bars(rows, records)


def _losses(rows: list[tuple[str, int, int, str]], left: int, reasons: Sequence[Counts]) -> int:
    total: Counter[str] = Counter()
    for some in reasons:
        total.update(dict(some))
    for reason, n in largest(tuple(total.most_common()), _REASONS):
        left -= n
        rows.append((reason, max(left, 0), n, "lost"))
    return left


def corpora(facts: Facts) -> Html:
    """What each recipe keeps of each source's partitions, part by part."""
    parts: list[object] = []
    for recipe in dict.fromkeys(one.recipe for one in facts.source_corpora):
        of = [one for one in facts.source_corpora if one.recipe == recipe]
        rows = [_line(one) for one in of]
        head = ("text", "partition", "read", "kept", "share", "", "dropped by")
        kept = f"{whole(sum(one.kept for one in of))} of {whole(sum(one.read for one in of))} documents"
        shown = table(head, rows, numbers=(2, 3, 4))
        parts.append(
            more(join([tag("code", recipe), f" {of[0].title}: {kept}"]), shown, is_open=len(rows) <= _PARTITIONS)
        )
    return join(parts)


def _line(one: CorpusFacts) -> tuple[object, ...]:
    gone = ", ".join(f"{step.step} {step.dropped:,}" for step in one.steps if step.dropped)
    drawn = bar(one.kept / max(one.read, 1), kind="kept")
    return one.variant, one.snapshot, whole(one.read), whole(one.kept), share(one.kept, one.read), drawn, gone
