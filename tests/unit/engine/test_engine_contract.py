"""One contract, three houses: what every engine promises. Ray's, a cluster of this machine, takes seconds to start and is marked e2e."""

import threading
from functools import partial
from types import SimpleNamespace

import engine_tasks as tasks
import pytest

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.cluster_connection import disconnect
from corpus_platform.engine.processes import Processes
from corpus_platform.engine.protocol import Failure, MapReport, raise_failures
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import ShardFailed


@pytest.fixture(scope="module", params=["serial", "process", pytest.param("ray", marks=pytest.mark.e2e)])
def engine(request):
    yield {"serial": Serial, "process": partial(Processes, 2), "ray": partial(Ray, "local", 2)}[request.param]()

    disconnect()


def collect(engine, task, items, **callbacks):
    """Runs a map and keeps all that it says."""
    heard = SimpleNamespace(results={}, failures={})
    heard.report = engine.map(
        task,
        items,
        label=lambda item: f"item {item}",
        on_result=heard.results.__setitem__,
        on_failure=heard.failures.__setitem__,
        **callbacks,
    )
    return heard


def test_every_item_has_its_own_result(engine):
    heard = collect(engine, tasks.square, range(20))

    assert heard.results == {number: number * number for number in range(20)}
    assert heard.report.done == 20
    assert not heard.report.failures
    assert heard.report.peak_rss > 1 << 20
    assert heard.report.seconds > 0


def test_no_items_make_an_empty_report(engine):
    report = engine.map(tasks.square, [])

    assert (report.done, report.failures, report.deaths, report.retried) == (0, (), (), 0)


def test_a_partial_is_a_task(engine):
    heard = collect(engine, partial(tasks.power, 3), [2, 5])

    assert heard.results == {2: 8, 5: 125}


def test_an_exception_is_a_failure_of_its_item_only(engine):
    heard = collect(engine, tasks.fail_on_odd, range(6))

    assert heard.results == {0: 0, 2: 2, 4: 4}
    assert heard.report.done == 3
    assert sorted(failure.label for failure in heard.report.failures) == ["item 1", "item 3", "item 5"]
    failure = heard.failures[3]
    assert (failure.error, failure.message, failure.attempts) == ("ValueError", "3 is odd", 1)
    assert "in fail_on_odd" in failure.traceback


def test_an_exception_with_a_payload_that_does_not_pickle_is_a_failure_like_others(engine):
    heard = collect(engine, tasks.raise_heavy, [1])

    assert heard.failures[1].error == "engine_tasks.Heavy"
    assert heard.failures[1].message == "too heavy"


def test_sys_exit_in_a_task_is_a_failure(engine):
    heard = collect(engine, tasks.leave, [1, 2])

    assert {failure.error for failure in heard.report.failures} == {"SystemExit"}
    assert len(heard.report.failures) == 2
    assert not heard.report.deaths


def test_an_exception_in_on_result_stops_the_map_and_is_raised(engine):
    seen = []

    def stop_at_two(item, _):
        seen.append(item)
        if len(seen) == 2:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        engine.map(tasks.square, range(1000), on_result=stop_at_two)

    assert len(seen) == 2


def test_an_exception_in_on_failure_stops_the_map_and_is_raised(engine):
    def stop(_, failure):
        raise ShardFailed(str(failure))

    with pytest.raises(ShardFailed, match=r"[0-9]+: ValueError: [0-9]+ is odd"):
        engine.map(tasks.fail_on_odd, range(1000), on_failure=stop)


def test_callbacks_run_in_the_callers_thread(engine):
    threads = set()

    engine.map(tasks.square, range(3), on_result=lambda *_: threads.add(threading.get_ident()))

    assert threads == {threading.get_ident()}


def test_an_engine_maps_in_several_threads_at_once(engine):
    heard = {}

    def go(base):
        heard[base] = collect(engine, tasks.square, range(base, base + 5)).results

    threads = [threading.Thread(target=go, args=(base,)) for base in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert heard == {base: {n: n * n for n in range(base, base + 5)} for base in (0, 100)}


def test_raise_failures_names_the_first_few_and_counts_the_others():
    failures = tuple(Failure(f"shard {n}", "ValueError", f"bad {n}\nsecond line") for n in range(5))

    with pytest.raises(ShardFailed) as raised:
        raise_failures(MapReport(done=7, failures=failures), shown=2)

    assert str(raised.value).splitlines() == [
        "5 of 12 shards failed; the finished ones are kept. Mend the cause and run again:",
        "  shard 0: ValueError: bad 0",
        "  shard 1: ValueError: bad 1",
        "  ... and 3 more",
    ]


def test_raise_failures_is_silent_when_all_is_done():
    raise_failures(MapReport(done=3))


def test_a_long_message_is_cut_in_the_middle():
    failure = Failure.of("page", ValueError("a" * 5000 + "z" * 5000))

    assert len(failure.message) < 2100
    assert failure.message.startswith("aaa")
    assert failure.message.endswith("zzz")


def test_an_exception_whose_text_cannot_be_made_is_still_reported():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    failure = Failure.of("page", Mute())

    assert failure.error.endswith("Mute")
    assert failure.message == "(its message cannot be shown)"
