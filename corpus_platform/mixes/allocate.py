"""How many tokens each part of a mix gives: exact integers that sum to the budget, or to all there is.

Tokens are handed out one by one, in an order that the budget has no say in: token k of a part of weight w has the place (k + 1/2) / w, and a part has as
many as its capacity. The budget takes the first of them. That is Webster's (Sainte-Laguë's) method with capacities, and what a part can't give goes to
the others by their weights. A part's amount differs from its exact quota by less than one token for each part.
Promise: a larger budget gives no part fewer tokens. (The method of largest remainders can: the Alabama paradox.) The order of parts decides ties only.

Not here: what weights and capacities are (plan.py).
"""

from __future__ import annotations

import heapq
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HALF = Fraction(1, 2)


def allocate(budget: int, weights: Sequence[float | Fraction], capacities: Sequence[int]) -> list[int]:
    """Tokens of each part: `min(budget, sum of capacities of parts with a weight)` in all; none of a part of weight 0.

    Raises ValueError for negative numbers, or lists of two lengths.
    """
    if len(weights) != len(capacities) or budget < 0 or any(w < 0 for w in weights) or any(c < 0 for c in capacities):
        raise ValueError("as many weights as capacities, and no negative number")
    exact = [Fraction(str(w)) if isinstance(w, float) else Fraction(w) for w in weights]
    limits = [capacity if weight else 0 for weight, capacity in zip(exact, capacities, strict=True)]
    if budget >= sum(limits):
        return limits
    # At this level no more than the budget is given: a part rounds up by half a token at most.
    level = _level(max(0, budget - len(exact)), exact, limits)
    given = [min(limit, floor(level * w + _HALF)) for w, limit in zip(exact, limits, strict=True)]
    rest = budget - sum(given)
    queue = [((n + _HALF) / w, i) for i, (n, w) in enumerate(zip(given, exact, strict=True)) if n < limits[i]]
    heapq.heapify(queue)
    for _ in range(rest):
        _, i = heapq.heappop(queue)
        given[i] += 1
        if given[i] < limits[i]:
            heapq.heappush(queue, ((given[i] + _HALF) / exact[i], i))
    return given


def _level(amount: int, weights: Sequence[Fraction], limits: Sequence[int]) -> Fraction:
    """The level at which `sum of min(limit, level * weight)` is the amount, which is below the sum of limits."""
    order = sorted((Fraction(limit) / w, w, limit) for w, limit in zip(weights, limits, strict=True) if w)
    left, open_weight = Fraction(amount), sum((w for _, w, _ in order), Fraction(0))
    for full_at, weight, limit in order:
        if full_at * open_weight >= left:
            return left / open_weight
        left -= limit
        open_weight -= weight
    return Fraction(0)
