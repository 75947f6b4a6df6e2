"""Runs a stage on one partition: plan, skip what is finished, map the rest over the engine, commit once.

Promise: a run that is killed at any point leaves readers with the old version, and the next run does only what was not finished.
The result depends on the inputs and settings alone: not on the engine, the number of workers or the order in which shards finish.

Not here: what a shard does (the stages), how a transaction is made (lake/), which partition to run (the caller).
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from socket import gethostname
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.documents import SOURCES
from corpus_platform.engine.lifeline import parent_is_alive
from corpus_platform.engine.protocol import raise_failures
from corpus_platform.errors import RejectBudgetExceeded, SettingsError, ShardFailed, SourceError
from corpus_platform.forgetting.tombstones import Tombstones
from corpus_platform.lake import runs, table
from corpus_platform.lake.faults import faults_named
from corpus_platform.lake.markers import Marker
from corpus_platform.stages.output import REJECTS, ShardOutput
from corpus_platform.stages.room import check_room
from corpus_platform.stages.stage import digest_of
from corpus_platform.stages.texts import text_partition

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.lake import Lake
    from corpus_platform.lake.commit import Commit, Fence
    from corpus_platform.lake.files import WrittenFile
    from corpus_platform.lake.holds import Hold
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.stages.estimate import Estimate
    from corpus_platform.stages.stage import Partition, Shard, Stage


@dataclass(frozen=True)
class Plan:
    """What a run would do: the partition's shards, and those among them that are not finished."""

    stage: Stage
    partition: Partition
    shards: list[Shard]
    fingerprint: str
    todo: list[Shard]
    state: PartitionState | None
    estimate: Estimate | None = None
    """What the shards to run will take, where the stage knows."""
    hold: Hold | None = None
    """Why the partition is left as it is, where somebody holds it."""

    @property
    def bytes(self) -> int:
        """Bytes that the shards to run read."""
        return sum(shard.bytes for shard in self.todo)

    @property
    def is_current(self) -> bool:
        """Whether the last commit already is the result of these shards."""
        return self.state is not None and self.state.fingerprint == self.fingerprint

    def __str__(self) -> str:
        where = where_of(self.stage.name, self.partition)
        if self.is_current:
            return str(self.hold) if self.hold else f"{where}: up to date"
        shards = f"{where}: {len(self.todo)} of {len(self.shards)} shards to run"
        return f"{shards}, {self.bytes / 1e6:,.1f} MB in" if self.estimate is None else f"{shards}: {self.estimate}"


@dataclass(frozen=True)
class Report:
    """What a run did. `counters` holds the stage's own counts, `rejects:<reason>` among them."""

    stage: str
    partition: Partition
    run: str
    version: int
    changed: bool
    rows: int
    bytes: int
    shards: int
    ran: int
    resumed: int
    retried: int
    seconds: float
    peak_memory: int
    counters: dict[str, int] = field(default_factory=dict)

    def rejects(self) -> dict[str, int]:
        """Rejected records by reason."""
        return {name.removeprefix("rejects:"): n for name, n in self.counters.items() if name.startswith("rejects:")}


@dataclass(frozen=True)
class Progress:
    """How far a run is: shards and bytes done of those to do."""

    stage: str
    partition: Partition
    shard: str
    shards_done: int
    shards_todo: int
    bytes_done: int
    bytes_todo: int


def plan_stage(stage: Stage, lake: Lake, partition: Partition) -> Plan:
    """Lists the partition's shards and compares them with the last commit and the finished shards. A held partition has nothing to run."""
    hold, state = lake.held(stage.name, partition), lake.state(stage.name, partition)
    if hold is not None and state is not None:
        return Plan(stage, partition, [], state.fingerprint, [], state, hold=hold)
    shards = stage.shards(lake, partition)
    if not shards and not _is_input_empty(stage, lake, partition):
        raise SourceError(f"{where_of(stage.name, partition)}: there is no input for this partition")
    fingerprints = {shard.index: stage.fingerprint(shard) for shard in shards}
    fingerprint = digest_of([stage.name, [fingerprints[shard.index] for shard in shards]])
    if state is not None and state.fingerprint == fingerprint:
        return Plan(stage, partition, shards, fingerprint, [], state)
    finished = _finished(stage, lake, partition, shards)
    todo = [shard for shard in shards if shard.index not in finished]
    estimate = stage.estimate(lake, partition, todo) if todo else None
    return Plan(stage, partition, shards, fingerprint, todo, state, estimate)


