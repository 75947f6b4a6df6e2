"""Reads table files and notices damage: what is read is what was written, else there is a `DamagedFile` and no row of it counts.

Three checks, each where it is cheap. A file that is read as it streams by (`open_verified`, `read_columns`): its size and rows are those of the
commit, its footer fits its seal (seal.py), each page fits its checksum. A file that another library reads (`check_whole`), or that has
no seal because it is older: the digest of all its bytes is the one in its name. Files that other programs wrote have neither: of them
the pages that have checksums are checked, and their size.

Not here: all files of a table at once (verify.py), batches for stages (stages/read.py).
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import lru_cache
from typing import IO, TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import DamagedFile
from corpus_platform.lake.seal import footer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.lake import Lake
    from corpus_platform.lake.storage import Storage

_BLOCK = 8 << 20


@contextlib.contextmanager
def open_verified(lake: Lake, file: DataFile) -> Iterator[pq.ParquetFile]:
    """A table file, open for reading with all checks; the block should only read, for its reading errors become `DamagedFile`."""
    with _damage_named(file), lake.storage.filesystem().open(file.uri, "rb") as stream:
        _check_size(file, stream.seek(0, 2))
        metadata, is_sealed = footer(stream)
        if not is_sealed:
            check_whole(lake, file)
        check_rows(file, metadata.num_rows)
        with pq.ParquetFile(stream, metadata=metadata, page_checksum_verification=True, pre_buffer=False) as parquet:
            yield parquet


def read_columns(
    lake: Lake, file: DataFile, columns: Sequence[str], *, within: tuple[str, int, int] | None = None
) -> pl.DataFrame:
    """Columns of a table file, verified; with `within` (column of integers, first, last) the rows whose value is in that range, both ends in.

    Only row groups whose smallest and largest value meet the range are read, one at a time: cheap where the file is sorted by the column.
    """
    return pl.concat(pieces_of(lake, file, columns, within=within))


def pieces_of(
    lake: Lake, file: DataFile, columns: Sequence[str], *, within: tuple[str, int, int] | None = None
) -> Iterator[pl.DataFrame]:
    """The same row group by row group, after an empty frame that has the columns."""
    wanted = list(dict.fromkeys([*columns, *([within[0]] if within else [])]))
    with open_verified(lake, file) as parquet:
        yield _frame(parquet.schema_arrow.empty_table().select(wanted)).select(columns)
        for index in range(parquet.num_row_groups):
            if within and not _meets(parquet.metadata.row_group(index), *within):
                continue
            group = parquet.read_row_group(index, columns=wanted)
            if group.num_rows != (told := parquet.metadata.row_group(index).num_rows):
                raise damaged(file, f"row group {index} has {group.num_rows} rows and not {told}")
            frame = _frame(group)
            yield (frame if within is None else frame.filter(_is_within(group.schema, *within))).select(columns)


def check_rows(file: DataFile, rows: int) -> None:
    """A `DamagedFile` where a file of ours has not the rows that its commit names."""
    if file.shard >= 0 and rows != file.rows:
        raise damaged(file, f"it has {rows} rows, and was written with {file.rows}")


def check_whole(lake: Lake, file: DataFile) -> None:
    """A `DamagedFile` where the bytes of a file are not those that its name and its commit tell; reads it once per process."""
    with _damage_named(file):
        facts = lake.storage.filesystem().info(file.uri)
        seen = str(facts.get("mtime") or facts.get("ETag"))
        what = _found(lake.storage, file.uri, file.bytes, file.digest if file.shard >= 0 else "", seen)
    if what:
        raise damaged(file, what)


def damage_of(lake: Lake, file: DataFile) -> str:
    """What is wrong with a file: its size or the digest of its bytes, or that it is missing; empty where all is as written."""
    try:
        return _difference(lake.storage, file.uri, file.bytes, file.digest if file.shard >= 0 else "")
    except FileNotFoundError:
        return "it is missing"


def damaged(file: DataFile, what: str) -> DamagedFile:
    """The error of a file that is not as it was written."""
    return DamagedFile(
        f"{file.uri} is damaged: {what}. Nothing was made of it: `corpus verify --repair` sets damaged files aside, "
        "then run again: only their shards are made anew"
    )


@contextlib.contextmanager
def _damage_named(file: DataFile) -> Iterator[None]:
    """Turns what readers say of a damaged file into a `DamagedFile`; errors of the network, the disk or rights stay as they are."""
    try:
        yield
    except FileNotFoundError as error:
        raise damaged(file, "it is missing") from error
    except MemoryError:
        raise
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:
        # Those of an operating system have a number; Arrow's own have none, and are of this very type.
        if isinstance(error, OSError) and (type(error) is not OSError or error.errno is not None):
            raise
        raise damaged(file, " ".join(str(error).split())[:300]) from error


def _check_size(file: DataFile, size: int) -> None:
    if size != file.bytes:
        raise damaged(file, _other_size(size, file.bytes))


def _other_size(size: int, written: int) -> str:
    return f"it has {size:,} bytes, and was written with {written:,}"


@lru_cache(maxsize=65_536)
def _found(storage: Storage, uri: str, size: int, digest: str, seen: str) -> str:
    """The same as `_difference`, once for each state in which the file was `seen`."""
    del seen
    return _difference(storage, uri, size, digest)


def _difference(storage: Storage, uri: str, size: int, digest: str) -> str:
    with storage.filesystem().open(uri, "rb", block_size=_BLOCK) as stream:
        if (there := stream.seek(0, 2)) != size:
            return _other_size(there, size)
        stream.seek(0)
        found = _digest_of(stream) if digest else ""
    return "" if found == digest else f"the digest of its bytes is {found}, and was {digest}"


def _digest_of(stream: IO[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _meets(group: pq.RowGroupMetaData, column: str, first: int, last: int) -> bool:
    """Whether a row group may have values in the range; one without statistics may."""
    for index in range(group.num_columns):
        chunk = group.column(index)
        if chunk.path_in_schema != column:
            continue
        told = chunk.statistics
        return told is None or not told.has_min_max or (told.min <= last and told.max >= first)
    return True


def _is_within(schema: pa.Schema, column: str, first: int, last: int) -> pl.Expr:
    kind = _frame(schema.empty_table()).schema[column]
    return pl.col(column).is_between(pl.lit(first, kind), pl.lit(last, kind))


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame
