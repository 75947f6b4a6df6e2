"""Frames of a WARC file: one record after the other, past damage where a later record can be found.

fastwarc ends silently where a file is cut off, and stops for good at the first damaged byte. Here a cut-off record is told from a whole one by
its length, and after damage the file is searched for the next record. Promise: a stretch of damage is told once, as a Break or by the frame's
own `read`; no record is yielded twice; a failing store is an error and never damage.

Not here: what is in a record (warc.py, wat.py).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord

from corpus_platform.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

GZIP_MAGIC = b"\x1f\x8b\x08"
_LEFT_TO_FASTWARC = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"\x04\x22\x4d\x18")
"""First bytes of zstd, zstd with a dictionary, lz4."""
_PIECE = 1 << 20
_LOOK_AHEAD = 4096


class Damaged(Exception):
    """A record can't be read to its end. `reason` is one of records.REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Break:
    """A stretch of the file that is no record. `position` is where it begins, or the last record before it."""

    position: int
    reason: str
    detail: str


class Frame:
    """One record: its WARC header now, its block when asked for."""

    def __init__(self, file: str, position: int, record: WarcRecord) -> None:
        self.file = file
        self.position = position
        self.type = str(record.record_type)
        self.content_length = record.content_length
        self.record = record
        self.told: Damaged | None = None
        """The damage that `read` raised."""

    def header(self, name: str) -> str | None:
        """A field of the WARC header, without white space; None where it is missing or empty."""
        return (self.record.headers.get(name) or "").strip() or None

    def check_header(self) -> Damaged | None:
        """The damage of a header without a valid Content-Length, which fastwarc takes for 0."""
        said = self.header("Content-Length")
        if said is not None and said.isdecimal() and int(said) == self.content_length:
            return None
        return Damaged("bad_warc", f"Content-Length is {said!r}")

    def read(self) -> bytes:
        """The whole block. Raises Damaged where the file is damaged or ends before."""
        try:
            block = self.record.reader.read()
        except OSError as error:
            self.told = _damage(error, self.file)
            raise self.told from error
        if len(block) < self.content_length:
            self.told = self._cut(len(block))
            raise self.told
        return block

    def finish(self) -> Damaged | None:
        """Reads over what is left of the block, in bounded memory. Returns the record's damage, if any."""
        if self.told:
            return self.told
        try:
            self.record.reader.consume()
        except OSError as error:
            return _damage(error, self.file)
        found = self.record.reader.tell()
        return self._cut(found) if found < self.content_length else None

    def _cut(self, found: int) -> Damaged:
        return Damaged("truncated", f"{found} of {self.content_length} bytes of the record are there")


def frames(stream: BinaryIO, file: str) -> Iterator[Frame | Break]:
    """The records of a WARC file (plain, gzip, zstd, lz4) in order; use each one before asking for the next.

    Damage is searched past in plain and gzip files that can seek. Raises SourceError, naming `file`, where the stream itself fails.
    """
    head = _head(stream)
    gzip = head.startswith(GZIP_MAGIC)
    text = _inflated(head) if gzip else head
    other = None if gzip and not text else _other_than_warc(text)
    if other is None:
        yield from _Archive(stream, file, gzip=gzip)
        return
    yield Break(0, *other)
    if other[0] == "not_warc" and stream.seekable():
        gzip = _next_member(stream, 1) is not None
        yield from _Archive(stream, file, gzip=gzip).after_damage(1)


class _Archive:
    """State of reading one file: where the last record began, and whether the current stretch of damage has been told."""

    def __init__(self, stream: BinaryIO, file: str, *, gzip: bool) -> None:
        self._stream = stream
        self._file = file
        self._gzip = gzip
        self._position = -1
        self._begin = 0
        self._told = False

    def __iter__(self) -> Iterator[Frame | Break]:
        search_from = yield from self._run()
        if self._stream.seekable():
            yield from self.after_damage(search_from)

    def after_damage(self, search_from: int | None) -> Iterator[Frame | Break]:
        """The records from the first one at or after the offset on; the damage before it has been told."""
        self._told = True
        while search_from is not None:
            begin = (_next_member if self._gzip else _next_plain)(self._stream, search_from)
            if begin is None:
                return
            self._stream.seek(begin)
            self._begin = begin
            search_from = yield from self._run()

    def _run(self) -> Generator[Frame | Break, None, int | None]:
        """Frames from the stream's place to its end or to damage. Returns where to search for the next record after damage."""
        search_from = self._begin + 1
        records = iter(ArchiveIterator(self._stream, parse_http=False))
        while True:
            try:
                record = next(records, None)
            except OSError as error:
                yield from self._tell(_damage(error, self._file))
                return search_from
            if record is None:
                cut = self._tail()
                yield from self._tell(cut)
                return search_from if cut else None
            frame = Frame(self._file, max(record.stream_pos, self._position + 1), record)
            self._position, self._begin = frame.position, record.stream_pos
            search_from = self._begin + 1
            damage = frame.check_header()
            if damage is None:
                yield frame
                damage = frame.finish()
                self._told = frame.told is not None
            if damage:
                yield from self._tell(damage)
                return search_from
            search_from += 0 if self._gzip else frame.content_length

    def _tell(self, damage: Damaged | None) -> Iterator[Break]:
        if damage and not self._told:
            self._told = True
            yield Break(max(self._position, self._begin), damage.reason, damage.detail)

    def _tail(self) -> Damaged | None:
        """A gzip member that begins or ends at the end of the file without being whole: fastwarc says nothing about it."""
        if not self._gzip or not self._stream.seekable():
            return None
        missing = _bytes_after_member(self._stream, self._begin)
        return Damaged("truncated", f"the file ends inside a compressed member: {missing}") if missing else None


