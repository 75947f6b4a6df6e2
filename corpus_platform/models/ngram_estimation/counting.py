"""From ids to adjusted counts: which n-grams there are, how often, and after how many different words.

The n-grams of the highest order and those that begin with `<s>` keep their count. Every other n-gram counts the different words before it (`<s>` is
one of them). Sentences begin with order - 1 times `<s>`; an n-gram never holds `<s>` but at its beginning. The statistics of each order (how many
n-grams have adjusted count 1, 2, 3, 4) give the discounts. Source: Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation",
and the behaviour of KenLM's `lmplz`.

Not here: words (vocabulary.py), discounts (discounts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.models.ngram_estimation.sorting import BLOCK_ROWS, Sorter
from corpus_platform.models.ngram_estimation.vocabulary import BEGIN, END, UNKNOWN
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corpus_platform.models.ngram_estimation.packing import Packing

PRUNED = np.uint64(1 << 63)
"""Bit of a count whose n-gram is left out of the model; its probability mass goes to the back-off."""

_ONE = np.uint64(1)
_CLASSES = 5


@dataclass(frozen=True)
class Counts:
    """Statistics of orders 1..N, each of shape (N, ...), int64."""

    of_counts: np.ndarray
    """[:, c]: n-grams with adjusted count c, for c of 0..4."""
    total: np.ndarray
    """Different n-grams, `<unk>` and `<s>` among those of order 1."""
    kept: np.ndarray
    """N-grams that pruning leaves."""


@kernel
def _windows(
    ids: np.ndarray, history: np.ndarray, where: np.ndarray, shifts: np.ndarray, begin: int, end: int, out: np.ndarray
) -> None:
    """Row i of `out`: the n-gram that ends at ids[i], in suffix order, with count 1. `history` is the words before, last first; it is carried over."""
    order = len(history) + 1
    for i in range(len(ids)):
        for column in range(out.shape[1] - 1):
            out[i, column] = 0
        out[i, where[0]] = np.uint64(ids[i]) << shifts[0]
        for back in range(1, order):
            out[i, where[back]] |= np.uint64(history[back - 1]) << shifts[back]
        out[i, out.shape[1] - 1] = 1
        if ids[i] == end:
            history[:] = begin
        elif order > 1:
            for back in range(order - 2, 0, -1):
                history[back] = history[back - 1]
            history[0] = ids[i]


@kernel
def _emit(
    words: np.ndarray,
    size: int,
    count: np.uint64,
    statistic: np.uint64,
    pruned: bool,
    where: np.ndarray,
    shifts: np.ndarray,
    out: np.ndarray,
    used: np.ndarray,
    statistics: np.ndarray,
) -> None:
    """Appends the n-gram of the last `size` words (`words` has the last one first) to out[size - 1], in context order, and counts it."""
    row = out[size - 1, used[size - 1]]
    used[size - 1] += 1
    row[:] = 0
    for position in range(1, size):
        row[where[position - 1]] |= words[position] << shifts[position - 1]
    row[where[size - 1]] |= words[0] << shifts[size - 1]
    row[len(row) - 1] = count | PRUNED if pruned else count
    if statistic < _CLASSES:
        statistics[size - 1, statistic] += 1
    statistics[size - 1, _CLASSES] += 1
    if not pruned:
        statistics[size - 1, _CLASSES + 1] += 1


@kernel
def _adjust(
    rows: np.ndarray,
    open_words: np.ndarray,
    open_counts: np.ndarray,
    open_actual: np.ndarray,
    opened: int,
    where: np.ndarray,
    shifts: np.ndarray,
    mask: np.uint64,
    begin: np.uint64,
    prune: np.ndarray,
    out: np.ndarray,
    used: np.ndarray,
    statistics: np.ndarray,
) -> int:
    """Turns counts of the highest order, in suffix order, into adjusted counts of all orders.

    The n-grams of lower order that end the last row are open: [size] of the open arrays is the one of `size` words, `opened` the longest of them.
    An n-gram is complete, and emitted, when a row ends otherwise. Returns the new `opened`.
    """
    order = len(prune)
    words = np.empty(order, dtype=np.uint64)
    for i in range(len(rows)):
        count = rows[i, rows.shape[1] - 1]
        for position in range(order):
            words[position] = (rows[i, where[position]] >> shifts[position]) & mask
        same = 0
        while same < opened and words[same] == open_words[same]:
            same += 1
        for size in range(opened, same, -1):
            pruned = open_actual[size] <= prune[size - 1] and (size > 1 or open_words[0] > END)
            _emit(open_words, size, open_counts[size], open_counts[size], pruned, where, shifts, out, used, statistics)
        for size in range(1, same + 1):
            open_actual[size] += count
        if same:
            open_counts[same] += _ONE
        opened = same
        whole = True
        for position in range(same, order - 1):
            opened = position + 1
            open_words[position] = words[position]
            open_actual[opened] = count
            open_counts[opened] = _ONE
            if words[position] == begin:
                open_counts[opened] = count
                whole = False
                break
        if whole:
            pruned = count <= prune[order - 1] and (order > 1 or words[0] > END)
            _emit(words, order, count, count, pruned, where, shifts, out, used, statistics)
    return opened


def _sorted_windows(tokens: Path, packing: Packing, folder: Path, memory: int) -> Iterator[np.ndarray]:
    """All different n-grams of the highest order with their counts, in suffix order, from a file of ids."""
    width = packing.columns(packing.order) + 1
    sorter = Sorter(folder, "counts", width, memory, add_up=True)
    history = np.full(packing.order - 1, BEGIN, dtype=np.uint32)
    where, shifts = packing.places()
    rows = np.empty((BLOCK_ROWS, width), dtype=np.uint64)
    with tokens.open("rb") as file:
        while len(ids := np.fromfile(file, dtype=np.uint32, count=BLOCK_ROWS)):
            _windows(ids, history, where, shifts, BEGIN, END, rows)
            sorter.add(rows[: len(ids)])
    tokens.unlink()
    return sorter.blocks()


class _OrderFiles:
    """One file of rows for each order: what `_adjust` emits, in context order within a row, unsorted between rows."""

    def __init__(self, packing: Packing, folder: Path) -> None:
        self.paths = [folder / f"adjusted-{size}.rows" for size in range(1, packing.order + 1)]
        self._columns = [packing.columns(size) for size in range(1, packing.order + 1)]
        self._files = [path.open("wb") for path in self.paths]
        self.out = np.empty((packing.order, BLOCK_ROWS + 4, self._columns[-1] + 1), dtype=np.uint64)
        self.used = np.zeros(packing.order, dtype=np.int64)

    def flush(self) -> None:
        for index, file in enumerate(self._files):
            rows = self.out[index, : self.used[index]]
            np.concatenate([rows[:, : self._columns[index]], rows[:, -1:]], axis=1).tofile(file)
        self.used[:] = 0

    def close(self) -> None:
        self.flush()
        for file in self._files:
            file.close()


def adjusted_counts(
    tokens: Path, packing: Packing, prune: np.ndarray, folder: Path, memory: int
) -> tuple[list[Path], Counts]:
    """Files of rows (key in context order, adjusted count with the `PRUNED` bit) for each order, and their statistics.

    `tokens` is a file of uint32 ids, each sentence ended by `</s>`; it is removed. `prune`: uint64 of shape (order,), n-grams that occur that often or less
    are marked. The last open n-grams enter the statistics (nothing else) with their plain count, since `lmplz` does so.
    """
    order = packing.order
    where, shifts = packing.places()
    files = _OrderFiles(packing, folder)
    statistics = np.zeros((order, _CLASSES + 2), dtype=np.int64)
    opened = 0
    open_words = np.zeros(order, dtype=np.uint64)
    open_counts, open_actual = np.zeros((2, order + 1), dtype=np.uint64)
    target = (where, shifts, files.out, files.used, statistics)
    for special in (UNKNOWN, BEGIN):
        _emit(np.array([special], dtype=np.uint64), 1, np.uint64(0), np.uint64(0), False, *target)
    for rows in _sorted_windows(tokens, packing, folder, memory):
        opened = _adjust(
            rows, open_words, open_counts, open_actual, opened,
            where, shifts, packing.mask, np.uint64(BEGIN), prune, files.out, files.used, statistics,
        )  # fmt: skip
        files.flush()
    for size in range(1, opened + 1):
        pruned = bool(open_actual[size] <= prune[size - 1]) and (size > 1 or open_words[0] > END)
        _emit(open_words, size, open_counts[size], open_actual[size], pruned, *target)
    files.close()
    return files.paths, Counts(statistics[:, :_CLASSES], statistics[:, _CLASSES], statistics[:, _CLASSES + 1])
