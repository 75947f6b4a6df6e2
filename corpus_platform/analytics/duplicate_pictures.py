"""A picture of what a dedup found, as PNG: how many clusters there are of which size, the domains with most copies, or how weights are spread.

Not here: what is counted (duplicate_counts.py).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from corpus_platform.analytics.svg import LOST, NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from corpus_platform.analytics.duplicate_counts import Counted

_INK, _PALE, _GRID = "#26323b", "#7b8790", "#e4e8ea"
_LONG = 44
"""Letters of a host that are shown."""


def counted_picture(found: Counted, title: str) -> bytes | None:
    """Clusters by size on a logarithmic axis (or documents by weight) above the domains with most copies; None where there is nothing to draw."""
    rows = [(domain.domain or "-", domain.units or domain.copies) for domain in found.domains]
    shown = [part for part in (found.sizes, rows) if part]
    if not shown:
        return None
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import)

    heights = [*([2.6] if found.sizes else []), *([0.6 + 0.26 * len(rows)] if rows else [])]
    figure = Figure(figsize=(7.6, sum(heights) + 0.4), dpi=150, layout="constrained", facecolor="white")
    parts = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    if found.sizes:
        _columns(parts[0], found.sizes, of_weights=found.kind == "weights")
    if rows:
        _bars(parts[-1], rows, "lines or passages lost" if found.kind == "units" and found.units else "copies")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left", color=_INK)
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _columns(axes: Axes, sizes: Sequence[tuple[str, int]], *, of_weights: bool) -> None:
    """A column for each size or weight, with its number above."""
    counts = [n for _, n in sizes]
    axes.bar(range(len(sizes)), counts, color=NEUTRAL, width=0.8)
    for x, n in enumerate(counts):
        if n:
            axes.text(x, n, f"{n:,}", ha="center", va="bottom", fontsize=7, color=_INK)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0, 3 * max(counts))
    axes.set_xticks(
        range(len(sizes)), [label for label, _ in sizes], fontsize=7.5, rotation=30 if len(sizes) > 8 else 0
    )
    axes.set_xlabel("weight" if of_weights else "documents of a cluster", fontsize=8, color=_INK)
    axes.set_ylabel("documents" if of_weights else "clusters", fontsize=8, color=_INK)
    axes.tick_params(labelsize=7.5, colors=_PALE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GRID)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _bars(axes: Axes, rows: Sequence[tuple[str, int]], heading: str) -> None:
    """A bar for each domain, the most copies first."""
    widest = max(n for _, n in rows) or 1
    for y, (_, n) in enumerate(rows):
        axes.barh(y, n, color=LOST, alpha=0.85, height=0.72)
        axes.text(n + widest * 0.012, y, f"{n:,}", va="center", fontsize=7.5, color=_INK)
    names = [name if len(name) <= _LONG else f"\N{HORIZONTAL ELLIPSIS}{name[1 - _LONG :]}" for name, _ in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7.5, color=_INK, parse_math=False)
    axes.set_xlim(0, widest * 1.15)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(_GRID)
    axes.set_title(f"domains with most {heading}", fontsize=8, loc="left", color=_PALE)
