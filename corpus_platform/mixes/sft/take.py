"""The loop that draws rows: always from the cell whose values are furthest behind their shares.

Not here: cells, shares and sequences (draw.py), whose slow twin is in its tests.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportAssignmentType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import kernel, part


@kernel
def take(
    units: np.ndarray,
    epochs: np.ndarray,
    keys: np.ndarray,
    half: float,
    position: np.ndarray,
    end: np.ndarray,
    open_cells: np.ndarray,
    cell_value: np.ndarray,
    share: np.ndarray,
    used: np.ndarray,
    cell_capped: np.ndarray,
    cap: np.ndarray,
    capped: np.ndarray,
    cell_leaf: np.ndarray,
    limit: np.ndarray,
    by_rows: np.ndarray,
    given: np.ndarray,
    budget: int,
    order: np.ndarray,
    n: int,
    total: int,
) -> tuple[int, int]:
    """Draws until the budget is met or no open cell may give; rows and units that are drawn in all.

    `units` i64[sequence] of each row, `epochs` i16 and `keys` u64 of it decide between cells that are alike; `half` is half of a usual row. `position` and
    `end` i64[cells] say where a cell goes on and ends; `cell_value` i64[cells, dimensions] are places in `share` and `used` f64; `cell_capped`
    i64[cells, caps] places in `cap` and `capped` f64, -1 for none; `limit` and `given` i64[leaves]; in `order` places are noted from n on.
    """
    while total < budget:
        best, least = -1, np.inf
        for c in open_cells:
            leaf = cell_leaf[c]
            if position[c] == end[c] or given[leaf] >= limit[leaf]:
                continue
            size = units[position[c]]
            if _waits(cell_capped, c, cap, capped, total + size):
                continue
            cost = _cost(cell_value, c, share, used, half)
            if cost < least or (cost == least and _is_before(epochs, keys, position[c], position[best])):
                best, least = c, cost
        if best < 0:
            break
        size = units[position[best]]
        order[n] = position[best]
        n += 1
        total += size
        position[best] += 1
        given[cell_leaf[best]] += 1 if by_rows[cell_leaf[best]] else size
        for value in cell_value[best]:
            used[value] += size
        for value in cell_capped[best]:
            if value >= 0:
                capped[value] += size
    return n, total


@part
def _cost(cell_value: np.ndarray, c: int, share: np.ndarray, used: np.ndarray, half: float) -> float:
    """How far ahead of their shares the values of a cell would be, with half of a row."""
    cost = 0.0
    for d in range(cell_value.shape[1]):
        value = cell_value[c, d]
        cost += (used[value] + half) / share[value]
    return cost


@part
def _waits(cell_capped: np.ndarray, c: int, cap: np.ndarray, capped: np.ndarray, total: int) -> bool:
    """Whether a value of a cell has its cap of what is drawn, with the row; it may exceed it by its last row."""
    waits = False
    for k in range(cell_capped.shape[1]):
        value = cell_capped[c, k]
        waits |= value >= 0 and capped[value] >= cap[value] * total
    return waits


@part
def _is_before(epochs: np.ndarray, keys: np.ndarray, one: int, other: int) -> bool:
    """Whether one row's turn is before the other's: in an earlier epoch, or of a lower key."""
    if epochs[one] != epochs[other]:
        return epochs[one] < epochs[other]
    return keys[one] < keys[other]
