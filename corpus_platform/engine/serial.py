"""The engine without workers: one item after the other, in this process.

For debugging (a breakpoint in a task works), for small machines, and as the plain twin that the other engines are tested against.
A task that kills its process kills this one; there is no time limit and no memory limit.

Not here: worker processes (processes.py), clusters (cluster.py).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from corpus_platform.engine.machine import peak_rss
from corpus_platform.engine.protocol import Death, Failure, MapReport, R, T

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Serial:
    """Runs tasks in the calling process."""

    workers = 1

    def map(
        self,
        task: Callable[[T], R],
        items: Sequence[T],
        *,
        label: Callable[[T], str] = str,
        on_result: Callable[[T, R], None] | None = None,
        on_failure: Callable[[T, Failure], None] | None = None,
        on_death: Callable[[T, Death], None] | None = None,  # noqa: ARG002  (there is no worker that could die)
    ) -> MapReport:
        """Applies the task to each item in order. See `Engine.map`."""
        began = time.monotonic()
        failures: list[Failure] = []
        for item in items:
            try:
                result = task(item)
            except (Exception, SystemExit) as error:  # noqa: BLE001  (the caller decides what a failure means)
                failure = Failure.of(label(item), error)
                failures.append(failure)
                if on_failure:
                    on_failure(item, failure)
            else:
                if on_result:
                    on_result(item, result)
        return MapReport(
            done=len(items) - len(failures),
            failures=tuple(failures),
            peak_rss=peak_rss(),
            seconds=time.monotonic() - began,
        )
