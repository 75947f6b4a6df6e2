"""Real stages on a disk that is really full: a tmpfs of a few MB, most of it taken by a balloon.

However much was free, a run ends in one clear error, what has a final name is whole, and once there is room the next run does what is missing.
"""

import os
import subprocess
from pathlib import Path

import pytest
from stage_house import Houses, differences, seen
from stage_parent import CHAIN, partition_of, stages_of

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CorpusError, DiskFull, ShardFailed
from corpus_platform.lake import Lake
from corpus_platform.lake.files import digest_of_file, shard_and_digest
from corpus_platform.lake.markers import Marker
from corpus_platform.stages.run import run_stage

pytestmark = pytest.mark.e2e

BLOCK = 4096
SIZE = 4 << 20


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    houses = Houses(tmp_path_factory.mktemp("houses"))
    houses.expected("wet", "old")
    return houses


class SmallDisk:
    """A disk with a balloon on it."""

    def __init__(self, folder):
        self.folder = folder
        self.balloon = folder / "balloon"

    def leave(self, blocks):
        """Fills the disk but for some blocks."""
        self.balloon.unlink(missing_ok=True)
        facts = os.statvfs(self.folder)
        self.balloon.write_bytes(bytes((facts.f_bavail - blocks) * BLOCK))

    def make_room(self):
        self.balloon.unlink()


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def run_chain(lake, houses, engine):
    """The chain's reports, up to the first error."""
    stages = stages_of(houses.old)
    return {name: run_stage(stages[name], lake, engine, partition_of("wet", name)) for name in CHAIN}


def shards_marked(lake):
    return {
        (path.parts[-3], int(path.name.partition("-")[0])) for path in Path(lake.location, "_markers").rglob("*-*.json")
    }


def assert_all_is_whole(lake):
    """Whatever has a final name is what its name says; scratch is gone."""
    for path in Path(lake.location).rglob("*"):
        if path.suffix == ".parquet" and "_delta_log" not in path.parts:
            assert digest_of_file(path) == shard_and_digest(path.name)[1], path
        elif path.suffix == ".json" and "_markers" in path.parts:
            assert not path.name.startswith("."), path
            assert Marker.from_json(path.read_bytes())
    staging = Path(lake.location, "_staging")
    assert not staging.exists() or not list(staging.iterdir())
    assert lake.verify().is_sound


def assert_told(error, disk):
    text = str(error)
    assert isinstance(error, DiskFull | ShardFailed), repr(error)
    lines = [line for line in text.splitlines() if "is full" in line]
    assert lines
    assert all(str(disk.folder) in line and "MB free)" in line and "run again" in line for line in lines)
    if isinstance(error, DiskFull):
        assert "\n" not in text


@pytest.mark.parametrize("workers", [0, 2])
def test_runs_on_a_disk_that_fills_again_and_again_lose_nothing_and_get_there(houses, disk, workers):
    """Each run has a little room more than what the one before had left, so that it meets the full disk a step further on."""
    lake = Lake(disk.folder / "lake")
    engine = Processes(workers) if workers else Serial()
    errors, reports = [], None

    for attempt in range(60):
        disk.leave(32 + attempt if workers else 20 + attempt % 13)
        before = shards_marked(lake)
        try:
            reports = run_chain(lake, houses, engine)
        except CorpusError as error:
            assert_told(error, disk)
            errors.append(error)
        assert before <= shards_marked(lake)
        assert_all_is_whole(lake)
        if reports:
            break

    assert reports, errors[-1]
    assert len(errors) > 1
    disk.make_room()
    for report in run_chain(Lake(lake.location), houses, engine).values():
        assert (report.ran, report.changed) == (0, False)
    for name in CHAIN:
        assert not differences(seen(lake, name), houses.expected("wet", "old")[name])


@pytest.mark.parametrize("blocks", [0, 1, 2, 3, 5, 8, *range(12, 132, 6)])
def test_the_next_run_with_room_does_what_is_missing(houses, disk, blocks):
    lake = Lake(disk.folder / "lake")
    disk.leave(blocks)

    with pytest.raises(CorpusError) as caught:
        run_chain(lake, houses, Serial())
    assert_told(caught.value, disk)
    disk.make_room()
    assert_all_is_whole(lake)
    done = shards_marked(lake)
    reports = run_chain(Lake(lake.location), houses, Serial())

    for name in CHAIN:
        assert not differences(seen(lake, name), houses.expected("wet", "old")[name])
        if reports[name].changed:
            assert reports[name].resumed == len([shard for stage, shard in done if stage == name])
