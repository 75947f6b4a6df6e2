"""Pictures as PNG: how much corpora have in common, what a recipe's steps did, and how a signal lies to the thresholds that are set on it.

Not here: small charts (svg.py), what is drawn (corpora.py).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.analytics.svg import KEPT, LOST, NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from corpus_platform.analytics.corpora import Distribution, StepCount, Threshold
    from corpus_platform.recipes.compare import Overlap

_BINS = 60
_TAIL = 0.995
"""The largest values beyond this share are left out of a histogram."""
_SKEWED = 0.6
"""A histogram with more of its documents than this in one bar has a logarithmic axis, so that the others can be seen."""
_LONG = 12
"""How often larger the largest drawn value is than the median, in a long tail."""
_LINES = 10
"""Thresholds that are drawn at most."""
_INK, _PALE, _GRID = "#26323b", "#7b8790", "#e4e8ea"
_COLOURS = (
    "#c8553d",
    "#2f7d6d",
    "#e0a030",
    "#7a4e9c",
    "#1f6fb4",
    "#8a6d3b",
    "#d0679d",
    "#4c8c3f",
    "#3b3b98",
    "#6d6d6d",
)


def overlap_picture(overlap: Overlap, title: str) -> bytes:
    """A matrix: the share of the corpus of a row that is also in that of a column, in percent."""
    names, share = overlap.names, overlap.share
    side = 0.36 * len(names)
    figure = _figure(side + 2.6, side + 1.9)
    axes = figure.subplots()
    shown = np.where(np.eye(len(names), dtype=np.bool_), np.nan, share)
    axes.imshow(np.nan_to_num(shown, nan=-1), cmap=_shades(), vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=50, ha="left", rotation_mode="anchor", fontsize=7.5)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(names)), [f"{n}  {overlap.documents[i, i]:,}" for i, n in enumerate(names)], fontsize=7.5)
    for i, j in np.ndindex(share.shape):
        if i != j and np.isfinite(share[i, j]) and share[i, j] > 0:
            colour = "white" if share[i, j] > 0.55 else _INK
            axes.text(j, i, percent(float(share[i, j])), ha="center", va="center", fontsize=6.5, color=colour)
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="both", length=0, colors=_INK)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(
        "of the row's documents, the percentage that the column has too", fontsize=7.5, color=_PALE, labelpad=8
    )
    figure.suptitle(title, fontsize=10, x=0.01, ha="left", color=_INK)
    return _png(figure)


def percent(share: float) -> str:
    """`37`, `<1` and `>99` for what is not quite nothing or all, `-` for NaN."""
    if np.isnan(share):
        return "-"
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "<1"
    return ">99" if whole == 100 and share < 1 else str(whole)


def funnel_picture(rows: Sequence[StepCount], title: str) -> bytes:
    """Documents left after each step, with what it dropped."""
    figure = _figure(7.6, 0.9 + 0.3 * (len(rows) + 1))
    axes = figure.subplots()
    widest = max((row.documents for row in rows), default=1) or 1
    read = rows[0].documents if rows else 0
    _bar(axes, 0, (read, 0), NEUTRAL, f"{read:,}", widest)
    for y, row in enumerate(rows, 1):
        left = row.documents - row.dropped
        what = f"{left:,}" + (f"  −{row.dropped:,}" if row.dropped else "")
        what += f"  ({row.changed:,} changed)" if row.changed else ""
        _bar(axes, y, (left, row.dropped), KEPT, what, widest)
    axes.set_yticks(range(len(rows) + 1), ["read", *(row.step for row in rows)], fontsize=8, color=_INK)
    axes.set_xlim(0, widest * 1.3)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(_GRID)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left", color=_INK)
    return _png(figure)


def _bar(axes: Axes, y: int, documents: tuple[int, int], colour: str | None, what: str, widest: int) -> None:
    """A bar of what is left and what was dropped; hatched without a colour."""
    left, dropped = documents
    style = {"color": colour} if colour else {"color": "white", "hatch": "////", "edgecolor": "#9db8b1"}
    axes.barh(y, left, height=0.72, **style)  # type: ignore[arg-type]
    axes.barh(y, dropped, left=left, color=LOST, alpha=0.75, height=0.72)
    axes.text(left + dropped + widest * 0.012, y, what, va="center", fontsize=7.5, color=_INK if colour else _PALE)


def distribution_picture(found: Distribution, title: str) -> bytes:
    """A histogram without the largest half percent, with a line at each threshold; what each drops is in its label."""
    numbers = found.values["value"].to_numpy()
    finite = numbers[np.isfinite(numbers)]
    lines = threshold_lines(found.thresholds)
    figure = _figure(7.6, 3.4 + 0.17 * len(lines))
    axes = figure.subplots()
    drawn = [float(finite.min()), float(np.quantile(finite, _TAIL))] if finite.size else [0.0]
    low, high = min(drawn), max(drawn)
    # A threshold far beyond the values would leave them a sliver.
    near = [value for value, _, _ in lines if low - (high - low) <= value <= high + (high - low)]
    low, high = min([low, *near]), max([high, *near])
    high = high if high > low else low + 1
    bins = np.linspace(low, high, _BINS + 1)
    if _has_a_long_tail(finite):
        bins = np.expm1(np.linspace(np.log1p(low), np.log1p(high), _BINS + 1))
        axes.set_xscale("function", functions=(np.log1p, np.expm1))
        axes.set_xticks([0.0, *(10.0**power for power in range(1, 12) if low <= 10.0**power <= high)])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    counts = np.histogram(finite, bins)[0]
    axes.hist(finite, bins=bins.tolist(), color="#a9c3dd", edgecolor="white", linewidth=0.3)
    if counts.sum() and counts.max() > _SKEWED * counts.sum():
        axes.set_yscale("symlog", linthresh=1)
    axes.set_xlim(*_margins(bins))
    for i, (value, dropped, text) in enumerate(lines):
        colour = _COLOURS[i % len(_COLOURS)]
        if not low <= value <= high:
            axes.plot([], [], color=colour, linewidth=1.4, linestyle=":", label=f"{text} (outside)")
            continue
        axes.axvline(value, color=colour, linewidth=1.4, label=text)
        _arrow(axes, value, dropped, colour, 0.97 - 0.045 * (i % 12))
    beyond = int((finite > high).sum())
    axes.set_xlabel(
        found.signal + (f"   ({beyond:,} larger values are not drawn)" if beyond else ""), fontsize=8, color=_INK
    )
    axes.set_ylabel("documents", fontsize=8, color=_INK)
    axes.tick_params(labelsize=7.5, colors=_PALE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GRID)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    if lines:
        where = {"loc": "outside lower left", "ncols": 1, "frameon": False}
        heading = "dropped, threshold, recipes"
        legend = figure.legend(**where, fontsize=7.5, labelcolor=_INK, title=heading, title_fontsize=7.5)
        legend.get_title().set_color(_PALE)
        legend.set_alignment("left")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left", color=_INK)
    return _png(figure)


def _has_a_long_tail(numbers: np.ndarray) -> bool:
    """Counts, most of them small beside the largest that are drawn: equal bars would show one tower."""
    if not numbers.size or numbers.min() < 0:
        return False
    return bool(np.quantile(numbers, _TAIL) > _LONG * max(float(np.median(numbers)), 1.0))


def _margins(bins: np.ndarray) -> tuple[float, float]:
    """Half a bar on both sides, so that thresholds at the ends are seen."""
    return float(bins[0] - (bins[1] - bins[0]) / 2), float(bins[-1] + (bins[-1] - bins[-2]) / 2)


def _arrow(axes: Axes, value: float, dropped: str, colour: str, height: float) -> None:
    """Points to the side that goes."""
    side = {"<": -1, "<=": -1, ">": 1, ">=": 1}.get(dropped)
    if side is not None:
        axes.annotate(
            "",
            xy=(value, height),
            xycoords=("data", "axes fraction"),
            xytext=(14 * side, 0),
            textcoords="offset points",
            arrowprops={"arrowstyle": "<|-", "color": colour, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0},
        )


def threshold_lines(thresholds: Sequence[Threshold]) -> list[tuple[float, str, str]]:
    """(value, drop_when, label) of each line, by value; recipes that drop the same share one. Those about few documents are left out where there are many."""
    same: dict[tuple[float, str, str], list[Threshold]] = {}
    for one in thresholds:
        same.setdefault((one.value, one.drop_when, one.scope), []).append(one)
    largest = sorted(same.items(), key=lambda item: -max(one.documents for one in item[1]))[:_LINES]
    found = []
    for (value, drop_when, scope), several in sorted(largest, key=lambda item: item[0]):
        names = ", ".join(dict.fromkeys(one.recipe for one in several))
        share = several[0].share
        drops = "   -  " if np.isnan(share) else f"{share:6.1%}"
        found.append(
            (
                value,
                drop_when,
                f"{drops}  {drop_when} {value:g}   {_short(names)}{f'   for {_short(scope, 30)}' if scope else ''}",
            )
        )
    return found


def _short(names: str, most: int = 88) -> str:
    """Names with commas between, as many as there is room for."""
    if len(names) <= most:
        return names
    shown = names[:most].rpartition(", ")[0]
    return f"{shown} and {names.count(',') - shown.count(',')} more"


def _shades():  # noqa: ANN202  (Matplotlib's colour map; its import is dear)
    """From nearly white to the green of what is kept; grey below, where there is nothing to compare."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415

    shades = LinearSegmentedColormap.from_list("kept", ["#f4f7f6", "#a8d0c5", KEPT, "#174b41"])
    return shades.with_extremes(under="#eceff1")


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import)

    return Figure(figsize=(max(width, 4.2), height), dpi=150, layout="constrained", facecolor="white")


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
