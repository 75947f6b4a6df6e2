"""Counts over people's data that may be published: small groups are merged, and noise hides whether any one unit is among the counted.

A *unit* is what is protected: a document, or all documents of an author or a domain. Two measures, alone or together:

- `min_group` N: groups of fewer than N are merged into one row, `other`. A single merged group could be told by taking the shown ones from the total, so
  `other` holds at least two groups and at least N; where it would not, the smallest shown groups join it. Nobody in a large group is protected.
- `epsilon` E: differential privacy. Each count gets Laplace noise on whole numbers (two-sided geometric) of scale sensitivity / E, where the
  *sensitivity* is how much one unit can change all counts of a table together. With both measures groups are chosen by their noisy counts, so
  the choice gives nothing away but with a small probability that is told (`delta`).

Several tables of one release share its budget: `Privacy.split`. What is recorded says all that a reader needs, and never the noise or its seed.

Sources: Dwork, McSherry, Nissim and Smith 2006 (noise by sensitivity); Ghosh, Roughgarden and Sundararajan 2009 (the geometric mechanism); Korolova,
Kenthapadi, Mishra and Ntoulas 2009 (names of groups behind a noisy threshold).

Not here: what is counted (release.py), two or more published tables that can be taken from one another: split the budget over all of them.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = "other"
UNKNOWN = "unknown"
"""Name of the group of those that state none."""


@dataclass(frozen=True)
class Privacy:
    """How counts are protected. Without either measure they are published as they are."""

    min_group: int = 0
    """Smallest group that is shown; 0: all."""
    epsilon: float | None = None
    """Privacy budget of all tables together; None: no noise."""
    sensitivity: int = 1
    """Most that one unit adds to all counts of a table together."""
    unit: str = "document"
    """What is protected."""

    def __post_init__(self) -> None:
        """Refuses measures that mean nothing."""
        if self.min_group < 0:
            raise SettingsError(f"--min-group is 0 or more, and not {self.min_group}")
        if self.epsilon is not None and not (self.epsilon > 0 and math.isfinite(self.epsilon)):
            raise SettingsError(f"--epsilon is a number above 0, and not {self.epsilon}")
        if self.sensitivity < 1:
            raise SettingsError(f"the sensitivity of a count is 1 or more, and not {self.sensitivity}")

    def split(self, tables: int) -> Privacy:
        """The measures of each of so many tables: all of them together then keep within the budget."""
        if self.epsilon is None or tables < 2:
            return self
        return Privacy(self.min_group, self.epsilon / tables, self.sensitivity, self.unit)

    def as_json(self) -> dict[str, Any]:
        """The measures as a manifest records them."""
        return asdict(self)


@dataclass(frozen=True)
class Protected:
    """Counts that may be published, largest first and `other` last, and what was done to them."""

    counts: pl.DataFrame
    facts: dict[str, Any]


def system_uniforms(n: int) -> np.ndarray:
    """float64[n] in (0, 1], from the system's randomness."""
    bits = np.frombuffer(secrets.token_bytes(8 * n), np.uint64) >> np.uint64(11)
    return (bits.astype(np.float64) + 1.0) / (1 << 53)


def protect(
    counts: pl.DataFrame,
    by: str,
    value: str,
    *,
    min_group: int = 0,
    epsilon: float | None = None,
    sensitivity: int = 1,
    unit: str = "document",
    uniforms: Callable[[int], np.ndarray] = system_uniforms,
) -> Protected:
    """Protects one table of counts: a row for each group, its name in `by` and its count in `value`.

    `epsilon` is the budget of this table alone. The result has the same two columns (text and Int64) and at most one row `other`.
    `uniforms` gives so many numbers in (0, 1]: tests give a seeded one.
    """
    how = Privacy(min_group, epsilon, sensitivity, unit)
    named = counts.select(pl.col(by).cast(pl.String).fill_null(UNKNOWN), pl.col(value).cast(pl.Int64))
    frame = named.group_by(by).agg(pl.col(value).sum())
    # Sorted by name before noise is added: a seed in a test must give the same counts whatever order groups came in.
    frame = frame.sort(by)
    facts = {**how.as_json(), "tables": 1}
    if epsilon is not None:
        noise = two_sided_geometric(sensitivity / epsilon, frame.height, uniforms)
        frame = frame.with_columns(pl.Series(value, frame[value].to_numpy() + noise, dtype=pl.Int64))
        facts |= {"noise": "two-sided geometric", "scale": sensitivity / epsilon, "delta": _delta(how)}
    shown, rest = _parted(frame, by, value, how)
    if epsilon is None:
        facts["merged_groups"] = rest.height
    rows = [shown.sort(value, by, descending=[True, False])]
    if rest.height:
        rows.append(pl.DataFrame({by: [OTHER], value: [int(rest[value].sum())]}, schema=frame.schema))
    # A count below nothing is noise: to clip it is free.
    return Protected(pl.concat(rows).with_columns(pl.col(value).clip(lower_bound=0)), facts)


def two_sided_geometric(scale: float, n: int, uniforms: Callable[[int], np.ndarray] = system_uniforms) -> np.ndarray:
    """int64[n] of Laplace noise on whole numbers: P(k) is in proportion to exp(-|k| / scale)."""
    first, second = (np.floor(-scale * np.log(uniforms(n))) for _ in range(2))
    return (first - second).astype(np.int64)


def _parted(frame: pl.DataFrame, by: str, value: str, how: Privacy) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups that are shown, and those that are merged."""
    is_other = pl.col(by) == OTHER
    small = frame.filter((pl.col(value) < how.min_group) | is_other)
    large = frame.filter((pl.col(value) >= how.min_group) & ~is_other).sort(value, by)
    if how.min_group == 0 or small.is_empty():
        return large, small
    joined = 0
    if how.epsilon is None:
        held, groups = int(small[value].sum()), small.height
        while joined < large.height and (groups < 2 or held < how.min_group):
            held, groups, joined = held + large[value][joined], groups + 1, joined + 1
    rest = pl.concat([small, large[:joined]])
    hidden = rest.height < 2 and how.epsilon is None
    if hidden or int(rest[value].sum()) < how.min_group:
        # Even all together are too few to be told of.
        return large[joined:], rest.clear()
    return large[joined:], rest


def _delta(how: Privacy) -> float:
    """Probability that a group which is there only because of one unit passes the threshold; 1 where there is no threshold.

    Such a group has at most `sensitivity` of true count; P(noise >= t) = a^t / (1 + a) for t >= 1, a = exp(-1 / scale).
    """
    assert how.epsilon is not None
    beyond = how.min_group - how.sensitivity
    if beyond < 1:
        return 1.0
    a = math.exp(-how.epsilon / how.sensitivity)
    # A unit can be the only one in as many groups as it adds to counts.
    return min(1.0, how.sensitivity * a**beyond / (1 + a))
