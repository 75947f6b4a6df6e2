import base64
import hashlib
import io
import pickle
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from fastwarc.stream_io import Lz4Writer, ZstdWriter

from corpus_platform.documents import document_id
from corpus_platform.sources.records import HARMLESS, REASONS, Record, Reject
from corpus_platform.sources.warc import read_responses, read_wet


def only(found):
    (one,) = found
    return one


def test_a_page_written_by_another_tool_is_read_whole(warcio_file, tmp_path):
    pages = {"http://example.org/a": b"<p>one</p>", "http://example.org/b": "<p>第二</p>".encode()}
    path = tmp_path / "made.warc.gz"
    path.write_bytes(warcio_file(pages))
    counts = Counter()

    records = list(read_responses(path, "made.warc.gz", counts=counts))

    assert {record.url: record.body for record in records} == pages
    assert counts == {"record:warcinfo": 1, "record:request": 2, "record:response": 2}
    assert {(record.status, record.content_type, record.file) for record in records} == {
        (200, "text/html", "made.warc.gz")
    }
    assert all(record.digest.startswith("sha1:") and record.date.tzinfo for record in records)
    assert [record.position for record in records] == sorted({record.position for record in records})


def test_a_record_keeps_what_its_headers_say(make_record, make_answer):
    block = make_answer(X_Robots_Tag="noindex", Content_Type="TEXT/html; charset=big5")
    header = {
        "WARC_Record_ID": "<urn:uuid:ABC>",
        "WARC_Target_URI": "<http://example.org/x?y=1>",
        "WARC_Truncated": "length",
        "WARC_Payload_Digest": "sha1:X",
    }

    record = only(read_responses(io.BytesIO(make_record(block, **header)), "x.warc"))

    assert (record.record_id, record.url) == ("urn:uuid:abc", "http://example.org/x?y=1")
    assert record.date == datetime(2024, 2, 20, 21, tzinfo=UTC)
    assert (record.content_type, record.headers["content-type"]) == ("text/html", "TEXT/html; charset=big5")
    assert record.headers.all("x-robots-tag") == ["noindex"]
    assert (record.truncated, record.digest, record.position, record.warc_type) == ("length", "sha1:X", 0, "response")
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize(
    ("answered", "header", "reason", "detail"),
    [
        ({"status": "404 Not Found"}, {}, "http_error", "404 Not Found"),
        ({"status": "301 Moved"}, {}, "http_error", "301 Moved"),
        ({"Content_Type": "image/png"}, {}, "not_html", "image/png"),
        ({"body": b"%PDF-1.7 ..."}, {}, "not_html", "text/html, looks like application/pdf"),
        (
            {"body": b"PK\x03\x04..."},
            {"WARC_Identified_Payload_Type": "text/html"},
            "not_html",
            "text/html, looks like application/zip",
        ),
        ({}, {"WARC_Identified_Payload_Type": "application/msword"}, "not_html", "application/msword"),
        (
            {"body": b"\0\1\2", "Content_Type": "application/octet-stream"},
            {},
            "not_html",
            "no content type, looks like application/octet-stream",
        ),
        ({"body": b""}, {}, "empty_body", ""),
        ({"body": b" \r\n"}, {}, "empty_body", ""),
        ({"body": b"\0\1\2", "Content_Encoding": "br"}, {}, "bad_encoding", "br: the body begins with"),
        ({"body": b"x" * 3000}, {}, "body_too_large", "more than 2000 bytes"),
        ({}, {"WARC_Record_ID": None}, "no_identity", "no WARC-Record-ID"),
        ({}, {"WARC_Target_URI": "<>"}, "no_identity", "no WARC-Target-URI"),
        ({}, {"WARC_Block_Digest": "sha1:AAAA"}, "bad_digest", "sha1:AAAA"),
    ],
)
def test_a_page_that_can_not_be_used_is_rejected_with_the_reason(
    make_record, make_answer, answered, header, reason, detail
):
    data = make_record(make_answer(**answered), **header)

    reject = only(read_responses(io.BytesIO(data), "x.warc", max_body_bytes=2000, verify_digests=True))

    assert isinstance(reject, Reject)
    assert (reject.file, reject.position, reject.reason) == ("x.warc", 0, reason)
    assert reject.detail.startswith(detail)
    assert reject.broken == (reason not in HARMLESS)
    assert set(asdict(reject)) == {"file", "position", "reason", "detail", "url", "record", "broken"}


