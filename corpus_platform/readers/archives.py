"""Members of an archive, streamed: tar (plain, gzip, bzip2, xz), zip, one compressed file, and archives inside of archives.

    for member in members(stream, "1911.02782.gz"):
        if isinstance(member, Problem):
            yield unit.reject(position, member.reason, member.detail)
        elif member.path.endswith(".tex"):
            data = member.read()                # raises ArchiveError with a `problem`

    for found in contents(stream, "1911.02782.gz", lambda path: path.endswith(".tex")):
        ...                                     # (Member, bytes), or a Problem: nothing is raised

What an archive is, is told by its first bytes; an archive inside of one is opened when its name says so too (a document in a zip of its own,
such as an EPUB, stays a member). Promise: nothing is written to a disk; no link is followed; every path is relative and stays inside; memory is
bounded; a bomb ends the archive with a Problem, and so does damage: what came before it has been given.

Not here: what is in the members.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from corpus_platform.readers.tar_members import BLOCK, is_tar, tar_members
from corpus_platform.readers.unpacking import (
    REASONS,
    ArchiveError,
    Base,
    Bounded,
    Limits,
    Meter,
    Problem,
    Unpacked,
    buffered,
    compression_of,
    head_of,
)
from corpus_platform.readers.zip_members import ZIP_MAGIC, opened_member, zip_members

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from corpus_platform.readers.unpacking import Readable

ARCHIVE_REASONS = REASONS
"""Reasons of problems with their meaning, for a reader's own `reasons`."""

_NAMES = (".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")
_COMPRESSED = (".gz", ".bz2", ".xz")
_REASON_OF_KIND = {"link": "link", "special": "special_file", "encrypted": "encrypted", "unread": "broken_archive"}


@dataclass(frozen=True)
class Member:
    """A regular file of an archive. It can be read until the next one is asked for, and once."""

    path: str
    """Relative, with `/`, below that of the archive it is in: `1911/1911.02782.gz/main.tex`."""
    size: int | None
    """Unpacked bytes; None where the archive does not say it."""
    within: str
    """Path of the inner archive that it is in; empty for the outermost."""
    _open: Callable[[], BinaryIO] = field(repr=False)

    def open(self) -> BinaryIO:
        """The bytes as a stream that can't seek. It raises ArchiveError where they are damaged or too many."""
        return self._open()

    def read(self) -> bytes:
        """All bytes. Raises ArchiveError where they are damaged or more than the limit of a member."""
        return self._open().read()


def members(stream: BinaryIO, name: str, *, limits: Limits | None = None) -> Iterator[Member | Problem]:
    """The files of an archive in its order, and a Problem for each thing that is not read.

    Arguments:
        stream: the archive; a zip is read where it is when the stream can seek, else held in memory up to `limits.held_bytes`
        name: its path, for its kind's sake and for messages; no file of that name is opened
        limits: how much it may give
    """
    meter = Meter(limits or Limits(), name)
    try:
        if _is_seekable_zip(stream):
            yield from _zip(buffered(Base(stream, meter, seeking=True)), "", 1, meter)
        else:
            yield from _archive(buffered(Base(stream, meter)), name, "", 1, meter)
    except ArchiveError as error:
        yield error.problem


def contents(
    stream: BinaryIO, name: str, wanted: Callable[[str], bool], *, limits: Limits | None = None
) -> Iterator[tuple[Member, bytes] | Problem]:
    """The wanted files, by their path, with their bytes; a Problem for each thing that is not read, of whatever name."""
    for member in members(stream, name, limits=limits):
        if isinstance(member, Problem):
            yield member
        elif wanted(member.path):
            try:
                data = member.read()
            except ArchiveError as error:
                yield error.problem
                continue
            yield member, data


def plain(stream: BinaryIO, name: str, *, limits: Limits | None = None) -> BinaryIO:
    """A single file as it is unpacked: gzip, bzip2 or xz by its first bytes, else as it is. Reading raises ArchiveError.

    `limits.member_bytes` does not count here: a dump may be as large as `total_bytes`.
    """
    meter = Meter(limits or Limits(), name)
    base = buffered(Base(stream, meter))
    start = compression_of(head_of(base, 6))
    return base if start is None else buffered(Unpacked(base, start, name, meter))


def _archive(stream: io.BufferedReader, name: str, path: str, depth: int, meter: Meter) -> Iterator[Member | Problem]:
    """Members of a stream that is an archive by its name or its bytes. `path` is empty for the outermost."""
    shown = path or name
    if depth > meter.limits.depth:
        yield Problem("nested_too_deep", f"more than {meter.limits.depth} archives in each other", shown)
        return
    start = compression_of(head_of(stream, 6))
    if start is not None:
        inner = buffered(Unpacked(stream, start, shown, meter))
        if is_tar(head_of(inner, BLOCK)):
            yield from _tar(inner, path, depth, meter)
        else:
            yield from _member(_Found(_plain_name(name), None, "file", "", inner), path, depth, meter)
    elif head_of(stream, 4) in ZIP_MAGIC:
        yield from _zip(_held(stream, shown, meter), path, depth, meter)
    elif is_tar(head_of(stream, BLOCK)):
        yield from _tar(stream, path, depth, meter)
    else:
        yield Problem("broken_archive", f"no archive: it begins with {head_of(stream, 16)!r}", shown)


