"""The commit protocol: one Delta transaction per partition; no commit is lost, none is doubled, no reader sees half of one.

A run notes the partition's files when it starts: its *fence*. To commit it brings the table up to date, checks that the partition is still as the
fence says (else another run was faster: `CommitConflict` names it), and writes the next version on condition that nobody else has written
that version meanwhile. If somebody has, all of this is done again; so a commit always rests on the state that was checked. The first
commit of a new partition goes the same way: of two racing runs, one is refused.

Schemas only grow: a commit adds the columns that the table lacks, keeps those that it does not know, and refuses to change a type.

Not here: whether the store keeps its promise to create a file only once (store.py), in which order tables are committed (stages/).
"""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from corpus_platform.errors import CommitConflict, SchemaError, SettingsError
from corpus_platform.lake.log import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.lake.files import DataFile, WrittenFile
    from corpus_platform.lake.log import Snapshot, TableLog
    from corpus_platform.lake.registry import TableSpec

ATTEMPTS = 60
"""Times a commit is tried while other partitions of the table are being committed."""
_FAILURES = 5
"""Times it is tried again after an error of the store."""

CONFIGURATION = {
    # The state of a partition is read from the log, which must therefore never be cleaned.
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 5200 weeks",
    "delta.deletedFileRetentionDuration": "interval 5200 weeks",
    "delta.checkpointInterval": "20",
}


@dataclass(frozen=True)
class Fence:
    """What a partition was when a run began."""

    name: str
    partition: dict[str, str]
    version: int | None
    """Version of the table; None where there was no table."""
    writer: int | None
    """Version of the commit that had last written the partition."""
    files: frozenset[str]


@dataclass(frozen=True)
class Commit:
    """Version of the table that holds the partition as committed, and whether this commit made it."""

    version: int
    changed: bool


@dataclass(frozen=True)
class _Order:
    """What is to be committed."""

    log: TableLog
    partition: dict[str, str]
    files: tuple[WrittenFile, ...]
    fence: Fence | None
    run: str
    metadata: dict[str, Any]
    mode: str
    token: str

    @property
    def where(self) -> str:
        return f"{self.log.spec.name} {', '.join(f'{k}={v}' for k, v in self.partition.items())}"


def fence(log: TableLog, partition: dict[str, str]) -> Fence:
    """The partition as it is now."""
    snapshot = log.snapshot()
    if snapshot is None:
        return Fence(log.spec.name, partition, None, None, frozenset())
    writer = snapshot.writers().get(log.spec.partition_string(partition))
    return Fence(
        log.spec.name, partition, snapshot.version, writer, frozenset(f.path for f in snapshot.files(partition))
    )


def commit(
    log: TableLog,
    partition: dict[str, str],
    files: Sequence[WrittenFile],
    fence: Fence | None,
    *,
    run: str,
    metadata: dict[str, Any],
    mode: str,
) -> Commit:
    """Commits the partition's files; see the module. The caller holds the store's guard."""
    order = _Order(log, partition, tuple(files), fence, run, _checked(metadata), mode, uuid.uuid4().hex)
    _check_order(order)
    progress = _Progress()
    for attempt in range(ATTEMPTS):
        if (done := _try(order, progress)) is not None:
            return done
        time.sleep(random.uniform(0.005, 0.03) * min(attempt + 1, 10))  # noqa: S311  (jitter, no secret)
    raise CommitConflict(
        f"{order.where}: gave up after {ATTEMPTS} attempts, for other partitions of the table are committed all the time; "
        "nothing was committed, finished shards are kept: run again, or configure a lock for the lake"
    )


@dataclass
class _Progress:
    """What earlier attempts of a commit saw."""

    started: int | None = None
    """Version of the table at the first attempt."""
    failures: int = 0
    """Errors of the store."""
    failing_since: float | None = None


def _try(order: _Order, progress: _Progress) -> Commit | None:
    """One round: look whether the round before has landed after all, then try; None when it is to be tried again."""
    with order.log.lock:
        table = _newest(order.log)
        is_first = progress.started is None
        started = progress.started = table.version() if progress.started is None else progress.started
        if (landed := _landed(order, started, table.version())) is not None:
            return Commit(landed, changed=True)
        try:
            return _attempt(order, table, is_first=is_first)
        except CommitFailedError:
            return None
        except (DeltaError, OSError):
            # The store may have done what it reports as failed: the next round looks.
            # It has been patient itself already: no more than the time of one patience is added.
            progress.failures += 1
            progress.failing_since = progress.failing_since or time.monotonic()
            is_over = time.monotonic() - progress.failing_since > order.log.storage.retry_seconds
            if progress.failures >= _FAILURES or is_over:
                raise
            return None


