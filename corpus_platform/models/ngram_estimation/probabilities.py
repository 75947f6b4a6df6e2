"""From adjusted counts to probabilities and back-offs, by sorting and joining streams of rows.

For n-grams c w of one order, with a(c w) the adjusted count, D the discounts and a(c) the sum of a(c w) over w:
p(w | c) = (a(c w) - D) / a(c) + g(c) p(w | c without its first word), g(c) = (sum of all D taken in c + pruned counts) / a(c).
Below the unigrams is the uniform distribution over all words but `<s>`; `<unk>` has count 0, p(`<s>`) is 1. g(c) is the back-off of the n-gram c.
Source: Heafield et al. 2013; Chen and Goodman 1998.

Not here: discounts (discounts.py), the text of the model file (arpa.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.models.ngram_estimation.counting import PRUNED
from corpus_platform.models.ngram_estimation.sorting import Sorter, blocks_of_file
from corpus_platform.models.ngram_estimation.vocabulary import BEGIN
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corpus_platform.models.ngram_estimation.discounts import Discounts
    from corpus_platform.models.ngram_estimation.packing import Packing

_COUNT = ~PRUNED
_THREE = np.uint64(3)


@kernel
def _shares_prefix(a: np.ndarray, b: np.ndarray, masks: np.ndarray) -> bool:
    different = np.uint64(0)
    for column in range(len(masks)):
        different |= (a[column] ^ b[column]) & masks[column]
    return different == 0


@kernel
def _start_of_last_group(rows: np.ndarray, masks: np.ndarray) -> int:
    start = len(rows) - 1
    while start > 0 and _shares_prefix(rows[start - 1], rows[start], masks):
        start -= 1
    return start


@kernel
def _weights(rows: np.ndarray, start: int, stop: int, discounts: np.ndarray) -> tuple[float, float]:
    """Sum of the adjusted counts of rows[start:stop], and the share of it that goes to the lower order."""
    last = rows.shape[1] - 1
    total = pruned = np.uint64(0)
    classes = np.zeros(4, dtype=np.int64)
    for i in range(start, stop):
        count = rows[i, last] & _COUNT
        total += count
        if rows[i, last] & PRUNED:
            pruned += count
        else:
            classes[np.int64(min(count, _THREE))] += 1
    taken = discounts[1] * classes[1] + discounts[2] * classes[2] + discounts[3] * classes[3]
    return float(total), (taken + float(pruned)) / float(total)


@kernel
def _discount(
    rows: np.ndarray,
    size: int,
    where: np.ndarray,
    shifts: np.ndarray,
    mask: np.uint64,
    masks: np.ndarray,
    discounts: np.ndarray,
    out: np.ndarray,
    out_floats: np.ndarray,
    gammas: np.ndarray,
    gamma_values: np.ndarray,
) -> tuple[int, int]:
    """Rows of `size` words in context order, whole contexts, to rows in suffix order with (own share, weight of the lower order) as two float32.

    Also one row for each context with its weight as float64. Returns how many rows and contexts were written; pruned rows are not.
    """
    columns = rows.shape[1] - 1
    written = contexts = start = 0
    while start < len(rows):
        stop = start + 1
        while stop < len(rows) and _shares_prefix(rows[start], rows[stop], masks):
            stop += 1
        total, gamma = _weights(rows, start, stop, discounts)
        for column in range(gammas.shape[1] - 1):
            gammas[contexts, column] = rows[start, column] & masks[column]
        gamma_values[contexts, gammas.shape[1] - 1] = gamma
        contexts += 1
        for i in range(start, stop):
            count = rows[i, columns]
            if count & PRUNED:
                continue
            word = (rows[i, where[size - 1]] >> shifts[size - 1]) & mask
            out[written, :] = 0
            out[written, 0] = word << shifts[0]
            for position in range(1, size):
                other = (rows[i, where[position - 1]] >> shifts[position - 1]) & mask
                out[written, where[position]] |= other << shifts[position]
            begins = size == 1 and word == np.uint64(BEGIN)
            share = (float(count) - discounts[np.int64(min(count, _THREE))]) / total
            out_floats[written, 2 * columns] = 1.0 if begins else share
            out_floats[written, 2 * columns + 1] = 0.0 if begins else gamma
            written += 1
        start = stop
    return written, contexts


@kernel
def _look_up(
    rows: np.ndarray,
    i: int,
    masks: np.ndarray,
    table: np.ndarray,
    table_values: np.ndarray,
    j: int,
    ended: bool,
    values: np.ndarray,
) -> tuple[int, int]:
    """Merge join of two sorted arrays: values[i] becomes the table's value for the row's prefix, if it is there.

    Returns the next row and the place in the table; stops where the table must be read on, unless it has `ended`.
    """
    columns = table.shape[1] - 1
    while i < len(rows):
        order = 1
        while j < len(table):
            order = 0
            for column in range(columns):
                prefix = rows[i, column] & masks[column]
                if table[j, column] != prefix:
                    order = -1 if table[j, column] < prefix else 1
                    break
            if order >= 0:
                break
            j += 1
        if j == len(table) and not ended:
            break
        if j < len(table) and order == 0:
            values[i] = table_values[j, columns]
        i += 1
    return i, j


def _whole_contexts(blocks: Iterator[np.ndarray], masks: np.ndarray) -> Iterator[np.ndarray]:
    """The same rows in blocks that end where a context ends; a context is never longer than the vocabulary."""
    pending: list[np.ndarray] = []
    for block in blocks:
        cut = _start_of_last_group(block, masks)
        if cut == 0 and not (pending and not _shares_prefix(pending[-1][-1], block[0], masks)):
            pending.append(block)
            continue
        yield np.concatenate([*pending, block[:cut]])
        pending = [block[cut:]]
    if pending:
        yield np.concatenate(pending)


class Discounted:
    """One order's n-grams after discounting: `rows` sorted in suffix order, and a file of the weights of its contexts."""

    def __init__(
        self, size: int, packing: Packing, adjusted: Path, discounts: Discounts, *, folder: Path, memory: int
    ) -> None:
        """Reads the rows of adjusted counts of n-grams of `size` words, and removes their file."""
        self._columns = packing.columns(size)
        self._packing, self._size = packing, size
        self._discounts = np.array([0.0, *discounts])
        self.gammas = folder / f"gammas-{size}.rows"
        self.gamma_width = packing.columns(max(1, size - 1)) + 1
        self._sorted = Sorter(folder, f"suffix-{size}", self._columns + 1, memory // 2)
        by_context = Sorter(folder, f"context-{size}", self._columns + 1, memory // 2)
        for block in blocks_of_file(adjusted, self._columns + 1):
            by_context.add(block)
        adjusted.unlink()
        masks = packing.prefix_masks(size - 1, self._columns)
        with self.gammas.open("wb") as file:
            for block in _whole_contexts(by_context.blocks(), masks):
                self._discount(block, masks).tofile(file)
        self._sorted.finish()

    def rows(self) -> Iterator[np.ndarray]:
        """Blocks in suffix order; the payload is two float32: own share, weight of the lower order. Once only."""
        return self._sorted.blocks()

    def _discount(self, block: np.ndarray, masks: np.ndarray) -> np.ndarray:
        out = np.empty_like(block)
        gammas = np.empty((len(block), self.gamma_width), dtype=np.uint64)
        written, contexts = _discount(
            block, self._size, *self._packing.places(), self._packing.mask, masks, self._discounts,
            out, out.view(np.float32), gammas, gammas.view(np.float64),
        )  # fmt: skip
        self._sorted.add(out[:written])
        return gammas[:contexts]


class SortedTable:
    """A file of sorted rows with float64 payloads, looked up in order: each call's rows must come after those of the last."""

    def __init__(self, path: Path, words: int, packing: Packing) -> None:
        """The keys of the file are the first `words` words of the rows that will be looked up."""
        self._width = packing.columns(words) + 1
        self._masks = packing.prefix_masks(words, self._width - 1)
        self._path = path
        self._blocks = blocks_of_file(path, self._width)
        self._table = np.empty((0, self._width), dtype=np.uint64)
        self._at = 0
        self._ended = False

    def values(self, rows: np.ndarray, default: float) -> np.ndarray:
        """The value of each row's prefix, `default` where the table has none: float64 of shape (rows,)."""
        found = np.full(len(rows), default)
        done = 0
        while done < len(rows):
            table = self._table
            done, self._at = _look_up(
                rows, done, self._masks, table, table.view(np.float64), self._at, self._ended, found
            )
            if done < len(rows):
                self._read_on()
        return found

    def remove(self) -> None:
        """Closes and removes the file."""
        self._blocks.close()  # type: ignore[attr-defined]
        self._path.unlink()

    def _read_on(self) -> None:
        block = next(self._blocks, None)
        self._ended = block is None
        if block is not None:
            self._table, self._at = block, 0


def interpolated(rows: np.ndarray, lower: np.ndarray | float) -> np.ndarray:
    """Probabilities of rows from `Discounted.rows`, given those of their n-grams without the first word: float64."""
    parts = rows.view(np.float32)[:, -2:].astype(np.float64)
    return parts[:, 0] + parts[:, 1] * lower
