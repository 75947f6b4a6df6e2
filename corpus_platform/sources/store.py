"""What an input location can do, whatever the store behind it; and the error and the file that all of them share.

Not here: the stores themselves (local_store.py, http_store.py, s3_store.py).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from corpus_platform.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO


class InputMissing(SourceError):
    """There is no such file."""


@dataclass(frozen=True)
class InputFile:
    """A file of a location: its path relative to the base, its size in bytes, and a version that changes with its content.

    Size and version are None where nobody has asked the store, e.g. for the files of a paths list.
    """

    path: str
    size: int | None = None
    version: str | None = None

    @property
    def identity(self) -> str:
        """Path, size and version in one string: what a shard says that it reads."""
        known = [str(part) for part in (self.size, self.version) if part is not None]
        return " ".join([self.path, *known])


class Store(Protocol):
    """Read-only files under one base. Paths are relative, with forward slashes."""

    def address(self, path: str) -> str:
        """The file's address for messages, without credentials."""
        ...

    def files(self, folder: str) -> Iterator[InputFile]:
        """All files under the folder, sorted by path."""
        ...

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in the folder, sorted."""
        ...

    def stat(self, path: str) -> InputFile:
        """Size and version."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The file as a stream from its beginning."""
        ...

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """Exactly these bytes."""
        ...


class RangeStream(io.RawIOBase):
    """A file that can seek, read piece by piece through `read_range`: for stores where each piece is a request.

    Wrapped in io.BufferedReader, whose buffer is the smallest piece.
    """

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._at

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    @override
    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        buffer[:length] = self._read_range(self._at, length)
        self._at += length
        return length
