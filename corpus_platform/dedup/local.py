"""Dedup without a lake: sets of documents in a folder, one after the other, each held against itself and those before it.

A *set* stands for what a snapshot is in a lake. Its folder has `documents/`, `keys/` (a file for each part of the input), `index/` and `edges/` (a file
for each range of keys) and `duplicates.parquet`. A step writes a file whole or not at all and skips what is there, so that a run that was killed goes on.
Promise: the same documents give the same files, whatever the parts, ranges and workers.

Not here: reading documents and writing what is kept (recipes/dedup_files.py), tables and partitions (stages/).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq

from corpus_platform.dedup.cluster_rows import ROW_COLUMNS, Clustered, cluster_rows
from corpus_platform.dedup.key_files import key_column, read_range, write_keys
from corpus_platform.dedup.matching import Earlier, Holders, ranges
from corpus_platform.engine.protocol import raise_failures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corpus_platform.dedup.cluster_rows import Measure
    from corpus_platform.dedup.clusters import Survivor
    from corpus_platform.dedup.keys import Keys
    from corpus_platform.dedup.matching import Rule
    from corpus_platform.engine.protocol import Engine

KEYS_OF_A_RANGE = 8_000_000
"""Keys of a set that are matched together: some 500 MB in a worker, besides the earlier sets' of the same range."""
_EARLIER_AT_ONCE = 16_000_000
EDGE_COLUMNS = ("place", "other_snapshot", "other", "keys", "apart")


@dataclass(frozen=True)
class DocumentSet:
    """A set of documents in a folder."""

    folder: Path
    has_values: bool = False
    """Whether keys have a second half."""

    def add(self, part: int, documents: pl.DataFrame, keys: Keys) -> None:
        """Adds the documents of one part (doc_id, place int64, preference uint64, domain), in the order of places, with their keys."""
        place = documents["place"].to_numpy()[keys.document()]
        order = np.argsort(keys.key, kind="stable")
        columns = {"key": keys.key[order], "place": place[order]}
        if self.has_values:
            assert keys.value is not None
            columns["value"] = keys.value[order]
        write_keys(self.folder / "keys" / f"{part:05d}.parquet", pl.DataFrame(columns))
        # Last, for it says that the part is there.
        write_keys(self.folder / "documents" / f"{part:05d}.parquet", documents)

    def has(self, part: int) -> bool:
        """Whether a part is there."""
        return (self.folder / "documents" / f"{part:05d}.parquet").exists()

    def files(self, name: str) -> list[Path]:
        """The files of one kind, in their order."""
        return sorted((self.folder / name).glob("[!.]*.parquet"))

    def rows(self, name: str) -> int:
        """Rows of the files of one kind."""
        return sum(pq.read_metadata(path).num_rows for path in self.files(name))

    @property
    def duplicates(self) -> Path:
        """The rows of its clusters."""
        return self.folder / "duplicates.parquet"

    def holders(self, name: str, first: int, last: int) -> Holders:
        """The rows of `keys` or `index` in a range."""
        columns = ("key", "place", *(("value",) if self.has_values else ()))
        rows = pl.concat([read_range(path, columns, first, last) for path in self.files(name)], rechunk=True)
        value = key_column(rows, "value") if self.has_values else None
        if name == "index":
            return Holders(key_column(rows, "key"), key_column(rows, "place"), value)
        return Holders.sorted(key_column(rows, "key"), key_column(rows, "place"), value)


