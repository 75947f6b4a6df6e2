"""Results of queries as text that programs read: CSV and JSON lines.

Promise: one line for each row, UTF-8; whole numbers are numbers whatever their width; NULL is an empty field of CSV and `null` of JSON; lists and
structs are JSON in both; times are ISO 8601.

Not here: queries (sql.py), tables for people (cli.py).
"""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.csv

if TYPE_CHECKING:
    from collections.abc import Iterator


def csv_of(rows: pa.Table) -> bytes:
    """The rows as CSV with a header."""
    columns = [
        pa.array([None if value is None else _json(value).decode() for value in column.to_pylist()], pa.string())
        if pa.types.is_nested(column.type)
        else column
        for column in rows.columns
    ]
    written = io.BytesIO()
    pyarrow.csv.write_csv(pa.Table.from_arrays(columns, names=rows.column_names), written)
    return written.getvalue()


def json_lines(rows: pa.Table) -> Iterator[bytes]:
    """A JSON object and a line end for each row."""
    for row in rows.to_pylist():
        yield _json(row) + b"\n"


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_other, option=orjson.OPT_NON_STR_KEYS)


def _other(value: Any) -> Any:
    """What JSON takes for a value that it does not have: DuckDB's sums of whole numbers come as decimals."""
    if isinstance(value, Decimal):
        whole = int(value) if value == value.to_integral_value() else None
        return float(value) if whole is None or not -(2**63) <= whole < 2**64 else whole
    return str(value)
