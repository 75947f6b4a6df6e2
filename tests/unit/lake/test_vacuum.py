import os
import time
from pathlib import Path

import pytest

from corpus_platform.errors import SettingsError

NOW = {"retain_hours": 0, "min_age_hours": 0}
OLD = time.time() - 90 * 24 * 3600


def data_files(house):
    return sorted(
        path.name for path in Path(house.lake.uri("test.notes")).rglob("*.parquet") if "_delta_log" not in path.parts
    )


def commit_marked(house, fingerprint, run):
    """A run of one shard from its markers to its commit."""
    found = house.markers.read_all({0: fingerprint})
    files = found[0].files.get("test.notes", [])
    fence = house.lake.fence("test.notes", house.partition)
    return house.lake.commit(
        "test.notes", house.partition, files, fence, run=run, metadata={"fingerprint": fingerprint}
    )


def test_files_of_old_versions_and_orphans_go_and_current_ones_stay(house):
    house.commit("run-0001", [(1,)])
    house.commit("run-0002", [(2,)])
    house.shard("run-dead", 5, (9,))

    report = house.lake.vacuum(**NOW)

    assert len(report.removed) == 2
    assert report.bytes > 0
    assert house.notes() == [2]
    assert [name[-16:] for name in data_files(house)] == ["run-0002.parquet"]


def test_a_dry_run_says_the_same_and_removes_nothing(house):
    house.commit("run-0001", [(1,)])
    house.commit("run-0002", [(2,)])
    before = data_files(house)

    would = house.lake.vacuum(dry_run=True, **NOW)
    still = data_files(house)
    done = house.lake.vacuum(**NOW)

    assert still == before
    assert would.removed == done.removed
    assert would.dry_run


def test_retained_versions_can_still_be_read(house):
    for number in range(4):
        house.commit(f"run-{number:04d}", [(number,)])

    house.lake.vacuum(retain_hours=0, min_age_hours=0, keep_versions=2)

    assert house.notes(version=3) == [2]
    assert house.notes(version=4) == [3]
    with pytest.raises(
        SettingsError, match=r"version 2 of test.notes was vacuumed on 20.*; the oldest that can be read is 3"
    ):
        house.notes(version=2)


def test_versions_of_the_last_hours_are_retained(house):
    house.commit("run-0001", [(1,)])
    house.commit("run-0002", [(2,)])

    report = house.lake.vacuum(retain_hours=1, min_age_hours=0)

    assert report.removed == ()
    assert house.notes(version=1) == [1]


def test_a_pinned_version_is_kept_until_it_is_unpinned(house):
    house.commit("run-0001", [(1,)])
    house.commit("run-0002", [(2,)])
    house.commit("run-0003", [(3,)])
    house.lake.pin("test.notes", 1, "release 2026-11")

    house.lake.vacuum(**NOW)
    pinned = house.notes(version=1)
    house.lake.unpin("test.notes", 1, "release 2026-11")
    house.lake.vacuum(**NOW)

    assert pinned == [1]
    assert house.lake.pins() == []
    with pytest.raises(SettingsError, match="was vacuumed"):
        house.notes(version=1)


def test_pins_say_why_and_refuse_what_is_not_there(house):
    house.commit("run-0001", [(1,)])
    house.lake.pin("test.notes", 1, "release a")
    house.lake.pin("test.notes", 1, "release b")
    house.lake.pin("test.notes", 1, "release b")

    assert [(pin.version, pin.reason) for pin in house.lake.pins("test.notes")] == [(1, "release a"), (1, "release b")]
    with pytest.raises(SettingsError, match="has no version 7"):
        house.lake.pin("test.notes", 7, "x")
    with pytest.raises(SettingsError, match="no pin of version 1 for `release c`"):
        house.lake.unpin("test.notes", 1, "release c")


def test_the_shards_of_an_unfinished_run_are_spared_and_the_run_can_commit(house):
    house.commit("run-0001", [(1,)])
    house.mark("run-0002", "f2", notes=(2,), rejects=(10,))

    report = house.lake.vacuum(**NOW)
    done = commit_marked(house, "f2", "run-0003")

    assert report.removed == ()
    assert done.changed
    assert house.notes() == [2]


def test_markers_of_a_superseded_fingerprint_go_with_their_files(house):
    house.mark("run-0001", "f1", notes=(1,))
    commit_marked(house, "f1", "run-0001")
    house.mark("run-0002", "f2", notes=(2,))
    commit_marked(house, "f2", "run-0002")

    house.lake.vacuum(**NOW)

    assert list(house.markers.read_all({0: "f1"})) == []
    assert list(house.markers.read_all({0: "f2"})) == [0]
    assert len(data_files(house)) == 1


