"""Plain files of documents: JSONL (plain, gzip, zstd) and Parquet, read and written in batches.

A row is a document: `text`, and where there are any `id`, `url`, `language`; its other fields go through untouched. A row that can't be used
becomes a Reject with its line (JSONL) or row (Parquet) number, from 1.
Promise: rows keep their order; rows read = documents + rejects. Output appears under its name when it is whole.

Not here: what is done with the documents (signals/, recipes/), files on object storage (location.py).
"""

from __future__ import annotations

import gzip
import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.documents import document_id, domain_of
from corpus_platform.errors import SourceError
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

JSONL = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst", ".ndjson")
PARQUET = ".parquet"
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 10_000
_LINE_LIMIT = 256 << 20


@dataclass(frozen=True)
class PlainBatch:
    """Documents in order: `frame` has doc_id, url, domain, text and every other column that is a plain value; `rows` the fields as read."""

    frame: pl.DataFrame
    rows: list[dict[str, Any]]
    rejects: list[Reject] = field(default_factory=list)


def read_plain(path: Path, *, text: str = "text") -> Iterator[PlainBatch]:
    """The documents of a file, in batches of about 8 MB of text.

    Raises SourceError where the file is missing, is of no known kind, or is damaged beyond the rows read so far.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such file")
    if path.name.endswith(PARQUET):
        rows = _parquet_rows(path)
    elif path.name.endswith(JSONL):
        rows = _json_rows(path)
    else:
        raise SourceError(f"{path}: not a file of documents; known endings: {', '.join((*JSONL, PARQUET))}")
    yield from _batches(rows, path, text)


def _batches(rows: Iterable[tuple[int, dict[str, Any] | Reject]], path: Path, text: str) -> Iterator[PlainBatch]:
    good: list[tuple[int, dict[str, Any]]] = []
    rejects: list[Reject] = []
    size = 0
    for position, row in rows:
        found = row if isinstance(row, Reject) else _checked(row, path, position, text)
        if isinstance(found, Reject):
            rejects.append(found)
        else:
            good.append((position, found))
            size += len(found[text])
        if size >= _BATCH_BYTES or len(good) + len(rejects) >= _BATCH_ROWS:
            yield PlainBatch(_frame(good, path, text), [row for _, row in good], rejects)
            good, rejects, size = [], [], 0
    if good or rejects:
        yield PlainBatch(_frame(good, path, text), [row for _, row in good], rejects)


def _checked(row: dict[str, Any], path: Path, position: int, text: str) -> dict[str, Any] | Reject:
    """The row, or why it is no document."""
    url = row.get("url") if isinstance(row.get("url"), str) else None
    if not isinstance(row.get(text), str):
        kind = type(row[text]).__name__ if text in row else "nothing"
        return Reject(str(path), position, "no_text", f"`{text}` holds {kind}, not a text", url)
    try:
        row[text].encode()
    except UnicodeEncodeError:
        return Reject(str(path), position, "no_text", f"`{text}` holds half of a surrogate pair", url)
    return row


def _frame(rows: list[tuple[int, dict[str, Any]]], path: Path, text: str) -> pl.DataFrame:
    """What signals and recipes read of the rows: identity, address, text, and columns that hold values of one kind."""
    named = {"id", "doc_id", "url", "domain", text, "text"}
    made: dict[str, Any] = {
        "doc_id": [_identity(row, path, position) for position, row in rows],
        "url": [_string(row.get("url")) for _, row in rows],
        "text": [row[text] for _, row in rows],
    }
    frame = pl.DataFrame(made, schema={"doc_id": pl.String, "url": pl.String, "text": pl.String})
    frame = frame.with_columns(pl.Series("domain", [domain_of(url) for url in frame["url"]], pl.String))
    extra = dict.fromkeys(name for _, row in rows for name in row if name not in named)
    for name in extra:
        column = _column(name, [row.get(name) for _, row in rows])
        if column is not None:
            frame = frame.with_columns(column)
    return frame


def _column(name: str, values: list[Any]) -> pl.Series | None:
    """A column of plain values of one kind; None for anything else."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds or kinds - {str, int, float, bool, list}:
        return None
    try:
        return pl.Series(name, values, strict=kinds != {int, float})
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return None


