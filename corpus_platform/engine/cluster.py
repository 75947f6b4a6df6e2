"""The engine of a Ray cluster: shards are done by the nodes, a node that goes costs its shards a try.

A worker is a *hand*, an actor that has one core of some node and does one item at a time; an item is one call of it. There are as many hands as the
cluster has cores, or as the settings say, so what is under way is bounded; hands that find no core yet wait, and are what an autoscaler adds nodes for.
A hand that dies, alone or with its node, is replaced, and its item is tried again: all of that is crew.py's, as it is for processes.

On the nodes: the package, installed (the same code, or the hand refuses); credentials, in their own environment; the lake and the inputs on storage that all
of them reach. A task's working directory is the node's, so paths must be absolute, as those of a home are.

Not here: the connection and what it keeps (cluster_connection.py), what runs on the nodes (cluster_worker.py).
"""

from __future__ import annotations

import re
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from corpus_platform.engine.cluster_connection import AUTO, LOCAL, Connection, Kind, connection
from corpus_platform.engine.cluster_worker import Order, order_of
from corpus_platform.engine.crew import CrewMap, Message, check_limits
from corpus_platform.engine.machine import usable_cores, usable_memory
from corpus_platform.engine.sending import sent
from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corpus_platform.engine.protocol import Death, Failure, MapReport, R, T

_LONGEST_WAIT = 5.0


class Ray:
    """Runs tasks on the nodes of a Ray cluster."""

    def __init__(
        self,
        address: str = AUTO,
        workers: int | None = None,
        *,
        memory_limit: int | None = None,
        retries: int = 2,
        task_timeout: float | None = None,
        items_per_worker: int | None = None,
        threads: int = 1,
    ) -> None:
        """Settings only; nothing is connected before it must be. Raises SettingsError where Ray is not installed.

        address: `auto` (RAY_ADDRESS, or the cluster of this machine), `HOST:PORT`, `ray://HOST:PORT` (a client from outside the cluster), or `local`:
          a cluster of this machine, started by the first map and ended with this process.
        workers: hands at the same time; the cores of the cluster (which may change meanwhile), if not given.
        memory_limit: bytes of resident memory; a hand that has passed it is replaced after its item. A node gets no more hands than it has
          memory of that size for.
        The others are those of `Processes`.
        """
        if find_spec("ray") is None:
            raise SettingsError('Ray is not installed: pip install "corpus-platform[ray]"')
        self.address = address
        self._workers = workers
        self.memory_limit = memory_limit
        self.retries = retries
        self.task_timeout = task_timeout
        self.items_per_worker = items_per_worker
        self.threads = threads
        check_limits("ray", workers=workers, retries=retries, threads=threads, items_per_worker=items_per_worker)

    @property
    def workers(self) -> int:
        """Hands at the same time. Connects to the cluster, where only that knows."""
        if self._workers is not None:
            return self._workers
        return usable_cores() if self.address == LOCAL else max(1, self._connection().cores())

    def memory_of_a_machine(self) -> int:
        """Bytes of memory for tasks of the smallest node that has cores. Connects to the cluster."""
        if self.address == LOCAL:
            return usable_memory()
        return int(min((node.get("memory", 0) for node in self._connection().nodes() if node.get("CPU")), default=0))

    def map(
        self,
        task: Callable[[T], R],
        items: Sequence[T],
        *,
        label: Callable[[T], str] = str,
        on_result: Callable[[T, R], None] | None = None,
        on_failure: Callable[[T, Failure], None] | None = None,
        on_death: Callable[[T, Death], None] | None = None,
    ) -> MapReport:
        """Applies the task to each item on the cluster. See `Engine.map`."""
        pickled, path = sent(task)
        run = CrewMap(
            limits=self,
            staff=_Staff(self._connection(), pickled, path, Kind(self.threads, self.memory_limit)),
            items=items,
            label=label,
            on_result=on_result,
            on_failure=on_failure,
            on_death=on_death,
        )
        return run.run()

    def _connection(self) -> Connection:
        return connection(self.address, self._workers)


