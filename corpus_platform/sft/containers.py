"""Records of a data set's files, whatever the files are: JSON lines, JSON, tables, spreadsheets, Parquet, Markdown, text, and archives of any of these.

    for piece in pieces(unit):                          # files, and members of archives
        for read in records_of(piece, Container(), ("row",)):
            read.position, read.value                   # what a kind reads; or a Problem, and the next one follows

What a file is, is told by its first bytes (layout.py); what a set says of it in `container` comes before that.
Promise: memory is bounded by a record (`LINE`), by a batch of Parquet, or by `WHOLE` for what is one value; what can't be read is a Problem with its
place, and reading goes on where a next record can be found.

Not here: what records mean (kinds/), columns and maps (reading.py).
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.readers.archives import Member, members
from corpus_platform.readers.rows import LINE, ROW_REASONS, WHOLE, recoded, unpacked
from corpus_platform.readers.tar_members import BLOCK, is_tar
from corpus_platform.readers.unpacking import REASONS, ArchiveError, Bounded, Limits, Problem, buffered
from corpus_platform.readers.zip_members import ZIP_MAGIC
from corpus_platform.sft.json_items import Item, Level, items, value_of
from corpus_platform.sft.layout import Form, Layout, layout_of
from corpus_platform.sft.tables import markdown_rows, parquet_rows, sheet_records, table_rows, text_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.kinds.kind import Shape

CONTAINER_REASONS = {
    **REASONS,
    **ROW_REASONS,
    "empty_file": "The file has no bytes, or nothing but white space",
    "unknown_container": "The file is nothing that records are read from: an image, a program, a document",
    "not_unicode": "The text has what is no Unicode: halves of characters, or bytes of another charset",
}
"""Reason codes of files and records that can't be read, with their meaning."""

_HEAD = 1 << 18
_LIMITS = Limits(member_bytes=256 << 30, total_bytes=1 << 40)
_LEVELS: dict[str | None, Level] = {"list": 1, "lists": 2, "values": 0}
_SHEET_LOOKED = 64


class Container(BaseModel):
    """How a set's files are written, where it is not to be found out by looking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Form | None = Field(default=None, description="jsonl, json, csv, tsv, text, markdown, xlsx, parquet")
    encoding: str | None = Field(default=None, description="Charset")
    delimiter: str | None = Field(default=None, description="Between the cells of a table, one character or several")
    header: bool | None = Field(default=None, description="Whether a table's first row names its columns")
    quoted: bool | None = Field(default=None, description="Whether cells may be in quotes")
    columns: tuple[str, ...] = Field(
        default=(), description="Names of a table's columns, by place; the names of its own are left then"
    )
    sheet: int = Field(default=1, ge=1, description="Sheet of a spreadsheet, from 1")
    inside: str | None = Field(default=None, description="Where in a JSON object the records are: `a.b`")
    splits: tuple[str, ...] = Field(
        default=(), description="Keys of a JSON object of lists that are read; all by default"
    )
    between: str | None = Field(
        default=None, description="What parts the records of a text: a blank line, `<|endoftext|>`"
    )

    def layout(self, found: Layout | None) -> Layout | None:
        """The layout of a file with what is said here; None where nothing is said and nothing was found."""
        form = self.form or (found and found.form)
        if form is None:
            return None
        same = found is not None and found.form == form
        own = found if found is not None and same else Layout(form, found.charset if found else "utf-8")
        return Layout(
            form,
            own.charset if self.encoding is None else self.encoding,
            self.delimiter or own.delimiter,
            own.header if self.header is None else self.header,
            (own.quoted if same else form == "csv") if self.quoted is None else self.quoted,
            own.inside,
            self.splits or own.lists,
            self.between or own.between,
        )


@dataclass(frozen=True)
class Piece:
    """A file that holds records: one of the unit, or a member of an archive, which can be opened once."""

    file: str
    """Its path; `archive.zip/member.json` for a member."""
    open: Callable[[], BinaryIO] = field(repr=False)
    owned: bool = True
    """Whether the stream is to be closed by who opens it; a member's is its archive's."""

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file's bytes for a `with` block."""
        stream = self.open()
        try:
            yield stream
        finally:
            if self.owned:
                stream.close()


@dataclass(frozen=True, slots=True)
class Read:
    """What is at a place of a file: a record, or why there is none. Positions rise, and problems have theirs."""

    position: int
    """Ordinal of the record in the file; of JSON lines the line's number from 0."""
    value: Any | Problem
    split: str | None = None
    """Key of the list that it is in: `train`, where the file is an object of lists."""


def records(
    unit: Unit, *, shape: Shape | None = None, options: Container | None = None
) -> Iterator[tuple[int, Any | Problem]]:
    """The records of a unit's only file, or of all its files one after another: (position in its file, value or Problem)."""
    shapes: tuple[Shape, ...] = (shape,) if shape else ("row", "line", "file")
    for piece in pieces(unit):
        if isinstance(piece, tuple):
            yield 0, piece[1]
            continue
        for read in records_of(piece, options or Container(), shapes, strict=shape is not None):
            yield read.position, read.value


