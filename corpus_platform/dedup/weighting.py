"""Weights by commonness over a snapshot and those before it: what a range of n-grams adds to it, and the weights in the end.

Not here: what commonness is (commonness.py), tables (stages/dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from corpus_platform.dedup.commonness import weights

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = float(1 << 30)
"""Parts of a weight are whole numbers of steps between 0 and 1: a sum of four million is exact."""


class WeightStep(Protocol):
    """What weights need to know of their step."""

    @property
    def classes(self) -> int: ...  # noqa: D102
    @property
    def least(self) -> float: ...  # noqa: D102


def parts_of_weights(
    own: pl.DataFrame, earlier: Sequence[pl.DataFrame], documents: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What n-grams add to the commonness of their documents.

    `own` has a row (`key`, `place`) for each distinct n-gram of a document, sorted by key; `earlier` frames (`key`, `documents`) say how many documents
    of a snapshot have it; `documents` are those of all. Returns the frequencies of this snapshot, and rows (`place`, `keys`, `part`): their number and sum.
    """
    counted = own.group_by("key").agg(pl.len().cast(pl.Int64).alias("documents")).sort("key")
    schema = {"key": pl.UInt64, "documents": pl.Int64}
    all_of_them = pl.concat([counted, *(frame.cast(schema) for frame in earlier)])  # type: ignore[arg-type]
    frequency = all_of_them.group_by("key").agg(pl.col("documents").sum().alias("frequency"))
    whole = max(documents, 2)
    share = pl.col("frequency").clip(1, whole).log() / np.log(whole)
    # Sums of such parts are exact, so that they are the same in whatever order and ranges.
    share = ((share * _STEPS).round() / _STEPS).alias("part")
    parts = own.join(frequency, on="key", how="left", maintain_order="left").select("place", share)
    return counted, parts.group_by("place").agg(pl.len().cast(pl.Int64).alias("keys"), pl.col("part").sum()).sort(
        "place"
    )


def weights_of(step: WeightStep, commonness: pl.Series, quality: pl.Series) -> pl.Series:
    """Weights, float32[n], of all documents of a snapshot; null commonness is that of a document without n-grams."""
    known = None if quality.null_count() == len(quality) else quality.cast(pl.Float64).fill_null(np.nan).to_numpy()
    found = weights(commonness.cast(pl.Float64).fill_null(np.nan).to_numpy(), known, step.classes, step.least)
    return pl.Series("weight", found, dtype=pl.Float32)
