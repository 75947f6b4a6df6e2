"""Faults in the three stages of a dedup, in one process: what readers see, what the error says, what the next run does, and that it comes to the same.

With killed processes and real full disks: tests/end_to_end/test_dedup_faults.py.
"""

import errno
import re
import shutil
from pathlib import Path

import pytest
from dedup_pages import (
    FIRST,
    SECOND,
    THIRD,
    file_of,
    flip,
    is_same,
    method_of,
    partition_of,
    put_snapshots,
    run_all,
    seen,
    stages_of,
)

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CorpusError, ShardFailed
from corpus_platform.lake import Lake
from corpus_platform.lake.files import WrittenFile
from corpus_platform.stages import duplicates
from corpus_platform.stages.dedup import DEDUP_DOCUMENTS, DEDUP_EDGES, DEDUP_INDEX, DEDUP_KEYS
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.verdicts import DUPLICATES

MINHASH, EXACT, FILTER = (
    method_of("minhash/redpajama_v2_0.7"),
    method_of("exact/redpajama_1t_cc"),
    method_of("bloom/dolma_document", items=1000),
)
KEYS = 120
"""Keys of a range, of the 504 that a snapshot has."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What undisturbed runs make of three snapshots, by method."""
    made = {}
    for method in (MINHASH, EXACT, FILTER):
        lake = Lake(tmp_path_factory.mktemp("whole") / "lake")
        put_snapshots(lake)
        run_all(lake, stages_of(method, keys_per_range=KEYS), method, FIRST, SECOND, THIRD)
        made[method.name] = seen(lake)
    return made


@pytest.fixture
def stages():
    return stages_of(MINHASH, keys_per_range=KEYS)


def run_until(lake, stages, name, snapshot=SECOND):
    """Everything before a table of a snapshot."""
    put_snapshots(lake)
    earlier = [s for s in (FIRST, SECOND, THIRD) if s < snapshot]
    run_all(lake, stages, MINHASH, *earlier)
    before = dict(list(stages.items())[: list(stages).index(name)])
    run_all(lake, before, MINHASH, snapshot)


def run_rest(lake, stages, method=MINHASH):
    return run_all(Lake(lake.location), stages, method, FIRST, SECOND, THIRD)


def dying(stage, at):
    """The stage, whose shard `at` fails amid its work."""

    class Dying(type(stage)):
        def run(self, lake, partition, shard, output):
            if shard.index == at:
                output.scratch()
                raise InterruptedError("cut off")
            super().run(lake, partition, shard, output)

    return Dying(stage.settings, methods=stage.methods)


@pytest.mark.parametrize(("name", "at", "done"), [(DEDUP_DOCUMENTS, 1, 2), (DEDUP_INDEX, 3, 4), (DUPLICATES, 0, 0)])
def test_a_stage_that_is_cut_off_shows_nothing_and_the_next_run_does_what_is_missing(
    lake, stages, whole, name, at, done
):
    run_until(lake, stages, name)

    with pytest.raises(ShardFailed, match="cut off"):
        run_stage(dying(stages[name], at), lake, Serial(), partition_of(MINHASH, SECOND))

    assert lake.state(name, partition_of(MINHASH, SECOND)) is None
    assert not list(Path(lake.location, "_staging").iterdir())
    reports = run_rest(lake, stages)
    assert reports[SECOND, name].resumed == done
    assert reports[FIRST, name].ran == 0
    assert is_same(seen(lake), whole[MINHASH.name])