def pieces(unit: Unit, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Piece | tuple[str, Problem]]:
    """The files of a unit and the members of its archives whose path is wanted, in order; (path, Problem) for what an archive can't give.

    A member must be read before the next piece is asked for.
    """
    for one in unit.files:
        archive = _archive(unit, one.path)
        if archive is None:
            if wanted(one.path):
                yield Piece(one.path, lambda path=one.path: unit.open(path))
            continue
        with archive:
            for member in members(archive, one.path, limits=_LIMITS):
                if isinstance(member, Member):
                    path = f"{one.path}/{member.path}"
                    if wanted(path):
                        yield Piece(path, member.open, owned=False)
                else:
                    yield f"{one.path}/{member.path}".rstrip("/"), member


def records_of(piece: Piece, options: Container, shapes: tuple[Shape, ...], *, strict: bool = False) -> Iterator[Read]:
    """The records of a file, in the first of the shapes that fits it; with `strict`, in the first, whatever the file is."""
    last = -1
    try:
        with piece.opened() as stream:
            layout, opened = _looked(stream, piece.file, options)
            if isinstance(layout, Problem):
                yield Read(0, layout)
                return
            shape = shapes[0] if strict else shape_of(layout, shapes)
            found = _records(opened, piece.file, layout, options, shape)
            for read in _together(opened, piece.file, layout, options) if _is_of_rows(layout, shape) else found:
                last = read.position
                yield read
    except ArchiveError as error:
        yield Read(last + 1, error.problem)
    except (pa.ArrowException, OSError, EOFError) as error:
        yield Read(last + 1, Problem("broken_table", (str(error) or type(error).__name__).partition("\n")[0][:300]))


def looked_at(piece: Piece, options: Container | None = None) -> Layout | Problem:
    """The layout of a file, by its first bytes."""
    try:
        with piece.opened() as stream:
            return _looked(stream, piece.file, options or Container())[0]
    except ArchiveError as error:
        return error.problem


def shape_of(layout: Layout, shapes: tuple[Shape, ...]) -> Shape:
    """The first of some shapes that records of a file may have; the file's usual one where none fits."""
    fitting = _fitting(layout)
    for shape in shapes:
        if shape in fitting:
            return shape
    return fitting[0]


def _fitting(layout: Layout) -> tuple[Shape, ...]:
    if layout.form == "json":
        by_inside: dict[str | None, tuple[Shape, ...]] = {
            "entries": ("entry", "file", "row"),
            "record": ("file", "row"),
        }
        return by_inside.get(layout.inside, ("row",))
    if layout.form == "text":
        return ("line", "file")
    return ("row", "line") if layout.form in {"csv", "tsv"} else ("row",)


def _archive(unit: Unit, path: str) -> BinaryIO | None:
    """A file as a stream that `members` reads, where it is an archive of several files."""
    stream = unit.open(path)
    head = stream.read(4)
    if stream.seekable():
        stream.seek(0)
    else:
        stream.close()
        stream = unit.open(path)
    if head in ZIP_MAGIC:
        if not _is_sheet(stream, path):
            stream.close()
            return unit.open(path)
    elif head != b"PAR1":
        opened = unpacked(stream, path)
        try:
            if is_tar(opened.peek(BLOCK)[:BLOCK]):
                return cast("BinaryIO", opened)
        except ArchiveError:
            # Reading it tells the same, with its place.
            pass
    stream.close()
    return None


def _is_sheet(stream: BinaryIO, name: str) -> bool:
    for number, member in enumerate(members(stream, name)):
        if isinstance(member, Member) and member.path.startswith("xl/"):
            return True
        if number > _SHEET_LOOKED:
            break
    return False


def _looked(stream: BinaryIO, name: str, options: Container) -> tuple[Layout | Problem, BinaryIO]:
    """The layout of a file and its plain bytes from the start, as a stream that seeks where its form needs that."""
    head = stream.read(4)
    if head == b"PAR1" or head in ZIP_MAGIC:
        layout = options.layout(layout_of(head))
        if stream.seekable():
            stream.seek(0)
            return layout or Problem("unknown_container", ""), stream
        rest = stream.read(WHOLE + 1)
        if len(rest) > WHOLE:
            return Problem("file_too_large", f"more than {WHOLE:,} bytes in an archive"), stream
        return layout or Problem("unknown_container", ""), io.BytesIO(head + rest)
    opened = unpacked(cast("BinaryIO", io.BufferedReader(_Chained(head, stream), _HEAD)), name)
    seen = _ahead(opened, _HEAD)
    if seen[:1] in b"{[\xef" and b"\n" not in seen and len(seen) == _HEAD:
        # A line that does not end yet: one record of many, or the whole file.
        seen += _ahead(opened, LINE)
    layout = options.layout(layout_of(seen, whole=len(seen) < _HEAD))
    if layout is None:
        reason = "unknown_container" if seen.strip() else "empty_file"
        return Problem(reason, f"it begins with {seen[:16]!r}" if seen else ""), cast("BinaryIO", opened)
    return layout, cast("BinaryIO", io.BufferedReader(_Chained(seen, opened), _HEAD))


