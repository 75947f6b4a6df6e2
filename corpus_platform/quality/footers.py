"""What the footers of a partition's files say: which columns they have, of which types, and how many nulls the long texts have.

Opening a footer checks size, rows and seal of its file (lake/reading.py); a damaged one is a `DamagedFile`, and no verdict.
Long texts are most of a lake's bytes, and every row group states its nulls: so they are counted here, and read only where a footer does not say.

Not here: values (figures.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from corpus_platform.lake.reading import open_verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow.parquet as pq

    from corpus_platform.lake import Lake, TableSpec
    from corpus_platform.lake.files import DataFile

_AT_ONCE = 8


@dataclass(frozen=True)
class Footers:
    """The footers of all files of a partition."""

    problems: tuple[dict[str, Any], ...]
    """A row for each column of a file that is not as declared."""
    mistyped: frozenset[str]
    """Columns that some file has with another type: no figure can be made of them."""
    present: frozenset[str]
    """Columns of the table that some file has, and none with another type."""
    nulls: dict[str, int]
    """Nulls of the columns of long texts, where every file says how many."""

    @classmethod
    def of(cls, lake: Lake, spec: TableSpec, files: Sequence[DataFile]) -> Footers:
        """Reads the footers, some at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(partial(_footer, lake, spec), files))
        long = [field.name for field in spec.schema if pa.types.is_large_string(field.type)]
        counts = {name: [one.nulls.get(name, 0) for one in found] for name in long}
        nulls = {name: sum(n for n in told if n) for name, told in counts.items() if None not in told}
        mistyped = frozenset(name for one in found for name in one.mistyped)
        present = frozenset(name for one in found for name in one.there) - mistyped
        return cls(tuple(problem for one in found for problem in one.problems), mistyped, present, nulls)


@dataclass(frozen=True)
class _Footer:
    problems: list[dict[str, Any]]
    there: set[str]
    mistyped: set[str]
    nulls: dict[str, int | None]


def _footer(lake: Lake, spec: TableSpec, file: DataFile) -> _Footer:
    with open_verified(lake, file) as parquet:
        there = {field.name: field.type for field in parquet.schema_arrow}
        declared = {field.name: field for field in spec.schema}
        mistyped = {
            name for name, field in declared.items() if name in there and plain(there[name]) != plain(field.type)
        }
        lacking = [name for name, field in declared.items() if name not in there and not field.nullable]
        wrong = [
            *((name, str(declared[name].type), str(there[name])) for name in declared if name in mistyped),
            *((name, str(declared[name].type), "no such column") for name in lacking),
            *((name, "no such column", str(kind)) for name, kind in there.items() if name not in declared),
        ]
        long = [name for name, field in declared.items() if pa.types.is_large_string(field.type)]
        nulls = {
            name: _nulls(parquet, name) if name in there else parquet.metadata.num_rows
            for name in long
            if name not in mistyped
        }
    where = file.path.rpartition("/")[2]
    problems = [
        {"lake_file": where, "column": name, "declared": declared_, "found": found} for name, declared_, found in wrong
    ]
    return _Footer(problems, {name for name in declared if name in there}, mistyped, nulls)


def _nulls(parquet: pq.ParquetFile, name: str) -> int | None:
    """Nulls of a column by its row groups; None where one does not say."""
    metadata = parquet.metadata
    place = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name)
    if metadata.schema.column(place).max_definition_level == 0:
        return 0
    told = [metadata.row_group(i).column(place).statistics for i in range(metadata.num_row_groups)]
    if any(one is None or not one.has_null_count for one in told):
        return None
    return sum(one.null_count for one in told)


def plain(kind: pa.DataType) -> pa.DataType:
    """The type without `large_`, and without the names of lists' items: writers differ in both, and readers do not care."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(plain(kind.value_type))
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) else kind
