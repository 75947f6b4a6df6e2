"""Rows of tables and records of texts for data sets: commas, tabs or several marks between cells, spreadsheets, Parquet, Markdown.

Every function gives (position from 0, row as a dict by column or a text, or a Problem), in order.
A line in another charset than its file is a problem, not a text that nobody can read.
Columns of a table without a header are called `0`, `1` ...; names that a set gives by place take the place of the table's own.

Not here: what a file is (layout.py), which rows a set wants (containers.py).
"""

from __future__ import annotations

import base64
import csv
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.readers.rows import LINE, WHOLE, RowOptions, cell_rows, text_lines, unpacked
from corpus_platform.readers.sheets import sheet_rows
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from corpus_platform.sft.layout import Layout

    Placed = tuple[int, Any | Problem]

_BATCH = 500
_RULE = re.compile(r"\s*:?-{2,}:?\s*")
_CELL_END = re.compile(r"(?<!\\)\|")


def table_rows(stream: BinaryIO, name: str, layout: Layout, columns: tuple[str, ...]) -> Iterator[Placed]:
    """Rows of a table of text."""
    if layout.delimiter and len(layout.delimiter) > 1:
        yield from _marked_rows(stream, layout, columns)
        return
    options = RowOptions(
        columns=() if layout.header else columns,
        header=layout.header,
        delimiter=layout.delimiter,
        quoted=layout.quoted,
        encoding=layout.charset,
        strict=True,
    )
    last = -1
    try:
        for last, row in cell_rows(stream, name, layout.form, options):
            yield last, _renamed(row, columns if layout.header else ())
    except csv.Error as error:
        yield last + 1, Problem("broken_table", str(error))


def _marked_rows(stream: BinaryIO, layout: Layout, columns: tuple[str, ...]) -> Iterator[Placed]:
    """Rows of lines with several characters between their cells."""
    names = list(columns)
    position = 0
    header = layout.header
    for _, line in text_lines(unpacked(stream), layout.charset, strict=True):
        cells = None if isinstance(line, Problem) else [cell.strip() for cell in line.split(layout.delimiter or "\t")]
        if cells is not None and header:
            names, header = names or cells, False
            continue
        if cells == [""]:
            continue
        if cells is None:
            yield position, line
        else:
            yield position, _row(names or [str(i) for i in range(len(cells))], cells)
        position += 1


def _row(names: list[str], cells: list[str]) -> dict[str, str] | Problem:
    if len(cells) != len(names):
        return Problem("bad_row", f"{len(cells)} cells for {len(names)} columns")
    return dict(zip(names, cells, strict=True))


def _renamed(row: dict[str, Any] | Problem, columns: tuple[str, ...]) -> dict[str, Any] | Problem:
    if not columns or isinstance(row, Problem):
        return row
    return {(columns[i] if i < len(columns) else name): value for i, (name, value) in enumerate(row.items())}


def sheet_records(
    stream: BinaryIO, name: str, sheet: int, layout: Layout, columns: tuple[str, ...]
) -> Iterator[Placed]:
    """Rows of a sheet."""
    for position, row in sheet_rows(stream, name, sheet=sheet, header=layout.header):
        yield position, _renamed(row, columns)


def parquet_rows(stream: BinaryIO) -> Iterator[Placed]:
    """Rows of a Parquet file, with lists and objects in them as they are; numbers with a fixed point become floats, bytes become Base64."""
    position = 0
    with pq.ParquetFile(stream) as file:
        odd = [field.name for field in file.schema_arrow if _is_odd(field.type)]
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                for name in odd:
                    row[name] = _plain(row[name])
                yield position, row
                position += 1


def _is_odd(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type, or of one in it, have no form in JSON."""
    types = pa.types
    if types.is_nested(kind):
        return types.is_map(kind) or any(_is_odd(kind.field(i).type) for i in range(kind.num_fields))
    return types.is_binary(kind) or types.is_large_binary(kind) or types.is_decimal(kind) or types.is_duration(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
            return {str(key): _plain(one) for key, one in value}
        return [_plain(one) for one in value]
    return str(value) if type(value).__name__ == "timedelta" else value


def markdown_rows(stream: BinaryIO, layout: Layout, columns: tuple[str, ...]) -> Iterator[Placed]:
    """Rows of all the tables of a Markdown file, each under its own titles; other lines are no rows. `position` counts the rows."""
    before: list[str] | None = None
    names: list[str] | None = None
    position = 0
    for _, line in text_lines(unpacked(stream), layout.charset, strict=True):
        if isinstance(line, Problem):
            yield position, line
            position += 1
            continue
        cells = _cells(line)
        if cells is None:
            names, before = None, None
        elif before is not None and names is None and all(_RULE.fullmatch(cell) for cell in cells):
            names = [*columns, *before[len(columns) :]] if columns else before
        elif names is not None:
            if any(cells):
                yield position, _row(names, cells)
                position += 1
        else:
            before = cells


def _cells(line: str) -> list[str] | None:
    """The cells of a line of a Markdown table; None where it is none. A bar behind a backslash is text, `<br>` a new line."""
    text = line.strip()
    if "|" not in text:
        return None
    parts = _CELL_END.split(text.removeprefix("|"))
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [re.sub(r"<br\s*/?>", "\n", part.replace("\\|", "|")).strip() for part in parts]


def text_records(stream: io.BufferedReader, layout: Layout, *, whole: bool) -> Iterator[Placed]:
    """Records of a text: its lines that are not blank, with their number; what is between marks; or all of it."""
    if whole:
        yield 0, _all(stream, layout)
    elif layout.between:
        yield from _between(text_lines(stream, layout.charset, strict=True), layout.between)
    else:
        for number, line in text_lines(stream, layout.charset, strict=True):
            if isinstance(line, Problem) or line.strip():
                yield number, line


def _all(stream: io.BufferedReader, layout: Layout) -> str | Problem:
    data = stream.read(WHOLE + 1)
    if len(data) > WHOLE:
        return Problem("file_too_large", f"more than {WHOLE:,} bytes")
    try:
        return data.decode(layout.charset).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        return Problem("bad_encoding", str(error)[:200])


def _between(found: Iterable[tuple[int, str | Problem]], mark: str) -> Iterator[Placed]:
    """Pieces of a text between marks, which may be in a line or be made of line ends."""
    text, position = "", 0
    for _, line in found:
        if isinstance(line, Problem):
            yield position, line
            position += 1
            continue
        # Only the end can have a mark that was not there before.
        at = max(0, len(text) - len(mark))
        text += line + "\n"
        while (end := text.find(mark, at)) >= 0:
            if text[:end].strip():
                yield position, text[:end].strip("\n")
                position += 1
            text, at = text[end + len(mark) :], 0
        if len(text) > LINE:
            yield position, Problem("line_too_long", f"a record of more than {LINE:,} characters")
            position += 1
            text = ""
    if text.strip():
        yield position, text.strip("\n")
