"""Partitions as they were, held partitions, and shards that are made anew."""

import pytest

from corpus_platform.errors import SettingsError


def two_versions(house):
    """A partition with notes 1, 2 and a reject, then with notes 3, 4 and none."""
    side = house.commit_rejects("run-0001", [7])
    first = house.commit("run-0001", [(1,), (2,)], side={"ops.rejects": side})
    second = house.commit("run-0002", [(3,), (4,)])
    return first.version, second.version


def test_a_partition_is_again_what_it_was_with_its_side_rows(house):
    first, second = two_versions(house)
    assert (house.notes(), house.rejects()) == ([3, 4], [])

    done = house.lake.restore(house.name, house.partition, first)

    state = house.lake.state(house.name, house.partition)
    assert done.changed
    assert done.version > second
    assert (house.notes(), house.rejects()) == ([1, 2], [7])
    assert (state.fingerprint, state.stage, state.extra) == ("run-0001", house.name, {"restored": first})
    assert house.notes(version=second) == [3, 4]


def test_what_is_restored_survives_a_greedy_vacuum(house):
    first, _ = two_versions(house)
    house.lake.restore(house.name, house.partition, first)

    house.lake.vacuum(retain_hours=0, min_age_hours=0)

    assert (house.notes(), house.rejects()) == ([1, 2], [7])


def test_other_partitions_stay_as_they_are(house):
    other = {"variant": "wet", "snapshot": "CC-2"}
    first, _ = two_versions(house)
    house.commit("run-0003", [(9,)], partition=other)

    house.lake.restore(house.name, house.partition, first)

    assert house.notes(snapshot="CC-2") == [9]


def test_restoring_what_is_there_commits_nothing(house):
    first, second = two_versions(house)
    assert first < second

    assert not house.lake.restore(house.name, house.partition, second).changed


@pytest.mark.parametrize(
    ("name", "version", "reason"),
    [("ops.rejects", 0, "side table"), ("test.notes", 99, "no version 99"), ("test.notes", 0, "had not been made")],
)
def test_what_can_not_be_restored_is_refused_with_its_reason(house, name, version, reason):
    other = {"variant": "wet", "snapshot": "CC-0"}
    house.commit("run-0000", [(9,)], partition=other)
    two_versions(house)
    partition = house.partition if name == house.name else house.lake.side_partition(house.name, house.partition)

    with pytest.raises(SettingsError, match=reason):
        house.lake.restore(name, partition, version)


def test_a_vacuumed_version_is_refused(house):
    first, _ = two_versions(house)
    house.lake.vacuum(retain_hours=0, min_age_hours=0)

    with pytest.raises(SettingsError, match="was vacuumed"):
        house.lake.restore(house.name, house.partition, first)


def test_a_partition_is_held_until_it_is_let_go(house):
    house.lake.hold(house.name, house.partition, "broken input")

    (hold,) = house.lake.holds()
    assert str(hold).startswith("test.notes [wet,CC-1] is held since 20")
    assert str(hold).endswith(": broken input")
    assert house.lake.held(house.name, house.partition) == hold
    assert house.lake.held(house.name, {"variant": "wet", "snapshot": "CC-2"}) is None

    house.lake.let_go(house.name, house.partition)

    assert house.lake.holds() == []
    with pytest.raises(SettingsError, match="is not held"):
        house.lake.let_go(house.name, house.partition)


def test_unfinished_shards_have_no_marker_and_their_partition_no_fingerprint(house):
    marked = [house.mark("run-0001", f"f{shard}", shard, [shard]) for shard in range(3)]
    files = [file for marker in marked for file in marker.files[house.name]]
    fence = house.lake.fence(house.name, house.partition)
    house.lake.commit(house.name, house.partition, files, fence, run="run-0001", metadata={"fingerprint": "whole"})

    done = house.lake.unfinish(house.name, house.partition, [1])

    assert done == [1]
    assert set(house.markers.read_all()) == {0, 2}
    assert house.lake.state(house.name, house.partition).fingerprint == ""
    assert house.notes() == [0, 1, 2]


def test_shards_that_there_are_not_are_refused(house):
    with pytest.raises(SettingsError, match="no finished shards"):
        house.lake.unfinish(house.name, house.partition)
    house.mark("run-0001", "f0", 0)

    with pytest.raises(SettingsError, match="no shard 5; it has 0 to 0"):
        house.lake.unfinish(house.name, house.partition, [5])


def test_what_rows_cost_is_said_once_by_the_commit_that_made_them(house):
    marked = house.mark("run-0001", "f0")
    fence = house.lake.fence(house.name, house.partition)
    metadata = {"fingerprint": "whole", "cost": {"seconds": 5}, "extra": {"kept": 1}}
    house.lake.commit(house.name, house.partition, marked.files[house.name], fence, run="run-0001", metadata=metadata)
    assert house.lake.state(house.name, house.partition).extra == {"kept": 1, "cost": {"seconds": 5}}

    house.lake.unfinish(house.name, house.partition)

    assert house.lake.state(house.name, house.partition).extra == {"kept": 1}
