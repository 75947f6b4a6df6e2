"""Dedups whose workers or parent are killed, whose disk is really full, whose files are damaged: one clear error, and the same tables in the end.

Each lake has three snapshots of pages; a stage of the second one is hit. The same faults in one process: tests/unit/stages/test_dedup_faults.py.
"""

import os
import re
import shutil
import signal
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from dedup_pages import (
    FIRST,
    METHODS,
    SECOND,
    SIDES,
    THIRD,
    file_of,
    flip,
    is_same,
    partition_of,
    put_pages,
    put_snapshots,
    run_all,
    seen,
    stages_of,
    text_of,
)
from stage_house import OwnSession, begun, until
from test_disk_full import SmallDisk, assert_all_is_whole, assert_told

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CorpusError, ShardFailed
from corpus_platform.lake import Lake
from corpus_platform.stages.dedup import (
    DEDUP_DOCUMENTS,
    DEDUP_EDGES,
    DEDUP_INDEX,
    DEDUP_KEYS,
    OF_METHOD,
)
from corpus_platform.stages.duplicates import Duplicates, _Found
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.verdicts import DUPLICATES

pytestmark = pytest.mark.e2e

SETTINGS = {"keys_per_range": 120, "check_room": False}
PAUSE = 0.6


class Houses:
    """Lakes in which a dedup has come to a stage of the second snapshot, each made once and then copied; and undisturbed ones."""

    def __init__(self, folder):
        self.folder = folder

    def lake(self, folder, kind, name, snapshot=SECOND):
        """A lake of its own in which everything before the stage is made."""
        kept = self.folder / f"{kind}-{name}-{snapshot}"
        if not kept.exists():
            method, lake = METHODS[kind], Lake(kept.with_name(f"{kept.name}-making"))
            put_snapshots(lake)
            stages = stages_of(method, **SETTINGS)
            run_all(lake, stages, method, *(one for one in (FIRST, SECOND) if one < snapshot))
            run_all(lake, dict(list(stages.items())[: OF_METHOD.index(name)]), method, snapshot)
            Path(lake.location).rename(kept)
        shutil.copytree(kept, folder)
        return Lake(folder)

    def expected(self, kind):
        """What undisturbed runs make."""
        kept = self.folder / f"{kind}-undisturbed"
        if not kept.exists():
            lake = Lake(kept)
            put_snapshots(lake)
            run_all(lake, stages_of(METHODS[kind], **SETTINGS), METHODS[kind], FIRST, SECOND, THIRD)
        return seen(Lake(kept))


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


class TightFound(_Found):
    """DuckDB in few megabytes."""

    def session(self, lake, memory, spill):
        session = super().session(lake, 32 << 20, spill)
        session.execute("SET threads = 2")
        return session


class LimitedFound(TightFound):
    """The same, with less room on disk than it takes."""

    def session(self, lake, memory, spill):
        session = super().session(lake, memory, spill)
        session.execute("SET max_temp_directory_size = '4MiB'")
        return session


class Tight(Duplicates):
    """The stage with less memory than its settings allow."""

    found = TightFound

    def run(self, lake, partition, shard, output):
        super().run(lake, partition, replace(shard, work=self.found(**vars(shard.work))), output)


class Limited(Tight):
    """The same, with less room on disk than it takes."""

    found = LimitedFound


class Parent(OwnSession):
    """A run of one stage (see dedup_parent.py)."""

    def __init__(self, folder, lake, kind, name, *, held=None, pause=PAUSE, ray=None, environment=None, **settings):
        self.lake, self.name = lake, name
        order = {"lake": lake.location, "method": kind, "stage": name, "snapshot": SECOND}
        order |= {"pause": pause, "held": held, "ray": ray, "settings": SETTINGS | settings}
        super().__init__(folder, "dedup_parent.py", order, environment=environment)

    def amid(self, shard=None):
        """Waits until a shard (that one) is begun; the worker that does it."""
        found = until(lambda: [pid for begun_, pid in begun(self.folder, self.name) if shard in (None, begun_)])
        assert found, self.log
        return found[0]

    def report(self, seconds=120):
        return self.ended("report.json", seconds)


