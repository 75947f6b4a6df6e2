"""How far two distributions of documents over values are apart.

The population stability index: sum over values of (p - q) * ln(p / q); below 0.1 hardly different, above 0.25 very. And the largest difference of a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAST = 1e-4
"""Share that a value counts with that is not there at all."""
MUCH = 0.25
"""An index from which distributions are told to differ."""


@dataclass(frozen=True)
class Shift:
    """How far apart: the index, and the value whose share differs most, with that difference (after - before)."""

    psi: float
    value: str = ""
    difference: float = 0.0


def shift(before: Mapping[str, int], after: Mapping[str, int]) -> Shift:
    """The shift from one distribution to another; none where one of them is empty."""
    n, m = sum(before.values()), sum(after.values())
    if not n or not m:
        return Shift(0.0)
    psi, most, value = 0.0, 0.0, ""
    for one in sorted({*before, *after}):
        p, q = before.get(one, 0) / n, after.get(one, 0) / m
        low_p, low_q = max(p, _LEAST), max(q, _LEAST)
        psi += (low_q - low_p) * log(low_q / low_p)
        if abs(q - p) > abs(most):
            most, value = q - p, one
    return Shift(psi, value, most)
