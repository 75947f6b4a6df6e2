"""Compressed streams that can't run away: what is unpacked is metered, in size and by its ratio to the packed bytes.

    meter    counts the bytes that one input gives, through all layers of compression and nesting, and says stop
    Problem  why a part of an archive, or all that follows, is not read

Promise: no piece of more than a MiB is unpacked at once, whatever the input says; a failing store is a SourceError and never damage.

Not here: members (tar_members.py, zip_members.py), which archive is in which (archives.py).
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from corpus_platform.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

REASONS = {
    "archive_bomb": "The archive unpacks to more bytes or members than the limits allow; nothing after that place is read",
    "broken_archive": "The archive is damaged, cut off, or of no kind that is read; what came before the damage is used",
    "encrypted": "The member is encrypted",
    "link": "The member is a link; it is not followed",
    "member_too_large": "The member, or an archive that must be held in memory, is larger than the limit",
    "nested_too_deep": "An archive in an archive in an archive, deeper than the limit",
    "path_escapes": "The member's path is absolute, climbs out of the archive, or is no path",
    "special_file": "The member is a device, a pipe, or a file with holes",
}
"""Reasons of problems, with their meaning."""

PIECE = 1 << 16
PIECE_OUT = 1 << 20
_XZ_MEMORY = 128 << 20
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        ...


@dataclass(frozen=True)
class Limits:
    """How much one archive may give. The defaults are far above any dump of text and far below what hurts."""

    total_bytes: int = 256 << 30
    """All that is unpacked, through every layer."""
    ratio: float = 200.0
    """Unpacked bytes for a packed one, looked at beyond `ratio_from`. Text packs to a third or a twentieth, a bomb to a thousandth."""
    ratio_from: int = 64 << 20
    """Unpacked bytes up to which any ratio is allowed: a small file of zeros is no bomb."""
    members: int = 5_000_000
    member_bytes: int = 1 << 30
    """Largest member. A single compressed file is a member as well."""
    held_bytes: int = 256 << 20
    """Largest archive that is held in memory, for it can only be read by seeking: a zip in a stream."""
    depth: int = 3
    """Layers of archives, the outermost included; a `.tar.gz` is one."""
    path_characters: int = 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not read: the reason is a key of REASONS. `path` is the member's, or the archive's own."""

    reason: str
    detail: str
    path: str = ""


class ArchiveError(Exception):
    """Reading a member failed: `problem` says why. No CorpusError, for it is the input's fault: its reader turns it into a reject."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.path}: {problem.reason}: {problem.detail}")
        self.problem = problem


@dataclass
class Meter:
    """What one input has given so far. Shared by all layers of its archives."""

    limits: Limits
    name: str
    packed: int = 0
    unpacked: int = 0
    members: int = 0
    stopped: Problem | None = None
    """The problem after which nothing more is read."""

    def take_unpacked(self, size: int) -> None:
        """Counts unpacked bytes. Raises ArchiveError when they are too many."""
        self.unpacked += size
        if self.unpacked > self.limits.total_bytes:
            self.stop("archive_bomb", f"more than {self.limits.total_bytes:,} bytes unpacked")
        if self.unpacked > self.limits.ratio_from and self.unpacked > self.limits.ratio * self.packed:
            self.stop("archive_bomb", f"{self.packed:,} packed bytes give over {self.unpacked:,}")

    def take_member(self) -> None:
        """Counts a member. Raises ArchiveError when they are too many."""
        self.members += 1
        if self.members > self.limits.members:
            self.stop("archive_bomb", f"more than {self.limits.members:,} members")

    def stop(self, reason: str, detail: str) -> None:
        """Raises ArchiveError, now and whenever something is read again."""
        self.stopped = self.stopped or Problem(reason, detail, self.name)
        raise ArchiveError(self.stopped)


class Stream(io.RawIOBase):
    """A raw stream that is read only, by its `_take`. Raises ArchiveError as told there."""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fills the buffer, or a part of it; 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self._take(min(len(view), PIECE_OUT)) if len(view) else b""
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """All that is left, in larger pieces than io's own."""
        pieces: list[bytes] = []
        while piece := self._take(PIECE_OUT):
            pieces.append(piece)
        return b"".join(pieces)

    def _take(self, size: int) -> bytes:
        """The next `size` bytes or fewer, none at the end."""
        raise NotImplementedError


