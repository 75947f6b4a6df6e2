"""The Dagster web UI over a home, as `corpus ui` starts it: on a free loopback port, in a session of its own that is ended as a whole."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_START_SECONDS, _STOP_SECONDS = 240, 10


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Ui:
    """A running web server with its daemon."""

    port: int
    session: int
    """Process id of its leader."""
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **variables: object) -> dict:
        """The data that answers a GraphQL query."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = json.dumps({"query": query, "variables": variables})
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def processes(self) -> list[psutil.Process]:
        """All processes of the server's session that are alive."""
        return processes_of(self.session)


def processes_of(session: int) -> list[psutil.Process]:
    """Processes of a session, without those that have ended and wait to be reaped."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@contextmanager
def serving(home: Path, port: int) -> Iterator[Ui]:
    """Serves the home until the block ends; then no process of it is left."""
    log = home / "ui.log"
    environment = {**os.environ, "DAGSTER_HOME": str(home / "dagster"), "CORPUS_HOME": str(home)}
    program = str(Path(sys.executable).with_name("dagster"))
    command = [program, "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as out:
        leader = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    found = Ui(port, leader.pid, log)
    try:
        _wait(leader, found)
        yield found
    finally:
        _end(leader)


def _wait(leader: subprocess.Popen, found: Ui) -> None:
    """Waits until the code location is loaded."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert leader.poll() is None, f"the UI ended: {found.log.read_text()[-2000:]}"
        try:
            answer = found.ask("{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }")
            if answer["repositoriesOrError"].get("nodes"):
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"no UI on port {found.port} after {_START_SECONDS} s: {found.log.read_text()[-2000:]}")


def _end(leader: subprocess.Popen) -> None:
    """Asks the server to stop, then kills what is left of its session."""
    leader.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline and processes_of(leader.pid):
        leader.poll()
        time.sleep(0.2)
    left = processes_of(leader.pid)
    for process in left:
        process.kill()
    psutil.wait_procs(left, 10)
    leader.wait(10)