@dataclass(frozen=True)
class _Found:
    """An entry of any kind of archive."""

    path: str
    size: int | None
    kind: str
    detail: str
    stream: Readable


def _tar(stream: io.BufferedReader, path: str, depth: int, meter: Meter) -> Iterator[Member | Problem]:
    for entry in tar_members(stream, path or meter.name):
        found = _Found(entry.path, entry.size, entry.kind, entry.detail, buffered(entry.content))
        failed = yield from _member(found, path, depth, meter)
        if failed or meter.stopped:
            return


def _zip(stream: BinaryIO, path: str, depth: int, meter: Meter) -> Iterator[Member | Problem]:
    for entry in zip_members(stream, path or meter.name):
        if entry.kind == "file":
            try:
                content = opened_member(stream, entry, _joined(path, entry.path), meter)
            except ArchiveError as error:
                meter.take_member()
                yield error.problem
                continue
        else:
            content = io.BytesIO()
        yield from _member(_Found(entry.path, entry.size, entry.kind, entry.detail, content), path, depth, meter)
        if meter.stopped:
            return


def _member(found: _Found, archive: str, depth: int, meter: Meter) -> Generator[Member | Problem, None, bool]:
    """An entry as a member, as the members of the archive that it is, or as the problem that it has; whether reading its bytes failed."""
    meter.take_member()
    limits = meter.limits
    inside = _safe(found.path, limits.path_characters)
    path = _joined(archive, inside or found.path[: limits.path_characters])
    if found.kind == "folder":
        return False
    if inside is None:
        yield Problem("path_escapes", repr(found.path[:200]), path)
    elif found.kind != "file":
        yield Problem(_REASON_OF_KIND[found.kind], found.detail, path)
    elif found.size is not None and found.size > limits.member_bytes:
        yield Problem("member_too_large", f"{found.size:,} bytes", path)
    else:
        bounded = Bounded(found.stream, limits.member_bytes, path)
        stream = buffered(bounded)
        if inside.lower().endswith(_NAMES) and _is_archive(stream):
            yield from _inner(stream, inside, path, depth + 1, meter)
        else:
            yield Member(path, found.size, archive, _once(stream, path))
            if found.size is None and not bounded.failed:
                _drain(stream)
        return bounded.failed
    return False


def _inner(stream: io.BufferedReader, name: str, path: str, depth: int, meter: Meter) -> Iterator[Member | Problem]:
    """Members of an archive in an archive: damage ends it alone, a bomb all."""
    try:
        yield from _archive(stream, name.rpartition("/")[2], path, depth, meter)
    except ArchiveError as error:
        yield error.problem


def _once(stream: io.BufferedReader, path: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        if not opens:
            raise ValueError(f"{path}: a member is read once")
        opens.pop()
        return stream

    opens = [True]
    return opened


def _drain(stream: io.BufferedReader) -> None:
    """Reads a single compressed file to its end, so that its damage is told even when nobody reads it; nothing follows it."""
    try:
        while stream.read(1 << 20):
            pass
    except ArchiveError as error:
        if error.problem.reason != "member_too_large":
            raise


def _is_archive(stream: io.BufferedReader) -> bool:
    try:
        return (
            compression_of(head_of(stream, 6)) is not None
            or head_of(stream, 4) in ZIP_MAGIC
            or is_tar(head_of(stream, BLOCK))
        )
    except ArchiveError:
        return False


def _is_seekable_zip(stream: BinaryIO) -> bool:
    if not stream.seekable():
        return False
    head = stream.read(4)
    stream.seek(0)
    return head in ZIP_MAGIC


def _held(stream: io.BufferedReader, path: str, meter: Meter) -> BinaryIO:
    data = stream.read(meter.limits.held_bytes + 1)
    if len(data) > meter.limits.held_bytes:
        raise ArchiveError(Problem("member_too_large", f"a zip of more than {meter.limits.held_bytes:,} bytes", path))
    return io.BytesIO(data)


def _safe(path: str, longest: int) -> str | None:
    """The path in one form; None where it is absolute, climbs, is too long or empty."""
    if len(path) > longest or "\0" in path or path.startswith(("/", "\\")) or path[1:2] == ":":
        return None
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return None if not parts or ".." in parts else "/".join(parts)


def _joined(archive: str, path: str) -> str:
    return f"{archive}/{path}" if archive else path


def _plain_name(name: str) -> str:
    """Name of what a compressed file holds: `1911.02782.gz` holds `1911.02782`."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return last[: last.rindex(".")] if last.lower().endswith(_COMPRESSED) else last
