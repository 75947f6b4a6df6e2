"""Running a stage: resume, staleness, rejects."""

from pathlib import Path

import pytest

from corpus_platform.engine import lifeline
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import RejectBudgetExceeded, ShardFailed, SourceError
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.stage import Settings, digest_of

PARTITION = {"snapshot": "CC-MAIN-2024-10"}


def rows(lake):
    return sorted(lake.scan("test.numbers", **PARTITION).collect()["number"].to_list())


def test_a_run_commits_the_rows_of_all_shards(lake, engine, numbers):
    report = run_stage(numbers(), lake, engine, PARTITION)

    assert (report.ran, report.resumed, report.rows, report.changed) == (4, 0, 12, True)
    assert rows(lake) == sorted(i * 10 + j for i in range(4) for j in range(3))


def test_a_second_run_runs_no_shard_and_commits_nothing(lake, engine, numbers):
    first = run_stage(numbers(), lake, engine, PARTITION)

    second = run_stage(numbers(), lake, engine, PARTITION)

    assert (second.ran, second.changed, second.version) == (0, False, first.version)
    assert (second.rows, second.counters) == (first.rows, first.counters)


def test_a_failed_run_keeps_finished_shards_and_shows_none(lake, engine, numbers):
    with pytest.raises(ShardFailed, match="shard 2 was told to die"):
        run_stage(numbers(dying=frozenset({2})), lake, engine, PARTITION)

    assert lake.scan("test.numbers").collect().is_empty()
    assert run_stage(numbers(), lake, engine, PARTITION).resumed == 3


def test_a_machine_with_a_folder_of_its_own_where_the_lake_is_does_no_shard(lake, numbers):
    class Elsewhere:
        """An engine whose workers see an empty folder at the lake's place."""

        workers = 1

        def map(self, task, items, **callbacks):
            notes, hidden = Path(lake.location, "_runs"), Path(lake.location, "hidden")
            notes.rename(hidden)
            try:
                return Serial().map(task, items, **callbacks)
            finally:
                hidden.rename(notes)

    with pytest.raises(ShardFailed, match=r"SettingsError: the machine .* does not see in .* `lake.location: s3://"):
        run_stage(numbers(), lake, Elsewhere(), PARTITION)

    assert not list(Path(lake.location).rglob("*.parquet"))


def test_a_shard_whose_run_has_ended_publishes_neither_file_nor_marker(lake, numbers, monkeypatch):
    monkeypatch.setattr(lifeline, "_ask", lambda: False)

    with pytest.raises(ShardFailed, match="the run that asked for it has ended, so its result is not kept"):
        run_stage(numbers(), lake, Serial(), PARTITION)

    assert not list(Path(lake.location).rglob("*.parquet"))
    assert not list(Path(lake.location, "_markers").rglob("*.json"))


def test_a_changed_input_reruns_its_own_shard_only(lake, engine, numbers):
    run_stage(numbers(), lake, engine, PARTITION)

    plan = plan_stage(numbers(versions=("a", "b", "a", "a")), lake, PARTITION)
    report = run_stage(plan.stage, lake, engine, PARTITION)

    assert [shard.index for shard in plan.todo] == [1]
    assert (report.ran, report.resumed) == (1, 3)


def test_a_changed_setting_reruns_every_shard(lake, engine, numbers):
    run_stage(numbers(), lake, engine, PARTITION)

    report = run_stage(numbers(settings=numbers().settings.model_copy(update={"factor": 2})), lake, engine, PARTITION)

    assert report.ran == 4
    assert max(rows(lake)) == 64


def test_shards_that_an_input_no_longer_has_leave_the_table(lake, engine, numbers):
    run_stage(numbers(), lake, engine, PARTITION)

    run_stage(numbers(versions=("a", "a")), lake, engine, PARTITION)

    assert rows(lake) == [0, 1, 2, 10, 11, 12]


def test_a_reject_becomes_a_row_with_file_offset_and_reason(lake, engine, numbers):
    report = run_stage(numbers(broken=frozenset({1}), reject_budget=0.5), lake, engine, PARTITION)

    rejects = lake.scan("ops.rejects").collect().to_dicts()

    assert report.rejects() == {"truncated": 1}
    assert [(r["file"], r["position"], r["reason"]) for r in rejects] == [("input-1", 7, "truncated")]


def test_too_many_broken_records_fail_the_stage_with_examples(lake, engine, numbers):
    with pytest.raises(RejectBudgetExceeded, match=r"1 of 16 records are broken(.|\n)*input-1 at 7: truncated cut off"):
        run_stage(numbers(broken=frozenset({1}), reject_budget=0.01), lake, engine, PARTITION)

    assert lake.scan("test.numbers").collect().is_empty()
    assert lake.scan("ops.rejects").collect().is_empty()


def test_rejects_of_an_earlier_version_go_with_it(lake, engine, numbers):
    run_stage(numbers(broken=frozenset({1}), reject_budget=0.5), lake, engine, PARTITION)

    run_stage(numbers(versions=("a", "b", "a", "a")), lake, engine, PARTITION)

    assert lake.scan("ops.rejects").collect().is_empty()


def test_a_partition_without_input_is_an_error(lake, engine, numbers):
    with pytest.raises(SourceError, match="there is no input"):
        run_stage(numbers(versions=()), lake, engine, PARTITION)


def test_progress_counts_shards_and_bytes(lake, engine, numbers):
    seen = []

    run_stage(numbers(), lake, engine, PARTITION, on_progress=seen.append)

    assert [(p.shards_done, p.bytes_done) for p in seen] == [(1, 100), (2, 200), (3, 300), (4, 400)]


def test_the_hash_of_settings_does_not_depend_on_the_order_of_keys():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})


def test_settings_are_frozen_and_closed(numbers):
    settings = numbers().settings

    assert isinstance(settings, Settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.factor = 3
    with pytest.raises(ValueError, match="Extra inputs"):
        type(settings)(facto=2)


def test_a_commit_says_what_it_cost_with_the_shards_of_earlier_attempts(lake, engine, numbers):
    with pytest.raises(ShardFailed):
        run_stage(numbers(dying=frozenset({2})), lake, engine, PARTITION)

    report = run_stage(numbers(), lake, engine, PARTITION)

    cost = lake.state("test.numbers", PARTITION).extra["cost"]
    assert (cost["shards"], cost["shards_run"], cost["bytes_read"]) == (4, 1, 400)
    assert 0 < cost["seconds"] <= report.seconds
    assert cost["shard_seconds"] == round(
        sum(m.seconds for m in lake.markers("test.numbers", PARTITION).read_all().values()), 3
    )
    assert cost["peak_memory"] == report.peak_memory
