"""Removes what nothing needs any more: files of old versions, orphans of dead runs, stale markers, scratch left behind.

Kept is every file that is named by
- a retained version: the newest `keep_versions`, and all that were current within `retain_hours`,
- a pinned version,
- of a side table, the version that a retained or pinned commit of a main table names,
- a live marker: one that is younger than its partition's last commit (a run that is unfinished, or about to commit), or whose files are all
  kept anyway (a later run can resume from it).
What a run under way makes is spared whatever its age (runs.py), and nothing younger than `min_age_hours` is removed at all: an allowance for
clocks that differ. The Delta log is never touched.

Scratch folders of killed runs go with what they hold: files in the making, and what dedups have spilled to disk.
Two folders are left alone: `_files/` (models and Bloom filters by the digest of their content, keep.py: rows name them, and no row is read here) and
`_damaged/` (what a repair has set aside, verify.py, for people who can save something of it). Delete what is in `_damaged/` by hand; of `_files/dedup/`
what `SELECT DISTINCT filter FROM web.dedup_index` does not name, in any version that is still to be read.

Not here: when it is run (assets/, cli.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.lake import markers, pins, runs
from corpus_platform.lake.files import STAGING, publish_bytes, run_of
from corpus_platform.lake.registry import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.lake.lake import Lake
    from corpus_platform.lake.log import PartitionState, Snapshot, TableLog
    from corpus_platform.lake.markers import Marker, StoredMarker
    from corpus_platform.lake.storage import Storage

_RECORDS = "_vacuumed"
# A shard in the making touches its scratch file only when a row group is full.
_STAGING_PATIENCE = 24


@dataclass(frozen=True)
class Keep:
    """What vacuum spares besides pins and live markers."""

    retain_hours: float
    keep_versions: int
    min_age_hours: float

    @property
    def min_age(self) -> timedelta:
        """Nothing younger is removed."""
        return timedelta(hours=self.min_age_hours)


@dataclass(frozen=True)
class VacuumReport:
    """What was removed (or would be): paths relative to the lake, their size, and each table's oldest version that can still be read."""

    removed: tuple[str, ...]
    bytes: int
    oldest: dict[str, int]
    dry_run: bool


@dataclass
class _Plan:
    """State of one vacuum."""

    lake: Lake
    keep: Keep
    now: datetime
    oldest: dict[str, int] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    pinned: dict[str, set[int]] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)
    """{table: paths that stay, relative to the table}."""

    @property
    def storage(self) -> Storage:
        return self.lake.storage

    def is_old(self, modified: datetime, patience: int = 1) -> bool:
        return modified <= self.now - self.keep.min_age * patience


def vacuum(lake: Lake, names: Sequence[str] | None, keep: Keep, *, dry_run: bool) -> VacuumReport:
    """Vacuums the named tables, or all with what lies about outside of tables."""
    if keep.keep_versions < 1:
        raise SettingsError("keep_versions is 1 or more: the current version of a table is never removed")
    plan = _Plan(lake, keep, datetime.now(UTC))
    specs = [table(name) for name in names] if names is not None else list(lake.tables())
    for spec in lake.tables():
        _retain(plan, lake.log(spec.name))
    _retain_side(plan)
    stale = [path for spec in lake.tables() if not spec.side for path in _sort_markers(plan, spec.name)]
    doomed = {path: size for spec in specs for path, size in _unnamed(plan, spec.name)}
    if names is None:
        doomed |= dict(_litter(plan))
    # After the listing, for a run notes itself before it makes anything: what is listed and not noted is of a run that has ended.
    scratch = _scratch_folders(plan) if names is None else []
    under_way = runs.prefixes(plan.storage)
    doomed = {path: size for path, size in doomed.items() if run_of(path) not in under_way}
    if not dry_run:
        for spec in specs:
            _record(plan, spec.name)
        _remove(plan, stale)
        doomed = _spared_since(plan, doomed)
        _remove(plan, doomed)
        _remove_empty([folder for folder in scratch if run_of(folder.as_posix()) not in under_way])
    removed = tuple(plan.storage.relative(path) for path in (*stale, *sorted(doomed)))
    return VacuumReport(removed, sum(doomed.values()), dict(plan.oldest), dry_run)


