"""Releases as they are stored: one JSON manifest each, `_releases/<name>.json`, and pins of the versions that it names.

Not here: how a manifest is made and read (analytics/release.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import DamagedFile, SettingsError
from corpus_platform.lake.files import publish_bytes

if TYPE_CHECKING:
    from corpus_platform.lake.storage import Storage

FOLDER = "_releases"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def names(storage: Storage) -> list[str]:
    """Names of all releases."""
    try:
        paths = storage.filesystem().find(storage.path(FOLDER))
    except FileNotFoundError:
        return []
    return sorted(path.rpartition("/")[2].removesuffix(".json") for path in paths if path.endswith(".json"))


def read(storage: Storage, name: str) -> dict[str, Any]:
    """The manifest of a release. Raises SettingsError where there is none of that name."""
    try:
        return orjson.loads(storage.read(_path(storage, name)))
    except FileNotFoundError:
        known = ", ".join(names(storage)) or "none"
        raise SettingsError(f"there is no release `{name}`; there are {known}") from None
    except orjson.JSONDecodeError as error:
        raise DamagedFile(f"{storage.uri(FOLDER, name)}.json is no manifest any more ({error})") from error


def write(storage: Storage, manifest: dict[str, Any]) -> None:
    """Stores a manifest under its name, in place of the one that is there."""
    check_name(manifest["name"])
    content = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    publish_bytes(storage, content, f"{FOLDER}/{manifest['name']}.json")


def drop(storage: Storage, name: str) -> None:
    """Removes a manifest."""
    storage.filesystem().rm_file(_path(storage, name))


def check_name(name: str) -> None:
    """A `SettingsError` for what can't be a release's name."""
    if not _NAME.fullmatch(name):
        raise SettingsError(f"`{name}` can't be a release's name: use letters, digits, `.`, `_` and `-`")


def reason(name: str) -> str:
    """Why the versions of a release are pinned."""
    return f"release {name}"


def _path(storage: Storage, name: str) -> str:
    check_name(name)
    return storage.path(FOLDER, f"{name}.json")
