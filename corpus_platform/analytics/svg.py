"""Small charts as SVG: bars from top to bottom, columns from left to right, a histogram with thresholds.

A chart is some kilobytes of text, sharp at any size, and whoever shows it has letters for every script. Alone, as a picture in the web UI, it
brings its colours along; inside a page it takes those of the page, in light and in dark.
Promise: every label is escaped, a chart holds no script and asks for nothing.

Not here: what is counted (stages/, facts of the report), charts of many parts (pictures.py).
"""

from __future__ import annotations

import base64
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT, LOST, NEUTRAL = "#2f7d6d", "#d08770", "#5b7db1"
_LETTER, _LINE, _SIZE = 7.2, 20, 12
"""Width of a letter of the wider fonts, height of a row, size of letters, in pixels."""
_WIDEST = 64
"""Width of a column."""
_LONG = 46
"""Letters of a label that are shown; a Chinese one counts as two."""
_FONTS = "system-ui,'Segoe UI','Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"


@dataclass(frozen=True)
class Palette:
    """Colours of a chart; `ground` is empty where the page's own shows through."""

    ink: str = "#26323b"
    pale: str = "#66737c"
    grid: str = "#dfe4e7"
    ground: str = "#ffffff"


ALONE = Palette()
"""Of a picture that stands by itself, on white wherever it is shown."""
WITHIN = Palette("var(--ink)", "var(--pale)", "var(--line)", "")
"""Of a chart inside a page, whose style names the colours."""

Bar = tuple[str, int, int, str]
"""Label, start, length, colour."""


def bars(rows: Sequence[Bar], title: str = "", *, width: int = 640, palette: Palette = ALONE) -> str:
    """Horizontal bars with their lengths in numbers."""
    labels = [shortened(label) for label, *_ in rows]
    left = 10 + _LETTER * max((letters(label) for label in labels), default=0)
    numbers = [f"{length:,}" for _, _, length, _ in rows]
    room = width - left - 14 - _LETTER * max(map(len, numbers), default=0)
    widest = max((start + length for _, start, length, _ in rows), default=0) or 1
    top = 30 if title else 6
    names, shapes, ends = [], [], []
    for i, ((_, start, length, colour), label, number) in enumerate(zip(rows, labels, numbers, strict=True)):
        y = top + i * _LINE
        x, across = left + room * start / widest, room * length / widest
        names.append(f'<text x="{left - 6:.0f}" y="{y + 13}">{text(label)}</text>')
        shapes.append(f'<rect x="{x:.1f}" y="{y + 2}" width="{max(across, 0.5):.1f}" height="14" fill="{colour}"/>')
        ends.append(f'<text x="{x + across + 5:.0f}" y="{y + 13}">{number}</text>')
    inside = [
        f'<g text-anchor="end" fill="{palette.ink}">{"".join(names)}</g>',
        *shapes,
        f'<g fill="{palette.pale}">{"".join(ends)}</g>',
    ]
    return _chart("".join(inside), width, top + len(rows) * _LINE + 6, title, palette)


def columns(
    values: Sequence[tuple[str, int]],
    title: str = "",
    *,
    below: str = "",
    width: int = 640,
    height: int = 190,
    palette: Palette = ALONE,
    colour: str = NEUTRAL,
) -> str:
    """Columns with their numbers above and their labels under them; `below` says what the labels are."""
    top, foot = (46 if title else 18), (38 if below else 22)
    room, step = height - top - foot, min((width - 16) / max(len(values), 1), _WIDEST)
    tallest = max((n for _, n in values), default=0) or 1
    inside = []
    for i, (label, n) in enumerate(values):
        x, tall = 8 + i * step, room * n / tallest
        inside.append(
            f'<rect x="{x + step * 0.1:.1f}" y="{top + room - tall:.1f}" width="{step * 0.8:.1f}" height="{tall:.1f}" fill="{colour}"/>'
        )
        middle = x + step / 2
        if n:
            inside.append(f'<text x="{middle:.0f}" y="{top + room - tall - 4:.0f}" fill="{palette.pale}">{n:,}</text>')
        name = shortened(label, max(int(step / _LETTER), 3))
        inside.append(f'<text x="{middle:.0f}" y="{top + room + 15}" fill="{palette.ink}">{text(name)}</text>')
    inside.append(f'<path d="M8 {top + room}H{width - 8}" stroke="{palette.grid}"/>')
    if below:
        # Under the columns, which may be few.
        inside.append(
            f'<text x="{max(8 + step * len(values) / 2, 8 + _LETTER * letters(below) / 2):.0f}" y="{height - 5}" fill="{palette.pale}">{text(below)}</text>'
        )
    return _chart(f'<g text-anchor="middle">{"".join(inside)}</g>', width, height, title, palette)


