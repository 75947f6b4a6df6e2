"""Archives that other tools wrote, odd ones among them: each file is read or rejected with a reason, and none raises."""

from collections import Counter
from pathlib import Path

import pytest

from corpus_platform.sources.common_crawl import CommonCrawl, WarcFolder, kind_of
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.records import REASONS, Reject
from corpus_platform.sources.warc import read_responses, read_wet
from corpus_platform.sources.wat import join_wat, read_wat

READERS = {"warc": read_responses, "wet": read_wet, "wat": read_wat}

OUTCOMES = {
    "aut/example.docs.warc.gz": {"not_html": 9},
    "aut/issue-493.warc": {"read": 4, "http_error": 1, "not_html": 5},
    "chatnoir-resiliparse/clipped.warc.gz": {"truncated": 1},
    "chatnoir-resiliparse/warcfile.warc.gz": {"read": 16},
    "dolma/cc_en_head-0091.jsonl.gz": {"not_warc": 1},
    "dolma/sample-0000.warc.gz": {"read": 22},
    "jwarc/cc.warc.gz": {"read": 1},
    "warcio/example-bad-non-chunked.warc.gz": {"read": 1},
    "warcio/example-digest.warc": {"no_records": 1},
    "warcio/example-trunc.warc": {"read": 1, "bad_warc": 1},
    "warcio/example.arc.gz": {"arc_unsupported": 1},
    "warcio/example.warc.gz": {"read": 1},
    "whirlwind-python/CC-MAIN-2024-22.warc.paths.gz": {"not_warc": 1},
    "whirlwind-python/whirlwind.warc.gz": {"read": 1},
    # The crawler's record tells of the request, not of the page.
    "whirlwind-python/whirlwind.warc.wat.gz": {"no_records": 1},
    "whirlwind-python/whirlwind.warc.wet.gz": {"read": 1},
}


@pytest.fixture(scope="module")
def genuine(samples) -> Path:
    return samples / "web" / "genuine"


def outcome(found):
    return Counter(one.reason if isinstance(one, Reject) else "read" for one in found)


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_file_is_read_or_rejected_as_expected(genuine, name):
    found = list(READERS[kind_of(name)](genuine / name, name))

    assert outcome(found) == OUTCOMES[name]
    assert all(one.reason in REASONS for one in found if isinstance(one, Reject))
    assert [one.position for one in found] == sorted(one.position for one in found)


def test_no_file_is_passed_over(genuine):
    source = WarcFolder(InputLocation(str(genuine)), "GENUINE")

    listed = {file.path for kind in ("warc", "wet", "wat") for file in source.files("GENUINE", kind)}

    assert listed == set(OUTCOMES)


def test_every_file_survives_every_reader(genuine):
    for name in OUTCOMES:
        for read in READERS.values():
            assert list(read(genuine / name, name))


def test_a_cut_file_tells_how_much_of_the_record_is_there(genuine):
    (reject,) = read_responses(genuine / "chatnoir-resiliparse/clipped.warc.gz", "clipped.warc.gz")

    assert (reject.position, reject.broken) == (0, True)
    assert reject.detail == "75207 of 88275 bytes of the record are there"
    assert reject.url
    assert reject.record


def test_addresses_lose_the_angle_brackets_of_warc_1_0(genuine):
    records = list(read_responses(genuine / "dolma/sample-0000.warc.gz", "x"))

    assert len(records) == 22
    assert all(record.url.startswith("http") and record.record_id.startswith("urn:uuid:") for record in records)


def test_a_page_of_common_crawl_has_one_identity_in_warc_and_wet(genuine):
    folder = genuine / "whirlwind-python"

    (page,) = read_responses(folder / "whirlwind.warc.gz", "x.warc.gz", verify_digests=True)
    (text,) = read_wet(folder / "whirlwind.warc.wet.gz", "x.wet.gz", verify_digests=True)

    assert (
        (page.record_id, page.url)
        == (text.record_id, text.url)
        == ("urn:uuid:2aabeff2-67f5-4608-8466-e87c6296e2b6", "https://an.wikipedia.org/wiki/Escopete")
    )
    assert text.languages == ("spa",)
    assert page.date == text.date
    assert "Biquipedia" in text.text


def test_metadata_of_a_request_are_counted_and_join_no_page(genuine):
    folder, counts = genuine / "whirlwind-python", Counter()

    ((page, metadata),) = join_wat(
        read_responses(folder / "whirlwind.warc.gz", "x.warc.gz"),
        read_wat(folder / "whirlwind.warc.wat.gz", "x.wat.gz", counts=counts),
    )

    assert page.status == 200
    assert metadata is None
    assert counts == {"record:warcinfo": 1, "record:metadata": 1, "wat:request": 1}


def test_a_genuine_paths_list_is_read(genuine, tmp_path):
    folder = tmp_path / "crawl-data" / "CC-MAIN-2024-22"
    folder.mkdir(parents=True)
    (folder / "warc.paths.gz").write_bytes((genuine / "whirlwind-python/CC-MAIN-2024-22.warc.paths.gz").read_bytes())

    files = CommonCrawl(InputLocation(str(tmp_path))).files("CC-MAIN-2024-22", "warc", stat=False)

    assert len(files) > 10
