"""Damaged files and full disks in runs of stages: a clear error, then a run that does what is missing and no more."""

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.documents import column
from corpus_platform.errors import DiskFull, ShardFailed
from corpus_platform.lake import TableSpec, register
from corpus_platform.lake import files as lake_files
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.stage import Shard, Stage

PARTITION = {"snapshot": "CC-MAIN-2024-10"}
register(
    TableSpec(
        name="test.doubles",
        description="A row is twice a number",
        columns=(column("number", pa.int64(), "The number", nullable=False),),
        key=("number",),
        partition_by=("snapshot",),
    )
)


@dataclass(frozen=True)
class Doubles(Stage):
    """Reads the numbers, file by file."""

    name: ClassVar[str] = "test.doubles"
    version: ClassVar[str] = "1"
    upstream: ClassVar[tuple[str, ...]] = ("test.numbers",)

    def shards(self, lake, partition):
        return [Shard(f.shard, digests([f]), f, f.bytes) for f in lake.files("test.numbers", partition)]

    def run(self, lake, partition, shard, output):
        for frame in batches(lake, shard.work):
            output.write(frame.select(pl.col("number") * 2))


def numbers_of(lake, name="test.numbers"):
    return lake.scan(name).collect()["number"].to_list()


def path_of(lake, shard, name="test.numbers"):
    (file,) = [file for file in lake.files(name) if file.shard == shard]
    return Path(file.uri)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [damage, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-5])])
def test_a_damaged_input_ends_in_an_error_and_after_a_repair_only_its_shard_is_made_anew(lake, engine, numbers, harm):
    run_stage(numbers(), lake, engine, PARTITION)
    sound = numbers_of(lake)
    harm(path_of(lake, 2))

    with pytest.raises(ShardFailed, match=r"1 of 4 shards failed(.|\n)*DamagedFile: .*00002-.*corpus verify --repair"):
        run_stage(Doubles(), lake, engine, PARTITION)
    lake.verify(repair=True)
    again = run_stage(numbers(), lake, engine, PARTITION)
    doubles = run_stage(Doubles(), lake, engine, PARTITION)

    assert (again.ran, again.resumed, again.changed) == (1, 3, True)
    assert (doubles.ran, doubles.resumed) == (1, 3)
    assert numbers_of(lake) == sound
    assert numbers_of(lake, "test.doubles") == [2 * number for number in sound]
    assert lake.verify().damaged == ()
    assert plan_stage(numbers(), lake, PARTITION).is_current


def test_what_was_made_of_a_damaged_table_before_stays_current(lake, engine, numbers):
    run_stage(numbers(), lake, engine, PARTITION)
    run_stage(Doubles(), lake, engine, PARTITION)
    damage(path_of(lake, 1))

    lake.verify(repair=True)

    assert plan_stage(Doubles(), lake, PARTITION).is_current
    run_stage(numbers(), lake, engine, PARTITION)
    assert plan_stage(Doubles(), lake, PARTITION).is_current


def test_a_damaged_side_file_is_made_anew_with_its_shard(lake, engine, numbers):
    stage = numbers(broken=frozenset({1, 3}), reject_budget=0.9)
    run_stage(stage, lake, engine, PARTITION)
    rejects, rows = lake.scan("ops.rejects").collect(), numbers_of(lake)
    damage(path_of(lake, 3, "ops.rejects"))

    (found,) = lake.verify(repair=True).damaged
    report = run_stage(stage, lake, engine, PARTITION)

    assert (found.table, found.shard, found.is_repaired) == ("ops.rejects", 3, True)
    assert (report.ran, report.resumed) == (1, 3)
    assert lake.scan("ops.rejects").collect().equals(rejects)
    assert numbers_of(lake) == rows
    assert lake.verify().damaged == ()


def test_a_finished_shard_whose_file_was_cut_off_is_not_committed(lake, engine, numbers):
    with pytest.raises(ShardFailed):
        run_stage(numbers(dying=frozenset({3})), lake, engine, PARTITION)
    (half,) = Path(lake.uri("test.numbers")).rglob("00001-*.parquet")
    half.write_bytes(half.read_bytes()[:100])

    report = run_stage(numbers(), lake, engine, PARTITION)

    assert (report.ran, report.resumed) == (2, 2)
    assert lake.verify().damaged == ()


@pytest.mark.parametrize(
    ("what", "sort"), [("publish", ShardFailed), ("publish_bytes", ShardFailed), ("commit", DiskFull)]
)
def test_a_full_disk_is_told_in_a_line_and_the_next_run_goes_on(lake, engine, numbers, monkeypatch, what, sort):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    real = lake_files.publish_bytes

    def full_for_markers(storage, content, relative):
        return full() if "/00002-" in relative else real(storage, content, relative)

    if what == "publish":
        monkeypatch.setattr(lake_files, "publish", full)
    elif what == "publish_bytes":
        monkeypatch.setattr("corpus_platform.lake.markers.publish_bytes", full_for_markers)
    else:
        monkeypatch.setattr(type(lake), "commit", full)
    with pytest.raises(sort, match=r"the disk of /.* is full \([\d,.]+ MB free\): .*No space left.* run again"):
        run_stage(numbers(), lake, engine, PARTITION)
    monkeypatch.undo()

    report = run_stage(numbers(), lake, engine, PARTITION)

    assert report.resumed == {"publish": 0, "publish_bytes": 3, "commit": 4}[what]
    assert numbers_of(lake) == [i * 10 + j for i in range(4) for j in range(3)]
