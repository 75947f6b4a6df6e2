"""The licence of each file of a repository: what its own header says, else that of its folder, else that of the repository.

A folder with a licence file of its own (vendored code) is under that; the repository is under what its package metadata declare, else what its licence files
at the top are. Several files at the top that name a licence each (LICENSE-MIT, LICENSE-APACHE) are a choice; a list of hosts' own data (`license` of a
metadata file) counts where the repository says nothing.

Not here: recognising a licence (extract/licences.py), what may be kept (repository.py).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.extract.licences import (
    declared_licence,
    is_licence_file,
    licence_of_header,
    licence_of_metadata,
    licence_of_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_A_CHOICE = re.compile(r"(?:licen[sc]e|copying)[-_.](?!txt$|md$|rst$|html$)\w+", re.IGNORECASE)
_DIST_INFO = re.compile(r"^[^/]+\.(?:dist-info|egg-info)/")


@dataclass(frozen=True)
class FoundLicence:
    """A licence and where it is said: `header`, `folder`, `metadata`, `file`, `host`."""

    licence: str | None
    source: str | None


@dataclass
class RepositoryLicences:
    """The licences of a repository's files."""

    repository: FoundLicence
    folders: Mapping[str, str] = field(default_factory=dict)
    """Folders, with a slash at the end, whose own licence file says something."""

    @classmethod
    def of(cls, about: Mapping[str, bytes], host: str | None) -> RepositoryLicences:
        """From the licence files and package metadata of a repository, and what its host says."""
        texts = {path: data.decode("utf-8", "replace") for path, data in about.items()}
        at_top: dict[str, str] = {}
        folders: dict[str, list[str]] = {}
        for path, text in sorted(texts.items()):
            if not is_licence_file(path) or (found := licence_of_text(text)) is None:
                continue
            inside = _DIST_INFO.sub("", path)
            folder = re.sub(r"(?:^|/)licenses/(?:[^/]+/)*$", "/", inside[: len(inside) - len(_base(inside))]).lstrip(
                "/"
            )
            if folder:
                folders.setdefault(folder, []).append(found)
            else:
                at_top[path] = found
        return cls(_repository(texts, at_top, host), {folder: _all(names) for folder, names in folders.items()})

    def licence_of(self, path: str, text: str) -> FoundLicence:
        """The licence of a file."""
        own = licence_of_header(text)
        if own:
            return FoundLicence(own, "header")
        folder = path
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if (found := self.folders.get(f"{folder}/")) is not None:
                return FoundLicence(found, "folder")
        return self.repository


def _repository(texts: Mapping[str, str], at_top: Mapping[str, str], host: str | None) -> FoundLicence:
    for path in sorted(texts, key=lambda path: (path.count("/"), path)):
        if path.count("/") > bool(_DIST_INFO.match(path)):
            continue
        said = _declared(_base(path), texts[path])
        if said:
            return FoundLicence(said, "metadata")
    if at_top:
        choice = len(at_top) > 1 and all(_OF_A_CHOICE.search(_base(path)) for path in at_top)
        return FoundLicence(_all(list(at_top.values()), " OR " if choice else " AND "), "file")
    return FoundLicence(host, "host" if host else None)


def _declared(name: str, text: str) -> str | None:
    if name in {"PKG-INFO", "METADATA"}:
        return licence_of_metadata(text)
    try:
        if name == "package.json":
            said = orjson.loads(text).get("license")
        elif name == "pyproject.toml":
            values = tomllib.loads(text)
            said = values.get("project", values.get("tool", {}).get("poetry", {})).get("license")
        elif name == "Cargo.toml":
            said = str(tomllib.loads(text).get("package", {}).get("license", "")).replace("/", " OR ")
        else:
            return None
    except (ValueError, AttributeError, RecursionError):
        return None  # Not what its name says: then it declares nothing.
    return _of_value(said)


def _of_value(said: Any) -> str | None:
    if isinstance(said, dict):
        said = said.get("text") or said.get("type")
    if not isinstance(said, str):
        return None
    return declared_licence(said) if len(said) < 200 else licence_of_text(said)


def _all(names: list[str], joint: str = " AND ") -> str:
    parts = list(dict.fromkeys(names))
    if len(parts) == 1:
        return parts[0]
    return joint.join(f"({part})" if " " in part else part for part in parts)


def _base(path: str) -> str:
    return path.rpartition("/")[2]
