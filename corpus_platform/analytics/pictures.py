"""Pictures as PNG: how much corpora have in common, and how a signal lies to the thresholds that are set on it.

Not here: the bars of a partition (plots.py), what is drawn (corpora.py).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from matplotlib.figure import Figure

    from corpus_platform.analytics.corpora import StepCount, Threshold
    from corpus_platform.recipes.compare import Overlap

_BINS = 60
_TAIL = 0.995


def overlap_picture(overlap: Overlap, title: str) -> bytes:
    """A matrix: the share of the corpus of a row that is also in that of a column, in percent."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import)

    names, share = overlap.names, overlap.share
    size = 2.6 + 0.38 * len(names)
    figure = Figure(figsize=(size + 0.8, size), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.nan_to_num(share), cmap="GnBu", vmin=0, vmax=1)
    labels = [f"{name} ({overlap.documents[i, i]:,})" for i, name in enumerate(names)]
    axes.set_xticks(range(len(names)), names, rotation=55, ha="right", rotation_mode="anchor", fontsize=7)
    axes.set_yticks(range(len(names)), labels, fontsize=7)
    for i, j in np.ndindex(share.shape):
        if np.isfinite(share[i, j]):
            colour = "white" if share[i, j] > 0.6 else "#333333"
            axes.text(j, i, f"{share[i, j]:.0%}".rstrip("%"), ha="center", va="center", fontsize=6, color=colour)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=9, loc="left")
    return _png(figure)


def funnel_picture(rows: Sequence[StepCount], title: str) -> bytes:
    """Documents left after each step, with what it dropped; steps that are not done yet are hatched."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import)

    figure = Figure(figsize=(6.8, 0.9 + 0.3 * len(rows)), dpi=120, layout="constrained")
    axes = figure.subplots()
    widest = max((row.documents for row in rows), default=1) or 1
    for y, row in enumerate(rows):
        left = row.documents - row.dropped
        hatch = "////" if row.pending else None
        axes.barh(y, left, color="#2f7d6d", height=0.7, hatch=hatch, edgecolor="white")
        axes.barh(y, row.dropped, left=left, color="#d08770", height=0.7)
        what = "not done yet" if row.pending else f"{left:,}" + (f"  (-{row.dropped:,})" if row.dropped else "")
        axes.text(row.documents + widest * 0.01, y, what, va="center", fontsize=7)
    axes.set_yticks(range(len(rows)), [row.step for row in rows], fontsize=7)
    axes.set_xlim(0, widest * 1.25)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_title(title, fontsize=9, loc="left")
    return _png(figure)


def distribution_picture(values: pl.Series, thresholds: Sequence[Threshold], title: str) -> bytes:
    """A histogram without the largest half percent, with a line at each threshold; what each would drop is in its label."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import)

    numbers = values.to_numpy().astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    figure = Figure(figsize=(7.2, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    if numbers.size:
        ends = [numbers.min(), np.quantile(numbers, _TAIL), *(t.value for t in thresholds)]
        axes.hist(numbers, bins=_BINS, range=(min(ends), max(ends) or 1), color="#5b7db1")
    for i, threshold in enumerate(sorted(thresholds, key=lambda t: t.value)):
        share = dropped_share(numbers, threshold)
        label = f"{threshold.recipe} drops {threshold.drop_when} {threshold.value:g}: {share:.1%}"
        axes.axvline(threshold.value, color=f"C{i + 1}", linewidth=1.2, label=label)
    if thresholds:
        axes.legend(fontsize=6, frameon=False)
    axes.set_ylabel("documents", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{title} ({numbers.size:,} documents)", fontsize=9, loc="left")
    return _png(figure)


def dropped_share(numbers: np.ndarray, threshold: Threshold) -> float:
    """Share of the values for which a rule would drop."""
    if not numbers.size:
        return 0.0
    compared = {
        "<": numbers < threshold.value,
        "<=": numbers <= threshold.value,
        ">": numbers > threshold.value,
        ">=": numbers >= threshold.value,
        "==": numbers == threshold.value,
        "!=": numbers != threshold.value,
    }
    return float(compared[threshold.drop_when].mean())


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
