"""The lake: the one door to all tables, for stages, notebooks and SQL.

A `Lake` is a location, how to reach it and an optional lock. It pickles, so workers get it as it is. Reading needs no lock and no
registration; a reader gets one version of a table, whole, however many commits land meanwhile.

Promise: rows of side tables are shown only once the main table's commit names them.

Not here: how it is done: registry.py, storage.py, store.py, files.py, markers.py, log.py, commit.py, reading.py, verify.py, vacuum.py, keep.py,
restore.py, holds.py, forgotten.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from corpus_platform.lake import commit as protocol
from corpus_platform.lake import forgotten, holds, keep, pins, runs
from corpus_platform.lake.files import DataFile, ShardWriter, side_partition
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.log import PartitionState, Snapshot, TableLog
from corpus_platform.lake.markers import Markers
from corpus_platform.lake.registry import TableSpec, is_declared, is_name, open_layers, table, tables, unknown_table
from corpus_platform.lake.restore import restore, unfinish
from corpus_platform.lake.storage import Storage
from corpus_platform.lake.store import Lock, guard, lock_from
from corpus_platform.lake.vacuum import Keep, VacuumReport, refuse_vacuumed, vacuum
from corpus_platform.lake.verify import VerifyReport, verify

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from corpus_platform.lake.files import WrittenFile


class Lake:
    """Tables below one location: `/folder`, `file:///folder` or `s3://bucket/prefix`."""

    def __init__(
        self,
        location: str | Path,
        *,
        storage: Storage | Mapping[str, Any] | None = None,
        lock: str | Lock | None = None,
    ) -> None:
        """`storage`: options of `Storage` (endpoint, region, profile, ...); `lock`: `file:/folder`, or an object with `hold(name)`."""
        place = str(location)
        self.storage = storage.at(place) if isinstance(storage, Storage) else Storage(place, **(storage or {}))
        self.lock = lock_from(lock)
        self._logs: dict[str, TableLog] = {}

    def __repr__(self) -> str:
        return f"Lake({self.storage.location!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _lake, (self.storage, self.lock)

    @property
    def location(self) -> str:
        """Where the lake is."""
        return self.storage.location

    def uri(self, name: str) -> str:
        """Address of a table."""
        return self.storage.uri(table(name).folder)

    # Reading

    def tables(self) -> tuple[TableSpec, ...]:
        """All tables by name: the declared ones, and those of open layers that the lake has."""
        found = {spec.name: spec for spec in tables()}
        for layer in open_layers():
            for name in self._made_of(layer):
                found.setdefault(name, table(name))
        return tuple(found[name] for name in sorted(found))

    def version(self, name: str) -> int | None:
        """Newest version of a table; None where it has not been made yet."""
        snapshot = self.log(name).snapshot()
        return None if snapshot is None else snapshot.version

    def scan(self, name: str, *, version: int | None = None, **partition: str) -> pl.LazyFrame:
        """Rows of a table with its partition columns, in the order of partitions and shards; of some partitions only, where columns are given.

        Columns that older files lack are null. A table that has not been made yet has no rows. `version` reads a table as it was.
        """
        spec = table(name)
        schema = polars_schema(spec, partitions=True)
        files = self.files(name, partition, version)
        if not files and not is_declared(name) and self.version(name) is None:
            raise unknown_table(name)
        if not files:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            [file.uri for file in files],
            schema=polars_schema(spec),
            hive_partitioning=True,
            hive_schema=dict.fromkeys(spec.partition_by, pl.String),
            try_parse_hive_dates=False,
            glob=False,
            missing_columns="insert",
            extra_columns="ignore",
            storage_options=self.storage.polars_options(),
            credential_provider=None,
        ).select(list(schema))

    def partitions(self, name: str, version: int | None = None) -> list[dict[str, str]]:
        """Partitions that were committed (with or without rows), sorted; of a side table those that readers can see."""
        spec = table(name)
        if spec.side and version is None:
            visible = {tuple(file.partition.values()) for file in self.files(name)}
            return [dict(zip(spec.partition_by, values, strict=True)) for values in sorted(visible)]
        snapshot = self.log(name).snapshot(version)
        return [] if snapshot is None else snapshot.partitions()

    def files(
        self, name: str, partition: Mapping[str, str] | None = None, version: int | None = None
    ) -> list[DataFile]:
        """Files of a table in the order of partitions and shards; `partition` may name some of the partition columns.

        A side table without `version` gives the files of committed runs; with it, all that the version holds.
        """
        spec = table(name)
        partition = partition or {}
        spec.check_partition_columns(partition)
        snapshot = self.log(name).snapshot(version)
        if snapshot is None:
            return []
        if version is not None and not spec.side:
            refuse_vacuumed(self.storage, name, version)
        found = snapshot.files(partition)
        if version is not None:
            forgotten.refuse_forgotten(self.storage, name, version, found)
        return self._visible(spec, snapshot, partition, found) if spec.side and version is None else found

    def state(self, name: str, partition: Mapping[str, str], version: int | None = None) -> PartitionState | None:
        """The commit that last wrote the partition (as of a version); None where there is none."""
        values = table(name).partition_values(partition)
        snapshot = self.log(name).snapshot(version)
        return None if snapshot is None else snapshot.state(values)

    def states(self, name: str, version: int | None = None) -> list[PartitionState]:
        """The same for all partitions, sorted by partition."""
        snapshot = self.log(name).snapshot(version)
        states = {} if snapshot is None else snapshot.states()
        return [states[text] for text in sorted(states)]

    def history(self, name: str, limit: int | None = None) -> list[PartitionState]:
        """Commits of a table, newest first; entries of other programs and changes of the schema are left out."""
        log = self.log(name)
        snapshot = log.snapshot()
        if snapshot is None:
            return []
        versions = range(snapshot.version, -1, -1)[:limit]
        log.commit_infos(versions)
        return [state for version in versions if (state := log.state_at(version))]

    # Writing

    def fence(self, name: str, partition: Mapping[str, str]) -> protocol.Fence:
        """What the partition is now: taken when a run begins, checked when it commits."""
        return protocol.fence(self.log(name), table(name).partition_values(partition))

    def under_way(self, run: str, what: str) -> AbstractContextManager[None]:
        """Notes a run for as long as the block takes: no vacuum touches what it makes. `what`: for people who look."""
        return runs.under_way(self.storage, run, what)

    def refuse_while_forgetting(self) -> None:
        """A `SettingsError` while records are being removed for good: asked by a run when its note is there; see forgotten.py."""
        forgotten.refuse_while_forgetting(self.storage)

    def writer(self, name: str, partition: Mapping[str, str], shard: int, run: str) -> ShardWriter:
        """Takes the rows of one shard. `run` is the run's id, of 8 characters at least."""
        return ShardWriter(self.storage, table(name), dict(partition), shard, run)

    def markers(self, name: str, partition: Mapping[str, str]) -> Markers:
        """The markers of finished shards of a partition."""
        return Markers(self.storage, table(name), partition, self.log(name))

    def check_safe(self, name: str) -> None:
        """A `StoreUnsafe` now rather than at the commit, for runs that would work for hours."""
        if self.lock is None:
            guard(self.storage, None, name)

    def commit(
        self,
        name: str,
        partition: Mapping[str, str],
        files: Sequence[WrittenFile],
        fence: protocol.Fence | None,
        *,
        run: str,
        metadata: Mapping[str, Any] | None = None,
        mode: Literal["overwrite", "append"] = "overwrite",
    ) -> protocol.Commit:
        """Makes the files the partition's content (or adds them to it) in one transaction.

        `metadata`: fingerprint, stage, stage_version, settings, side {table: version}, inputs, counters, and anything else that is JSON.
        An equal file set with an equal fingerprint commits nothing. `CommitConflict` when another run has changed the partition since
        the fence; `StoreUnsafe` when the store could lose the commit; `SchemaError` when the table's schema does not grow into the spec's.
        """
        spec = table(name)
        values = spec.partition_values(partition)
        with guard(self.storage, self.lock, name):
            return protocol.commit(
                self.log(name), values, files, fence, run=run, metadata=dict(metadata or {}), mode=mode
            )

    def side_partition(self, name: str, partition: Mapping[str, str]) -> dict[str, str]:
        """Partition of the side tables that belongs to a partition of a main table: {stage, partition}."""
        return side_partition(table(name), dict(partition))

    # Keeping

    def pin(self, name: str, version: int, reason: str) -> None:
        """Keeps a version from vacuum, for a reason such as a release's name."""
        refuse_vacuumed(self.storage, name, version)
        pins.pin(self.log(name), version, reason)

    def unpin(self, name: str, version: int, reason: str | None = None) -> None:
        """Takes a pin away; all pins of the version where no reason is given."""
        pins.unpin(self.log(name), version, reason)

    def pins(self, name: str | None = None) -> list[pins.Pin]:
        """All pins, of one table or of all."""
        return pins.pins(self.storage, name)

    def vacuum(
        self,
        names: Sequence[str] | None = None,
        *,
        retain_hours: float = 168.0,
        keep_versions: int = 1,
        min_age_hours: float = 1.0,
        dry_run: bool = False,
    ) -> VacuumReport:
        """Removes files that no retained version, pin or live marker names; see vacuum.py. Safe while runs go on."""
        return vacuum(self, names, Keep(retain_hours, keep_versions, min_age_hours), dry_run=dry_run)

    def restore(self, name: str, partition: Mapping[str, str], version: int) -> protocol.Commit:
        """Commits a partition as it was at a version of its table; see restore.py."""
        state = self.state(name, partition, version)
        for side, its_version in state.side.items() if state else ():
            # Refused here where it holds what was forgotten: readers of a restored partition see its side rows of then.
            self.files(side, self.side_partition(name, partition), its_version)
        return restore(self, name, table(name).partition_values(partition), version)

    def unfinish(self, name: str, partition: Mapping[str, str], shards: Collection[int] | None = None) -> list[int]:
        """Makes shards of a partition unfinished, so that the next run makes them anew; see restore.py."""
        return unfinish(self, name, table(name).partition_values(partition), shards)

    def hold(self, name: str, partition: Mapping[str, str], reason: str) -> holds.Hold:
        """Keeps every run from changing a partition until it is let go."""
        return holds.hold(self.storage, name, partition, reason)

    def let_go(self, name: str, partition: Mapping[str, str]) -> None:
        """Lets a held partition go."""
        holds.let_go(self.storage, name, partition)

    def held(self, name: str, partition: Mapping[str, str]) -> holds.Hold | None:
        """The hold of a partition; None where a run may change it."""
        return holds.held(self.storage, name, partition)

    def holds(self) -> list[holds.Hold]:
        """All held partitions."""
        return holds.holds(self.storage)

    def verify(
        self,
        names: Sequence[str] | None = None,
        partition: Mapping[str, str] | None = None,
        *,
        repair: bool = False,
    ) -> VerifyReport:
        """Compares the files of the newest versions with what was written; `repair` makes damaged shards unfinished. See verify.py."""
        return verify(self, names, partition, repair=repair)

    def store_files(self, name: str, local: str | Path) -> keep.StoredFiles:
        """Keeps a local folder or file in the lake, by the digest of its content."""
        return keep.store_files(self.storage, name, Path(local))

    def fetch_files(self, path: str) -> Path:
        """A local folder with what `store_files` kept; takes its `path` or `uri`."""
        return keep.fetch_files(self.storage, path)

    def log(self, name: str) -> TableLog:
        """The log of a table, for what goes beyond this door."""
        if name not in self._logs:
            self._logs[name] = TableLog(self.storage, table(name))
        return self._logs[name]

    def _made_of(self, layer: str) -> list[str]:
        """Names of the tables that the lake has in a layer."""
        try:
            paths = self.storage.filesystem().ls(self.storage.path(layer), detail=False)
        except FileNotFoundError:
            return []
        names = [f"{layer}.{path.rstrip('/').rpartition('/')[2]}" for path in paths]
        return [name for name in names if is_name(name)]

    def _visible(
        self, spec: TableSpec, newest: Snapshot, partition: Mapping[str, str], found: list[DataFile]
    ) -> list[DataFile]:
        """Files of a side table at the versions that the main tables' commits name."""
        visible: list[DataFile] = []
        writers = newest.writers()
        by_partition: dict[str, list[DataFile]] = {text: [] for text in writers}
        for file in found:
            by_partition.setdefault(spec.partition_string(file.partition), []).append(file)
        main_states: dict[str, dict[str, PartitionState]] = {}
        for text in sorted(by_partition):
            values = spec.partition_of(text)
            if any(values[name] != value for name, value in partition.items()):
                continue
            stage = values["stage"]
            if stage not in main_states:
                main = self.log(stage).snapshot()
                main_states[stage] = {} if main is None else main.states()
            state = main_states[stage].get(values["partition"])
            named = None if state is None else state.side.get(spec.name)
            if named is None:
                continue
            if writers.get(text, -1) <= named <= newest.version:
                visible += by_partition[text]
            else:
                # A run has written its side rows and not, or not yet, its result: readers stay with the rows before.
                # Or it has done both since this side table was read.
                older = self.log(spec.name).snapshot(named)
                visible += [] if older is None else older.files(values)
        return visible


def _lake(storage: Storage, lock: Lock | None) -> Lake:
    return Lake(storage.location, storage=storage, lock=lock)
