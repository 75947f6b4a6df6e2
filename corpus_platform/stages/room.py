"""Whether there is room for what a run will take, before it starts; and what to set where there is little.

What can't be made less is refused: files that the disk has no room for, a task that needs more memory than the machine has. What a setting
bounds is told: ranges of keys and the memory of DuckDB change no result.

Not here: what a run will take (estimate.py and the stages), disks that fill while it goes on (lake/disk.py).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.machine import usable_memory
from corpus_platform.errors import NoRoom
from corpus_platform.stages.estimate import size

if TYPE_CHECKING:
    from corpus_platform.engine.protocol import Engine
    from corpus_platform.lake.storage import Storage
    from corpus_platform.stages.estimate import Estimate

_ANYWAY = "`dedup.check_room: false` starts it all the same"


def check_room(where: str, estimate: Estimate, storage: Storage, engine: Engine) -> None:
    """Raises NoRoom where the disk has less room than the estimate, or one task needs more memory than the machine (a node of the cluster) has."""
    # What goes to a bucket is made on the machine that does the task, a shard at a time: its scratch is what must fit, here or on a node.
    if not (storage.is_s3 and isinstance(engine, Ray)):
        folder = Path(tempfile.gettempdir() if storage.is_s3 else storage.path())
        needed = estimate.spill if storage.is_s3 else estimate.disk + estimate.spill
        there, free = _free(folder)
        if needed > free:
            raise NoRoom(
                f"{where} needs about {size(needed)} of disk, and {there} has {size(free)} free: make room there, then run again. "
                f"Nothing was started; {_ANYWAY}"
            )
    machine, memory = _machine(engine)
    if estimate.least_memory > memory:
        raise NoRoom(
            f"{where} needs about {size(estimate.least_memory)} of memory for one task, and {machine} has {size(memory)}"
            f"{f': {estimate.remedy}' if estimate.remedy else ''}. Nothing was started; {_ANYWAY}"
        )


def _machine(engine: Engine) -> tuple[str, int]:
    """Where tasks run, and its memory in bytes: this machine, or the smallest node of a cluster."""
    if isinstance(engine, Ray):
        return "the smallest node", engine.memory_of_a_machine()
    return "this machine", usable_memory()


def advice(estimate: Estimate, engine: Engine) -> str:
    """What to set where all workers of a machine together would take more memory than it has; empty where they fit."""
    machine, memory = _machine(engine)
    # On a cluster `engine.memory_limit_mb` says how many share a node.
    workers = 1 if isinstance(engine, Ray) else engine.workers
    # No more work at the same time than there are ranges.
    workers = min(workers, estimate.ranges or (1 if estimate.bound else workers))
    if workers * estimate.memory <= memory:
        return ""
    told = f"{workers} workers may take {size(workers * estimate.memory)} and {machine} has {size(memory)}"
    if workers == 1:
        told = f"it may take {size(estimate.memory)} and {machine} has {size(memory)}"
    room = memory / workers - estimate.least_memory
    if estimate.bound and room > 0:
        setting, value = estimate.bound
        smaller = int(value * room / (estimate.memory - estimate.least_memory))
        return f"{told}: set `{setting}` to {_round(smaller)} or less, which changes no result"
    fewer = max(1, int(memory // estimate.memory))
    return (
        f"{told}: set `engine.workers` to {fewer}"
        if fewer < workers
        else f"{told}: {estimate.remedy or 'use a larger one'}"
    )


def _round(number: int) -> int:
    """The number, down to two digits."""
    digits = max(len(str(number)) - 2, 0)
    return max(1, number // 10**digits * 10**digits)


def _free(folder: Path) -> tuple[Path, int]:
    """The folder, or the nearest above it that is there, and the bytes free on its disk."""
    while not folder.exists():
        folder = folder.parent
    return folder, shutil.disk_usage(folder).free
