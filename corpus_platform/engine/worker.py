"""What runs inside a worker process: take an item, run the task, send back a result or a failure, again until the parent hangs up.

Messages to the parent come in two parts: a header (kind, peak memory in bytes) and a body, the pickled result or Failure, so that a
large result is pickled once and never copied into another pickle. The parent first sends the task, then one item at a time.

Not here: starting, watching and replacing workers (handle.py, crew.py).
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from corpus_platform.engine.lifeline import offer_to_the_oom_killer, tie_to_parent
from corpus_platform.engine.machine import peak_rss
from corpus_platform.engine.protocol import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

READY, UNFIT, DONE, FAILED = "ready", "unfit", "done", "failed"


def work(connection: Connection, lifeline: int, parent: int) -> NoReturn:
    """Serves items until the parent hangs up; then ends without the interpreter's teardown, which some native libraries do not survive."""
    tie_to_parent(parent, lifeline)
    offer_to_the_oom_killer()
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr may be closed
        faulthandler.enable()
    for descriptor in (connection.fileno(), lifeline):
        os.set_inheritable(descriptor, False)  # a program that a task starts must not hold the worker's pipes open
    with contextlib.suppress(EOFError, OSError):  # the parent has hung up
        _serve(connection)
    _flush()
    os._exit(0)


def _serve(connection: Connection) -> None:
    try:
        task = pickle.loads(connection.recv_bytes())  # noqa: S301  (the parent is trusted)
    except (EOFError, OSError):
        raise
    except BaseException as error:  # noqa: BLE001  (the task's module may fail in any way when it is imported)
        _send(connection, UNFIT, pickle.dumps(Failure.of("task", error)))
        return
    _send(connection, READY, b"")
    while True:
        kind, body = result_of(task, connection.recv_bytes())
        _flush()
        _send(connection, kind, body)
        del body


def result_of(task: Callable[[Any], Any], item: bytes) -> tuple[str, bytes]:
    """Does a pickled item: what became of it, and the pickled result or Failure."""
    try:
        return DONE, pickle.dumps(task(pickle.loads(item)), protocol=pickle.HIGHEST_PROTOCOL)  # noqa: S301  (as above)
    except BaseException as error:  # noqa: BLE001  (SystemExit too: an item that fails must not end the worker)
        return FAILED, pickle.dumps(Failure.of("", error))


def _send(connection: Connection, kind: str, body: bytes) -> None:
    connection.send((kind, peak_rss()))
    connection.send_bytes(body)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
