"""Shard files: streamed into row groups of bounded size, digested, then published under their final, unique name.

A file is called `<shard>-<digest of its bytes>-<run>.parquet`. It is made in a scratch folder and moved (folder) or uploaded (S3) when it is
complete, so a name in the lake always stands for a whole file. Nobody reads it before a commit names it. The same rows give the same bytes,
however they were cut into batches. Pages have checksums and the footer a seal, so that damage is found where it is read (reading.py).

Not here: which files a table version consists of (log.py), what a finished shard leaves behind (markers.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import SchemaError
from corpus_platform.lake.fit import polars_schema, sized, to_fit
from corpus_platform.lake.registry import table
from corpus_platform.lake.seal import seal

if TYPE_CHECKING:
    from types import TracebackType

    from corpus_platform.lake.registry import TableSpec
    from corpus_platform.lake.storage import Storage

STAGING = "_staging"
"""Scratch folder of a lake in a folder: on its own file system, so that a move is atomic."""
RUN_CHARACTERS = 8
"""Characters of a run's id that are in the names of what it makes."""


@dataclass(frozen=True)
class WrittenFile:
    """A published file that no commit need know yet: path relative to its table, size, rows, digest of its bytes (16 hex digits)."""

    path: str
    bytes: int
    rows: int
    digest: str
    shard: int
    partition: dict[str, str]
    modified: int
    """Time of publishing, in milliseconds since 1970."""

    def as_json(self) -> dict[str, Any]:
        """The file as a marker keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class DataFile:
    """A file of a table version. `path` is relative to the table, `uri` is what readers open."""

    uri: str
    path: str
    rows: int
    bytes: int
    digest: str
    shard: int
    partition: dict[str, str] = field(hash=False)

    def as_written(self) -> WrittenFile:
        """The file, to be committed again now."""
        now = int(time.time() * 1000)
        return WrittenFile(self.path, self.bytes, self.rows, self.digest, self.shard, dict(self.partition), now)


def file_name(shard: int, digest: str, run: str) -> str:
    """Final name of a shard's file: `00007-0123456789abcdef-1a2b3c4d.parquet`."""
    return f"{shard:05d}-{digest}-{run[:RUN_CHARACTERS]}.parquet"


def run_of(path: str) -> str:
    """First characters of the run that made a shard's file or a file in a scratch folder; empty where the path does not say."""
    parts = path.split("/")
    if STAGING in parts[:-1]:
        return parts[parts.index(STAGING) + 1].partition("-")[0]
    return parts[-1].removesuffix(".parquet").rpartition("-")[2] if shard_and_digest(path)[0] >= 0 else ""


def shard_and_digest(path: str) -> tuple[int, str]:
    """What a file's name says; (-1, the name) for a file that another program wrote."""
    name = path.rpartition("/")[2]
    shard, _, rest = name.removesuffix(".parquet").partition("-")
    return (int(shard), rest.partition("-")[0]) if shard.isdigit() and rest else (-1, name)


