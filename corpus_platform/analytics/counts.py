"""How many distinct addresses, domains and paragraphs there are: of a snapshot, of several together, and what each one adds.

Estimates of merged sketches, with a standard error of 0.8% of what was merged. What a snapshot adds is the difference of two such estimates, so
its error is that share of the union, and not of the addition.

Not here: how sketches are made and merged (stages/sketches.py), exact counts of addresses (the table web.url_history).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.stages.sketches import NAMES, SKETCHES, estimate, merged, registers_of
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from corpus_platform.lake import Lake


def counts(lake: Lake, variant: str, snapshots: Sequence[str], name: str) -> float:
    """Estimate of the distinct `urls`, `domains` or `paragraphs` of some snapshots together.

    Raises SettingsError for another name, SourceError for a snapshot without sketches.
    """
    _check(lake, variant, snapshots)
    if name not in NAMES:
        raise SettingsError(f"nobody counts `{name}`{nearest(name, NAMES)}; there are {', '.join(NAMES)}")
    return estimate(merged(_sketches(lake, variant, snapshot)[name] for snapshot in snapshots))


def counts_table(lake: Lake, variant: str, snapshots: Sequence[str] | None = None) -> pl.DataFrame:
    """A row per snapshot (all that have sketches by default, in order) and name.

    Columns: `snapshot`, `name`; `rows`: how many there were, repeated ones too; `distinct`: estimate of the snapshot; `new`: what it adds to the
    snapshots above it; `union`: of all up to it. Raises SourceError for a snapshot without sketches.
    """
    chosen = sorted(set(snapshots or sketched(lake, variant)))
    _check(lake, variant, chosen)
    rows = []
    above = {name: merged(()) for name in NAMES}
    before = dict.fromkeys(NAMES, 0.0)
    for snapshot in chosen:
        own, seen = _sketches(lake, variant, snapshot), _exact_rows(lake, variant, snapshot)
        for name in NAMES:
            above[name] = merged((above[name], own[name]))
            union = estimate(above[name])
            new = max(0.0, union - before[name])
            rows.append((snapshot, name, seen.get(name, 0), estimate(own[name]), new, union))
            before[name] = union
    schema = {"snapshot": pl.String, "name": pl.String, "rows": pl.Int64}
    return pl.DataFrame(rows, schema | dict.fromkeys(("distinct", "new", "union"), pl.Float64), orient="row")


def sketched(lake: Lake, variant: str) -> list[str]:
    """The snapshots that have sketches of a variant, in order."""
    return sorted(p["snapshot"] for p in lake.partitions(SKETCHES) if p["variant"] == variant)


def sketched_variants(lake: Lake) -> list[str]:
    """The variants that have sketches, sorted."""
    return sorted({p["variant"] for p in lake.partitions(SKETCHES)})


def _sketches(lake: Lake, variant: str, snapshot: str) -> dict[str, np.ndarray]:
    """Registers of each name, merged over the shards."""
    rows = lake.scan(SKETCHES, variant=variant, snapshot=snapshot).select("name", "registers").collect()
    return {name: merged(map(registers_of, rows.filter(name=name)["registers"])) for name in NAMES}


def _exact_rows(lake: Lake, variant: str, snapshot: str) -> dict[str, int]:
    rows = lake.scan(SKETCHES, variant=variant, snapshot=snapshot).group_by("name").agg(pl.sum("exact_rows"))
    return dict(rows.collect().iter_rows())


def _check(lake: Lake, variant: str, snapshots: Sequence[str]) -> None:
    """Raises SourceError where there is nothing to merge, or a snapshot has no sketches."""
    there = sketched(lake, variant)
    missing = next((snapshot for snapshot in snapshots if snapshot not in there), None)
    if there and missing is None:
        return
    where = f"{variant}, {missing}" if missing else variant
    known = f"; there are those of {', '.join(there)}" if there else ""
    of = f" --snapshot {missing}" if missing else ""
    raise SourceError(f"{SKETCHES} has no sketches of {where}{known}: corpus run web/{variant}/sketches{of}")
