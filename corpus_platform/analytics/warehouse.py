"""The published warehouse: one read-only DuckDB file with views of every table, the commits, and the marts, for any client of DuckDB 2.0 or newer.

A view lists the files of the last commit (`union_by_name`), so the file is published anew after a commit: a copy of the file is changed where
tables have changed, then it takes the file's place by one rename. Readers have the old file or the new one, whole, and no lock meets them.
Publishing happens under a lock file, and reads the lake only when it holds it, so an older state never replaces a newer one.

- `<layer>.<table>`: views, with the registry's descriptions as comments; `corpora.published`: all corpora, with a column `recipe`.
- `ops.commits`: what each commit made, of what, and what it cost.
- `marts.*`: copies of the tables that dbt has built in its own file.
- `catalogue.sources`, `catalogue.pretraining`, `sft.catalogue`: the catalogue's entries.
- `meta.about`, `meta.tables`: what this file is, what a client needs, and what each view was when it was published.

Over object storage a plain client needs httpfs and credentials of its own; `corpus sql` needs neither.

Not here: the views' definitions (sql.py), dbt (dbt_project.py).
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout

from corpus_platform.analytics.sql import (
    CATALOGUE,
    PUBLISHED,
    corpora,
    make_catalogue,
    make_view,
    published_columns,
    quoted,
    reach,
    view_of,
    view_of_corpora,
)
from corpus_platform.catalogue.reference import descriptions
from corpus_platform.catalogue.reference import rows as rows_of_catalogue
from corpus_platform.errors import CorpusError
from corpus_platform.lake import table
from corpus_platform.stages.stage import digest_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake, TableSpec
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.stages.run import Report

FORMAT = "2"
"""Of the file's own tables; another one means that it is made anew."""
COMMITS = "ops.commits"
_WAIT = 60.0
_log = logging.getLogger(__name__)
_LOG = pa.schema([
    ("table_name", pa.string()), ("version", pa.int64()), ("partition", pa.string()),
    ("variant", pa.string()), ("snapshot", pa.string()), ("method", pa.string()),
    ("committed_at", pa.timestamp("us", "UTC")), ("run", pa.string()), ("mode", pa.string()), ("stage_version", pa.string()),
    ("files", pa.int64()), ("rows", pa.int64()), ("bytes", pa.int64()),
    ("seconds", pa.float64()), ("shard_seconds", pa.float64()), ("bytes_read", pa.int64()),
    ("shards", pa.int64()), ("shards_run", pa.int64()), ("peak_memory", pa.int64()),
    ("counters", pa.map_(pa.string(), pa.int64())),
])  # fmt: skip
COMMIT_COLUMNS = {
    "table_name": "Table that the commit is of, e.g. web.pages",
    "version": "Version of the table that the commit made",
    "partition": "Partition that it wrote: its values joined by commas",
    "variant": "Text variant of the partition, where it has one",
    "snapshot": "Snapshot of the partition, where it has one",
    "method": "Dedup of the partition, where it has one",
    "committed_at": "When",
    "run": "Run that made it",
    "mode": "overwrite or append",
    "stage_version": "Version of the stage's code",
    "files": "Files of the partition after the commit",
    "rows": "Rows of the partition after the commit",
    "bytes": "Bytes of the partition's files after the commit",
    "seconds": "Seconds from the start of the run to its commit",
    "shard_seconds": "Seconds that its shards took, summed over workers and earlier attempts",
    "bytes_read": "Bytes that its shards read",
    "shards": "Shards of the partition",
    "shards_run": "Shards that this run made; the others were finished before",
    "peak_memory": "Largest resident memory of a worker in bytes",
    "counters": "The stage's own counts: records, dropped:<step>:<rule>, rejects:<reason> ...",
    "is_current": "Whether it is the last commit of its partition",
}
"""Columns of `ops.commits`, with what they are."""


@dataclass(frozen=True)
class Published:
    """What a publication did: the file, and the tables whose views were made anew."""

    path: Path
    changed: tuple[str, ...]


