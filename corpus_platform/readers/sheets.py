"""Rows of a spreadsheet (.xlsx): one of its sheets, the first by default, its first row the names of the columns.

A spreadsheet is a zip of XML: a list of the strings that cells share, and sheets of cells that name them by number.
Promise: memory is bounded by the shared strings and a row; formulas and links are not followed.

Not here: dates (a cell is what it holds).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from corpus_platform.readers.archives import contents
from corpus_platform.readers.safe_xml import events, local_name
from corpus_platform.readers.unpacking import Limits, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_SHARED, _SHEET = "xl/sharedStrings.xml", "xl/worksheets/sheet{}.xml"
_LETTERS = re.compile(r"[A-Z]{1,3}")
_LIMITS = Limits(total_bytes=2 << 30, member_bytes=1 << 30)
_COLUMNS = 1_000


def sheet_rows(
    stream: BinaryIO, name: str, *, sheet: int = 1, header: bool = True
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """The rows below the first, with their number from 0; cells without a value are missing. A Problem ends what can't be read on.

    Sheets count from 1. Without a header the first row is one like the others, and the columns are called `0`, `1` ...
    """
    wanted = _SHEET.format(sheet)
    parts: dict[str, bytes] = {}
    for found in contents(stream, name, lambda path: path in {_SHARED, wanted}, limits=_LIMITS):
        if isinstance(found, Problem):
            yield 0, found
            return
        member, data = found
        parts[member.path] = data
    if wanted not in parts:
        yield 0, Problem("broken_table", f"no {wanted} in it", name)
        return
    shared: list[str] = []
    for item in events(io.BytesIO(parts.get(_SHARED, b"<sst/>")), tags={"si"}):
        if isinstance(item, Problem):
            yield 0, item
            return
        shared.append(_text(item))
    yield from _named(parts[wanted], shared, header=header)


def _named(sheet: bytes, shared: list[str], *, header: bool) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    columns: dict[int, str] = {}
    number = 0
    for row in events(io.BytesIO(sheet), tags={"row"}):
        if isinstance(row, Problem):
            yield number, row
            return
        cells = _cells(row, shared)
        if not header:
            if any(cells.values()):
                yield number, {str(i): text for i, text in cells.items()}
                number += 1
        elif not columns:
            columns = {i: text.strip() for i, text in cells.items() if text.strip()}
        elif any(cells.values()):
            yield number, {columns[i]: text for i, text in cells.items() if i in columns}
            number += 1


def _cells(row: Any, shared: list[str]) -> dict[int, str]:
    """The texts of a row by the number of their column."""
    cells: dict[int, str] = {}
    for place, cell in enumerate(child for child in row if local_name(child) == "c"):
        letters = _LETTERS.match(cell.get("r", ""))
        index = _number_of(letters.group()) if letters else place
        value = _text(cell)
        if cell.get("t") == "s":
            value = shared[int(value)] if value.isdecimal() and int(value) < len(shared) else ""
        if index < _COLUMNS:
            cells[index] = value
    return cells


def _number_of(letters: str) -> int:
    """0 of `A`, 26 of `AA`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(element: Any) -> str:
    """The words of the cell or string: not those that say how they are pronounced."""
    return "".join(
        part.text or ""
        for part in element.iter()
        if local_name(part) in {"t", "v"} and local_name(part.getparent()) != "rPh"
    )