def _is_input_empty(stage: Stage, lake: Lake, partition: Partition) -> bool:
    """Whether what the stage reads was made and holds nothing: then its own rows must go too, and not stay as they were."""
    of = "/".join(partition[name] for name in ("variant", "method") if name in partition)
    where = []
    for name, above in stage.above(of):
        if table(name).layer == "models" or not stage.reads_from(name, partition):
            # A model that there is none of is no want of input.
            continue
        if table(name).layer in SOURCES and "snapshot" in partition:
            where.append((name, text_partition({key: partition[key] for key in ("variant", "snapshot")})))
            continue
        variant, _, method = above.partition("/")
        values = {**partition, **({"variant": variant} if variant else {}), **({"method": method} if method else {})}
        wanted = table(name).partition_by
        if set(wanted) <= set(values):
            where.append((name, {column: values[column] for column in wanted}))
    return bool(where) and all(lake.state(*one) is not None for one in where)


def run_stage(
    stage: Stage,
    lake: Lake,
    engine: Engine,
    partition: Partition,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Brings one partition of the stage's table up to date; does nothing where it is.

    Raises NoRoom (less disk or memory than it takes; nothing was started), ShardFailed (some shards failed for good), DiskFull,
    RejectBudgetExceeded (too many broken records), CommitConflict (another run changed the partition meanwhile). In each case finished shards are
    kept for the next run and readers see the old version. SourceError where the store can't be reached.
    """
    started = time.monotonic()
    with faults_named(lake.storage):
        lake.check_safe(stage.name)
        fence = lake.fence(stage.name, partition)
        plan = plan_stage(stage, lake, partition)
    if plan.is_current and plan.state is not None:
        return _unchanged(plan, plan.state)
    if plan.estimate is not None and stage.needs_room:
        check_room(where_of(stage.name, partition), plan.estimate, lake.storage, engine)
    run = uuid.uuid4().hex
    with faults_named(lake.storage), lake.under_way(run, where_of(stage.name, partition)):
        # After its own note: of a run and a forgetting that begin at once, at least one sees the other.
        lake.refuse_while_forgetting()
        mapped = engine.map(
            partial(run_shard, stage, lake, partition, run),
            plan.todo,
            label=_label,
            on_result=_progress_of(plan, on_progress),
        )
        raise_failures(mapped)
        markers = _all_finished(plan, lake)
        _check_rejects(stage, lake, partition, markers)
        cost = {"seconds": round(time.monotonic() - started, 3), "peak_memory": mapped.peak_rss, **_cost(plan, markers)}
        commit, files = _commit(plan, lake, fence, run, markers, cost)
    return Report(
        stage=stage.name,
        partition=partition,
        run=run,
        version=commit.version,
        changed=commit.changed,
        ran=len(plan.todo),
        resumed=len(plan.shards) - len(plan.todo),
        retried=mapped.retried,
        seconds=time.monotonic() - started,
        peak_memory=mapped.peak_rss,
        counters=_sum(markers),
        rows=sum(file.rows for file in files),
        bytes=sum(file.bytes for file in files),
        shards=len(plan.shards),
    )


def run_shard(stage: Stage, lake: Lake, partition: Partition, run: str, shard: Shard) -> Marker:
    """Does one shard in a worker: its rows into files, then the marker that makes them count."""
    started = time.monotonic()
    _check_lake_is_shared(lake, run)
    with faults_named(lake.storage), lake.writer(stage.name, partition, shard.index, run) as writer:
        tombstones = Tombstones.load(lake.storage) if stage.reads_source else Tombstones()
        output = ShardOutput(writer, shard.index, tombstones)
        stage.run(lake, partition, shard, output)
        output.flush()
        _check_run_is_on(stage, shard)
        files = writer.close()
    marker = Marker(
        shard=shard.index,
        fingerprint=stage.fingerprint(shard),
        run=run,
        files=files,
        counters=dict(sorted(output.counters.items())),
        seconds=time.monotonic() - started,
        bytes=shard.bytes,
    )
    _check_run_is_on(stage, shard)
    with faults_named(lake.storage):
        lake.markers(stage.name, partition).write(marker)
    return marker


def _check_lake_is_shared(lake: Lake, run: str) -> None:
    """Raises SettingsError in a worker for which the lake's folder is another one than for the run."""
    if lake.storage.is_s3 or runs.is_noted(lake.storage, run):
        return
    raise SettingsError(
        f"the machine {gethostname()} does not see in {lake.location} what the run has noted there. Several machines need a lake that all of them "
        "share: `lake.location: s3://bucket/prefix`, or a folder that is mounted on each of them (or the run has ended meanwhile)"
    )


def _check_run_is_on(stage: Stage, shard: Shard) -> None:
    if not parent_is_alive():
        raise ShardFailed(f"{stage.name} {shard.label}: the run that asked for it has ended, so its result is not kept")


def _finished(stage: Stage, lake: Lake, partition: Partition, shards: list[Shard]) -> dict[int, Marker]:
    """Markers of the planned shards. One whose files are gone or cut off counts as unfinished, so that the next run makes them anew."""
    markers = lake.markers(stage.name, partition).read_all({shard.index: stage.fingerprint(shard) for shard in shards})
    there = {name: _file_sizes(stage, lake, partition, name) for marker in markers.values() for name in marker.files}
    return {
        index: marker
        for index, marker in markers.items()
        if all(
            there[name].get(PurePosixPath(file.path).name) == file.bytes
            for name, files in marker.files.items()
            for file in files
        )
    }


def _file_sizes(stage: Stage, lake: Lake, partition: Partition, name: str) -> dict[str, int]:
    """Sizes in bytes of the files, by name, that are stored for the partition in its main table or a side table."""
    where = partition if name == stage.name else lake.side_partition(stage.name, partition)
    folder = lake.storage.path(table(name).folder, table(name).partition_dir(where))
    try:
        found = lake.storage.filesystem().find(folder, detail=True)
    except FileNotFoundError:
        return {}
    return {PurePosixPath(path).name: facts["size"] for path, facts in found.items()}


def _all_finished(plan: Plan, lake: Lake) -> list[Marker]:
    """Markers of all shards of the plan, in its order."""
    finished = _finished(plan.stage, lake, plan.partition, plan.shards)
    if lost := [shard.label for shard in plan.shards if shard.index not in finished]:
        raise ShardFailed(
            f"{where_of(plan.stage.name, plan.partition)}: the results of {len(lost)} shards ({lost[0]} ...) were removed while the run went on: "
            "a vacuum with a minimum age of nothing, or a bucket's clean-up rule. Run again: only these are made anew"
        )
    return [finished[shard.index] for shard in plan.shards]


def _tables(stage: Stage) -> tuple[str, ...]:
    return (stage.name, REJECTS, *stage.side)


def _label(shard: Shard) -> str:
    return shard.label


def _identity(stage: Stage, fingerprint: str) -> dict[str, Any]:
    return {
        "stage": stage.name,
        "stage_version": stage.version,
        "settings": stage.settings_hash(),
        "fingerprint": fingerprint,
    }


def _cost(plan: Plan, markers: list[Marker]) -> dict[str, float]:
    """What the shards took, those of earlier attempts too: seconds of their workers, and bytes that they read."""
    return {
        "shard_seconds": round(sum(marker.seconds for marker in markers), 3),
        "bytes_read": sum(marker.bytes for marker in markers),
        "shards": len(plan.shards),
        "shards_run": len(plan.todo),
    }


def _commit(
    plan: Plan, lake: Lake, fence: Fence, run: str, markers: list[Marker], cost: dict[str, float]
) -> tuple[Commit, list[WrittenFile]]:
    """Commits the side tables and then the main table: the commit of the main one, and its files."""
    stage, partition = plan.stage, plan.partition
    files = {name: [file for marker in markers for file in marker.files.get(name, [])] for name in _tables(stage)}
    side = {
        name: _commit_side(stage, lake, partition, run=run, name=name, files=files[name]) for name in _tables(stage)[1:]
    }
    metadata = {
        **_identity(stage, plan.fingerprint),
        "inputs": stage.inputs(lake, partition),
        "side": {name: version for name, version in side.items() if version is not None},
        "counters": _sum(markers),
        "cost": cost,
    }
    commit = lake.commit(stage.name, partition, files[stage.name], fence, run=run, metadata=metadata)
    return commit, files[stage.name]


def _commit_side(
    stage: Stage, lake: Lake, partition: Partition, *, run: str, name: str, files: list[WrittenFile]
) -> int | None:
    """Commits the partition's rows of a side table and returns its version; None where there never was one."""
    where = lake.side_partition(stage.name, partition)
    fence = lake.fence(name, where)
    if not files and not fence.files:
        return None
    identity = digest_of(sorted(file.digest for file in files))
    return lake.commit(name, where, files, fence, run=run, metadata=_identity(stage, identity)).version


def _sum(markers: list[Marker]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for marker in markers:
        total.update(marker.counters)
    return dict(sorted(total.items()))


def _check_rejects(stage: Stage, lake: Lake, partition: Partition, markers: list[Marker]) -> None:
    """Fails loudly over the budget, with examples: rejects of a run that does not commit are not in ops.rejects."""
    counters = _sum(markers)
    broken, seen = counters.get("broken", 0), counters.get("records", 0)
    if broken <= stage.reject_budget * max(seen, 1):
        return
    reasons = ", ".join(f"{n.removeprefix('rejects:')} {c}" for n, c in counters.items() if n.startswith("rejects:"))
    raise RejectBudgetExceeded(
        f"{where_of(stage.name, partition)}: {broken} of {seen} records are broken, more than the budget of "
        f"{stage.reject_budget:.0%} ({reasons}). Look at the input, or raise the budget in the settings. The first:\n"
        + "\n".join(_examples(lake, markers))
    )


def _examples(lake: Lake, markers: list[Marker], most: int = 5) -> list[str]:
    uris = [lake.storage.uri(table(REJECTS).folder, f.path) for m in markers for f in m.files.get(REJECTS, [])]
    rows = pl.scan_parquet(uris, storage_options=lake.storage.polars_options(), hive_partitioning=False)
    first = rows.filter(pl.col("broken")).head(most).collect()
    return [
        f"  {r['file']} at {r['position']}: {r['reason']} {r['detail']}".rstrip() for r in first.iter_rows(named=True)
    ]


def _progress_of(plan: Plan, report: Callable[[Progress], None] | None) -> Callable[[Shard, Marker], None] | None:
    if report is None:
        return None
    done = [0, 0]

    def on_result(shard: Shard, _marker: Marker) -> None:
        done[0] += 1
        done[1] += shard.bytes
        size = sum(s.bytes for s in plan.todo)
        report(Progress(plan.stage.name, plan.partition, shard.label, done[0], len(plan.todo), done[1], size))

    return on_result


def _unchanged(plan: Plan, state: PartitionState) -> Report:
    return Report(
        stage=plan.stage.name,
        partition=plan.partition,
        run=state.run,
        version=state.version,
        changed=False,
        rows=state.rows,
        bytes=state.bytes,
        shards=len(plan.shards),
        ran=0,
        resumed=len(plan.shards),
        retried=0,
        seconds=0.0,
        peak_memory=0,
        counters=state.counters,
    )


def where_of(name: str, partition: Partition) -> str:
    """A partition of a table as messages name it: `web.pages [wet,CC-MAIN-2024-10]`."""
    return f"{name} [{table(name).partition_string(partition)}]"
