"""Members of a tar, one after the other, from a stream that can't seek.

Reads the old format, ustar, GNU (long names) and pax (paths, sizes). Written here and not taken from `tarfile`, which reads a header of any size
into memory. Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, GNU tar's manual ("Basic Tar Format").

Not here: compression (unpacking.py), limits on members and paths (archives.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus_platform.readers.unpacking import PIECE_OUT, ArchiveError, Portion, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.unpacking import Readable

BLOCK = 512
_MAX_HEADER = 1 << 20
"""Longest pax header or GNU name that is read."""
_FILES = b"0\x007"
_LINKS = b"12"
_FOLDER = b"5"


@dataclass(frozen=True)
class TarMember:
    """A header of a tar. `content` is the member's bytes, to be read before the next header."""

    path: str
    size: int
    kind: str
    """`file`, `folder`, `link`, `special`."""
    detail: str
    content: Portion


def is_tar(head: bytes) -> bool:
    """Whether a stream that begins with this block is a tar. A block of zeros is the end of an empty one."""
    if len(head) < BLOCK:
        return False
    block = head[:BLOCK]
    return not any(block) if not block[0] else _number(block[148:156]) in _sums(block)


def tar_members(stream: Readable, archive: str) -> Iterator[TarMember]:
    """The members in order. Raises ArchiveError where the tar is damaged; a tar without its end mark is whole when it ends between members."""
    extra: dict[str, str] = {}
    while block := _exactly(stream, BLOCK, archive):
        if not any(block):
            # The rest is padding, but what it unpacks to counts: a file of zeros looks like an empty tar.
            while stream.read(PIECE_OUT):
                pass
            return
        if _number(block[148:156]) not in _sums(block):
            raise ArchiveError(Problem("broken_archive", "a header's checksum is wrong", archive))
        kind, size = block[156:157], _number(block[124:136])
        if kind in (b"x", b"L", b"K", b"g"):
            value = _header_text(stream, size, archive)
            extra.update(
                _pax(value) if kind == b"x" else {"path": _decoded(value.rstrip(b"\0"))} if kind == b"L" else {}
            )
            continue
        member = _member(block, extra, size, stream, archive)
        extra = {}
        yield member
        member.content.skip()
        _exactly(stream, -member.size % BLOCK, archive)


def _member(block: bytes, extra: dict[str, str], size: int, stream: Readable, archive: str) -> TarMember:
    path = extra.get("path") or _path(block)
    if extra.get("size", "").isdecimal():
        size = int(extra["size"][:19])
    flag = block[156:157]
    kind, detail = "special", f"type {flag.decode('latin-1')!r}"
    if flag in _LINKS:
        kind, detail = "link", "a link to " + _decoded(block[157:257].partition(b"\0")[0])
    elif flag == _FOLDER or (flag in _FILES and path.endswith("/")):
        kind = "folder"
    elif flag in _FILES and not any(key.startswith("GNU.sparse") for key in extra):
        kind = "file"
    if flag in b"123456":
        size = 0
    if size < 0:
        raise ArchiveError(Problem("broken_archive", "a header's size is wrong", archive))
    return TarMember(path, size, kind, detail, Portion(stream, size, path))


def _path(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:262] == b"ustar" and block[263:265] == b"00" else b""
    return _decoded(prefix + b"/" + name if prefix else name)


def _header_text(stream: Readable, size: int, archive: str) -> bytes:
    if not 0 <= size <= _MAX_HEADER:
        raise ArchiveError(Problem("broken_archive", f"a header of {size:,} bytes", archive))
    return _exactly(stream, size + -size % BLOCK, archive)[:size]


def _pax(data: bytes) -> dict[str, str]:
    """Records of a pax header, `LENGTH KEY=VALUE` and a line feed each; what is malformed ends it."""
    found: dict[str, str] = {}
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or not len(length) < int(length[:9]) <= len(data):
            break
        key, _, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        found[_decoded(key)] = _decoded(value)
        data = data[int(length) :]
    return found


def _exactly(stream: Readable, size: int, archive: str) -> bytes:
    """`size` bytes; none at the end of the stream. Raises ArchiveError where it ends in between."""
    data = stream.read(size) if size else b""
    while data and len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise ArchiveError(Problem("broken_archive", "the archive ends inside a block", archive))
        data += more
    return data


def _number(field: bytes) -> int:
    """Octal digits, or two's complement when the first bit is set; -1 where it is neither."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big") - (1 << 8 * (len(field) - 1) if field[0] == 0xFF else 0)
    digits = field.partition(b"\0")[0].strip()
    return int(digits, 8) if digits and not digits.strip(b"01234567") else -1 if digits else 0


def _sums(block: bytes) -> tuple[int, int]:
    """The checksum of a header, of unsigned bytes and of signed ones, as some old programs took it."""
    counted = block[:148] + b" " * 8 + block[156:BLOCK]
    unsigned = sum(counted)
    return unsigned, unsigned - 256 * sum(byte > 127 for byte in counted)


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")
