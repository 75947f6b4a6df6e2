"""Writes one partition anew without its forgotten rows, and commits it with its side tables.

New files have the rows that stay, in their order, as a stage would write them. A document that goes from a table which reads a source is a reject
`forgotten` from now on; counters are told, so that records read are still records kept and rejected. Markers of the partition's shards are told
too, so that a later run need not make them anew.

Not here: which rows go (columns.py), the old files (purge.py).
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.forgetting.columns import FORGOTTEN, REJECTS, Sieve, forgotten_reject, snapshot_of
from corpus_platform.lake import markers
from corpus_platform.lake.reading import open_verified
from corpus_platform.lake.registry import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile, WrittenFile
    from corpus_platform.lake.markers import Marker
    from corpus_platform.lake.registry import TableSpec


class Rewriting:
    """One partition of a main table with its side tables, on its way to a commit."""

    def __init__(
        self,
        lake: Lake,
        name: str,
        partition: dict[str, str],
        uris: set[str],
        sieve_of: Callable[[TableSpec, str | None], Sieve],
        *,
        is_source: bool,
    ) -> None:
        """`uris`: the files with forgotten rows; `sieve_of`: what tells them apart; `is_source`: whether the table's stage reads a source."""
        self.partition = partition
        self._lake, self._name, self._sieve_of, self._is_source = lake, name, sieve_of, is_source
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
        metadata: dict[str, Any] = state.again() if state else {"extra": {}}
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
                found.append(file.as_written())
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
        sieve = self._sieve_of(spec, snapshot_of(spec, file.partition))
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
            change["kept"] -= gone.height
            change[f"rejects:{FORGOTTEN}" if self._is_source else f"dropped:{FORGOTTEN}"] += gone.height
            if self._is_source:
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


def _positive(counters: Counter[str]) -> dict[str, int]:
    """Counters with something in them, by name, as runs store them; those that were zero before are as good as absent."""
    return {name: n for name, n in sorted(counters.items()) if n > 0}


def _frame(group: Any) -> pl.DataFrame:
    frame = pl.from_arrow(group)
    assert isinstance(frame, pl.DataFrame)
    return frame
