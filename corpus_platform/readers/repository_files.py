"""Files of a repository with their bytes, whatever it comes as: a folder, a tar or zip, a wheel, a source distribution.

`look` goes over all names once and keeps what says something of the repository (licences, package metadata); `files` goes over it again and gives
each file that is asked for. Paths are relative to the repository: a folder that everything in an archive lies in is no part of them.
Promise: memory is that of one file and of the small files that `look` keeps; an archive is never unpacked to a disk.

Not here: what becomes of the files (repository.py), hostile archives (archives.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus_platform.extract.licences import is_licence_file
from corpus_platform.readers.archives import Member, members
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from corpus_platform.readers.reader import Unit

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip", ".whl")
"""Ends of archives that hold a repository."""

_ABOUT = re.compile(r"(?:^|/)(?:PKG-INFO|METADATA|package\.json|pyproject\.toml|Cargo\.toml)$")
_SMALL = 400_000
_MANY = 400


@dataclass(frozen=True)
class File:
    """A file of a repository: `path` in it, and its bytes, of which there are more than `limit` where `too_large`; `size` of all, where that is known."""

    path: str
    data: bytes
    size: int | None
    too_large: bool = False


@dataclass
class Look:
    """What the names and small files tell: `root` of all paths, which is cut off, and texts of licence files and metadata by path."""

    root: str = ""
    about: dict[str, bytes] = field(default_factory=dict)

    def inside(self, path: str) -> str:
        """A path without the root."""
        return path.removeprefix(self.root)


def is_archive(unit: Unit) -> bool:
    """Whether a unit is one archive, and no folder."""
    return len(unit.files) == 1 and unit.files[0].path == unit.name and unit.name.lower().endswith(ARCHIVES)


def look(unit: Unit) -> Look:
    """Goes over the names of a unit and keeps what tells its licence. Problems are left to `files`, which meets them again."""
    found = Look()
    tops: set[str] = set()
    for file in _read(unit, _tells, _SMALL, tops):
        if isinstance(file, File) and not file.too_large and len(found.about) < _MANY:
            found.about[file.path] = file.data
    if is_archive(unit) and len(tops) == 1 and "/" in (top := next(iter(tops))):
        found.root = top
    elif not is_archive(unit):
        found.root = f"{unit.name}/"
    found.about = {found.inside(path): data for path, data in found.about.items()}
    return found


def files(unit: Unit, found: Look, limit: int, wanted: Callable[[str], bool]) -> Iterator[File | Problem]:
    """Each wanted file in the unit's order, with at most `limit` bytes; a Problem for what can't be read."""
    for file in _read(unit, lambda path: wanted(found.inside(path)), limit, set()):
        yield file if isinstance(file, Problem) else File(found.inside(file.path), file.data, file.size, file.too_large)


def _tells(path: str) -> bool:
    return is_licence_file(path) or bool(_ABOUT.search(path))


def _read(unit: Unit, wanted: Callable[[str], bool], limit: int, tops: set[str]) -> Iterator[File | Problem]:
    """`tops` is filled with the first folder of each path (with its slash), or the path of what lies in none."""
    if not is_archive(unit):
        for file in unit.files:
            if wanted(file.path):
                with unit.open(file.path) as stream:
                    yield _file(file.path, stream.read(limit + 1), file.size, limit)
        return
    with unit.open() as stream:
        for member in members(stream, unit.name):
            if isinstance(member, Problem):
                yield member
                continue
            first, slash, _ = member.path.partition("/")
            tops.add(first + slash)
            if wanted(member.path):
                yield _of_member(member, limit)


def _of_member(member: Member, limit: int) -> File | Problem:
    try:
        # It is left open: where it is an archive's own stream, the archive reads on.
        return _file(member.path, member.open().read(limit + 1), member.size, limit)
    except ArchiveError as error:
        return error.problem


def _file(path: str, data: bytes, size: int | None, limit: int) -> File:
    return File(path, data[:limit], size if size is not None else len(data), too_large=len(data) > limit)
