"""What a dedup says that it will take, and runs that are refused because there is no room."""

from dataclasses import replace

import numpy as np
import pytest
from dedup_pages import FIRST, SECOND, method_of, partition_of, put_pages, run_all, stages_of

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import NoRoom
from corpus_platform.lake.storage import Storage
from corpus_platform.stages import dedup_estimates, room
from corpus_platform.stages.estimate import Estimate, duration, size
from corpus_platform.stages.room import advice, check_room
from corpus_platform.stages.run import plan_stage, run_stage

LARGE = Estimate(
    12_000_000,
    168_000_000,
    3_100_000_000,
    620_000_000,
    4_200_000_000,
    120,
    40,
    earlier=480_000_000,
    snapshots=12,
    ranges=21,
)


def stages(method, **settings):
    return list(stages_of(method, **settings).values())


def run_each(lake, method, snapshot):
    return list(run_all(lake, stages_of(method), method, snapshot).values())


def test_the_plan_of_a_second_snapshot_names_the_index_rows_of_the_first(lake):
    method = method_of("exact/redpajama_1t_cc")
    put_pages(lake, FIRST, ["a", "b", "a", "c"])
    put_pages(lake, SECOND, ["c", "d"])
    [*_, first] = [run_each(lake, method, FIRST)]
    documents, index, duplicates = stages(method)
    run_stage(documents, lake, Serial(), partition_of(method, SECOND))

    plan = plan_stage(index, lake, partition_of(method, SECOND))

    assert first[1].rows == 3
    assert (plan.estimate.rows, plan.estimate.keys) == (2, 2)
    assert (plan.estimate.earlier, plan.estimate.snapshots, plan.estimate.ranges) == (3, 1, 1)
    assert "2 documents, 2 keys in 1 range;" in str(plan)
    assert "for 3 keys of 1 earlier snapshot" in str(plan)
    assert "as counted in CC-MAIN-2025-05" in str(plan)
    run_stage(index, lake, Serial(), partition_of(method, SECOND))
    last = plan_stage(duplicates, lake, partition_of(method, SECOND)).estimate
    assert (last.rows, last.keys, last.snapshots) == (2, 1, 1)
    assert plan_stage(index, lake, partition_of(method, SECOND)).estimate is None


def test_runs_count_what_the_next_plan_goes_by(lake):
    method = method_of("exact/redpajama_1t_cc")
    for snapshot in (FIRST, SECOND):
        put_pages(lake, snapshot, ["a", "b"])
        reports = run_each(lake, method, snapshot)

    assert all("ms:own" in report.counters for report in reports)
    assert (reports[1].counters["keys"], reports[1].counters["earlier_keys"]) == (2, 2)
    assert "ms:earlier" in reports[1].counters


def test_what_the_last_run_counted_is_believed_before_a_benchmark(lake, monkeypatch):
    method = method_of("minhash/fineweb")
    put_pages(lake, FIRST, ["one two three four five six"] * 4 + ["", "too short"])
    put_pages(lake, SECOND, ["one two three four five six"] * 30)
    stage = stages(method)[0]
    before = plan_stage(stage, lake, partition_of(method, FIRST)).estimate
    report = run_stage(stage, lake, Serial(), partition_of(method, FIRST))

    after = plan_stage(stage, lake, partition_of(method, SECOND)).estimate

    assert before.keys == 6 * 14
    assert after.keys == 30 * report.counters["keys"] // 6
    known = dedup_estimates.Known(
        replace(lake.state(stage.name, partition_of(method, FIRST)), counters={"ms:own": 6000, "records": 3})
    )
    assert known.seconds("ms:own", "records", 9.0) == 2.0
    assert dedup_estimates.Known().seconds("ms:own", "records", 9.0) == 9.0


@pytest.mark.parametrize(
    ("preset", "keys"),
    [
        ("minhash/fineweb", 14),
        ("simhash/mnbvc", 20),
        ("exact/redpajama_1t_cc", 1),
        ("line_dedup/c4", 40),
        ("substring/lee_bytes", 4500),
        ("bloom/dolma_url", 1),
    ],
)
def test_a_family_says_how_many_keys_a_text_has(preset, keys):
    assert dedup_estimates.keys_of_a_text(method_of(preset).step) == keys


def test_a_filter_is_told_with_its_size_and_error(lake):
    method = method_of("bloom/dolma_url", items=1_000_000)
    put_pages(lake, FIRST, ["a", "b"])
    documents, index, _ = stages(method)
    run_stage(documents, lake, Serial(), partition_of(method, FIRST))

    plan = plan_stage(index, lake, partition_of(method, FIRST))

    assert plan.estimate.memory - plan.estimate.disk < 1 << 30
    assert "a Bloom filter of 4.2 MB for 1,000,000 keys takes" in str(plan)


