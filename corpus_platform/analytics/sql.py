"""Ad-hoc SQL over the lake: a DuckDB session with one view for each table (schema = layer, name = table).

A view lists the files of the last commit, so a session sees one state of every table, works while a run is writing, and needs no DuckDB
extension. Times are UTC, wherever the machine is.

`connect` gives the platform's own code a session that may do anything. `Analyst` is for people: its statements only read (statements.py), and
it can open files of the lake and of nothing else, on a folder and on S3: DuckDB's `allowed_directories`, then no external access, then a locked
configuration. Its views are made when a statement asks for them, for making one reads the footer of each file. What was published (marts,
`ops.commits`, see warehouse.py) is there too, and the catalogue: sources and corpora (`catalogue.sources`,
`catalogue.pretraining`), data sets for fine-tuning (`sft.catalogue`).

Not here: the published file (warehouse.py), the prompt (shell.py), results as text (rows.py).
"""

from __future__ import annotations

import re
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

import duckdb
import pyarrow as pa

from corpus_platform.analytics.statements import SqlError, checked
from corpus_platform.catalogue.reference import rows as rows_of_catalogue
from corpus_platform.lake import table, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from corpus_platform.lake import Lake, TableSpec

PUBLISHED = "corpora.published"
"""View of all corpora, with a column `recipe`."""
CATALOGUE = ("catalogue.sources", "catalogue.pretraining", "sft.catalogue")
"""Tables of a session that are made of the catalogue's files, and not of the lake."""
_COMMON = {
    "doc_id": ("VARCHAR", ("doc_id",)),
    "url": ("VARCHAR", ("url",)),
    "domain": ("VARCHAR", ("domain", "source_domain")),
    "title": ("VARCHAR", ("title",)),
    "language": ("VARCHAR", ("language",)),
    "language_score": ("FLOAT", ("language_score",)),
    "licence": ("VARCHAR", ("licence",)),
    "characters": ("BIGINT", ("length", "length(text)")),
    "edited": ("BOOLEAN", ("edited",)),
    "weight": ("DOUBLE", ("weight",)),
    "variant": ("VARCHAR", ("variant",)),
    "snapshot": ("VARCHAR", ("snapshot",)),
}
"""Columns of `corpora.published`: type, and what it is in a corpus, the first that there is."""
_ODD_TYPES = {"INTERVAL", "BLOB", "BIT", "TIME WITH TIME ZONE", "UHUGEINT"}
_CATALOGUE = re.compile(
    r"\b(show|information_schema|pg_catalog|pragma|duckdb_\w+|pg_\w+|sqlite_master)\b", re.IGNORECASE
)