class Base(Stream):
    """The input itself: counts what is read as packed, and tells failures of the store from damage.

    With `seeking`, for an archive that is read here and there, the whole input counts as packed from the start.
    """

    def __init__(self, stream: BinaryIO, meter: Meter, *, seeking: bool = False) -> None:
        self._stream = stream
        self._meter = meter
        self._seeking = seeking
        if seeking:
            meter.packed = self.seek(0, io.SEEK_END)
            self.seek(0)

    def seekable(self) -> bool:
        """As it was said."""
        return self._seeking

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Moves in the input."""
        try:
            return self._stream.seek(offset, whence)
        except OSError as error:
            raise SourceError(f"{self._meter.name}: seeking failed: {error}; run again") from error

    def _take(self, size: int) -> bytes:
        pieces: list[bytes] = []
        try:
            while size and (data := self._stream.read(size)):
                pieces.append(data)
                size -= len(data)
        except OSError as error:
            raise SourceError(f"{self._meter.name}: reading failed: {error}; run again") from error
        taken = b"".join(pieces)
        if not self._seeking:
            self._meter.packed += len(taken)
        return taken


class Unpacked(Stream):
    """What a compressed stream holds: gzip, bzip2 or xz, of one member or several. Raises ArchiveError where it is damaged or too much."""

    def __init__(self, packed: Readable, start: Callable[[], Any], path: str, meter: Meter) -> None:
        self._packed = packed
        self._start = start
        self._path = path
        self._meter = meter
        self._engine: Any = start()
        self._left = b""
        self._ended = False
        self._damage: ArchiveError | None = None

    def _take(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size and (data := self._next(size)):
            pieces.append(data)
            size -= len(data)
            self._meter.take_unpacked(len(data))
        if not pieces and self._damage:
            raise self._damage
        return b"".join(pieces)

    def _next(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end, or at damage, which is told when all before it has been read."""
        if self._damage:
            return b""
        try:
            while not self._ended:
                if self._engine.eof and not self._next_member():
                    break
                data = self._decompress(size)
                if data:
                    return data
        except ArchiveError as error:
            self._damage = error
        except (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError) as error:
            self._damage = ArchiveError(Problem("broken_archive", str(error) or type(error).__name__, self._path))
        return b""

    def _decompress(self, size: int) -> bytes:
        """The next bytes; empty where the engine wants more input."""
        if getattr(self._engine, "needs_input", True) and not self._left:
            self._left = self._packed.read(PIECE)
            if not self._left:
                raise EOFError("the compressed data end before their end mark")
        given, self._left = self._left, b""
        data = self._engine.decompress(given, size)
        self._left = getattr(self._engine, "unconsumed_tail", b"")
        return data

    def _next_member(self) -> bool:
        """Whether another compressed stream follows the one that has ended. What is no such stream is padding."""
        rest = self._engine.unused_data.lstrip(b"\0")
        while len(rest) < len(_XZ):
            more = self._packed.read(PIECE)
            if not more:
                break
            rest = (rest + more).lstrip(b"\0")
        if not rest.startswith((_GZIP, _BZIP2, _XZ)):
            self._ended = True
            return False
        self._engine = self._start()
        self._left = rest
        return True


def compression_of(head: bytes) -> Callable[[], Any] | None:
    """What begins a decompressor for a stream with these first bytes; None where it is not compressed."""
    if head.startswith(_GZIP):
        return lambda: zlib.decompressobj(31)
    if head.startswith(_BZIP2) and head[3:4].isdigit():
        return bz2.BZ2Decompressor
    if head.startswith(_XZ):
        return lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    return None


class Portion(Stream):
    """The next `size` bytes of a stream, as a member of an archive. Raises ArchiveError where the stream ends before."""

    def __init__(self, stream: Readable, size: int, path: str) -> None:
        self._stream = stream
        self.left = size
        self._path = path

    def skip(self) -> None:
        """Reads over what is left."""
        while self.left:
            self._take(PIECE_OUT)

    def _take(self, size: int) -> bytes:
        wanted = min(size, self.left)
        data = self._stream.read(wanted) if wanted else b""
        if wanted and not data:
            raise ArchiveError(Problem("broken_archive", f"the archive ends {self.left:,} bytes too early", self._path))
        self.left -= len(data)
        return data


class Bounded(Stream):
    """A stream of unknown length. Raises ArchiveError once it gives more than `size` bytes."""

    def __init__(self, stream: Readable, size: int, path: str) -> None:
        self._stream = stream
        self._size = size
        self._left = size
        self._path = path
        self.failed = False
        """Whether reading raised: its reader knows of the problem."""

    def _take(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except ArchiveError:
            self.failed = True
            raise
        self._left -= len(data)
        if self._left < 0:
            self.failed = True
            raise ArchiveError(Problem("member_too_large", f"more than {self._size:,} bytes", self._path))
        return data


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """A raw stream with a buffer, which can be peeked into."""
    return io.BufferedReader(raw, PIECE)


def head_of(stream: io.BufferedReader, size: int) -> bytes:
    """The first bytes of a stream, which stay unread; fewer where it is shorter. `size` is at most the buffer's."""
    return stream.peek(size)[:size]
