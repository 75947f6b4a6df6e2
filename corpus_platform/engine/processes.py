"""The engine of worker processes: an item that kills its worker costs that item a try, and nobody else anything.

Workers live as long as one call of `map`, so models and compiled kernels stay loaded from item to item. Each does one item at a time and starts
with `threads` threads per library (1), so that N workers on N cores do not crowd one another.

Why not `concurrent.futures` or `multiprocessing.Pool`: one death breaks the former, hangs the latter, and neither says which item it was.

Not here: who does which item, and what follows a death (crew.py), what runs in a worker (worker.py), how it is started and heard (handle.py).
"""

from __future__ import annotations

import os
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from corpus_platform.engine.crew import CrewMap, check_limits
from corpus_platform.engine.handle import Worker
from corpus_platform.engine.machine import usable_cores
from corpus_platform.engine.sending import sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corpus_platform.engine.protocol import Death, Failure, MapReport, R, T


class Processes:
    """Runs tasks on worker processes of this machine. Linux and macOS."""

    def __init__(
        self,
        workers: int | None = None,
        *,
        memory_limit: int | None = None,
        retries: int = 2,
        task_timeout: float | None = None,
        items_per_worker: int | None = None,
        threads: int = 1,
    ) -> None:
        """Settings only; no process is started before `map`.

        workers: processes at the same time; the cores that this process may use, if not given.
        memory_limit: bytes of resident memory; a worker that has passed it is replaced after its item. It does not stop an item.
        retries: how often an item is tried again when its worker died.
        task_timeout: seconds for one item; then its worker is killed, which counts as a death.
        items_per_worker: a worker is replaced after so many items.
        threads: threads that the numeric libraries may start in one worker.
        """
        self.workers = usable_cores() if workers is None else workers
        self.memory_limit = memory_limit
        self.retries = retries
        self.task_timeout = task_timeout
        self.items_per_worker = items_per_worker
        self.threads = threads
        check_limits(
            "process", workers=self.workers, retries=retries, threads=threads, items_per_worker=items_per_worker
        )

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
        """Applies the task to each item on the workers. See `Engine.map`."""
        pickled, path = sent(task)
        run = CrewMap(
            limits=self,
            staff=_Staff(pickled, path, self.threads),
            items=items,
            label=label,
            on_result=on_result,
            on_failure=on_failure,
            on_death=on_death,
        )
        return run.run()


class _Staff:
    """Worker processes, which share the pipe that ties them to this one."""

    time_to_start = 300.0
    advice = "Their messages are on stderr. Look there, and at the memory that is free, or use the engine `serial`"

    def __init__(self, task: bytes, path: list[str], threads: int) -> None:
        self._task, self._path, self._threads = task, path, threads
        self._lifeline, self._held = os.pipe()

    def hire(self) -> Worker:
        return Worker(self._task, self._path, lifeline=self._lifeline, threads=self._threads)

    def wait(self, crew: Sequence[Worker], patience: float | None) -> list[Worker]:
        ready = set(wait([end for worker in crew for end in worker.watched], patience))
        return [worker for worker in crew if ready.intersection(worker.watched)]

    def close(self) -> None:
        os.close(self._held)
        os.close(self._lifeline)
