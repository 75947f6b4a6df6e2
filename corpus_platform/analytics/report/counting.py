"""Counts over the lake for a report: from commits where they say enough, else by DuckDB, grouped, within its memory.

Not here: distributions (quality.py), texts of documents (samples.py).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from corpus_platform.analytics.corpora import funnel_of
from corpus_platform.analytics.duplicate_counts import counted
from corpus_platform.analytics.plots import said
from corpus_platform.analytics.report.facts import (
    CorpusFacts,
    DedupFacts,
    OverlapFacts,
    SnapshotFacts,
    TableFacts,
    TextFacts,
)
from corpus_platform.lake import releases
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.texts import DOCUMENTS, PAGES, source_of
from corpus_platform.stages.verdicts import DUPLICATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from corpus_platform.analytics.report.facts import Counts
    from corpus_platform.home import Home
    from corpus_platform.lake.log import PartitionState

LANGUAGES = 20
DOMAINS = 20
DETAILED = 6
"""Languages whose buckets and perplexities are shown, those with most documents."""
_UNKNOWN = "unknown"
_AT_ONCE = 60
"""Corpora that one number of 64 bits can mark."""


def snapshots_of(home: Home, session: duckdb.DuckDBPyConnection) -> tuple[SnapshotFacts, ...]:
    """Every snapshot that has pages, in order."""
    made = home.lake.partitions(PAGES)
    known = dict.fromkeys((*home.variants, *(one["variant"] for one in made)))
    names = sorted({one["snapshot"] for one in made})
    of = {name: [v for v in known if {"variant": v, "snapshot": name} in made] for name in names}
    return tuple(_snapshot(home, session, name, of[name]) for name in names)


def _snapshot(home: Home, session: duckdb.DuckDBPyConnection, name: str, variants: Sequence[str]) -> SnapshotFacts:
    texts = tuple(_text(home, variant, name) for variant in variants)
    partition = {"variant": variants[0], "snapshot": name}
    source = PAGES if texts[0].documents is None else DOCUMENTS
    buckets, perplexities = {}, {}
    languages = _grouped(session, source, "coalesce(language, 'unknown')", partition)
    if source == DOCUMENTS:
        names = [language for language, _ in languages]
        buckets = _buckets(session, names, partition)
        perplexities = _perplexities(session, names[:DETAILED], partition)
    domains = _grouped(session, PAGES, "coalesce(domain, 'unknown')", partition, most=DOMAINS)
    [(in_all,)] = _ask(session, f"SELECT approx_count_distinct(domain) FROM {PAGES} WHERE {_WHERE}", partition)
    return SnapshotFacts(
        name,
        texts,
        source,
        languages,
        buckets,
        perplexities,
        _grouped(session, PAGES, "coalesce(licence, 'none stated')", partition),
        _reuse(session, partition),
        domains,
        max(in_all, len(domains)),
    )


def _text(home: Home, variant: str, snapshot: str) -> TextFacts:
    partition = {"variant": variant, "snapshot": snapshot}
    pages, documents = (home.lake.state(name, partition) for name in (PAGES, DOCUMENTS))
    assert pages is not None
    counters = documents.counters if documents else {}
    return TextFacts(
        variant,
        pages.counters.get("records", pages.rows),
        _reasons(pages, "rejects:"),
        pages.rows,
        documents.rows if documents else None,
        _reasons(documents, "dropped:") if documents else (),
        counters.get("lines", 0),
        sum(n for name, n in counters.items() if name.startswith("lines_removed:")),
    )


def _reasons(state: PartitionState, kind: str) -> Counts:
    found = [(said(name.removeprefix(kind)), n) for name, n in state.counters.items() if name.startswith(kind) and n]
    return tuple(sorted(found, key=lambda row: (-row[1], row[0])))


_WHERE = "variant = $variant AND snapshot = $snapshot"


def _ask(session: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, str]) -> list[tuple[Any, ...]]:
    return session.execute(sql, parameters).fetchall()


def _grouped(
    session: duckdb.DuckDBPyConnection, name: str, by: str, partition: dict[str, str], most: int = 1000
) -> Counts:
    rows = _ask(
        session,
        f"SELECT {by} AS g, count(*) AS n FROM {name} WHERE {_WHERE} GROUP BY g ORDER BY n DESC, g LIMIT {most}",
        partition,
    )
    return tuple((str(group), n) for group, n in rows)


def _buckets(
    session: duckdb.DuckDBPyConnection, languages: Sequence[str], partition: dict[str, str]
) -> dict[str, Counts]:
    rows = _ask(
        session,
        f"SELECT coalesce(language, '{_UNKNOWN}') AS language, coalesce(bucket, '{_UNKNOWN}'), count(*) FROM {DOCUMENTS} "
        f"WHERE {_WHERE} GROUP BY ALL ORDER BY ALL",
        partition,
    )
    return {of: tuple((bucket, n) for language, bucket, n in rows if language == of) for of in languages}


def _perplexities(
    session: duckdb.DuckDBPyConnection, languages: Sequence[str], partition: dict[str, str]
) -> dict[str, tuple[tuple[float, int], ...]]:
    rows = _ask(
        session,
        f"SELECT language, floor(log10(perplexity) * 10)::INTEGER AS bin, count(*) FROM {DOCUMENTS} "
        f"WHERE {_WHERE} AND perplexity > 0 GROUP BY ALL ORDER BY ALL",
        partition,
    )
    found = {of: tuple((number / 10, n) for language, number, n in rows if language == of) for of in languages}
    return {language: bins for language, bins in found.items() if bins}


def _reuse(session: duckdb.DuckDBPyConnection, partition: dict[str, str]) -> Counts:
    """Documents by each mark that they carry; one may carry several."""
    marks = _ask(
        session,
        f"SELECT trim(mark) AS m, count(*) FROM (SELECT unnest(string_split(robots, ',')) AS mark FROM {PAGES} WHERE {_WHERE}) "
        "WHERE trim(mark) <> '' GROUP BY m ORDER BY 2 DESC, 1 LIMIT 12",
        partition,
    )
    [(reserved,)] = _ask(session, f"SELECT count(*) FROM {PAGES} WHERE {_WHERE} AND tdm_reservation", partition)
    found = [(f"robots: {mark}", n) for mark, n in marks]
    return (*found, *([("rights of text and data mining reserved", reserved)] if reserved else []))


def corpora_of(home: Home, *, of_web: bool = True) -> tuple[CorpusFacts, ...]:
    """Every corpus that was made of the web (or of the other sources), of the recipes that the home knows, by recipe and snapshot."""
    found = []
    for recipe in (name for name in home.recipes if _is_of_interest(home, name)):
        variants = [variant for variant in home.variants_of(recipe) if (source_of(variant) is None) == of_web]
        for state in home.lake.states(f"{LAYER}.{recipe}"):
            variant, snapshot = state.partition["variant"], state.partition["snapshot"]
            if variant not in variants:
                continue
            read = state.counters.get("records", state.rows)
            steps = tuple(funnel_of(home, recipe, snapshot, variant))
            title = home.recipe(recipe).title
            found.append(CorpusFacts(recipe, title, variant, snapshot, read, state.rows, state.bytes, steps))
    return tuple(found)


def _is_of_interest(home: Home, recipe: str) -> bool:
    return recipe in home.enabled or bool(home.lake.partitions(f"{LAYER}.{recipe}"))


def overlaps_of(session: duckdb.DuckDBPyConnection, corpora: Sequence[CorpusFacts]) -> tuple[OverlapFacts, ...]:
    """What the corpora of the newest snapshot have in common: documents by the set of corpora that they are in."""
    if not corpora:
        return ()
    newest = max(one.snapshot for one in corpora)
    made = [one for one in corpora if one.snapshot == newest][:_AT_ONCE]
    if len(made) < 2:
        return ()
    parts = [
        f"SELECT doc_id, {1 << i}::BIGINT AS mark FROM {LAYER}.{one.recipe} WHERE snapshot = $snapshot AND variant = '{one.variant}'"
        for i, one in enumerate(made)
    ]
    sql = f"SELECT marks, count(*) FROM (SELECT bit_or(mark) AS marks FROM ({' UNION ALL '.join(parts)}) GROUP BY doc_id) GROUP BY marks"
    both = [[0] * len(made) for _ in made]
    for marks, n in session.execute(sql, {"snapshot": newest}).fetchall():
        inside = [i for i in range(len(made)) if marks >> i & 1]
        for i in inside:
            for j in inside:
                both[i][j] += n
    return (OverlapFacts(newest, tuple(one.recipe for one in made), tuple(map(tuple, both))),)


def dedups_of(home: Home) -> tuple[DedupFacts, ...]:
    """Every dedup of the web that was made: its copies in each snapshot from commits, and sizes and domains of the newest."""
    states: dict[tuple[str, str], list[PartitionState]] = {}
    for state in home.lake.states(DUPLICATES):
        if source_of(state.partition["variant"]) is None:
            states.setdefault((state.partition["method"], state.partition["variant"]), []).append(state)
    found = []
    for (method, variant), several in sorted(states.items()):
        ordered = sorted(several, key=lambda state: state.partition["snapshot"])
        over_time = tuple(
            (state.partition["snapshot"], state.counters.get("records", 0), _gone(state.counters)) for state in ordered
        )
        found.append(DedupFacts(method, variant, over_time, counted(home.lake, ordered[-1].partition)))
    return tuple(found)


def _gone(counters: dict[str, int]) -> int:
    return sum(n for name, n in counters.items() if name.startswith("dropped:"))


def tables_of(home: Home) -> tuple[TableFacts, ...]:
    """Every table that the lake has, as it is stored."""
    found = []
    for spec in home.lake.tables():
        files, states = home.lake.files(spec.name), home.lake.states(spec.name)
        if not states:
            continue
        newest = max(states, key=lambda state: state.version)
        rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
        found.append(
            TableFacts(spec.name, spec.description, rows, size, len(files), len(states), newest.version, newest.time)
        )
    return tuple(found)


def totals(corpora: Sequence[CorpusFacts]) -> Counter[str]:
    """Documents of each recipe's corpus over all snapshots."""
    found: Counter[str] = Counter()
    for one in corpora:
        found[one.recipe] += one.kept
    return found


def releases_of(home: Home) -> tuple[tuple[str, str, int], ...]:
    """What was released: name, when, and how many partitions of tables it has."""
    manifests = [releases.read(home.lake.storage, name) for name in releases.names(home.lake.storage)]
    return tuple((one["name"], one["made"], len(one["tables"])) for one in manifests)
