"""Which files belong to a snapshot: Common Crawl's paths lists, or any folder of WARC files under a name of its own.

Words: a *snapshot* is one crawl (`CC-MAIN-2024-10`); its files come in three kinds, `warc` (pages as fetched), `wet` (the crawler's text of them)
and `wat` (their metadata); a *group* is the files of one shard.
Promise: the order of the files, and with it their indices, is the paths list's, else the sorted paths; groups depend on the list and the
settings only.

Not here: what is in the files (warc.py, wat.py), a choice of records (columnar_index.py).
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, Protocol

import orjson

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.store import InputFile, InputMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.sources.location import InputLocation

Kind = Literal["warc", "wet", "wat"]

_DATA = "crawl-data"


@dataclass(frozen=True)
class Snapshot:
    """A crawl, and what its publisher says of it."""

    name: str
    title: str = ""
    first: str | None = None
    """When the first page was fetched, as the publisher writes it."""
    last: str | None = None


class WebSource(Protocol):
    """Where snapshots of web pages come from."""

    @property
    def location(self) -> InputLocation:
        """The base of the files' paths."""
        ...

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that there are, by name."""
        ...

    def files(self, snapshot: str, kind: Kind) -> list[InputFile]:
        """The snapshot's files of a kind, in their order."""
        ...


@dataclass(frozen=True)
class CommonCrawl:
    """Common Crawl's layout: `crawl-data/<snapshot>/<kind>.paths.gz` names the files, relative to the location."""

    location: InputLocation
    """The root: `s3://commoncrawl`, `https://data.commoncrawl.org`, a folder laid out like them."""
    index: InputLocation | None = None
    """Where `collinfo.json` is, when it is not at the root: `https://index.commoncrawl.org`."""

    def snapshots(self) -> list[Snapshot]:
        """The snapshots in `collinfo.json`, else the folders of `crawl-data`; by name."""
        where = self.index or self.location
        try:
            raw = where.read("collinfo.json")
        except SourceError as error:
            if self.index is None and self.location.can_list:
                return self._listed()
            raise SourceError(
                f"{error}. There are no names of snapshots: give `index` the location of collinfo.json, such as https://index.commoncrawl.org"
            ) from error
        return sorted(_collections(raw, where.address("collinfo.json")), key=lambda snapshot: snapshot.name)

    def files(self, snapshot: str, kind: Kind, *, stat: bool | None = None) -> list[InputFile]:
        """The files that `<kind>.paths.gz` names, in its order. Raises SourceError, naming the nearest, where there is no such snapshot.

        Size and version are asked of folders and buckets; of web servers only with `stat` True, for that is one request a file.
        """
        paths = self.paths(snapshot, kind)
        if stat is False or (stat is None and not self.location.can_list):
            return [InputFile(path) for path in paths]
        if self.location.is_local or not self.location.can_list:
            return [self.location.stat(path) for path in paths]
        folders = sorted({path.rpartition("/")[0] for path in paths})
        known = {file.path: file for folder in folders for file in self.location.files(folder)}
        missing = [path for path in paths if path not in known]
        if missing:
            raise SourceError(
                f"{self.location.address(missing[0])} and {len(missing) - 1} more of {len(paths)} files of the list are not there"
            )
        return [known[path] for path in paths]

    def paths(self, snapshot: str, name: str) -> list[str]:
        """The paths that the list `<name>.paths.gz` of the snapshot holds. Raises as `files`."""
        where = f"{_DATA}/{snapshot}/{name}.paths"
        for path in (f"{where}.gz", where):
            try:
                raw = self.location.read(path)
            except InputMissing:
                continue
            try:
                text = gzip.decompress(raw) if path.endswith(".gz") else raw
                return [line for line in text.decode().splitlines() if line.strip()]
            except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
                raise SourceError(f"{self.location.address(path)}: not a list of paths ({error})") from error
        raise InputMissing(f"{self.location.address(where)}.gz is not there{self._hint(snapshot)}")

    def _hint(self, snapshot: str) -> str:
        try:
            names = [known.name for known in self.snapshots()]
        except SourceError:
            return ""
        if snapshot in names:
            return f"; `{snapshot}` exists, but has no such list"
        near = get_close_matches(snapshot, names, n=1, cutoff=0) or ["none"]
        return f"; there is no snapshot `{snapshot}`, the nearest of {len(names)} is `{near[0]}`"

    def _listed(self) -> list[Snapshot]:
        try:
            names = self.location.folders(_DATA)
        except InputMissing:
            return []
        return [
            Snapshot(name)
            for name in names
            if name.startswith("CC-MAIN-") or self.location.find(f"{_DATA}/{name}/warc.paths.gz")
        ]


