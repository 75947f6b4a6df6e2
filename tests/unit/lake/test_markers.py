import os
from pathlib import Path

from corpus_platform.lake.markers import Marker


def marker_path(house, shard, fingerprint):
    return Path(house.lake.location) / "_markers" / "test.notes" / "wet,CC-1" / f"{shard:05d}-{fingerprint}.json"


def test_a_finished_shard_is_found_again_with_all_its_files(house):
    made = house.mark("run-0001", "f1", shard=3, rejects=(10,))

    found = house.markers.read_all()

    assert found == {3: made}
    assert {table: len(files) for table, files in found[3].files.items()} == {"test.notes": 1, "ops.rejects": 1}


def test_a_run_resumes_only_the_shards_whose_fingerprint_is_the_planned_one(house):
    same = house.mark("run-0001", "f1", shard=0)
    house.mark("run-0001", "old", shard=1)

    found = house.markers.read_all({0: "f1", 1: "new", 2: "f3"})

    assert found == {0: same}


def test_without_a_plan_the_newest_marker_of_a_shard_counts(house):
    house.mark("run-0001", "f1")
    os.utime(marker_path(house, 0, "f1"), (1, 1))
    newer = house.mark("run-0002", "f2")

    assert house.markers.read_all() == {0: newer}


def test_a_torn_marker_counts_as_unfinished(house):
    whole = house.mark("run-0001", "f0", shard=0)
    house.mark("run-0001", "f1", shard=1)
    text = marker_path(house, 1, "f1").read_bytes()
    for shard, torn in enumerate(
        (text[: len(text) // 2], b"", b"{}", b"[]", b'{"files": {"x": [1]}}', b"\xff\xfe"), start=1
    ):
        marker_path(house, shard, "f1").write_bytes(torn)

    assert house.markers.read_all() == {0: whole}


def test_a_removed_marker_makes_its_shard_unfinished(house):
    made = house.mark("run-0001", "f1")

    house.markers.remove([made])
    house.markers.remove([made])

    assert house.markers.read_all() == {}


def test_a_marker_keeps_a_shard_without_rows(house):
    marker = Marker(0, "f1", "run-0001", {}, {"read": 5}, seconds=1.5, bytes=7)

    house.markers.write(marker)

    assert house.markers.read_all({0: "f1"}) == {0: marker}


def test_a_resumed_run_commits_the_files_of_both_runs(house):
    house.mark("run-0001", "f0", shard=0, notes=(1,))
    house.mark("run-0002", "f1", shard=1, notes=(2,))
    found = house.markers.read_all({0: "f0", 1: "f1"})
    files = [file for shard in sorted(found) for file in found[shard].files["test.notes"]]

    house.lake.commit(
        "test.notes", house.partition, files, house.lake.fence("test.notes", house.partition), run="run-0002"
    )

    assert house.notes() == [1, 2]