@pytest.mark.parametrize(
    ("table", "of", "reader"),
    [
        pytest.param(DEDUP_DOCUMENTS, SECOND, DUPLICATES, marks=pytest.mark.e2e),
        pytest.param(DEDUP_DOCUMENTS, FIRST, DUPLICATES, marks=pytest.mark.e2e),
        (DEDUP_KEYS, SECOND, DEDUP_INDEX),
        (DEDUP_INDEX, FIRST, DEDUP_INDEX),
        (DEDUP_EDGES, SECOND, DUPLICATES),
        pytest.param(DUPLICATES, FIRST, DUPLICATES, marks=pytest.mark.e2e),
    ],
)
def test_a_flipped_bit_ends_in_an_error_that_names_the_file_and_a_repair_makes_its_shard_anew(
    lake, stages, whole, table, of, reader
):
    run_until(lake, stages, reader)
    hurt = file_of(lake, MINHASH, table, of)
    flip(hurt)

    with pytest.raises(ShardFailed, match=rf"DamagedFile: .*{re.escape(hurt.name)} is damaged.*corpus verify --repair"):
        run_stage(stages[reader], lake, Serial(), partition_of(MINHASH, SECOND))

    assert lake.state(reader, partition_of(MINHASH, SECOND)) is None
    (found,) = lake.verify(repair=True).damaged
    assert (found.table, found.is_repaired) == (table, True)
    reports = run_rest(lake, stages)
    writer = {DEDUP_KEYS: DEDUP_DOCUMENTS, DEDUP_EDGES: DEDUP_INDEX}.get(table, table)
    assert reports[of, writer].ran == 1
    assert sum(report.ran for (snapshot, _), report in reports.items() if snapshot == FIRST) == (of == FIRST)
    assert is_same(seen(lake), whole[MINHASH.name])
    assert lake.verify().damaged == ()


def test_an_index_that_is_damaged_after_its_snapshot_is_found_by_the_next_one(lake, stages, whole):
    put_snapshots(lake)
    run_all(lake, stages, MINHASH, FIRST, SECOND)
    hurt = file_of(lake, MINHASH, DEDUP_INDEX, SECOND)
    flip(hurt)
    run_stage(stages[DEDUP_DOCUMENTS], lake, Serial(), partition_of(MINHASH, THIRD))

    with pytest.raises(ShardFailed, match=f"DamagedFile: .*{re.escape(hurt.name)}"):
        run_stage(stages[DEDUP_INDEX], lake, Serial(), partition_of(MINHASH, THIRD))

    lake.verify(repair=True)
    run_rest(lake, stages)
    assert is_same(seen(lake), whole[MINHASH.name])


def test_a_damaged_filter_is_named_and_the_snapshot_that_made_it_makes_it_anew(lake, whole):
    stages = stages_of(FILTER)
    put_snapshots(lake)
    run_all(lake, stages, FILTER, FIRST)
    [hurt] = Path(lake.location, "_files", "dedup").rglob("*.bloom")
    flip(hurt)
    run_stage(stages[DEDUP_DOCUMENTS], lake, Serial(), partition_of(FILTER, SECOND))

    with pytest.raises(ShardFailed, match=rf"DamagedFile: {re.escape(str(hurt))}.*: delete .*corpus verify --repair"):
        run_stage(stages[DEDUP_INDEX], lake, Serial(), partition_of(FILTER, SECOND))

    assert lake.state(DEDUP_INDEX, partition_of(FILTER, SECOND)) is None
    shutil.rmtree(hurt.parent)
    file_of(lake, FILTER, DEDUP_INDEX, FIRST).unlink()
    lake.verify(repair=True)
    reports = run_rest(lake, stages, FILTER)
    assert (reports[FIRST, DEDUP_INDEX].ran, reports[FIRST, DEDUP_DOCUMENTS].ran) == (1, 0)
    assert is_same(seen(lake), whole[FILTER.name])


@pytest.mark.parametrize(
    "counted", [503, pytest.param(505, marks=pytest.mark.e2e), pytest.param(0, marks=pytest.mark.e2e)]
)
def test_keys_that_were_lost_on_the_way_are_found_by_their_count(lake, stages, whole, counted):
    run_until(lake, stages, DUPLICATES)
    where = partition_of(MINHASH, SECOND)
    state = lake.state(DEDUP_INDEX, where)
    kept = [replaced(file) for file in lake.files(DEDUP_INDEX, where)]
    metadata = {"stage": state.stage, "side": state.side, "counters": {**state.counters, "keys": counted}}
    lake.commit(DEDUP_INDEX, where, kept, lake.fence(DEDUP_INDEX, where), run="another-run", metadata=metadata)

    with pytest.raises(
        ShardFailed, match=rf"documents have 504 keys, and {counted} were matched.*make web.dedup_index anew"
    ):
        run_stage(stages[DUPLICATES], lake, Serial(), where)

    reports = run_rest(lake, stages)
    assert (reports[SECOND, DEDUP_INDEX].ran, reports[SECOND, DEDUP_INDEX].changed) == (0, True)
    assert is_same(seen(lake), whole[MINHASH.name])


