"""Where code is in a text of Markdown: between fences, and between backticks in a line.

Promise: linear time; the spans are in order and apart from each other.

Not here: code by its four spaces, which poems and lists have too.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*]|\d{1,3}\.)[ \t]+)*(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)(`{1,8})(?!`)[^\n]{1,400}?(?<!`)\1(?!`)")


def code_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each piece of code, its fences or backticks included. A fence that is not closed reaches to the end."""
    if "`" not in text and "~~~" not in text:
        return []
    fenced: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    for mark in _FENCE.finditer(text):
        if opened is None:
            opened = mark
        elif mark[1].startswith(opened[1]):
            fenced.append((opened.start(), mark.end()))
            opened = None
    if opened is not None:
        fenced.append((opened.start(), len(text)))
    starts = [start for start, _ in fenced]
    inline = []
    for match in _INLINE.finditer(text):
        at = bisect_right(starts, match.start()) - 1
        if at < 0 or fenced[at][1] <= match.start():
            inline.append(match.span())
    return sorted([*fenced, *inline])