def _identity(row: dict[str, Any], path: Path, position: int) -> str:
    own = row.get("doc_id") or row.get("id")
    return str(own) if own is not None else document_id("file", f"{path.name}#{position}")


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | Reject]]:
    with opened(path) as lines:
        number = 0
        try:
            for line in lines:
                number += 1
                if line.strip():
                    yield number, _json_row(line, path, number)
        except (OSError, EOFError) as error:
            yield number + 1, Reject(str(path), number + 1, "truncated", f"the file can't be read on: {error}")


def _json_row(line: bytes, path: Path, number: int) -> dict[str, Any] | Reject:
    if len(line) > _LINE_LIMIT:
        return Reject(str(path), number, "body_too_large", f"a line of {len(line):,} bytes")
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Reject(str(path), number, "bad_json", str(error))
    if not isinstance(row, dict):
        return Reject(str(path), number, "bad_json", f"a line is {type(row).__name__}, not an object")
    return row


def opened(path: Path) -> io.BufferedIOBase:
    """The lines of a file; gzip and zstd by its ending."""
    if path.name.endswith(".gz"):
        return gzip.open(path, "rb")
    if path.name.endswith(".zst"):
        return io.BufferedReader(_Raw(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")), 1 << 20)
    return path.open("rb")


class _Raw(io.RawIOBase):
    """An Arrow stream as Python's buffered readers want one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | Reject]]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{path}: not readable as Parquet ({error})") from error
    number = 0
    try:
        for batch in file.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pa.ArrowInvalid, OSError) as error:
        yield number + 1, Reject(str(path), number + 1, "truncated", f"the file can't be read on: {error}")


class PlainWriter:
    """Writes rows as JSONL or Parquet, by the file's ending. Use it in a `with` block; after an error nothing is left under the name."""

    def __init__(self, path: Path, types: Mapping[str, Any] | None = None) -> None:
        """`types` are the Polars types of columns whose first values may all be null; only Parquet needs them."""
        if not path.name.endswith((*JSONL, PARQUET)):
            raise SourceError(f"{path}: can't tell how to write it; known endings: {', '.join((*JSONL, PARQUET))}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.rows = 0
        self._types = types or {}
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}")
        self._file: Any = None

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Adds rows. Parquet's columns are those of the first rows: SourceError for a field that comes later, or whose kind changes."""
        self.rows += len(rows)
        if rows and self.path.name.endswith(PARQUET):
            self._write_table(rows)
        elif rows:
            self._file = self._file or _created(self._temporary, self.path.name)
            self._file.write(b"".join(orjson.dumps(row, default=str) + b"\n" for row in rows))

    def _write_table(self, rows: list[dict[str, Any]]) -> None:
        names = dict.fromkeys(name for row in rows for name in row)
        if self._file is None:
            known = {name: self._types[name] for name in names if name in self._types}
            frame = pl.DataFrame(rows, schema_overrides=known, infer_schema_length=None, strict=False)
            self._file = pq.ParquetWriter(self._temporary, frame.to_arrow().schema, compression="zstd")
        if late := sorted(names.keys() - set(self._file.schema.names)):
            raise SourceError(
                f"{self.path}: the first rows have no {', '.join(late)}; write JSONL, whose rows may differ"
            )
        try:
            self._file.write_table(pa.Table.from_pylist(rows, self._file.schema))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise SourceError(
                f"{self.path}: a field changes its kind ({error}); write JSONL, whose rows may differ"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None and kind is None:
            if self.path.name.endswith(PARQUET):
                pq.write_table(pa.table({"id": pa.array([], pa.string())}), self._temporary)
            else:
                self._file = _created(self._temporary, self.path.name)
        if self._file is not None:
            self._file.close()
        if kind is None:
            self._temporary.replace(self.path)
        else:
            self._temporary.unlink(missing_ok=True)


def _created(path: Path, name: str) -> Any:
    if name.endswith(".gz"):
        return gzip.open(path, "wb", compresslevel=6)
    if name.endswith(".zst"):
        return pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd")
    return path.open("wb")
