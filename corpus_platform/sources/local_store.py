"""Input files in a folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from corpus_platform.errors import SourceError
from corpus_platform.sources.store import InputFile, InputMissing, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


class LocalStore(Store):
    """A folder. Hidden files and folders are passed over in lists; versions are the time of the last change."""

    def __init__(self, base: Path) -> None:
        self.base = base

    @override
    def address(self, path: str) -> str:
        return str(self.base / path)

    @override
    def files(self, folder: str) -> Iterator[InputFile]:
        found: list[Path] = []
        for where, folders, names in os.walk(self._existing(folder)):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [Path(where, name) for name in names if not name.startswith(".")]
        for path in sorted(path.relative_to(self.base).as_posix() for path in found):
            yield self.stat(path)

    @override
    def folders(self, folder: str) -> list[str]:
        return sorted(
            entry.name for entry in self._existing(folder).iterdir() if entry.is_dir() and entry.name[0] != "."
        )

    @override
    def stat(self, path: str) -> InputFile:
        try:
            facts = (self.base / path).stat()
        except OSError as error:
            raise self._error(path, error) from error
        return InputFile(path, facts.st_size, str(facts.st_mtime_ns))

    @override
    def open(self, path: str) -> BinaryIO:
        try:
            return (self.base / path).open("rb")
        except OSError as error:
            raise self._error(path, error) from error

    @override
    def read_range(self, path: str, offset: int, length: int) -> bytes:
        with self.open(path) as stream:
            stream.seek(offset)
            data = stream.read(length)
        if len(data) < length:
            raise SourceError(
                f"{self.address(path)}: {len(data)} of the {length} bytes at {offset} are there: the file is cut off"
            )
        return data

    def _existing(self, folder: str) -> Path:
        where = self.base / folder
        if not where.is_dir():
            raise InputMissing(f"{where}: no such folder")
        return where

    def _error(self, path: str, error: OSError) -> SourceError:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return InputMissing(f"{self.address(path)}: no such file")
        return SourceError(f"{self.address(path)}: can't be read: {error.strerror}")
