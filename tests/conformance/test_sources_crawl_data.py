"""Two snapshots of real pages in Common Crawl's layout, with the truth about each record."""

import json
from collections import Counter
from pathlib import Path

import pytest

from corpus_platform.documents import document_id
from corpus_platform.sources.common_crawl import CommonCrawl, related_path
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.warc import read_responses, read_wet
from corpus_platform.sources.wat import join_wat, read_wat

PAGES = {"CC-MAIN-2024-10": (413, 411), "CC-MAIN-2024-18": (365, 364)}


@pytest.fixture(scope="module")
def crawl(samples) -> CommonCrawl:
    return CommonCrawl(InputLocation(str(samples / "web")))


def read_all(crawl, snapshot, kind, read, **settings):
    for file in crawl.files(snapshot, kind):
        yield from read(Path(crawl.location.base, file.path), file.path, **settings)


@pytest.mark.parametrize("snapshot", PAGES)
def test_every_page_is_read_and_has_the_same_id_in_warc_and_wet(crawl, snapshot):
    counts = Counter()

    pages = list(read_all(crawl, snapshot, "warc", read_responses, counts=counts, verify_digests=True))
    texts = list(read_all(crawl, snapshot, "wet", read_wet, verify_digests=True))

    assert (len(pages), len(texts)) == PAGES[snapshot]
    assert counts["record:response"] == counts["record:request"] == len(pages)
    urls = {document_id("common_crawl", page.record_id): page.url for page in pages}
    assert len(urls) == len(pages)
    assert {document_id("common_crawl", text.record_id): text.url for text in texts}.items() <= urls.items()


def test_records_are_where_the_truth_says(crawl, samples):
    rows = [json.loads(line) for line in (samples / "web" / "TRUTH.jsonl").read_text().splitlines()]
    truth = {
        (row["warc"], row["offset"]): (row["record_id"].strip("<>"), row["url"], row["html_bytes"]) for row in rows
    }

    pages = [page for snapshot in PAGES for page in read_all(crawl, snapshot, "warc", read_responses)]

    assert {(page.file, page.position): (page.record_id, page.url, len(page.body)) for page in pages} == truth


@pytest.mark.parametrize("snapshot", PAGES)
def test_every_page_and_text_finds_its_metadata(crawl, snapshot):
    base = Path(crawl.location.base)

    for kind, read in (("warc", read_responses), ("wet", read_wet)):
        for file in crawl.files(snapshot, kind):
            metadata = read_wat(base / related_path(file.path, "wat"), "x.wat.gz")
            joined = list(join_wat(read(base / file.path, file.path), metadata))
            assert all(
                noted is not None and (noted.record_id, noted.url) == (page.record_id, page.url)
                for page, noted in joined
            )
