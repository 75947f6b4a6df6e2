import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from corpus_platform.documents import column
from corpus_platform.errors import CommitConflict, SchemaError, SettingsError
from corpus_platform.lake import Lake, TableSpec, registry

OTHER = {"variant": "wet", "snapshot": "CC-2"}


def test_a_table_that_was_never_made_has_the_right_columns_and_no_rows(house):
    empty = house.lake.scan("test.notes").collect()

    assert empty.height == 0
    assert empty.columns == ["note_id", "text", "hash", "lines", "made", "variant", "snapshot"]
    assert house.lake.version("test.notes") is None
    assert house.lake.partitions("test.notes") == []
    assert house.lake.states("test.notes") == house.lake.history("test.notes") == []


def test_rows_come_back_in_the_order_of_partitions_and_shards(house):
    house.commit("run-0001", [(5, 6), (7,)], partition=OTHER)
    house.commit("run-0002", [(1, 2), (3,)])

    found = house.lake.scan("test.notes").collect()

    assert found["note_id"].to_list() == [1, 2, 3, 5, 6, 7]
    assert found["snapshot"].to_list() == ["CC-1"] * 3 + ["CC-2"] * 3
    assert house.notes(snapshot="CC-2") == [5, 6, 7]
    assert house.lake.partitions("test.notes") == [house.partition, OTHER]


def test_a_commit_replaces_its_partition_and_no_other(house):
    house.commit("run-0001", [(1,)])
    house.commit("run-0002", [(9,)], partition=OTHER)

    house.commit("run-0003", [(2,), (3,)])

    assert house.notes() == [2, 3, 9]


def test_every_version_can_be_read_again(house):
    first = house.commit("run-0001", [(1,)])
    second = house.commit("run-0002", [(2,)])

    assert house.notes(version=first.version) == [1]
    assert house.notes(version=second.version) == house.notes() == [2]
    with pytest.raises(SettingsError, match=r"test.notes has no version 99: it has 0 to 2"):
        house.notes(version=99)


def test_a_partition_knows_the_commit_that_last_wrote_it(house):
    house.commit("run-0001", [(1,)], fingerprint="f1")
    house.commit("run-0002", [(9,)], partition=OTHER)

    state = house.lake.state("test.notes", house.partition)

    assert (state.version, state.run, state.fingerprint, state.stage, state.rows, state.files) == (
        1,
        "run-0001",
        "f1",
        "test.notes",
        1,
        1,
    )
    assert [one.run for one in house.lake.states("test.notes")] == ["run-0001", "run-0002"]
    assert [one.run for one in house.lake.history("test.notes")] == ["run-0002", "run-0001"]
    assert house.lake.state("test.notes", OTHER, version=1) is None


def test_what_the_committer_says_comes_back(house):
    fence = house.lake.fence("test.notes", house.partition)
    said = {"settings": {"a": [1]}, "inputs": {"web.pages": 3}, "counters": {"kept": 2}, "plan": "x"}

    house.lake.commit("test.notes", house.partition, [], fence, run="run-0001", metadata=said)

    state = house.lake.state("test.notes", house.partition)
    assert (state.settings, state.inputs, state.counters, state.extra) == (
        {"a": [1]},
        {"web.pages": 3},
        {"kept": 2},
        {"plan": "x"},
    )
    assert house.lake.partitions("test.notes") == [house.partition]


def test_the_same_files_again_commit_nothing(house):
    first = house.commit("run-0001", [(1,), (2,)], fingerprint="same")

    again = house.commit("run-0002", [(1,), (2,)], fingerprint="same")

    assert (again.version, again.changed) == (first.version, False)
    assert house.lake.version("test.notes") == first.version


def test_the_same_files_of_another_fingerprint_are_a_commit_so_that_the_state_is_right(house):
    house.commit("run-0001", [(1,)], fingerprint="old")

    again = house.commit("run-0002", [(1,)], fingerprint="new")

    assert again.changed
    assert house.lake.state("test.notes", house.partition).fingerprint == "new"
    assert house.notes() == [1]


def test_a_file_that_stays_is_neither_removed_nor_added(house):
    kept = house.shard("run-0001", 0, (1,))["test.notes"]
    old = house.shard("run-0001", 1, (2,))["test.notes"]
    new = house.shard("run-0002", 1, (3,))["test.notes"]
    lake = house.lake
    lake.commit("test.notes", house.partition, kept + old, lake.fence("test.notes", house.partition), run="run-0001")

    done = lake.commit(
        "test.notes", house.partition, kept + new, lake.fence("test.notes", house.partition), run="run-0002"
    )

    actions = lake.log("test.notes").actions(done.version)
    assert [action["add"]["path"] for action in actions if "add" in action] == [new[0].path]
    assert [action["remove"]["path"] for action in actions if "remove" in action] == [old[0].path]
    assert house.notes() == [1, 3]


