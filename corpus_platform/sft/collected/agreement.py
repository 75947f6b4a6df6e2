"""How far reviewers agree: share of equal verdicts, Cohen's kappa, Krippendorff's alpha for nominal verdicts.

    agreement([{"ann": "good", "bo": "good"}, {"ann": "bad", "bo": "good"}])

A *unit* is one answer with the verdict of each of its reviewers, by reviewer; units may have different reviewers, and some may be missing.
Promise: figures depend on the units alone, not on their order; where a figure has no meaning it is None: kappa with other than two reviewers in all,
kappa and alpha where only one verdict was ever given.
Sources: Cohen 1960, "A coefficient of agreement for nominal scales"; Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".

Not here: what becomes of an answer by its verdicts (human.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PAIR = 2


@dataclass(frozen=True)
class Agreement:
    """The figures of some units; `units` counts those with two verdicts or more, which all figures but `reviewers` are about."""

    units: int
    reviewers: int
    percent: float | None
    """Share of equal verdicts among all pairs of verdicts on one answer, 0..1."""
    kappa: float | None
    alpha: float | None


def agreement(units: Iterable[Mapping[str, str]]) -> Agreement:
    """The figures of units: verdict by reviewer."""
    every = list(units)
    reviewers = sorted({name for unit in every for name in unit})
    paired = [unit for unit in every if len(unit) >= _PAIR]
    kappa = None
    if len(reviewers) == _PAIR:
        first, second = reviewers
        kappa = cohens_kappa([unit[first] for unit in paired], [unit[second] for unit in paired])
    verdicts = [list(unit.values()) for unit in paired]
    return Agreement(len(paired), len(reviewers), percent_agreement(verdicts), kappa, krippendorffs_alpha(verdicts))


def percent_agreement(units: Iterable[Sequence[str]]) -> float | None:
    """Share of equal verdicts among all pairs of verdicts on one answer; None where there is no pair."""
    equal = pairs = 0
    for verdicts in units:
        for one, other in combinations(verdicts, _PAIR):
            pairs += 1
            equal += one == other
    return equal / pairs if pairs else None


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Agreement of two reviewers beyond chance: (observed - expected) / (1 - expected). The sequences are of the same answers, in one order."""
    n = len(first)
    if not n:
        return None
    observed = sum(one == other for one, other in zip(first, second, strict=True)) / n
    one, other = Counter(first), Counter(second)
    expected = sum(one[verdict] * other[verdict] for verdict in one) / (n * n)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def krippendorffs_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Reliability of nominal verdicts by any number of reviewers, some of which may be missing: 1 - observed / expected disagreement."""
    paired = [Counter(verdicts) for verdicts in units if len(verdicts) >= _PAIR]
    total: Counter[str] = Counter()
    observed = 0.0
    for unit in paired:
        total.update(unit)
        m = unit.total()
        # Ordered pairs of different verdicts of the unit, each weighted so that a unit counts by its verdicts.
        observed += sum(count * (m - count) for count in unit.values()) / (m - 1)
    n = total.total()
    expected = sum(count * (n - count) for count in total.values()) / (n - 1) if n > 1 else 0.0
    return None if expected == 0 else 1 - observed / expected
