"""Where input is: a folder, a bucket, a web server or a repository of a hub, behind one set of questions.

    location = InputLocation("https://data.commoncrawl.org")
    with location.local_copy("crawl-data/CC-MAIN-2024-10/warc.paths.gz") as path: ...

Promise: nothing is asked of the network but what the caller names; a file is whole or an error; errors are SourceErrors that name the address
(never a credential) and what to do. A location is a value: it pickles, and each process opens its own connections.

Not here: where output goes (lake/), what files there are (common_crawl.py).
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit, urlunsplit

from corpus_platform.catalogue.refusal import check_allowed
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.sources.http_store import HttpSettings, HttpStore
from corpus_platform.sources.hub_store import HUBS, HubStore, Repository
from corpus_platform.sources.local_store import LocalStore
from corpus_platform.sources.s3_store import S3Store
from corpus_platform.sources.store import InputFile, InputMissing, RangeStream, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 1 << 20


@dataclass(frozen=True)
class InputLocation:
    """A base address and how to ask it. Paths are relative to the base, with forward slashes."""

    base: str = field(repr=False)
    """`/folder`, `file:///folder`, `s3://bucket/prefix`, `https://server/path`, or a data set of a hub: `hf://datasets/owner/name`, `ms://datasets/owner/name`."""
    anonymous: bool = False
    """For buckets: ask without credentials."""
    endpoint: str | None = None
    """For buckets: address of the S3 server; None asks `s3`, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS itself."""
    s3: S3Access = field(default_factory=S3Access, repr=False)
    """For buckets: how they are reached."""
    http: HttpSettings = field(default_factory=HttpSettings, repr=False)

    def __post_init__(self) -> None:
        scheme = urlsplit(self.base).scheme
        if scheme in ("", "file"):
            local = unquote(urlsplit(self.base).path) if scheme else os.path.expanduser(self.base)  # noqa: PTH111
            object.__setattr__(self, "base", os.path.abspath(local))  # noqa: PTH100  (no link is followed)
        elif scheme not in ("s3", "http", "https", *HUBS):
            raise SettingsError(
                f"{self}: `{scheme}:` is not a kind of location; there are /folder, file://, s3://, https://, hf:// and ms://"
            )
        else:
            check_allowed(self.base)
        if scheme in HUBS:
            Repository.of(self.base)

    def __str__(self) -> str:
        parts = urlsplit(self.base)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    @property
    def is_local(self) -> bool:
        """Whether files are read where they are."""
        return self.base.startswith("/")

    @property
    def can_list(self) -> bool:
        """Whether the location knows what files it has, with size and version."""
        return not self.base.startswith("http")

    def at(self, folder: str) -> InputLocation:
        """The location of a folder in this one."""
        return replace(self, base=f"{self.base.rstrip('/')}/{_checked(folder)}")

    def address(self, path: str) -> str:
        """The file's address for messages."""
        return self._store.address(path)

    def files(self, folder: str = "") -> Iterator[InputFile]:
        """All files under the folder, sorted by path. Raises SourceError for web servers, InputMissing where there is no such folder."""
        return self._store.files(_checked(folder))

    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders in the folder, sorted. Raises as `files`."""
        return self._store.folders(_checked(folder))

    def stat(self, path: str) -> InputFile:
        """Size and version (the ETag, else the time of the last change) of a file. Raises InputMissing where there is none."""
        return self._store.stat(_checked(path))

    def find(self, path: str) -> InputFile | None:
        """`stat`, or None where there is no such file."""
        try:
            return self.stat(path)
        except InputMissing:
            return None

    def read(self, path: str) -> bytes:
        """A small file as a whole."""
        with self.open(path) as stream:
            return stream.read()

    def open(self, path: str) -> BinaryIO:
        """The file as a stream. Folders and buckets give one that can seek; a web server's takes up broken transfers by itself."""
        return self._store.open(_checked(path))

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`. Raises SourceError where the file has fewer."""
        return self._store.read_range(_checked(path), offset, length)

    def open_seekable(self, path: str, piece: int = 1 << 20) -> BinaryIO:
        """The file as a stream that can seek; remote ones fetch what is read, in requests of at least `piece` bytes."""
        if self.is_local:
            return self.open(path)
        size = self.stat(path).size
        if size is None:
            raise SourceError(
                f"{self.address(path)}: the server does not say how long the file is; copy it to a folder first"
            )
        return io.BufferedReader(RangeStream(size, lambda offset, length: self.read_range(path, offset, length)), piece)

    @contextmanager
    def local_copy(self, path: str, folder: Path | None = None) -> Iterator[Path]:
        """The file on this machine while the block runs: itself if it is local, else a copy in `folder` (default: the system's temporary one).

        Raises SourceError where the copy has not the size that the store states.
        """
        if self.is_local:
            self.stat(path)
            yield Path(self.base, _checked(path))
            return
        expected = self.stat(path).size
        with tempfile.TemporaryDirectory(prefix="corpus-input-", dir=folder) as scratch:
            copy = Path(scratch, path.rpartition("/")[2] or "input")
            with self.open(path) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
            if expected is not None and copy.stat().st_size != expected:
                raise SourceError(
                    f"{self.address(path)}: {copy.stat().st_size} bytes came instead of {expected}; run again"
                )
            yield copy

    @property
    def _store(self) -> Store:
        return _store(self)


@lru_cache(maxsize=64)
def _store(location: InputLocation) -> Store:
    if location.is_local:
        return LocalStore(Path(location.base))
    if location.base.startswith("s3://"):
        access = replace(location.s3, endpoint=location.endpoint or location.s3.endpoint)
        return S3Store(location.base, anonymous=location.anonymous, access=access)
    if urlsplit(location.base).scheme in HUBS:
        return HubStore(Repository.of(location.base), location.http)
    return HttpStore(location.base, location.http)


def _checked(path: str) -> str:
    """The path, if it stays inside the location: lists of paths come from elsewhere."""
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise SourceError(f"{path!r} is not a path inside the location")
    return path
