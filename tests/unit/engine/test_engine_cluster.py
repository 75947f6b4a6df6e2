"""What the Ray engine adds to the contract: deaths, limits, what a node is told, the pulse. On a cluster of this machine where it says e2e.

Several nodes, nodes that go and drivers that are killed: tests/end_to_end/test_ray_*.py.
"""

import contextlib
import logging
import pickle
import signal
import sys
import time
from functools import partial
from types import SimpleNamespace

import engine_tasks as tasks
import pytest
from ray.exceptions import ActorDiedError, NodeDiedError, OutOfMemoryError

from corpus_platform.engine import cluster_worker, lifeline
from corpus_platform.engine.cluster import Ray, reason_of
from corpus_platform.engine.cluster_connection import _begin, connection, disconnect
from corpus_platform.engine.cluster_worker import ON, OVER, SILENT, Hand, Pulse, order_of
from corpus_platform.engine.handle import THREAD_VARIABLES
from corpus_platform.engine.sending import sent
from corpus_platform.engine.worker import DONE, READY, UNFIT
from corpus_platform.errors import CorpusError, SettingsError

MIB = 1 << 20


@pytest.fixture(scope="module")
def ray_here():
    """Engines on one cluster of this machine."""
    yield partial(Ray, "local")

    disconnect()


@pytest.fixture(autouse=True)
def _no_asking(monkeypatch):
    """A `Hand` in this process sets how it asks for its driver: not for longer than the test."""
    monkeypatch.setattr(lifeline, "_ask", None)


def results(engine, task, items, **callbacks):
    """Results of a map in the order of their arrival, and its report."""
    heard = []
    report = engine.map(task, items, on_result=lambda _, result: heard.append(result), **callbacks)
    return heard, report


def test_a_hand_does_what_a_worker_process_does():
    hand, (task, path) = Hand(), sent(tasks.fail_on_odd)

    ready = hand.load(task, order_of(path, "run"), None)
    done = hand.do(pickle.dumps(4))
    failed = hand.do(pickle.dumps(3))

    assert (ready[0], done[0], pickle.loads(done[2])) == (READY, DONE, 4)
    assert ready[1] > MIB
    assert pickle.loads(failed[2]).message == "3 is odd"


def test_a_hand_on_another_machine_with_other_code_refuses_and_names_both():
    task, path = sent(tasks.square)
    order = order_of(path, "run")

    same = Hand().load(task, order._replace(host="elsewhere"), None)
    other = Hand().load(task, order._replace(host="elsewhere", package="/opt/corpus", code="0"), None)

    assert same[0] == READY
    failure = pickle.loads(other[2])
    assert (other[0], failure.error) == (UNFIT, "corpus_platform.errors.SettingsError")
    assert "another version of corpus_platform" in failure.message
    assert "elsewhere (/opt/corpus)" in failure.message