@pytest.mark.parametrize(
    ("block", "header", "reason"),
    [
        (b"20240101 dns answer", {"Content_Type": "text/dns"}, "not_http"),
        (b"<html>no header</html>", {}, "bad_http"),
        (b"", {}, "empty_body"),
        (b"x" * 700_000, {}, "body_too_large"),
    ],
)
def test_a_response_that_is_no_page_is_rejected(make_record, block, header, reason):
    assert (
        only(read_responses(io.BytesIO(make_record(block, **header)), "x.warc", max_body_bytes=2000)).reason == reason
    )


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("text/plain", b"just words", "text/plain"),
        ("application/xhtml+xml", b"<p/>", "application/xhtml+xml"),
        ("application/octet-stream", b"<!doctype html><p>x", "text/html"),
        ("application/octet-stream", b"just words", "text/plain"),
        ("", b"<html>x", "text/html"),
    ],
)
def test_text_is_read_under_its_types_and_found_under_none(make_record, make_answer, kind, body, found):
    record = only(read_responses(io.BytesIO(make_record(make_answer(body, Content_Type=kind))), "x.warc"))

    assert (record.content_type, record.body) == (found, body)


def test_what_types_are_text_is_a_setting(make_record, make_answer):
    data = make_record(make_answer(b"a,b", Content_Type="text/csv"))

    assert only(read_responses(io.BytesIO(data), "x.warc", accept=frozenset({"text/csv"}))).body == b"a,b"


@pytest.mark.parametrize("form", ["sha1:{32}", "SHA1:{16}", "sha1:{64}", "sha-256:{256}", "blake9:whatever"])
def test_digests_are_checked_in_every_form(make_record, make_answer, form):
    block = make_answer(b"<p>x" * 30)
    sha1 = hashlib.sha1(block).digest()
    forms = {
        "{32}": base64.b32encode(sha1),
        "{16}": sha1.hex().encode(),
        "{64}": base64.urlsafe_b64encode(sha1),
        "{256}": hashlib.sha256(block).hexdigest().encode(),
    }
    for mark, value in forms.items():
        form = form.replace(mark, value.decode())

    found = only(read_responses(io.BytesIO(make_record(block, WARC_Block_Digest=form)), "x.warc", verify_digests=True))

    assert isinstance(found, Record)


def test_a_page_keeps_its_identity_from_warc_to_wet(make_record, make_answer):
    page = make_record(make_answer(), WARC_Record_ID="<urn:uuid:AB-1>")
    header = {
        "WARC_Record_ID": "<urn:uuid:CD-2>",
        "WARC_Refers_To": " <urn:uuid:AB-1> ",
        "WARC_Block_Digest": "sha1:Z",
        "WARC_Identified_Content_Language": "zho,eng",
    }
    wet = make_record("标题\n第一段\n".encode(), "conversion", **header)

    response = only(read_responses(io.BytesIO(page), "x.warc"))
    conversion = only(read_wet(io.BytesIO(wet), "x.wet"))

    assert document_id("common_crawl", response.record_id) == document_id("common_crawl", conversion.record_id)
    assert (conversion.text, conversion.languages, conversion.digest, conversion.content_length) == (
        "标题\n第一段\n",
        ("zho", "eng"),
        "sha1:Z",
        17,
    )


def test_a_wet_record_that_refers_to_none_has_its_own_identity(make_record):
    found = only(
        read_wet(io.BytesIO(make_record(b"text \xff", "conversion", WARC_Record_ID="<urn:uuid:CD-2>")), "x.wet")
    )

    assert (found.record_id, found.languages, found.text) == ("urn:uuid:cd-2", (), "text \N{REPLACEMENT CHARACTER}")


def test_an_empty_text_is_rejected(make_record):
    assert only(read_wet(io.BytesIO(make_record(b"\n", "conversion")), "x.wet")).reason == "empty_body"


def test_a_file_without_pages_is_one_reject(make_record):
    reject = only(read_responses(io.BytesIO(make_record(b"x", "request")), "x.warc"))

    assert (reject.reason, reject.detail, reject.broken) == ("no_records", "response", False)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("x.warc.gz", True),
        ("old.arc", True),
        ("README.txt", False),
        ("warc.paths.gz", False),
        ("a/x.warc.gz.md5", False),
    ],
)
def test_a_file_that_is_no_archive_is_damage_only_where_its_name_says_so(name, broken):
    reject = only(read_responses(io.BytesIO(b"hello"), name))

    assert (reject.reason, reject.broken) == ("not_warc", broken)


def test_every_reason_has_a_meaning():
    assert set(REASONS) >= HARMLESS


@pytest.mark.parametrize("writer", [ZstdWriter, Lz4Writer])
def test_other_compressions_are_read(make_record, make_answer, tmp_path, writer):
    path = tmp_path / "x.warc.z"
    with writer(str(path)) as stream:
        for number in range(3):
            stream.write(make_record(make_answer(b"<p>%d" % number)))
            stream.finish()

    records = list(read_responses(path, path.name))

    assert [record.body for record in records] == [b"<p>0", b"<p>1", b"<p>2"]
    assert len({record.position for record in records}) == 3
