"""Files of keys: Parquet, sorted by key, in small row groups with checksums, so that a range of keys is a few reads that can be trusted.

Not here: what is done with a range (matching.py), tables of a lake (lake/, stages/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import corpus_platform.errors as _e

DamagedFile = getattr(_e, "DamagedFile", _e.CorpusError)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROW_GROUP_BYTES = 1 << 20
"""Of a file of keys: some ten thousand rows."""
_ROWS = 1 << 16


def write_keys(path: Path, frame: pl.DataFrame) -> None:
    """Writes rows in the order of `key`. What was there before is replaced whole."""
    temporary = path.with_name(f".{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(
        table,
        temporary,
        row_group_size=_ROWS,
        compression="lz4",
        use_dictionary=False,
        write_page_checksum=True,
    )
    temporary.replace(path)


def read_range(
    source: Any, columns: Sequence[str], first: int, last: int, *, name: str = "", column: str = "key"
) -> pl.DataFrame:
    """The rows of a sorted file whose `column` (uint64) is in first..last, inclusive. Row groups outside are not read.

    `source` is a path or an open file. Raises DamagedFile where pages are not as they were written.
    """
    where = name or str(source)
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        groups = _overlapping(file, column, first, last)
        wanted = list(dict.fromkeys([column, *columns]))
        table = (
            file.read_row_groups(groups, columns=wanted, use_threads=False)
            if groups
            else file.schema_arrow.empty_table().select(wanted)
        )
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"{where}: can't be read as it was written ({error})") from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    bounds = (pl.lit(first, pl.UInt64), pl.lit(last, pl.UInt64))
    return frame.filter(pl.col(column).is_between(*bounds)).select(columns)


def key_column(frame: pl.DataFrame, name: str) -> np.ndarray:
    """A column as a NumPy array of its own, which kernels may write to."""
    return np.array(frame[name].to_numpy())


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
