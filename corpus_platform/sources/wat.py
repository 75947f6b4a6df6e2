"""WAT files: the crawler's metadata of pages (title, meta tags, links), joined to the pages on demand.

A WAT record tells of one WARC record; only those of responses are pages. WARC, WET and WAT files of a name hold their pages in the same order,
so they are joined by record id in one pass with a small look-ahead.

Not here: WARC and WET (warc.py).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import orjson

from corpus_platform.documents import record_identity
from corpus_platform.sources.archive_reader import Unusable, block_of, read_records
from corpus_platform.sources.records import Record, Reject, WetRecord

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from corpus_platform.sources.archive import Frame

Page = TypeVar("Page", Record, WetRecord)

_MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page. `path` is the element and attribute, such as `A@/href` or `LINK@/href`."""

    url: str
    path: str = ""
    rel: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class WatRecord:
    """What the crawler noted of a page."""

    record_id: str
    """Identity of the page's WARC response."""
    url: str
    title: str | None
    metas: tuple[dict[str, str], ...]
    """Attributes of each meta tag."""
    links: tuple[Link, ...]
    """Links of the head, then of the body."""
    file: str
    position: int

    def meta(self, name: str) -> list[str]:
        """Contents of the meta tags of this name or property, whatever the case."""
        wanted = name.lower()
        return [
            tag.get("content", "")
            for tag in self.metas
            if wanted in (tag.get("name", "").lower(), tag.get("property", "").lower())
        ]


def read_wat(source: Path | BinaryIO, file: str, *, counts: Counter[str] | None = None) -> Iterator[WatRecord | Reject]:
    """The metadata of the responses in a WAT file, in file order. Arguments and errors as in `warc.read_responses`.

    `counts` also gets `wat:<type>` for what each record tells of.
    """

    def metadata(frame: Frame) -> WatRecord | None:
        block = block_of(frame, _MAX_BYTES, verify_digest=False)
        try:
            envelope = _mapping(orjson.loads(block), "Envelope")
        except orjson.JSONDecodeError as error:
            raise Unusable("bad_json", str(error)) from error
        header = _mapping(envelope, "WARC-Header-Metadata")
        kind = header.get("WARC-Type") or "unknown"
        if counts is not None:
            counts[f"wat:{kind}"] += 1
        return _wat_record(frame, file, header, envelope) if kind == "response" else None

    return read_records(source, file, "metadata", metadata, counts)


def join_wat(
    pages: Iterable[Page | Reject], metadata: Iterable[WatRecord | Reject], window: int = 1000
) -> Iterator[tuple[Page | Reject, WatRecord | None]]:
    """Each page with its metadata, or None where there is none among the next `window` records; rejects of the pages go through.

    Both in file order. Memory is bounded by the window.
    """
    ahead: deque[WatRecord] = deque()
    rest = (found for found in metadata if isinstance(found, WatRecord))
    for page in pages:
        if isinstance(page, Reject):
            yield page, None
        else:
            yield page, _take(ahead, rest, page.record_id, window)


def _take(ahead: deque[WatRecord], rest: Iterator[WatRecord], record_id: str, window: int) -> WatRecord | None:
    """The record of this id, with all before it dropped; None, and nothing dropped, where it is not within the window."""
    place = next((place for place, found in enumerate(ahead) if found.record_id == record_id), None)
    while place is None and len(ahead) < window and (found := next(rest, None)):
        ahead.append(found)
        if found.record_id == record_id:
            place = len(ahead) - 1
    if place is None:
        return None
    for _ in range(place):
        ahead.popleft()
    return ahead.popleft()


def _wat_record(frame: Frame, file: str, header: dict[str, Any], envelope: dict[str, Any]) -> WatRecord:
    record_id, url = (
        record_identity(header.get("WARC-Record-ID") or ""),
        (header.get("WARC-Target-URI") or "").strip("<> "),
    )
    if not record_id or not url:
        raise Unusable("no_identity", "the envelope names no record or no address")
    html = _mapping(_mapping(_mapping(envelope, "Payload-Metadata"), "HTTP-Response-Metadata"), "HTML-Metadata")
    head = _mapping(html, "Head")
    links = [*_entries(head, "Link"), *_entries(html, "Links")]
    return WatRecord(
        record_id=record_id,
        url=url,
        title=_text(head.get("Title")),
        metas=tuple({key: str(value) for key, value in tag.items()} for tag in _entries(head, "Metas")),
        links=tuple(
            Link(str(link["url"]), str(link.get("path") or ""), _text(link.get("rel")), _text(link.get("text")))
            for link in links
            if link.get("url")
        ),
        file=file,
        position=frame.position,
    )


def _mapping(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _entries(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = value.get(key)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
