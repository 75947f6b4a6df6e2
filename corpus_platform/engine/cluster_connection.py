"""The tie of a process to a Ray cluster: made by the first map, kept for the life of the process.

It starts a cluster of this machine where the address says so, and ends it with the process; a cluster that was there is left alone. It tells the
pulse every few seconds what maps go on, and keeps hands that a map has let go for the next one, for a few seconds: a chain of small stages
then pays for their start and their imports once.

Secrets: nothing of the driver's environment goes to the nodes. They have their credentials from their own (a pod's secret, a profile, a role), and
the only variables that are set there are those of `worker_environment`. A cluster's token is the driver's `RAY_AUTH_TOKEN`, as Ray has it. A task
goes through the object store, never into the description of an actor, which Ray keeps.

Not here: what an address may be and what a map does (cluster.py), what runs on the nodes (cluster_worker.py).
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from corpus_platform.engine.cluster_worker import Hand, Pulse
from corpus_platform.engine.handle import IN_A_WORKER, THREAD_VARIABLES
from corpus_platform.engine.machine import usable_cores
from corpus_platform.errors import CorpusError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCAL, AUTO = "local", "auto"
_BEAT = 1.5
_SPARE_FOR = 10.0
_REACH = 20.0
_ATTEMPTS = 3
_FRESH = 5.0
_OBJECT_STORE = 200 << 20
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Else a call after the connection has ended would start another cluster.
    "RAY_ENABLE_AUTO_CONNECT": "0",
}

# Ray asks for a token, and would keep one in a file of the user's home.
_A_TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


class Kind(NamedTuple):
    """What hands can be exchanged for one another."""

    threads: int
    memory: int | None
    """Bytes that a node must have free for it."""


class Connection:
    """A cluster, with this process as its driver."""

    def __init__(self, address: str, cores: int) -> None:
        """Connects, or starts a cluster of so many cores. Raises CorpusError where there is none."""
        self.address = address
        self._is_ours = _initialise(address, cores)
        self._lock = threading.Lock()
        self._runs: set[str] = set()
        self._spare: list[tuple[Kind, Any, float]] = []
        self._nodes: tuple[float, list[dict[str, Any]]] = (0.0, [])
        self._closed = threading.Event()
        self.pulse = _pulse()
        atexit.register(disconnect)  # now, so that it comes before Ray's own
        threading.Thread(target=self._keep_beating, name="ray-pulse", daemon=True).start()

    def begin(self) -> str:
        """A new run, which the nodes know of when this returns."""
        run = uuid.uuid4().hex
        with self._lock:
            self._runs.add(run)
        self._beat(wait=60.0)
        return run

    def end(self, run: str) -> None:
        """From now on no task of the run makes anything visible."""
        with self._lock:
            self._runs.discard(run)
        self._beat(wait=5.0)

    def hire(self, kind: Kind) -> tuple[Any, bool]:
        """A hand, and whether it is one that another map has let go."""
        import ray  # noqa: PLC0415  (a second to import)

        with self._lock:
            for spare in self._spare:
                if spare[0] == kind:
                    self._spare.remove(spare)
                    return spare[1], True
        self._let_spares_go(older_than=0.0)  # they hold cores, and are of other kinds
        options: dict[str, Any] = {} if kind.memory is None else {"memory": kind.memory}
        actor = ray.remote(Hand).options(  # pyright: ignore[reportAttributeAccessIssue]
            num_cpus=1,
            max_restarts=0,
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": worker_environment(kind.threads)},
            **options,
        )
        return actor.remote(), False

    def keep(self, kind: Kind, hand: Any) -> None:
        """Lets go a hand that another map may have soon."""
        with self._lock:
            self._spare.append((kind, hand, time.monotonic()))

    def nodes(self) -> list[dict[str, Any]]:
        """What the nodes that are up have: resources by name. As it was a few seconds ago."""
        import ray  # noqa: PLC0415  (a second to import)

        asked, nodes = self._nodes
        if time.monotonic() - asked > _FRESH:
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._nodes = time.monotonic(), nodes
        return nodes

    def cores(self) -> int:
        """Cores of the cluster."""
        return sum(int(node.get("CPU", 0)) for node in self.nodes())

    def has_room_for(self, kind: Kind) -> bool:
        """Whether some node could hold such a hand, were it not busy."""
        return any(node.get("CPU", 0) >= 1 and node.get("memory", 0) >= (kind.memory or 0) for node in self.nodes())

    def close(self) -> None:
        """Lets go of the cluster, and ends it where this process has started it."""
        import ray  # noqa: PLC0415  (a second to import)

        self._closed.set()
        if not ray.is_initialized():
            return
        with contextlib.suppress(Exception):
            self._let_spares_go(older_than=0.0)
            ray.kill(self.pulse)
        if self._is_ours:
            ray.shutdown()

    def _keep_beating(self) -> None:
        while not self._closed.wait(_BEAT):
            self._beat()
            with contextlib.suppress(Exception):  # a cluster that is gone is met by the map
                self._let_spares_go(older_than=_SPARE_FOR)

    def _beat(self, wait: float | None = None) -> None:
        import ray  # noqa: PLC0415  (a second to import)

        with contextlib.suppress(Exception):  # as above; a task asks for itself
            with self._lock:
                said = self.pulse.beat.remote(list(self._runs))
            if wait is not None:
                ray.get(said, timeout=wait)

    def _let_spares_go(self, older_than: float) -> None:
        import ray  # noqa: PLC0415  (a second to import)

        since = time.monotonic() - older_than
        with self._lock:
            old = [spare for spare in self._spare if spare[2] <= since]
            self._spare = [spare for spare in self._spare if spare[2] > since]
        for _, hand, _ in old:
            ray.kill(hand)


def worker_environment(threads: int) -> dict[str, str]:
    """All variables that a hand gets; everything else it has from its node."""
    return dict.fromkeys(THREAD_VARIABLES, str(threads)) | {IN_A_WORKER: "1"}


_connection: Connection | None = None
_connecting = threading.Lock()


def connection(address: str, cores: int | None) -> Connection:
    """The connection of this process. Raises SettingsError where it has another one, CorpusError where the cluster does not answer."""
    global _connection  # noqa: PLW0603  (Ray has one cluster for a process)
    with _connecting:
        if _connection is not None and _connection.address != address:
            raise SettingsError(
                f"this process is connected to the Ray cluster `{_connection.address}` and can't use `{address}` too: one process, one cluster"
            )
        if _connection is None:
            _connection = Connection(address, max(cores or 0, usable_cores()))
        return _connection


def disconnect() -> None:
    """Ends the connection of this process, if it has one. The next map makes a new one."""
    global _connection  # noqa: PLW0603  (as above)
    with _connecting:
        if _connection is not None:
            _connection.close()
        _connection = None


def _initialise(address: str, cores: int) -> bool:
    """Makes this process a driver; False where it was one already. Nothing is reported to Ray's makers, and no dashboard is started."""
    quiet = _QUIET if address != LOCAL else _QUIET | _A_TOKEN
    if "ray" not in sys.modules:  # it looks at them once
        for name, value in quiet.items():
            os.environ.setdefault(name, value)
    _reach(os.environ.get("RAY_ADDRESS", address) if address == AUTO else address)
    import ray  # noqa: PLC0415  (a second to import)

    if ray.is_initialized():
        return False
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        options |= {"num_cpus": cores, "include_dashboard": False, "object_store_memory": _OBJECT_STORE}
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        _begin(ray.init, address, options)
    except Exception as error:
        raise _unreachable(address, error) from error
    return True


