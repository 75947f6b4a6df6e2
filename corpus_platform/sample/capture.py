"""One answer of a server: status, headers, and a body with its charset, content coding and transfer coding.

Not here: WARC records (records.py), which pages there are (crawl.py).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import brotli

REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    403: "Forbidden",
    404: "Not Found",
    410: "Gone",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# The name that servers and pages give to a Python codec.
CHARSET_NAMES = {
    "utf-8": "UTF-8", "gbk": "gbk", "gb2312": "gb2312", "gb18030": "GB18030", "big5": "Big5", "shift_jis": "Shift_JIS", "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR", "cp949": "ks_c_5601-1987", "windows-1251": "windows-1251", "koi8-r": "KOI8-R", "windows-1252": "windows-1252",
    "iso-8859-1": "ISO-8859-1", "windows-1256": "windows-1256", "utf-16": "UTF-16",
}  # fmt: skip
WRONG = "ISO-8859-1"


@dataclass(frozen=True)
class Capture:
    """What a crawler got for an address.

    `body` is the payload as it is stored (with content and transfer coding, if any); `document` the text before encoding, empty where the body is
    no text; `mime` and `language` are the truth, whatever the headers say; `facts` go to TRUTH.jsonl; `truncated` is
    the WARC-Truncated reason. The header Date is the writer's business.
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    document: str
    mime: str
    language: str
    facts: dict[str, Any] = field(default_factory=dict)
    truncated: str = ""

    def with_facts(self, **facts: Any) -> Capture:
        """The capture with more facts for TRUTH.jsonl."""
        return replace(self, facts={**self.facts, **facts})


@dataclass(frozen=True)
class Delivery:
    """How a text goes over the wire: its real charset, where that is declared, and the codings of its body."""

    charset: str = "utf-8"
    declared: str = "both"
    content_coding: str = ""
    chunked: bool = False

    @property
    def meta_charset(self) -> str:
        """The charset that the page's own meta tag names, or an empty text."""
        honest = self.declared in {"meta", "both"} or (self.declared == "wrong" and self.charset == "utf-8")
        return CHARSET_NAMES[self.charset] if honest else ""

    def content_type(self, mime: str) -> str:
        """Value of the header Content-Type."""
        if self.declared == "wrong":
            return f"{mime}; charset={WRONG}"
        return f"{mime}; charset={CHARSET_NAMES[self.charset]}" if self.declared in {"header", "both"} else mime


def delivery_of(key: str, charset: str, declared: str) -> Delivery:
    """A delivery whose codings depend on `key` only, so that a page is served alike in every crawl. Nine of ten have none."""
    draw = zlib.crc32(b"coding" + key.encode()) % 100
    coding = "gzip" if draw < 5 else "deflate" if draw < 8 else "br" if draw < 11 else ""
    return Delivery(charset, declared, coding, chunked=draw % 16 == 3)


def text_capture(
    url: str,
    document: str,
    delivery: Delivery,
    *,
    language: str,
    mime: str = "text/html",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> Capture:
    """A capture of HTML or plain text. Characters that the charset lacks become references, as they do on the web."""
    plain = document.encode(delivery.charset, errors="xmlcharrefreplace")
    body = _coded(plain, delivery.content_coding)
    wire: list[tuple[str, str]] = [
        ("Server", "nginx"),
        ("Content-Type", delivery.content_type(mime)),
        *headers,
    ]
    if delivery.content_coding:
        wire.append(("Content-Encoding", delivery.content_coding))
    else:
        wire.append(("X-Crawler-Content-Encoding", "gzip"))
    if delivery.chunked:
        body = _chunked(body)
        wire.append(("Transfer-Encoding", "chunked"))
    else:
        wire.append(("Content-Length", str(len(body))))
    facts = {
        "charset": CHARSET_NAMES[delivery.charset],
        "charset_declared": delivery.declared,
        "content_encoding": delivery.content_coding or None,
        "chunked": delivery.chunked,
    }
    return Capture(url, status, tuple(wire), body, document, mime, language, facts)


def binary_capture(url: str, body: bytes, *, mime: str) -> Capture:
    """A capture of a picture or another body that is no text."""
    headers = (("Server", "nginx"), ("Content-Type", mime), ("Content-Length", str(len(body))))
    return Capture(
        url,
        200,
        headers,
        body,
        "",
        mime,
        "",
        {"charset": None, "charset_declared": None, "content_encoding": None, "chunked": False},
    )


def _coded(body: bytes, coding: str) -> bytes:
    match coding:
        case "gzip":
            packer = zlib.compressobj(wbits=31)
            return packer.compress(body) + packer.flush()
        case "deflate":
            return zlib.compress(body)
        case "br":
            return brotli.compress(body, quality=5)
        case _:
            return body


def _chunked(body: bytes, size: int = 1400) -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
