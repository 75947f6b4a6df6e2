"""What worker processes add to the contract: deaths, retries, limits, a clean start."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from types import ModuleType

import engine_tasks as tasks
import pytest

from corpus_platform.engine.handle import THREAD_VARIABLES, Worker, reason_of
from corpus_platform.engine.lifeline import ORPHANED, parent_is_alive
from corpus_platform.engine.machine import peak_rss, usable_cores
from corpus_platform.engine.processes import Processes
from corpus_platform.errors import CorpusError, SettingsError

MIB = 1 << 20


def results(engine, task, items, **callbacks):
    """Results of a map in the order of their arrival, and its report."""
    heard = []
    report = engine.map(task, items, on_result=lambda _, result: heard.append(result), **callbacks)
    return heard, report


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_tasks_run_side_by_side_in_other_processes_that_are_gone_afterwards(tmp_path):
    pids, _ = results(Processes(2), partial(tasks.meet, str(tmp_path)), range(6))

    assert os.getpid() not in pids
    assert len(set(pids)) == 2
    assert not any(alive(pid) for pid in pids)


def test_no_more_workers_are_started_than_there_are_items(tmp_path, monkeypatch):
    started = []

    class Counted(Worker):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self.pid)

    monkeypatch.setattr("corpus_platform.engine.processes.Worker", Counted)

    report = Processes(50).map(partial(tasks.meet, str(tmp_path)), range(2))

    assert report.done == 2
    assert len(started) == 2


def test_a_killed_worker_is_named_and_its_item_is_tried_again(tmp_path):
    deaths = []

    heard, report = results(
        Processes(2),
        partial(tasks.die_once, str(tmp_path)),
        range(8),
        label="item {}".format,
        on_death=lambda item, death: deaths.append((item, death)),
    )

    assert sorted(heard) == list(range(8))
    assert (report.done, report.retried, len(report.failures)) == (8, 1, 0)
    assert deaths == [(3, report.deaths[0])]
    death = report.deaths[0]
    assert (death.label, death.attempt, death.retried) == ("item 3", 1, True)
    assert (
        str(death) == "item 3: the worker was killed by SIGKILL (often: out of memory) at attempt 1; it is tried again"
    )


def test_an_item_that_always_kills_its_worker_fails_after_its_retries_and_the_others_finish():
    heard, report = results(Processes(2, retries=1), tasks.die_on_three, range(8), label="item {}".format)

    assert sorted(heard) == [0, 1, 2, 4, 5, 6, 7]
    (failure,) = report.failures
    assert (failure.label, failure.error, failure.attempts) == ("item 3", "WorkerDied", 2)
    assert failure.message == "its worker was killed by SIGKILL (often: out of memory), in each of 2 tries"
    assert [death.retried for death in report.deaths] == [True, False]
    assert report.retried == 1


def test_an_exit_code_is_part_of_the_reason():
    report = Processes(1, retries=0).map(tasks.exit_with_seven, ["a"])

    assert report.failures[0].message == "its worker was ended with exit code 7"


def test_an_item_over_its_time_limit_is_killed_and_tried_again(tmp_path):
    heard, report = results(Processes(2, task_timeout=2), partial(tasks.hang_once, str(tmp_path)), range(4))

    assert sorted(heard) == [0, 1, 2, 3]
    assert [death.reason for death in report.deaths] == ["killed after its time limit of 2 s"]


def test_an_item_that_was_in_time_is_kept_though_a_callback_heard_it_late():
    first = []

    def dawdle(*_):
        if not first:
            first.append(True)
            time.sleep(2.5)

    report = Processes(2, task_timeout=2).map(tasks.nap, [0.01] * 4, on_result=dawdle)

    assert (report.done, report.deaths) == (4, ())


def test_a_death_is_seen_though_a_process_that_the_task_forked_holds_the_pipe(tmp_path):
    try:
        heard, report = results(Processes(1), partial(tasks.fork_and_die, str(tmp_path)), [1])
    finally:
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)

    assert heard == [1]
    assert len(report.deaths) == 1


def test_big_items_and_big_results_pass():
    item = b"y" * (20 * MIB)

    lengths, _ = results(Processes(2), tasks.pid_and_length, [item, item], label=lambda _: "big")
    blocks, _ = results(Processes(2), tasks.megabytes, [20, 30])

    assert [length for _, length in lengths] == [20 * MIB, 20 * MIB]
    assert sorted(map(len, blocks)) == [20 * MIB, 30 * MIB]


def test_what_cannot_be_sent_is_a_failure_of_its_item():
    report = Processes(1).map(tasks.square, [lambda: None, 3], label=lambda _: "item")
    back = Processes(1).map(tasks.return_lambda, [1])
    one_way = Processes(1).map(tasks.return_one_way, [1])

    assert (report.done, len(report.failures)) == (1, 1)
    assert "lambda" in back.failures[0].message
    assert one_way.failures[0].message == "no way back"
    assert (back.done, one_way.done) == (0, 0)


def test_a_worker_is_replaced_after_its_share_of_items():
    pids, report = results(Processes(1, items_per_worker=2), tasks.pid, range(5))

    assert sorted(Counter(pids).values()) == [1, 2, 2]
    assert (report.recycled, report.deaths) == (2, ())


def test_a_worker_over_the_memory_limit_is_replaced_after_its_item():
    pids, report = results(Processes(1, memory_limit=150 * MIB), tasks.allocate, [1, 1, 200, 1, 1])

    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4]
    assert report.recycled == 1
    assert 200 * MIB < report.peak_rss < 400 * MIB


def test_a_workers_memory_is_its_own_and_not_its_parents():
    held = bytearray(300 * MIB)
    held[::4096] = b"x" * len(held[::4096])

    report = Processes(1).map(tasks.square, [1])

    assert peak_rss() > 300 * MIB
    assert report.peak_rss < 150 * MIB


@pytest.mark.parametrize("variable", THREAD_VARIABLES)
def test_a_workers_libraries_start_one_thread_and_the_parents_environment_is_left_alone(variable, monkeypatch):
    monkeypatch.setenv(variable, "7")

    heard, _ = results(Processes(1), tasks.environment, [variable])

    assert heard == ["1"]
    assert os.environ[variable] == "7"


def test_an_idle_worker_has_loaded_nothing_heavy():
    (loaded,), _ = results(Processes(1), tasks.modules, [0])

    heavy = {"polars", "pyarrow", "numpy", "numba", "pydantic", "deltalake", "dagster", "requests"}
    assert heavy.isdisjoint(loaded)
    assert sorted(name for name in loaded if name.startswith("corpus_platform.")) == [
        "corpus_platform.engine",
        "corpus_platform.engine.lifeline",
        "corpus_platform.engine.machine",
        "corpus_platform.engine.protocol",
        "corpus_platform.engine.worker",
        "corpus_platform.errors",
    ]


def test_a_lambda_is_refused_with_what_a_task_must_be():
    with pytest.raises(SettingsError, match="a task is a top-level function of an importable module"):
        Processes(1).map(lambda item: item, [1])


def test_a_task_is_found_though_its_folder_has_left_the_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(Path(__file__).parent)])

    heard, _ = results(Processes(1), partial(tasks.power, 2), [3])

    assert heard == [9]


def test_a_task_whose_module_the_worker_cannot_import_is_refused(monkeypatch):
    module = ModuleType("made_up")
    monkeypatch.setitem(sys.modules, "made_up", module)
    exec("def task(item): return item", module.__dict__)

    with pytest.raises(SettingsError, match="No module named 'made_up'"):
        Processes(1).map(module.task, range(3))


def test_workers_that_die_before_they_are_ready_end_the_map(monkeypatch):
    monkeypatch.setattr("corpus_platform.engine.handle._BOOT", "import os; os._exit(3)")

    with pytest.raises(CorpusError, match=r"3 in a row died before they were ready.*exit code 3"):
        Processes(2).map(tasks.square, range(10))


@pytest.mark.parametrize(
    ("option", "complaint"),
    [({"workers": 0}, "workers is 0; it must be at least 1"), ({"retries": -1}, "retries is -1")],
)
def test_a_wrong_number_is_refused(option, complaint):
    with pytest.raises(SettingsError, match=complaint):
        Processes(**option)


def test_workers_stop_at_once_when_a_callback_raises():
    began = time.monotonic()

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Processes(2).map(tasks.nap, [0.01, 60, 60], on_result=stop)

    assert time.monotonic() - began < 30


def test_no_file_descriptor_is_left_open(tmp_path):
    engine = Processes(2, items_per_worker=1)
    engine.map(tasks.square, [1])
    before = open_files()

    engine.map(partial(tasks.die_once, str(tmp_path)), range(6))

    assert open_files() == before


def test_a_worker_ends_when_its_lifeline_is_cut():
    ours, theirs = os.pipe()
    script = (
        "import os, sys, time\nfrom corpus_platform.engine.lifeline import tie_to_parent\n"
        f"tie_to_parent(os.getppid(), {ours})\nprint('tied', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], pass_fds=[ours], stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"tied\n"

        os.close(theirs)

        assert worker.wait(20) == ORPHANED
    os.close(ours)


def test_a_worker_whose_parent_is_already_gone_does_not_begin():
    ours, theirs = os.pipe()
    script = f"from corpus_platform.engine.lifeline import tie_to_parent\ntie_to_parent(1 << 30, {ours})\nprint('tied')"

    worker = subprocess.run(
        [sys.executable, "-c", script], pass_fds=[ours], capture_output=True, timeout=60, check=False
    )
    os.close(ours)
    os.close(theirs)

    assert (worker.returncode, worker.stdout) == (ORPHANED, b"")


def test_a_process_that_is_no_worker_has_a_parent_that_is_alive():
    assert parent_is_alive()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "ended with exit code 0"),
        (-9, "killed by SIGKILL (often: out of memory)"),
        (-11, "killed by SIGSEGV"),
        (-40, "killed by signal 40"),
    ],
)
def test_a_return_code_is_put_in_words(code, reason):
    assert reason_of(code) == reason


def test_there_is_a_core_to_use():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_the_engine_itself_pickles():
    assert pickle.loads(pickle.dumps(Processes(3, retries=5))).retries == 5
