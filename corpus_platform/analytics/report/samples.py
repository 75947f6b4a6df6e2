"""What rules dropped, rule by rule, with some documents of each: chosen by a hash of their id, masked, cut short.

The ledger is read once, by DuckDB, which keeps some ids of each rule; then the texts of these few documents are looked up.

Not here: why one document went (explain.py).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.analytics.report.facts import RuleFacts, Sample
from corpus_platform.clean.masking import masked
from corpus_platform.lake import table
from corpus_platform.stages.texts import DOCUMENTS, PAGES, text_partition, text_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from corpus_platform.home import Home

DECISIONS = "ops.decisions"
_RULES = 15
"""Rules of a recipe that are shown, those that dropped most."""
_EACH = 3
_LETTERS = 260
_LOOKED_AT = 2_000
"""Letters that are masked; so many more than are shown that half an address at their end is not among these."""
BEFORE = "before all recipes"
"""In place of a recipe, of what the paragraph dedup dropped."""

_SQL = f"""
SELECT stage, "partition", recipe, step, rule, count(*) AS documents, min(value), max(value),
    arg_min({{'doc_id': doc_id, 'value': value, 'threshold': threshold, 'seen': seen, 'url': url}}, hash(doc_id), {_EACH})
FROM {DECISIONS} WHERE string_split("partition", ',')[-1] = $snapshot GROUP BY ALL ORDER BY documents DESC, step, rule
"""


def rules_of(
    home: Home, session: duckdb.DuckDBPyConnection, snapshot: str, *, texts: bool = True
) -> tuple[RuleFacts, ...]:
    """The rules that dropped documents of a snapshot, by recipe; `texts`: with some of these documents."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in session.execute(_SQL, {"snapshot": snapshot}).fetchall():
        of = BEFORE if row[0] == DOCUMENTS else row[2]
        if len(found[of]) < _RULES:
            found[of].append(row)
    order = [BEFORE, *home.enabled, *sorted(found)]
    ordered = [row for of in dict.fromkeys(order) for row in found.get(of, ())]
    shown = _texts(home, ordered) if texts else {}
    return tuple(_rule(row, snapshot, shown) for row in ordered)


def _variant(row: tuple[Any, ...]) -> str:
    return row[1].partition(",")[0]


def _rule(row: tuple[Any, ...], snapshot: str, texts: dict[tuple[str, str], Sample]) -> RuleFacts:
    stage, _, recipe, step, rule, documents, least, most, _ = row
    samples = tuple(texts[key] for key in ((_key(row, one)) for one in row[8]) if key in texts)
    return RuleFacts(BEFORE if stage == DOCUMENTS else recipe, snapshot, step, rule, documents, (least, most), samples)


def _key(row: tuple[Any, ...], chosen: dict[str, Any]) -> tuple[str, str]:
    return "/".join(row[i] for i in (0, 1, 2, 3, 4)), chosen["doc_id"]


def _texts(home: Home, rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, str], Sample]:
    """A sample for each chosen document of each rule; those whose text is not there any more are left out."""
    wanted: dict[tuple[str, str], list[tuple[tuple[str, str], dict[str, Any]]]] = defaultdict(list)
    for row in rows:
        # What the paragraph dedup dropped is among the pages only.
        name = PAGES if row[0] == DOCUMENTS else text_table(_variant(row))
        wanted[name, row[1]] += [(_key(row, one), one) for one in row[8]]
    keys, chosen, raw = [], [], []
    for (name, partition), several in wanted.items():
        known = _looked_up(home, name, partition, {one["doc_id"] for _, one in several})
        for key, one in several:
            if one["doc_id"] in known:
                keys.append(key)
                chosen.append(one)
                raw.append(known[one["doc_id"]])
    urls = masked([(url or "")[:_LOOKED_AT] for url, _, _ in raw])
    bodies = masked([" ".join(body[:_LOOKED_AT].split()) for _, _, body in raw])
    seen = masked([one["seen"] or "" for one in chosen])
    return {
        key: Sample(one["doc_id"], one["value"], one["threshold"], word or None, url, language or "", _cut(body))
        for key, one, word, url, body, (_, language, _) in zip(keys, chosen, seen, urls, bodies, raw, strict=True)
    }


def _looked_up(home: Home, name: str, partition: str, ids: set[str]) -> dict[str, tuple[str | None, str | None, str]]:
    """(address, language, beginning) of some documents of a table, by id."""
    variant, _, snapshot = partition.rpartition(",")
    where: Any = (
        {"variant": variant, "snapshot": snapshot}
        if name == PAGES
        else text_partition({"variant": variant, "snapshot": snapshot})
    )
    rows = home.lake.scan(name, **where).filter(pl.col("doc_id").is_in(sorted(ids)))
    columns = ["doc_id", "url", "language", pl.col("text").str.slice(0, _LOOKED_AT)]
    assert {"url", "language", "text"} <= set(table(name).schema.names)
    return {doc_id: (url, language, body) for doc_id, url, language, body in rows.select(columns).collect().iter_rows()}


def _cut(body: str) -> str:
    return body if len(body) <= _LETTERS else f"{body[:_LETTERS]}\N{HORIZONTAL ELLIPSIS}"
