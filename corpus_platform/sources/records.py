"""What the web readers yield: a Record or WetRecord that can be used, or a Reject with the reason why it can't.

Promise: every record of a file is yielded, counted as a type that nobody asked for, or rejected with its file, offset and reason.

Not here: reading (archive.py, warc.py), HTTP (http_message.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

REASONS = {
    "arc_unsupported": "The file is in the ARC format that came before WARC; convert it first",
    "bad_digest": "The record's bytes do not have the digest that its header states",
    "bad_encoding": "The body can't be decoded as its Content-Encoding or Transfer-Encoding says",
    "bad_gzip": "The compressed data are damaged; reading goes on at the next record that can be found",
    "bad_http": "The record has no readable HTTP status line or header",
    "bad_json": "The record's JSON can't be read",
    "bad_warc": "Bytes that are no WARC record; reading goes on at the next record that can be found",
    "body_too_large": "The body is larger than the setting allows",
    "empty_body": "The record has no body",
    "empty_file": "The file has no bytes",
    "http_error": "The server's answer was not a success",
    "no_identity": "The record has no WARC-Record-ID or no address",
    "no_text": "The row has no text under the name that was given",
    "no_records": "The file has no record of the type that was looked for",
    "not_html": "The content type is not one that text is read from: an image, an office document",
    "not_http": "The record is not an HTTP answer: DNS, FTP",
    "not_warc": "The file is not a WARC file",
    "truncated": "The file ends inside the record",
}
"""Reason codes of rejects, with their meaning."""

HARMLESS = frozenset({"body_too_large", "empty_body", "http_error", "no_records", "not_html", "not_http"})
"""Reasons that are no damage: such rejects do not count against a stage's budget."""


class Headers(Mapping[str, str]):
    """Header fields by name, whatever the case. A field that occurs twice keeps both values: `h[name]` is the first, `h.all(name)` all."""

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)
        """(name, value) as written, in order."""
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][0]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __reduce__(self) -> tuple[type[Headers], tuple[tuple[tuple[str, str], ...]]]:
        return Headers, (self.pairs,)

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"

    def all(self, name: str) -> list[str]:
        """Every value of the field, in order; empty where there is none."""
        return list(self._values.get(name.lower(), ()))


@dataclass(frozen=True, slots=True)
class Record:
    """A fetched page: an HTTP answer with its body decoded from transfer and content encodings (not from its charset)."""

    record_id: str
    """`urn:uuid:...`, as `documents.record_identity` gives it."""
    url: str
    date: datetime | None
    status: int
    headers: Headers
    """The HTTP header as the server sent it."""
    content_type: str | None
    """Media type that was found, lower-cased, without parameters: identified by the crawler, else said by the server, else sniffed."""
    body: bytes
    digest: str | None
    """WARC-Payload-Digest."""
    file: str
    position: int
    """Byte offset of the record in its file as stored (of the compressed member). Strictly increasing: where records share one
    compressed member, the later ones are numbered on from it."""
    truncated: str | None = None
    """WARC-Truncated (`length`, `time`, ...), or `encoding` where only the beginning of the body could be decoded."""
    warc_type: str = "response"


@dataclass(frozen=True, slots=True)
class WetRecord:
    """The text that the crawler itself took from a page."""

    record_id: str
    """Identity of the page's WARC response (WARC-Refers-To), so that a page has one identity in both; its own where it refers to none."""
    url: str
    date: datetime | None
    languages: tuple[str, ...]
    """ISO 639-3 codes that the crawler identified, the main one first."""
    text: str
    digest: str | None
    """WARC-Block-Digest."""
    content_length: int
    """Bytes of the text."""
    file: str
    position: int
    warc_type: str = "conversion"


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that can't be used. The fields are the arguments of `Output.reject`."""

    file: str
    position: int
    reason: str
    """One of REASONS."""
    detail: str = ""
    url: str | None = None
    record: str | None = None
    broken: bool = True
    """Whether it is damage, or only not what was looked for."""
