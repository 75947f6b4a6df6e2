"""WARC files: HTTP answers with decoded bodies (`read_responses`), and the crawler's own text (`read_wet`).

Words: a *record* of a WARC file has a WARC header and a block; a response's block is the HTTP answer as the server sent it.
Promise: each response or conversion of a file gives one Record or one Reject, damage between records gives a Reject, records of other types are
counted; nothing raises but a failing store. Records come in file order, with strictly increasing positions, in memory bounded by the body limit.

Not here: finding the files (common_crawl.py), charsets and text extraction (extract/), WAT (wat.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from corpus_platform.sources.archive_reader import Unusable, address, block_of, identity, read_records
from corpus_platform.sources.http_message import (
    Answer,
    BadEncoding,
    BadHttp,
    BodyTooLarge,
    decoded_body,
    looks_like_text,
    media_type,
    parse_answer,
)
from corpus_platform.sources.records import Record, Reject, WetRecord

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

    from corpus_platform.sources.archive import Frame

MAX_BODY_BYTES = 16 << 20
"""Largest body that is read, encoded or decoded. Common Crawl itself cuts pages at a few MiB."""

TEXT_TYPES = frozenset(
    {
        "application/atom+xml",
        "application/rdf+xml",
        "application/rss+xml",
        "application/vnd.wap.xhtml+xml",
        "application/xhtml+xml",
        "application/xml",
        "text/html",
        "text/plain",
        "text/xml",
    }
)
"""Media types that text is read from."""

_UNTOLD_TYPES = frozenset(
    {"application/octet-stream", "application/unknown", "application/x-unknown", "unknown/unknown"}
)
"""Types by which a server says that it does not know."""

_BINARY_STARTS = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
    b"\xd0\xcf\x11\xe0": "application/x-ole-storage",
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "application/x-riff",
    b"\x00\x00\x01\x00": "image/x-icon",
    b"\x1f\x8b\x08": "application/gzip",
    b"7z\xbc\xaf": "application/x-7z-compressed",
    b"Rar!": "application/x-rar",
    b"OggS": "application/ogg",
    b"ID3": "audio/mpeg",
    b"wOF": "font/woff",
    b"\x7fELF": "application/x-elf",
}
"""First bytes of formats that often go under a wrong content type."""

_HTTP_OVERHEAD = 1 << 18


def read_responses(
    source: Path | BinaryIO,
    file: str,
    *,
    counts: Counter[str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    accept: frozenset[str] = TEXT_TYPES,
    verify_digests: bool = False,
) -> Iterator[Record | Reject]:
    """The HTTP answers of a WARC file that hold text, in file order.

    `source` is a local path or an open stream (one that can seek, if reading shall go on after damage); `file` is its name in records and rejects.
    `counts` gets `record:<type>` for every record of the file. `accept` are the media types that are not rejected as `not_html`.
    `verify_digests` checks WARC-Block-Digest where it is given. Raises SourceError where the store fails.
    """

    def response(frame: Frame) -> Record:
        block = block_of(frame, max_body_bytes + _HTTP_OVERHEAD, verify_digest=verify_digests)
        return _record(frame, file, _answer(frame, block), max_body_bytes, accept)

    return read_records(source, file, "response", response, counts)


def read_wet(
    source: Path | BinaryIO,
    file: str,
    *,
    counts: Counter[str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    verify_digests: bool = False,
) -> Iterator[WetRecord | Reject]:
    """The conversion records of a WET file, in file order. Arguments and errors as in `read_responses`.

    Bytes that are not UTF-8 become U+FFFD.
    """

    def conversion(frame: Frame) -> WetRecord:
        record_id, url = _names(frame, identity(frame, "WARC-Refers-To"))
        block = block_of(frame, max_body_bytes, verify_digest=verify_digests)
        if not block.strip():
            raise Unusable("empty_body")
        return WetRecord(
            record_id=record_id,
            url=url,
            date=frame.record.record_date,
            languages=_languages(frame.header("WARC-Identified-Content-Language")),
            text=block.decode("utf-8", "replace"),
            digest=frame.header("WARC-Block-Digest"),
            content_length=frame.content_length,
            file=file,
            position=frame.position,
        )

    return read_records(source, file, "conversion", conversion, counts)


def _names(frame: Frame, preferred: str | None = None) -> tuple[str, str]:
    """(identity, address) of a record. Raises Unusable where one is missing."""
    record_id, url = preferred or identity(frame), address(frame)
    if not record_id or not url:
        raise Unusable("no_identity", "no WARC-Target-URI" if record_id else "no WARC-Record-ID")
    return record_id, url


def _answer(frame: Frame, block: bytes) -> Answer:
    """The HTTP answer that the block holds. Raises Unusable where it is none."""
    kind = media_type(frame.header("Content-Type"))
    if kind not in (None, "application/http") and not block.startswith(b"HTTP/"):
        raise Unusable("not_http", kind or "")
    try:
        return parse_answer(block)
    except BadHttp as error:
        raise Unusable("bad_http" if block else "empty_body", str(error) if block else "") from error


def _record(frame: Frame, file: str, answer: Answer, limit: int, accept: frozenset[str]) -> Record:
    """The page, if it is one. Raises Unusable."""
    if not 200 <= answer.status < 300:
        raise Unusable("http_error", f"{answer.status} {answer.phrase}".strip())
    record_id, url = _names(frame)
    told = _told_type(frame, answer)
    if told and told not in accept:
        raise Unusable("not_html", told)
    body, whole = _body(answer, limit)
    if not body.strip():
        raise Unusable("empty_body")
    found = _found_type(told, body)
    if found not in accept:
        raise Unusable("not_html", f"{told or 'no content type'}, looks like {found}")
    return Record(
        record_id=record_id,
        url=url,
        date=frame.record.record_date,
        status=answer.status,
        headers=answer.headers,
        content_type=found,
        body=body,
        digest=frame.header("WARC-Payload-Digest"),
        file=file,
        position=frame.position,
        truncated=frame.header("WARC-Truncated") or (None if whole else "encoding"),
    )


def _body(answer: Answer, limit: int) -> tuple[bytes, bool]:
    try:
        return decoded_body(answer.headers, answer.body, limit)
    except BadEncoding as error:
        raise Unusable("bad_encoding", str(error)) from error
    except BodyTooLarge as error:
        raise Unusable("body_too_large", str(error)) from error


def _told_type(frame: Frame, answer: Answer) -> str | None:
    """The media type that the crawler identified, else the server's; None where neither knows."""
    for said in (frame.header("WARC-Identified-Payload-Type"), answer.headers.get("Content-Type")):
        kind = media_type(said)
        if kind and kind not in _UNTOLD_TYPES:
            return kind
    return None


def _found_type(told: str | None, body: bytes) -> str:
    """The media type by the first bytes: a binary format's, else the one that was told, else HTML for markup and plain text for text."""
    for start, kind in _BINARY_STARTS.items():
        if body.startswith(start):
            return kind
    if told:
        return told
    if not looks_like_text(body):
        return "application/octet-stream"
    return "text/html" if b"<" in body[:1024] else "text/plain"


def _languages(value: str | None) -> tuple[str, ...]:
    return tuple(code for part in (value or "").split(",") if (code := part.strip()))
