"""Compares the files of tables with what was written, and prepares damaged ones to be made anew.

A file's size and the digest of its bytes must be those that the log and its name tell; of a file that another program wrote only the size is known.

A *repair* does not touch what readers are told the partition is: a partition without the damaged shard would be a wrong table. It takes away the
shard's markers, sets the damaged file aside (to `_damaged/`), and commits the partition as it is, only without a fingerprint. Readers of the
partition get an error about the missing file until the next run, which finds the partition stale and that one shard unfinished, and makes the
shard anew. The steps have this order so that a repair that was killed can be repeated. A damaged file of a side table takes the same way with
the shard of the main table that wrote it.

Not here: checks while a file is read (reading.py), older versions of tables: one that names a damaged file keeps naming it.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.lake.reading import damage_of
from corpus_platform.lake.registry import table
from corpus_platform.lake.restore import make_stale, unmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corpus_platform.lake.lake import Lake
    from corpus_platform.lake.markers import Marker

FOLDER = "_damaged"
"""Where damaged files are set aside, for people who can save something of them."""
_AT_ONCE = 4


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was written: of which table, partition and shard (-1: another program's), its path in the table, what is wrong."""

    table: str
    partition: dict[str, str]
    shard: int
    path: str
    what: str
    is_repaired: bool = False
    """Whether the next run makes its shard anew."""


@dataclass(frozen=True)
class VerifyReport:
    """How many files were read, their bytes, and the damaged ones."""

    files: int
    bytes: int
    damaged: tuple[Damage, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged that no run will make anew."""
        return all(damage.is_repaired for damage in self.damaged)

    def __str__(self) -> str:
        found = f"{len(self.damaged):,} damaged or missing" if self.damaged else "all as written"
        return f"{self.files:,} files, {self.bytes / 1e6:,.1f} MB: {found}"


def verify(
    lake: Lake, names: Sequence[str] | None, partition: Mapping[str, str] | None, *, repair: bool
) -> VerifyReport:
    """Reads all files of the newest versions of the named tables, or of all that have the partition's columns."""
    where = partition or {}
    named = [table(name) for name in names] if names is not None else lake.tables()
    specs = [spec for spec in named if names is not None or set(where) <= set(spec.partition_by)]
    found = [(spec.name, file) for spec in specs for file in lake.files(spec.name, where)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        what = list(pool.map(lambda one: damage_of(lake, one[1]), found))
    damaged = tuple(
        Damage(name, dict(file.partition), file.shard, file.path, reason)
        for (name, file), reason in zip(found, what, strict=True)
        if reason
    )
    if repair:
        damaged = _repair(lake, damaged)
    return VerifyReport(len(found), sum(file.bytes for _, file in found), damaged)


def _repair(lake: Lake, damaged: tuple[Damage, ...]) -> tuple[Damage, ...]:
    """Repairs one partition of a main table after the other, with what it has in side tables."""
    groups: dict[tuple[str, str], list[Damage]] = {}
    for damage in damaged:
        groups.setdefault(_main_of(damage), []).append(damage)
    done = {key: _repair_partition(lake, *key, its) for key, its in groups.items()}
    return tuple(replace(damage, is_repaired=done[_main_of(damage)]) for damage in damaged)


def _main_of(damage: Damage) -> tuple[str, str]:
    """The main table and its partition, as a text, of which a file is a shard's."""
    spec = table(damage.table)
    if spec.side:
        return damage.partition["stage"], damage.partition["partition"]
    return spec.name, spec.partition_string(damage.partition)


def _repair_partition(lake: Lake, main: str, text: str, damaged: Sequence[Damage]) -> bool:
    """Whether the next run makes the damaged shards anew. It can't where no stage wrote them: judgements of people, files of other programs."""
    partition = table(main).partition_of(text)
    fence = lake.fence(main, partition)
    state = lake.state(main, partition)
    if state is None or not state.stage or state.mode != "overwrite" or any(damage.shard < 0 for damage in damaged):
        return False
    sides = {damage.table for damage in damaged} - {main}
    side_fences = [lake.fence(side, lake.side_partition(main, partition)) for side in sorted(sides)]
    run = f"verify-{uuid.uuid4().hex}"
    # A run under way that counts on the files finds them missing and fails; its own commit before ours is seen by the fence.
    lost = {(damage.table, damage.path) for damage in damaged}
    unmark(lake, main, partition, lambda marker: any((name, path) in lost for name, path in _files_of(marker)))
    for damage in damaged:
        _set_aside(lake, damage)
    for one in (*side_fences, fence):
        make_stale(lake, one, run=run, extra={"damaged": [path for name, path in lost if name == one.name]})
    return True


def _files_of(marker: Marker) -> Iterable[tuple[str, str]]:
    return ((name, file.path) for name, files in marker.files.items() for file in files)


def _set_aside(lake: Lake, damage: Damage) -> None:
    """Moves the file out of the table's folder; one that is missing needs no move."""
    fs = lake.storage.filesystem()
    old = lake.storage.path(table(damage.table).folder, damage.path)
    new = lake.storage.path(FOLDER, damage.table, damage.path)
    if not fs.exists(old):
        return
    if lake.storage.is_s3:
        fs.cp_file(old, new)
        fs.rm_file(old)
        return
    Path(new).parent.mkdir(parents=True, exist_ok=True)
    # A rename, for which a full disk has room.
    Path(old).replace(new)