def publish(lake: Lake, path: Path, *, names: Collection[str] | None = None, marts: Path | None = None) -> Published:
    """Brings the file up to date with the lake, or with some of its tables, and takes over the marts of another file.

    Raises CorpusError where another publication holds the lock for a minute. While dbt builds marts, those that are there stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        for left in path.parent.glob(f".{path.name}.*.new*"):
            left.unlink(missing_ok=True)  # Of a publication that was killed: we hold the lock, so nobody writes it.
        new = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.new")
        try:
            changed = _write(lake, path, new, names, marts)
            if changed:
                new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    return Published(path, changed)


def publish_after(home: Home, report: Report) -> None:
    """Publishes what a run has changed, in its table and the side tables that belong to it. What goes wrong is a warning: the run has succeeded."""
    try:
        state = home.lake.state(report.stage, report.partition)
        names = {report.stage, *(state.side if state else ())}
        publish(home.lake, home.warehouse, names=names)
    except Exception as error:  # noqa: BLE001  (whatever it is: what the run has made is there)
        _log.warning(
            "%s was not published after the commit of %s: %s. Readers see the tables as before; `corpus warehouse` publishes all",
            home.warehouse,
            report.stage,
            error,
        )


def rows_of_mart(path: Path, name: str, snapshot: str | None) -> tuple[int, int]:
    """Rows of a published mart, and those of a snapshot (all, where none is given)."""
    with duckdb.connect(":memory:") as connection:
        # Attached and not opened: a connection to a path is shared in a process, and would be to the file as it was.
        connection.execute(f"ATTACH {quoted(str(path))} AS published (READ_ONLY)")
        where = "true" if snapshot is None else f"snapshot = {quoted(snapshot)}"
        [found] = connection.execute(
            f'SELECT count(*), count(*) FILTER ({where}) FROM published.marts."{name}"'
        ).fetchall()
    return found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT)
    try:
        with lock:
            yield
    except Timeout:
        raise CorpusError(
            f"{path} is being published by another process for more than {_WAIT:.0f} s: is one of them stopped?"
        ) from None


def _write(lake: Lake, path: Path, new: Path, names: Collection[str] | None, marts: Path | None) -> tuple[str, ...]:
    """Writes the new file; what has changed in it, by name."""
    if path.exists():
        shutil.copyfile(path, new)
    connection = _opened(new, lake)
    if connection is None:
        new.unlink(missing_ok=True)
        connection, names = duckdb.connect(str(new)), None
        connection.execute("SET TimeZone = 'UTC'")
        reach(connection, lake)
        _make_own_tables(connection, lake)
    try:
        has_marts = _attach_marts(connection, marts)
        connection.execute("BEGIN")  # One write to the disk for all: hundreds of columns have comments.
        changed = [*_update_tables(connection, lake, names), *(_update_marts(connection) if has_marts else ())]
        changed += _update_catalogue(connection)
        if changed:
            connection.execute("UPDATE meta.about SET value = ? WHERE key = 'published'", [_now().isoformat()])
        connection.execute("COMMIT")
    finally:
        connection.close()
    return tuple(changed)


def _opened(file: Path, lake: Lake) -> duckdb.DuckDBPyConnection | None:
    """The file opened for writing; None where there is none that can be carried on: of another lake, format or program."""
    if not file.exists():
        return None
    connection = None
    try:
        connection = duckdb.connect(str(file))
        about = dict(connection.execute("SELECT key, value FROM meta.about").fetchall())
    except duckdb.Error:
        about = {}
    if connection is not None and (about.get("format"), about.get("lake")) == (FORMAT, lake.location):
        connection.execute("SET TimeZone = 'UTC'")
        reach(connection, lake)
        return connection
    if connection is not None:
        connection.close()
    return None


def _make_own_tables(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    needs = "nothing but DuckDB 2.0 or newer"
    if lake.storage.is_s3:
        needs = "DuckDB 2.0 or newer with the extension httpfs and a secret of type s3 for the lake's bucket (tables of marts and meta need neither)"
    about = {
        "what": "views of a corpus lake's tables as of the last publication, and its marts: read it, it is replaced as a whole",
        "needs": needs,
        "lake": lake.location,
        "published": "",
        "format": FORMAT,
    }
    connection.execute("CREATE SCHEMA meta; CREATE SCHEMA marts; CREATE SCHEMA ops")
    connection.execute("CREATE TABLE meta.about (key VARCHAR, value VARCHAR)")
    connection.executemany("INSERT INTO meta.about VALUES (?, ?)", list(about.items()))
    connection.execute(
        "CREATE TABLE meta.tables (name VARCHAR PRIMARY KEY, description VARCHAR, rows BIGINT, bytes BIGINT, files BIGINT, "
        "version BIGINT, published TIMESTAMPTZ, digest VARCHAR)"
    )
    empty = _LOG.empty_table()  # noqa: F841  (DuckDB finds it by its name)
    connection.execute("CREATE TABLE meta.commit_log AS SELECT * FROM empty")
    make_view(
        connection,
        COMMITS,
        "SELECT *, version = max(version) OVER (PARTITION BY table_name, partition) AS is_current FROM meta.commit_log",
    )
    _comment(
        connection, COMMITS, "A row is a commit: what a run made of one partition, and what it cost.", COMMIT_COLUMNS
    )


# Tables of the lake


def _update_tables(connection: duckdb.DuckDBPyConnection, lake: Lake, names: Collection[str] | None) -> list[str]:
    """Makes the views anew whose tables have changed, and drops those of tables that are gone."""
    known = dict(connection.execute("SELECT name, digest FROM meta.tables").fetchall())
    specs = {spec.name: spec for spec in lake.tables()}
    changed = []
    for name, spec in specs.items():
        if (names is None or name in names) and _update_table(connection, lake, spec, known.get(name)):
            changed.append(name)
    for name in sorted(set(known) - set(specs)) if names is None else ():
        layer, _, short = name.partition(".")
        connection.execute(f'DROP VIEW IF EXISTS "{layer}"."{short}"')
        connection.execute("DELETE FROM meta.tables WHERE name = ?", [name])
        changed.append(name)
    # It reads the corpora's own views, so it changes only with which there are.
    there = [spec for spec in corpora(lake) if spec.name in {*known, *changed}]
    before = {name for name in known if name.partition(".")[0] == PUBLISHED.partition(".")[0]}
    if not known or {spec.name for spec in there} != before:
        make_view(connection, PUBLISHED, view_of_corpora(there))
        about = "A row is a document of a published corpus, in the columns that all corpora share."
        _comment(connection, PUBLISHED, about, published_columns())
    return changed


def _update_table(connection: duckdb.DuckDBPyConnection, lake: Lake, spec: TableSpec, known: str | None) -> bool:
    files = lake.files(spec.name)
    digest = digest_of([spec.description, str(spec.schema), list(spec.partition_by), [file.uri for file in files]])
    version = _add_commits(connection, lake, spec)
    if digest == known:
        return version is not None
    make_view(connection, spec.name, view_of(lake, spec, connection))
    said = {field.name: (field.metadata or {}).get(b"description", b"").decode() for field in spec.columns}
    _comment(connection, spec.name, spec.description, said)
    figures = [sum(file.rows for file in files), sum(file.bytes for file in files), len(files), lake.version(spec.name)]
    connection.execute(
        "INSERT OR REPLACE INTO meta.tables VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [spec.name, spec.description, *figures, _now(), digest],
    )
    return True


def _add_commits(connection: duckdb.DuckDBPyConnection, lake: Lake, spec: TableSpec) -> int | None:
    """Adds the commits that are new to the file; the newest of them, None where there is none."""
    newest = lake.version(spec.name)
    [(last,)] = connection.execute(
        "SELECT coalesce(max(version), -1) FROM meta.commit_log WHERE table_name = ?", [spec.name]
    ).fetchall()
    if newest is None or newest <= last:
        return None
    states = [state for state in lake.history(spec.name, limit=newest - last) if state.version > last]
    found = pa.Table.from_pylist([_row(state) for state in states], _LOG)  # noqa: F841  (DuckDB finds it by its name)
    connection.execute("INSERT INTO meta.commit_log SELECT * FROM found")
    return newest if states else None


def _row(state: PartitionState) -> dict[str, Any]:
    """A commit as a row of `ops.commits`. Those from before costs were kept have none, nor do those that put a result there again."""
    where = state.partition
    cost = state.extra.get("cost", {})
    return {
        **{
            name: getattr(state, name) for name in ("version", "run", "mode", "stage_version", "files", "rows", "bytes")
        },
        **{
            name: cost.get(name)
            for name in ("seconds", "shard_seconds", "bytes_read", "shards", "shards_run", "peak_memory")
        },
        **{name: _value(where, name) for name in ("variant", "snapshot", "method")},
        "table_name": state.name,
        "committed_at": state.time,
        "partition": ",".join(where.values()),
        "counters": sorted(state.counters.items()),
    }


def _value(where: Mapping[str, str], name: str) -> str | None:
    """A value of a partition; rows of side tables say which partition of which stage they belong to."""
    if name in where:
        return where[name]
    if "stage" not in where:
        return None
    return table(where["stage"]).partition_of(where["partition"]).get(name)


def _update_catalogue(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Makes the tables of the catalogue anew whose entries are others than those in the file."""
    about = dict(connection.execute("SELECT key, value FROM meta.about").fetchall())
    changed = []
    for name in CATALOGUE:
        digest = digest_of(rows_of_catalogue(name).to_pylist())
        if about.get(name) == digest:
            continue
        make_catalogue(connection, name)
        _comment(connection, name, "A row is an entry of the catalogue.", descriptions(name), "TABLE")
        connection.execute("DELETE FROM meta.about WHERE key = ?", [name])
        connection.execute("INSERT INTO meta.about VALUES (?, ?)", [name, digest])
        changed.append(name)
    return changed


