import base64
import gzip

import orjson
import polars as pl
import pytest

from corpus_platform.dedup.paragraphs import keep_lines, paragraph_hashes
from corpus_platform.errors import SchemaError, SettingsError, SourceError
from corpus_platform.recipes.ccnet import FIELDS
from corpus_platform.recipes.ccnet_export import export
from corpus_platform.recipes.ccnet_minify import MINIFIED, minify, unminify
from corpus_platform.text.batch import TextBatch

TEXTS = ["标题行\n正文第一段\n正文第一段\n末段", "one\n\ntwo\none\nthree", "x" * 50 + "\ny"]


def raw_documents(texts=TEXTS):
    """Documents as CCNet reads them from WET."""
    n = len(texts)
    return pl.DataFrame(
        {
            "url": [f"https://example.org/{i}" for i in range(n)],
            "date_download": ["2024-02-20T21:10:55Z"] * n,
            "digest": [f"sha1:{i:032d}" for i in range(n)],
            "length": [len(text.encode()) + 9 for text in texts],
            "nlines": [text.count("\n") + 1 for text in texts],
            "source_domain": ["example.org"] * n,
            "title": ["a title"] * n,
            "raw_content": texts,
            "cc_segment": ["crawl-data/a.warc.wet.gz"] * n,
        }
    )


def ccnet_documents(texts=TEXTS):
    """The same documents after deduplication, with model outputs; the last has no perplexity."""
    raw = raw_documents(texts)
    batch = TextBatch.of(raw["raw_content"])
    hashes, _ = paragraph_hashes(batch)
    kept = keep_lines(batch, hashes, hashes[:0]).frame().rename({"text": "raw_content"})
    n = len(texts)
    return (
        raw.rename({"length": "original_length", "nlines": "original_nlines"})
        .with_columns(
            *kept.get_columns(),
            language=pl.Series(["zh", "en", "en"][:n]),
            language_score=pl.Series([0.99, 0.75, 0.5][:n]),
            perplexity=pl.Series([1400.5, 99.0, None][:n], dtype=pl.Float64),
            bucket=pl.Series(["head", "head", "all"][:n]),
        )
        .select(FIELDS)
    )


def read(path):
    with gzip.open(path) as lines:
        return [orjson.loads(line) for line in lines]


def test_rows_are_exported_by_language_and_bucket_in_their_order(tmp_path):
    rows = ccnet_documents()

    files = export([rows[:1], rows[1:], rows[1:2]], tmp_path)

    assert [file.path.name for file in files] == ["en_all_0000.json.gz", "en_head_0000.json.gz", "zh_head_0000.json.gz"]
    assert [file.rows for file in files] == [1, 2, 1]
    assert [file.bytes for file in files] == [file.path.stat().st_size for file in files]
    assert read(files[1].path) == [rows.row(1, named=True)] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.path.name for file in files]


def test_a_document_without_perplexity_has_no_such_field(tmp_path):
    export([ccnet_documents()], tmp_path)

    [document] = read(tmp_path / "en_all_0000.json.gz")
    assert set(FIELDS) - set(document) == {"perplexity"}


def test_a_file_is_closed_at_its_target_size(tmp_path, monkeypatch):
    monkeypatch.setattr("corpus_platform.recipes.ccnet_export._MEMBER_BYTES", 1000)
    rows = pl.concat([ccnet_documents()[:1]] * 100)

    files = export([rows], tmp_path, target_bytes=1500)

    assert len(files) > 3
    assert [file.path.name for file in files[:2]] == ["zh_head_0000.json.gz", "zh_head_0001.json.gz"]
    assert sum(file.rows for file in files) == 100
    assert [row for file in files for row in read(file.path)] == rows.rows(named=True)


def test_equal_rows_give_equal_bytes_however_they_come(tmp_path):
    rows = ccnet_documents()

    one, other = export([rows], tmp_path / "a"), export([rows[:2], rows[2:]], tmp_path / "b")

    assert [file.path.read_bytes() for file in one] == [file.path.read_bytes() for file in other]


def test_a_folder_with_exported_files_is_refused(tmp_path):
    export([ccnet_documents()], tmp_path)

    with pytest.raises(SettingsError, match="already holds exported files"):
        export([ccnet_documents()], tmp_path)


def test_a_failed_export_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("corpus_platform.recipes.ccnet_export._MEMBER_BYTES", 1)

    def frames():
        yield ccnet_documents()
        raise OSError("the lake is gone")

    with pytest.raises(OSError, match="the lake is gone"):
        export(frames(), tmp_path, target_bytes=1)

    assert not list(tmp_path.iterdir())


def test_the_short_form_and_the_public_texts_give_the_rows_again():
    rows = ccnet_documents()
    minified = minify(rows)

    rebuilt = unminify(minified, raw_documents().reverse())

    assert tuple(minified.columns) == MINIFIED
    assert rebuilt.equals(rows.select(FIELDS))


def test_line_ids_are_those_of_the_reference():
    minified = minify(ccnet_documents())

    assert minified["line_ids"][1] == base64.b64encode(b"\0\0\1\0\2\0\4\0").decode()
    assert minified["line_ids_uint32"].null_count() == 3


def test_a_document_with_a_line_beyond_uint16_keeps_its_ids_in_a_field_of_its_own():
    texts = ["\n".join(["same"] * 65_536 + ["last", "same"]), TEXTS[1]]
    rows = ccnet_documents(texts)

    minified = minify(rows)

    assert minified["line_ids"][0] == ""
    assert minified["line_ids_uint32"][0] == base64.b64encode(b"\0\0\0\0\0\0\1\0").decode()
    assert unminify(minified, raw_documents(texts)).equals(rows)


def test_a_missing_document_is_named():
    minified = minify(ccnet_documents())

    with pytest.raises(SourceError, match=r"1 of 3 documents .* https://example.org/2 of crawl-data"):
        unminify(minified, raw_documents()[:2])


def test_a_text_with_fewer_lines_than_it_had_is_refused():
    minified = minify(ccnet_documents())
    raw = raw_documents([TEXTS[0], "short", TEXTS[2]])

    with pytest.raises(SchemaError, match=r"https://example\.org/1 .* has 1 lines, and line 4 is asked for"):
        unminify(minified, raw)