@dataclass(frozen=True)
class WarcFolder:
    """Any folder or bucket of web archives, taken as one snapshot: an institution's own crawl, pages that have vanished since."""

    location: InputLocation
    name: str
    """Name of the snapshot that its files make."""

    def snapshots(self) -> list[Snapshot]:
        """The one snapshot."""
        return [Snapshot(self.name)]

    def files(self, snapshot: str, kind: Kind) -> list[InputFile]:
        """The folder's files, whatever their depth, sorted by path.

        `wet` and `wat` are the files that say so in their names; `warc` is every other file, so that one which is no WARC file is told
        by a reject and not passed over.
        """
        if snapshot != self.name:
            raise SourceError(f"{self.location} is the snapshot `{self.name}`; there is no `{snapshot}`")
        return [file for file in self.location.files() if kind_of(file.path) == kind]


def kind_of(path: str) -> Kind:
    """The kind of file that a name tells; `warc` unless it says `.wet` or `.wat`."""
    parts = path.rpartition("/")[2].lower().split(".")[1:]
    return "wet" if "wet" in parts else "wat" if "wat" in parts else "warc"


def related_path(path: str, kind: Kind) -> str:
    """The path, in Common Crawl's layout, of the file of another kind that tells of the same pages."""
    folder, _, name = path.rpartition("/")
    parent, _, old = folder.rpartition("/")
    folder = f"{parent}/{kind}".lstrip("/") if old in ("warc", "wet", "wat") else folder
    stem = name.removesuffix(".gz").removesuffix(".wet").removesuffix(".wat")
    name = f"{stem}.gz" if kind == "warc" else f"{stem}.{kind}.gz"
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True)
class FileGroup:
    """Consecutive files of a snapshot: what one shard reads."""

    index: int
    first: int
    """Index of its first file among the snapshot's files."""
    files: tuple[InputFile, ...]

    @property
    def bytes(self) -> int:
        """Size of the files; those of unknown size count 0."""
        return sum(file.size or 0 for file in self.files)

    def indexed(self) -> Iterator[tuple[int, InputFile]]:
        """(index among the snapshot's files, file)."""
        return enumerate(self.files, self.first)


def group_files(
    files: Sequence[InputFile],
    *,
    shard_files: int | None = None,
    shard_bytes: int | None = None,
    boundary: int | None = None,
) -> list[FileGroup]:
    """Cuts the list into groups of at most `shard_files` files and `shard_bytes` bytes, whichever comes first; a larger file is a group alone.

    With `boundary` no group straddles a multiple of so many files, so that sets of groups can be made of them.
    Raises SettingsError for limits that are missing or not positive, and for `shard_bytes` where sizes are unknown.
    """
    limits = [limit for limit in (shard_files, shard_bytes, boundary) if limit is not None]
    if (shard_files is None and shard_bytes is None) or min(limits) < 1:
        raise SettingsError("give shard_files, shard_bytes or both, and only positive numbers")
    if shard_bytes is not None and any(file.size is None for file in files):
        raise SettingsError(
            "shard_bytes needs the sizes of the files, which a web server's list does not have: give shard_files"
        )
    groups: list[FileGroup] = []
    first = size = 0
    for index, file in enumerate(files):
        full = (
            (shard_files is not None and index - first >= shard_files)
            or (shard_bytes is not None and size + (file.size or 0) > shard_bytes)
            or (boundary is not None and index % boundary == 0)
        )
        if full and index > first:
            groups.append(FileGroup(len(groups), first, tuple(files[first:index])))
            first, size = index, 0
        size += file.size or 0
    if len(files) > first:
        groups.append(FileGroup(len(groups), first, tuple(files[first:])))
    return groups


def _collections(raw: bytes, address: str) -> list[Snapshot]:
    try:
        return [
            Snapshot(entry["id"], entry.get("name", ""), entry.get("from"), entry.get("to"))
            for entry in orjson.loads(raw)
        ]
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"{address}: not a list of collections with an `id` each") from error
