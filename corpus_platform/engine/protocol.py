"""What every engine promises: a task is mapped over items, and each item ends as one result or one failure.

Words: an *item* is what one call of the task gets; its *label* names it in messages. A *failure* is an item that has no result. A *death* is the
end of a worker process that was not asked to end; its item is tried again in a fresh worker, and is a failure only when that goes on.

Promise: items do not touch one another; a result is handed over as soon as it is there, in any order; callbacks run in the caller's thread
of the parent process, one at a time; at most one item per worker is under way, so memory does not grow with the number of items.

Not here: how the work is spread (serial.py, processes.py, cluster.py), what to do about failures (the caller decides; `raise_failures` is the usual answer).
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from corpus_platform.errors import ShardFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000


@dataclass(frozen=True)
class Failure:
    """An item without a result: plain text only, so that it travels whatever the exception carried."""

    label: str
    error: str
    """Type of the exception (`ValueError`, `zlib.error`), or `WorkerDied`."""
    message: str
    traceback: str = ""
    """The task's own traceback; empty when its worker died."""
    attempts: int = 1

    @classmethod
    def of(cls, label: str, error: BaseException, *, attempts: int = 1) -> Failure:
        """The failure that an exception stands for. Long texts are cut: a message in the middle, a traceback at its start."""
        try:
            message = str(error)
        except Exception:  # noqa: BLE001  (an exception's own __str__ may be broken)
            message = "(its message cannot be shown)"
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[: _LONGEST_MESSAGE // 2]} ... {message[-_LONGEST_MESSAGE // 2 :]}"
        try:
            frames = "".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:]
        except Exception:  # noqa: BLE001  (as above)
            frames = "".join(traceback.format_tb(error.__traceback__))[-_LONGEST_TRACEBACK:]
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return cls(label, name, message, frames, attempts)

    def __str__(self) -> str:
        first_line = self.message.strip().partition("\n")[0]
        return f"{self.label}: {self.error}: {first_line}" if first_line else f"{self.label}: {self.error}"


@dataclass(frozen=True)
class Death:
    """A worker that ended by itself, was killed, or ran out of time while it did an item."""

    label: str
    """The item that it was doing."""
    reason: str
    """E.g. `killed by SIGKILL (often: out of memory)`."""
    attempt: int
    """1 for the item's first try."""
    retried: bool
    """False when this was the item's last try."""

    def __str__(self) -> str:
        then = "it is tried again" if self.retried else "that was its last try"
        return f"{self.label}: the worker was {self.reason} at attempt {self.attempt}; {then}"


@dataclass(frozen=True)
class MapReport:
    """How a map went: every item is counted once, in `done` or in `failures`."""

    done: int
    failures: tuple[Failure, ...] = ()
    deaths: tuple[Death, ...] = ()
    recycled: int = 0
    """Workers replaced between two items for their memory or their age."""
    peak_rss: int = 0
    """Largest resident memory of any process that ran tasks, in bytes."""
    seconds: float = 0.0

    @property
    def retried(self) -> int:
        """How often an item was tried again because its worker died."""
        return sum(death.retried for death in self.deaths)


class Engine(Protocol):
    """Maps a task over items. Implementations hold settings only: one engine may map many times, and in several threads."""

    @property
    def workers(self) -> int:
        """How many items may be under way at the same time."""
        ...

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
        """Applies the task to each item and waits for all of them; results go to `on_result` and are not kept.

        An exception in the task becomes a `Failure` and never an exception here. An exception in a callback (raise one in `on_failure` to
        stop at the first failure) and a KeyboardInterrupt stop the workers at once, whatever they are doing, and are raised.
        Raises SettingsError when the task itself cannot be sent to a worker, CorpusError when workers cannot be started.
        """
        ...


def raise_failures(report: MapReport, *, what: str = "shard", shown: int = 3) -> None:
    """Raises ShardFailed with the first few failures of the report, if it has any."""
    count = len(report.failures)
    if not count:
        return
    lines = [f"  {failure}" for failure in report.failures[:shown]]
    if count > shown:
        lines.append(f"  ... and {count - shown} more")
    total = report.done + count
    head = f"{count} of {total} {what}{'' if total == 1 else 's'} failed; the finished ones are kept. Mend the cause and run again:"
    raise ShardFailed("\n".join([head, *lines]))