class _Staff:
    """Hands of one map."""

    time_to_start = 600.0
    advice = (
        "Their messages are in the logs of the Ray session, on the node (/tmp/ray/session_latest/logs). Look there whether corpus_platform is "
        "installed on the nodes, and whether a node has a core and the memory that `engine.memory_limit_mb` asks for"
    )

    def __init__(self, tie: Connection, task: bytes, path: list[str], kind: Kind) -> None:
        import ray  # noqa: PLC0415  (a second to import)

        self._tie, self._kind = tie, kind
        self._task = ray.put(task)
        self._order = order_of(path, tie.begin())

    def hire(self) -> _RayWorker:
        return _RayWorker(self._tie, self._kind, self._task, self._order)

    def wait(self, crew: Sequence[_RayWorker], patience: float | None) -> list[_RayWorker]:
        import ray  # noqa: PLC0415  (a second to import)

        # Who has waited longest first, or a hand with short items would keep the others from being heard.
        waiting = {worker.answer: worker for worker in sorted(crew, key=lambda worker: worker.since)}
        timeout = _LONGEST_WAIT if patience is None else min(patience, _LONGEST_WAIT)
        ready, _ = ray.wait(list(waiting), num_returns=1, timeout=timeout, fetch_local=False)
        if self._tie.has_room_for(self._kind):
            for worker in crew:
                if not worker.ready:  # it waits for a core that others have, however long that takes
                    worker.since = time.monotonic()
        return [waiting[answer] for answer in ready]

    def close(self) -> None:
        self._tie.end(self._order.run)


class _RayWorker:
    """The driver's end of a hand. See `crew.Member`."""

    def __init__(self, tie: Connection, kind: Kind, task: Any, order: Order) -> None:
        self.item: int | None = None
        self.ready = False
        self.since = time.monotonic()
        self.finished = 0
        self.is_lost = False
        self._tie, self._kind = tie, kind
        self._reason = "ended"
        self._hand, self._is_used = tie.hire(kind)
        self.answer = self._hand.load.remote(task, order, tie.pulse)
        """What it will say next."""

    def give(self, item: int, body: bytes) -> bool:
        """Hands over a pickled item. Whether it was begun is seen when it is heard."""
        self.answer = self._hand.do.remote(body)
        self.item = item
        self.since = time.monotonic()
        return True

    def has_spoken(self) -> bool:
        """Whether there is a message."""
        import ray  # noqa: PLC0415  (a second to import)

        return bool(ray.wait([self.answer], timeout=0, fetch_local=False)[0])

    def hear(self) -> Message | None:
        """The hand's next message, or None when it has died."""
        import ray  # noqa: PLC0415  (a second to import)
        from ray.exceptions import RayError  # noqa: PLC0415

        try:
            return Message(*ray.get(self.answer))
        except RayError as error:
            self._reason, lost = reason_of(error)
            self.is_lost = lost or self._is_used  # one that died while it was kept says nothing of this task
            return None

    def leave(self, *, fit: bool) -> None:
        """Lets a hand without an item go; one that is fit is kept for the next map, also where it is not ready for this one."""
        if fit:
            self._tie.keep(self._kind, self._hand)
        else:
            self.kill()

    def kill(self) -> None:
        """Ends the hand at once; one that waits for a core does not wait any more."""
        import ray  # noqa: PLC0415  (a second to import)

        ray.kill(self._hand)

    def bury(self) -> str:
        """Ends what may be left of it (a hand that was out of reach, not dead); how it died."""
        self.kill()
        return self._reason


def reason_of(error: Exception) -> tuple[str, bool]:
    """How a hand died, from Ray's error, as it completes "the worker was ..."; and whether that was its node's end."""
    from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError  # noqa: PLC0415

    text = str(error)
    found = re.search(r"^\s*ip: (\S+)$", text, re.MULTILINE)
    on = f" on the node {found[1]}" if found else ""
    if isinstance(error, (NodeDiedError, ObjectLostError)) or "node has died" in text or "node died" in text:
        return f"lost with its node{on.removeprefix(' on the node')}", True
    if isinstance(error, OutOfMemoryError):
        return f"ended by Ray{on}, which had no memory left", False
    if code := re.search(r"exit code (-?\d+)", text):
        return f"ended with exit code {code[1]}{on}", False
    if "died unexpectedly" in text and "connection error" in text:
        return f"killed, or it crashed,{on} (often: out of memory)", False
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"lost{on} ({type(error).__name__}: {lines[-1][:300] if lines else ''})", False
