"""Workers and parents that are killed: who survives, what is written, and from which kinds of parent a map can start."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).parent
CALL = "from engine_parent import main; main({!r}, {!r}, {!r}, {!r})"


@pytest.fixture
def start(tmp_path):
    """Starts a parent; whatever the test does, the parent is gone after it, and so (that is the promise) are its workers."""
    parents = []

    def starter(kind="nap", seconds=1.5, count=50, arguments=None, script=None):
        call = ["-c", CALL.format(str(tmp_path), kind, seconds, count)] if arguments is None else arguments
        parent = subprocess.Popen(
            [sys.executable, *call],
            env=os.environ | {"PYTHONPATH": str(HERE)},
            stdin=subprocess.DEVNULL if script is None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        parents.append(parent)
        if script is not None:
            parent.stdin.write(script.encode())
            parent.stdin.close()
            parent.stdin = None  # or communicate() would flush it
        return parent

    yield starter

    for parent in parents:
        parent.kill()
        parent.wait(20)
        parent.stderr.close()


def until(condition, seconds=30):
    """Waits, a bounded time, until the condition holds; says whether it does."""
    give_up = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < give_up:
        time.sleep(0.02)
    return held


def begun(folder, least=2):
    """Pids of the workers, once at least so many items have begun."""
    assert until(lambda: len(list(folder.glob("begun-*"))) >= least)
    return {int(path.name.rpartition("-")[2]) for path in folder.glob("begun-*")}


def running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def markers(folder):
    return sorted(path.name for path in folder.glob("marker-*"))


@pytest.mark.parametrize(("kind", "seconds"), [("nap", 1.5), ("spin", 60)])
def test_workers_end_with_a_killed_parent_and_write_no_marker_after_it(kind, seconds, start, tmp_path):
    parent = start(kind, seconds)
    begun(tmp_path)
    children = psutil.Process(parent.pid).children(recursive=True)

    parent.kill()
    parent.wait(20)
    written = markers(tmp_path)

    assert len(children) == 2
    assert until(lambda: not any(running(child.pid) for child in children), seconds=5)
    time.sleep(1.5)  # as long as a nap takes
    assert markers(tmp_path) == written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_an_interrupted_parent(number, start, tmp_path):
    parent = start(seconds=30)
    workers = begun(tmp_path)

    parent.send_signal(number)

    assert parent.wait(10) == -number
    assert until(lambda: not any(map(running, workers)), seconds=5)
    assert not (tmp_path / "report.json").exists()


def test_ctrl_c_in_a_terminal_ends_all_and_only_the_parent_complains(start, tmp_path):
    parent = start(seconds=30)
    workers = begun(tmp_path)

    os.killpg(parent.pid, signal.SIGINT)

    complaint = parent.communicate(timeout=10)[1].decode()
    assert until(lambda: not any(map(running, workers)), seconds=5)
    assert complaint.count("Traceback") == 1


def test_an_interrupt_of_a_worker_is_ignored_for_its_parent_decides(start, tmp_path):
    parent = start(seconds=0.4, count=2)
    workers = begun(tmp_path)

    for pid in workers:
        os.kill(pid, signal.SIGINT)

    assert parent.wait(60) == 0
    assert report_of(tmp_path) == {"results": [0, 1], "done": 2, "deaths": []}


def test_a_killed_worker_costs_a_try_and_nothing_else(start, tmp_path):
    parent = start(seconds=0.4, count=6)
    victim = min(begun(tmp_path))

    os.kill(victim, signal.SIGKILL)

    assert parent.wait(60) == 0
    report = report_of(tmp_path)
    assert report["results"] == list(range(6))
    assert len(report["deaths"]) == 1
    assert "killed by SIGKILL (often: out of memory) at attempt 1; it is tried again" in report["deaths"][0]


def test_a_stopped_program_leaves_no_process_of_a_finished_map(start, tmp_path):
    parent = start(seconds=0.01, count=4)
    workers = begun(tmp_path)

    assert parent.wait(60) == 0
    assert not any(map(running, workers))


@pytest.mark.parametrize("way", ["module", "guarded script", "script without a guard", "stdin", "daemonic process"])
def test_a_map_works_whatever_started_its_parent(way, start, tmp_path):
    options = (str(tmp_path), "nap", "0.01", "3")
    call = CALL.format(*options)
    bare = tmp_path / "bare.py"
    bare.write_text(call)
    daemon = (
        "import multiprocessing, engine_parent\n"
        f"child = multiprocessing.get_context('fork').Process(target=engine_parent.main, args={options!r}, daemon=True)\n"
        "child.start(); child.join(); raise SystemExit(child.exitcode)"
    )
    parent = {
        "module": lambda: start(arguments=["-m", "engine_parent", *options]),
        "guarded script": lambda: start(arguments=[str(HERE / "engine_parent.py"), *options]),
        "script without a guard": lambda: start(arguments=[str(bare)]),
        "stdin": lambda: start(arguments=["-"], script=call),
        "daemonic process": lambda: start(arguments=["-c", daemon]),
    }[way]()

    assert parent.wait(60) == 0, parent.stderr.read().decode()
    assert report_of(tmp_path)["results"] == [0, 1, 2]


def test_a_task_of_the_script_itself_is_refused_with_the_reason(start):
    script = "from corpus_platform.engine.processes import Processes\ndef task(item): pass\nProcesses(1).map(task, [1])"
    parent = start(arguments=["-"], script=script)

    complaint = parent.communicate(timeout=60)[1].decode()

    assert parent.returncode == 1
    assert "needs the main module, which a worker does not run again" in complaint
    assert "nothing that is written in a script, a notebook or stdin" in complaint


def test_a_worker_does_not_run_the_parents_script_again(start, tmp_path):
    runs = tmp_path / "runs"
    script = tmp_path / "script.py"
    script.write_text(f"open({str(runs)!r}, 'a').write('.')\n{CALL.format(str(tmp_path), 'nap', '0.01', '3')}\n")

    parent = start(arguments=[str(script)])

    assert parent.wait(60) == 0
    assert runs.read_text() == "."
