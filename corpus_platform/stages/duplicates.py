"""Dedup of a snapshot, third stage: the findings of all ranges put together, in DuckDB within a memory limit.

Every key that a document has was matched in some range, or the table is not made. Promise: the table depends on the documents up to the snapshot alone.

Not here: how findings are made (dedup_index.py), what the rows do to a document (verdicts.py, recipes/deduplicated.py).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from corpus_platform.dedup.cluster_rows import cluster_rows
from corpus_platform.dedup.findings import unit_rows, weight_rows
from corpus_platform.dedup.verify import ByShingles
from corpus_platform.errors import DamagedFile, NoRoom
from corpus_platform.lake.reading import check_whole
from corpus_platform.recipes.steps.dedup import SoftDedup
from corpus_platform.stages import dedup_estimates as estimates
from corpus_platform.stages.dedup import (
    DEDUP_DOCUMENTS,
    DEDUP_EDGES,
    DEDUP_INDEX,
    Clock,
    DedupStage,
    earlier_partitions,
    identity_of,
)
from corpus_platform.stages.read import digests
from corpus_platform.stages.stage import Shard
from corpus_platform.stages.verdicts import (
    DUPLICATES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.population import Method
    from corpus_platform.stages.estimate import Estimate
    from corpus_platform.stages.stage import Output, Partition


@dataclass(frozen=True)
class Duplicates(DedupStage):
    """What becomes of the documents."""

    name: ClassVar[str] = DUPLICATES

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The documents, and what was found of their keys."""
        return ((DEDUP_DOCUMENTS, variant), (DEDUP_INDEX, variant))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: clusters are of the whole snapshot."""
        method = self.method(partition)
        if any(lake.state(name, partition) is None for name in (DEDUP_DOCUMENTS, DEDUP_INDEX)):
            return []
        documents = lake.files(DEDUP_DOCUMENTS, partition)
        if not documents:
            return []
        where = lake.side_partition(DEDUP_INDEX, partition)
        edges = lake.files(DEDUP_EDGES, where)
        earlier: dict[str, tuple[list[DataFile], list[DataFile]]] = {}
        if method.step.matching == "documents":
            for snapshot, of in earlier_partitions(lake, DUPLICATES, partition, method).items():
                earlier[snapshot] = (lake.files(DEDUP_DOCUMENTS, of), lake.files(DUPLICATES, of))
        old = tuple(f"{s}:{digest}" for s, files in earlier.items() for part in files for digest in digests(part))
        reads = (f"method:{identity_of(method)}", *digests(documents), *(f"edge:{d}" for d in digests(edges)), *old)
        work = _Found(method, documents, edges, earlier, partition["snapshot"], _keys_counted(lake, partition))
        return [Shard(0, reads, work, sum(file.bytes for file in (*documents, *edges)))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Puts the findings of all ranges together."""
        del partition
        work: _Found = shard.work
        clock = Clock(output)
        work.check(lake)
        memory = self.settings.memory_mb << 20
        spill = str(output.scratch() / "spill")
        with _too_little_named(self.settings.memory_mb), work.session(lake, memory, spill) as session:
            output.count("records", work.documents_count)
            match work.method.step.matching:
                case "documents":
                    gone = _write_clusters(session, work, memory, output)
                case "weights":
                    gone = _write_weights(session, work, output)
                case _:
                    gone = _write_units(session, output)
            output.count("dropped:copy", gone)
            output.count("kept", work.documents_count - gone)
        clock.tell()

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate:
        """Documents and links."""
        [shard] = shards
        work: _Found = shard.work
        return estimates.of_duplicates(
            lake,
            partition,
            work.method,
            documents=estimates.rows_and_bytes(work.documents),
            links=estimates.rows_and_bytes(work.edges),
            earlier={snapshot: [*parts[0], *parts[1]] for snapshot, parts in work.earlier.items()},
            memory_mb=self.settings.memory_mb,
        )