@pytest.mark.parametrize("exists", [True, False], ids=["existing", "new"])
def test_of_two_runs_on_one_partition_the_slower_is_refused_and_told_of_the_other(house, exists):
    if exists:
        house.commit("run-0000", [(0,)])
    slow = house.lake.fence("test.notes", house.partition)
    fast = house.commit("run-fast", [(1,)])

    with pytest.raises(CommitConflict) as refusal:
        house.commit("run-slow", [(2,)], fence=slow)

    began = "at version 1" if exists else "before the table was made"
    assert re.fullmatch(
        rf"test.notes variant=wet, snapshot=CC-1: run run-fast of stage test.notes 1 \(version {fast.version}, 20\d\d-.* UTC\) "
        rf"has changed the partition since run run-slow began \({began}\). Nothing was committed; .*: run again .*",
        str(refusal.value),
    )
    assert house.notes() == [1]


def test_a_new_partition_of_a_known_table_can_be_won_once(house):
    house.commit("run-0000", [(9,)], partition=OTHER)
    one, two = (Lake(house.lake.location).fence("test.notes", house.partition) for _ in range(2))

    house.commit("run-0001", [(1,)], fence=one)
    with pytest.raises(CommitConflict, match="run run-0001"):
        house.commit("run-0002", [(2,)], fence=two)

    assert house.notes() == [1, 9]


def test_another_program_that_changed_the_partition_is_noticed(house):
    house.commit("run-0001", [(1,)])
    fence = house.lake.fence("test.notes", house.partition)
    DeltaTable(house.lake.uri("test.notes")).delete("snapshot = 'CC-1'")

    with pytest.raises(CommitConflict, match="another program"):
        house.commit("run-0002", [(2,)], fence=fence)


def test_commits_of_other_partitions_meanwhile_do_not_matter(house):
    fence = house.lake.fence("test.notes", house.partition)
    Lake(house.lake.location).fence("test.notes", OTHER)
    house.commit("run-0001", [(9,)], partition=OTHER)

    house.commit("run-0002", [(1,)], fence=fence)

    assert house.notes() == [1, 9]


def test_appends_add_and_the_same_file_twice_is_added_once(house):
    files = house.shard("run-0001", 0, (1,))["test.notes"]
    more = house.shard("run-0002", 0, (2,))["test.notes"]

    for part in (files, more, files):
        house.lake.commit("test.notes", house.partition, part, None, run="run", mode="append")

    assert sorted(house.notes()) == [1, 2]
    assert house.lake.state("test.notes", house.partition).rows == 2


def test_a_commit_that_landed_but_was_reported_as_failed_is_not_made_twice(house, monkeypatch):
    house.commit("run-0001", [(1,)])
    real = DeltaTable.create_write_transaction

    def fail_afterwards(*args, **kwargs):
        monkeypatch.setattr(DeltaTable, "create_write_transaction", real)
        real(*args, **kwargs)
        raise OSError("the connection broke")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", fail_afterwards)
    done = house.commit("run-0002", [(2,)], mode="append")

    assert (done.version, done.changed) == (2, True)
    assert house.lake.version("test.notes") == 2
    assert sorted(house.notes()) == [1, 2]


def test_a_commit_that_lost_the_race_for_its_version_checks_and_tries_again(house, monkeypatch):
    fence = house.lake.fence("test.notes", house.partition)
    real = DeltaTable.create_write_transaction

    def be_late(*args, **kwargs):
        monkeypatch.setattr(DeltaTable, "create_write_transaction", real)
        Lake(house.lake.location).commit("test.notes", OTHER, [], None, run="run-fast", mode="append")
        return real(*args, **kwargs)

    monkeypatch.setattr(DeltaTable, "create_write_transaction", be_late)
    done = house.commit("run-slow", [(1,)], fence=fence)

    assert done.version == 2
    assert [state.run for state in house.lake.history("test.notes")] == ["run-slow", "run-fast"]


def test_a_commit_that_always_loses_gives_up_with_advice(house, monkeypatch):
    def lose(*args, **kwargs):
        raise CommitFailedError("late")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lose)
    monkeypatch.setattr("corpus_platform.lake.commit.ATTEMPTS", 3)

    with pytest.raises(CommitConflict, match=r"gave up after 3 attempts.*configure a lock"):
        house.commit("run-0001")


def test_a_file_that_has_gone_is_not_committed(house):
    files = house.shard("run-0001")["test.notes"]
    (Path(house.lake.uri("test.notes")) / files[0].path).unlink()

    with pytest.raises(CommitConflict, match="1 of the run's files are gone"):
        house.lake.commit(
            "test.notes", house.partition, files, house.lake.fence("test.notes", house.partition), run="run-0001"
        )


