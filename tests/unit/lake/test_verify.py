"""Files of tables compared with what was written, and damaged ones prepared to be made anew."""

from pathlib import Path

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.lake.verify import FOLDER


def damage(house, file, name="test.notes"):
    """Flips a bit amid a file."""
    path = Path(house.lake.uri(name)) / file.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def three_shards(house):
    """A partition of three marked shards, one with a reject, as a run of a stage leaves it."""
    marked = [house.mark("run-0001", f"f{shard}", shard, [shard], [7] if shard == 1 else []) for shard in range(3)]
    side = house.lake.side_partition(house.name, house.partition)
    rejects = marked[1].files["ops.rejects"]
    version = house.lake.commit(
        "ops.rejects", side, rejects, house.lake.fence("ops.rejects", side), run="run-0001", metadata={"stage": "x"}
    ).version
    files = [file for marker in marked for file in marker.files[house.name]]
    metadata = {"stage": "test.notes", "stage_version": "1", "fingerprint": "whole", "side": {"ops.rejects": version}}
    fence = house.lake.fence(house.name, house.partition)
    house.lake.commit(
        house.name, house.partition, files, fence, run="run-0001", metadata=metadata | {"inputs": {"a": 1}}
    )
    return marked


def test_a_sound_lake_is_counted(house):
    three_shards(house)

    report = house.lake.verify()

    assert (report.files, report.damaged, report.is_sound) == (4, (), True)
    assert str(report) == f"4 files, {report.bytes / 1e6:,.1f} MB: all as written"
    assert report.bytes == sum(file.bytes for name in ("test.notes", "ops.rejects") for file in house.lake.files(name))


def test_a_flipped_bit_a_cut_and_a_missing_file_are_found_and_nothing_is_changed(house):
    marked = three_shards(house)
    paths = [Path(house.lake.uri("test.notes")) / marker.files["test.notes"][0].path for marker in marked]
    damage(house, marked[0].files["test.notes"][0])
    paths[1].write_bytes(paths[1].read_bytes()[:-1])
    paths[2].unlink()
    before = house.lake.version("test.notes")

    report = house.lake.verify()

    assert [(d.table, d.partition, d.shard, d.is_repaired) for d in report.damaged] == [
        ("test.notes", house.partition, shard, False) for shard in range(3)
    ]
    first, second, third = (d.what for d in report.damaged)
    assert first.startswith("the digest of its bytes is")
    assert second == f"it has {paths[1].stat().st_size:,} bytes, and was written with {paths[1].stat().st_size + 1:,}"
    assert third == "it is missing"
    assert not report.is_sound
    assert str(report).endswith("MB: 3 damaged or missing")
    assert house.lake.version("test.notes") == before
    assert sorted(house.markers.read_all()) == [0, 1, 2]


def test_only_what_is_asked_for_is_read(house):
    three_shards(house)
    house.commit("run-0002", partition={"variant": "wet", "snapshot": "CC-2"})

    assert house.lake.verify(["test.notes"]).files == 4
    assert house.lake.verify(["test.notes"], {"snapshot": "CC-2"}).files == 1
    assert house.lake.verify(partition={"snapshot": "CC-1"}).files == 3
    assert house.lake.verify(["ops.rejects"]).files == 1
    with pytest.raises(SettingsError, match="has no partition column"):
        house.lake.verify(["ops.rejects"], {"snapshot": "CC-1"})
    with pytest.raises(SettingsError, match="there is no table"):
        house.lake.verify(["test.nots"])


def test_a_repair_leaves_one_shard_to_do_and_readers_without_a_part_of_the_partition(house):
    marked = three_shards(house)
    file = marked[1].files["test.notes"][0]
    damage(house, file)

    report = house.lake.verify(repair=True)

    assert [d.is_repaired for d in report.damaged] == [True]
    assert report.is_sound
    assert sorted(house.markers.read_all()) == [0, 2]
    assert (Path(house.lake.location) / FOLDER / "test.notes" / file.path).exists()
    state = house.lake.state("test.notes", house.partition)
    assert (state.fingerprint, state.files, state.rows, state.inputs) == ("", 3, 3, {"a": 1})
    assert state.extra["damaged"] == [file.path]
    with pytest.raises((OSError, pl.exceptions.ComputeError), match=file.path.rpartition("/")[2]):
        house.notes()
    assert house.rejects() == [7]


def test_a_damaged_side_file_makes_its_shard_unfinished_in_both_tables(house):
    marked = three_shards(house)
    damage(house, marked[1].files["ops.rejects"][0], "ops.rejects")

    report = house.lake.verify(repair=True)

    assert [(d.table, d.shard, d.is_repaired) for d in report.damaged] == [("ops.rejects", 1, True)]
    assert sorted(house.markers.read_all()) == [0, 2]
    assert house.lake.state("test.notes", house.partition).fingerprint == ""
    assert house.notes() == [0, 1, 2]
    with pytest.raises((OSError, pl.exceptions.ComputeError)):
        house.rejects()


def test_a_repair_can_be_repeated(house, monkeypatch):
    marked = three_shards(house)
    damage(house, marked[1].files["test.notes"][0])
    monkeypatch.setattr("corpus_platform.lake.verify.make_stale", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        house.lake.verify(repair=True)
    assert house.lake.state("test.notes", house.partition).fingerprint == "whole"
    monkeypatch.undo()

    for _ in range(2):
        (found,) = house.lake.verify(repair=True).damaged
        assert (found.what, found.is_repaired) == ("it is missing", True)

    assert house.lake.state("test.notes", house.partition).fingerprint == ""


def test_vacuum_after_a_repair_keeps_the_other_shards(house):
    marked = three_shards(house)
    damage(house, marked[1].files["test.notes"][0])
    house.lake.verify(repair=True)

    house.lake.vacuum(retain_hours=0, min_age_hours=0)

    assert sorted(house.markers.read_all()) == [0, 2]
    assert [d.shard for d in house.lake.verify().damaged] == [1]


def test_what_no_stage_made_is_not_repaired(house):
    files = house.shard("run-0001")["test.notes"]
    house.lake.commit("test.notes", house.partition, files, None, run="run-0001", mode="append")
    damage(house, files[0])

    report = house.lake.verify(repair=True)

    assert [d.is_repaired for d in report.damaged] == [False]
    assert not report.is_sound
    assert (Path(house.lake.uri("test.notes")) / files[0].path).exists()
