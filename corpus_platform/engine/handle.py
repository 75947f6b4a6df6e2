"""The parent's end of one worker process: start it, give it an item, hear from it, end it, say how it died.

A worker is a fresh interpreter started with `subprocess` and not with `multiprocessing`: its environment is given to it alone (the parent's
`os.environ` is not touched, which other threads read), the parent's main module is not run again, and a daemonic process may have workers.

Not here: which item goes to which worker, and what follows a death (crew.py).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Pipe
from multiprocessing.spawn import get_executable
from typing import Any

from corpus_platform.engine.crew import Message

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
)
"""Environment variables by which libraries learn how many threads to start; they read them when they are imported."""
IN_A_WORKER = "CORPUS_WORKER"
"""Environment variable of a worker, by which modules may leave out what no task needs."""

# The first message is the worker's sys.path: before it, only the standard library can be imported (-P keeps the working directory out).
_BOOT = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import sys; from multiprocessing.connection import Connection; "
    "connection = Connection(int(sys.argv[1])); sys.path[:] = connection.recv(); "
    "from corpus_platform.engine.worker import work; work(connection, int(sys.argv[2]), int(sys.argv[3]))"
)
_TIME_TO_LEAVE = 5.0


class Worker:
    """One worker process, with the item that it is doing. See `crew.Member`."""

    is_lost = False

    def __init__(self, task: bytes, path: list[str], *, lifeline: int, threads: int) -> None:
        """Starts the process; it says `ready` when it has loaded the pickled task, with `path` as its `sys.path`."""
        self.item: int | None = None
        """Index of the item under way; None while the worker starts or waits."""
        self.ready = False
        self.since = time.monotonic()
        """When the worker was started, or got its item."""
        self.finished = 0
        """Items that it has done."""
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [
                    os.fsdecode(get_executable() or sys.executable),
                    *("-P", "-c", _BOOT, str(theirs.fileno()), str(lifeline), str(os.getpid())),
                ],
                stdin=subprocess.DEVNULL,  # the parent's may be the script that it is running
                pass_fds=(theirs.fileno(), lifeline),
                env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)) | {IN_A_WORKER: "1"},
            )
        # The pipe closes with the worker, unless a process that the task forked holds it open: so the process itself is watched as well.
        self._pidfd = _pidfd_of(self._process.pid)
        with contextlib.suppress(OSError):  # it is dead already: seen as such when it is heard
            self.connection.send(path)
            self.connection.send_bytes(task)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def watched(self) -> list[Any]:
        """What `multiprocessing.connection.wait` should wait for."""
        return [self.connection] if self._pidfd is None else [self.connection, self._pidfd]

    def give(self, item: int, body: bytes) -> bool:
        """Hands over a pickled item. False when the worker has died: then the item was not begun."""
        if self._process.poll() is not None:
            return False
        try:
            self.connection.send_bytes(body)
        except OSError:
            return False
        self.item = item
        self.since = time.monotonic()
        return True

    def hear(self) -> Message | None:
        """The worker's next message, or None when it has died. To be called when something of `watched` is ready."""
        try:
            if not self.connection.poll():  # the process has ended and left nothing to read
                return None
            kind, peak = self.connection.recv()
            return Message(kind, peak, self.connection.recv_bytes())
        except (EOFError, OSError, pickle.UnpicklingError):
            return None

    def has_spoken(self) -> bool:
        """Whether there is a message."""
        return self.connection.poll()

    def leave(self, *, fit: bool) -> None:  # noqa: ARG002  (no worker outlives its map)
        """Lets a worker without an item go, and waits until its memory is free."""
        if not self.ready:
            self.kill()  # it is still importing what nobody needs any more
        self.connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_TIME_TO_LEAVE)
        self.kill()
        self.bury()

    def kill(self) -> None:
        """Ends the process at once, without waiting for it."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def bury(self) -> str:
        """Waits for the end of a process that is dead or dying, frees what the parent held of it, and says how it died."""
        self.connection.close()
        try:
            code = self._process.wait(_TIME_TO_LEAVE)
        except subprocess.TimeoutExpired:  # hung up, yet alive
            self.kill()
            code = self._process.wait()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        return reason_of(code)


def reason_of(code: int) -> str:
    """How a process ended, from its return code; completes "the worker was ..."."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"killed by {name}" + (" (often: out of memory)" if name == "SIGKILL" else "")


def _pidfd_of(pid: int) -> int | None:
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel or a sandbox without it
        return None
