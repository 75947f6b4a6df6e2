"""Pictures of a partition: what was kept and why the rest went, and in which languages it is.

Each returns a PNG as a Markdown image with its data inside, so that it needs no file server.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

KEPT, DROPPED, NEUTRAL = "#2f7d6d", "#d08770", "#5b7db1"


def funnel(counters: dict[str, int], title: str) -> str | None:
    """Bars from `records` down to `kept`, one for each `dropped:` or `rejects:` reason; None where nothing was counted."""
    seen = counters.get("records", 0)
    if not seen:
        return None
    losses = [(name, n) for name, n in counters.items() if name.startswith(("dropped:", "rejects:")) and n]
    losses.sort(key=lambda item: -item[1])
    left, rows = seen, [("read", 0, seen, NEUTRAL)]
    for name, n in losses:
        left -= n
        rows.append((name.partition(":")[2].replace("_", " "), left, n, DROPPED))
    rows.append(("kept", 0, counters.get("kept", left), KEPT))
    figure, axes = _figure(len(rows), title)
    for y, (_label, start, length, colour) in enumerate(reversed(rows)):
        axes.barh(y, length, left=start, color=colour, height=0.7)
        axes.text(start + length + seen * 0.01, y, f"{length:,}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row[0] for row in reversed(rows)], fontsize=8)
    axes.set_xlim(0, seen * 1.15)
    return _markdown(figure, title)


def bars(values: Sequence[tuple[str, int]], title: str, *, most: int = 12) -> str | None:
    """Horizontal bars of the largest values, the others as one; None where there is none."""
    ordered = sorted(values, key=lambda item: (-item[1], item[0]))
    if not ordered:
        return None
    rest = sum(n for _, n in ordered[most:])
    shown = ordered[:most] + ([("others", rest)] if rest else [])
    figure, axes = _figure(len(shown), title)
    largest = max(n for _, n in shown)
    for y, (_label, n) in enumerate(reversed(shown)):
        axes.barh(y, n, color=NEUTRAL, height=0.7)
        axes.text(n + largest * 0.01, y, f"{n:,}", va="center", fontsize=8)
    axes.set_yticks(range(len(shown)), [label for label, _ in reversed(shown)], fontsize=8)
    axes.set_xlim(0, largest * 1.15)
    return _markdown(figure, title)


def _figure(rows: int, title: str) -> tuple[Figure, Figure.axes]:
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import; needed only here)

    figure = Figure(figsize=(6.4, 0.6 + 0.28 * rows), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return figure, axes


def _markdown(figure: Figure, title: str) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return f"![{title}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
