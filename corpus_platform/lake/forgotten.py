"""What forgetting leaves in the lake: which files are gone for good, and a note while it is under way.

A version of a table that names a removed file can't be read any more, and says when and why; the versions before and after, and its other partitions, can.
While something is being forgotten no run begins, and forgetting waits for runs to end: what a run has read before must not be written after.
The note of a forgetting that was killed stays until it is repeated, so no run builds on what is half gone.

Not here: what is removed (forgetting/purge.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.lake import markers, runs
from corpus_platform.lake.files import publish_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.storage import Storage

_RECORDS = "_forgotten"
_NOTES = "_forgetting"


@dataclass(frozen=True)
class Note:
    """A forgetting that has begun and not ended: its tombstone (`url-0123...`), and since when (ISO 8601, UTC)."""

    tombstone: str
    since: str


def record(storage: Storage, name: str, paths: Iterable[str]) -> None:
    """Notes files of a table, relative to it, that are about to be removed."""
    when = datetime.now(UTC).date().isoformat()
    found = dict.fromkeys(paths, when) | removed(storage, name)
    publish_bytes(storage, orjson.dumps(found), f"{_RECORDS}/{name}.json")


def removed(storage: Storage, name: str) -> dict[str, str]:
    """{path of a removed file of a table: date}."""
    try:
        return orjson.loads(storage.read(storage.path(_RECORDS, f"{name}.json")))
    except FileNotFoundError:
        return {}


def refuse_forgotten(storage: Storage, name: str, version: int, files: Iterable[DataFile]) -> None:
    """A `SettingsError` where a version names a file that was removed."""
    gone = removed(storage, name)
    if dates := {gone[file.path] for file in files if file.path in gone}:
        raise SettingsError(
            f"version {version} of {name} can't be read any more: records in it were forgotten on {max(dates)}. "
            "Later versions can, and so can partitions of it that did not hold them"
        )


@contextlib.contextmanager
def under_way(storage: Storage, tombstones: Sequence[str], wait: Callable[[], None]) -> Iterator[None]:
    """Notes a forgetting, waits until no run is under way, and keeps the notes while the block runs.

    They stay where the block fails, for then it must be repeated. Where `wait` raises nothing has begun, and only those that were there before stay.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before = {note.tombstone for note in notes(storage)}
    for tombstone in tombstones:
        publish_bytes(storage, orjson.dumps(asdict(Note(tombstone, now))), f"{_NOTES}/{tombstone}.json")
    try:
        wait()
    except BaseException:
        _remove_notes(storage, set(tombstones) - before)
        raise
    yield
    _remove_notes(storage, tombstones)


def _remove_notes(storage: Storage, tombstones: Iterable[str]) -> None:
    for tombstone in tombstones:
        with contextlib.suppress(FileNotFoundError):
            storage.filesystem().rm_file(storage.path(_NOTES, f"{tombstone}.json"))


def notes(storage: Storage) -> list[Note]:
    """Forgettings that have begun and not ended."""
    try:
        paths = [path for path in storage.filesystem().find(storage.path(_NOTES)) if path.endswith(".json")]
    except FileNotFoundError:
        return []
    found = []
    for path in paths:
        # It may end between the listing and the reading.
        with contextlib.suppress(FileNotFoundError):
            found.append(Note(**orjson.loads(storage.read(path))))
    return sorted(found, key=lambda note: note.since)


def refuse_while_forgetting(storage: Storage) -> None:
    """A `SettingsError` for a run that would begin while records are being removed."""
    if found := notes(storage):
        raise SettingsError(
            f"{storage.location}: records are being forgotten since {found[0].since} ({found[0].tombstone}), so no run begins: run again "
            "when `corpus forget` has ended. If it was killed, repeat it as it was, or `corpus forget --again`, which needs no name"
        )


@dataclass(frozen=True)
class Run:
    """A run that has noted itself: its id, what it makes, since when, and where the note is."""

    run: str
    what: str
    since: str
    path: str


def runs_under_way(storage: Storage) -> list[Run]:
    """Runs whose notes are there; those that are too old to count for anything (runs.py) are left out."""
    try:
        listing = storage.filesystem().find(storage.path(runs.FOLDER), detail=True)
    except FileNotFoundError:
        return []
    oldest = datetime.now(UTC) - runs.LONGEST
    found = []
    for path, facts in listing.items():
        if not path.endswith(".json") or markers.modified_time(facts) <= oldest:
            continue
        with contextlib.suppress(FileNotFoundError):
            said = orjson.loads(storage.read(path))
            found.append(Run(said["run"], said["what"], str(said["since"])[:19], path))
    return found