def test_a_hand_finds_modules_where_the_driver_does_and_its_own_come_first(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = list(sys.path)
    task, _ = sent(tasks.square)

    Hand().load(task, order_of([str(tmp_path), before[-1], "/not/on/this/node"], "run"), None)

    assert sys.path == [*before, str(tmp_path)]


def test_the_pulse_knows_what_is_on_until_it_has_heard_nothing_for_a_while(monkeypatch):
    pulse, now = Pulse(), [0.0]
    monkeypatch.setattr(cluster_worker.time, "monotonic", lambda: now[0])

    before = pulse.state("a")
    pulse.beat(["a"])
    heard = pulse.state("a"), pulse.state("b")
    now[0] += cluster_worker.SILENCE + 1
    silent = pulse.state("a")
    pulse.beat([])

    assert (before, heard, silent, pulse.state("a")) == (SILENT, (ON, OVER), SILENT, OVER)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ([ON], True),
        ([OVER], False),
        ([SILENT, SILENT, ON], True),
        ([SILENT, OVER], False),
        ([ActorDiedError()], False),
        ([NodeDiedError("gone"), ON], True),
        ([SILENT] * 1000, False),
    ],
)
def test_a_task_waits_for_a_silent_driver_and_not_for_one_that_has_gone(monkeypatch, answers, wanted):
    now, answers = [0.0], iter(answers)

    def get(answer, timeout):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(cluster_worker.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(cluster_worker.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr("ray.get", get)
    pulse = SimpleNamespace(state=SimpleNamespace(remote=lambda _: next(answers)))

    assert cluster_worker.is_wanted(pulse, "run") is wanted


@pytest.mark.parametrize(
    ("error", "reason", "lost"),
    [
        (NodeDiedError("the node died"), "lost with its node", True),
        (OutOfMemoryError("memory"), "ended by Ray, which had no memory left", False),
        (ActorDiedError(), "lost (ActorDiedError: The actor died unexpectedly before finishing this task.)", False),
    ],
)
def test_a_death_is_put_in_words(error, reason, lost):
    assert reason_of(error) == (reason, lost)


@pytest.mark.parametrize("option", [{"workers": 0}, {"retries": -1}])
def test_a_wrong_number_is_refused(option):
    with pytest.raises(SettingsError, match="engine `ray`: "):
        Ray("local", **option)


def test_the_engine_itself_pickles():
    assert pickle.loads(pickle.dumps(Ray("local", 3, retries=5))).retries == 5


@pytest.mark.e2e
def test_hands_work_side_by_side_and_are_kept_for_the_next_map(ray_here, tmp_path):
    first, _ = results(ray_here(2), partial(tasks.meet, str(tmp_path)), range(6))
    again, _ = results(ray_here(2), tasks.pid, range(6))

    assert len(set(first)) == 2
    assert set(again) <= set(first)


@pytest.mark.e2e
def test_a_killed_hand_is_named_and_its_item_is_tried_again(ray_here, tmp_path):
    deaths = []

    heard, report = results(
        ray_here(2),
        partial(tasks.die_once, str(tmp_path)),
        range(8),
        label="item {}".format,
        on_death=lambda item, death: deaths.append((item, death)),
    )

    assert sorted(heard) == list(range(8))
    assert (report.done, report.retried, len(report.failures)) == (8, 1, 0)
    assert deaths == [(3, report.deaths[0])]
    assert str(report.deaths[0]).startswith("item 3: the worker was killed, or it crashed, on the node ")


@pytest.mark.e2e
def test_an_item_that_always_kills_its_hand_fails_after_its_retries_and_the_others_finish(ray_here):
    heard, report = results(ray_here(2, retries=1), tasks.die_on_three, range(8), label="item {}".format)

    assert sorted(heard) == [0, 1, 2, 4, 5, 6, 7]
    (failure,) = report.failures
    assert (failure.label, failure.error, failure.attempts) == ("item 3", "WorkerDied", 2)
    assert [death.retried for death in report.deaths] == [True, False]


@pytest.mark.e2e
def test_an_item_over_its_time_limit_is_killed_and_tried_again(ray_here, tmp_path):
    heard, report = results(ray_here(2, task_timeout=2), partial(tasks.hang_once, str(tmp_path)), range(4))

    assert sorted(heard) == [0, 1, 2, 3]
    assert [death.reason for death in report.deaths] == ["killed after its time limit of 2 s"]


@pytest.mark.e2e
def test_hands_are_replaced_for_their_age_and_their_memory(ray_here):
    aged, of_age = results(ray_here(1, items_per_worker=2), tasks.pid, range(4))
    pids, of_memory = results(ray_here(1, memory_limit=250 * MIB), tasks.allocate, [1, 1, 300, 1, 1])

    assert aged[0] == aged[1] != aged[2] == aged[3]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4]
    assert (of_age.recycled, of_memory.recycled) == (1, 1)
    assert of_memory.peak_rss > 300 * MIB


@pytest.mark.e2e
def test_a_map_has_its_own_peak_of_memory(ray_here):
    large = ray_here(1).map(tasks.allocate, [400])
    small = ray_here(1).map(tasks.square, [1])

    assert large.peak_rss > 400 * MIB > 300 * MIB > small.peak_rss


@pytest.mark.e2e
def test_big_items_and_big_results_pass(ray_here):
    item = b"y" * (20 * MIB)

    lengths, _ = results(ray_here(2), tasks.pid_and_length, [item, item], label=lambda _: "big")
    blocks, _ = results(ray_here(2), tasks.megabytes, [20, 30])

    assert [length for _, length in lengths] == [20 * MIB, 20 * MIB]
    assert sorted(map(len, blocks)) == [20 * MIB, 30 * MIB]


@pytest.mark.e2e
def test_a_hands_libraries_start_one_thread(ray_here):
    heard, _ = results(ray_here(1), tasks.environment, THREAD_VARIABLES)

    assert set(heard) == {"1"}


@pytest.mark.e2e
def test_variables_of_the_driver_do_not_go_to_the_nodes(ray_here, monkeypatch):
    ray_here(1).map(tasks.square, [1])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for the cluster")

    # A hand of its own, started after the variable was set.
    heard, _ = results(ray_here(1, threads=3), tasks.environment, ["AWS_SECRET_ACCESS_KEY", "OMP_NUM_THREADS"])

    assert heard == [None, "3"]


@pytest.mark.e2e
def test_hands_stop_at_once_when_a_callback_raises_and_what_they_did_is_not_wanted(ray_here):
    began = time.monotonic()
    tie = connection("local", 2)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ray_here(2).map(tasks.nap, [0.01, 60, 60], on_result=stop)

    assert time.monotonic() - began < 30
    assert tie._runs == set()
    assert ray_here(2).map(tasks.square, range(4)).done == 4


@pytest.mark.e2e
def test_a_process_has_one_cluster(ray_here):
    ray_here(1).map(tasks.square, [1])

    with pytest.raises(
        SettingsError, match=r"is connected to the Ray cluster `local` and can't use `10\.0\.0\.1:6379` too"
    ):
        Ray("10.0.0.1:6379").map(tasks.square, [1])


@pytest.mark.e2e
def test_connecting_leaves_signals_and_the_log_of_the_process_alone(ray_here):
    before = signal.getsignal(signal.SIGTERM), logging.getLogger().level

    disconnect()
    ray_here(1).map(tasks.square, [1])

    assert (signal.getsignal(signal.SIGTERM), logging.getLogger().level) == before


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_a_cluster_that_is_not_there_is_named(monkeypatch, address):
    monkeypatch.setattr("corpus_platform.engine.cluster_connection._REACH", 0.1)

    with pytest.raises(CorpusError, match=f"the Ray cluster `{address}` can't be reached .*Connection refused"):
        Ray(address).map(tasks.square, [1])


@pytest.mark.parametrize(("aborted", "reached"), [(0, True), (2, True), (3, False)])
def test_a_client_whose_process_was_slow_to_come_asks_twice_more(aborted, reached):
    asked = []

    def init(**options):
        asked.append(options)
        if len(asked) <= aborted:
            raise ConnectionAbortedError("Starting Ray client server failed.")

    with contextlib.nullcontext() if reached else pytest.raises(ConnectionAbortedError):
        _begin(init, "ray://127.0.0.1:10001", {"log_to_driver": False})

    assert asked == [{"address": "ray://127.0.0.1:10001", "log_to_driver": False}] * min(aborted + 1, 3)
