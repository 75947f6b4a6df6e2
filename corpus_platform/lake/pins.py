"""Pins: versions of tables that something published depends on, kept from vacuum until the pin is taken away.

Not here: what vacuum does (vacuum.py), what a release is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.lake.files import publish_bytes

if TYPE_CHECKING:
    from corpus_platform.lake.log import TableLog
    from corpus_platform.lake.storage import Storage

FOLDER = "_pins"


@dataclass(frozen=True)
class Pin:
    """A version of a table, why it is kept, and since when (ISO 8601, UTC)."""

    name: str
    version: int
    reason: str
    since: str


def pin(log: TableLog, version: int, reason: str) -> None:
    """Pins a version that there is; the same pin twice is one pin."""
    if log.snapshot(version) is None:
        raise SettingsError(f"{log.spec.name} has not been made yet: there is no version {version} to pin")
    made = {
        "name": log.spec.name,
        "version": version,
        "reason": reason,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    publish_bytes(log.storage, orjson.dumps(made), _path(log.spec.name, version, reason))


def unpin(log: TableLog, version: int, reason: str | None) -> None:
    """Takes pins of a version away; a `SettingsError` when there is none such."""
    found = [one for one in pins(log.storage, log.spec.name) if one.version == version and reason in {None, one.reason}]
    if not found:
        raise SettingsError(f"{log.spec.name} has no pin of version {version}" + (f" for `{reason}`" if reason else ""))
    fs = log.storage.filesystem()
    for one in found:
        fs.rm_file(log.storage.path(_path(one.name, one.version, one.reason)))


def pins(storage: Storage, name: str | None) -> list[Pin]:
    """Pins of a table or of all, by table and version."""
    fs = storage.filesystem()
    try:
        paths = [path for path in fs.find(storage.path(FOLDER, name or "")) if path.endswith(".json")]
    except FileNotFoundError:
        return []
    found = [Pin(**orjson.loads(storage.read(path))) for path in paths]
    return sorted(found, key=lambda one: (one.name, one.version, one.reason))


def _path(name: str, version: int, reason: str) -> str:
    return f"{FOLDER}/{name}/{version:020d}-{hashlib.blake2b(reason.encode(), digest_size=6).hexdigest()}.json"
