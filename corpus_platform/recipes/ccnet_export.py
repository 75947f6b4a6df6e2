"""CCNet's files: JSON lines in `<language>_<bucket>_<nnnn>.json.gz`, of a target size.

Each file is a row of gzip members, so it is written in pieces and read as one. Temporary names become final when a file is complete;
an export that fails leaves nothing.
Promise: the same rows in the same order give the same bytes.

Not here: which fields a row has (ccnet.py), or the lake's tables.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl

_MEMBER_BYTES = 1 << 20
"""JSON per gzip member: enough to compress well; what is held per language and bucket."""


@dataclass(frozen=True)
class ExportedFile:
    """A finished file, with its rows and its size in bytes."""

    path: Path
    rows: int
    bytes: int


def export(
    frames: Iterable[pl.DataFrame], folder: Path, *, target_bytes: int = 4 << 30, compression: int = 6
) -> list[ExportedFile]:
    """Writes rows of `ccnet_rows` (or `minify`) into a folder without such files; raises `SettingsError` where there are some.

    Rows keep their order within a language and bucket. A file is closed once it has `target_bytes` (compressed; CCNet's are 4 GiB), so it may
    be larger by one gzip member. Returns the files, sorted by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob("*.json.gz")):
        raise SettingsError(f"{folder} already holds exported files: give an empty folder, or remove them")
    series: dict[str, _Series] = {}
    try:
        for frame in frames:
            for (language, bucket), rows in frame.partition_by("language", "bucket", as_dict=True).items():
                name = f"{language}_{bucket}"
                if name not in series:
                    series[name] = _Series(folder, name, target_bytes, compression)
                for row in _json_lines(rows):
                    series[name].write(row)
        files = [file for name in sorted(series) for file in series[name].finish()]
    except BaseException:
        for one in series.values():
            one.discard()
        raise
    return files


def _json_lines(rows: pl.DataFrame) -> Iterator[bytes]:
    """A line of JSON for each row; fields without a value are left out, as CCNet does."""
    for row in rows.iter_rows(named=True):
        present: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
        yield orjson.dumps(present, option=orjson.OPT_APPEND_NEWLINE)


@dataclass
class _Series:
    """The files of one language and bucket."""

    folder: Path
    name: str
    target_bytes: int
    compression: int
    files: list[ExportedFile] = field(default_factory=list)
    _pending: bytearray = field(default_factory=bytearray)
    _rows: int = 0
    _bytes: int = 0

    @property
    def temporary(self) -> Path:
        return self.folder / f".{self.name}.json.gz.tmp"

    def write(self, line: bytes) -> None:
        self._pending += line
        self._rows += 1
        if len(self._pending) >= _MEMBER_BYTES:
            self._flush()

    def finish(self) -> list[ExportedFile]:
        self._flush()
        self._close()
        return self.files

    def discard(self) -> None:
        """Removes what was written: a part of an export is not an export."""
        for path in (self.temporary, *(file.path for file in self.files)):
            path.unlink(missing_ok=True)

    def _flush(self) -> None:
        """Appends what is pending as one gzip member."""
        if self._pending:
            # Without a time, for equal rows give equal bytes.
            member = gzip.compress(self._pending, self.compression, mtime=0)
            with self.temporary.open("ab") as file:
                file.write(member)
            self._bytes += len(member)
            self._pending.clear()
        if self._bytes >= self.target_bytes:
            self._close()

    def _close(self) -> None:
        if self._rows:
            path = self.folder / f"{self.name}_{len(self.files):04d}.json.gz"
            self.temporary.rename(path)
            self.files.append(ExportedFile(path, self._rows, self._bytes))
            self._rows = self._bytes = 0