def test_a_run_that_goes_back_to_older_shards_makes_them_live_again(house):
    house.mark("run-0001", "f1", notes=(1,))
    commit_marked(house, "f1", "run-0001")
    house.mark("run-0002", "f2", notes=(2,))
    commit_marked(house, "f2", "run-0002")
    house.markers.read_all({0: "f1"})

    house.lake.vacuum(**NOW)
    commit_marked(house, "f1", "run-0003")

    assert house.notes() == [1]


def test_the_marker_of_a_shard_without_rows_outlives_its_commit(house):
    house.mark("run-0001", "f1", notes=())
    commit_marked(house, "f1", "run-0001")
    house.commit("run-0002", [(5,)])

    house.lake.vacuum(**NOW)

    assert list(house.markers.read_all({0: "f1"})) == [0]


def test_side_rows_that_a_retained_commit_names_are_kept(house):
    house.commit("run-0001", [(1,)], side={"ops.rejects": house.commit_rejects("run-0001", (10,))})
    house.commit_rejects("run-crash", (20,))

    house.lake.vacuum(**NOW)

    assert house.rejects() == [10]


def test_side_rows_of_a_pinned_commit_are_kept(house):
    first = house.commit_rejects("run-0001", (10,))
    house.commit("run-0001", [(1,)], side={"ops.rejects": first})
    house.commit("run-0002", [(2,)], side={"ops.rejects": house.commit_rejects("run-0002", (20,))})
    house.lake.pin("test.notes", 1, "release")

    house.lake.vacuum(**NOW)

    side = house.lake.side_partition("test.notes", house.partition)
    assert house.lake.scan("ops.rejects", version=first, **side).collect()["position"].to_list() == [10]
    assert house.rejects() == [20]


def test_what_is_young_is_spared_even_if_nothing_names_it(house):
    house.shard("run-0001", 0, (1,))

    young = house.lake.vacuum(retain_hours=0, min_age_hours=1)
    for path in Path(house.lake.location).rglob("*.parquet"):
        os.utime(path, (OLD, OLD))
    old = house.lake.vacuum(retain_hours=0, min_age_hours=1)

    assert young.removed == ()
    assert len(old.removed) == 1


def test_scratch_of_killed_processes_goes_when_it_is_old(house):
    writer = house.lake.writer("test.notes", house.partition, 0, "run-dead")
    writer._folder().joinpath("test.notes.parquet").write_bytes(b"half")

    young = house.lake.vacuum()
    for path in Path(house.lake.location).rglob("*.parquet"):
        os.utime(path, (OLD, OLD))
    old = house.lake.vacuum()

    assert young.removed == ()
    assert [Path(path).parts[0] for path in old.removed] == ["_staging"]


def test_only_the_tables_asked_for_are_vacuumed(house):
    house.shard("run-0001", 0, (1,), rejects=(10,))

    report = house.lake.vacuum(["ops.rejects"], **NOW)

    assert [Path(path).parts[:2] for path in report.removed] == [("ops", "rejects")]


def test_the_current_version_is_never_given_up(house):
    with pytest.raises(SettingsError, match="keep_versions is 1 or more"):
        house.lake.vacuum(keep_versions=0)


def test_a_version_that_was_vacuumed_stays_lost(house):
    for number in range(3):
        house.commit(f"run-{number:04d}", [(number,)])
    house.lake.vacuum(**NOW)

    house.lake.vacuum(retain_hours=999)

    with pytest.raises(SettingsError, match=r"version 1 of test.notes was vacuumed"):
        house.notes(version=1)
    with pytest.raises(SettingsError, match=r"version 1 of test.notes was vacuumed"):
        house.lake.pin("test.notes", 1, "too late")


def test_a_vacuum_while_a_run_is_between_its_shards_and_its_commit_spares_both(house):
    house.commit("run-0001", [(1,)], side={"ops.rejects": house.commit_rejects("run-0001", (10,))})
    fence = house.lake.fence("test.notes", house.partition)
    marker = house.mark("run-0002", "f2", notes=(2,), rejects=(20,))
    side = house.lake.side_partition("test.notes", house.partition)
    side_fence = house.lake.fence("ops.rejects", side)
    house.lake.vacuum(**NOW)
    rejects = house.lake.commit("ops.rejects", side, marker.files["ops.rejects"], side_fence, run="run-0002")
    house.lake.vacuum(**NOW)
    between = house.notes(), house.rejects()

    metadata = {"fingerprint": "f2", "side": {"ops.rejects": rejects.version}}
    house.lake.commit(
        "test.notes", house.partition, marker.files["test.notes"], fence, run="run-0002", metadata=metadata
    )

    assert between == ([1], [10])
    assert (house.notes(), house.rejects()) == ([2], [20])
