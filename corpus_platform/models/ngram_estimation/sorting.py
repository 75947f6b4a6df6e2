"""Rows of integers in order, however many there are: a radix sort in memory, runs on disk, a merge of the runs.

Promise: memory stays within the given bytes, and the result does not depend on them. Equal keys are either impossible or added up.

Not here: what the rows mean (packing.py, counting.py).
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from typing import IO, TYPE_CHECKING

import numpy as np

from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BLOCK_ROWS = 1 << 17
"""Rows of a block that is handed on."""

FAN_IN = 64
"""Runs that are merged at once."""

_DIGIT = 11
_FEWEST_ROWS = 256


@kernel
def _less(a: np.ndarray, b: np.ndarray, columns: int) -> bool:
    for column in range(columns):
        if a[column] != b[column]:
            return a[column] < b[column]
    return False


@kernel
def _radix_sort(rows: np.ndarray, spare: np.ndarray, columns: int) -> bool:
    """Sorts by the first `columns` columns, least digit first, to and fro between the arrays; True if the result is in `spare`."""
    digit, low = np.uint64(_DIGIT), np.uint64((1 << _DIGIT) - 1)
    size, width = rows.shape
    digits = -(-64 // _DIGIT)
    tallies = np.zeros((columns * digits, 1 << _DIGIT), dtype=np.int64)
    for row in range(size):
        for column in range(columns):
            value = rows[row, column]
            for place in range(digits):
                tallies[column * digits + place, np.int64(value & low)] += 1
                value >>= digit
    swapped = False
    for column in range(columns - 1, -1, -1):
        for place in range(digits):
            tally = tallies[column * digits + place]
            if tally.max() == size:
                continue
            at = 0
            for value in range(len(tally)):
                at, tally[value] = at + tally[value], at
            shift = np.uint64(place * _DIGIT)
            for row in range(size):
                bucket = np.int64((rows[row, column] >> shift) & low)
                target = tally[bucket]
                tally[bucket] += 1
                for cell in range(width):
                    spare[target, cell] = rows[row, cell]
            rows, spare = spare, rows
            swapped = not swapped
    return swapped


@kernel
def _add_up(rows: np.ndarray) -> int:
    """Adds the payloads of equal neighbours, in place; returns how many rows are left."""
    columns = rows.shape[1] - 1
    last = 0
    for row in range(1, len(rows)):
        same = True
        for column in range(columns):
            same = same and rows[row, column] == rows[last, column]
        if same:
            rows[last, columns] += rows[row, columns]
        else:
            last += 1
            rows[last] = rows[row]
    return last + 1


@kernel
def _count_up_to(rows: np.ndarray, bound: np.ndarray, columns: int) -> int:
    """How many of the sorted rows are not above the bound."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if _less(bound, rows[middle], columns):
            high = middle
        else:
            low = middle + 1
    return low


def in_order(rows: np.ndarray, *, add_up: bool) -> np.ndarray:
    """The rows sorted by all columns but the last; equal keys become one row with the sum of the last column if `add_up`."""
    if not len(rows):
        return rows
    spare = np.empty_like(rows)
    done = spare if _radix_sort(rows, spare, rows.shape[1] - 1) else rows
    return done[: _add_up(done)] if add_up else done


def read_rows(file: IO[bytes], rows: int, width: int) -> np.ndarray:
    """The next rows of a file of uint64, fewer at its end."""
    return np.fromfile(file, dtype=np.uint64, count=rows * width).reshape(-1, width)


def blocks_of_file(path: Path, width: int, rows: int = BLOCK_ROWS) -> Iterator[np.ndarray]:
    """Blocks of a file of rows, in its order."""
    with path.open("rb") as file:
        while len(block := read_rows(file, rows, width)):
            yield block


class Sorter:
    """Takes rows in any order, gives them back sorted, and keeps at most `memory` bytes of them in memory.

    Rows are of shape (n, width), uint64; the last column is the payload. With `add_up`, rows of equal key become one, with the sum of their payloads;
    without it keys must differ. Use: `add` as often as needed, then `finish` or `blocks`, once.
    """

    def __init__(self, folder: Path, name: str, width: int, memory: int, *, add_up: bool = False) -> None:
        """Runs are files `<name>-<number>.run` in the folder."""
        self._paths = (folder / f"{name}-{number}.run" for number in count())
        self._width = width
        self._memory = memory
        self._add_up = add_up
        self._room = max(_FEWEST_ROWS, memory // (16 * width))
        self._buffer = np.empty((0, width), dtype=np.uint64)
        self._used = 0
        self._runs: list[Path] = []

    def add(self, rows: np.ndarray) -> None:
        """Takes the rows; they are copied."""
        if not len(self._buffer):
            self._buffer = np.empty((self._room, self._width), dtype=np.uint64)
        start = 0
        while start < len(rows):
            part = rows[start : start + self._room - self._used]
            self._buffer[self._used : self._used + len(part)] = part
            self._used += len(part)
            start += len(part)
            if self._used == self._room:
                self._spill()

    def finish(self) -> None:
        """Writes what is in memory as the last run and frees the memory."""
        self._spill()
        self._buffer = np.empty((0, self._width), dtype=np.uint64)

    def blocks(self) -> Iterator[np.ndarray]:
        """All rows in order, in blocks of up to `BLOCK_ROWS`. The files are gone afterwards."""
        self.finish()
        while len(self._runs) > FAN_IN:
            group, self._runs = self._runs[:FAN_IN], self._runs[FAN_IN:]
            path = next(self._paths)
            with path.open("wb") as file:
                for block in self._merge(group):
                    block.tofile(file)
            self._runs.append(path)
        runs, self._runs = self._runs, []
        for merged in self._merge(runs):
            for start in range(0, len(merged), BLOCK_ROWS):
                yield merged[start : start + BLOCK_ROWS]

    def _spill(self) -> None:
        if not self._used:
            return
        path = next(self._paths)
        in_order(self._buffer[: self._used], add_up=self._add_up).tofile(path)
        self._runs.append(path)
        self._used = 0

    def _merge(self, runs: list[Path]) -> Iterator[np.ndarray]:
        if len(runs) == 1:
            yield from blocks_of_file(runs[0], self._width)
        elif runs:
            with ExitStack() as stack:
                files = [stack.enter_context(path.open("rb")) for path in runs]
                yield from self._merge_files(files)
        for path in runs:
            path.unlink()

    def _merge_files(self, files: Sequence[IO[bytes]]) -> Iterator[np.ndarray]:
        """Sorts together what is certain to come next: the rows up to the lowest of the buffers' last rows."""
        room = max(_FEWEST_ROWS, self._memory // (24 * self._width * len(files)))
        columns = self._width - 1
        heads = [read_rows(file, room, self._width) for file in files]
        while any(len(head) for head in heads):
            bound = min((tuple(head[-1, :columns].tolist()) for head in heads if len(head) == room), default=None)
            taken = []
            for number, head in enumerate(heads):
                limit = len(head) if bound is None else _count_up_to(head, np.array(bound, dtype=np.uint64), columns)
                taken.append(head[:limit])
                if limit:
                    more = read_rows(files[number], room - (len(head) - limit), self._width)
                    heads[number] = np.concatenate([head[limit:], more])
            yield in_order(np.concatenate(taken), add_up=self._add_up)
