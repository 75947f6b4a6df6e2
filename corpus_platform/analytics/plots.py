"""Pictures of a partition: what was kept and why the rest went, and how the documents are spread over languages or buckets.

Each is a small SVG as a Markdown image with its data inside, so that it needs no file server.

Not here: what is counted (stages/), how a chart is drawn (svg.py), where the pictures are shown (assets/metadata.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.analytics import svg
from corpus_platform.analytics.svg import KEPT, LOST, NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.svg import Bar

_REASONS = 24
"""Reasons that have a bar of their own, the largest; the others are one."""


def losses(counters: dict[str, int]) -> list[tuple[str, int]]:
    """(reason, records) of all that was dropped or rejected, the largest first; `all_paragraphs_repeated` reads `all paragraphs repeated`."""
    named = ((name.partition(":"), n) for name, n in counters.items() if n)
    found = [(said(reason), n) for (kind, _, reason), n in named if kind in {"dropped", "rejects"}]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def said(reason: str) -> str:
    """A reason of a counter as people say it; a rule that begins with its step's name says it once: `language: not wanted`."""
    step, colon, rule = reason.replace("_", " ").partition(":")
    return f"{step}: {rule.removeprefix(f'{step} ')}" if colon else step


def steps_of(counters: dict[str, int], reasons: Sequence[tuple[str, int]] | None = None) -> list[Bar]:
    """Bars from `records` down to `kept`, one for each of the reasons (`losses` where none are given); none where no record was counted."""
    seen = counters.get("records", 0)
    if not seen:
        return []
    found = largest(losses(counters) if reasons is None else reasons, _REASONS)
    left, rows = seen, [("read", 0, seen, NEUTRAL)]
    for reason, n in found:
        left -= n
        rows.append((reason, left, n, LOST))
    rows.append(("kept", 0, counters.get("kept", left), KEPT))
    return rows


def funnel(counters: dict[str, int], title: str, reasons: Sequence[tuple[str, int]] | None = None) -> str | None:
    """The picture of `steps_of`; None where no record was counted."""
    rows = steps_of(counters, reasons)
    return svg.as_markdown(svg.bars(rows, title), title) if rows else None


def largest(values: Sequence[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """The first values in their order, and those beyond `most` as one."""
    rest = sum(n for _, n in values[most:])
    return [*values[:most], *([("others", rest)] if rest else [])]


def bars(values: Sequence[tuple[str, int]], title: str, *, most: int = 12, in_order: bool = False) -> str | None:
    """Horizontal bars, the largest first or `in_order`; those beyond `most` as one; None where there is none."""
    ordered = values if in_order else sorted(values, key=lambda item: (-item[1], item[0]))
    rows = [(label, 0, n, NEUTRAL) for label, n in largest(ordered, most)]
    return svg.as_markdown(svg.bars(rows, title), title) if rows else None
