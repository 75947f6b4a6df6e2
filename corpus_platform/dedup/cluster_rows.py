"""The clusters of a snapshot as rows, from edges and from what earlier snapshots know: in DuckDB, within a memory limit, spilling to disk.

The session has the relations
- `documents` (doc_id, place, preference, domain): the documents that take part, of this snapshot;
- `edges` (place, other_snapshot, other, keys, apart), as matching.py gives them, sums over ranges still to be made;
- `earlier_documents` (number, doc_id, place) and `earlier_duplicates` (number, place, cluster, canonical, size, first_number, first_place, merged):
  those of earlier snapshots, by number; both may be empty.

Promise: rows depend on these relations alone, and come in the order of places.

Not here: which relations these are (stages/duplicates.py, local.py), the components of a graph (clusters.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
import pyarrow as pa

import corpus_platform.errors as _e
from corpus_platform.dedup.clusters import components, components_on_disk, fits_in_memory

DamagedFile = getattr(_e, "DamagedFile", _e.CorpusError)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from corpus_platform.dedup.clusters import Survivor

ROW_COLUMNS = (
    "doc_id",
    "place",
    "domain",
    "cluster",
    "canonical",
    "size",
    "similarity",
    "neighbour",
    "kept",
    "first_number",
    "first_place",
    "merged",
)
"""Columns of the rows, a row for each document of this snapshot that is in a cluster of two or more."""


class Measure(Protocol):
    """How alike two linked documents are; a pair may turn out to be none."""

    def __call__(self, session: duckdb.DuckDBPyConnection) -> None:
        """Makes the table `pair` (place, other_snapshot, other, similarity) from `pair_of_keys` (place, other_snapshot, other, keys, apart)."""


@dataclass(frozen=True)
class ByExpression:
    """Similarity as an SQL expression of `keys` (how many keys a pair shares) and `apart` (bits that values differ in)."""

    expression: str

    def __call__(self, session: duckdb.DuckDBPyConnection) -> None:
        """Every pair is one."""
        session.execute(
            f"CREATE TEMP TABLE pair AS SELECT place, other_snapshot, other, {self.expression} AS similarity FROM pair_of_keys"
        )


@dataclass(frozen=True)
class Clustered:
    """How many documents and pairs there were, and whether components were found in memory."""

    documents: int
    pairs: int
    clusters: int
    in_memory: bool


def cluster_rows(
    session: duckdb.DuckDBPyConnection, measure: Measure, survivor: Survivor, memory: int
) -> tuple[Clustered, Iterator[pl.DataFrame]]:
    """The rows of a snapshot's clusters, some at a time. `memory` (bytes) bounds what components take outside DuckDB.

    Raises DamagedFile where an edge names a document that its snapshot does not have.
    """
    run = session.execute
    run(
        "CREATE TEMP TABLE pair_of_keys AS SELECT place, other_snapshot, other, sum(keys)::BIGINT AS keys, min(apart)::BIGINT AS apart "
        "FROM edges GROUP BY place, other_snapshot, other"
    )
    measure(session)
    run("DROP TABLE pair_of_keys")
    _find_roots(session)
    run(_OWN)
    run(_LINKS)
    pairs, nodes = _count(session, "link"), _count(session, "own") + _count(session, "root")
    _check_ends(session)
    in_memory = fits_in_memory(nodes, pairs, memory)
    if in_memory:
        ends = session.execute("SELECT a, b FROM link").fetchnumpy()
        found = components(np.asarray(ends["a"]), np.asarray(ends["b"]), nodes)
        component = pa.table({"node": pa.array(np.arange(nodes)), "component": found})
        session.register("component_found", component)
        run("CREATE TEMP TABLE component AS SELECT * FROM component_found")
        session.unregister("component_found")
    else:
        components_on_disk(session, "link")
    run(_MEMBERS)
    run(_CLUSTERS)
    clusters = _count(session, "cluster_of")
    run(_NEIGHBOURS)
    return Clustered(_count(session, "member"), pairs, clusters, in_memory), _rows(session, survivor)


def _rows(session: duckdb.DuckDBPyConnection, survivor: Survivor) -> Iterator[pl.DataFrame]:
    chosen = {
        "none": "c.cluster",
        "first": "coalesce(c.old_canonical, c.first_own)",
        "preferred": "coalesce(c.old_canonical, c.best_own)",
        "newest": "c.first_own",
    }[survivor]
    # By place, for one document may be in two snapshots.
    kept = {
        "none": "false",
        "first": "c.old_canonical IS NULL AND m.place = c.own_place",
        "preferred": "c.old_canonical IS NULL AND m.place = c.best_place",
        "newest": "m.place = c.own_place",
    }[survivor]
    reader = session.sql(
        f"""
        SELECT m.doc_id, m.place, m.domain, c.cluster, {chosen} AS canonical, c.size::INTEGER AS size, coalesce(n.similarity, 1.0)::FLOAT AS similarity,
            n.neighbour, {kept} AS kept, c.first_number, c.first_place,
            CASE WHEN m.place = c.own_place THEN c.merged ELSE [] END AS merged
        FROM member m JOIN cluster_of c USING (component) LEFT JOIN nearest n ON n.place = m.place
        ORDER BY m.place
        """
    ).to_arrow_reader(100_000)
    for batch in reader:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        yield frame


def _count(session: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = session.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def _find_roots(session: duckdb.DuckDBPyConnection) -> None:
    """The clusters, as of now, of the earlier documents that edges lead to: table `rooted` by document, `root` by cluster."""
    run = session.execute
    run(
        "CREATE TEMP TABLE holder AS SELECT DISTINCT other_snapshot AS number, other AS place FROM pair WHERE other_snapshot >= 0"
    )
    run(_ROOTED)
    if _count(session, "rooted") != _count(session, "holder"):
        raise DamagedFile(
            "edges lead to documents that their snapshot's table of documents does not have: make the earlier snapshots' dedup anew, then run again"
        )
    later = session.execute(
        "SELECT DISTINCT number FROM earlier_duplicates WHERE len(merged) > 0 ORDER BY number"
    ).fetchall()
    for (number,) in later:
        run(_MERGE, [number, number])
    run(_ROOT)


def _check_ends(session: duckdb.DuckDBPyConnection) -> None:
    if _count(session, "link WHERE a IS NULL OR b IS NULL") or _count(session, "own ANTI JOIN documents USING (place)"):
        raise DamagedFile(
            "edges name documents that are not among those of their snapshot: make the keys and the index anew, then run again"
        )


_ROOTED = """
CREATE TEMP TABLE rooted AS
SELECT h.number, h.place, d.doc_id, coalesce(c.cluster, d.doc_id) AS cluster, coalesce(c.canonical, d.doc_id) AS canonical,
    coalesce(c.first_number, h.number)::BIGINT AS first_number, coalesce(c.first_place, h.place)::BIGINT AS first_place