def test_an_order_that_makes_no_sense_is_refused(house):
    files = house.shard("run-0001")["test.notes"]
    fence = house.lake.fence("test.notes", house.partition)

    with pytest.raises(SettingsError, match="take its fence"):
        house.lake.commit("test.notes", house.partition, files, None, run="r")
    with pytest.raises(SettingsError, match="belongs to another partition"):
        house.lake.commit("test.notes", OTHER, files, house.lake.fence("test.notes", OTHER), run="r")
    with pytest.raises(SettingsError, match="the fence is one of"):
        house.lake.commit("test.notes", OTHER, [], fence, run="r")
    with pytest.raises(SettingsError, match="named twice"):
        house.lake.commit("test.notes", house.partition, files * 2, fence, run="r")
    with pytest.raises(SettingsError, match="must be JSON"):
        house.lake.commit("test.notes", house.partition, files, fence, run="r", metadata={"inputs": object()})


def declare(monkeypatch, *more, text=None):
    """Declares test.notes anew, with more columns or another type."""
    old = registry.table("test.notes")
    kept = [column("text", text, "What it says") if text and field.name == "text" else field for field in old.columns]
    spec = TableSpec(old.name, old.description, (*kept, *more), old.key, old.partition_by, old.order)
    monkeypatch.setitem(registry._TABLES, old.name, spec)


def test_a_table_with_old_and_new_columns_is_read_together(house, monkeypatch):
    house.commit("run-0001", [(1,)])
    declare(monkeypatch, column("score", pa.float32(), "A score"))
    new = Lake(house.lake.location)
    with new.writer("test.notes", OTHER, 0, "run-0002") as writer:
        writer.write(pl.DataFrame({"note_id": [2], "score": [0.5]}))
        files = writer.close()["test.notes"]

    new.commit("test.notes", OTHER, files, new.fence("test.notes", OTHER), run="run-0002")

    found = new.scan("test.notes").select("note_id", "score").collect()
    assert found.rows() == [(1, None), (2, 0.5)]
    assert "score" in {field.name for field in DeltaTable(new.uri("test.notes")).schema().fields}
    assert new.scan("test.notes", version=1).collect()["score"].to_list() == [None]


def test_an_old_writer_does_not_make_a_new_column_vanish(house, monkeypatch):
    with monkeypatch.context() as newer:
        declare(newer, column("score", pa.float32(), "A score"))
        new = Lake(house.lake.location)
        new.commit("test.notes", OTHER, [], new.fence("test.notes", OTHER), run="run-0001")

    house.commit("run-0002", [(1,)])

    assert "score" in {field.name for field in DeltaTable(house.lake.uri("test.notes")).schema().fields}
    assert house.notes() == [1]


@pytest.mark.parametrize(
    ("more", "text", "reason"),
    [
        ((), pa.int64(), "column `text` is large_string in the table and int64 in its declaration"),
        ((column("score", pa.float32(), "", nullable=False),), None, "the new column `score` must be nullable"),
    ],
)
def test_a_schema_that_does_not_just_grow_is_refused(house, monkeypatch, more, text, reason):
    house.commit("run-0001", [(1,)])
    declare(monkeypatch, *more, text=text)
    new = Lake(house.lake.location)

    with pytest.raises(SchemaError, match=reason):
        new.commit("test.notes", OTHER, [], new.fence("test.notes", OTHER), run="run-0002")


def test_an_unsigned_column_does_not_become_signed_unnoticed(house, monkeypatch):
    house.commit("run-0001", [(1,)])
    old = registry.table("test.notes")
    columns = tuple(column("hash", pa.int64(), "A hash") if field.name == "hash" else field for field in old.columns)
    spec = TableSpec(old.name, old.description, columns, old.key, old.partition_by)
    monkeypatch.setitem(registry._TABLES, old.name, spec)
    new = Lake(house.lake.location)

    with pytest.raises(SchemaError, match="column `hash` is uint64 in the table and int64"):
        new.commit("test.notes", OTHER, [], new.fence("test.notes", OTHER), run="run-0002")


def test_history_survives_checkpoints(house):
    for number in range(45):
        house.commit(f"run-{number:04d}", [(number,)], partition={"variant": "wet", "snapshot": f"CC-{number % 3}"})
    fresh = Lake(house.lake.location)

    assert [state.run for state in fresh.history("test.notes")] == [
        f"run-{number:04d}" for number in reversed(range(45))
    ]
    assert fresh.scan("test.notes").collect()["note_id"].to_list() == [42, 43, 44]
    assert [state.version for state in fresh.states("test.notes")] == [43, 44, 45]
