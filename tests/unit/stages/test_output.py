"""What was forgotten does not come in again: a row or a reject of it becomes a reject that says no more, and counts balance."""

import polars as pl
import pytest

from corpus_platform.forgetting.targets import target_of
from corpus_platform.forgetting.tombstones import Tombstones
from corpus_platform.lake.storage import Storage
from corpus_platform.stages.encyclopedia import Articles
from corpus_platform.stages.output import ShardOutput
from corpus_platform.stages.pages import Pages
from corpus_platform.stages.paragraphs import ParagraphHashes
from corpus_platform.stages.signals import Signals
from corpus_platform.stages.url_history import UrlHistory

FORGOTTEN, OTHER = "https://example.org/a", "https://example.org/b"


class Writer:
    """Keeps what is written."""

    def __init__(self):
        self.frames = {}

    def write(self, frame, table=None):
        self.frames.setdefault(table, []).append(frame)

    def rows(self, table=None):
        return [row for frame in self.frames.get(table, []) for row in frame.iter_rows(named=True)]


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def output(tmp_path, writer):
    return ShardOutput(writer, 3, Tombstones.only(Storage(str(tmp_path)), target_of(FORGOTTEN)))


def test_a_row_of_what_was_forgotten_becomes_a_reject(output, writer):
    output.count("records", 2)
    output.count("kept", 2)

    output.write(pl.DataFrame({"url": [FORGOTTEN, OTHER], "file": ["a.warc"] * 2, "position": [10, 20]}))
    output.flush()

    assert [row["url"] for row in writer.rows()] == [OTHER]
    (reject,) = writer.rows("ops.rejects")
    assert (reject["file"], reject["position"], reject["reason"]) == ("a.warc", 10, "forgotten")
    assert (reject["url"], reject["record"], reject["broken"]) == (None, None, False)
    assert output.counters == {"records": 2, "kept": 1, "rejects:forgotten": 1, "broken": 0}


def test_a_reject_of_what_was_forgotten_says_no_more(output, writer):
    for url in (FORGOTTEN, OTHER):
        output.reject(file="a.warc", position=1, reason="truncated", detail=f"of {url}", url=url, record="r1")
    output.flush()

    first, second = writer.rows("ops.rejects")
    assert (first["reason"], first["url"], first["record"], first["detail"]) == ("forgotten", None, None, "")
    assert (second["reason"], second["url"]) == ("truncated", OTHER)
    assert output.counters == {"rejects:forgotten": 1, "rejects:truncated": 1, "broken": 1}


def test_side_tables_and_lakes_that_forgot_nothing_are_written_as_they_come(writer):
    output = ShardOutput(writer, 0)

    output.write(pl.DataFrame({"url": [FORGOTTEN]}))
    output.write(pl.DataFrame({"url": [FORGOTTEN]}), "ops.decisions")

    assert len(writer.rows()) == len(writer.rows("ops.decisions")) == 1


@pytest.mark.parametrize(
    ("stage", "reads"),
    [(Pages, True), (Articles, True), (ParagraphHashes, False), (Signals, False), (UrlHistory, False)],
)
def test_stages_that_read_a_source_are_told_from_those_that_read_tables(stage, reads):
    assert stage().reads_source is reads
