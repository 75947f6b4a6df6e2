"""What nothing here reads or fetches: locations of sources that the catalogue refuses.

    refused("https://z-lib.example/books")  -> None
    refused("https://libgen.is/repository") -> "Library Genesis is refused: copies of books ..."

A location is refused by its host (with all hosts below it), by a host that is named after the source under another ending, or by a pattern that
gives it away. It says nothing of files that lie on a disk under other names: whoever has them knows where they are from.

Not here: the sources themselves (sources.yaml).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from corpus_platform.catalogue.entries import sources
from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from corpus_platform.catalogue.entries import Source

_NAMESAKES = re.compile(
    r"(^|\.)(annas?-archive|sci-hub|libgen|library-genesis|z-lib|z-library|zlibrary|singlelogin|1lib|b-ok|bibliotik)\.[a-z]{2,20}$"
)
"""Hosts that such sources move to when one is taken from them."""
_OF_NAMESAKE = {"anna": "annas_archive", "sci-": "sci_hub", "lib": "library_genesis", "bib": "bibliotik"}
"""Sources by how such a host begins; the others are Z-Library's."""


def refused(location: str) -> str | None:
    """Why nothing may be read from a location (an address, bucket or path), or None where the catalogue has nothing against it."""
    plain = unquote(location.strip())
    host = _host_of(plain)
    for one in _refused():
        if host and any(host == known or host.endswith(f".{known}") for known in one.hosts):
            return _said(one)
        if any(re.search(pattern, plain) for pattern in one.patterns):
            return _said(one)
    if found := _NAMESAKES.search(host):
        start = next((name for begin, name in _OF_NAMESAKE.items() if found[2].startswith(begin)), "z_library")
        return _said(sources()[start])
    return None


def check_allowed(location: str) -> None:
    """Raises SettingsError where the catalogue refuses a location."""
    if why := refused(location):
        raise SettingsError(f"nothing is read from {_host_of(location) or location}: {why}")


@cache
def _refused() -> tuple[Source, ...]:
    return tuple(one for one in sources().values() if one.risk == "refused")


def _host_of(location: str) -> str:
    """Host of an address, with or without a scheme; of a path, its first part where that looks like a host."""
    with_scheme = location if "//" in location else f"//{location}"
    try:
        host = urlsplit(with_scheme).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".").lower()


def _said(source: Source) -> str:
    return (
        f"{source.title} is refused: {source.why}. Nothing here reads or fetches it; "
        f"corpus catalogue show {source.name}"
    )
