"""What Common Crawl derives from a capture: the lines of text of a WET record and the JSON of WAT records.

Not here: extraction of main text (`extract/`); this is the whole text of a page, menus and all.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson
from lxml import html
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from corpus_platform.sample.records import Exchange, Place, digest

if TYPE_CHECKING:
    from corpus_platform.sample.capture import Capture

ISO_639_3 = {
    "en": "eng", "zh": "zho", "de": "deu", "fr": "fra", "es": "spa", "ru": "rus", "ja": "jpn", "ko": "kor", "ar": "ara",
}  # fmt: skip
"""Common Crawl names languages by ISO 639-3 codes."""
WITH_TEXT = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
LINKS = {"a": "href", "img": "src", "form": "action"}


def wet_text(capture: Capture) -> str:
    """All text of a page: its title and a line for each block. Empty where a crawl would write no WET record."""
    if capture.status != 200 or capture.mime not in WITH_TEXT:
        return ""
    if capture.mime == "text/plain":
        return capture.document.strip()
    tree = HTMLTree.parse(capture.document)
    text = extract_plain_text(tree, main_content=False, list_bullets=False, alt_texts=False, noscript=True)
    lines = [" ".join(line.split()) for line in [tree.title or "", *text.splitlines()]]
    return "\n".join(line for line in lines if line)


def describe(exchange: Exchange, kind: str, place: Place, record: bytes, file: str) -> bytes:
    """JSON that describes the `kind` record (request, response or metadata) of an exchange; `file` is the name of its WARC file."""
    head, _, rest = record.partition(b"\r\n\r\n")
    block = rest[:-4]
    return orjson.dumps(
        {
            "Container": {
                "Filename": file,
                "Compressed": True,
                "Offset": str(place.offset),
                "Gzip-Metadata": _gzip_facts(place, record),
            },
            "Envelope": {
                "Format": "WARC/1.0",
                "WARC-Header-Length": str(len(head) + 4),
                "WARC-Header-Metadata": _fields(head),
                "Payload-Metadata": {
                    **_payload(exchange, kind),
                    "Actual-Content-Length": str(len(block)),
                    "Block-Digest": digest(block),
                    "Trailing-Slop-Length": "4",
                },
            },
        },
    )


def _gzip_facts(place: Place, record: bytes) -> dict[str, str]:
    return {
        "Deflate-Length": str(place.length),
        "Header-Length": "10",
        "Footer-Length": "8",
        "Inflated-CRC": str(zlib.crc32(record)),
        "Inflated-Length": str(len(record)),
    }


def _fields(head: bytes) -> dict[str, str]:
    pairs = (line.partition(": ") for line in head.decode().split("\r\n")[1:] if line)
    return {name: value for name, _, value in pairs}


def _payload(exchange: Exchange, kind: str) -> dict[str, Any]:
    if kind == "request":
        head = exchange.request_block
        method, path, version = head.split(b"\r\n", 1)[0].decode().split(" ")
        facts = {
            "Request-Message": {"Method": method, "Path": path, "Version": version},
            "Headers-Length": str(len(head)),
            "Headers": _fields(head),
            "Entity-Length": "0",
            "Entity-Digest": digest(b""),
            "Entity-Trailing-Slop-Length": "0",
        }
        return {"Actual-Content-Type": "application/http; msgtype=request", "HTTP-Request-Metadata": facts}
    if kind == "metadata":
        records = [
            {"Name": name, "Value": value} for name, value in _fields(b"x\r\n" + exchange.metadata_block).items()
        ]
        return {
            "Actual-Content-Type": "application/metadata-fields",
            "WARC-Metadata-Metadata": {"Metadata-Records": records},
        }
    return {"Actual-Content-Type": "application/http; msgtype=response", "HTTP-Response-Metadata": _response(exchange)}


def _response(exchange: Exchange) -> dict[str, Any]:
    capture, head = exchange.capture, exchange.response_head
    version, status, reason = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    facts: dict[str, Any] = {
        "Response-Message": {"Version": version, "Status": status, "Reason": reason},
        "Headers-Length": str(len(head)),
        "Headers": _fields(head),
        "Entity-Length": str(len(capture.body)),
        "Entity-Digest": digest(capture.body),
        "Entity-Trailing-Slop-Length": "0",
    }
    if capture.mime == "text/html" and capture.document:
        facts["HTML-Metadata"] = html_facts(capture.document)
    return facts


def html_facts(document: str) -> dict[str, Any]:
    """Title, meta tags, linked files and links of a page, under the names that WAT records use."""
    if not document.strip():
        return {}
    tree = html.document_fromstring(document)
    head: dict[str, Any] = {"Title": (tree.findtext(".//title") or "").strip()}
    metas = [dict(meta.attrib) for meta in tree.iter("meta")]
    linked = [
        {"path": "LINK@/href", "url": link.get("href", ""), "rel": link.get("rel", "")} for link in tree.iter("link")
    ]
    scripts = [
        {"path": "SCRIPT@/src", "url": script.get("src", "")} for script in tree.iter("script") if script.get("src")
    ]
    head |= {name: values for name, values in (("Metas", metas), ("Link", linked), ("Scripts", scripts)) if values}
    return {"Head": head, "Links": _links(tree)}


def _links(tree: html.HtmlElement) -> list[dict[str, str]]:
    links = []
    for tag, attribute in LINKS.items():
        for element in tree.iter(tag):
            url = element.get(attribute)
            if url and not url.startswith("#"):
                text = " ".join(element.text_content().split())
                links.append({"path": f"{tag.upper()}@/{attribute}", "url": url, **({"text": text} if text else {})})
    return links
