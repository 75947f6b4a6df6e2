"""What a run will take, told before it starts: rows, keys, memory, disk and time, as far as they can be known.

Figures are those of the last run of the same kind where there was one, else constants that a benchmark gave. They are no promise: where a run is
refused for want of room (room.py), a setting lets it start all the same.

Not here: the figures of a stage (dedup_estimates.py), what becomes of them (run.py, room.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """What the shards to run will take.

    `rows`: documents at most; `keys`: what is compared of them; `bytes_in`: of the files that are read; `memory`: bytes of one worker; `disk`: bytes
    of the files that are written; `new_seconds`, `old_seconds`: of one core, for what is new and for what earlier snapshots hold.
    """

    rows: int
    keys: int
    bytes_in: int
    memory: int
    disk: int
    new_seconds: float
    old_seconds: float = 0.0
    notes: tuple[str, ...] = ()

    earlier: int = 0
    """Rows of earlier snapshots that are read."""
    snapshots: int = 0
    """Earlier snapshots that they are of."""
    ranges: int = 0
    """Ranges of keys, where the keys are matched in ranges."""
    spill: int = 0
    """Bytes of scratch files at most."""
    least_memory: int = 0
    """Memory of one worker that no setting makes less; what is above it shrinks with `bound`."""
    bound: tuple[str, int] | None = None
    """Setting that bounds the memory, with its value."""
    remedy: str = ""
    """What helps where even the least memory is too much."""
    words: tuple[str, str] = ("keys", "keys")
    """What `keys` and `earlier` are called."""

    def __str__(self) -> str:
        what, old = self.words
        parts = [
            f"{self.rows:,} documents, {self.keys:,} {what}" + (f" in {_ranges(self.ranges)}" if self.ranges else "")
        ]
        disk = f"{size(self.disk + self.spill)} of disk"
        parts.append(f"{size(self.bytes_in)} in, {size(self.memory)} a worker, {disk}")
        time = f"about {duration(self.new_seconds)} for the new documents"
        if self.snapshots:
            snapshots = "1 earlier snapshot" if self.snapshots == 1 else f"{self.snapshots:,} earlier snapshots"
            time += f" and {duration(self.old_seconds)} for {self.earlier:,} {old} of {snapshots}"
        return "\n".join(
            ["; ".join([*parts, time]), *("; ".join(self.notes[i : i + 3]) for i in range(0, len(self.notes), 3))]
        )


def _ranges(count: int) -> str:
    return "1 range" if count == 1 else f"{count:,} ranges"


def size(count: float) -> str:
    """Bytes for people: `620 MB`, `4.2 GB`."""
    for unit, least in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= least * 0.9995:
            number = count / least
            return f"{number:,.1f} {unit}" if number < 10 else f"{number:,.0f} {unit}"
    return f"{count / 1e6:.1f} MB" if count >= 5e4 else f"{count / 1e3:,.1f} kB"


def duration(seconds: float) -> str:
    """Seconds for people: `40 s`, `2 min`, `3.5 h`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