# Marts


def _attach_marts(connection: duckdb.DuckDBPyConnection, marts: Path | None) -> bool:
    """Opens the file that marts are built in, as `built`. While dbt has it open there is none: the marts stay as they are."""
    if marts is None or not marts.exists():
        return False
    try:
        connection.execute(f"ATTACH {quoted(str(marts))} AS built (READ_ONLY)")
    except duckdb.IOException:
        return False
    return True


def _update_marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Copies the tables of `built.marts` with their comments; those that it no longer has are dropped."""
    found = _tables_of(connection, "built")
    here = _tables_of(connection, None)
    for name, comment in found.items():
        connection.execute(f'CREATE OR REPLACE TABLE marts."{name}" AS FROM built.marts."{name}"')
        columns = connection.execute(
            "SELECT column_name, coalesce(comment, '') FROM duckdb_columns() WHERE database_name = 'built' "
            "AND schema_name = 'marts' AND table_name = ?",
            [name],
        ).fetchall()
        _comment(connection, f"marts.{name}", comment or "", dict(columns), "TABLE")
    for name in set(here) - set(found):
        connection.execute(f'DROP TABLE marts."{name}"')
    return [f"marts.{name}" for name in sorted({*found, *here})]


def _tables_of(connection: duckdb.DuckDBPyConnection, database: str | None) -> dict[str, str | None]:
    return dict(
        connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'marts' "
            "AND database_name = coalesce(?, current_database()) ORDER BY 1",
            [database],
        ).fetchall()
    )


def _comment(
    connection: duckdb.DuckDBPyConnection, name: str, about: str, columns: Mapping[str, str], kind: str = "VIEW"
) -> None:
    """Says in the file what a view or table is, and its columns."""
    layer, _, short = name.partition(".")
    statements = [f'COMMENT ON {kind} "{layer}"."{short}" IS {quoted(about)}']
    statements += [
        f'COMMENT ON COLUMN "{layer}"."{short}"."{column}" IS {quoted(said)}'
        for column, said in columns.items()
        if said
    ]
    connection.execute(";".join(statements))


def _now() -> datetime:
    return datetime.now(UTC)
