"""The ledger `ops.decisions`: a row for each document that a rule drops.

Not here: the rules (the stages and recipes that have them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.ccnet import Dropped
    from corpus_platform.stages.stage import Output

DECISIONS = "ops.decisions"


def drop(
    output: Output, dropped: pl.DataFrame, *, recipe: str, step: str, rule: Dropped, value: pl.Expr, threshold: float
) -> None:
    """Counts documents (rows with `doc_id` and `url`) as dropped and puts them into the ledger, with the value that the rule saw."""
    if dropped.is_empty():
        return
    output.count(f"dropped:{rule}", dropped.height)
    rows = dropped.select(
        "doc_id",
        "url",
        pl.lit(recipe).alias("recipe"),
        pl.lit(step).alias("step"),
        pl.lit(rule.value).alias("rule"),
        value.cast(pl.Float64).alias("value"),
        pl.lit(float(threshold)).alias("threshold"),
    )
    output.write(rows, DECISIONS)


def count_funnel(output: Output, applied: Applied) -> None:
    """Counts what became of the documents of a recipe, by step and rule."""
    output.count("kept", applied.kept.height)
    for row in applied.funnel:
        for rule, n in row.rules.items():
            output.count(f"dropped:{row.step}:{rule}", n)
        output.count(f"edited:{row.step}", row.changed) if row.changed else None
        for rule, n in row.unknown.items():
            output.count(f"unknown:{row.step}:{rule}", n)
    for kind in ("removed", "computed", "stale"):
        for name, n in getattr(applied, kind).items():
            output.count(f"{kind}:{name}", n)
