"""Dedup without a lake: sets of documents in a folder, one after the other, each held against itself and those before it.

A *set* stands for what a snapshot is in a lake. Its folder has `documents/` (a file for each part of the input), `keys/` (files of a part, sorted by key),
`index/` and `edges/` (a file for each range of keys) and `duplicates.parquet`. How keys are matched is a `Match`: documents, units or weights; a filter
asks documents in their order instead. A step writes a file whole or not at all and skips what is there, so that a run that was killed goes on.
Promise: the same documents give the same rows of duplicates, whatever the parts, ranges and workers.

Not here: files of a set (local_set.py), reading documents and writing what is kept (recipes/dedup_files.py), tables and partitions (stages/).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.dedup.cluster_rows import ROW_COLUMNS, Clustered, cluster_rows
from corpus_platform.dedup.filtering import FilterState, filtered
from corpus_platform.dedup.findings import unit_rows, weight_rows
from corpus_platform.dedup.key_files import write_keys
from corpus_platform.dedup.local_set import DocumentSet, Rows
from corpus_platform.dedup.matching import Earlier, Equal, Near, Rule, ranges
from corpus_platform.dedup.unit_matching import Keep, match_units
from corpus_platform.dedup.weighting import parts_of_weights
from corpus_platform.engine.protocol import raise_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from corpus_platform.dedup.cluster_rows import Measure
    from corpus_platform.dedup.clusters import Survivor
    from corpus_platform.dedup.filtering import FilterStep
    from corpus_platform.dedup.weighting import WeightStep
    from corpus_platform.engine.protocol import Engine

KEYS_OF_A_RANGE = 4_000_000
"""Keys of a set that are matched together: some 250 MB in a worker, besides the earlier sets' of the same range."""
BYTES_OF_A_KEY = 64
"""What a key takes in memory while its range is matched."""
_EARLIER_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class ByUnits:
    """Units that other documents have too: which copy stays."""

    keep: Keep


@dataclass(frozen=True)
class ByCommonness:
    """Parts of weights: `documents` of all sets."""

    documents: int


Match = Rule | ByUnits | ByCommonness
"""How the keys of a range are held against each other: those of whole documents by a rule of matching.py."""


