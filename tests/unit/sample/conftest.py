"""The made sample, made once for all tests of this folder."""

import gzip
import json

import pytest
from fastwarc.warc import ArchiveIterator


@pytest.fixture(scope="session")
def report(made_sample):
    """The report of a sample made with the usual settings."""
    return made_sample


@pytest.fixture(scope="session")
def truth(report):
    """The rows of TRUTH.jsonl."""
    return [json.loads(line) for line in report.truth.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def crawl_files(report):
    """Files of a kind (warc, wet, wat), of both crawls, as the paths files list them."""

    def listed(kind):
        lists = sorted(report.location.glob(f"crawl-data/*/{kind}.paths.gz"))
        return [
            report.location / line for path in lists for line in gzip.decompress(path.read_bytes()).decode().split()
        ]

    return listed


@pytest.fixture(scope="session")
def wet_texts(crawl_files):
    """The text of each WET record, by the id of the response it was made from."""
    return {
        record.headers["WARC-Refers-To"]: record.reader.read().decode()
        for path in crawl_files("wet")
        for record in ArchiveIterator(path.open("rb"))
        if record.headers["WARC-Type"] == "conversion"
    }