def _attempt(order: _Order, table: DeltaTable, *, is_first: bool) -> Commit | None:
    """A transaction on the table as it is; None when the table's schema had to grow first."""
    log = order.log
    snapshot = log.kept(table)
    present = snapshot.files(order.partition)
    state = snapshot.state(order.partition)
    if order.mode == "overwrite":
        _refuse_if_changed(order, snapshot, present)
        if (
            state is not None
            and _same(order.files, present)
            and state.fingerprint == order.metadata.get("fingerprint", "")
            # A rewritten side table has a new version, which readers see when its main table names it.
            and state.side == order.metadata.get("side", state.side)
        ):
            return Commit(state.version, changed=False)
    if _grow(order, table):
        return None
    kept = {file.path for file in present}
    new = [file for file in order.files if file.path not in kept]
    if order.mode == "append" and not new and order.files:
        return Commit(state.version if state else table.version(), changed=False)
    if is_first:
        _refuse_if_gone(order, new)
    wanted = {file.path for file in order.files}
    old = [file for file in present if file.path not in wanted] if order.mode == "overwrite" else []
    version = table.version() + 1
    table.create_write_transaction(
        [*map(_add, new), *(_remove(file) for file in old)],
        # Delta's own "overwrite" would remove and add a file that stays, and would replace the table's schema.
        "append",
        table.schema(),
        list(log.spec.partition_by),
        commit_properties=_properties(order, snapshot, present, version),
    )
    return Commit(version, changed=True)


def _properties(order: _Order, snapshot: Snapshot, present: list[DataFile], version: int) -> CommitProperties:
    text = order.log.spec.partition_string(order.partition)
    files: list[DataFile | WrittenFile] = [*order.files]
    if order.mode == "append":
        mine = {file.path for file in order.files}
        files += [file for file in present if file.path not in mine]
    ours = {
        **order.metadata,
        "partition": order.partition,
        "run": order.run,
        "mode": order.mode,
        "token": order.token,
        "files": len(files),
        "rows": sum(file.rows for file in files),
        "bytes": sum(file.bytes for file in files),
        "writers": {**snapshot.writers(), text: version},
    }
    return CommitProperties(
        custom_metadata={METADATA_KEY: ours},
        # No retries inside: each must check the fence again. Zero makes the commit a compare-and-set of the next version.
        max_commit_retries=0,
        app_transactions=[Transaction(app_id=f"{order.log.spec.name}/{text}", version=version)],
    )


def _refuse_if_changed(order: _Order, snapshot: Snapshot, present: list[DataFile]) -> None:
    fence = order.fence
    writer = snapshot.writers().get(order.log.spec.partition_string(order.partition))
    if fence is None or (fence.writer == writer and fence.files == {file.path for file in present}):
        return
    other = order.log.state_at(writer) if writer is not None and writer != fence.writer else None
    who = other.who if other else f"another program (version {snapshot.version} or before)"
    began = "before the table was made" if fence.version is None else f"at version {fence.version}"
    raise CommitConflict(
        f"{order.where}: {who} has changed the partition since run {order.run} began ({began}). "
        "Nothing was committed; finished shards are kept: run again to build on what is there now"
    )


def _refuse_if_gone(order: _Order, new: list[WrittenFile]) -> None:
    """A table must not name a file that is not there (a vacuum without regard for markers, a bucket's own clean-up)."""
    if not new:
        return
    log = order.log
    folder = log.storage.path(log.spec.folder, log.spec.partition_dir(order.partition))
    try:
        there = {path.rpartition("/")[2] for path in log.storage.filesystem().find(folder)}
    except FileNotFoundError:
        there = set()
    if gone := [file.path for file in new if file.path.rpartition("/")[2] not in there]:
        raise CommitConflict(
            f"{order.where}: {len(gone)} of the run's files are gone, such as {gone[0]}: a vacuum or a clean-up rule removed them. "
            "Nothing was committed: remove the run's markers and run again"
        )


def _landed(order: _Order, started: int, newest: int) -> int | None:
    """The version that an earlier attempt of this very commit made, though it was reported as failed."""
    if newest == started:
        return None
    infos = order.log.commit_infos(range(started + 1, newest + 1))
    return next((info.version for info in infos.values() if info.ours.get("token") == order.token), None)


def _same(files: Sequence[WrittenFile], present: Sequence[DataFile]) -> bool:
    return sorted((f.shard, f.digest) for f in files) == sorted((f.shard, f.digest) for f in present)


def _add(file: WrittenFile) -> AddAction:
    stats = orjson.dumps({"numRecords": file.rows}).decode()
    return AddAction(file.path, file.bytes, file.partition, file.modified, data_change=True, stats=stats)


