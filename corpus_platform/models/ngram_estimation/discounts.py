"""Discounts of modified Kneser-Ney, from how many n-grams have adjusted count 1, 2, 3 and 4.

Source: Chen and Goodman 1998, equation 26; limits and fallback as in KenLM's `lmplz` (--discount_fallback).

Not here: counting (counting.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

Discounts = tuple[float, float, float]
"""What is taken off an adjusted count of 1, of 2, and of 3 or more."""

FALLBACK: Discounts = (0.5, 1.0, 1.5)


def fallback_of(setting: bool | Sequence[float]) -> Discounts | None:
    """The fallback that a setting asks for: True the usual one, False none, three numbers themselves. Raises `SettingsError`."""
    if isinstance(setting, bool):
        return FALLBACK if setting else None
    values = tuple(float(value) for value in setting)
    if len(values) != 3 or not all(0 <= value <= count for count, value in enumerate(values, start=1)):
        raise SettingsError(
            f"fallback_discounts {values}: give three numbers, for counts 1, 2 and 3, each between 0 and its count"
        )
    return (values[0], values[1], values[2])


def discounts_of(order: int, of_counts: Sequence[int], fallback: Discounts | None) -> tuple[Discounts, bool]:
    """The discounts of one order and whether they are the fallback; `of_counts[c]` is the number of its n-grams with adjusted count c, c of 0..4.

    Raises `ModelError` where the formula has no answer and there is no fallback.
    """
    n1, n2, n3, n4 = (int(number) for number in of_counts[1:5])
    trouble = next(
        (f"no {order}-gram has adjusted count {c}" for c, n in enumerate((n1, n2, n3), start=1) if not n), ""
    )
    if not trouble:
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        wrong = [c for c, value in enumerate(found, start=1) if not 0 <= value <= c]
        if not wrong:
            return found, False
        trouble = f"the discount of {order}-grams with adjusted count {wrong[0]} would be {found[wrong[0] - 1]:.4g}"
    if fallback is None:
        raise ModelError(
            f"no Kneser-Ney discounts for order {order}: {trouble}. The text is too small, repeats itself or is artificial: "
            "give more text, remove duplicates, or allow fallback discounts"
        )
    return fallback, True
