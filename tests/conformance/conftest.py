"""What several tests hold themselves against: the sample's WET texts, and what RedPajama-V2's own code says of them."""

import gzip
import hashlib

import orjson
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType


@pytest.fixture(scope="session")
def wet_texts(samples):
    """The texts of all WET files of the samples, by the SHA-1 of their bytes, in the order of the files."""
    texts = {}
    for path in sorted((samples / "web" / "crawl-data").rglob("*.wet.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.conversion):
                body = record.reader.read()
                texts[hashlib.sha1(body).hexdigest()] = body.decode()
    return texts


@pytest.fixture(scope="session")
def rpv2_rows(samples):
    """What RedPajama-V2's code (RedPajama-Data 6d2cee9) says of each page."""
    with gzip.open(samples / "expected" / "rpv2_signals.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    assert len(rows) == 775
    return rows
