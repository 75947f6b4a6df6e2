"""The figures of a partition's rows: all aggregates of a suite in one pass of DuckDB over the files; the rows that break a promise in a second one.

Memory is bounded by `_MEMORY`: keys are compared by 64 bits each, and what does not fit goes to disk. Keys whose 64 bits meet are then compared
as they are, so that the number of keys seen twice is exact.
Promise: figures are of all rows of all files that the newest commit names, and of no other.

Not here: what is asked (suite.py), who judges (judge.py), figures that need no rows (counted.py).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pyarrow as pa

from corpus_platform.errors import CorpusError
from corpus_platform.quality.expectation import MOST_ROWS
from corpus_platform.quality.values import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from corpus_platform.lake import Lake, TableSpec
    from corpus_platform.lake.files import DataFile
    from corpus_platform.quality.expectation import Row
    from corpus_platform.stages.stage import Partition

_MEMORY = "1GiB"
"""Memory of DuckDB for one suite; what is more goes to a folder of temporary files (TMPDIR)."""
_SUSPECTS = 100_000
"""Keys that are compared as they are, of those whose hashes meet; more would only make the number larger."""
_CUT = 2_000
"""Letters of a value that are read to be shown."""
FILE, ROW = "lake_file", "row"
"""Columns that say where a row is: its file's name, and its number in it, from 0."""


class SuiteError(CorpusError):
    """A suite could not be evaluated: nothing is known of the partition, neither that it is sound nor that it is not."""


class Reading:
    """The files of a partition, open in DuckDB. Use it in a `with` block."""

    def __init__(self, lake: Lake, spec: TableSpec, partition: Partition, files: Sequence[DataFile]) -> None:
        self._lake, self._spec, self._partition, self._files = lake, spec, partition, files
        self._present: frozenset[str] = frozenset(spec.schema.names)
        self._spill = ""
        self._session: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._session.close()
            shutil.rmtree(self._spill, ignore_errors=True)

    def use(self, columns: frozenset[str]) -> None:
        """The columns that files have, each with the table's type; the others of the table are null."""
        self._present = columns

    def aggregates(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Values of SQL aggregates over all rows, by the names that they are asked under."""
        if not asked:
            return {}
        with self._named():
            row = self._open().execute(f"SELECT {', '.join(asked.values())} FROM rows").fetchone()
        return dict(zip(asked, row or (), strict=True))

    def keys_seen_twice(self, key: Sequence[str]) -> tuple[int, list[Row]]:
        """How many keys occur twice or more often, and the first of them with their number of rows."""
        listed = ", ".join(map(quoted, key))
        suspects = (
            f"SELECT h FROM (SELECT {hash_of(key)} AS h FROM rows) GROUP BY h HAVING count(*) > 1 LIMIT {_SUSPECTS}"
        )
        twice = (
            f'SELECT {listed}, count(*) AS "rows" FROM rows WHERE {hash_of(key)} IN ({suspects}) '
            f"GROUP BY ALL HAVING count(*) > 1"
        )
        with self._named():
            session = self._open()
            session.execute(f"CREATE OR REPLACE TEMP TABLE twice AS {twice}")
            found = session.execute("SELECT count(*) FROM twice").fetchone()
            rows = self._rows(f'SELECT * FROM twice ORDER BY "rows" DESC, {listed} LIMIT {MOST_ROWS}')
        return int(found[0]), rows

    def rows_that_break(self, breaks: Sequence[tuple[str, str]], key: Sequence[str]) -> list[Row]:
        """The first rows that break a promise: where they are, their key, and as `found` the values that break it, by column."""
        said = ", ".join(
            f"CASE WHEN {sql} THEN {{'column': {literal(column)}, "
            f"'value': left(coalesce({quoted(column)}::VARCHAR, 'null'), {_CUT})}} END"
            for column, sql in breaks
        )
        where = " OR ".join(f"({sql})" for _, sql in breaks)
        named = ", ".join([FILE, ROW, *map(quoted, key)])
        with self._named():
            return self._rows(
                f"SELECT {named}, list_filter([{said}], lambda x: x IS NOT NULL) AS found "
                f"FROM placed WHERE {where} ORDER BY {FILE}, {ROW} LIMIT {MOST_ROWS}"
            )

    def batches(self, columns: Sequence[str], where: str, rows: int) -> Iterator[pl.DataFrame]:
        """Some columns of the rows for which SQL is true, so many rows at a time; FILE and ROW say where they are."""
        with self._named():
            found = self._open().execute(f"SELECT {', '.join(map(quoted, columns))} FROM placed WHERE {where}")
            while batch := found.fetchmany(rows):
                yield pl.DataFrame(batch, schema=list(columns), orient="row", infer_schema_length=None)

    def _rows(self, sql: str) -> list[Row]:
        found = self._open().execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _open(self) -> Any:
        if self._session is None:
            import duckdb  # noqa: PLC0415  (definitions load without it)

            self._spill = tempfile.mkdtemp(prefix="corpus-quality-")
            config: dict[str, Any] = {
                "memory_limit": _MEMORY,
                "temp_directory": self._spill,
                "preserve_insertion_order": "false",
            }
            self._session = duckdb.connect(config=config)
            self._session.execute("SET TimeZone = 'UTC'")
            if self._lake.storage.is_s3:
                self._session.register_filesystem(self._lake.storage.filesystem())
            fields = [*self._spec.schema, *self._spec.partition_fields]
            self._session.register("declared", pa.schema(fields).empty_table())
            self._session.execute(f"CREATE VIEW rows AS {self._view(place=False)}")
            self._session.execute(f"CREATE VIEW placed AS {self._view(place=True)}")
        return self._session

    def _view(self, *, place: bool) -> str:
        """The rows with the table's columns and types, whatever columns older files lack; `place`: with their file and number."""
        where = f"''::VARCHAR AS {FILE}, 0::BIGINT AS {ROW}, " if place else ""
        typed = f"SELECT {where}* FROM declared WHERE false"
        if not self._files:
            return typed
        paths = ", ".join(literal(file.uri) for file in self._files)
        source = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false, filename = true, file_row_number = true)"
        files = f"parse_filename(filename) AS {FILE}, file_row_number AS {ROW}, " if place else ""
        own = [f"{literal(value)} AS {quoted(name)}" for name, value in self._partition.items()]
        kept = [quoted(name) for name in self._spec.schema.names if name in self._present]
        return f"{typed} UNION ALL BY NAME SELECT {files}{', '.join([*kept, *own])} FROM {source}"

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What DuckDB can't do becomes a `SuiteError` that names the partition."""
        import duckdb  # noqa: PLC0415

        try:
            yield
        except (duckdb.Error, OSError) as error:
            where = f"{self._spec.name} [{self._spec.partition_string(self._partition)}]"
            reason = " ".join(str(error).split())[:500]
            raise SuiteError(
                f"{where}: its rows could not be counted, so nothing is known of them: {reason}"
            ) from error


def hash_of(key: Sequence[str]) -> str:
    """SQL of 64 bits of a key, nulls being values like others."""
    return f"hash({', '.join(map(quoted, key))})"
