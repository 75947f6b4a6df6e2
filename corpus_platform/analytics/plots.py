"""Pictures of a partition: what was kept and why the rest went, and how the documents are spread over languages or buckets.

Each is a PNG as a Markdown image with its data inside, so that it needs no file server. Letters that no installed font has are drawn as boxes.

Not here: what is counted (stages/), where the pictures are shown (assets/metadata.py).
"""

from __future__ import annotations

import base64
import io
import warnings
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KEPT, LOST, NEUTRAL = "#2f7d6d", "#d08770", "#5b7db1"
_CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "SimHei",
)

Bar = tuple[str, int, int, str]
"""Label, start, length, colour."""


def losses(counters: dict[str, int]) -> list[tuple[str, int]]:
    """(reason, records) of all that was dropped or rejected, the largest first; `all_paragraphs_repeated` reads `all paragraphs repeated`."""
    named = ((name.partition(":"), n) for name, n in counters.items() if n)
    found = [
        (reason.replace("_", " ").replace(":", ": "), n)
        for (kind, _, reason), n in named
        if kind in {"dropped", "rejects"}
    ]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def funnel(counters: dict[str, int], title: str, reasons: Sequence[tuple[str, int]] | None = None) -> str | None:
    """Bars from `records` down to `kept`, one for each of the reasons (`losses` where none are given); None where no record was counted."""
    seen = counters.get("records", 0)
    if not seen:
        return None
    left, rows = seen, [("read", 0, seen, NEUTRAL)]
    for reason, n in losses(counters) if reasons is None else reasons:
        left -= n
        rows.append((reason, left, n, LOST))
    rows.append(("kept", 0, counters.get("kept", left), KEPT))
    return _picture(rows, title)


def bars(values: Sequence[tuple[str, int]], title: str, *, most: int = 12, in_order: bool = False) -> str | None:
    """Horizontal bars, the largest first or `in_order`; those beyond `most` as one; None where there is none."""
    ordered = values if in_order else sorted(values, key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in ordered[most:])
    shown = [*ordered[:most], *([("others", rest)] if rest else [])]
    return _picture([(label, 0, n, NEUTRAL) for label, n in shown], title) if shown else None


def _picture(rows: Sequence[Bar], title: str) -> str:
    """The bars from top to bottom, with their lengths in numbers."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (a second of import; needed only here)

    figure = Figure(figsize=(6.4, 0.7 + 0.28 * len(rows)), dpi=110, layout="constrained")
    axes = figure.subplots()
    widest = max(start + length for _, start, length, _ in rows) or 1
    letters = {"family": _fonts(), "parse_math": False}
    for y, (_, start, length, colour) in enumerate(rows):
        axes.barh(y, length, left=start, color=colour, height=0.7)
        axes.text(start + length + widest * 0.01, y, f"{length:,}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [label for label, *_ in rows], fontsize=8, **letters)
    axes.set_xlim(0, widest * 1.15)
    axes.set_title(title, fontsize=10, loc="left", **letters)
    _tidy(axes)
    return _markdown(figure, title)


def _tidy(axes: Axes) -> None:
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])


@cache
def _fonts() -> list[str]:
    """Matplotlib's own font, then the first installed one that has Chinese and Japanese letters."""
    from matplotlib.font_manager import get_font_names  # noqa: PLC0415

    installed = set(get_font_names())
    return ["DejaVu Sans", *[name for name in _CJK_FONTS if name in installed][:1]]


def _markdown(figure: Figure, title: str) -> str:
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(picture, format="png", metadata={"Software": None})
    described = title.replace("[", "(").replace("]", ")")
    return f"![{described}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
