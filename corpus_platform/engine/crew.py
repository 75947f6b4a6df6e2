"""One call of `map` over workers that may die: the queue, the crew, and what has become of the items so far.

A *member* is the caller's end of one worker; the *staff* hires members and waits for them. A member that dies is replaced, its item goes to the end
of the queue (what ran out of memory may fit when the others are done), and after `retries` more deaths the item is a failure.
A member whose peak memory passed `memory_limit`, or that has done `items_per_worker`, is replaced between two items.

Not here: how a worker is started, heard and ended (handle.py, cluster.py), what runs in it (worker.py, cluster_worker.py).
"""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from corpus_platform.engine.protocol import Death, Failure, MapReport, R, T
from corpus_platform.engine.sending import WHAT_A_TASK_IS
from corpus_platform.engine.worker import DONE, READY, UNFIT
from corpus_platform.errors import CorpusError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STILLBORN_LIMIT = 3


class Message(NamedTuple):
    """What a worker says: its kind (see worker.py), its peak memory in bytes, and a pickled body."""

    kind: str
    peak_rss: int
    body: bytes


class Member(Protocol):
    """The caller's end of one worker, with the item that it is doing."""

    item: int | None
    """Index of the item under way; None while the worker starts or waits."""
    ready: bool
    since: float
    """When the worker was started, or got its item (monotonic seconds)."""
    finished: int
    """Items that it has done."""
    is_lost: bool
    """Whether it went with its machine, which says nothing of the task."""

    def give(self, item: int, body: bytes) -> bool:
        """Hands over a pickled item. False when the worker has died: then the item was not begun."""
        ...

    def has_spoken(self) -> bool:
        """Whether `hear` would have a message."""
        ...

    def hear(self) -> Message | None:
        """The worker's next message, or None when it has died. To be called when `Staff.wait` gave the member."""
        ...

    def leave(self, *, fit: bool) -> None:
        """Lets a member without an item go. `fit`: it has not passed its limits, so another map may have it."""
        ...

    def kill(self) -> None:
        """Ends the worker at once, whatever it does, without waiting for it."""
        ...

    def bury(self) -> str:
        """Frees what is held of a worker that is dead or dying; how it died, as it completes "the worker was ..."."""
        ...


M = TypeVar("M", bound=Member)


class Staff(Protocol[M]):
    """Hires the members of one map."""

    time_to_start: float
    """Seconds in which a member must be ready."""
    advice: str
    """What to do where none can be started."""

    def hire(self) -> M:
        """Starts a worker, which loads the task and says `ready`."""
        ...

    def wait(self, crew: Sequence[M], patience: float | None) -> list[M]:
        """Waits until some members have spoken or died: those; none after `patience` seconds, or earlier."""
        ...

    def close(self) -> None:
        """Frees what the members shared; they have been let go or killed."""
        ...


class Limits(Protocol):
    """What an engine's settings say of a map."""

    @property
    def workers(self) -> int:
        """Members at the same time."""
        ...

    memory_limit: int | None
    retries: int
    task_timeout: float | None
    items_per_worker: int | None


def check_limits(kind: str, **numbers: int | None) -> None:
    """Raises SettingsError where a number of an engine's settings is too small."""
    for name, value in numbers.items():
        least = 0 if name == "retries" else 1
        if value is not None and value < least:
            raise SettingsError(f"engine `{kind}`: {name} is {value}; it must be at least {least}")


