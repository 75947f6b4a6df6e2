"""What the engine asks the machine: how many cores and how much memory this process may use, and how much memory it has held.

Not here: how that is divided among workers (processes.py).
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

_KIB = 1024


def usable_cores() -> int:
    """Cores that this process may use: its CPU affinity, or its container's quota (cgroup v2) where that is smaller. At least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        allowed = int(quota) // int(period)
    except (OSError, ValueError):  # no cgroup v2 here, or the quota is `max`
        return cores
    return max(1, min(cores, allowed))


def usable_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's (cgroup v2) where that is smaller."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):  # no cgroup v2 here, or the limit is `max`
        return memory


def peak_rss() -> int:
    """Largest resident memory that this process has held since it began, in bytes.

    Linux: VmHWM, and not getrusage, whose figure a new process inherits from the one that started it (the maximum survives `execve`).
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB
