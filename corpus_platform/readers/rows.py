"""Rows of plain files as dicts: JSON lines, JSON, CSV, TSV and Parquet, packed or not; and lines of text files.

    for number, row in rows(unit, RowOptions()):
        if isinstance(row, Problem): ...            # why that row, or all that follows, can't be read
        else: row["text"]

What compresses a file is told by its first bytes; its charset by a byte order mark, by being UTF-8, or by its text (GB 18030, Big5 ...), line by line
where lines differ. Numbers count from 0, bad rows too.
Promise: memory is bounded by a line (`LINE`), a batch of Parquet, or `WHOLE` for JSON that is one value; a longer line is a Problem and the next is read.

Not here: what columns mean (the readers), archives with members (archives.py), spreadsheets (sheets.py).
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.extract.charset import decode
from corpus_platform.extract.labels import codec_of
from corpus_platform.readers.archives import plain
from corpus_platform.readers.sheets import sheet_rows
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from corpus_platform.readers.reader import Unit

Row = tuple[int, dict[str, Any] | Problem]

LINE = 16 << 20
"""Longest line, in bytes."""
WHOLE = 256 << 20
"""Largest JSON that is read as one value."""
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_KINDS = ("jsonl", "ndjson", "json", "csv", "tsv", "txt")
ROW_SUFFIXES = (".parquet", ".xlsx", *(f".{kind}{packed}" for kind in _KINDS for packed in ("", *_PACKED)))
"""Ends of names of files that are read."""

ROW_REASONS = {
    "bad_json": "The line or file is no JSON, or no object where one is looked for",
    "bad_row": "The row has fewer or more cells than there are columns",
    "line_too_long": "The line is longer than 16 MiB",
    "bad_encoding": "The bytes are in no charset that gives a text",
    "file_too_large": "A file of one JSON value, or of one that must be held in memory, is larger than 256 MiB",
    "broken_table": "The Parquet file, the spreadsheet or the quotes of a CSV file are damaged; what came before is used",
}
"""Reasons of problems with their meaning, besides those of archives."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_SAMPLE = 1 << 16
_BATCH = 1_000
_WIDE = ("utf-16", "utf-32")
_BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


@dataclass(frozen=True)
class RowOptions:
    """How a table is written, where its file does not say it."""

    columns: tuple[str, ...] = ()
    """Names of a CSV's or TSV's columns; its first row has them by default."""
    header: bool = True
    """Whether the first row names the columns; else they are called `0`, `1` ..., unless `columns` names them."""
    delimiter: str | None = None
    """Between cells; a comma, or a tab in files called `.tsv` and `.txt`."""
    quoted: bool | None = None
    """Whether cells may be in quotes; CSV's are, TSV's are not."""
    kind: str | None = None
    """`jsonl`, `json`, `csv`, `tsv`, `parquet` or `xlsx`, where the file's name does not end in it."""
    encoding: str | None = None
    """Charset, where it is not to be found out."""
    strict: bool = False
    """Whether a line in another charset than its file is a problem; else it is read as UTF-8 or GB 18030."""
    inside: str | None = None
    """Of JSON that is one object: the name under which its list of rows is; `a.b` for one in another."""


def rows(unit: Unit, options: RowOptions | None = None, *, path: str | None = None) -> Iterator[Row]:
    """The rows of a file of the unit, the only one by default. A Problem without rows after it ends a file that can't be read on."""
    options = options or RowOptions()
    name = (path or unit.files[0].path).lower()
    number = -1
    try:
        for number, row in _rows(unit, path, name, options):
            yield number, row
    except ArchiveError as error:
        yield number + 1, error.problem
    except (pa.ArrowException, csv.Error, OSError, EOFError) as error:
        yield number + 1, Problem("broken_table", _first_line(error))


def lines(
    stream: BinaryIO, name: str = "", *, encoding: str | None = None, strict: bool = False
) -> Iterator[tuple[int, str | Problem]]:
    """The lines of a text file with their number from 0, without their ends. Raises ArchiveError where the packed file is damaged."""
    yield from text_lines(unpacked(stream, name), encoding, strict=strict)


def text_lines(
    opened: io.BufferedReader, encoding: str | None = None, *, strict: bool = False
) -> Iterator[tuple[int, str | Problem]]:
    """The same of a file that is unpacked and open."""
    chosen = codec_for(opened.peek(_SAMPLE)[:_SAMPLE], encoding)
    wide = chosen.startswith(_WIDE)
    tried = ("utf-8",) if wide else (chosen,) if strict else tuple(dict.fromkeys((chosen, "utf-8", "gb18030")))
    for number, line in enumerate(_split(recoded(opened, chosen) if wide else opened)):
        yield number, line if isinstance(line, Problem) else text_of_line(line, tried)


def unpacked(stream: BinaryIO, name: str = "") -> io.BufferedReader:
    """The plain bytes of a stream, told by its first bytes."""
    opened = cast("io.BufferedReader", plain(stream, name))
    if opened.peek(4)[:4] == _ZSTD:
        return io.BufferedReader(_Zstd(opened, name), _SAMPLE)
    return opened


def kind_of(name: str) -> str:
    """What a file's name says that it is, without what it is packed in: `csv` of `a/b.csv.gz`."""
    name = name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name.rpartition(".")[2]


def _rows(unit: Unit, path: str | None, name: str, options: RowOptions) -> Iterator[Row]:
    kind = options.kind or kind_of(name)
    if kind == "parquet":
        yield from _parquet(unit, path)
        return
    with unit.open(path) as stream:
        if kind == "xlsx":
            yield from sheet_rows(stream, name)
        elif kind in {"csv", "tsv", "txt"}:
            yield from cell_rows(stream, name, kind, options)
        else:
            yield from _json(stream, name, kind, options)


def _parquet(unit: Unit, path: str | None) -> Iterator[Row]:
    number = 0
    with unit.open(path) as stream:
        source = stream if stream.seekable() else io.BytesIO(unit.bytes_of(path, WHOLE))
        for batch in pq.ParquetFile(source).iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                yield number, row
                number += 1


def cell_rows(stream: BinaryIO, name: str, kind: str, options: RowOptions) -> Iterator[Row]:
    """Rows of a CSV or TSV file. A row of another width is a Problem."""
    tabbed = kind != "csv"
    delimiter = options.delimiter or ("\t" if tabbed else ",")
    quoted = not tabbed if options.quoted is None else options.quoted
    csv.field_size_limit(LINE)
    problems: list[Problem] = []
    found = csv.reader(
        _good(lines(stream, name, encoding=options.encoding, strict=options.strict), problems),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        doublequote=True,
    )
    columns = list(options.columns)
    number = 0
    for cells in found:
        for problem in problems:
            yield number, problem
            number += 1
        problems.clear()
        if not cells:
            continue
        if not columns:
            columns = [(options.header and cell.strip()) or str(i) for i, cell in enumerate(cells)]
            if options.header:
                continue
        if len(cells) != len(columns):
            yield number, Problem("bad_row", f"{len(cells)} cells for {len(columns)} columns")
        else:
            yield number, dict(zip(columns, cells, strict=True))
        number += 1
    for problem in problems:
        yield number, problem
        number += 1


def _good(found: Iterator[tuple[int, str | Problem]], problems: list[Problem]) -> Iterator[str]:
    for _, line in found:
        if isinstance(line, Problem):
            problems.append(line)
        else:
            yield line.replace("\0", "") + "\n"


def _json(stream: BinaryIO, name: str, kind: str, options: RowOptions) -> Iterator[Row]:
    """JSON lines, or one value: told by whether the first line is a whole object."""
    opened = unpacked(stream, name)
    head = opened.peek(_SAMPLE)[:_SAMPLE].lstrip(b"\xef\xbb\xbf \t\r\n")
    named = kind in {"jsonl", "ndjson"}
    first, newline, _ = head.partition(b"\n")
    by_line = not options.inside and head[:1] != b"[" and (named or (newline != b"" and _is_object(first)))
    if not by_line:
        yield from _whole(opened, options)
        return
    for number, line in text_lines(opened, options.encoding):
        if isinstance(line, Problem):
            yield number, line
        elif line.strip():
            yield number, _object(line.lstrip("\ufeff"))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        # In another charset it still ends where an object does.
        return line.rstrip().endswith(b"}") and line.count(b'"') % 2 == 0


def _object(line: str) -> dict[str, Any] | Problem:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Problem("bad_json", str(error))
    return row if isinstance(row, dict) else Problem("bad_json", f"a line is {type(row).__name__}, not an object")


def _whole(opened: io.BufferedReader, options: RowOptions) -> Iterator[Row]:
    data = opened.read(WHOLE + 1)
    if len(data) > WHOLE:
        yield 0, Problem("file_too_large", f"more than {WHOLE:,} bytes")
        return
    codec = codec_for(data[:_SAMPLE], options.encoding)
    try:
        value = orjson.loads(data.decode(codec).lstrip("\ufeff"))
        for key in (options.inside or "").split(".") if options.inside else ():
            value = value[key]
    except (orjson.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        yield 0, Problem("bad_json", _first_line(error))
        return
    for number, row in enumerate(value if isinstance(value, list) else [value]):
        yield number, row if isinstance(row, dict) else Problem("bad_json", f"a row is {type(row).__name__}")


def _split(stream: BinaryIO | io.RawIOBase) -> Iterator[bytes | Problem]:
    """Lines without their ends; one that is too long is skipped to its end and told."""
    reader = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # pyright: ignore[reportArgumentType]
    while line := reader.readline(LINE + 1):
        if len(line) > LINE and not line.endswith(b"\n"):
            size = len(line)
            while (rest := reader.readline(LINE)) and not rest.endswith(b"\n"):
                size += len(rest)
            yield Problem("line_too_long", f"a line of {size + len(rest):,} bytes")
        else:
            yield line.rstrip(b"\r\n")


def text_of_line(line: bytes, codecs_to_try: tuple[str, ...]) -> str | Problem:
    """The text of a line in the first of the charsets that it is in, without a byte order mark."""
    for codec in codecs_to_try:
        try:
            text = line.decode(codec)
        except UnicodeDecodeError:
            continue
        return text.lstrip("\ufeff")
    return Problem("bad_encoding", f"not {', '.join(codecs_to_try)}")


def codec_for(head: bytes, given: str | None = None) -> str:
    """Codec of a text file by its first bytes; the given charset where there is one."""
    if given:
        return codec_of(given) or given
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec
    # A line in another charset makes no file in another charset; the last line may be cut.
    odd = [line for line in head.split(b"\n") if not line.isascii()]
    unlike = [line for line in odd if not _is_utf8(line)]
    if len(unlike) * 2 <= len(odd):
        return "utf-8"
    return codec_of(decode(head, is_html=False).charset) or "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(line)
    except UnicodeDecodeError:
        return False
    return True


def recoded(stream: io.BufferedReader, codec: str) -> io.BufferedReader:
    """A file in another charset as UTF-8, so that its lines and marks are where bytes say; what the charset does not have becomes U+FFFD."""
    return io.BufferedReader(_Recoded(stream, codec), _SAMPLE)


class _Recoded(io.RawIOBase):
    def __init__(self, stream: io.BufferedReader, codec: str) -> None:
        self._stream, self._decoder, self._ready = stream, codecs.getincrementaldecoder(codec)("replace"), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready:
            data = self._stream.read(_SAMPLE)
            self._ready = self._decoder.decode(data, final=not data).encode("utf-8", "replace")
            if not data:
                break
        given, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


class _Zstd(io.RawIOBase):
    """A zstd stream, which Arrow unpacks a piece at a time."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream, self._name = pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"), name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (pa.ArrowException, OSError) as error:
            raise ArchiveError(Problem("broken_archive", _first_line(error), self._name)) from error
        buffer[: len(data)] = data
        return len(data)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:300]