def _ahead(stream: io.BufferedReader, size: int) -> bytes:
    found: list[bytes] = []
    while size > 0 and (data := stream.read(size)):
        found.append(data)
        size -= len(data)
    return b"".join(found)


class _Chained(io.RawIOBase):
    """Some bytes, and then a stream."""

    def __init__(self, head: bytes, stream: Any) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._head[: len(buffer)]
        self._head = self._head[len(data) :]
        data = data or self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _records(stream: BinaryIO, name: str, layout: Layout, options: Container, shape: Shape) -> Iterator[Read]:
    if layout.form == "parquet":
        found = parquet_rows(stream)
    elif layout.form == "xlsx":
        found = sheet_records(stream, name, options.sheet, layout, options.columns)
    elif layout.form in {"json", "jsonl"} and shape != "line":
        yield from _json(cast("io.BufferedReader", stream), layout, options, shape)
        return
    elif layout.form == "markdown" and shape != "line":
        found = markdown_rows(stream, layout, options.columns)
    elif shape in {"line", "file"} or layout.form == "text":
        found = text_records(cast("io.BufferedReader", stream), layout, whole=shape == "file")
    else:
        found = table_rows(stream, name, layout, options.columns)
    for position, value in found:
        yield Read(position, value)


def _is_of_rows(layout: Layout, shape: Shape) -> bool:
    """Whether the one record that a file is asked to be is the list of its rows."""
    return shape == "file" and (layout.form not in {"json", "text"} or layout.inside in {"list", "values"})


def _together(stream: BinaryIO, name: str, layout: Layout, options: Container) -> Iterator[Read]:
    """All rows of a file as one record, and then the problems among them."""
    own = stream if layout.form in {"parquet", "xlsx"} else cast("BinaryIO", buffered(Bounded(stream, WHOLE, name)))
    found = list(_records(own, name, layout, options, "row"))
    good = [read.value for read in found if not isinstance(read.value, Problem)]
    if good or not found:
        yield Read(0, good)
    for read in found:
        if isinstance(read.value, Problem):
            yield read


def _json(stream: io.BufferedReader, layout: Layout, options: Container, shape: Shape) -> Iterator[Read]:
    if layout.form == "jsonl":
        for position, line in text_records(stream, layout, whole=False):
            value = line if isinstance(line, Problem) else value_of(line)
            if isinstance(value, Problem):
                value = Problem(value.reason, f"line {position + 1}: {value.detail}")
            yield Read(position, value)
        return
    plain = stream if layout.charset == "utf-8" else recoded(stream, layout.charset)
    if plain.peek(3)[:3] == b"\xef\xbb\xbf":
        plain.read(3)
    one = shape == "file" or (shape == "row" and layout.inside in {"record", "entries"})
    if one or options.inside:
        yield from _whole(plain, options.inside, shape)
        return
    level: Level = 1 if shape == "entry" else _LEVELS.get(layout.inside, 1)
    for position, item in enumerate(_of_lists(items(plain, level), layout.lists if level == 2 else ())):
        yield Read(position, _value(item, shape), item.key if level == 2 and not _says_nothing(item, layout) else None)


def _of_lists(found: Iterator[Item], keys: tuple[str, ...]) -> Iterator[Item]:
    return (item for item in found if not keys or item.key in keys or isinstance(item.raw, Problem))


def _says_nothing(item: Item, layout: Layout) -> bool:
    return layout.lists == (item.key,)


def _value(item: Item, shape: Shape) -> Any | Problem:
    value = item.raw if isinstance(item.raw, Problem) else value_of(item.raw)
    if isinstance(value, Problem) or shape != "entry" or item.key is None:
        return value
    return {"_key": item.key, **value} if isinstance(value, dict) else {"_key": item.key, "_value": value}


def _whole(stream: io.BufferedReader, inside: str | None, shape: Shape) -> Iterator[Read]:
    data = stream.read(WHOLE + 1)
    if len(data) > WHOLE:
        yield Read(0, Problem("file_too_large", f"more than {WHOLE:,} bytes"))
        return
    value = value_of(data)
    for key in inside.split(".") if inside else ():
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        yield Read(0, Problem("wrong_shape", f"nothing at `{inside}`" if inside else "the file is null"))
    elif not inside or isinstance(value, Problem) or shape == "file":
        yield Read(0, value)
    elif shape == "entry" and isinstance(value, dict):
        for position, (key, entry) in enumerate(value.items()):
            yield Read(position, {"_key": key, **entry} if isinstance(entry, dict) else {"_key": key, "_value": entry})
    else:
        for position, one in enumerate(value if isinstance(value, list) else [value]):
            yield Read(position, one)