def _begin(init: Callable[..., Any], address: str, options: dict[str, Any]) -> None:
    """Becomes a driver. A head starts a process for each client, and on a busy machine gives one up that is slow to come: that is asked for again."""
    for attempt in range(_ATTEMPTS):
        try:
            with _own_signals():
                init(address=address, **options)
        except ConnectionAbortedError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _reach(address: str) -> None:
    """Waits a little for a cluster that is starting. Ray would wait for minutes, and end the process then."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    give_up = time.monotonic() + _REACH
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH).close()
        except OSError as error:
            if time.monotonic() > give_up:
                raise _unreachable(address, error) from error
            time.sleep(1)
        else:
            return


def _unreachable(address: str, error: Exception) -> CorpusError:
    reason = " ".join(str(error).split())[:300]
    return CorpusError(
        f"the Ray cluster `{address}` can't be reached ({type(error).__name__}: {reason}): check `engine.address` (auto, local, HOST:PORT or "
        "ray://HOST:10001), that the cluster is up, and that it has this Python and this Ray"
    )


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keeps what SIGTERM does: Ray would make it an ordinary exit, which Dagster and shells take for another thing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _pulse() -> Any:
    """The actor, beside the driver where it can be: nodes that go then do not take it with them. It comes again where it must."""
    import ray  # noqa: PLC0415  (a second to import)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    actor = ray.remote(Pulse).options(  # pyright: ignore[reportAttributeAccessIssue]
        num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here
    )
    return actor.remote()
