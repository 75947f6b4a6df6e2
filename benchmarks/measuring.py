"""What a process and all below it take: wall and CPU seconds by phase, most memory, most disk.

*Resident* counts shared and mapped pages once for each process; *anonymous* is what the kernel can't drop. Linux only: both are read from /proc.
"""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil


def cpu_seconds() -> float:
    """User and system time of this process, of those below it that have ended, and of those that run."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass
class Clock:
    """Wall and CPU seconds by phase, of this process and all below it."""

    phases: dict[str, dict[str, float]] = field(default_factory=dict)
    _wall: float = field(default_factory=time.perf_counter)
    _cpu: float = field(default_factory=cpu_seconds)

    def told(self, phase: str) -> None:
        """Ends a phase: what has passed since the last one counts to this one."""
        wall, cpu = time.perf_counter(), cpu_seconds()
        spent = self.phases.setdefault(phase, {"wall": 0.0, "cpu": 0.0})
        spent["wall"] += wall - self._wall
        spent["cpu"] += cpu - self._cpu
        self._wall, self._cpu = wall, cpu


class Watch(threading.Thread):
    """Looks at a process and all below it, and at a folder, for the most memory and disk that they have held together."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self.pid, self.folder = pid, folder
        self.resident = self.anonymous = self.disk = 0
        self._told = threading.Event()

    def run(self) -> None:
        """Looks until it is told to stop: at memory ten times a second, at the folder once in five looks."""
        look = 0
        while not self._told.wait(0.1):
            resident, anonymous = tree_memory(self.pid)
            self.resident, self.anonymous = max(self.resident, resident), max(self.anonymous, anonymous)
            if look % 5 == 0:
                self.disk = max(self.disk, folder_size(self.folder))
            look += 1

    def stop(self) -> dict[str, int]:
        """The peaks in bytes."""
        self._told.set()
        self.join(10)
        self.disk = max(self.disk, folder_size(self.folder))
        return {"resident": self.resident, "anonymous": self.anonymous, "disk": self.disk}


def tree_memory(pid: int) -> tuple[int, int]:
    """Resident and anonymous bytes of a process and all below it, from /proc."""
    resident = anonymous = 0
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0, 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            continue
        sizes = {
            name: int(rest.split()[0]) * 1024
            for name, _, rest in (line.partition(":") for line in lines)
            if name.startswith(("VmRSS", "RssAnon"))
        }
        resident, anonymous = resident + sizes.get("VmRSS", 0), anonymous + sizes.get("RssAnon", 0)
    return resident, anonymous


def folder_size(folder: Path) -> int:
    """Bytes that the files below a folder take on disk; what vanishes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            stat = path.stat()
        except OSError:
            continue
        total += stat.st_blocks * 512 if path.is_file() else 0
    return total
