"""trafilatura's text through the platform equals, character for character, that of FineWeb's pipeline (datatrove with trafilatura 2.3.1).

datatrove reads a page as UTF-8 or by a detector that looks at no declaration, so only pages that are valid UTF-8 are compared; its trafilatura
had its duplicate cache emptied before each page, as ours has.
"""

import gzip
import hashlib
import json

import pytest

from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.page import page_text
from corpus_platform.sources.records import Record
from corpus_platform.sources.warc import read_responses


@pytest.mark.samples
def test_the_text_is_the_one_that_finewebs_extractor_gives(samples):
    with gzip.open(samples / "expected/fineweb_decisions.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    expected = {row["record_id"].strip("<>"): row["text_sha1"] for row in rows if row.get("n_chars")}
    compared = equal = 0

    with Extractor("trafilatura") as extractor:
        for path in sorted((samples / "web/crawl-data/CC-MAIN-2024-18").rglob("*.warc.gz"))[:1]:
            for record in read_responses(path, path.name):
                if not isinstance(record, Record) or record.record_id not in expected:
                    continue
                page = page_text(record.body, record.headers, record.headers.get("Content-Type"), extractor)
                if page.charset == "utf-8" and not page.replaced:
                    compared += 1
                    equal += hashlib.sha1(page.text.encode()).hexdigest() == expected[record.record_id]

    assert compared > 50
    assert equal == compared
