"""What runs on the nodes of a Ray cluster: hands, which do items, and the pulse, which knows what runs are going on.

Both are plain classes; the driver makes actors of them. A `Hand` does one item at a time, as a worker process does. The `Pulse` hears
from the driver every few seconds what runs it waits for. A task that is about to make a result visible asks it (`parent_is_alive`): Ray ends
the tasks of a driver that has gone, but not at once where the driver was a client (`ray://`) or a node was cut off.

A node must run the same code as the driver: the wheel or image that is installed there. A hand on another machine compares, and refuses.

Not here: which item goes where (crew.py), starting, watching and ending hands (cluster.py), the tie to the cluster (cluster_connection.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import socket
import sys
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from corpus_platform.engine.lifeline import asks
from corpus_platform.engine.machine import peak_rss
from corpus_platform.engine.protocol import Failure
from corpus_platform.engine.worker import READY, UNFIT, result_of
from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ON, OVER, SILENT = "on", "over", "silent"
SILENCE = 6.0
"""Seconds without a word from the driver, after which nobody knows whether it still runs."""
_PATIENCE = 180.0
_ANSWER = 30.0
_PACKAGE = Path(__file__).parents[1]


class Order(NamedTuple):
    """What a map tells each of its hands."""

    path: list[str]
    """Folders in which the driver finds modules; those that are on the node too are added to its own."""
    host: str
    package: str
    """The driver's machine and its folder of this package: there the code is the same without a look."""
    code: str
    """`code_digest` of the driver."""
    run: str
    """The map, as the pulse knows it."""


def order_of(path: list[str], run: str) -> Order:
    """The order of a map of this process."""
    return Order(path, socket.gethostname(), str(_PACKAGE), code_digest(), run)


@cache
def code_digest() -> str:
    """Digest of this package's source files, 16 hex digits."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{file.relative_to(_PACKAGE)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


class Hand:
    """A worker on a node. Serves one map after the other."""

    def __init__(self) -> None:
        self._task: Callable[[Any], Any] | None = None

    def load(self, task: bytes, order: Order, pulse: Any) -> tuple[str, int, bytes]:
        """Takes the pickled task of a map: a message `ready`, or `unfit` with the Failure."""
        asks(partial(is_wanted, pulse, order.run))
        _forget_peak()
        try:
            _check_code(order)
            sys.path += [folder for folder in order.path if folder not in sys.path and Path(folder).exists()]
            self._task = pickle.loads(task)  # noqa: S301  (the driver is trusted)
        except BaseException as error:  # noqa: BLE001  (the task's module may fail in any way when it is imported)
            return UNFIT, peak_rss(), pickle.dumps(Failure.of("task", error))
        return READY, peak_rss(), b""

    def do(self, item: bytes) -> tuple[str, int, bytes]:
        """Does a pickled item: `done` or `failed`, peak memory in bytes, the pickled result or Failure."""
        assert self._task is not None
        kind, body = result_of(self._task, item)
        return kind, peak_rss(), body


def _check_code(order: Order) -> None:
    if (order.host, order.package) == (socket.gethostname(), str(_PACKAGE)) or order.code == code_digest():
        return
    raise SettingsError(
        f"the node {socket.gethostname()} has another version of corpus_platform ({_PACKAGE}) than {order.host} ({order.package}): "
        "tables would depend on who made them. Give the nodes and the driver the same image"
    )


def _forget_peak() -> None:
    """Begins anew with the peak memory, so that a map's figure is its own."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


class Pulse:
    """The runs that the driver waits for, as it last said."""

    def __init__(self) -> None:
        self._runs: frozenset[str] = frozenset()
        self._heard: float | None = None

    def beat(self, runs: Iterable[str]) -> None:
        """The driver says what it waits for."""
        self._runs = frozenset(runs)
        self._heard = time.monotonic()

    def state(self, run: str) -> str:
        """Whether the run is on or over; silent where the driver has not said so for a while."""
        if self._heard is None or time.monotonic() - self._heard > SILENCE:
            return SILENT
        return ON if run in self._runs else OVER


def is_wanted(pulse: Any, run: str) -> bool:
    """Whether the driver still waits for the run. While it is silent (a stopped process, a network that hangs) a task waits with it, for minutes."""
    import ray  # noqa: PLC0415  (only where Ray has started us)
    from ray.exceptions import ActorDiedError, RayError  # noqa: PLC0415

    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        try:
            state = ray.get(pulse.state.remote(run), timeout=_ANSWER)
        except ActorDiedError:  # it ends with the driver, and only then
            return False
        except RayError:
            state = SILENT
        if state != SILENT:
            return state == ON
        time.sleep(1)
    return False
