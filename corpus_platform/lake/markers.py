"""Markers: what a finished shard leaves behind, so that a killed run goes on where it stopped.

A marker names all files of its shard (main and side tables), the fingerprint of what the shard is made of, and its counters. It is written
last, whole, in one request. One that is torn or can't be read counts as unfinished.

Not here: when a marker is stale (vacuum.py), what a fingerprint is made of (stages/).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.lake.files import WrittenFile, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.lake.log import TableLog
    from corpus_platform.lake.registry import TableSpec
    from corpus_platform.lake.storage import Storage

FOLDER = "_markers"
_AT_ONCE = 32


@dataclass(frozen=True)
class Marker:
    """A finished shard: its files by table, counters, seconds it took, bytes it read."""

    shard: int
    fingerprint: str
    run: str
    files: dict[str, list[WrittenFile]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int = 0

    def as_json(self) -> bytes:
        """The marker as it is stored."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: bytes) -> Marker:
        """Reads a stored marker; a `ValueError`, `TypeError` or `KeyError` where it is torn or not a marker."""
        found: dict[str, Any] = orjson.loads(text)
        files = {table: [WrittenFile(**file) for file in files] for table, files in found.pop("files").items()}
        return cls(files=files, **found)


@dataclass(frozen=True)
class StoredMarker:
    """A marker as the store lists it: where it is and since when, unread."""

    path: str
    shard: int
    fingerprint: str
    modified: datetime


class Markers:
    """The markers of one partition, in `_markers/<table>/<partition>/<shard>-<fingerprint>.json`."""

    def __init__(self, storage: Storage, spec: TableSpec, partition: Mapping[str, str], log: TableLog) -> None:
        self._storage = storage
        self._partition = spec.partition_values(partition)
        self._log = log
        self._folder = f"{FOLDER}/{spec.name}/{spec.partition_string(partition)}"

    def read_all(self, planned: Mapping[int, str] | None = None) -> dict[int, Marker]:
        """Markers by shard: those with the planned fingerprint {shard: fingerprint}, or without a plan each shard's newest.

        One listing, then only the wanted ones are read, many at a time. Planned markers of a time before the last commit are written anew
        where that commit does not hold their files: to vacuum they are live again.
        """
        newest: dict[int, StoredMarker] = {}
        for stored in sorted(self.stored(), key=lambda one: one.modified):
            if planned is None or planned.get(stored.shard) == stored.fingerprint:
                newest[stored.shard] = stored
        found = read(self._storage, newest.values())
        if planned is not None:
            self._adopt([(newest[marker.shard], marker) for marker in found.values()])
        return {marker.shard: marker for marker in found.values()}

    def write(self, marker: Marker) -> None:
        """Makes a shard finished."""
        publish_bytes(self._storage, marker.as_json(), self._path(marker.shard, marker.fingerprint))

    def remove(self, markers: Iterable[Marker]) -> None:
        """Makes shards unfinished; their files stay until the next vacuum."""
        fs = self._storage.filesystem()
        for marker in markers:
            path = self._storage.path(self._path(marker.shard, marker.fingerprint))
            if fs.exists(path):
                fs.rm_file(path)

    def stored(self) -> list[StoredMarker]:
        """What the store lists, unread."""
        return stored_below(self._storage, self._folder)

    def _adopt(self, found: list[tuple[StoredMarker, Marker]]) -> None:
        snapshot = self._log.snapshot()
        state = snapshot.state(self._partition) if snapshot else None
        if snapshot is None or state is None:
            return
        current = {file.path for file in snapshot.files(self._partition)}
        for stored, marker in found:
            files = {file.path for file in marker.files.get(state.name, [])}
            if stored.modified <= state.time and not files <= current:
                self.write(marker)

    def _path(self, shard: int, fingerprint: str) -> str:
        return f"{self._folder}/{shard:05d}-{fingerprint}.json"


def stored_below(storage: Storage, folder: str) -> list[StoredMarker]:
    """All markers below a folder of the lake."""
    fs = storage.filesystem()
    try:
        listing = fs.find(storage.path(folder), detail=True)
    except FileNotFoundError:
        return []
    found = []
    for path, facts in listing.items():
        name = path.rpartition("/")[2]
        shard, _, fingerprint = name.removesuffix(".json").partition("-")
        if name.endswith(".json") and shard.isdigit() and fingerprint:
            found.append(StoredMarker(path, int(shard), fingerprint, modified_time(facts)))
    return found


def read(storage: Storage, stored: Iterable[StoredMarker]) -> dict[str, Marker]:
    """The readable ones among stored markers, by path; a torn one, or one that has gone meanwhile, is left out."""

    def one(path: str) -> tuple[str, Marker] | None:
        try:
            return path, Marker.from_json(storage.read(path))
        except (ValueError, TypeError, KeyError, AttributeError, FileNotFoundError):
            return None

    paths = [one_.path for one_ in stored]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(found for found in pool.map(one, paths) if found)


def modified_time(facts: Mapping[str, Any]) -> datetime:
    """When a listed file was last written, in UTC, on a folder and on S3."""
    when = facts.get("LastModified") or facts["mtime"]
    return when if isinstance(when, datetime) else datetime.fromtimestamp(when, UTC)