def test_an_estimate_is_a_line_for_people():
    told = str(LARGE)

    assert told == (
        "12,000,000 documents, 168,000,000 keys in 21 ranges; 3.1 GB in, 620 MB a worker, 4.2 GB of disk; "
        "about 2 min for the new documents and 40 s for 480,000,000 keys of 12 earlier snapshots"
    )


def test_a_disk_with_less_room_than_the_estimate_is_refused_before_anything_is_done(lake, monkeypatch):
    method = method_of("exact/redpajama_1t_cc")
    put_pages(lake, FIRST, ["a", "b"])
    monkeypatch.setattr(dedup_estimates, "KEY_ON_DISK", 1 << 50)
    documents, *_ = stages(method)

    with pytest.raises(
        NoRoom,
        match=rf"web.dedup_documents .*needs about 2,2\d\d TB of disk, and {lake.location} has .* free: make room there",
    ):
        run_stage(documents, lake, Serial(), partition_of(method, FIRST))

    assert lake.version(documents.name) is None
    assert run_stage(stages(method, check_room=False)[0], lake, Serial(), partition_of(method, FIRST)).changed


def test_a_task_that_needs_more_memory_than_the_machine_has_is_refused(lake, monkeypatch):
    monkeypatch.setattr(room, "usable_memory", lambda: 500_000_000)

    with pytest.raises(
        NoRoom,
        match=r"x needs about 600 MB of memory for one task, and this machine has 500 MB: make shards smaller. Nothing was started",
    ):
        check_room(
            "x", replace(LARGE, disk=0, least_memory=600_000_000, remedy="make shards smaller"), lake.storage, Serial()
        )


def test_a_task_of_a_cluster_has_the_memory_and_the_disk_of_a_node(lake, monkeypatch):
    monkeypatch.setattr(Ray, "memory_of_a_machine", lambda _: 500_000_000)
    cluster, bucket = Ray("10.0.0.1:6379", 100), Storage("s3://corpus/lake")

    check_room("x", replace(LARGE, disk=1 << 60, spill=1 << 60, least_memory=400_000_000), bucket, cluster)
    with pytest.raises(NoRoom, match="x needs about 600 MB of memory for one task, and the smallest node has 500 MB"):
        check_room("x", replace(LARGE, disk=0, least_memory=600_000_000), lake.storage, cluster)
    assert advice(replace(LARGE, memory=400_000_000), cluster) == ""
    assert "it may take 620 MB and the smallest node has 500 MB" in advice(LARGE, cluster)


def test_memory_that_a_setting_bounds_is_advised(monkeypatch):
    monkeypatch.setattr(room, "usable_memory", lambda: 1_000_000_000)
    bounded = replace(LARGE, least_memory=400_000_000, bound=("dedup.keys_per_range", 8_000_000))

    told = advice(bounded, Processes(2))

    assert (
        told
        == "2 workers may take 1.2 GB and this machine has 1.0 GB: set `dedup.keys_per_range` to 3600000 or less, which changes no result"
    )
    assert advice(bounded, Processes(1)) == advice(bounded, Serial()) == ""
    assert advice(replace(LARGE, bound=None), Processes(2)).endswith("set `engine.workers` to 1")


def test_sizes_and_times_are_told_as_people_say_them():
    assert [size(n) for n in (0, 900, 620e6, 4.2e9, 123e9)] == ["0.0 kB", "0.9 kB", "620 MB", "4.2 GB", "123 GB"]
    assert [duration(n) for n in (0, 40, 120, 3 * 3600)] == ["1 s", "40 s", "2 min", "3.0 h"]


def test_an_index_reads_the_share_of_the_ranges_that_are_to_do(lake):
    method = method_of("minhash/fineweb")
    rng = np.random.default_rng(3)
    put_pages(lake, FIRST, [" ".join(map(str, rng.integers(0, 10**6, 8))) for _ in range(20)])
    documents, index, _ = stages(method, keys_per_range=70)
    run_stage(documents, lake, Serial(), partition_of(method, FIRST))
    shards = index.shards(lake, partition_of(method, FIRST))

    part = index.estimate(lake, partition_of(method, FIRST), shards[:1])
    whole = index.estimate(lake, partition_of(method, FIRST), shards)

    assert (len(shards), whole.keys, whole.ranges, part.keys, part.ranges) == (4, 280, 4, 70, 1)