@dataclass(frozen=True)
class Mark:
    """A line across a histogram at a value; `side` is -1 or 1 where that side of it is dropped, else 0."""

    value: float
    side: int
    colour: str
    name: str


def histogram(
    counts: Sequence[int],
    edges: tuple[float, float],
    marks: Sequence[Mark] = (),
    *,
    ticks: Sequence[tuple[float, str]] = (),
    width: int = 360,
    height: int = 130,
    palette: Palette = WITHIN,
) -> str:
    """Equal bins between two edges, marks within them, and ticks (place 0..1, label) under them."""
    top, foot = 8, 22
    room, step = height - top - foot, (width - 16) / max(len(counts), 1)
    tallest, (low, high) = max(counts, default=0) or 1, edges
    shapes = []
    for i, n in enumerate(counts):
        # What is there is seen, however few.
        tall = max(room * n / tallest, 1.0) if n else 0.0
        if tall:
            shapes.append(
                f'<rect x="{8 + i * step:.1f}" y="{top + room - tall:.1f}" width="{max(step - 0.6, 0.6):.1f}" height="{tall:.1f}"/>'
            )
    inside = [f'<g fill="{NEUTRAL}">{"".join(shapes)}</g>']
    for mark in marks:
        x = 8 + (width - 16) * (mark.value - low) / ((high - low) or 1)
        side = 7 * mark.side
        arrow = f'<path d="M{x:.1f} {top + 4}h{side}" stroke="{mark.colour}" stroke-width="2"/>' if side else ""
        line = f'<path d="M{x:.1f} {top}V{top + room}" stroke="{mark.colour}" stroke-width="1.5"/>'
        inside.append(f"<g><title>{text(mark.name)}</title>{line}{arrow}</g>")
    inside.append(f'<path d="M8 {top + room}H{width - 8}" stroke="{palette.grid}"/>')
    for place, label in ticks:
        x = 8 + (width - 16) * place
        anchor = "start" if place < 0.1 else "end" if place > 0.9 else "middle"
        inside.append(
            f'<text x="{x:.0f}" y="{top + room + 15}" text-anchor="{anchor}" fill="{palette.pale}">{text(label)}</text>'
        )
    return _chart("".join(inside), width, height, "", palette)


def as_markdown(svg: str, title: str) -> str:
    """A chart as a Markdown image with its data inside, so that it needs no file server."""
    described = "".join(letter for letter in title.replace("[", "(").replace("]", ")") if letter.isprintable())
    return f"![{described}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def text(value: str) -> str:
    """A value as text of XML: escaped, and without what XML can't hold or what would turn the writing around."""
    kept = (" " if letter in "\n\t\r" else letter for letter in value if not _is_unfit(letter))
    return escape("".join(kept))


def _is_unfit(letter: str) -> bool:
    return letter not in "\n\t\r" and unicodedata.category(letter) in {"Cc", "Cs", "Cf", "Co", "Cn"}


def letters(value: str) -> int:
    """Width of a text in letters; those of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in value)


def shortened(value: str, most: int = _LONG) -> str:
    """The text with its middle left out where it is wider than `most` letters."""
    if letters(value) <= most:
        return value
    half = max((most - 1) // 2, 1)
    head, tail = value, value
    while letters(head) > half:
        head = head[:-1]
    while letters(tail) > half:
        tail = tail[1:]
    return f"{head}\N{HORIZONTAL ELLIPSIS}{tail}"


def _chart(inside: str, width: float, height: float, title: str, palette: Palette) -> str:
    ground = f'<rect width="100%" height="100%" fill="{palette.ground}"/>' if palette.ground else ""
    heading = (
        f'<text x="8" y="19" font-size="13" font-weight="600" fill="{palette.ink}">{text(title)}</text>'
        if title
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" font-family="{_FONTS}" font-size="{_SIZE}">{ground}{heading}{inside}</svg>'
    )