@dataclass(kw_only=True)
class CrewMap(Generic[T, R, M]):
    """The map: items in, callbacks and a report out."""

    limits: Limits
    staff: Staff[M]
    items: Sequence[T]
    label: Callable[[T], str]
    on_result: Callable[[T, R], None] | None
    on_failure: Callable[[T, Failure], None] | None
    on_death: Callable[[T, Death], None] | None

    def __post_init__(self) -> None:
        """Nothing is done yet."""
        self._queue = deque(range(len(self.items)))
        self._tries: Counter[int] = Counter()
        self._crew: list[M] = []  # every member of it is starting or doing an item
        self._stillborn = 0
        self._done = 0
        self._failures: list[Failure] = []
        self._deaths: list[Death] = []
        self._recycled = 0
        self._peak_rss = 0

    def run(self) -> MapReport:
        """Does all items. See `Engine.map`."""
        began = time.monotonic()
        try:
            while self._queue or any(member.item is not None for member in self._crew):
                self._hire()
                self._listen()
                self._end_late_members()
            while self._crew:
                self._dismiss(self._crew[-1])
        finally:
            for member in self._crew:
                member.kill()
            self.staff.close()
            for member in self._crew:
                member.bury()
        return MapReport(
            done=self._done,
            failures=tuple(self._failures),
            deaths=tuple(self._deaths),
            recycled=self._recycled,
            peak_rss=self._peak_rss,
            seconds=time.monotonic() - began,
        )

    def _hire(self) -> None:
        """As many members as there is work for, up to the limit."""
        under_way = sum(member.item is not None for member in self._crew)
        wanted = min(self.limits.workers, under_way + len(self._queue))
        while len(self._crew) < wanted:
            self._crew.append(self.staff.hire())

    def _listen(self) -> None:
        """Waits until some member has spoken, died or run out of time, and attends to those that have spoken or died."""
        deadlines = [deadline for member in self._crew if (deadline := self._deadline(member)) is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for member in self.staff.wait(self._crew, patience):
            message = member.hear()
            if message is None:
                self._mourn(member)
            else:
                self._attend(member, message)

    def _attend(self, member: M, message: Message) -> None:
        if message.kind == UNFIT:
            failure: Failure = pickle.loads(message.body)  # noqa: S301  (the worker is ours)
            raise SettingsError(
                f"a worker cannot load the task: {failure.error}: {failure.message}; {WHAT_A_TASK_IS}\n{failure.traceback}"
            )
        if message.kind == READY:
            member.ready = True
            self._stillborn = 0
            self._employ(member)
            return
        self._peak_rss = max(self._peak_rss, message.peak_rss)
        item, member.item = member.item, None
        member.finished += 1
        assert item is not None
        if self._is_spent(member, message.peak_rss):
            self._recycled += bool(self._queue)
            self._dismiss(member, fit=False)
        else:
            self._employ(member)  # before the callbacks, so that the worker does not wait for them
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

    def _employ(self, member: M) -> None:
        """Gives the member the next item, or lets it go, so that the last items have the memory for themselves."""
        while self._queue:
            item = self._queue.popleft()
            try:
                body = pickle.dumps(self.items[item], protocol=pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001  (an item that cannot be sent fails as one that cannot be done)
                self._fail(item, Failure.of(self.label(self.items[item]), error))
                continue
            if not member.give(item, body):
                self._queue.appendleft(item)
                self._mourn(member)
            return
        self._dismiss(member)

    def _dismiss(self, member: M, *, fit: bool = True) -> None:
        member.leave(fit=fit)
        self._crew.remove(member)

    def _mourn(self, member: M, reason: str | None = None) -> None:
        """Takes a dead member off the crew; the item that it was doing is queued again or fails."""
        found = member.bury()
        self._crew.remove(member)
        reason = reason or found
        if member.item is None:
            if not member.ready and not member.is_lost:
                self._count_stillborn(reason)
            return
        item = member.item
        self._tries[item] += 1
        tries = self._tries[item]
        again = tries <= self.limits.retries
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
                f"{self.staff.advice}"
            )

    def _end_late_members(self) -> None:
        now = time.monotonic()
        for member in [member for member in self._crew if (self._deadline(member) or now + 1) <= now]:
            if member.has_spoken():  # it was in time; a callback kept us from hearing it
                continue
            limit = self.limits.task_timeout if member.ready else self.staff.time_to_start
            member.kill()
            self._mourn(member, f"killed after its time limit of {limit:g} s")

    def _deadline(self, member: M) -> float | None:
        if not member.ready:
            return member.since + self.staff.time_to_start
        if member.item is None or self.limits.task_timeout is None:
            return None
        return member.since + self.limits.task_timeout

    def _is_spent(self, member: M, peak_rss: int) -> bool:
        limit, age = self.limits.memory_limit, self.limits.items_per_worker
        return (limit is not None and peak_rss > limit) or (age is not None and member.finished >= age)

    def _fail(self, item: int, failure: Failure) -> None:
        self._failures.append(failure)
        if self.on_failure:
            self.on_failure(self.items[item], failure)
