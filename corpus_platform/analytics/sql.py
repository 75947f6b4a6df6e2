"""Ad-hoc SQL over the lake: a DuckDB session with one view for each table (schema = layer, name = table).

A view lists the files of the last commit, so a session sees one state of every table, works while a run is writing, and needs no DuckDB
extension. Times are UTC, wherever the machine is. Only statements that read are accepted. `publish` puts the same views into a file that any
DuckDB client opens.

Not here: results as text (rows.py).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from corpus_platform.errors import CorpusError
from corpus_platform.lake import tables

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.lake import Lake, TableSpec

_READS = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.CALL,
}

_ODD_TYPES = {"INTERVAL", "BLOB", "BIT", "TIME WITH TIME ZONE", "UHUGEINT"}


class SqlError(CorpusError):
    """The statement is wrong or would write; the message is DuckDB's own, with the tables that exist."""


def connect(lake: Lake, *, memory_limit: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A session in memory with a view for every table of the registry; a table never written is an empty view."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    if memory_limit:
        connection.execute("SET memory_limit = ?", [memory_limit])
    if threads:
        connection.execute("SET threads = ?", [threads])
    if lake.storage.is_s3:
        connection.register_filesystem(lake.storage.filesystem())
    _make_views(connection, lake)
    return connection


def publish(lake: Lake, path: Path) -> Path:
    """Writes the views into a DuckDB file and swaps it in by rename, so that clients never see half of it.

    The views list the lake's files as they are now: publish again after a commit. Over object storage a client needs httpfs and credentials.
    A client shows times in its own time zone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    connection = duckdb.connect(str(new))
    try:
        _make_views(connection, lake)
    finally:
        connection.close()
    new.replace(path)
    return path


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The result of the last of the statements as an Arrow table. Raises SqlError for a mistake or a statement that writes.

    Columns of one name are told apart (`n`, `n_1`); values that only DuckDB has (INTERVAL, BLOB, BIT) come as its text.
    """
    try:
        statements = duckdb.extract_statements(sql)
        if not statements:
            raise SqlError("there is no statement")
        for statement in statements:
            if statement.type not in _READS:
                raise SqlError(f"`{statement.query.strip()[:60]}` is not a query: this session only reads")
        result = None
        for statement in statements:
            result = connection.sql(statement.query)
        return _plain(result).to_arrow_table() if result is not None else pa.table({})
    except duckdb.Error as error:
        names = ", ".join(spec.name for spec in tables())
        raise SqlError(f"{error}\nTables: {names}") from None


def _plain(result: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows, with names that differ and types that Arrow's readers know."""
    names: list[str] = []
    for name in result.columns:
        taken = (f"{name}_{n}" for n in range(1, len(names) + 1))
        names.append(name if name not in names else next(other for other in taken if other not in names))
    odd = [str(kind).upper() in _ODD_TYPES for kind in result.types]
    if names == result.columns and not any(odd):
        return result
    return result.project(
        ", ".join(
            f'#{place}{"::VARCHAR" if is_odd else ""} AS "{name.replace(chr(34), 2 * chr(34))}"'
            for place, (name, is_odd) in enumerate(zip(names, odd, strict=True), 1)
        )
    )


def _make_views(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    for spec in lake.tables():
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{spec.layer}"')
        connection.execute(f'CREATE VIEW "{spec.layer}"."{spec.short}" AS {_view(lake, spec, connection)}')


def _view(lake: Lake, spec: TableSpec, connection: duckdb.DuckDBPyConnection) -> str:
    """The view's definition: the table's columns with their types, and the files under their partition values."""
    typed = f"SELECT {', '.join(_typed_nulls(spec, connection))} WHERE false"
    paths = [file.uri for file in lake.files(spec.name)]
    if not paths:
        return typed
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    types = ", ".join(f"'{name}': VARCHAR" for name in spec.partition_by)
    return (  # the names are the registry's, the paths are quoted
        f"{typed} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true, "
        f"hive_partitioning = true, hive_types = {{{types}}})"
    )


def _typed_nulls(spec: TableSpec, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`NULL::TYPE AS "name"` for every column, so that a view has all columns of its table whatever its files hold."""
    fields = [*spec.partition_fields, *spec.schema]
    empty = pa.schema(fields).empty_table()  # noqa: F841  (DuckDB finds it by its name)
    described = connection.execute("DESCRIBE SELECT * FROM empty").fetchall()
    return [f'NULL::{row[1]} AS "{row[0]}"' for row in described]