def run_rest(lake, kind, **settings):
    return run_all(
        Lake(lake.location), stages_of(METHODS[kind], **SETTINGS | settings), METHODS[kind], FIRST, SECOND, THIRD
    )


def shards_of(lake, kind, name):
    return stages_of(METHODS[kind], **SETTINGS)[name].shards(lake, partition_of(METHODS[kind], SECOND))


STAGES = [(kind, name) for kind in ("minhash", "lines", "filter") for name in OF_METHOD]


@pytest.mark.parametrize(("kind", "name"), STAGES)
def test_a_killed_worker_costs_its_shard_a_try(houses, tmp_path, kind, name):
    lake = houses.lake(tmp_path / "lake", kind, name)

    with Parent(tmp_path / "run", lake, kind, name) as parent:
        os.kill(parent.amid(), signal.SIGKILL)
        report = parent.report()

    assert report["retried"] == 1
    assert not parent.left()
    run_rest(lake, kind)
    assert is_same(seen(lake), houses.expected(kind))


@pytest.mark.parametrize(("kind", "name"), STAGES)
def test_nothing_outlives_a_killed_parent_and_the_next_run_goes_on(houses, tmp_path, kind, name):
    lake = houses.lake(tmp_path / "lake", kind, name)
    before, last = seen(lake), len(shards_of(lake, kind, name)) - 1

    with Parent(tmp_path / "run", lake, kind, name, held=last) as parent:
        parent.amid(last)
        parent.process.kill()
        parent.process.wait(20)
        ended = until(lambda: not parent.left(), seconds=5)

    assert ended
    assert is_same(seen(Lake(lake.location)), before)
    reports = run_rest(lake, kind)
    assert reports[SECOND, name].ran + reports[SECOND, name].resumed == last + 1
    assert reports[SECOND, name].ran >= 1
    assert {report.ran for (snapshot, _), report in reports.items() if snapshot == FIRST} == {0}
    assert is_same(seen(lake), houses.expected(kind))


def test_what_a_killed_parent_left_in_scratch_goes_with_a_vacuum(houses, tmp_path, monkeypatch):
    lake = houses.lake(tmp_path / "lake", "minhash", DUPLICATES)
    with Parent(tmp_path / "run", lake, "minhash", DUPLICATES, held=0) as parent:
        parent.amid(0)
        # Naps are at the first count, when the session is open and has its folder for spills.
        until(lambda: list(Path(lake.location, "_staging").glob("*")))
        parent.process.kill()
        parent.process.wait(20)
        until(lambda: not parent.left(), seconds=5)

    left = list(Path(lake.location, "_staging").iterdir())
    spared = lake.vacuum(min_age_hours=0, retain_hours=0)
    still = list(Path(lake.location, "_staging").iterdir())
    monkeypatch.setattr("corpus_platform.lake.runs.LONGEST", timedelta(0))
    lake.vacuum(min_age_hours=0, retain_hours=0)

    assert left == still, spared
    assert left
    assert not list(Path(lake.location, "_staging").iterdir())


