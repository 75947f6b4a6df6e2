from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from slow import slow_universal_lines
from texts import texts

from corpus_platform.recipes.ccnet import FIELDS, Dropped, ccnet_rows, split_titles, strip_lines
from corpus_platform.text.batch import TextBatch


def slow_split_title(text):
    """As cc_net reads a WET file line by line, where CR LF CR LF follows each block."""
    lines = [line.strip() for line in slow_universal_lines(text + "\r\n\r\n")[:-1]]
    last = -2 if not lines[-1] and not lines[-2] else None
    return lines[0], "\n".join(lines[1:last])


@settings(deadline=None, max_examples=300)
@given(texts())
@example("title\r\n first \rsecond\n\n")
@example("a\r")
def test_a_wet_text_is_split_as_its_slow_twin_does_it(text):
    titles, contents = split_titles(TextBatch.of([text, "x", text]))

    expected = [slow_split_title(text), ("x", ""), slow_split_title(text)]
    decoded = [contents.documents.bytes(d).decode() for d in range(3)]
    assert list(zip(titles.to_pylist(), decoded, strict=True)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Title\n one \ntwo\n", ("Title", "one\ntwo")),
        ("Title\none\ntwo", ("Title", "one\ntwo\n")),
        ("Title\r\none\rtwo\x0bthree\n", ("Title", "one\ntwo\x0bthree")),
        ("标题\n\u3000正文\u3000\n", ("标题", "正文")),
        ("Title", ("Title", "")),
        ("", ("", "")),
    ],
)
def test_the_first_line_is_the_title(text, expected):
    titles, contents = split_titles(TextBatch.of([text]))

    assert (titles[0].as_py(), contents.documents.bytes(0).decode()) == expected


def test_lines_of_extracted_text_are_all_content():
    batch = TextBatch.of([" one \r\ntwo\n", "one\n\ntwo", "", "\n", " "])

    contents = strip_lines(batch)

    assert [contents.documents.bytes(d).decode() for d in range(5)] == ["one\ntwo", "one\n\ntwo", "", "", ""]


def test_rows_have_the_fields_of_the_reference():
    documents = pl.DataFrame(
        {
            "doc_id": ["0" * 32],
            "url": ["https://Example.org:8080/a?b"],
            "date": [datetime(2024, 2, 20, 21, 10, 55, tzinfo=UTC)],
            "digest": ["sha1:SF4I7PDYECY74HBOHPOLLTDJNGLEZTE6"],
            "domain": ["example.org"],
            "title": [None],
            "text": ["one\ntwo"],
            "length": [7],
            "nlines": [2],
            "original_length": [20],
            "original_nlines": [4],
            "line_ids": [[0, 3]],
            "cc_segment": ["crawl-data/x.warc.wet.gz"],
            "language": ["en"],
            "language_score": [0.987],
            "perplexity": [123.456],
            "bucket": ["head"],
        },
        schema_overrides={
            "title": pl.String,
            "line_ids": pl.List(pl.Int32),
            "language_score": pl.Float32,
            "perplexity": pl.Float32,
        },
    )

    rows = ccnet_rows(documents)

    assert tuple(rows.columns) == FIELDS
    row = rows.row(0, named=True)
    assert row["date_download"] == "2024-02-20T21:10:55Z"
    assert row["source_domain"] == "Example.org:8080"
    assert (row["title"], row["raw_content"]) == ("", "one\ntwo")
    assert (row["language_score"], row["perplexity"]) == (0.99, 123.5)


def test_reasons_are_named_as_the_ledger_names_them():
    assert set(Dropped) == {
        "too_short",
        "all_paragraphs_repeated",
        "language_below_threshold",
        "language_not_wanted",
    }
