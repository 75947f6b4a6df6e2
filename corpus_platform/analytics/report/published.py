"""What of a report may be given away: tables of counts whose small groups are merged, with noise where a budget is stated; nothing else.

A document is in one snapshot, and in one row of each of its tables. So tables of different snapshots have the budget each, and those of one
share it. What the platform decided (copies, paragraphs that others have too) is taken as given: noise hides whether a document is counted, not what
it did to others. Texts, addresses, distributions, overlaps and sizes of files are left out, and with noise hosts too: only exact counts tell which
are the largest.

Not here: how counts are protected (private_counts.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.analytics.private_counts import protect
from corpus_platform.analytics.report.markup import Html, bars, join, tag

if TYPE_CHECKING:
    from corpus_platform.analytics.private_counts import Privacy
    from corpus_platform.analytics.report.facts import CorpusFacts, Counts, Facts, SnapshotFacts, TextFacts

_UNLIKELY = 1e-3


@dataclass(frozen=True)
class Published:
    """A table of counts as it is shown."""

    section: str
    title: str
    snapshot: str
    rows: Counts


@dataclass(frozen=True)
class Release:
    """All tables, and what was done to them, for the page and for whoever keeps a record of it."""

    tables: tuple[Published, ...]
    facts: dict[str, object]


def publish(facts: Facts, privacy: Privacy) -> Release:
    """The tables of counts, protected together."""
    tables = _tables(facts, with_hosts=privacy.epsilon is None)
    most = max(Counter(one.snapshot for one in tables).values(), default=1)
    each = privacy.split(most)
    shown, deltas = [], [0.0]
    for one in tables:
        frame = pl.DataFrame(list(one.rows), schema={"name": pl.String, "n": pl.Int64}, orient="row")
        found = protect(frame, "name", "n", min_group=each.min_group, epsilon=each.epsilon, unit=each.unit)
        deltas.append(found.facts.get("delta", 0.0))
        shown.append(Published(one.section, one.title, one.snapshot, tuple(found.counts.iter_rows())))
    done = {
        **privacy.as_json(),
        "tables_of_a_snapshot": most,
        "epsilon_of_a_table": each.epsilon,
        "delta_of_a_table": max(deltas),
    }
    return Release(tuple(shown), done)


def _tables(facts: Facts, *, with_hosts: bool) -> list[Published]:
    found = []
    for one in facts.snapshots:
        found += [_outcome(one, text) for text in one.texts]
        found += [Published("Languages", "Documents by language", one.name, one.languages)]
        found += [Published("Licences", "Pages by licence", one.name, one.licences)]
        found += (
            [Published("Quality", "Documents by language and bucket", one.name, _buckets(one))] if one.buckets else []
        )
        if with_hosts:
            rest = one.text.pages - sum(n for _, n in one.domains)
            found.append(Published("Hosts", "Pages by host", one.name, (*one.domains, ("other", max(rest, 0)))))
    found += [_corpus(one) for one in facts.corpora]
    for one in facts.dedups:
        for snapshot, documents, copies in one.snapshots:
            rows = (("stay", documents - copies), ("copies", copies))
            found.append(Published("Duplicates", f"{one.method}, {one.variant}", snapshot, rows))
    return found


def _outcome(one: SnapshotFacts, text: TextFacts) -> Published:
    left = text.pages if text.documents is None else text.documents
    rows = (*text.rejects, *text.dropped, ("kept", left))
    return Published("Snapshots", f"What became of records, text by {text.variant}", one.name, _summed(rows))


def _buckets(one: SnapshotFacts) -> Counts:
    return tuple((f"{language}, {bucket}", n) for language, found in one.buckets.items() for bucket, n in found)


def _corpus(one: CorpusFacts) -> Published:
    rows = tuple((f"{step.step}: {rule}".replace("_", " "), n) for step in one.steps for rule, n in step.rules.items())
    return Published(
        "Corpora", f"{one.title}: kept, or dropped by which rule", one.snapshot, _summed((*rows, ("kept", one.kept)))
    )


def _summed(rows: Counts) -> Counts:
    found: Counter[str] = Counter()
    for name, n in rows:
        found[name] += n
    return tuple(found.items())


def note(release: Release) -> Html:
    """What was done to the counts, in words."""
    done = release.facts
    said = ["Made to be given away: counts only. "]
    if done["min_group"]:
        said.append(f"Groups of fewer than {done['min_group']:,} are merged into “other”. ")
    if done["epsilon"]:
        said.append(
            f"Noise was added to every count: two-sided geometric, epsilon {done['epsilon']:g} for the whole report and each {done['unit']}, "
            f"shared by up to {done['tables_of_a_snapshot']} tables of a snapshot, so {done['epsilon_of_a_table']:.3g} for each. Sums need not agree. "
        )
        if float(str(done["delta_of_a_table"])) > _UNLIKELY:
            said.append("Names of small groups may tell of single documents: a larger --min-group hides them. ")
    said.append(
        "Texts, addresses, distributions, overlaps and sizes are left out"
        + (", and hosts too." if done["epsilon"] else ".")
    )
    return tag("p", *said, class_="note")


def sections(release: Release) -> list[tuple[str, Html]]:
    """(title, content) of each section that has a table."""
    found: dict[str, list[Html]] = {}
    for one in release.tables:
        of = sum(n for _, n in one.rows) or 1
        rows = [(name, 0.0, n, "kept" if name in {"kept", "stay"} else "") for name, n in one.rows]
        shown = bars(rows, of) if rows else tag("p", "Too few to be told of.", class_="pale")
        found.setdefault(one.section, []).append(join([tag("h3", f"{one.snapshot}: {one.title}"), shown]))
    return [(title, join(parts)) for title, parts in found.items()]
