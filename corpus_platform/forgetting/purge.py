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

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import DamagedFile
from corpus_platform.forgetting.columns import (
    FORGOTTEN,
    REJECTS,
    Found,
    Sieve,
    forgotten_reject,
    hidden,
    naming,
    snapshot_of,
)
from corpus_platform.lake import forgotten, markers
from corpus_platform.lake.files import WrittenFile
from corpus_platform.lake.reading import open_verified
from corpus_platform.lake.registry import table
from corpus_platform.lake.verify import FOLDER as DAMAGED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from corpus_platform.forgetting.tombstones import Tombstones
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.markers import Marker
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
            rewriting = _Rewriting(self, name, table(name).partition_of(text), uris, search)
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


class _Rewriting:
    """One partition of a main table with its side tables, on its way to a commit."""

    def __init__(self, purge: Purge, name: str, partition: dict[str, str], uris: set[str], search: Search) -> None:
        self.partition = partition
        self._purge, self._lake, self._name, self._search = purge, purge.lake, name, search
        self._uris = {uri.removeprefix("s3://") for uri in uris}
        self._run = uuid.uuid4().hex
        self._rewritten: dict[tuple[str, str], list[WrittenFile]] = {}
        """{(table, path): what it has become}."""
        self._counts: dict[int, Counter[str]] = {}
        """Changes of the counters, by shard."""
        self._rejects: dict[int, list[dict[str, Any]]] = {}
        """Rows of ops.rejects that stand for documents that go, by shard."""

    def commit(self) -> int:
        """Writes and commits; how many rows of the main table went."""
        fence = self._lake.fence(self._name, self.partition)
        state = self._lake.state(self._name, self.partition)
        before = self._lake.files(self._name, self.partition)
        files = self._written(self._name, before)
        side = dict(state.side) if state else {}
        for name in sorted({*side, *({REJECTS} if self._rejects else ())}):
            side |= self._commit_side(name)
        counters = Counter(state.counters if state else {})
        for change in self._counts.values() if counters else ():
            counters.update(change)
        gone = sum(file.rows for file in before) - sum(file.rows for file in files)
        names = ("stage", "stage_version", "settings", "fingerprint", "inputs", "extra")
        metadata = {name: getattr(state, name) for name in names} if state else {"extra": {}}
        metadata |= {"side": side, "counters": _positive(counters)}
        metadata["extra"] = {**metadata["extra"], FORGOTTEN: gone + metadata["extra"].get(FORGOTTEN, 0)}
        self._lake.commit(self._name, self.partition, files, fence, run=self._run, metadata=metadata)
        self._tell_markers()
        return gone

    def _written(self, name: str, files: list[DataFile], rejects: bool = False) -> list[WrittenFile]:
        """The files of the partition in a table, those with forgotten rows written anew."""
        found: list[WrittenFile] = []
        for file in files:
            mine = self._rejects.pop(file.shard, []) if rejects else []
            if file.uri.removeprefix("s3://") in self._uris or mine:
                made = self._write(name, file, mine)
                self._rewritten[name, file.path] = made
                found += made
            else:
                found.append(_as_written(file))
        return found

    def _commit_side(self, name: str) -> dict[str, int]:
        """Commits the partition's rows of a side table where they change: {table: version that readers are to see}."""
        where = self._lake.side_partition(self._name, self.partition)
        before = self._lake.files(name, where)
        is_rejects = name == REJECTS
        if not any(file.uri.removeprefix("s3://") in self._uris for file in before) and not (
            is_rejects and self._rejects
        ):
            return {}
        fence = self._lake.fence(name, where)
        state = self._lake.state(name, where)
        files = self._written(name, before, rejects=is_rejects)
        for shard, rows in sorted(self._rejects.items()) if is_rejects else ():
            files += (made := self._frames_written(name, where, shard, [pl.DataFrame(rows)]))
            self._rewritten[name, f"new {shard}"] = made
        self._rejects = {} if is_rejects else self._rejects
        said = {n: getattr(state, n) for n in ("stage", "stage_version", "settings")} if state else {}
        metadata = {**said, "fingerprint": self._run}
        return {name: self._lake.commit(name, where, files, fence, run=self._run, metadata=metadata).version}

    def _write(self, name: str, file: DataFile, more: list[dict[str, Any]]) -> list[WrittenFile]:
        spec = table(name)
        sieve = self._purge.sieve(spec, snapshot_of(spec, file.partition), self._search.found)
        shard = max(file.shard, 0)

        def frames() -> Iterator[pl.DataFrame]:
            with open_verified(self._lake, file) as parquet:
                for index in range(parquet.num_row_groups):
                    frame = _frame(parquet.read_row_group(index))
                    self._count(name, shard, frame.filter(sieve.gone(frame)))
                    yield sieve.kept(frame)

        if not more:
            return self._frames_written(name, file.partition, shard, frames())
        rows = pl.concat([*frames(), pl.DataFrame(more)], how="diagonal_relaxed")
        return self._frames_written(name, file.partition, shard, [rows.sort(spec.order, maintain_order=True)])

    def _frames_written(
        self, name: str, partition: dict[str, str], shard: int, frames: Iterable[pl.DataFrame]
    ) -> list[WrittenFile]:
        with self._lake.writer(name, partition, shard, self._run) as writer:
            for frame in frames:
                if frame.height:
                    writer.write(frame)
            return writer.close().get(name, [])

    def _count(self, name: str, shard: int, gone: pl.DataFrame) -> None:
        """Notes what the rows that go change in the counters, and which rejects stand for them."""
        change = self._counts.setdefault(shard, Counter())
        if name == REJECTS:
            for reason, n in gone["reason"].value_counts().iter_rows():
                change[f"rejects:{reason}"] -= n
            change[f"rejects:{FORGOTTEN}"] += gone.height
            change["broken"] -= int(gone["broken"].sum())
        elif name == self._name:
            is_source = self._name in self._purge.sources
            change["kept"] -= gone.height
            change[f"rejects:{FORGOTTEN}" if is_source else f"dropped:{FORGOTTEN}"] += gone.height
            if is_source:
                rows = self._rejects.setdefault(shard, []) if gone.height else []
                where = gone.select("file", "position") if gone.height else pl.DataFrame()
                rows += [forgotten_reject(file, position, shard) for file, position in where.iter_rows()]

    def _tell_markers(self) -> None:
        """Markers of rewritten shards name the new files, so that a later run need not make these shards anew."""
        mine = self._lake.markers(self._name, self.partition)
        for marker in markers.read(self._lake.storage, mine.stored()).values():
            old = {(name, file.path) for name, files in marker.files.items() for file in files}
            if old & set(self._rewritten):
                mine.write(self._renewed(marker))

    def _renewed(self, marker: Marker) -> Marker:
        files: dict[str, list[WrittenFile]] = {}
        for name, some in marker.files.items():
            files[name] = [new for file in some for new in self._rewritten.get((name, file.path), [file])]
        if new := self._rewritten.get((REJECTS, f"new {marker.shard}")):
            files[REJECTS] = [*files.get(REJECTS, []), *new]
        counters = Counter(marker.counters)
        counters.update(self._counts.get(marker.shard, Counter()))
        return replace(marker, files={name: some for name, some in files.items() if some}, counters=_positive(counters))


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


def _as_written(file: DataFile) -> WrittenFile:
    now = int(time.time() * 1000)
    return WrittenFile(file.path, file.bytes, file.rows, file.digest, file.shard, dict(file.partition), now)


def _positive(counters: Counter[str]) -> dict[str, int]:
    """Counters with something in them, by name, as runs store them; those that were zero before are as good as absent."""
    return {name: n for name, n in sorted(counters.items()) if n > 0}


def _frame(group: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(group)
    assert isinstance(frame, pl.DataFrame)
    return frame
