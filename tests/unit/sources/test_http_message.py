import gzip
import random
import zlib
from contextlib import suppress

import brotli
import pytest
from fastwarc.stream_io import ZstdWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sources.http_message import (
    BadEncoding,
    BadHttp,
    BodyTooLarge,
    decoded_body,
    media_type,
    parse_answer,
)
from corpus_platform.sources.records import Headers

PAGE = "<html><body><p>Ein Satz über Bäume. 一句話。</p></body></html>".encode() * 20
NOISE = random.Random(0).randbytes(300_000)


def chunked(body, size=100):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def zstd(body, tmp_path):
    with ZstdWriter(str(tmp_path / "x.zst")) as writer:
        writer.write(body)
    return (tmp_path / "x.zst").read_bytes()


def decode(body, limit=1 << 20, **header):
    return decoded_body(Headers((name.replace("_", "-"), value) for name, value in header.items()), body, limit)


def test_an_answer_has_status_header_and_body():
    found = parse_answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\nX-Robots-Tag: a\r\nx-robots-tag: b\r\n\r\nbody\r\n\r\nmore"
    )

    assert (found.status, found.phrase, found.body) == (200, "OK", b"body\r\n\r\nmore")
    assert found.headers["content-TYPE"] == "text/html; charset=x"
    assert found.headers.all("X-ROBOTS-TAG") == ["a", "b"]
    assert "Nothing" not in found.headers


@pytest.mark.parametrize(
    ("block", "status", "headers", "body"),
    [
        (b"HTTP/1.1 200 OK\nA: b\n\nbody", 200, [("A", "b")], b"body"),
        (b"HTTP/1.0 404\r\n\r\n", 404, [], b""),
        (b"HTTP/2 200 \r\nA:b\r\n\r\nbody", 200, [("A", "b")], b"body"),
        (
            b"HTTP/1.1 200 OK\r\nA: one\r\n  two\r\nno colon\r\nB: caf\xe9\r\n\r\n",
            200,
            [("A", "one two"), ("B", "café")],
            b"",
        ),
        (b"HTTP/1.1 200 OK\r\nTitle: \xe4\xb8\x80\r\n\r\nx", 200, [("Title", "一")], b"x"),
        (b"HTTP/1.1 200 OK\r\nA: b", 200, [("A", "b")], b""),
        (b"HTTP/1.1 200 OK\r\n\r\nbody\n\nbody", 200, [], b"body\n\nbody"),
    ],
)
def test_sloppy_answers_are_read(block, status, headers, body):
    found = parse_answer(block)

    assert (found.status, list(found.headers.pairs), found.body) == (status, headers, body)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"<html>no header</html>",
        b"HTTP/1.1 xyz OK\r\n\r\nx",
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 300_000,
    ],
)
def test_what_is_no_answer_is_bad_http(block):
    with pytest.raises(BadHttp):
        parse_answer(block)


@pytest.mark.parametrize(
    ("encode", "header"),
    [
        (lambda body: body, {}),
        (chunked, {"Transfer_Encoding": "chunked"}),
        (gzip.compress, {"Content_Encoding": "gzip"}),
        (lambda body: gzip.compress(body[:99]) + gzip.compress(body[99:]), {"Content_Encoding": "x-gzip"}),
        (zlib.compress, {"Content_Encoding": "deflate"}),
        (raw_deflate, {"Content_Encoding": "Deflate"}),
        (brotli.compress, {"Content_Encoding": "br"}),
        (lambda body: chunked(gzip.compress(body)), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        (lambda body: chunked(gzip.compress(body)), {"Transfer_Encoding": "gzip, chunked"}),
        (lambda body: gzip.compress(brotli.compress(body)), {"Content_Encoding": "br, gzip"}),
        (lambda body: body, {"Content_Encoding": "identity"}),
    ],
)
@pytest.mark.parametrize("body", [PAGE, NOISE, b""], ids=["page", "noise", "empty"])
def test_codings_are_taken_off(encode, header, body):
    assert decode(encode(body), **header) == (body, True)


@pytest.mark.parametrize(
    "header",
    [
        {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"},
        {"Content_Encoding": "br"},
        {"Content_Encoding": "deflate"},
        {"Content_Encoding": "UTF-8"},
    ],
)
def test_a_decoded_body_under_the_servers_header_is_left_as_it_is(header):
    assert decode(PAGE, **header) == (PAGE, True)


def test_zstandard_is_taken_off(tmp_path):
    assert decode(zstd(PAGE, tmp_path), Content_Encoding="zstd") == (PAGE, True)


@pytest.mark.parametrize(
    ("encode", "header"),
    [
        (chunked, {"Transfer_Encoding": "chunked"}),
        (gzip.compress, {"Content_Encoding": "gzip"}),
        (zlib.compress, {"Content_Encoding": "deflate"}),
        (brotli.compress, {"Content_Encoding": "br"}),
    ],
)
def test_a_body_that_ends_early_keeps_its_beginning(encode, header):
    encoded = encode(NOISE)

    body, whole = decode(encoded[: len(encoded) // 2], **header)

    assert not whole
    assert len(body) > len(NOISE) // 4
    assert NOISE.startswith(body)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress"])
def test_bytes_that_are_neither_encoded_nor_text_are_bad_encoding(coding):
    with pytest.raises(BadEncoding, match=coding):
        decode(b"\x07\x00\x01\x02" * 99, Content_Encoding=coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "chunked"])
def test_a_bomb_is_stopped_at_the_limit(coding, tmp_path):
    zeros = bytes(5_000_000)
    encoded = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "chunked": chunked,
        "zstd": lambda body: zstd(body, tmp_path),
    }[coding](zeros)

    with pytest.raises(BodyTooLarge):
        decode(encoded, limit=1_000_000, **{"Transfer_Encoding" if coding == "chunked" else "Content_Encoding": coding})


@given(
    st.binary(max_size=300),
    st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked", "gzip, chunked", "?"]),
    st.integers(0, 40),
)
@settings(deadline=None)
def test_any_bytes_are_decoded_or_refused(noise, coding, at):
    packed = gzip.compress(PAGE)

    for body in (noise, packed[:at] + noise + packed[at + len(noise) :]):
        with suppress(BadEncoding, BodyTooLarge):
            decode(body, Content_Encoding=coding)
        with suppress(BadHttp):
            parse_answer(body)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Text/HTML; charset=x", "text/html"),
        (" application/xml ", "application/xml"),
        ("html", None),
        ("", None),
        (None, None),
    ],
)
def test_a_media_type_is_bare_and_lower_case(value, kind):
    assert media_type(value) == kind
