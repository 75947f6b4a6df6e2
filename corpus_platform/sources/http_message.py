"""An HTTP answer as a WARC file keeps it: status and header parsed, body decoded from chunks and compression.

Archives are not strict, so this is lenient: crawlers (Common Crawl's too) keep decoded bodies under the server's header, lines may end in LF
alone, a header may be folded. A coding that the body plainly does not have is not applied; a body that ends early keeps its beginning. Bodies
are decoded up to a limit, so that a compressed bomb costs no more memory than the limit.

Not here: the charset of the text (extract/), WARC (warc.py).
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass

import brotli
from fastwarc.stream_io import ZstdReader

from corpus_platform.sources.records import Headers

_MAX_HEADER = 1 << 18
_STEP = 1 << 16
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"(?:HTTP/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?:[ \t]+([^\r\n]*))?[ \t]*$")
_CHUNK_SIZE = re.compile(rb"(?:\r\n)?([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_NO_CODING = frozenset({"", "identity", "none", "binary", "7bit", "8bit"})
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\v\f\r\x1b")


class BadHttp(Exception):
    """The block is no HTTP answer."""


class BadEncoding(Exception):
    """The body is not encoded as its header says, and is no plain text either."""


class BodyTooLarge(Exception):
    """The decoded body is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, its body still as it was transferred."""

    status: int
    phrase: str
    headers: Headers
    body: bytes


def parse_answer(block: bytes) -> Answer:
    """Status, header and body of a WARC block. Raises BadHttp where there is no status line or the header has no end."""
    end = _HEADER_END.search(block, 0, _MAX_HEADER)
    if end is None and len(block) > _MAX_HEADER:
        raise BadHttp(f"the header does not end within {_MAX_HEADER} bytes")
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    first, *lines = head.split(b"\n")
    status = _STATUS_LINE.match(first.strip())
    if status is None:
        raise BadHttp(f"no status line: {first[:60]!r}")
    return Answer(int(status[1]), _text(status[2] or b""), Headers(_fields(lines)), body)


def decoded_body(headers: Headers, body: bytes, limit: int) -> tuple[bytes, bool]:
    """(body without transfer and content codings, whether it is whole), at most `limit` bytes.

    Raises BodyTooLarge, and BadEncoding where nothing can be decoded.
    """
    whole = True
    for coding in (*_codings(headers, "Transfer-Encoding"), *_codings(headers, "Content-Encoding")):
        body, complete = _without(coding, body, limit)
        whole = whole and complete
    _within(len(body), limit)
    return body, whole


def media_type(value: str | None) -> str | None:
    """`text/html` of `Text/HTML; charset=utf-8`; None where there is none."""
    kind = (value or "").partition(";")[0].strip().lower()
    return kind if "/" in kind else None


def _fields(lines: list[bytes]) -> list[tuple[str, str]]:
    """(name, value) of header lines; a line that begins with white space continues the one before, one without a colon is left out."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if fields:
                name, value = fields[-1]
                fields[-1] = name, f"{value} {_text(line)}".strip()
            continue
        name, colon, value = line.partition(b":")
        if colon:
            fields.append((_text(name), _text(value)))
    return fields


def _text(raw: bytes) -> str:
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _codings(headers: Headers, name: str) -> list[str]:
    """Codings of the body in the order in which they are taken off: the last applied first."""
    applied = [coding.strip().lower() for value in headers.all(name) for coding in value.split(",")]
    return [coding for coding in reversed(applied) if coding not in _NO_CODING]


def _without(coding: str, body: bytes, limit: int) -> tuple[bytes, bool]:
    """(body without one coding, whether all of it could be decoded)."""
    if not body:
        return body, True
    decode = _DECODERS.get(coding)
    found = decode(body, limit) if decode else None
    if found is not None:
        return found
    if looks_like_text(body):
        return body, True
    raise BadEncoding(f"{coding}: the body begins with {body[:8]!r}")


def looks_like_text(body: bytes) -> bool:
    """Whether the first bytes hold no control character."""
    start = body[:512]
    return len(start.translate(None, _CONTROL)) == len(start)


def _dechunked(body: bytes, limit: int) -> tuple[bytes, bool] | None:
    """The chunks joined; None where the body does not begin with a chunk."""
    parts: list[bytes] = []
    at = total = 0
    while line := _CHUNK_SIZE.match(body, at):
        size = int(line[1], 16)
        if size == 0:
            return b"".join(parts), True
        at = line.end() + size
        part = body[line.end() : at]
        parts.append(part)
        total = _within(total + len(part), limit)
    return (b"".join(parts), False) if parts else None


def _within(size: int, limit: int) -> int:
    if size > limit:
        raise BodyTooLarge(f"more than {limit} bytes")
    return size


def _gunzipped(body: bytes, limit: int) -> tuple[bytes, bool] | None:
    return _inflated(body, 31, limit) if body.startswith(b"\x1f\x8b") else None


def _inflated_any(body: bytes, limit: int) -> tuple[bytes, bool] | None:
    """`deflate` is zlib's format by the standard, and bare deflate in the answers of some servers."""
    return _inflated(body, 15, limit) or _inflated(body, -15, limit)


def _inflated(body: bytes, window: int, limit: int) -> tuple[bytes, bool] | None:
    """One zlib stream, or gzip members one after the other; None where nothing could be decoded."""
    inflate = zlib.decompressobj(window)
    parts: list[bytes] = []
    at, total, whole = 0, 0, False
    while at < len(body):
        piece = body[at : at + _STEP]
        try:
            part = inflate.decompress(piece, limit + 1 - total)
        except zlib.error:
            break
        at += len(piece) - len(inflate.unused_data)
        total = _within(total + len(part), limit)
        parts.append(part)
        whole = inflate.eof
        if whole:
            if window != 31 or not body.startswith(b"\x1f\x8b", at):
                break
            inflate = zlib.decompressobj(window)
    return (b"".join(parts), whole) if whole or total else None


def _unbrotlied(body: bytes, limit: int) -> tuple[bytes, bool] | None:
    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    total = 0
    try:
        for at in range(0, len(body), _STEP):
            piece = body[at : at + _STEP]
            while piece or not (decoder.can_accept_more_data() or decoder.is_finished()):
                parts.append(decoder.process(piece, output_buffer_limit=limit + 1))
                total = _within(total + len(parts[-1]), limit)
                piece = b""
            if decoder.is_finished():
                return b"".join(parts), True
    except brotli.error:
        pass
    return (b"".join(parts), False) if total and not looks_like_text(body) else None


def _unzstd(body: bytes, limit: int) -> tuple[bytes, bool] | None:
    if not body.startswith(b"\x28\xb5\x2f\xfd"):
        return None
    reader = ZstdReader(io.BytesIO(body))
    parts: list[bytes] = []
    total = 0
    try:
        while part := reader.read(_STEP):
            parts.append(part)
            total = _within(total + len(part), limit)
    except OSError:
        return (b"".join(parts), False) if parts else None
    return b"".join(parts), True


_DECODERS = {
    "chunked": _dechunked,
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _inflated_any,
    "br": _unbrotlied,
    "zstd": _unzstd,
}
