"""Holds: partitions that stay as they are until somebody lets them go, whatever their stage would make of them now.

A person who has rolled a partition back (restore.py) wants no schedule to make it anew the next minute. A hold is a small file beside the tables, so
that every run on every machine sees it, and a killed run leaves it.

Not here: what a run does with a held partition (stages/run.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.lake.files import publish_bytes
from corpus_platform.lake.registry import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.lake.storage import Storage

FOLDER = "_holds"


@dataclass(frozen=True)
class Hold:
    """A partition that no run changes: table, partition as a text, why, since when (ISO 8601, UTC)."""

    name: str
    partition: str
    reason: str
    since: str

    def __str__(self) -> str:
        return f"{self.name} [{self.partition}] is held since {self.since}: {self.reason}"


def hold(storage: Storage, name: str, partition: Mapping[str, str], reason: str) -> Hold:
    """Holds a partition; of one that is held already the reason is replaced."""
    made = Hold(name, table(name).partition_string(partition), reason, datetime.now(UTC).isoformat(timespec="seconds"))
    publish_bytes(storage, orjson.dumps(asdict(made)), _path(name, made.partition))
    return made


def let_go(storage: Storage, name: str, partition: Mapping[str, str]) -> None:
    """Lets a partition go; a `SettingsError` where it is not held."""
    text = table(name).partition_string(partition)
    if held(storage, name, partition) is None:
        raise SettingsError(f"{name} [{text}] is not held")
    storage.filesystem().rm_file(storage.path(_path(name, text)))


def held(storage: Storage, name: str, partition: Mapping[str, str]) -> Hold | None:
    """The hold of a partition; None where a run may change it."""
    try:
        return Hold(**orjson.loads(storage.read(storage.path(_path(name, table(name).partition_string(partition))))))
    except FileNotFoundError:
        return None


def holds(storage: Storage) -> list[Hold]:
    """All holds, by table and partition."""
    try:
        paths = [path for path in storage.filesystem().find(storage.path(FOLDER)) if path.endswith(".json")]
    except FileNotFoundError:
        return []
    return sorted(
        (Hold(**orjson.loads(storage.read(path))) for path in paths), key=lambda one: (one.name, one.partition)
    )


def _path(name: str, partition: str) -> str:
    return f"{FOLDER}/{name}/{partition}.json"