def replaced(file):
    return WrittenFile(file.path, file.bytes, file.rows, file.digest, file.shard, dict(file.partition), 0)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(DEDUP_DOCUMENTS, marks=pytest.mark.e2e),
        DEDUP_INDEX,
        pytest.param(DUPLICATES, marks=pytest.mark.e2e),
    ],
)
def test_a_full_disk_is_told_and_the_next_run_comes_to_the_same(lake, stages, whole, monkeypatch, name):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    run_until(lake, stages, name)
    monkeypatch.setattr("corpus_platform.lake.files.publish", full)

    with pytest.raises(CorpusError, match=r"the disk of /.* is full .* make room there, then run again"):
        run_stage(stages[name], lake, Serial(), partition_of(MINHASH, SECOND))

    monkeypatch.undo()
    assert lake.state(name, partition_of(MINHASH, SECOND)) is None
    run_rest(lake, stages)
    assert is_same(seen(lake), whole[MINHASH.name])


def test_a_spill_that_finds_no_room_is_a_full_disk_and_leaves_nothing_behind(lake, stages, whole, monkeypatch):
    run_until(lake, stages, DUPLICATES)
    session = duplicates._Found.session

    def tight(self, lake, memory, spill):
        found = session(self, lake, memory, spill)
        found.execute("SET memory_limit = '12MiB'; SET threads = 1; SET max_temp_directory_size = '1MiB'")
        return found

    def hungry(session, *_):
        session.execute("CREATE TEMP TABLE much AS SELECT range AS n, hash(range) AS h FROM range(3_000_000)")

    monkeypatch.setattr(duplicates._Found, "session", tight)
    monkeypatch.setattr(duplicates, "_write_clusters", hungry)
    with pytest.raises(ShardFailed, match=r"DiskFull: the disk of /.* is full .*max_temp_directory_size.* make room"):
        run_stage(stages[DUPLICATES], lake, Serial(), partition_of(MINHASH, SECOND))

    monkeypatch.undo()
    assert not list(Path(lake.location, "_staging").iterdir())
    run_rest(lake, stages)
    assert is_same(seen(lake), whole[MINHASH.name])


def test_memory_that_is_too_little_even_for_going_to_disk_is_told(lake, stages, monkeypatch):
    run_until(lake, stages, DUPLICATES)

    def hungry(session, *_):
        session.execute("SET memory_limit = '2MiB'")
        session.execute("CREATE TEMP TABLE much AS SELECT list(range) FROM range(3_000_000)")

    monkeypatch.setattr(duplicates, "_write_clusters", hungry)
    with pytest.raises(
        ShardFailed, match=r"NoRoom: `dedup.memory_mb: 2000` is too little.* set it to 4000, then run again"
    ):
        run_stage(stages[DUPLICATES], lake, Serial(), partition_of(MINHASH, SECOND))


def test_what_a_killed_run_spilled_goes_with_a_vacuum(lake, stages, monkeypatch):
    run_until(lake, stages, DUPLICATES)
    spilled = []

    def killed(session, work, memory, output):
        writer = output.scratch() / "spill"
        writer.mkdir(exist_ok=True)
        (writer / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"much")
        spilled.append(writer)
        raise InterruptedError

    monkeypatch.setattr(duplicates, "_write_clusters", killed)
    monkeypatch.setattr(
        "corpus_platform.lake.files.ShardWriter._clean", lambda _: None
    )  # a process that is killed tidies nothing up
    with pytest.raises(ShardFailed):
        run_stage(stages[DUPLICATES], lake, Serial(), partition_of(MINHASH, SECOND))

    assert spilled[0].is_relative_to(Path(lake.location, "_staging"))
    removed = lake.vacuum(min_age_hours=0, retain_hours=0).removed
    assert [path for path in removed if path.endswith("duckdb_temp_storage_DEFAULT-0.tmp")]
    assert not list(Path(lake.location, "_staging").iterdir())


@pytest.mark.parametrize("method", [EXACT, FILTER])
def test_runs_of_one_snapshot_after_the_other_are_no_work_when_repeated(lake, whole, method):
    stages = stages_of(method, keys_per_range=KEYS)
    put_snapshots(lake)
    run_all(lake, stages, method, FIRST, SECOND, THIRD)

    again = run_rest(lake, stages, method)

    assert {(report.ran, report.changed) for report in again.values()} == {(0, False)}
    assert is_same(seen(lake), whole[method.name])
    assert all(plan_stage(stage, lake, partition_of(method, THIRD)).is_current for stage in stages.values())
