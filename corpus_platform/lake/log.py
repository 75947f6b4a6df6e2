"""What a table's Delta log says: versions, files, and for each partition the commit that last wrote it.

Each commit of the platform carries, in its metadata, what it committed and the *writers*: for every partition of the table the version that
last wrote it. So the newest commit leads to the state of any partition in two reads, and commits, which never change, are cached.
Nothing here reads a row.

Not here: how a commit is made (commit.py), which side rows are visible (lake.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from corpus_platform.errors import SettingsError
from corpus_platform.lake.files import DataFile, shard_and_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from corpus_platform.lake.registry import TableSpec
    from corpus_platform.lake.storage import Storage

METADATA_KEY = "corpus"
"""Where a commit's own metadata stands in Delta's commitInfo."""
_AT_ONCE = 32
_SNAPSHOTS_KEPT = 16
_COMMITS_KEPT = 4096


@dataclass(frozen=True)
class PartitionState:
    """The commit that last wrote a partition: its table version, who made it, of what."""

    name: str
    partition: dict[str, str]
    version: int
    time: datetime
    run: str
    mode: str
    fingerprint: str = ""
    stage: str = ""
    stage_version: str = ""
    settings: Any = None
    side: dict[str, int] = field(default_factory=dict)
    """Versions of the side tables that belong to the commit."""
    inputs: Any = None
    counters: dict[str, int] = field(default_factory=dict)
    files: int = 0
    rows: int = 0
    bytes: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    """Whatever else the committer said."""

    def again(self) -> dict[str, Any]:
        """Metadata of a commit that puts this result there again: all but what it cost, which was paid once."""
        names = ("stage", "stage_version", "settings", "fingerprint", "side", "inputs", "counters")
        extra = {name: value for name, value in self.extra.items() if name != "cost"}
        return {**{name: getattr(self, name) for name in names}, "extra": extra}

    @property
    def who(self) -> str:
        """The run as messages name it."""
        stage = f" of stage {self.stage} {self.stage_version}".rstrip() if self.stage else ""
        return f"run {self.run}{stage} (version {self.version}, {self.time:%Y-%m-%d %H:%M:%S} UTC)"


@dataclass(frozen=True)
class CommitInfo:
    """One entry of the Delta log. `ours` is empty for a commit that another program, or a change of schema, made."""

    version: int
    time: datetime
    operation: str
    ours: dict[str, Any]


class Snapshot:
    """One version of a table: its files, and who last wrote each partition."""

    def __init__(self, log: TableLog, version: int, adds: pa.Table) -> None:
        self.version = version
        self._log = log
        self._adds = adds

    def files(self, partition: Mapping[str, str] | None = None) -> list[DataFile]:
        """Files by partition and shard; `partition` may name some of the partition columns."""
        adds = self._adds
        for name, value in (partition or {}).items():
            adds = adds.filter(pc.field(f"partition.{name}") == value)
        columns = self._log.spec.partition_by
        found = []
        for row in adds.to_pylist():
            shard, digest = shard_and_digest(row["path"])
            values = {name: row[f"partition.{name}"] for name in columns}
            uri = self._log.storage.uri(self._log.spec.folder, row["path"])
            found.append(DataFile(uri, row["path"], row["num_records"] or 0, row["size_bytes"], digest, shard, values))
        return sorted(found, key=lambda file: (*file.partition.values(), file.shard, file.path))

    def partitions(self) -> list[dict[str, str]]:
        """Partitions that have files or were committed without any."""
        columns = self._log.spec.partition_by
        with_files = self._adds.group_by([f"partition.{name}" for name in columns]).aggregate([]).to_pylist()
        found = {tuple(row[f"partition.{name}"] for name in columns) for row in with_files}
        found |= {tuple(self._log.spec.partition_of(text).values()) for text in self.writers()}
        return [dict(zip(columns, values, strict=True)) for values in sorted(found)]

    def writers(self) -> dict[str, int]:
        """{partition string: version of the commit that last wrote it}."""
        for version in range(self.version, -1, -1):
            if (info := self._log.commit_info(version)).ours:
                return info.ours["writers"]
        return {}

    def state(self, partition: Mapping[str, str]) -> PartitionState | None:
        """The commit that last wrote the partition; None before the first."""
        version = self.writers().get(self._log.spec.partition_string(partition))
        return None if version is None else self._log.state_at(version)

    def states(self) -> dict[str, PartitionState]:
        """The same for all partitions, by partition string."""
        writers = self.writers()
        self._log.commit_infos(writers.values())
        return {text: state for text, version in writers.items() if (state := self._log.state_at(version))}


class TableLog:
    """Reads one table's log. Keeps an open handle, snapshots and commits; safe in threads; makes no table."""

    def __init__(self, storage: Storage, spec: TableSpec) -> None:
        self.storage = storage
        self.spec = spec
        self.lock = threading.RLock()
        """Held while the handle is used."""
        self._handle: DeltaTable | None = None
        self._reach: dict[str, str] = {}
        """Options of the handle: credentials that have been renewed ask for a new one."""
        self._snapshots: OrderedDict[int, Snapshot] = OrderedDict()
        self._commits: OrderedDict[int, CommitInfo] = OrderedDict()

    @property
    def uri(self) -> str:
        """Address of the table."""
        return self.storage.uri(self.spec.folder)

    def open(self, version: int | None = None) -> DeltaTable | None:
        """A handle of its own, loaded anew; None where there is no table."""
        try:
            return DeltaTable(self.uri, version=version, storage_options=self.storage.delta_options())
        except TableNotFoundError:
            return None
        except OSError as error:
            self.storage.raise_unreachable(error)

    def snapshot(self, version: int | None = None) -> Snapshot | None:
        """The newest version, or the one asked for; None where there is no table."""
        with self.lock:
            if version is not None:
                return self._kept(version, lambda: self._as_of(version))
            handle = self.newest()
            return None if handle is None else self.kept(handle)

    def kept(self, handle: DeltaTable) -> Snapshot:
        """The snapshot of a loaded table."""
        return self._kept(handle.version(), lambda: handle)

    def newest(self) -> DeltaTable | None:
        """The log's own handle, brought up to date: only commits that are new to it are read. To be used under `lock`."""
        reach = self.storage.delta_options()
        if self._handle is None or reach != self._reach:
            self._handle, self._reach = self.open(), reach
            return self._handle
        try:
            self._handle.update_incremental()
        except OSError as error:
            self.storage.raise_unreachable(error)
        return self._handle

    def commit_info(self, version: int) -> CommitInfo:
        """What one commit says of itself."""
        return self.commit_infos([version])[version]

    def commit_infos(self, versions: Iterable[int]) -> dict[int, CommitInfo]:
        """The same for many, read side by side."""
        wanted = set(versions)
        with self.lock:
            found = {version: self._commits[version] for version in wanted if version in self._commits}
        missing = sorted(wanted - set(found))
        if len(missing) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                read = list(pool.map(self._read_commit, missing))
        else:
            read = [self._read_commit(version) for version in missing]
        with self.lock:
            for info in read:
                self._commits[info.version] = info
            while len(self._commits) > _COMMITS_KEPT:
                self._commits.popitem(last=False)
        return found | {info.version: info for info in read}

    def actions(self, version: int) -> list[dict[str, Any]]:
        """The entries of one commit as they are in the log."""
        text = self.storage.read(self.storage.path(self.spec.folder, "_delta_log", f"{version:020d}.json"))
        return [orjson.loads(line) for line in text.splitlines() if line]

    def state_at(self, version: int) -> PartitionState | None:
        """The state that a commit gave its partition; None for one that is not ours."""
        info = self.commit_info(version)
        if "partition" not in info.ours:
            return None
        known = {name: info.ours[name] for name in PartitionState.__dataclass_fields__ if name in info.ours}
        return PartitionState(**{**known, "name": self.spec.name, "version": version, "time": info.time})

    def _as_of(self, version: int) -> DeltaTable:
        try:
            if (table := self.open(version)) is not None:
                return table
        except DeltaError as error:
            if (newest := self.newest()) is not None:
                raise SettingsError(
                    f"{self.spec.name} has no version {version}: it has 0 to {newest.version()}"
                ) from error
        raise SettingsError(f"{self.spec.name} has no version {version}: it has not been made yet")

    def _kept(self, version: int, load: Callable[[], DeltaTable]) -> Snapshot:
        if version not in self._snapshots:
            self._snapshots[version] = Snapshot(self, version, adds_of(load(), self.spec))
        self._snapshots.move_to_end(version)
        while len(self._snapshots) > _SNAPSHOTS_KEPT:
            self._snapshots.popitem(last=False)
        return self._snapshots[version]

    def _read_commit(self, version: int) -> CommitInfo:
        info = next((action["commitInfo"] for action in self.actions(version) if "commitInfo" in action), {})
        when = datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC)
        return CommitInfo(version, when, info.get("operation", "?"), info.get(METADATA_KEY) or {})


def adds_of(table: DeltaTable, spec: TableSpec) -> pa.Table:
    """The files of a loaded table: path, size_bytes, num_records, partition.<column>."""
    adds = pa.table(table.get_add_actions(flatten=True))
    partitions = [f"partition.{name}" for name in spec.partition_by]
    wanted = ["path", "size_bytes", "modification_time", "num_records", *partitions]
    kinds = [pa.string(), pa.int64(), pa.int64(), pa.int64(), *(pa.string() for _ in partitions)]
    if not adds.num_rows:
        return pa.table([pa.array([], kind) for kind in kinds], wanted)
    return pa.table([adds[name].cast(kind) for name, kind in zip(wanted, kinds, strict=True)], wanted)
