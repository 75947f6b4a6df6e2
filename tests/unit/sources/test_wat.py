import io
import json
from collections import Counter

import pytest

from corpus_platform.sources.records import Reject
from corpus_platform.sources.warc import read_responses
from corpus_platform.sources.wat import Link, WatRecord, join_wat, read_wat


def envelope(record_id="<urn:uuid:A>", kind="response", html=None):
    return {
        "Container": {"Filename": "x.warc.gz", "Offset": "876"},
        "Envelope": {
            "WARC-Header-Metadata": {
                "WARC-Type": kind,
                "WARC-Record-ID": record_id,
                "WARC-Target-URI": "http://example.org/",
            },
            "Payload-Metadata": {"HTTP-Response-Metadata": {"HTML-Metadata": html} if html else {}},
        },
    }


HTML = {
    "Head": {
        "Title": " A page ",
        "Metas": [{"name": "Robots", "content": "noindex"}, {"property": "og:title", "content": "A"}],
        "Link": [{"path": "LINK@/href", "url": "/licence", "rel": "license"}],
    },
    "Links": [{"path": "A@/href", "url": "http://example.org/b", "text": "to b"}, {"path": "IMG@/src"}],
}


@pytest.fixture(scope="session")
def wat(make_record):
    def write(*envelopes):
        return io.BytesIO(
            b"".join(
                make_record(json.dumps(one).encode(), "metadata", Content_Type="application/json") for one in envelopes
            )
        )

    return write


def test_title_meta_tags_and_links_of_a_page(wat):
    (found,) = read_wat(wat(envelope(html=HTML)), "x.wat.gz")

    assert isinstance(found, WatRecord)
    assert (found.record_id, found.url, found.title) == ("urn:uuid:a", "http://example.org/", "A page")
    assert found.meta("robots") == ["noindex"]
    assert found.meta("og:title") == ["A"]
    assert found.links == (
        Link("/licence", "LINK@/href", "license"),
        Link("http://example.org/b", "A@/href", None, "to b"),
    )


def test_only_responses_are_pages_and_the_others_are_counted(wat):
    counts = Counter()

    found = list(
        read_wat(wat(envelope(kind="request"), envelope(), envelope(kind="metadata")), "x.wat.gz", counts=counts)
    )

    assert [one.title for one in found] == [None]
    assert counts == {"record:metadata": 3, "wat:request": 1, "wat:response": 1, "wat:metadata": 1}


def test_odd_envelopes_give_what_they_have(wat):
    odd = {"Head": {"Title": None, "Metas": "none", "Link": [3]}, "Links": [{"url": "x", "rel": 7}]}

    (found,) = read_wat(wat(envelope(html=odd)), "x.wat.gz")

    assert (found.title, found.metas, found.links) == (None, (), (Link("x"),))


def test_unreadable_metadata_are_rejected(make_record, wat):
    broken = make_record(b"{not json", "metadata")
    nameless = wat(envelope(record_id=None)).getvalue()

    found = list(read_wat(io.BytesIO(broken + nameless), "x.wat.gz"))

    assert [(one.reason, one.broken) for one in found] == [("bad_json", True), ("no_identity", True)]


def pages(make_record, make_answer, ids):
    data = b"".join(make_record(make_answer(), WARC_Record_ID=f"<urn:uuid:{one}>") for one in ids)
    return list(read_responses(io.BytesIO(data), "x.warc"))


def test_pages_are_joined_by_identity_past_gaps_on_either_side(make_record, make_answer, wat):
    found = pages(make_record, make_answer, [1, 3, 4, 6])
    metadata = read_wat(wat(*(envelope(f"<urn:uuid:{one}>") for one in (1, 2, 3, 5, 6))), "x.wat.gz")

    joined = list(join_wat([*found[:2], Reject("x.warc", 9, "http_error"), *found[2:]], metadata))

    assert [noted and noted.record_id for _, noted in joined] == ["urn:uuid:1", "urn:uuid:3", None, None, "urn:uuid:6"]


def test_a_join_looks_ahead_no_further_than_its_window(make_record, make_answer, wat):
    drawn = []

    def metadata():
        for one in read_wat(wat(*(envelope(f"<urn:uuid:{number}>") for number in range(50))), "x.wat.gz"):
            drawn.append(one)
            yield one

    joined = list(join_wat(pages(make_record, make_answer, ["none", 2]), metadata(), window=5))

    assert [noted is not None for _, noted in joined] == [False, True]
    assert len(drawn) == 5