@pytest.mark.parametrize(
    ("table", "of", "reader"),
    [
        (DEDUP_DOCUMENTS, SECOND, DUPLICATES),
        (DEDUP_DOCUMENTS, FIRST, DUPLICATES),
        (DEDUP_KEYS, SECOND, DEDUP_INDEX),
        (DEDUP_INDEX, FIRST, DEDUP_INDEX),
        (DEDUP_EDGES, SECOND, DUPLICATES),
        (DUPLICATES, FIRST, DUPLICATES),
    ],
)
@pytest.mark.parametrize("harm", [flip, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_a_damaged_file_is_named_by_workers_and_made_anew_after_a_repair(houses, tmp_path, table, of, reader, harm):
    lake, method = houses.lake(tmp_path / "lake", "minhash", reader), METHODS["minhash"]
    hurt = file_of(lake, method, table, of)
    harm(hurt)

    with pytest.raises(ShardFailed, match=rf"DamagedFile: .*{re.escape(hurt.name)} is damaged.*corpus verify --repair"):
        run_stage(stages_of(method, **SETTINGS)[reader], lake, Processes(2), partition_of(method, SECOND))

    assert lake.state(reader, partition_of(method, SECOND)) is None
    assert [one.table for one in lake.verify(repair=True).damaged] == [table]
    reports = run_rest(lake, "minhash")
    assert reports[of, SIDES.get(table, table)].ran == 1
    assert is_same(seen(lake), houses.expected("minhash"))
    assert lake.verify().is_sound


@pytest.fixture
def small_disk(tmp_path):
    """A disk of so many megabytes."""
    folder = tmp_path / "disk"
    mounted = []

    def mount(megabytes):
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        made = subprocess.run(command, capture_output=True, check=False)
        if made.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
        mounted.append(folder)
        return SmallDisk(folder)

    yield mount
    for one in mounted:
        subprocess.run(["umount", "-l", str(one)], check=True)


@pytest.mark.parametrize("name", OF_METHOD)
@pytest.mark.parametrize("blocks", [0, 1, 2, 3, 5, 8, 12, 20, 32])
def test_a_full_disk_is_told_and_the_next_run_with_room_does_what_is_missing(houses, small_disk, name, blocks):
    disk = small_disk(16)
    lake = houses.lake(disk.folder / "lake", "minhash", name)
    stage, where = stages_of(METHODS["minhash"], **SETTINGS)[name], partition_of(METHODS["minhash"], SECOND)
    disk.leave(blocks)

    try:
        run_stage(stage, lake, Serial(), where)
    except CorpusError as error:
        assert_told(error, disk)
        assert lake.state(name, where) is None
    else:
        assert blocks > 3
    disk.make_room()
    assert_all_is_whole(lake)
    run_rest(lake, "minhash")
    assert is_same(seen(lake), houses.expected("minhash"))


def spilling(lake):
    """Many copies of many texts, compared; and the stage that makes their clusters, in memory that is too little for them."""
    method, texts = METHODS["exact"], [text_of(seed, 3) for seed in range(20_000)]
    put_pages(lake, FIRST, *([texts] * 4))
    stages = stages_of(method, check_room=False)
    run_all(lake, dict(list(stages.items())[:2]), method, FIRST)
    return partial(Tight, methods=stages[DUPLICATES].methods), partition_of(method, FIRST), stages[DUPLICATES].settings


@pytest.fixture(scope="module")
def not_spilled(tmp_path_factory):
    """What an undisturbed run makes of the same, with room enough."""
    lake = Lake(tmp_path_factory.mktemp("spill") / "lake")
    make, where, settings = spilling(lake)
    run_stage(Duplicates(settings, **make.keywords), lake, Serial(), where)
    return seen(lake)


def test_a_spill_that_fills_the_disk_is_told_and_leaves_nothing_behind(small_disk, not_spilled):
    disk = small_disk(64)
    lake = Lake(disk.folder / "lake")
    make, where, settings = spilling(lake)
    disk.leave(8)

    with pytest.raises(ShardFailed, match=r"DiskFull: the disk of .* is full"):
        run_stage(make(settings), lake, Serial(), where)

    disk.make_room()
    assert_all_is_whole(lake)
    run_stage(make(settings), lake, Serial(), where)
    assert is_same(seen(lake), not_spilled)


def test_a_spill_that_finds_less_room_than_it_takes_is_told_and_leaves_nothing_behind(tmp_path, not_spilled):
    """The same without a disk of its own: DuckDB's limit of what it puts on disk."""
    lake = Lake(tmp_path / "lake")
    make, where, settings = spilling(lake)

    with pytest.raises(ShardFailed, match=r"DiskFull: the disk of .* is full .*max_temp_directory_size"):
        run_stage(Limited(settings, **make.keywords), lake, Serial(), where)

    assert lake.state(DUPLICATES, where) is None
    assert_all_is_whole(lake)
    run_stage(make(settings), lake, Serial(), where)
    assert is_same(seen(lake), not_spilled)
