"""The sample's WARC, WET, WAT and index files: read by others' libraries, with digests, references and offsets that hold."""

import gzip
import json
import zlib
from itertools import pairwise

import brotli
import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from corpus_platform.sample.articles import all_articles


def records(path):
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=False):
            yield record, record.reader.read()


@pytest.mark.parametrize("kind", ["warc", "wet", "wat"])
def test_warcio_finds_every_digest_right(crawl_files, kind):
    checked, wrong = 0, []
    for path in crawl_files(kind):
        with path.open("rb") as stream:
            for record in WarcioIterator(stream, check_digests=True):
                while record.raw_stream.read(65536):
                    pass
                checked += record.digest_checker.passed is True
                if record.digest_checker.passed is False:
                    wrong.append((path.name, record.rec_headers.get_header("WARC-Target-URI")))

    assert wrong == []
    assert checked > 1000


def test_a_warc_file_holds_a_warcinfo_and_three_records_for_each_capture(crawl_files, truth):
    captures = 0
    for path in crawl_files("warc"):
        first, *kinds = [record.headers["WARC-Type"] for record, _ in records(path)]
        whole = kinds[: len(kinds) // 3 * 3]

        assert first == "warcinfo"
        assert whole == ["request", "response", "metadata"] * (len(whole) // 3)
        captures += len(whole) // 3

    assert captures == len(truth) - 1


def test_the_warcinfo_says_that_it_is_no_common_crawl(crawl_files):
    _, block = next(records(crawl_files("warc")[0]))

    assert b"not Common Crawl" in block
    assert b"isPartOf: CC-MAIN-2025-05" in block


def test_each_record_is_a_gzip_member_of_its_own(report, truth):
    rows = [row for row in truth if row["warc_file"] == truth[0]["warc_file"]]
    data = (report.location / rows[0]["warc_file"]).read_bytes()

    for row in rows[:50]:
        member = gzip.decompress(data[row["warc_offset"] : row["warc_offset"] + row["warc_length"]])

        assert member.startswith(b"WARC/1.0\r\nWARC-Type: response\r\n")
        assert f"WARC-Record-ID: {row['record_id']}\r\n".encode() in member
        assert f"WARC-Target-URI: {row['url']}\r\n".encode() in member


def test_one_record_is_clipped_and_it_is_the_last_of_its_file(report, truth):
    row = next(row for row in truth if row["kind"] == "clipped")
    path = report.location / row["warc_file"]

    assert row["warc_offset"] + row["warc_length"] == path.stat().st_size
    with pytest.raises(EOFError):
        gzip.decompress(path.read_bytes()[row["warc_offset"] :])
    assert [other["kind"] for other in truth].count("clipped") == 1


def test_wet_records_name_the_responses_they_are_made_of(truth, wet_texts):
    expected = {row["record_id"] for row in truth if row["in_wet"]}

    assert wet_texts.keys() == expected
    assert all(wet_texts.values())


def test_wat_records_describe_the_requests_responses_and_metadata(report, crawl_files, truth):
    by_response = {row["record_id"]: row for row in truth}
    described = 0
    for path in crawl_files("wat"):
        for record, block in list(records(path))[1:]:
            facts = json.loads(block)
            row = by_response.get(record.headers["WARC-Refers-To"])
            if row:
                described += 1
                response = facts["Envelope"]["Payload-Metadata"]["HTTP-Response-Metadata"]
                assert facts["Container"]["Offset"] == str(row["warc_offset"])
                assert response["Response-Message"]["Status"] == str(row["status"])

    assert described == len(truth) - 1


def test_wat_records_have_title_metas_and_links_of_html(crawl_files, truth):
    page = next(row for row in truth if row["kind"] == "article" and row["licence"])
    blocks = [
        json.loads(block)
        for path in crawl_files("wat")
        for record, block in records(path)
        if record.headers.get("WARC-Refers-To") == page["record_id"]
    ]

    html = blocks[0]["Envelope"]["Payload-Metadata"]["HTTP-Response-Metadata"]["HTML-Metadata"]

    assert html["Head"]["Title"]
    assert any(meta.get("name") == "description" for meta in html["Head"]["Metas"])
    assert any(link["rel"] == "license" for link in html["Head"]["Link"])
    assert any(link["path"] == "A@/href" for link in html["Links"])


def test_the_columnar_index_leads_to_each_page(report, truth):
    rows = {(row["snapshot"], row["url"]): row for row in truth if row["status"] == 200 and row["kind"] != "clipped"}
    found = 0
    for path in sorted(report.location.glob("cc-index/table/cc-main/warc/crawl=*/subset=warc/*.parquet")):
        table = pq.ParquetFile(path).read().to_pylist()
        snapshot = path.parts[-3].removeprefix("crawl=")
        found += len(table)
        for entry in table:
            row = rows[snapshot, entry["url"]]
            assert (entry["warc_filename"], entry["warc_record_offset"], entry["warc_record_length"]) == (
                row["warc_file"],
                row["warc_offset"],
                row["warc_length"],
            )
            assert entry["warc_segment"] in entry["warc_filename"]
        assert all(one["url_surtkey"] <= two["url_surtkey"] for one, two in pairwise(table))
        assert {"zho", "eng", "rus"} <= {entry["content_languages"] for entry in table}

    assert found == len(rows)


def test_bodies_decode_to_the_written_text(report, truth):
    articles = {article.key: article for article in all_articles()}
    files = {}
    missing = []
    for row in (row for row in truth if row["kind"] == "article" and row["role"] == "original"):
        data = files.setdefault(row["warc_file"], (report.location / row["warc_file"]).read_bytes())
        member = gzip.decompress(data[row["warc_offset"] : row["warc_offset"] + row["warc_length"]])
        body = member.split(b"\r\n\r\n", 2)[2][:-4]
        text = unpacked(body, row).decode(row["charset"])
        line = articles[row["article"]].blocks[0].text.split("\n")[0]
        if line[:12].replace("&", "&amp;") not in text:
            missing.append(row["url"])

    assert missing == []


def unpacked(body, row):
    if row["chunked"]:
        parts, rest = [], body
        while (size := int(rest[: rest.index(b"\r\n")], 16)) > 0:
            start = rest.index(b"\r\n") + 2
            parts.append(rest[start : start + size])
            rest = rest[start + size + 2 :]
        body = b"".join(parts)
    match row["content_encoding"]:
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case "br":
            return brotli.decompress(body)
        case _:
            return body


def test_wrong_and_missing_charsets_are_as_the_truth_says(report, truth):
    for row in truth:
        if row["kind"] != "article" or row["charset_declared"] not in {"wrong", "none"}:
            continue
        data = (report.location / row["warc_file"]).read_bytes()
        head = gzip.decompress(data[row["warc_offset"] : row["warc_offset"] + row["warc_length"]]).split(
            b"\r\n\r\n", 2
        )[1]
        content_type = next(line for line in head.decode().split("\r\n") if line.startswith("Content-Type: "))

        assert content_type == (
            "Content-Type: text/html; charset=ISO-8859-1"
            if row["charset_declared"] == "wrong"
            else "Content-Type: text/html"
        )
