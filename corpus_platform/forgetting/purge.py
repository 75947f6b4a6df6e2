"""Takes forgotten rows out of every table and every old version of it.

1. *Search.* Every stored file of every table is read, whatever version names it (or none): its columns that name a document, and no others.
2. *Rewrite.* Files that readers see now, and that hold such rows, are written anew without them, as a stage would write them; a partition is committed
   with its side tables, then its markers are told. It keeps its fingerprint: a table that reads a source is now what a run with the tombstone would make
   of it, and stays current. Tables made of a rewritten file are rewritten as well, and are stale besides, for the file that they name is another:
   the next run makes their shards anew, with what the forgotten rows had changed for others (shared paragraphs, clusters, counts).
3. *Remove.* All files that held such rows go at once, pinned or not. Versions that name them can't be read any more (lake/forgotten.py).

Promise: a purge that is killed can be repeated. Nothing is removed before all is committed, and files that tell the target by themselves go last.

Not here: numbers that were made of a text and name nobody (hashes of paragraphs, sketches, filters, models): the next run makes them without it, and
`corpus vacuum` removes the old ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import DamagedFile
from corpus_platform.forgetting.columns import (
    Found,
    Sieve,
    hidden,
    naming,
    snapshot_of,
)
from corpus_platform.forgetting.rewriting import Rewriting
from corpus_platform.lake import forgotten, markers
from corpus_platform.lake.registry import table
from corpus_platform.lake.verify import FOLDER as DAMAGED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from corpus_platform.forgetting.tombstones import Tombstones
    from corpus_platform.lake import Lake
    from corpus_platform.lake.registry import TableSpec

_SHOWN = ("title", "text", "raw_content", "url", "domain", "source_domain", "author", "authors", "record_id", "record")
"""Columns whose values may have been copied to where people look: previews, logs, reports."""


@dataclass(frozen=True)
class StoredFile:
    """A file of a table as it is stored: its path in the lake and in its table, whoever names it."""

    table: str
    uri: str
    path: str
    partition: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Touched:
    """A stored file with forgotten rows: how many go, how many of other documents refer to them; whether readers see it now."""

    file: StoredFile
    gone: int
    refers: int
    is_current: bool


@dataclass
class Search:
    """What a search has found."""

    found: Found
    touched: list[Touched] = field(default_factory=list)
    unreadable: list[StoredFile] = field(default_factory=list)
    """Files set aside as damaged that can't be read: what they hold is not known."""

    def rows(self) -> dict[str, int]:
        """Rows that readers see now and that go, by table."""
        counted = Counter[str]()
        for touched in self.touched:
            counted[touched.file.table] += touched.gone if touched.is_current else 0
        return {name: n for name, n in sorted(counted.items()) if n}

    def paths(self) -> dict[str, list[str]]:
        """Paths of the files that go, by table."""
        found: dict[str, list[str]] = {}
        for touched in self.touched:
            found.setdefault(touched.file.table, []).append(touched.file.path)
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class Purge:
    """How to look: what is forgotten, texts of which one is in each value that means it, and the tables that read a source."""

    lake: Lake
    tombstones: Tombstones
    hints: tuple[str, ...] = ()
    sources: Collection[str] = ()

    def search(self, seen: Callable[[pl.DataFrame], None] = lambda _: None) -> Search:
        """Reads all stored files. `seen` is told of forgotten rows, with the columns that may have been copied elsewhere."""
        stored = {spec.name: list(stored_files(self.lake, spec)) for spec in self.lake.tables()}
        search = Search(Found())
        for name, files in stored.items():
            self._find(table(name), files, search)
        for name, files in stored.items():
            current = {file.path for file in self.lake.files(name)}
            sieves: dict[str | None, Sieve] = {}
            for file in files:
                snapshot = snapshot_of(table(name), file.partition)
                sieve = sieves.setdefault(snapshot, self.sieve(table(name), snapshot, search.found))
                gone, refers = self._look(file, sieve, seen, search)
                if gone or refers:
                    search.touched.append(Touched(file, gone, refers, file.path in current and _is_in_place(file)))
        return search

    def rewrite(self, search: Search) -> list[tuple[str, dict[str, str], int]]:
        """Commits every partition without its forgotten rows: (main table, partition, rows that went)."""
        groups: dict[tuple[str, str], set[str]] = {}
        for touched in search.touched:
            if touched.is_current:
                groups.setdefault(_main_of(touched.file), set()).add(touched.file.uri)
        done = []
        for (name, text), uris in sorted(groups.items()):
            partition, is_source = table(name).partition_of(text), name in self.sources
            rewriting = Rewriting(
                self.lake, name, partition, uris, partial(self.sieve, found=search.found), is_source=is_source
            )
            done.append((name, rewriting.partition, rewriting.commit()))
        return done

    def remove(self, search: Search) -> int:
        """Removes all files that held forgotten rows; how many. Those that tell it by themselves go last, so that a repeated search finds the others."""
        storage = self.lake.storage
        for name, paths in search.paths().items():
            forgotten.record(storage, name, paths)
        self._unmark(search)
        telling = {spec.name for spec in self.lake.tables() if naming(spec.schema.names, self.tombstones)}
        files = [touched.file for touched in search.touched]
        for batch in (
            [f for f in files if f.table not in telling],
            [f for f in files if f.table in telling],
            search.unreadable,
        ):
            remove(storage, [file.uri for file in batch])
        return len(files) + len(search.unreadable)

    def sieve(self, spec: TableSpec, snapshot: str | None, found: Found) -> Sieve:
        """What tells the rows of a table apart, in the partitions of a snapshot."""
        return Sieve(spec, snapshot, self.tombstones, found, self.hints)

    def _find(self, spec: TableSpec, files: Iterable[StoredFile], search: Search) -> None:
        """First pass: rows that name the target themselves tell the documents that are meant."""
        named = naming(spec.schema.names, self.tombstones)
        if not named:
            return
        telling = [name for name in ("doc_id", "file", "file_index", "position", "place") if name in spec.schema.names]
        for file in files:
            snapshot = snapshot_of(spec, file.partition)
            for frame in self._frames(file, [*named, *telling], search):
                gone = hidden(frame, self.tombstones, self.hints)
                if gone.any():
                    search.found.add(frame.filter(gone), snapshot)

    def _look(
        self, file: StoredFile, sieve: Sieve, seen: Callable[[pl.DataFrame], None], search: Search
    ) -> tuple[int, int]:
        """Second pass: how many rows of a file go, and how many refer to such."""
        if not sieve.columns:
            return 0, 0
        gone = refers = 0
        for frame in self._frames(file, sieve.columns, search, sieve, seen):
            mask = sieve.gone(frame)
            gone += int(mask.sum())
            refers += int((sieve.refers(frame) & ~mask).sum())
        return gone, refers

    def _frames(
        self,
        file: StoredFile,
        columns: list[str],
        search: Search,
        sieve: Sieve | None = None,
        seen: Callable[[pl.DataFrame], None] = lambda _: None,
    ) -> Iterator[pl.DataFrame]:
        """Columns of a stored file, a row group at a time. One that was set aside and can't be read goes; any other must be mended first."""
        try:
            with self.lake.storage.filesystem().open(file.uri, "rb") as stream, pq.ParquetFile(stream) as parquet:
                there = set(parquet.schema_arrow.names)
                wanted = [name for name in dict.fromkeys(columns) if name in there]
                shown = [name for name in _SHOWN if name in there]
                for index in range(parquet.num_row_groups) if wanted else ():
                    frame = _frame(parquet.read_row_group(index, columns=wanted))
                    yield frame
                    if sieve is not None and (mask := sieve.gone(frame)).any() and shown:
                        seen(_frame(parquet.read_row_group(index, columns=shown)).filter(mask))
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError):
                return  # a vacuum was faster
            if _is_in_place(file):
                raise DamagedFile(
                    f"{file.uri} can't be read, so it is not known what it holds ({error}): `corpus verify --repair`, then forget again"
                ) from error
            if file not in search.unreadable:
                search.unreadable.append(file)

    def _unmark(self, search: Search) -> None:
        """Makes shards unfinished whose markers still name a file that goes: of runs that never committed, or of versions long past."""
        doomed = {(name, path) for name, paths in search.paths().items() for path in paths}
        fs = self.lake.storage.filesystem()
        stored = markers.stored_below(self.lake.storage, markers.FOLDER)
        for path, marker in markers.read(self.lake.storage, stored).items():
            if any((name, file.path) in doomed for name, files in marker.files.items() for file in files):
                fs.rm_file(path)