def refuse_vacuumed(storage: Storage, name: str, version: int) -> None:
    """A `SettingsError` for a version whose files a vacuum has removed."""
    record = _recorded(storage, name)
    if version < record["oldest"] and version not in record["pinned"]:
        raise SettingsError(
            f"version {version} of {name} was vacuumed on {record['when']}; the oldest that can be read is {record['oldest']}"
            + (f", and the pinned {', '.join(map(str, record['pinned']))}" if record["pinned"] else "")
        )


def _recorded(storage: Storage, name: str) -> dict[str, Any]:
    try:
        return orjson.loads(storage.read(storage.path(_RECORDS, f"{name}.json")))
    except FileNotFoundError:
        return {"oldest": 0, "pinned": [], "when": None}


def _retain(plan: _Plan, log: TableLog) -> None:
    """Keeps the files of a table's retained and pinned versions."""
    name = log.spec.name
    plan.kept[name] = set()
    newest = log.snapshot()
    if newest is None:
        return
    plan.newest[name] = newest.version
    plan.pinned[name] = {pin.version for pin in pins.pins(plan.storage, name)}
    plan.oldest[name] = _oldest(plan, log, newest)
    for version in {plan.oldest[name], *plan.pinned[name]}:
        snapshot = log.snapshot(version)
        plan.kept[name] |= {file.path for file in snapshot.files()} if snapshot else set()
    plan.kept[name] |= _added(log, plan.oldest[name] + 1, newest.version)


def _oldest(plan: _Plan, log: TableLog, newest: Snapshot) -> int:
    """The oldest retained version: those from here on are kept without a gap."""
    cutoff = plan.now - timedelta(hours=plan.keep.retain_hours)
    version = newest.version
    while version > 0 and log.commit_info(version).time > cutoff:
        version -= 1
    return max(0, min(version, newest.version - plan.keep.keep_versions + 1))


def _added(log: TableLog, first: int, last: int) -> set[str]:
    return {
        action["add"]["path"]
        for version in range(first, last + 1)
        for action in log.actions(version)
        if "add" in action
    }


def _retain_side(plan: _Plan) -> None:
    """Keeps the side rows that belong to retained and pinned commits of main tables."""
    for main, state in _retained_states(plan):
        for side, version in state.side.items():
            log = plan.lake.log(side)
            newest = log.snapshot()
            values = plan.lake.side_partition(main, state.partition)
            if newest is None or newest.writers().get(log.spec.partition_string(values), -1) <= version:
                continue
            snapshot = log.snapshot(version)
            plan.kept[side] |= {file.path for file in snapshot.files(values)} if snapshot else set()


def _retained_states(plan: _Plan) -> Iterator[tuple[str, PartitionState]]:
    for name, oldest in plan.oldest.items():
        log = plan.lake.log(name)
        if log.spec.side:
            continue
        for version in {oldest, *plan.pinned[name]}:
            snapshot = log.snapshot(version)
            yield from ((name, state) for state in (snapshot.states() if snapshot else {}).values())
        for version in range(oldest + 1, plan.newest[name] + 1):
            if state := log.state_at(version):
                yield name, state


def _sort_markers(plan: _Plan, name: str) -> list[str]:
    """Keeps the files of a table's live markers; paths of the stale ones."""
    stored = markers.stored_below(plan.storage, f"{markers.FOLDER}/{name}")
    read = markers.read(plan.storage, stored)
    snapshot = plan.lake.log(name).snapshot()
    states = {} if snapshot is None else snapshot.states()
    newest: dict[tuple[str, int], StoredMarker] = {}
    for one in sorted(stored, key=lambda one: one.modified):
        newest[_folder(one.path), one.shard] = one
    stale = []
    for one in stored:
        marker, state = read.get(one.path), states.get(_folder(one.path))
        fresh = state is None or one.modified > state.time - plan.keep.min_age
        is_newest = newest[_folder(one.path), one.shard] is one
        if marker and (
            fresh or not plan.is_old(one.modified) or _is_kept_anyway(plan, name, marker, is_newest=is_newest)
        ):
            _keep_files(plan, marker)
        elif plan.is_old(one.modified):
            stale.append(one.path)
    return stale


def _is_kept_anyway(plan: _Plan, name: str, marker: Marker, *, is_newest: bool) -> bool:
    """Whether a run could resume from the marker at no cost of storage; of a shard without rows the newest marker."""
    paths = {file.path for file in marker.files.get(name, [])}
    return paths <= plan.kept[name] if paths else is_newest