@dataclass(frozen=True)
class _Found:
    """What the findings of a snapshot are put together from."""

    method: Method
    documents: Sequence[DataFile]
    edges: Sequence[DataFile]
    earlier: Mapping[str, tuple[Sequence[DataFile], Sequence[DataFile]]]
    snapshot: str
    keys: tuple[int, int]
    """Keys that documents have, and those that ranges have read: all of them, or something was lost."""

    @property
    def documents_count(self) -> int:
        """Documents that take part."""
        return sum(file.rows for file in self.documents)

    def check(self, lake: Lake) -> None:
        """Raises DamagedFile where a file is not as it was written, or keys were lost on the way."""
        had, read = self.keys
        if had != read:
            raise DamagedFile(
                f"{self.method.name} of {self.snapshot}: the documents have {had:,} keys, and {read:,} were matched, so that copies would be "
                f"missed. Nothing was made of it: make {DEDUP_INDEX} anew, then run again"
            )
        for file in (
            *self.documents,
            *self.edges,
            *(f for parts in self.earlier.values() for part in parts for f in part),
        ):
            check_whole(lake, file)

    def session(self, lake: Lake, memory: int, spill: str) -> duckdb.DuckDBPyConnection:
        """DuckDB with the relations of cluster_rows.py."""
        import duckdb  # noqa: PLC0415  (definitions load without it)

        session = duckdb.connect(
            config={
                "memory_limit": f"{memory >> 20}MiB",
                "temp_directory": spill,
                "preserve_insertion_order": "false",
            }
        )
        if lake.storage.is_s3:
            session.register_filesystem(lake.storage.filesystem())
        number = {snapshot: n for n, snapshot in enumerate(self.earlier)}
        names = pl.DataFrame(
            {"number": list(number.values()), "name": list(number)}, schema={"number": pl.Int64, "name": pl.String}
        )
        session.register("snapshot_names", names.to_arrow())
        session.execute("CREATE TABLE snapshot AS SELECT * FROM snapshot_names")
        session.execute(f"CREATE VIEW documents AS SELECT * FROM {_read(self.documents)}")
        session.execute(
            f"CREATE VIEW edges AS SELECT e.* REPLACE (CASE WHEN e.other_snapshot IS NULL THEN -1 ELSE s.number END AS other_snapshot) "
            f"FROM {_read(self.edges, _EDGE_TYPES)} e LEFT JOIN snapshot s ON s.name = e.other_snapshot"
        )
        documents = [
            f"SELECT {number[s]}::BIGINT AS number, doc_id, place, shingles FROM {_read(files)}"
            for s, (files, _) in self.earlier.items()
            if files
        ]
        session.execute(f"CREATE VIEW earlier_documents AS {' UNION ALL '.join(documents) or _NO_DOCUMENTS}")
        duplicates = [
            f"SELECT {number[s]}::BIGINT AS number, place, cluster, canonical, size, first_snapshot, first_place, merged FROM {_read(files)}"
            for s, (_, files) in self.earlier.items()
            if files
        ]
        rows = " UNION ALL ".join(duplicates) or _NO_DUPLICATES
        session.execute(
            f"CREATE VIEW earlier_duplicates AS SELECT d.* EXCLUDE first_snapshot, s.number AS first_number "
            f"FROM ({rows}) d LEFT JOIN snapshot s ON s.name = d.first_snapshot"
        )
        return session


def _keys_counted(lake: Lake, partition: Partition) -> tuple[int, int]:
    """Keys that the documents have, and those that were matched, by the commits."""
    had, matched = lake.state(DEDUP_DOCUMENTS, partition), lake.state(DEDUP_INDEX, partition)
    counted = had.counters.get("keys") if had else None
    read = matched.counters.get("keys", 0) if matched else 0
    return (read if counted is None else counted, read)


@contextmanager
def _too_little_named(memory_mb: int) -> Iterator[None]:
    """What DuckDB says of memory that is too little even for going to disk becomes a `NoRoom`."""
    import duckdb  # noqa: PLC0415  (definitions load without it)

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        if "max_temp_directory_size" in str(error):
            raise  # a full disk: lake/disk.py names it
        raise NoRoom(
            f"`dedup.memory_mb: {memory_mb}` is too little, even with a disk to go to: set it to {2 * memory_mb}, then run again. {error}"
        ) from error


def _write_clusters(session: duckdb.DuckDBPyConnection, work: _Found, memory: int, output: Output) -> int:
    """A row for each document of a cluster of two or more; how many of them go."""
    step = work.method.step
    measure = ByShingles(step.verified) if step.verified is not None else step.measure()
    summary, frames = cluster_rows(session, measure, work.method.survivor, memory // 2)
    names = pl.Series([*work.earlier, work.snapshot], dtype=pl.String)
    own = len(names) - 1
    kept = 0
    for frame in frames:
        first = names.gather(frame["first_number"].fill_null(own).to_numpy())
        kept += int(frame["kept"].sum())
        output.write(frame.drop("first_number").with_columns(first.alias("first_snapshot")))
    output.count("clustered", summary.documents)
    output.count("clusters", summary.clusters)
    output.count("pairs", summary.pairs)
    return summary.documents - kept


def _write_units(session: duckdb.DuckDBPyConnection, output: Output) -> int:
    """A row for each document that loses units, or goes; how many go."""
    gone = 0
    for frame in unit_rows(session):
        output.count("units", int(frame["units"].list.len().sum() or 0))
        gone += int((~frame["kept"]).sum())
        output.write(frame)
    return gone


def _write_weights(session: duckdb.DuckDBPyConnection, work: _Found, output: Output) -> int:
    """A row for each document, with its weight; none goes."""
    step = work.method.step
    assert isinstance(step, SoftDedup)
    output.write(weight_rows(session, step))
    return 0


_EDGE_TYPES = (
    "NULL::BIGINT AS place, NULL::VARCHAR AS other_snapshot, NULL::BIGINT AS other, NULL::BIGINT AS keys, NULL::BIGINT AS apart, "
    "NULL::INTEGER AS ordinal, NULL::DOUBLE AS part"
)
_NO_DOCUMENTS = "SELECT NULL::BIGINT AS number, NULL::VARCHAR AS doc_id, NULL::BIGINT AS place, NULL::UBIGINT[] AS shingles WHERE false"
_NO_DUPLICATES = (
    "SELECT NULL::BIGINT AS number, NULL::BIGINT AS place, NULL::VARCHAR AS cluster, NULL::VARCHAR AS canonical, NULL::INTEGER AS size, "
    "NULL::VARCHAR AS first_snapshot, NULL::BIGINT AS first_place, []::VARCHAR[] AS merged WHERE false"
)


def _read(files: Sequence[DataFile], empty: str = "") -> str:
    """The rows of some files in SQL."""
    if not files:
        return f"(SELECT {empty} WHERE false)"
    listed = ", ".join("'" + file.uri.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
