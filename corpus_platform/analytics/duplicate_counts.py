"""Tables of what a dedup found in a snapshot: sizes of clusters, the largest of them, the domains with most copies, passages or low weights.

Everything is counted by DuckDB from the committed partition of `web.duplicates`; what comes back is bounded.

Not here: one page (duplicates.py), pictures of these tables (duplicate_pictures.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from corpus_platform.analytics.texts import addresses_of
from corpus_platform.errors import SourceError
from corpus_platform.stages.dedup import DEDUP_DOCUMENTS
from corpus_platform.stages.verdicts import DUPLICATES, coordinate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Partition

MOST = 10
_MEMORY = "1GB"
_BINS = 20
Kind = Literal["documents", "units", "weights"]


@dataclass(frozen=True)
class LargeCluster:
    """A cluster with its size up to the snapshot, how many of it are of the snapshot, and its first document as the example."""

    cluster: str
    domain: str | None
    url: str | None
    size: int
    here: int
    first_snapshot: str


@dataclass(frozen=True)
class Domain:
    """A host with the documents of it that took part, of these the copies that go (or that lose passages), and the units that they lose."""

    domain: str | None
    documents: int
    copies: int
    units: int

    @property
    def share(self) -> float:
        """Share of its documents that are copies."""
        return self.copies / self.documents if self.documents else 0.0


@dataclass(frozen=True)
class Counted:
    """What a dedup found in a snapshot.

    `copies`: documents that go, or that lose passages where units are compared. `sizes`: (label, clusters) by powers of two; of weights (weight,
    documents). `clusters`, of these `earlier` that go back to earlier snapshots.
    """

    kind: Kind
    documents: int
    copies: int
    clusters: int
    earlier: int
    units: int
    sizes: tuple[tuple[str, int], ...]
    largest: tuple[LargeCluster, ...]
    domains: tuple[Domain, ...]

    @property
    def share(self) -> float:
        """Share of the documents that are copies."""
        return self.copies / self.documents if self.documents else 0.0

    @property
    def summary(self) -> str:
        """The whole in a line."""
        if self.kind == "weights":
            return f"{self.documents:,} documents weighed"
        of = f"{self.copies:,} of {self.documents:,} documents ({self.share:.1%})"
        if self.kind == "units":
            return f"{of} go or lose passages: {self.units:,} units"
        back = f", {self.earlier:,} of them with documents of earlier snapshots" if self.earlier else ""
        return f"{of} go as copies; {self.clusters:,} clusters{back}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for programs."""
        return {**asdict(self), "share": self.share}


def counted(lake: Lake, partition: Partition, *, most: int = MOST) -> Counted:
    """The tables of one partition of `web.duplicates`, `most` rows each. Raises SourceError where it was not made."""
    if lake.state(DUPLICATES, partition) is None:
        asset = f"dedup/{coordinate(partition['variant'], partition['method'])}"
        made = [
            p["snapshot"] for p in lake.partitions(DUPLICATES) if {**p, "snapshot": ""} == {**partition, "snapshot": ""}
        ]
        known = f"; there is: {', '.join(made)}" if made else ""
        raise SourceError(
            f"{partition['method']} of {partition['snapshot']} is not made yet{known}: corpus run {asset} --snapshot {partition['snapshot']}"
        )
    from corpus_platform.analytics.sql import connect  # noqa: PLC0415  (imports DuckDB, and definitions load this module)

    session = connect(lake, names={DUPLICATES, DEDUP_DOCUMENTS}, memory_limit=_MEMORY)
    try:
        return _counted(lake, session, partition, most)
    finally:
        session.close()