def _damage(error: OSError, file: str) -> Damaged:
    """A complaint of fastwarc as damage. An error of the operating system or the store is raised instead."""
    if error.errno is not None or type(error) is not OSError:
        raise SourceError(f"{file}: reading failed: {error}; run again") from error
    text = str(error)
    return Damaged("bad_gzip" if "compression" in text else "bad_warc", text)


def _head(stream: BinaryIO) -> bytes:
    """The first bytes of the stream, which stay unread; empty where the stream can neither seek nor peek."""
    if stream.seekable():
        head = stream.read(1 << 16)
        stream.seek(0)
        return head
    peek = getattr(stream, "peek", None)
    return peek(1 << 16) if peek else b"WARC/"


def _other_than_warc(head: bytes) -> tuple[str, str] | None:
    """(reason, detail) why a file that begins so, once decompressed, is no WARC file."""
    if not head:
        return "empty_file", ""
    if head.startswith(b"filedesc:"):
        return "arc_unsupported", head[:60].decode("latin-1").split()[0]
    if head.lstrip().startswith(b"WARC/") or head.startswith(_LEFT_TO_FASTWARC):
        return None
    return "not_warc", f"the file begins with {head[:16]!r}"


def _inflated(data: bytes, size: int = 4096) -> bytes:
    """The first `size` bytes that a gzip member decompresses to; fewer where it is cut or damaged."""
    try:
        return zlib.decompressobj(31).decompress(data, size)
    except zlib.error:
        return b""


def _next_member(stream: BinaryIO, start: int) -> int | None:
    """Offset of the next gzip member at or after `start` that holds a WARC record; None where there is none."""
    return _find(stream, start, GZIP_MAGIC, lambda there: _inflated(there, 5) == b"WARC/")


def _next_plain(stream: BinaryIO, start: int) -> int | None:
    """Offset of the next line at or after `start` that opens a WARC record; None where there is none."""
    at = _find(stream, max(start - 1, 0), b"\nWARC/", lambda there: there[6:7].isdigit())
    return None if at is None else at + 1


def _find(stream: BinaryIO, start: int, needle: bytes, accept: Callable[[bytes], bool]) -> int | None:
    """Offset of the first `needle` at or after `start` that is accepted, given up to _LOOK_AHEAD bytes from there on."""
    stream.seek(start)
    data, base = b"", start
    while True:
        piece = stream.read(_PIECE)
        data += piece
        decided = len(data) - _LOOK_AHEAD if piece else len(data)
        at = data.find(needle)
        while 0 <= at < decided:
            if accept(data[at : at + _LOOK_AHEAD]):
                return base + at
            at = data.find(needle, at + 1)
        if not piece:
            return None
        keep = max(decided, 0)
        data, base = data[keep:], base + keep


def _bytes_after_member(stream: BinaryIO, start: int) -> str:
    """What is wrong after the gzip member at `start`, the last of the file; empty where it ends with the file or no member begins there."""
    stream.seek(start)
    if stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
        return ""
    stream.seek(start)
    inflate = zlib.decompressobj(31)
    try:
        while piece := stream.read(_PIECE):
            while piece and not inflate.eof:
                inflate.decompress(piece, _PIECE)
                piece = inflate.unconsumed_tail
            if inflate.eof:
                left = len(inflate.unused_data) + len(stream.read(_PIECE))
                return f"{left} bytes follow the last whole one" if left else ""
    except zlib.error:
        return ""
    return "the last one has no end"
