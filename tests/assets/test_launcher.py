"""The run launcher of a home: whether the process of a run is still there, and that a run of another machine is never judged."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData  # no public name: Dagster 1.13

from corpus_platform.definitions import instance_of
from corpus_platform.home import Home
from resources import launcher
from resources.launcher import HOST_TAG, LocalRunLauncher

LOCAL = {".dagster/grpc_info": '{"host": "localhost", "socket": "/tmp/x"}'}
REMOTE = {".dagster/grpc_info": '{"host": "code-server", "port": 4000}'}
HERE = {HOST_TAG: socket.gethostname()}
ELSEWHERE = {HOST_TAG: "another-machine"}


@dg.job
def nothing() -> None:
    """A job without a step."""


@pytest.fixture(scope="module")
def instance(tmp_path_factory) -> Iterator[dg.DagsterInstance]:
    with instance_of(Home.open(tmp_path_factory.mktemp("home"))) as found:
        yield found


def ended_process() -> int:
    """Id of a process that has ended and is reaped."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def health(instance: dg.DagsterInstance, tags: dict[str, str], process: int | None) -> str:
    """What the launcher says of a run with these tags that has told this process id."""
    run = instance.create_run_for_job(nothing, tags=tags)
    if process is not None:
        instance.report_engine_event("Started", run, EngineEventData.in_process(process))
    found = instance.run_launcher.check_run_worker_health(run)
    return found.status.value


def test_a_home_s_instance_has_the_launcher_and_monitoring_asks_it(instance):
    assert isinstance(instance.run_launcher, LocalRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health
    assert instance.run_monitoring_enabled


@pytest.mark.parametrize(
    ("tags", "dead"), [(HERE, "FAILED"), (REMOTE, "RUNNING"), (ELSEWHERE, "RUNNING"), ({}, "RUNNING")]
)
def test_a_run_of_this_machine_is_lost_when_its_process_is_gone(instance, tags, dead):
    assert health(instance, tags, ended_process()) == dead
    assert health(instance, tags, os.getpid()) == "RUNNING"
    assert health(instance, tags, None) == "RUNNING"


def test_a_run_is_lost_only_when_its_code_server_has_answered_for_a_while(instance, monkeypatch):
    """A retry that finds no code server is never repeated."""
    run = instance.create_run_for_job(nothing, tags=LOCAL)
    instance.report_engine_event("Started", run, EngineEventData.in_process(ended_process()))
    now = [0.0]
    monkeypatch.setattr(launcher.time, "monotonic", lambda: now[0])

    def look(seconds: float, *, answers: bool) -> str:
        now[0] += seconds
        client = Answering() if answers else None
        with monkeypatch.context() as patched:
            if client:
                patched.setattr(LocalRunLauncher, "_get_grpc_client_for_termination", lambda *_: client)
            return instance.run_launcher.check_run_worker_health(run).status.value

    away = look(0, answers=False)
    back = [look(6, answers=True), look(6, answers=True)]
    away_again = look(6, answers=False)
    back_again = [look(6, answers=True), look(6, answers=True), look(6, answers=True)]

    assert away == away_again == "RUNNING"
    assert back == ["RUNNING", "RUNNING"]
    assert back_again == ["RUNNING", "RUNNING", "FAILED"]


class Answering:
    """A client of a code server that answers."""

    def ping(self, echo: str) -> None:
        """Answers."""


def test_a_dead_process_that_waits_to_be_reaped_is_gone(instance):
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    found = health(instance, HERE, process.pid)
    process.wait()

    assert found == "FAILED"


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="processes tell when they began in /proc")
def test_another_process_with_the_same_number_is_not_the_run_s(instance, monkeypatch):
    monkeypatch.setattr(launcher, "_CLOCK_SECONDS", -1e9)

    assert health(instance, HERE, os.getpid()) == "FAILED"


def test_a_run_of_the_command_line_tells_its_process(instance, monkeypatch):
    @dg.op
    def step() -> None: ...

    @dg.job
    def job() -> None:
        step()

    run = job.execute_in_process(instance=instance, tags=HERE).dagster_run

    def gone(process: int, _: int) -> None:
        raise ProcessLookupError(process)

    monkeypatch.setattr(launcher.os, "kill", gone)

    assert str(instance.run_launcher.check_run_worker_health(run)) == f"FAILED: 'process {os.getpid()} is gone'"