class ShardWriter:
    """Takes the rows of one shard, for its table and for side tables, and publishes one file per table at `close`.

    As a context manager it forgets what was not closed, so a block that fails leaves nothing behind.
    """

    def __init__(self, storage: Storage, spec: TableSpec, partition: dict[str, str], shard: int, run: str) -> None:
        self._storage = storage
        self._spec = spec
        self._partition = spec.partition_values(partition)
        self._shard = shard
        self._run = run
        self._open: dict[str, _TableFile] = {}
        self._scratch: Path | None = None

    def write(self, frame: pl.DataFrame, table: str | None = None) -> None:
        """Adds rows to the shard's table, or to the side table named; a frame that does not fit is a `SchemaError`."""
        if frame.height == 0 and frame.width == 0:
            return
        name = table or self._spec.name
        if name not in self._open:
            spec = self._spec_of(name)
            self._open[name] = _TableFile(spec, self._partition_for(spec), self._folder() / f"{name}.parquet")
        self._open[name].write(frame)

    def close(self) -> dict[str, list[WrittenFile]]:
        """Publishes the files; a table without rows has none. {table name: files}."""
        files = {name: self._publish(name, open_) for name, open_ in self._open.items() if open_.finish()}
        self._clean()
        return files

    def scratch(self) -> Path:
        """The writer's folder of this machine, which goes with it: below the lake where that is a folder, else that of temporary files."""
        return self._folder()

    def abort(self) -> None:
        """Forgets the rows; nothing was published."""
        for open_ in self._open.values():
            open_.abort()
        self._clean()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _spec_of(self, name: str) -> TableSpec:
        spec = self._spec if name == self._spec.name else table(name)
        if spec is not self._spec and not spec.side:
            raise SchemaError(f"{self._spec.name}: shard {self._shard} wrote to `{name}`, which is no side table")
        return spec

    def _partition_for(self, spec: TableSpec) -> dict[str, str]:
        if spec.name == self._spec.name:
            return self._partition
        return side_partition(self._spec, self._partition)

    def _folder(self) -> Path:
        if self._scratch is None:
            parent = None if self._storage.is_s3 else Path(self._storage.path(STAGING))
            if parent:
                parent.mkdir(parents=True, exist_ok=True)
            self._scratch = Path(
                tempfile.mkdtemp(prefix=f"{self._run[:RUN_CHARACTERS]}-{self._shard:05d}-", dir=parent)
            )
        return self._scratch

    def _publish(self, name: str, made: _TableFile) -> list[WrittenFile]:
        spec = self._spec_of(name)
        partition = self._partition_for(spec)
        size = made.path.stat().st_size
        digest = digest_of_file(made.path)
        path = f"{spec.partition_dir(partition)}/{file_name(self._shard, digest, self._run)}"
        publish(self._storage, made.path, f"{spec.folder}/{path}")
        now = int(time.time() * 1000)
        return [WrittenFile(path, size, made.rows, digest, self._shard, partition, now)]

    def _clean(self) -> None:
        self._open = {}
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def side_partition(spec: TableSpec, partition: dict[str, str]) -> dict[str, str]:
    """Partition of the side tables that belongs to a partition of a main table."""
    return {"stage": spec.name, "partition": spec.partition_string(partition)}


def digest_of_file(path: Path) -> str:
    """16 hex digits (BLAKE2b-64) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def publish(storage: Storage, made: Path, relative: str) -> None:
    """Puts a finished local file into the lake: a move in a folder, an upload to a bucket. Readers never see half of it."""
    if storage.is_s3:
        storage.filesystem().put_file(str(made), storage.path(relative))
        return
    final = Path(storage.path(relative))
    final.parent.mkdir(parents=True, exist_ok=True)
    made.replace(final)


def publish_bytes(storage: Storage, content: bytes, relative: str) -> None:
    """The same for a small file made in memory."""
    if storage.is_s3:
        storage.filesystem().pipe_file(storage.path(relative), content)
        return
    final = Path(storage.path(relative))
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch = final.with_name(f".{final.name}.{secrets.token_hex(4)}")
    try:
        scratch.write_bytes(content)
        scratch.replace(final)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


class _TableFile:
    """One Parquet file in the making. Row groups end at fixed sums of row sizes, whatever the batches."""

    def __init__(self, spec: TableSpec, partition: dict[str, str], path: Path) -> None:
        self.path = path
        self.rows = 0
        self._spec = spec
        self._partition = partition
        # Descriptions stay out of the file: a reworded one must not change its bytes.
        self._schema = pa.schema([field_.remove_metadata() for field_ in spec.schema])
        self._polars = polars_schema(spec)
        self._pending: list[pl.DataFrame] = []
        self._pending_bytes = 0
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        frame = to_fit(frame, self._spec, self._polars, self._partition)
        ends = np.cumsum(sized(frame))
        start = 0
        while start < frame.height:
            before = int(ends[start - 1]) if start else 0
            full = int(np.searchsorted(ends, before + self._spec.row_group_bytes - self._pending_bytes)) + 1
            stop = min(full, frame.height)
            self._pending.append(frame[start:stop])
            self._pending_bytes += int(ends[stop - 1]) - before
            start = stop
            if full <= frame.height:
                self._flush()
        self.rows += frame.height

    def finish(self) -> bool:
        """Writes what is left; whether there is a file at all."""
        self._flush()
        if self._writer is None:
            return False
        self._writer.close()
        seal(self.path)
        return True

    def abort(self) -> None:
        if self._writer is not None:
            # It writes a footer, for which a full disk has no room: the file goes anyway.
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer.is_open = False  # else it tries once more when it is collected, and says so on stderr

    def _flush(self) -> None:
        if not self._pending:
            return
        group = pl.concat(self._pending, rechunk=True).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path, self._schema, compression="zstd", compression_level=3, write_page_checksum=True
            )
        self._writer.write_table(group.combine_chunks(), row_group_size=group.num_rows)
        self._pending, self._pending_bytes = [], 0
