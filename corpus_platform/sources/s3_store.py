"""Input files in an S3 bucket.

Credentials, region and endpoint come from the environment as for any AWS tool (AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL,
...), unless the location says that the bucket is public, or how it is reached. Requests are as patient as the lake's (lake/s3_files.py).
"""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from corpus_platform.errors import SourceError
from corpus_platform.lake.storage import Storage
from corpus_platform.sources.store import InputFile, InputMissing, RangeStream, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from corpus_platform.lake.s3_settings import S3Access

_PIECE = 8 << 20


class S3Store(Store):
    """The objects under `s3://bucket/prefix`."""

    def __init__(self, base: str, *, anonymous: bool, access: S3Access) -> None:
        self.base = base.rstrip("/")
        self._root = self.base.removeprefix("s3://")
        bucket = self._root.partition("/")[0]
        self._storage = Storage(f"s3://{bucket}", anonymous=anonymous, **asdict(access))

    @override
    def address(self, path: str) -> str:
        return f"{self.base}/{path}".rstrip("/")

    @override
    def files(self, folder: str) -> Iterator[InputFile]:
        found = self._ask(folder, lambda where: self._files.find(where, detail=True))
        for key in sorted(found):
            if found[key]["type"] == "file":
                yield _input_file(key.removeprefix(self._root + "/"), found[key])

    @override
    def folders(self, folder: str) -> list[str]:
        found = self._ask(folder, lambda where: self._files.ls(where, detail=True))
        return sorted(entry["name"].rstrip("/").rpartition("/")[2] for entry in found if entry["type"] == "directory")

    @override
    def stat(self, path: str) -> InputFile:
        return _input_file(path, self._ask(path, self._files.info))

    @override
    def open(self, path: str) -> BinaryIO:
        size = self.stat(path).size or 0
        return io.BufferedReader(
            RangeStream(size, lambda offset, length: self.read_range(path, offset, length)), _PIECE
        )

    @override
    def read_range(self, path: str, offset: int, length: int) -> bytes:
        if length == 0:
            return b""
        data = self._ask(path, lambda where: self._files.cat_file(where, start=offset, end=offset + length))
        if len(data) != length:
            raise SourceError(
                f"{self.address(path)}: {len(data)} of the {length} bytes at {offset} came: the file is shorter than expected"
            )
        return data

    @property
    def _files(self) -> Any:
        # Asked for anew each time, as credentials may be; one file system is kept for as long as they are the same.
        return self._storage.filesystem()

    def _ask(self, path: str, question: Any) -> Any:
        """The store's answer about the object; its errors as SourceError."""
        try:
            return question(f"{self._root}/{path}".rstrip("/"))
        except FileNotFoundError as error:
            raise InputMissing(f"{self.address(path)}: no such object") from error
        except PermissionError as error:
            raise SourceError(
                f"{self.address(path)}: the store refuses; for a public bucket say `anonymous`, else check the credentials"
            ) from error
        except Exception as error:
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in (
                "botocore",
                "aiohttp",
            ):
                raise
            told = self._storage.masked(f"{type(error).__name__}: {error}")
            raise SourceError(f"{self.address(path)}: {told}; check endpoint, region and credentials") from (
                None if str(error) not in told else error
            )


def _input_file(path: str, facts: dict[str, Any]) -> InputFile:
    version = str(facts.get("ETag") or facts.get("etag") or facts.get("LastModified") or "").strip('"')
    return InputFile(path, facts.get("size"), version or None)