def stored_files(lake: Lake, spec: TableSpec) -> Iterator[StoredFile]:
    """All Parquet files of a table, of any version or of none, and those that a repair has set aside."""
    fs = lake.storage.filesystem()
    for root in (lake.storage.path(spec.folder), lake.storage.path(DAMAGED, spec.name)):
        try:
            paths = fs.find(root)
        except FileNotFoundError:
            continue
        for path in paths:
            inside = path.removeprefix(root).lstrip("/")
            if path.endswith(".parquet") and not inside.startswith("_delta_log/"):
                partition = dict(part.split("=", 1) for part in inside.split("/")[:-1] if "=" in part)
                yield StoredFile(spec.name, path, inside, partition)


def remove(storage: Any, paths: list[str]) -> None:
    """Removes files of the lake; one that has gone already is no error."""
    if not paths:
        return
    fs = storage.filesystem()
    if storage.is_s3:
        fs.rm(paths)
        return
    for path in paths:
        try:
            fs.rm_file(path)
        except FileNotFoundError:
            continue


def _is_in_place(file: StoredFile) -> bool:
    return f"/{DAMAGED}/" not in file.uri


def _main_of(file: StoredFile) -> tuple[str, str]:
    spec = table(file.table)
    if spec.side:
        return file.partition["stage"], file.partition["partition"]
    return spec.name, spec.partition_string(file.partition)


def _frame(group: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(group)
    assert isinstance(frame, pl.DataFrame)
    return frame