def connect(
    lake: Lake,
    *,
    names: Collection[str] | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """A session in memory with a view for every table of the lake, or for some; a table never written is an empty view."""
    connection = _open(lake, memory_limit, threads)
    for name, view in views(lake, connection, names).items():
        make_view(connection, name, view)
    return connection


class Analyst:
    """A session that reads the lake and nothing else. A context manager; `query` may be called from one thread at a time."""

    def __init__(
        self,
        lake: Lake,
        *,
        published: Path | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
    ) -> None:
        """`published`: the file of warehouse.py, for marts and commits; without it, or before it was made, there are none."""
        self._lake = lake
        self._spill = Path(tempfile.gettempdir()) / f"corpus-sql-{uuid.uuid4().hex}"
        self._connection = _open(lake, memory_limit, threads)
        self._to_make = {spec.name for spec in lake.tables()} | {PUBLISHED, *CATALOGUE}
        if published is not None and published.exists():
            _attach(self._connection, published)
        self._lock()

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self.close()

    def query(self, sql: str) -> pa.Table:
        """The result of the last of the statements as an Arrow table. Raises SqlError for a mistake or a statement that does more than read."""
        statements = checked(sql)
        self._make_views_for(sql)
        try:
            return query_checked(self._connection, statements)
        except duckdb.CatalogException:
            # Its message names what is near: for that all tables must be there.
            self._make_views(set(self._to_make))
        except duckdb.Error as error:
            raise _told(error) from None
        try:
            return query_checked(self._connection, statements)
        except duckdb.Error as error:
            raise _told(error) from None

    def interrupt(self) -> None:
        """Stops the statement that runs; may be called from another thread or a signal's handler."""
        self._connection.interrupt()

    def close(self) -> None:
        """Ends the session and removes what it has spilled."""
        self._connection.close()

    def _lock(self) -> None:
        """Reads the lake's folder and its own spill folder from now on, and can't be told otherwise."""
        folder = self._lake.location.rstrip("/") + "/"
        # Variables of this program are no tables.
        self._connection.execute("SET python_enable_replacements = false")
        self._connection.execute("SET autoinstall_known_extensions = false")
        self._connection.execute("SET autoload_known_extensions = false")
        self._connection.execute(f"SET temp_directory = {quoted(str(self._spill))}")
        self._connection.execute(f"SET allowed_directories = [{quoted(folder)}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def _make_views_for(self, sql: str) -> None:
        """Makes the views that a text may ask for: all where it asks for the catalogue."""
        words = set(re.findall(r"\w+", sql.lower()))
        asked = {name for name in self._to_make if set(name.split(".")) <= words}
        self._make_views(self._to_make if _CATALOGUE.search(sql) else asked)

    def _make_views(self, names: Collection[str]) -> None:
        for name in set(names) & set(CATALOGUE) & self._to_make:
            make_catalogue(self._connection, name)
            self._to_make.remove(name)
        for name, view in views(self._lake, self._connection, set(names)).items():
            if name in self._to_make:  # One that is there stays as it is: a session sees one state of a table.
                make_view(self._connection, name, view)
                self._to_make.remove(name)


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The result of the last of the statements, in a session of `connect`; see `Analyst.query`.

    Columns of one name are told apart (`n`, `n_1`); values that only DuckDB has (INTERVAL, BLOB, BIT) come as its text.
    """
    try:
        return query_checked(connection, checked(sql))
    except duckdb.Error as error:
        raise _told(error) from None


def query_checked(connection: duckdb.DuckDBPyConnection, statements: list[str]) -> pa.Table:
    """Runs statements that were checked: the result of the last."""
    result = None
    for statement in statements:
        result = connection.sql(statement)
    return _plain(result).to_arrow_table() if result is not None else pa.table({})


def _told(error: duckdb.Error) -> SqlError:
    if isinstance(error, duckdb.PermissionException):
        return SqlError(f"{error}\nThis session reads files of the lake, and of nothing else")
    names = ", ".join([*(spec.name for spec in tables()), *CATALOGUE])
    return SqlError(f"{error}\nTables: {names}")


def _open(lake: Lake, memory_limit: str | None, threads: int | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    if memory_limit:
        connection.execute("SET memory_limit = ?", [memory_limit])
    if threads:
        connection.execute("SET threads = ?", [threads])
    reach(connection, lake)
    return connection


def reach(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Lets a session read the lake's store, without an extension."""
    if lake.storage.is_s3:
        connection.register_filesystem(lake.storage.filesystem())


def _attach(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Shows what only the published file has: marts, and the commits of all tables."""
    connection.execute(f"ATTACH {quoted(str(published))} AS published (READ_ONLY)")
    found = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = 'marts' "
        "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'published' "
        "AND (schema_name, view_name) = ('ops', 'commits') ORDER BY ALL"
    ).fetchall()
    for schema, name in found:
        make_view(connection, f"{schema}.{name}", f'SELECT * FROM published."{schema}"."{name}"')


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


# Views


def views(lake: Lake, connection: duckdb.DuckDBPyConnection, names: Collection[str] | None = None) -> dict[str, str]:
    """The definition of every view by name, or of some: the tables' first."""
    specs = lake.tables()
    if names is not None and PUBLISHED in names:
        names = {*names, *(spec.name for spec in corpora(lake))}
    found = {spec.name: view_of(lake, spec, connection) for spec in specs if names is None or spec.name in names}
    if names is None or PUBLISHED in names:
        found[PUBLISHED] = view_of_corpora(corpora(lake))
    return found


def make_view(connection: duckdb.DuckDBPyConnection, name: str, view: str) -> None:
    """Makes a view `layer.name`, or makes it anew."""
    layer, _, short = name.partition(".")
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
    connection.execute(f'CREATE OR REPLACE VIEW "{layer}"."{short}" AS {view}')


def make_catalogue(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Makes a table of the catalogue, or makes it anew."""
    layer, _, short = name.partition(".")
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"; DROP TABLE IF EXISTS "{layer}"."{short}"')
    connection.from_arrow(rows_of_catalogue(name)).create(name)


def view_of(lake: Lake, spec: TableSpec, connection: duckdb.DuckDBPyConnection) -> str:
    """A view's definition: the table's columns with their types, and the files under their partition values."""
    typed = f"SELECT {', '.join(_typed_nulls(spec, connection))} WHERE false"
    paths = [file.uri for file in lake.files(spec.name)]
    if not paths:
        return typed
    listed = ", ".join(map(quoted, paths))
    types = ", ".join(f"'{name}': VARCHAR" for name in spec.partition_by)
    return (  # the names are the registry's, the paths are quoted
        f"{typed} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true, "
        f"hive_partitioning = true, hive_types = {{{types}}})"
    )


def view_of_corpora(specs: Iterable[TableSpec]) -> str:
    """The views of some corpora in the columns that they share, each row with its recipe; no rows where there is none."""
    typed = ", ".join(f"NULL::{kind} AS {column}" for column, (kind, _) in _COMMON.items())
    parts = [f"SELECT NULL::VARCHAR AS recipe, {typed} WHERE false"]
    parts += [
        f'SELECT \'{spec.short}\' AS recipe, {_shared(spec)} FROM "{spec.layer}"."{spec.short}"' for spec in specs
    ]
    return " UNION ALL ".join(parts)


def corpora(lake: Lake) -> list[TableSpec]:
    """The corpora that the lake has."""
    return [spec for spec in lake.tables() if spec.layer == PUBLISHED.partition(".")[0]]


def published_columns() -> dict[str, str]:
    """Columns of `corpora.published`, with what they are."""
    layer = PUBLISHED.partition(".")[0]
    said = {
        field.name: (field.metadata or {}).get(b"description", b"").decode() for field in table(f"{layer}.any").columns
    }
    return {"recipe": "Recipe of the corpus", **{name: said.get(name, "Code points of its text") for name in _COMMON}}


def _shared(spec: TableSpec) -> str:
    """The shared columns of a corpus."""
    has = {*spec.schema.names, *spec.partition_by}
    chosen = []
    for column, (kind, choices) in _COMMON.items():
        there = [choice for choice in choices if choice in has or (choice == "length(text)" and "text" in has)]
        chosen.append(f"{there[0] if there else 'NULL'}::{kind} AS {column}")
    return ", ".join(chosen)


def _typed_nulls(spec: TableSpec, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`NULL::TYPE AS "name"` for every column, so that a view has all columns of its table whatever its files hold."""
    fields = [*spec.partition_fields, *spec.schema]
    empty = connection.from_arrow(pa.schema(fields).empty_table())
    return [f'NULL::{kind} AS "{name}"' for name, kind in zip(empty.columns, empty.types, strict=True)]


def quoted(text: str) -> str:
    """The text as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"
