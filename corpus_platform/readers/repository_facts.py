"""What a list says of repositories: stars, forks, licence, language, dates; one JSON object a line.

Understood are records as GitHub's API gives them (`full_name`, `stargazers_count`, `license: {spdx_id}`), plain ones (`repository`, `stars`, `licence`), and
events as GH Archive keeps them, of which every WatchEvent is a star and every ForkEvent a fork. A repository is found by its full name, or by a folder or
archive called `owner__name`, `owner-name` or `name`.
Promise: a line that is no such record is passed over; memory is that of the facts.

Not here: which repositories are kept (repository.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import SourceError
from corpus_platform.extract.licences import declared_licence
from corpus_platform.readers.archives import plain
from corpus_platform.readers.repository_files import ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from corpus_platform.sources.location import InputLocation

_LINE = 4 << 20
_NAMES = ("full_name", "repository", "repo_name", "repo", "nameWithOwner", "name")
_STARS = ("stargazers_count", "stars", "stargazerCount", "max_stars_count", "watchers_count", "watchers")
_FORKS = ("forks_count", "forks", "forkCount", "max_forks_count")
_KEPT = ("description", "topics", "archived", "default_branch", "created_at", "size", "homepage")
_VERSION = re.compile(r"[-_]v?\d[\w.+!]*$")


@dataclass(frozen=True)
class Facts:
    """What is known of a repository; None where the list does not say it."""

    name: str
    stars: int | None = None
    forks: int | None = None
    licence: str | None = None
    url: str | None = None
    language: str | None = None
    fork: bool = False
    date: datetime | None = None
    more: dict[str, Any] = field(default_factory=dict)


def stem_of(name: str) -> str:
    """Name of a repository by its folder or archive: `flask-3.0.tar.gz` is `flask-3.0`."""
    lowered = name.lower()
    end = max((end for end in ARCHIVES if lowered.endswith(end)), key=len, default="")
    return name[: len(name) - len(end)] if end else name


def facts_of(location: InputLocation, path: str, unit: str) -> Facts | None:
    """The facts of a unit's repository in the list at `path`, or None where it is not there or has no such repository."""
    file = location.find(path)
    if file is None:
        return None
    known = _facts(location, path, file.identity)
    stem = stem_of(unit)
    for name in (stem, _VERSION.sub("", stem)):
        found = known.get(name.lower())
        if found:
            return found
    return None


@lru_cache(maxsize=8)
def _facts(location: InputLocation, path: str, identity: str) -> dict[str, Facts]:
    del identity  # Part of the key only.
    found: dict[str, Facts] = {}
    with location.open(path) as stream:
        for record in _records(plain(stream, path)):
            facts = (
                _of_event(record, found)
                if "type" in record and isinstance(record.get("repo"), dict)
                else _of_record(record)
            )
            if facts:
                found[facts.name] = facts
    named: dict[str, Facts] = {}
    for name, facts in found.items():
        owner, _, last = name.rpartition("/")
        for key in (last, f"{owner}-{last}", f"{owner}_{last}", f"{owner}__{last}", name):
            named[key.lower()] = facts
    return named


def _records(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    while line := stream.readline(_LINE):
        if len(line) == _LINE and not line.endswith(b"\n"):
            raise SourceError(f"a line of the list of repositories is longer than {_LINE:,} bytes")
        try:
            record = orjson.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def _of_event(record: dict[str, Any], found: dict[str, Facts]) -> Facts | None:
    name = record["repo"].get("name")
    if not isinstance(name, str):
        return None
    facts = found.get(name, Facts(name, 0, 0))
    kind = record["type"]
    return replace(
        facts, stars=(facts.stars or 0) + (kind == "WatchEvent"), forks=(facts.forks or 0) + (kind == "ForkEvent")
    )


def _of_record(record: dict[str, Any]) -> Facts | None:
    name = next((record[key] for key in _NAMES if isinstance(record.get(key), str)), None)
    if not name:
        return None
    said = record.get("license", record.get("licence", record.get("licenses")))
    if isinstance(said, dict):
        said = said.get("spdx_id") or said.get("key") or said.get("name")
    if isinstance(said, list):
        said = " AND ".join(str(one) for one in said)
    return Facts(
        name=name,
        stars=_number(record, _STARS),
        forks=_number(record, _FORKS),
        licence=declared_licence(said) if isinstance(said, str) else None,
        url=record.get("html_url") or record.get("url"),
        language=record.get("language") if isinstance(record.get("language"), str) else None,
        fork=bool(record.get("fork") or record.get("isFork")),
        date=_date(record.get("pushed_at") or record.get("updated_at")),
        more={key: record[key] for key in _KEPT if record.get(key) not in (None, "")},
    )


def _number(record: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    return next((int(record[key]) for key in keys if isinstance(record.get(key), (int, float))), None)


def _date(said: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