def _keep_files(plan: _Plan, marker: Marker) -> None:
    for name, files in marker.files.items():
        plan.kept.setdefault(name, set()).update(file.path for file in files)


def _folder(path: str) -> str:
    return path.rsplit("/", 2)[-2]


def _unnamed(plan: _Plan, name: str) -> Iterator[tuple[str, int]]:
    """Old files of a table that nothing names: (path, bytes)."""
    root = plan.storage.path(table(name).folder)
    for path, modified, size in _listing(plan.storage, root):
        inside = path.removeprefix(root).lstrip("/")
        if not inside.startswith("_delta_log/") and inside not in plan.kept[name] and plan.is_old(modified):
            yield path, size


def _litter(plan: _Plan) -> Iterator[tuple[str, int]]:
    """Scratch files of processes that were killed."""
    for path, modified, size in _listing(plan.storage, plan.storage.path(STAGING)):
        if plan.is_old(modified, _STAGING_PATIENCE):
            yield path, size
    for path, modified, size in _listing(plan.storage, plan.storage.path(runs.FOLDER)):
        if modified <= plan.now - runs.LONGEST:
            yield path, size
    for folder in (markers.FOLDER, pins.FOLDER, "_probe"):
        for path, modified, size in _listing(plan.storage, plan.storage.path(folder)):
            is_scratch = folder == "_probe" or path.rpartition("/")[2].startswith(".")
            if is_scratch and plan.is_old(modified):
                yield path, size


def _scratch_folders(plan: _Plan) -> list[Path]:
    """Old scratch folders of a lake in a folder; a bucket has none."""
    root = Path(plan.storage.path(STAGING))
    if plan.storage.is_s3 or not root.is_dir():
        return []
    found = []
    for path in root.rglob("*"):
        # Of a run under way it may go meanwhile.
        with contextlib.suppress(FileNotFoundError):
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if path.is_dir() and plan.is_old(modified, _STAGING_PATIENCE):
                found.append(path)
    return found


def _remove_empty(folders: Sequence[Path]) -> None:
    """Removes those among the folders that hold nothing, inner ones first."""
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _listing(storage: Storage, folder: str) -> Iterator[tuple[str, datetime, int]]:
    try:
        found = storage.filesystem().find(folder, detail=True)
    except FileNotFoundError:
        return
    for path, facts in found.items():
        yield path, markers.modified_time(facts), facts["size"]


def _spared_since(plan: _Plan, doomed: dict[str, int]) -> dict[str, int]:
    """Leaves out what commits or markers made since the plan have come to name."""
    spared: set[str] = set()
    for name in plan.kept:
        log = plan.lake.log(name)
        snapshot = log.snapshot()
        newer = _added(log, plan.newest.get(name, -1) + 1, snapshot.version) if snapshot else set()
        spared |= {plan.storage.path(log.spec.folder, path) for path in newer}
    since = plan.now - plan.keep.min_age - timedelta(seconds=1)
    fresh = [one for one in markers.stored_below(plan.storage, markers.FOLDER) if one.modified >= since]
    for marker in markers.read(plan.storage, fresh).values():
        for name, files in marker.files.items():
            spared |= {plan.storage.path(table(name).folder, file.path) for file in files}
    return {path: size for path, size in doomed.items() if path not in spared}


def _remove(plan: _Plan, paths: Sequence[str] | dict[str, int]) -> None:
    if not paths:
        return
    fs = plan.storage.filesystem()
    if plan.storage.is_s3:
        fs.rm(list(paths))
        return
    for path in paths:
        try:
            fs.rm_file(path)
        except FileNotFoundError:
            continue


def _record(plan: _Plan, name: str) -> None:
    """Says which versions can still be read, so that a reader of an older one gets the reason."""
    if name not in plan.oldest:
        return
    before = _recorded(plan.storage, name)
    lost = {version for version in plan.pinned[name] if version < before["oldest"] and version not in before["pinned"]}
    # What an earlier vacuum removed does not come back when a later one would retain more.
    plan.oldest[name] = max(plan.oldest[name], before["oldest"])
    record = {
        "oldest": plan.oldest[name],
        "pinned": sorted(version for version in plan.pinned[name] - lost if version < plan.oldest[name]),
        "when": plan.now.isoformat(timespec="seconds"),
    }
    publish_bytes(plan.storage, orjson.dumps(record), f"{_RECORDS}/{name}.json")