def match_sets(own: DocumentSet, earlier: Sequence[DocumentSet], rule: Rule, engine: Engine) -> None:
    """Holds the keys of a set against one another and against the indexes of earlier sets: writes its index and edges."""
    count = max(1, -(-own.rows("keys") // KEYS_OF_A_RANGE))
    todo = [i for i in range(count) if not (own.folder / "edges" / f"{i:05d}.parquet").exists()]
    raise_failures(
        engine.map(partial(match_range, own, tuple(earlier), rule, count), todo, label=_range_label), what="range"
    )


def match_range(own: DocumentSet, earlier: Sequence[DocumentSet], rule: Rule, count: int, number: int) -> int:
    """Matches one of `count` ranges of keys, in smaller ones where earlier sets have much there. Returns the number of edges."""
    first, last = list(ranges(count))[number]
    old = sum(other.rows("index") for other in earlier) // count
    parts = max(1, -(-old // _EARLIER_AT_ONCE))
    step = (last - first + 1) // parts
    index, edges = [], []
    for part in range(parts):
        low, high = first + part * step, last if part == parts - 1 else first + (part + 1) * step - 1
        theirs = [Earlier(n, other.holders("index", low, high)) for n, other in enumerate(earlier)]
        found = rule.match(own.holders("keys", low, high), theirs)
        columns = {"key": found.index.key, "place": found.index.place}
        index.append(pl.DataFrame(columns if found.index.value is None else {**columns, "value": found.index.value}))
        edges.append(found.edges)
    write_keys(own.folder / "index" / f"{number:05d}.parquet", pl.concat(index))
    write_keys(own.folder / "edges" / f"{number:05d}.parquet", pl.concat(edges))
    return sum(frame.height for frame in edges)


def cluster_set(
    own: DocumentSet, earlier: Sequence[DocumentSet], measure: Measure, survivor: Survivor, memory: int
) -> Clustered:
    """Makes the clusters of a set from its edges: writes `duplicates.parquet`. `memory` in bytes; DuckDB spills into the set's folder."""
    spill = own.folder / "spill"
    session = duckdb.connect(
        config={"memory_limit": f"{memory >> 20}MiB", "temp_directory": str(spill), "preserve_insertion_order": "false"}
    )
    try:
        _relations(session, own, earlier)
        summary, frames = cluster_rows(session, measure, survivor, memory // 2)
        rows = [pl.DataFrame(schema=_ROW_TYPES), *(frame.cast(_ROW_TYPES) for frame in frames)]  # type: ignore[arg-type]
    finally:
        session.close()
    write_keys(own.duplicates, pl.concat(rows))
    return summary


def _relations(session: duckdb.DuckDBPyConnection, own: DocumentSet, earlier: Sequence[DocumentSet]) -> None:
    """The relations that cluster_rows.py asks for."""
    run = session.execute
    run(f"CREATE VIEW documents AS SELECT * FROM {_files(own.files('documents'))}")
    run(f"CREATE VIEW edges AS SELECT * FROM {_files(own.files('edges'))}")
    documents = [
        f"SELECT {n}::BIGINT AS number, doc_id, place FROM {_files(other.files('documents'))}"
        for n, other in enumerate(earlier)
    ]
    run(f"CREATE VIEW earlier_documents AS {' UNION ALL '.join(documents) or _NO_DOCUMENTS}")
    duplicates = [
        f"SELECT {n}::BIGINT AS number, * EXCLUDE first_number, coalesce(first_number, {n}) AS first_number FROM {_files([other.duplicates])}"
        for n, other in enumerate(earlier)
    ]
    run(f"CREATE VIEW earlier_duplicates AS {' UNION ALL '.join(duplicates) or _NO_DUPLICATES}")


_NO_DOCUMENTS = "SELECT NULL::BIGINT AS number, NULL::VARCHAR AS doc_id, NULL::BIGINT AS place WHERE false"
_NO_DUPLICATES = (
    "SELECT NULL::BIGINT AS number, NULL::BIGINT AS place, NULL::VARCHAR AS cluster, NULL::VARCHAR AS canonical, NULL::INTEGER AS size, "
    "NULL::BIGINT AS first_number, NULL::BIGINT AS first_place, []::VARCHAR[] AS merged WHERE false"
)
_ROW_TYPES = dict(
    zip(
        ROW_COLUMNS,
        (
            pl.String,
            pl.Int64,
            pl.String,
            pl.String,
            pl.String,
            pl.Int32,
            pl.Float32,
            pl.String,
            pl.Boolean,
            pl.Int64,
            pl.Int64,
            pl.List(pl.String),
        ),
        strict=True,
    )
)


def _files(paths: Sequence[Path]) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}])"


def _range_label(number: int) -> str:
    return f"range {number}"