FROM holder h
JOIN earlier_documents d ON d.number = h.number AND d.place = h.place
LEFT JOIN earlier_duplicates c ON c.number = h.number AND c.place = h.place
"""

_MERGE = """
UPDATE rooted SET cluster = m.cluster, canonical = m.canonical, first_number = m.first_number, first_place = m.first_place
FROM (SELECT unnest(merged) AS gone, cluster, canonical, first_number, first_place FROM earlier_duplicates WHERE number = ? AND len(merged) > 0) m
WHERE rooted.cluster = m.gone AND rooted.number < ?
"""
"""What a snapshot has merged holds for the documents before it; its own rows have the name of the whole already."""

_ROOT = """
CREATE TEMP TABLE root AS
SELECT r.*, coalesce(s.size, 1)::BIGINT AS size, row_number() OVER (ORDER BY first_number, first_place) - 1 AS node
FROM (SELECT DISTINCT cluster, canonical, first_number, first_place FROM rooted) r
LEFT JOIN (SELECT cluster, max(size) AS size FROM earlier_duplicates SEMI JOIN rooted USING (cluster) GROUP BY cluster) s USING (cluster)
"""
"""Clusters grow only, and a row has the size of its time: the largest is that of now."""

_OWN = """
CREATE TEMP TABLE own AS
SELECT place, (SELECT count(*) FROM root) + row_number() OVER (ORDER BY place) - 1 AS node
FROM (SELECT place FROM pair UNION SELECT other FROM pair WHERE other_snapshot < 0)
"""

_LINKS = """
CREATE TEMP TABLE link AS
SELECT o.node AS a, coalesce(p.node, t.node) AS b
FROM pair e
JOIN own o ON o.place = e.place
LEFT JOIN own p ON e.other_snapshot < 0 AND p.place = e.other
LEFT JOIN rooted r ON r.number = e.other_snapshot AND r.place = e.other
LEFT JOIN root t ON t.cluster = r.cluster
"""

_MEMBERS = """
CREATE TEMP TABLE member AS
SELECT d.doc_id, d.place, d.domain, d.preference, c.component
FROM own o JOIN component c USING (node) JOIN documents d ON d.place = o.place
"""

_CLUSTERS = """
CREATE TEMP TABLE cluster_of AS
WITH mine AS (
        SELECT component, count(*) AS size, min(place) AS own_place, arg_min(doc_id, place) AS first_own,
            arg_min(doc_id, (preference, place)) AS best_own, arg_min(place, (preference, place)) AS best_place
        FROM member GROUP BY component),
    theirs AS (
        SELECT component, sum(size) AS size, arg_min(cluster, node) AS cluster, arg_min(canonical, node) AS canonical,
            arg_min(first_number, node) AS first_number, arg_min(first_place, node) AS first_place, list(cluster ORDER BY node) AS clusters
        FROM root JOIN component USING (node) GROUP BY component)
SELECT component, mine.size + coalesce(theirs.size, 0) AS size, own_place, best_place, first_own, best_own, theirs.canonical AS old_canonical,
    coalesce(theirs.cluster, first_own) AS cluster, theirs.first_number, coalesce(theirs.first_place, own_place) AS first_place,
    coalesce(theirs.clusters[2:], []) AS merged
FROM mine LEFT JOIN theirs USING (component)
"""
"""`first_number` is null where the cluster begins with this snapshot."""

_NEIGHBOURS = """
CREATE TEMP TABLE nearest AS
WITH best AS (
    SELECT place, max(similarity) AS similarity,
        arg_max((other_snapshot, other), (similarity, -(CASE WHEN other_snapshot < 0 THEN 1::BIGINT << 60 ELSE other_snapshot END), -other)) AS to_
    FROM pair GROUP BY place)
SELECT b.place, b.similarity, coalesce(r.doc_id, d.doc_id) AS neighbour
FROM best b
LEFT JOIN rooted r ON r.number = b.to_[1] AND r.place = b.to_[2]
LEFT JOIN documents d ON b.to_[1] < 0 AND d.place = b.to_[2]
"""