def _counted(lake: Lake, session: duckdb.DuckDBPyConnection, partition: Partition, most: int) -> Counted:
    for view, name in (("found", DUPLICATES), ("compared", DEDUP_DOCUMENTS)):
        where = " AND ".join(
            f"{column} = '{value.replace(chr(39), 2 * chr(39))}'" for column, value in partition.items()
        )
        session.execute(f"CREATE TEMP VIEW {view} AS SELECT * FROM {name} WHERE {where}")
    [(documents,)] = session.execute("SELECT count(*) FROM compared").fetchall()
    [(weighed, clustered, gone, losing, units)] = session.execute(
        "SELECT count(weight), count(cluster), count(*) FILTER (NOT kept), count(*) FILTER (len(units) > 0), coalesce(sum(len(units)), 0)::BIGINT FROM found"
    ).fetchall()
    if weighed:
        return Counted("weights", documents, 0, 0, 0, 0, _weights(session), (), ())
    if clustered or not (losing or gone):
        session.execute(_OF_CLUSTERS)
        [(clusters, earlier)] = session.execute(
            "SELECT count(*), count(*) FILTER (first_snapshot < ?) FROM of_cluster", [partition["snapshot"]]
        ).fetchall()
        sizes, largest = _sizes(session), _largest(lake, session, partition["variant"], most)
        return Counted("documents", documents, gone, clusters, earlier, 0, sizes, largest, _domains(session, most))
    [(copies,)] = session.execute("SELECT count(*) FROM found WHERE NOT kept OR len(units) > 0").fetchall()
    return Counted("units", documents, copies, 0, 0, units, (), (), _domains(session, most))


def _sizes(session: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    """Clusters by size: 2, 3-4, 5-8, ... with nothing left out between."""
    rows = session.execute(
        "SELECT ceil(log2(size))::INTEGER AS power, count(*) FROM of_cluster GROUP BY 1 ORDER BY 1"
    ).fetchall()
    found = dict(rows)
    return tuple((_label(power), found.get(power, 0)) for power in range(1, max(found, default=0) + 1))


def _label(power: int) -> str:
    low, high = (1 << (power - 1)) + 1, 1 << power
    return f"{high:,}" if low == high else f"{low:,}-{high:,}"


def _largest(lake: Lake, session: duckdb.DuckDBPyConnection, variant: str, most: int) -> tuple[LargeCluster, ...]:
    """The largest clusters; the example is their first document, in the snapshot that it is from."""
    rows: Sequence[tuple[Any, ...]] = session.execute(
        "SELECT cluster, domain, size, here, first_snapshot FROM of_cluster ORDER BY size DESC, cluster LIMIT ?", [most]
    ).fetchall()
    urls = addresses_of(lake, variant, [(row[0], row[4]) for row in rows])
    return tuple(
        LargeCluster(
            cluster, _host(urls.get((cluster, first))) or domain, urls.get((cluster, first)), size, here, first
        )
        for cluster, domain, size, here, first in rows
    )


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:  # An address that a record states need not be one.
        return None


def _domains(session: duckdb.DuckDBPyConnection, most: int) -> tuple[Domain, ...]:
    rows = session.execute(_DOMAINS, [most]).fetchall()
    return tuple(Domain(*row) for row in rows)


def _weights(session: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    """Documents by weight: each value where there are few, else bins of equal width."""
    [(values,)] = session.execute("SELECT count(DISTINCT weight) FROM found").fetchall()
    if values <= _BINS:
        rows = session.execute("SELECT weight, count(*) FROM found GROUP BY 1 ORDER BY 1").fetchall()
        return tuple((f"{weight:.3g}", n) for weight, n in rows)
    rows = session.execute(
        f"SELECT floor(least(weight, 0.999999) * {_BINS})::INTEGER, count(*) FROM found GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple((f"{number / _BINS:.2f}-{(number + 1) / _BINS:.2f}", n) for number, n in rows)


_OF_CLUSTERS = """
CREATE TEMP TABLE of_cluster AS
SELECT cluster, max(size) AS size, count(*) AS here, min(first_snapshot) AS first_snapshot,
    coalesce(any_value(domain) FILTER (doc_id = cluster), arg_min(domain, place)) AS domain
FROM found GROUP BY cluster
"""

_DOMAINS = """
SELECT c.domain, c.documents, f.copies, f.units
FROM (SELECT domain, count(*) AS documents FROM compared GROUP BY domain) c
JOIN (
    SELECT domain, count(*) FILTER (NOT kept OR len(units) > 0) AS copies, coalesce(sum(len(units)), 0)::BIGINT AS units
    FROM found GROUP BY domain) f ON c.domain IS NOT DISTINCT FROM f.domain
WHERE f.copies > 0
ORDER BY f.units DESC, f.copies DESC, c.domain LIMIT ?
"""
