"""Members of a zip, in the order of its directory, from a stream that can seek.

The directory's size is looked at before it is read, and members are unpacked in bounded pieces: `zipfile` unpacks what one block of bzip2 gives
at once, which may be gigabytes. Source: PKWARE's APPNOTE 6.3.10.

Not here: limits on members and paths (archives.py).
"""

from __future__ import annotations

import bz2
import io
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from corpus_platform.readers.unpacking import ArchiveError, Bounded, Meter, Portion, Problem, Unpacked, buffered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END = struct.Struct("<4s4H2LH")
_END_MAGIC, _LOCATOR_MAGIC, _END64_MAGIC = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_TAIL = _END.size + (1 << 16) + 20
_MAX_DIRECTORY = 128 << 20
_ENGINES: dict[int, Callable[[], Any]] = {
    zipfile.ZIP_DEFLATED: lambda: zlib.decompressobj(-15),
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
}


@dataclass(frozen=True)
class ZipMember:
    """An entry of a zip's directory."""

    path: str
    size: int
    """Unpacked size, as the directory says it."""
    kind: str
    """`file`, `folder`, `link`, `special`, `encrypted`, `unread`."""
    detail: str
    info: zipfile.ZipInfo


def zip_members(stream: BinaryIO, archive: str) -> Iterator[ZipMember]:
    """The entries of the directory in order. Raises ArchiveError where there is none or it is too large."""
    size = _directory_size(stream)
    if size is None or size > _MAX_DIRECTORY:
        reason, detail = (
            ("broken_archive", "it has no directory")
            if size is None
            else ("archive_bomb", f"a directory of {size:,} bytes")
        )
        raise ArchiveError(Problem(reason, detail, archive))
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise ArchiveError(Problem("broken_archive", str(error), archive)) from error
    for info in entries:
        kind, detail = _kind(info)
        yield ZipMember(info.filename, info.file_size, kind, detail, info)


def opened_member(stream: BinaryIO, member: ZipMember, path: str, meter: Meter) -> io.BufferedReader:
    """A member's bytes. Raises ArchiveError, now or on reading, where they are damaged or more than the directory says."""
    info = member.info
    stream.seek(info.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != ZIP_MAGIC[0]:
        raise ArchiveError(Problem("broken_archive", "the member's own header is missing", path))
    name, extra = struct.unpack("<2H", header[26:30])
    stream.seek(info.header_offset + 30 + name + extra)
    portion = buffered(Portion(stream, info.compress_size, path))
    if info.compress_type == zipfile.ZIP_STORED:
        return portion
    return buffered(Bounded(Unpacked(portion, _ENGINES[info.compress_type], path, meter), member.size, path))


def _kind(info: zipfile.ZipInfo) -> tuple[str, str]:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir():
        return "folder", ""
    if mode == stat.S_IFLNK:
        return "link", "a symbolic link"
    if mode and mode != stat.S_IFREG:
        return "special", f"mode {mode:o}"
    if info.flag_bits & 1:
        return "encrypted", ""
    if info.compress_type != zipfile.ZIP_STORED and info.compress_type not in _ENGINES:
        return "unread", f"compression method {info.compress_type} is not read"
    return "file", ""


def _directory_size(stream: BinaryIO) -> int | None:
    """Bytes of the directory as the end record says it; None where there is no end record."""
    end = stream.seek(0, io.SEEK_END)
    base = max(end - _TAIL, 0)
    stream.seek(base)
    tail = stream.read(_TAIL)
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        return None
    size = _END.unpack_from(tail, at)[5]
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(_LOCATOR_MAGIC):
        stream.seek(min(struct.unpack("<Q", locator[8:16])[0], end))
        large = stream.read(56)
        if large.startswith(_END64_MAGIC) and len(large) == 56:
            size = max(size if size != 0xFFFFFFFF else 0, struct.unpack("<Q", large[40:48])[0])
    return size
