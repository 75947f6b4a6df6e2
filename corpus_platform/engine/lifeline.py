"""The tie between a worker process and its parent: when the parent ends, however it ends, the worker ends at once.

Two ties, for each has its gap. On Linux the kernel kills the worker with its parent (PR_SET_PDEATHSIG), even inside a compiled loop that
holds the interpreter lock; more exactly, with the *thread* that started it, which is why workers do not outlive the call of `map`. Everywhere, a
thread waits on a pipe whose other end only the parent holds, and ends the process when it closes.

`parent_is_alive()` is for tasks: ask it before you make a result visible, so that nothing appears after the run was killed. On a cluster, where
the parent is on another machine, the worker says how that is found out (`asks`).

Not here: how workers are started (handle.py, cluster.py) and what they do (worker.py, cluster_worker.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ORPHANED = 70
"""Exit code of a worker whose parent has gone."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_ask: Callable[[], bool] | None = None


def parent_is_alive() -> bool:
    """Whether the process that started this worker still runs, and waits for what it does. True in a process that is no worker."""
    return _ask is None or _ask()


def asks(whether: Callable[[], bool]) -> None:
    """From now on `parent_is_alive` answers what `whether` does."""
    global _ask  # noqa: PLW0603  (a process has one parent)
    _ask = whether


def tie_to_parent(parent: int, lifeline: int) -> None:
    """Makes this process end when process `parent` does. `lifeline` is the reading end of a pipe that the parent never writes to."""
    asks(lambda: os.getppid() == parent)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            prctl = ctypes.CDLL(None).prctl
            prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
            prctl(_PR_SET_NAME, ctypes.c_char_p(b"corpus-worker"), 0, 0, 0)
    if not parent_is_alive():  # it ended before the kernel was asked
        os._exit(ORPHANED)
    threading.Thread(target=_wait_for_the_end, args=(lifeline,), name="lifeline", daemon=True).start()


def offer_to_the_oom_killer() -> None:
    """Asks the kernel to end this worker, and not its parent, when memory runs out: a worker is replaced, a parent is not."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _wait_for_the_end(lifeline: int) -> None:
    with contextlib.suppress(OSError):
        os.read(lifeline, 1)
    os._exit(ORPHANED)