def match_sets(
    own: DocumentSet,
    earlier: Sequence[DocumentSet],
    match: Match,
    engine: Engine,
    *,
    keys_of_a_range: int | None = None,
) -> None:
    """Holds the keys of a set against one another and against the indexes of earlier sets: writes its index and edges."""
    count = max(1, -(-own.rows("keys") // (keys_of_a_range or KEYS_OF_A_RANGE)))
    todo = [i for i in range(count) if not (own.folder / "edges" / f"{i:05d}.parquet").exists()]
    if todo:
        task = partial(match_range, own, tuple(earlier), match, count)
        raise_failures(engine.map(task, todo, label=_range_label), what="range")


def match_range(own: DocumentSet, earlier: Sequence[DocumentSet], match: Match, count: int, number: int) -> int:
    """Matches one of `count` ranges of keys, in smaller ones where earlier sets have much there. Returns the number of edges."""
    first, last = list(ranges(count))[number]
    old = sum(other.rows("index") for other in earlier) // count
    # Equal keys are looked for as the indexes stream by; all else holds them.
    parts = 1 if isinstance(match, Equal) else max(1, -(-old // _EARLIER_AT_ONCE))
    step = (last - first + 1) // parts
    task = _task_of(match)
    found = []
    for part in range(parts):
        low, high = first + part * step, last if part == parts - 1 else first + (part + 1) * step - 1
        found.append(task(own, earlier, low, high))
    edges = pl.concat([edges for _, edges in found])
    write_keys(own.folder / "index" / f"{number:05d}.parquet", pl.concat([index for index, _ in found]))
    # Last, for it says that the range is done.
    write_keys(own.folder / "edges" / f"{number:05d}.parquet", edges)
    return edges.height


def _task_of(
    match: Match,
) -> Callable[[DocumentSet, Sequence[DocumentSet], int, int], tuple[pl.DataFrame, pl.DataFrame]]:
    match match:
        case Equal() | Near():
            return partial(_documents, match)
        case ByUnits(keep):
            return partial(_units, keep)
        case ByCommonness(documents):
            return partial(_weights, documents)


def _documents(
    rule: Rule, own: DocumentSet, earlier: Sequence[DocumentSet], low: int, high: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    theirs = [Earlier(n, other.indexed(low, high)) for n, other in enumerate(earlier)]
    found = rule.match(own.holders(low, high), theirs)
    columns = {"key": found.index.key, "place": found.index.place}
    index = pl.DataFrame(columns if found.index.value is None else {**columns, "value": found.index.value})
    return index, found.edges


def _units(
    keep: Keep, own: DocumentSet, earlier: Sequence[DocumentSet], low: int, high: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    theirs = [other.read("index", ("key",), low, high)["key"].to_numpy() for other in earlier]
    found = match_units(own.units(low, high), theirs, keep)
    edges = pl.DataFrame({"place": found.place, "ordinal": found.ordinal})
    return pl.DataFrame({"key": found.index}), edges.with_columns(part=pl.lit(None, pl.Float64))


def _weights(
    documents: int, own: DocumentSet, earlier: Sequence[DocumentSet], low: int, high: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    theirs = [other.read("index", ("key", "documents"), low, high) for other in earlier]
    return parts_of_weights(own.read("keys", ("key", "place"), low, high).sort("key"), theirs, documents)


def filter_set(own: DocumentSet, earlier: DocumentSet | None, step: FilterStep, group_files: int) -> FilterState | None:
    """Asks a filter for one document after the other; it begins as the earlier set has left it: writes edges, and the filter for a later set.

    Returns the filter as it is then, or None where all that was done before.
    """
    done = own.folder / "edges" / "00000.parquet"
    if done.exists():
        return None
    state = FilterState(step, group_files)
    if earlier is not None and state.is_kept:
        state.load(earlier.filter)
    with Rows(done) as rows:
        rows.write(_NO_EDGES)
        for frame in own.document_batches(("place", "keys", "units")):
            rows.write(filtered(state, frame))
        if state.is_kept:
            state.save(own.filter)
    return state


_NO_EDGES = pl.DataFrame(schema={"place": pl.Int64, "ordinal": pl.Int32, "part": pl.Float64})


def cluster_set(
    own: DocumentSet, earlier: Sequence[DocumentSet], measure: Measure, survivor: Survivor, memory: int
) -> Clustered:
    """Makes the clusters of a set from its edges: writes `duplicates.parquet`. `memory` in bytes; DuckDB spills into the set's folder."""
    with set_session(own, earlier, memory) as session, Rows(own.duplicates) as rows:
        summary, frames = cluster_rows(session, measure, survivor, memory // 2)
        rows.write(pl.DataFrame(schema=_ROW_TYPES))
        for frame in frames:
            rows.write(frame.cast(_ROW_TYPES))  # type: ignore[arg-type]
    return summary


def gather_units(own: DocumentSet, memory: int) -> None:
    """Puts together what units each document loses: writes `duplicates.parquet`."""
    with set_session(own, (), memory) as session, Rows(own.duplicates) as rows:
        rows.write(pl.DataFrame(schema=_UNIT_TYPES))
        for frame in unit_rows(session):
            rows.write(frame.cast(_UNIT_TYPES))  # type: ignore[arg-type]


def gather_weights(own: DocumentSet, step: WeightStep, memory: int) -> None:
    """Puts the parts of weights together: writes `duplicates.parquet`, a row for each document."""
    with set_session(own, (), memory) as session, Rows(own.duplicates) as rows:
        rows.write(weight_rows(session, step))


@contextmanager
def set_session(own: DocumentSet, earlier: Sequence[DocumentSet], memory: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the relations that cluster_rows.py and findings.py ask for; `memory` in bytes."""
    spill = own.folder / "spill"
    import duckdb  # noqa: PLC0415  (workers match without it)

    session = duckdb.connect(
        config={"memory_limit": f"{memory >> 20}MiB", "temp_directory": str(spill), "preserve_insertion_order": "false"}
    )
    try:
        _relations(session, own, earlier)
        yield session
    finally:
        session.close()


def _relations(session: duckdb.DuckDBPyConnection, own: DocumentSet, earlier: Sequence[DocumentSet]) -> None:
    run = session.execute
    run(f"CREATE VIEW documents AS SELECT * FROM {files_in_sql(own.files('documents'))}")
    run(f"CREATE VIEW edges AS SELECT * FROM {files_in_sql(own.files('edges'))}")
    shingles = ", shingles" if "shingles" in own.columns("documents") else ""
    documents = [
        f"SELECT {n}::BIGINT AS number, doc_id, place{shingles} FROM {files_in_sql(other.files('documents'))}"
        for n, other in enumerate(earlier)
    ]
    run(f"CREATE VIEW earlier_documents AS {' UNION ALL '.join(documents) or _NO_DOCUMENTS}")
    duplicates = [
        f"SELECT {n}::BIGINT AS number, * EXCLUDE first_number, coalesce(first_number, {n}) AS first_number FROM {files_in_sql([other.duplicates])}"
        for n, other in enumerate(earlier)
        if other.duplicates.exists()
    ]
    run(f"CREATE VIEW earlier_duplicates AS {' UNION ALL '.join(duplicates) or _NO_DUPLICATES}")


_NO_DOCUMENTS = "SELECT NULL::BIGINT AS number, NULL::VARCHAR AS doc_id, NULL::BIGINT AS place, NULL::UBIGINT[] AS shingles WHERE false"
_NO_DUPLICATES = (
    "SELECT NULL::BIGINT AS number, NULL::BIGINT AS place, NULL::VARCHAR AS cluster, NULL::VARCHAR AS canonical, NULL::INTEGER AS size, "
    "NULL::BIGINT AS first_number, NULL::BIGINT AS first_place, []::VARCHAR[] AS merged WHERE false"
)
_TYPES: dict[str, Any] = {
    "doc_id": pl.String,
    "place": pl.Int64,
    "domain": pl.String,
    "cluster": pl.String,
    "canonical": pl.String,
    "size": pl.Int32,
    "similarity": pl.Float32,
    "neighbour": pl.String,
    "kept": pl.Boolean,
    "first_number": pl.Int64,
    "first_place": pl.Int64,
    "merged": pl.List(pl.String),
    "units": pl.List(pl.Int32),
}
_ROW_TYPES = {name: _TYPES[name] for name in ROW_COLUMNS}
_UNIT_TYPES = {name: _TYPES[name] for name in ("doc_id", "place", "domain", "units", "kept", "similarity")}


def files_in_sql(paths: Sequence[Any]) -> str:
    """The rows of Parquet files in SQL."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}])"


def _range_label(number: int) -> str:
    return f"range {number}"