def _remove(file: DataFile) -> RemoveAction:
    return RemoveAction(file.path, True, int(time.time() * 1000), file.bytes, dict(file.partition))


def _newest(log: TableLog) -> DeltaTable:
    """The table, made empty if it is not there; of racing makers one wins and the others open what it made."""
    started, away = time.monotonic(), None
    for _ in range(_FAILURES):
        if (table := log.newest()) is not None:
            return table
        try:
            DeltaTable.create(
                log.uri,
                delta_schema(log.spec),
                mode="error",
                partition_by=list(log.spec.partition_by),
                name=log.spec.name,
                description=log.spec.description,
                configuration=CONFIGURATION,
                storage_options=log.storage.delta_options(),
                commit_properties=CommitProperties(max_commit_retries=0),
            )
        except (DeltaError, OSError) as error:
            # The table may be there all the same: when the answer was lost, or another was faster.
            away = error if isinstance(error, OSError) else None
            if away and time.monotonic() - started > log.storage.retry_seconds:
                raise
            time.sleep(random.uniform(0.01, 0.05))  # noqa: S311  (jitter, no secret)
    if away:
        raise away
    raise CommitConflict(f"{log.spec.name}: the table could neither be opened nor made at {log.uri}")


def delta_schema(spec: TableSpec) -> Schema:
    """The table's Delta schema. Each field keeps its description (`comment`) and its exact Arrow type, which Delta's types are too coarse for.

    All fields are nullable in the log, for old files lack new columns; `fit.py` sees to it that required values are there.
    """
    return Schema.from_arrow(pa.schema([_field(field) for field in (*spec.schema, *spec.partition_fields)]))


def _field(field: pa.Field) -> pa.Field:
    description = (field.metadata or {}).get(b"description", b"").decode()
    return pa.field(field.name, field.type, metadata={"comment": description, "arrow_type": str(field.type)})


def _grow(order: _Order, table: DeltaTable) -> bool:
    """Adds the columns that the table lacks, in a commit of its own that changes no row; whether there were any."""
    spec = order.log.spec
    if (there := table.metadata().partition_columns) != list(spec.partition_by):
        raise SchemaError(
            f"{spec.name} is partitioned by {', '.join(there)} and not by {', '.join(spec.partition_by)}: make a new table"
        )
    known = {field.name: field for field in table.schema().fields}
    added: list[Field] = []
    for field in delta_schema(spec).fields:
        before = known.get(field.name)
        if before is None:
            _refuse_required(spec, field.name)
            added.append(field)
        elif _kind(before) != _kind(field):
            raise SchemaError(
                f"{spec.name}: column `{field.name}` is {_kind(before)} in the table and {_kind(field)} in its declaration. "
                "A column never changes its type: give it a new name"
            )
    if added:
        table.alter.add_columns(added, commit_properties=CommitProperties(max_commit_retries=0))
    return bool(added)


def _refuse_required(spec: TableSpec, name: str) -> None:
    if name in spec.schema.names and not spec.schema.field(name).nullable:
        raise SchemaError(f"{spec.name}: the new column `{name}` must be nullable, for older files do not have it")


def _kind(field: Field) -> str:
    return field.metadata.get("arrow_type") or str(field.type)


def _check_order(order: _Order) -> None:
    spec = order.log.spec
    if order.mode not in {"overwrite", "append"}:
        raise SettingsError(f"{order.where}: a commit's mode is `overwrite` or `append`, not `{order.mode}`")
    if order.mode == "overwrite" and order.fence is None:
        raise SettingsError(f"{order.where}: to overwrite a partition take its fence before the work begins")
    if order.fence and (order.fence.name, order.fence.partition) != (spec.name, order.partition):
        raise SettingsError(f"{order.where}: the fence is one of {order.fence.name} {order.fence.partition}")
    if stray := [file.path for file in order.files if file.partition != order.partition]:
        raise SettingsError(f"{order.where}: {stray[0]} belongs to another partition")
    if len({file.path for file in order.files}) != len(order.files):
        raise SettingsError(f"{order.where}: a file is named twice")


_KNOWN = ("fingerprint", "stage", "stage_version", "settings", "side", "inputs", "counters", "extra")


def _checked(metadata: dict[str, Any]) -> dict[str, Any]:
    """The known keys as they are, others under `extra`; a `SettingsError` where it is not JSON."""
    known = {key: value for key, value in metadata.items() if key in _KNOWN}
    extra = {key: value for key, value in metadata.items() if key not in _KNOWN}
    if extra:
        known["extra"] = {**known.get("extra", {}), **extra}
    try:
        return orjson.loads(orjson.dumps(known))
    except TypeError as error:
        raise SettingsError(f"a commit's metadata must be JSON: {error}") from error
