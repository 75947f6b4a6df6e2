"""WARC records as Common Crawl writes them: headers in its order, base-32 SHA-1 digests, one gzip member for each record.

The form is that of CC-MAIN files of 2024: WARC/1.0, warcinfo, then request, response and metadata for each capture; `conversion` records in WET and
`metadata` records in WAT files. https://iipc.github.io/warc-specifications/

Not here: what the records say (crawl.py, wat.py), and reading WARC.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from dataclasses import dataclass
from typing import IO

from corpus_platform.sample.capture import REASONS, Capture

NAMESPACE = uuid.UUID("6f2b8c1e-0d55-5b0b-9d0e-2f4f5a3c7e11")


@dataclass(frozen=True)
class Place:
    """Where a record lies in its file: offset and length in bytes of its gzip member."""

    offset: int
    length: int


class RecordFile:
    """A file of records, each a gzip member of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def write(self, record: bytes) -> Place:
        """Append a record and tell where it lies."""
        member = gzip_member(record)
        place = Place(self.stream.tell(), len(member))
        self.stream.write(member)
        return place

    def write_clipped(self, record: bytes) -> Place:
        """Append the first half of a record's gzip member, as a broken download leaves it."""
        member = gzip_member(record)
        place = Place(self.stream.tell(), len(member) // 2)
        self.stream.write(member[: place.length])
        return place


def gzip_member(data: bytes) -> bytes:
    """Data as one gzip member without name or time, so that equal data give equal bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def digest(data: bytes) -> str:
    """`sha1:` and the digest in base 32, as WARC headers have it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def record_id(*parts: str) -> str:
    """`<urn:uuid:...>` that depends on the parts only."""
    return f"<urn:uuid:{uuid.uuid5(NAMESPACE, chr(0).join(parts))}>"


def record(headers: list[tuple[str, str]], block: bytes) -> bytes:
    """A record's bytes. Content-Length must be among the headers."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return b"WARC/1.0\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


def fields_block(fields: list[tuple[str, str]]) -> bytes:
    """Body of a warcinfo or metadata record: a line for each field, closed by an empty line as Common Crawl does."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n"


def warcinfo_record(name: str, date: str, fields: list[tuple[str, str]]) -> tuple[str, bytes]:
    """Id and bytes of the record that opens the file `name`."""
    block = fields_block(fields)
    identity = record_id("warcinfo", name)
    headers = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Date", date),
        ("WARC-Record-ID", identity),
        ("Content-Length", str(len(block))),
        ("Content-Type", "application/warc-fields"),
        ("WARC-Filename", name),
        ("WARC-Block-Digest", digest(block)),
    ]
    return identity, record(headers, block)


@dataclass(frozen=True)
class Exchange:
    """A capture with what its three records share: snapshot, fetch time (ISO 8601, seconds, Z) and the warcinfo they belong to."""

    snapshot: str
    capture: Capture
    date: str
    http_date: str
    warcinfo: str

    def identity(self, kind: str) -> str:
        """Record id of the capture's `request`, `response`, `metadata`, WET (`conversion`) or WAT records."""
        return record_id(self.snapshot, kind, self.capture.url)

    @property
    def address(self) -> str:
        """The server's address, from a range that is reserved for documentation (RFC 5737)."""
        return f"203.0.113.{zlib.crc32(self.capture.url.split('/')[2].encode()) % 254 + 1}"

    @property
    def request_block(self) -> bytes:
        """The HTTP request."""
        _, _, host, *path = self.capture.url.split("/", 3)
        return (
            f"GET /{''.join(path)} HTTP/1.1\r\nUser-Agent: sample-crawler/1.0\r\n"
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
            f"Accept-Encoding: br,gzip\r\nHost: {host}\r\nConnection: Keep-Alive\r\n\r\n"
        ).encode()

    @property
    def response_head(self) -> bytes:
        """Status line and headers of the HTTP response, with the empty line that ends them."""
        capture = self.capture
        lines = [f"HTTP/1.1 {capture.status} {REASONS[capture.status]}", f"Date: {self.http_date}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in capture.headers), "", ""]).encode()

    @property
    def metadata_block(self) -> bytes:
        """What the crawler noted: fetch time, charset and language."""
        capture = self.capture
        fields = [("fetchTimeMs", str(40 + zlib.crc32(capture.url.encode()) % 2400))]
        if capture.facts.get("charset"):
            fields.append(("charset-detected", capture.facts["charset"]))
        return fields_block(fields)

    def request(self) -> bytes:
        """The request record."""
        block = self.request_block
        headers = self._headers("request", block, "application/http; msgtype=request")
        return record([*headers, ("WARC-Payload-Digest", digest(b"")), ("WARC-Block-Digest", digest(block))], block)

    def response(self) -> bytes:
        """The response record."""
        block = self.response_head + self.capture.body
        headers = self._headers("response", block, "application/http; msgtype=response", concurrent="request")
        headers += [("WARC-Payload-Digest", digest(self.capture.body)), ("WARC-Block-Digest", digest(block))]
        if self.capture.truncated:
            headers.append(("WARC-Truncated", self.capture.truncated))
        return record([*headers, ("WARC-Identified-Payload-Type", self.capture.mime)], block)

    def metadata(self) -> bytes:
        """The metadata record."""
        block = self.metadata_block
        headers = self._headers("metadata", block, "application/warc-fields", concurrent="response")
        return record([*headers, ("WARC-Block-Digest", digest(block))], block)

    def conversion(self, text: str, language: str) -> bytes:
        """The WET record of the capture's text; `language` is an ISO 639-3 code or empty."""
        block = text.encode()
        headers = [
            ("WARC-Type", "conversion"),
            ("WARC-Target-URI", self.capture.url),
            ("WARC-Date", self.date),
            ("WARC-Record-ID", self.identity("conversion")),
            ("WARC-Refers-To", self.identity("response")),
            ("WARC-Block-Digest", digest(block)),
        ]
        if language:
            headers.append(("WARC-Identified-Content-Language", language))
        headers += [
            ("Content-Type", "text/plain"),
            ("Content-Length", str(len(block))),
            ("WARC-Payload-Digest", digest(block)),
        ]
        return record(headers, block)

    def description(self, kind: str, block: bytes) -> bytes:
        """The WAT record that describes the `kind` record of this capture; `block` is JSON."""
        headers = [
            ("WARC-Type", "metadata"),
            ("WARC-Target-URI", self.capture.url),
            ("WARC-Date", self.date),
            ("WARC-Record-ID", self.identity(f"wat-{kind}")),
            ("WARC-Refers-To", self.identity(kind)),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(block))),
            ("WARC-Payload-Digest", digest(block)),
            ("WARC-Block-Digest", digest(block)),
        ]
        return record(headers, block)

    def _headers(self, kind: str, block: bytes, content_type: str, *, concurrent: str = "") -> list[tuple[str, str]]:
        linked = [("WARC-Concurrent-To", self.identity(concurrent))] if concurrent else []
        address = [("WARC-IP-Address", self.address)] if kind != "metadata" else []
        return [
            ("WARC-Type", kind),
            ("WARC-Date", self.date),
            ("WARC-Record-ID", self.identity(kind)),
            ("Content-Length", str(len(block))),
            ("Content-Type", content_type),
            ("WARC-Warcinfo-ID", self.warcinfo),
            *linked,
            *address,
            ("WARC-Target-URI", self.capture.url),
        ]
