"""Files of keys: Parquet, sorted by key, in small row groups with checksums, so that a range of keys is a few reads that can be trusted.

Not here: what is done with a range (matching.py), tables of a lake (lake/, stages/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import DamagedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_ROWS = 1 << 15
"""Rows of a row group."""


def write_keys(path: Path, frame: pl.DataFrame) -> None:
    """Writes rows in the order of `key`. What was there before is replaced whole."""
    temporary = path.with_name(f".{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    # Keys and what stands beside them are random bits: nothing to compress.
    compression = "none" if "key" in table.column_names else "lz4"
    pq.write_table(
        table,
        temporary,
        row_group_size=_ROWS,
        compression=compression,
        use_dictionary=False,
        write_page_checksum=True,
    )
    temporary.replace(path)


def read_arrays(sources: Sequence[Path], columns: Sequence[str], first: int, last: int) -> list[np.ndarray]:
    """The rows of files that are sorted by `key` (uint64) whose key is in first..last, inclusive: an array for each column, file after file.

    Columns have no nulls. Row groups outside the range are not read. Raises DamagedFile where pages are not as they were written.
    """
    parts = [_rows_of(source, columns, first, last) for source in sources]
    if not parts:
        return [np.empty(0, np.uint64 if name == "key" else np.int64) for name in columns]
    return [np.concatenate([part[name].to_numpy() for part in parts]) for name in columns]


def read_pieces(source: Path, columns: Sequence[str], first: int, last: int) -> Iterator[list[np.ndarray]]:
    """The same rows of one file in pieces, one after the other: read-only arrays that nothing is copied for."""
    wanted = list(dict.fromkeys(["key", *columns]))
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            groups = _overlapping(file, "key", first, last)
            for batch in (
                file.iter_batches(_ROWS, row_groups=groups, columns=wanted, use_threads=False) if groups else ()
            ):
                key = batch["key"].to_numpy()
                start = int(np.searchsorted(key, np.uint64(first), side="left"))
                stop = int(np.searchsorted(key, np.uint64(last), side="right"))
                yield [batch[name].to_numpy()[start:stop] for name in columns]
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"{source}: can't be read as it was written ({error})") from error


def read_range(source: Path, columns: Sequence[str], first: int, last: int) -> pl.DataFrame:
    """The same rows of one file as a frame, for columns that may have nulls."""
    frame = pl.from_arrow(_rows_of(source, columns, first, last))
    assert isinstance(frame, pl.DataFrame)
    return frame.select(columns)


def _rows_of(source: Path, columns: Sequence[str], first: int, last: int) -> pa.Table:
    """The rows of one file: those of the row groups that meet the range, cut at its ends."""
    wanted = list(dict.fromkeys(["key", *columns]))
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            groups = _overlapping(file, "key", first, last)
            if not groups:
                return file.schema_arrow.empty_table().select(wanted)
            table = file.read_row_groups(groups, columns=wanted, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"{source}: can't be read as it was written ({error})") from error
    key = table["key"].to_numpy()
    start = int(np.searchsorted(key, np.uint64(first), side="left"))
    return table.slice(start, int(np.searchsorted(key, np.uint64(last), side="right")) - start)


def _overlapping(file: pq.ParquetFile, column: str, first: int, last: int) -> list[int]:
    place = file.schema_arrow.names.index(column)
    found = []
    for group in range(file.num_row_groups):
        statistics = file.metadata.row_group(group).column(place).statistics
        if (
            statistics is None
            or not statistics.has_min_max
            or (int(statistics.min) <= last and int(statistics.max) >= first)
        ):
            found.append(group)
    return found
