"""Rows of side tables are those of committed runs."""


def test_side_rows_are_hidden_until_the_main_table_is_committed(house):
    version = house.commit_rejects("run-0001", (10, 20))
    before = house.rejects(), house.lake.files("ops.rejects"), house.lake.partitions("ops.rejects")

    house.commit("run-0001", side={"ops.rejects": version})

    assert before == ([], [], [])
    assert house.rejects() == [10, 20]
    assert house.lake.partitions("ops.rejects") == [{"stage": "test.notes", "partition": "wet,CC-1"}]


def test_after_a_crash_between_two_commits_readers_stay_with_the_old_side_rows(house):
    house.commit("run-0001", [(1,)], side={"ops.rejects": house.commit_rejects("run-0001", (10,))})

    house.commit_rejects("run-0002", (30, 40))
    after_crash = house.rejects()
    house.commit("run-0003", [(2,)], side={"ops.rejects": house.commit_rejects("run-0003", (30, 40))})

    assert after_crash == [10]
    assert house.rejects() == [30, 40]


def test_a_stage_that_no_longer_rejects_anything_shows_nothing(house):
    house.commit("run-0001", [(1,)], side={"ops.rejects": house.commit_rejects("run-0001", (10,))})

    house.commit("run-0002", [(2,)], side={"ops.rejects": house.commit_rejects("run-0002", ())})

    assert house.rejects() == []


def test_a_side_table_can_be_asked_for_one_stage_or_partition(house):
    house.commit("run-0001", side={"ops.rejects": house.commit_rejects("run-0001", (10,))})
    other = type(house)(house.lake, partition={"variant": "wet", "snapshot": "CC-2"})
    other.commit("run-0002", side={"ops.rejects": other.commit_rejects("run-0002", (20,))}, partition=other.partition)

    found = house.lake.scan("ops.rejects", stage="test.notes", partition="wet,CC-2").collect()

    assert found["position"].to_list() == [20]
    assert house.rejects() == [10, 20]
    assert house.lake.scan("ops.rejects", stage="web.pages").collect().height == 0


def test_the_side_rows_of_an_older_commit_can_be_read_by_the_version_it_names(house):
    house.commit("run-0001", [(1,)], side={"ops.rejects": house.commit_rejects("run-0001", (10,))})
    house.commit("run-0002", [(2,)], side={"ops.rejects": house.commit_rejects("run-0002", (20,))})

    named = house.lake.state("test.notes", house.partition, version=1).side["ops.rejects"]

    side = house.lake.side_partition("test.notes", house.partition)
    assert house.lake.scan("ops.rejects", version=named, **side).collect()["position"].to_list() == [10]
