"""The engine of worker processes: an item that kills its worker costs that item a try, and nobody else anything.

Workers live as long as one call of `map`, so models and compiled kernels stay loaded from item to item. Each does one item at a time and starts
with `threads` threads per library (1), so that N workers on N cores do not crowd one another. A worker that dies is replaced, its item goes to the
end of the queue (what ran out of memory may fit when the others are done), and after `retries` more deaths the item is a failure.
A worker whose peak memory passed `memory_limit`, or that has done `items_per_worker`, is replaced between two items.

Why not `concurrent.futures` or `multiprocessing.Pool`: one death breaks the former, hangs the latter, and neither says which item it was.

Not here: what runs in a worker (worker.py), how it is started and heard (handle.py).
"""

from __future__ import annotations

import os
import pickle
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic

from corpus_platform.engine.handle import Message, Worker
from corpus_platform.engine.machine import usable_cores
from corpus_platform.engine.protocol import Death, Failure, MapReport, R, T
from corpus_platform.engine.sending import WHAT_A_TASK_IS, sent
from corpus_platform.engine.worker import DONE, READY, UNFIT
from corpus_platform.errors import CorpusError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TIME_TO_START = 300.0
_STILLBORN_LIMIT = 3


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
        for name, least in (("workers", 1), ("retries", 0), ("threads", 1), ("items_per_worker", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise SettingsError(f"engine `process`: {name} is {value}; it must be at least {least}")

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
        run = _Map(
            engine=self,
            task=pickled,
            path=path,
            items=items,
            label=label,
            on_result=on_result,
            on_failure=on_failure,
            on_death=on_death,
        )
        return run.run()


@dataclass(kw_only=True)
class _Map(Generic[T, R]):
    """One call of `map`: the queue, the workers, and what has become of the items so far."""

    engine: Processes
    task: bytes
    path: list[str]
    items: Sequence[T]
    label: Callable[[T], str]
    on_result: Callable[[T, R], None] | None
    on_failure: Callable[[T, Failure], None] | None
    on_death: Callable[[T, Death], None] | None

    def __post_init__(self) -> None:
        self._queue = deque(range(len(self.items)))
        self._tries: Counter[int] = Counter()
        self._crew: list[Worker] = []  # every worker on it is starting or doing an item
        self._stillborn = 0
        self._done = 0
        self._failures: list[Failure] = []
        self._deaths: list[Death] = []
        self._recycled = 0
        self._peak_rss = 0

    def run(self) -> MapReport:
        began = time.monotonic()
        lifeline, held = os.pipe()
        try:
            while self._queue or any(worker.item is not None for worker in self._crew):
                self._hire(lifeline)
                self._listen()
                self._end_late_workers()
            while self._crew:
                self._dismiss(self._crew[-1])
        finally:
            for worker in self._crew:
                worker.kill()
            os.close(held)
            os.close(lifeline)
            for worker in self._crew:
                worker.bury()
        return MapReport(
            done=self._done,
            failures=tuple(self._failures),
            deaths=tuple(self._deaths),
            recycled=self._recycled,
            peak_rss=self._peak_rss,
            seconds=time.monotonic() - began,
        )

    def _hire(self, lifeline: int) -> None:
        """As many workers as there is work for, up to the limit."""
        under_way = sum(worker.item is not None for worker in self._crew)
        wanted = min(self.engine.workers, under_way + len(self._queue))
        while len(self._crew) < wanted:
            self._crew.append(Worker(self.task, self.path, lifeline=lifeline, threads=self.engine.threads))

    def _listen(self) -> None:
        """Waits until some worker has spoken, died or run out of time, and attends to those that have spoken or died."""
        deadlines = [deadline for worker in self._crew if (deadline := self._deadline(worker)) is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        ready = set(wait([end for worker in self._crew for end in worker.watched], patience))
        for worker in [worker for worker in self._crew if ready.intersection(worker.watched)]:
            message = worker.hear()
            if message is None:
                self._mourn(worker)
            else:
                self._attend(worker, message)

    def _attend(self, worker: Worker, message: Message) -> None:
        if message.kind == UNFIT:
            failure: Failure = pickle.loads(message.body)  # noqa: S301  (the worker is ours)
            raise SettingsError(
                f"a worker cannot load the task: {failure.error}: {failure.message}; {WHAT_A_TASK_IS}\n{failure.traceback}"
            )
        if message.kind == READY:
            worker.ready = True
            self._stillborn = 0
            self._employ(worker)
            return
        self._peak_rss = max(self._peak_rss, message.peak_rss)
        item, worker.item = worker.item, None
        worker.finished += 1
        assert item is not None
        if self._is_spent(worker, message.peak_rss):
            self._recycled += bool(self._queue)
            self._dismiss(worker)
        else:
            self._employ(worker)  # before the callbacks, so that the worker does not wait for them
        self._settle(item, message)

    def _settle(self, item: int, message: Message) -> None:
        """Hands an item's result or failure to the caller."""
        attempts = self._tries[item] + 1
        try:
            body: Any = pickle.loads(message.body)  # noqa: S301  (the worker is ours)
        except Exception as error:  # noqa: BLE001  (a class may pickle and not unpickle)
            self._fail(item, Failure.of(self.label(self.items[item]), error, attempts=attempts))
            return
        if message.kind == DONE:
            self._done += 1
            if self.on_result:
                self.on_result(self.items[item], body)
        else:
            self._fail(item, replace(body, label=self.label(self.items[item]), attempts=attempts))

    def _employ(self, worker: Worker) -> None:
        """Gives the worker the next item, or lets it go, so that the last items have the memory for themselves."""
        while self._queue:
            item = self._queue.popleft()
            try:
                body = pickle.dumps(self.items[item], protocol=pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001  (an item that cannot be sent fails as one that cannot be done)
                self._fail(item, Failure.of(self.label(self.items[item]), error))
                continue
            if not worker.give(item, body):
                self._queue.appendleft(item)
                self._mourn(worker)
            return
        self._dismiss(worker)

    def _dismiss(self, worker: Worker) -> None:
        worker.leave()
        self._crew.remove(worker)

    def _mourn(self, worker: Worker, reason: str | None = None) -> None:
        """Takes a dead worker off the crew; the item that it was doing is queued again or fails."""
        found = worker.bury()
        self._crew.remove(worker)
        reason = reason or found
        if worker.item is None:
            if not worker.ready:
                self._count_stillborn(reason)
            return
        item = worker.item
        self._tries[item] += 1
        tries = self._tries[item]
        again = tries <= self.engine.retries
        label = self.label(self.items[item])
        death = Death(label, reason, tries, again)
        self._deaths.append(death)
        if again:
            self._queue.append(item)
        if self.on_death:
            self.on_death(self.items[item], death)
        if not again:
            text = f"its worker was {reason}" + (f", in each of {tries} tries" if tries > 1 else "")
            self._fail(item, Failure(label, "WorkerDied", text, attempts=tries))

    def _count_stillborn(self, reason: str) -> None:
        self._stillborn += 1
        if self._stillborn >= _STILLBORN_LIMIT:
            raise CorpusError(
                f"workers cannot be started: {self._stillborn} in a row died before they were ready (the last was {reason}). "
                "Their messages are on stderr. Look there, and at the memory that is free, or use the engine `serial`"
            )

    def _end_late_workers(self) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self._crew if (self._deadline(worker) or now + 1) <= now]:
            if worker.connection.poll():  # it was in time; a callback kept us from hearing it
                continue
            limit = self.engine.task_timeout if worker.ready else _TIME_TO_START
            worker.kill()
            self._mourn(worker, f"killed after its time limit of {limit:g} s")

    def _deadline(self, worker: Worker) -> float | None:
        if not worker.ready:
            return worker.since + _TIME_TO_START
        if worker.item is None or self.engine.task_timeout is None:
            return None
        return worker.since + self.engine.task_timeout

    def _is_spent(self, worker: Worker, peak_rss: int) -> bool:
        limit, age = self.engine.memory_limit, self.engine.items_per_worker
        return (limit is not None and peak_rss > limit) or (age is not None and worker.finished >= age)

    def _fail(self, item: int, failure: Failure) -> None:
        self._failures.append(failure)
        if self.on_failure:
            self.on_failure(self.items[item], failure)
