"""A real Ray cluster on loopback: a head with one core, and nodes with one core each that come and go."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from conftest import beside_python, free_port
from ui_server import processes_of

START_SECONDS = 120
TRIES = 3
"""Ray gives a node half a minute to come up, which a busy machine may not."""


class RayNode:
    """One `ray start --block` with all that it starts. `kill` is a machine that loses its power."""

    def __init__(self, folder, environment, *options):
        folder.mkdir(parents=True)
        self.log = folder / "log"
        command = [str(beside_python("ray")), "start", "--block", "--num-cpus=1", "--object-store-memory=100000000"]
        for attempt in range(1, TRIES + 1):
            self._start([*command, "--disable-usage-stats", *options], environment)
            try:
                self._wait()
                break
            except BaseException as error:
                self.kill()
                if attempt == TRIES or not isinstance(error, AssertionError):
                    raise

    def _start(self, command, environment):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def _wait(self):
        give_up = time.monotonic() + START_SECONDS
        while "Ray runtime started" not in self.log.read_text(errors="replace"):
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < give_up, self.log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)

    @property
    def processes(self):
        """All that is left of its session."""
        return processes_of(self.process.pid)

    def kill(self):
        """Ends raylet, workers and all at once."""
        processes = self.processes
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(20)
        psutil.wait_procs(processes, 20)


class RayCluster:
    """A head, and the nodes that tests add. Used as a context manager it leaves nothing behind."""

    def __init__(self, folder):
        self.folder = folder
        # Sockets are below it, and their paths must be short.
        self._temporary = Path(tempfile.mkdtemp(prefix="ray"))
        self.token = secrets.token_hex(32)
        self.environment = os.environ | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_USAGE_STATS_ENABLED": "0",
            # A client's process has as long to come as a machine with other work takes.
            "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "90",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")])),
        }
        port, client = free_port(), free_port()
        self.address, self.client_address = f"127.0.0.1:{port}", f"ray://127.0.0.1:{client}"
        self.nodes = []
        self.head = RayNode(
            folder / "head",
            self.environment,
            "--head",
            f"--port={port}",
            f"--ray-client-server-port={client}",
            "--include-dashboard=false",
            f"--temp-dir={self._temporary}",
        )

    def add_node(self):
        """Another node of one core."""
        node = RayNode(self.folder / f"node-{len(self.nodes)}", self.environment, f"--address={self.address}")
        self.nodes.append(node)
        return node

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in [*self.nodes, self.head]:
            node.kill()
        shutil.rmtree(self._temporary, ignore_errors=True)


def node_of(pid):
    """The raylet whose worker a process is."""
    return psutil.Process(pid).ppid()


def python(script, environment, *arguments):
    """Runs a program to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
