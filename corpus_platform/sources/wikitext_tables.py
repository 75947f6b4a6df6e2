"""Tables of MediaWiki's markup as lines: one row a line, its cells between bars.

A cell's attributes go (`| style="x" | 5` is `5`), a caption is a line of its own, rows without a word go. Merged cells are not filled up.

Not here: finding tables and all other markup (wikitext.py). Links and tags are still in the rows.
"""

from __future__ import annotations

import re

_CELL_MARK = re.compile(r"\|\||!!")
_ATTRIBUTES = re.compile(r"[^\[\]{}|\n]*+\|(?!\|)")
BETWEEN_CELLS = " | "


def rows_of(content: str) -> str:
    """The lines of what stands between `{|` and `|}`; empty where no cell has a word, else with a newline before and behind."""
    rows: list[list[str]] = [[]]
    first, *lines = content.split("\n")
    del first  # attributes of the table
    for raw in lines:
        line = raw.strip()
        mark = line[:1]
        if line.startswith("|-"):
            rows.append([])
        elif line.startswith("|+"):
            rows += [[_without_attributes(line[2:])], []]
        elif mark in {"|", "!"}:
            cells = _CELL_MARK.split(line[1:]) if mark == "!" else line[1:].split("||")
            rows[-1].extend(_without_attributes(cell) for cell in cells)
        elif line and rows[-1]:
            # A line that begins no cell goes on with the one before it.
            rows[-1][-1] = f"{rows[-1][-1]} {line.lstrip('*#:; ')}".strip()
    shown = [BETWEEN_CELLS.join(cell for cell in row if cell) for row in rows]
    return "\n".join(["", *(row for row in shown if row), ""]) if any(shown) else ""


def _without_attributes(cell: str) -> str:
    return _ATTRIBUTES.sub("", cell, count=1).strip() if _ATTRIBUTES.match(cell) else cell.strip()
