"""Plain files of documents, read and written."""

import gzip

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus_platform.errors import SourceError
from corpus_platform.sources.plain import PlainWriter, read_plain

ROWS = [
    {"id": "a", "text": "One 今天\n", "url": "https://Example.org:80/x", "score": 1},
    {"id": 7, "text": "", "score": 2.5, "tags": ["x"]},
    {"text": "no id", "nested": {"deep": 1}, "score": None},
]


def written(path, rows):
    with PlainWriter(path) as writer:
        writer.write(rows)
    return path


def everything(path, **options):
    batches = list(read_plain(path, **options))
    rows = [row for batch in batches for row in batch.rows]
    return pl.concat([batch.frame for batch in batches], how="diagonal"), rows, [r for b in batches for r in b.rejects]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.json", "a.ndjson"])
def test_json_lines_come_back_as_they_were_written(tmp_path, name):
    path = written(tmp_path / name, ROWS)

    frame, rows, rejects = everything(path)

    assert rows == ROWS
    assert rejects == []
    assert frame["text"].to_list() == ["One 今天\n", "", "no id"]
    assert frame["doc_id"].to_list()[:2] == ["a", "7"]
    assert len(frame["doc_id"][2]) == 32
    assert frame["domain"].to_list() == ["example.org", None, None]
    assert frame["score"].to_list() == [1.0, 2.5, None]
    assert "nested" not in frame.columns


def test_parquet_comes_back_as_it_was_written(tmp_path):
    rows = [{"id": str(i), "text": f"text {i}", "lines": [0.5, float(i)]} for i in range(2500)]

    frame, read, rejects = everything(written(tmp_path / "a.parquet", rows))

    assert read == rows
    assert rejects == []
    assert frame.height == 2500


def test_what_is_no_document_is_rejected_with_its_line_and_the_rest_is_read(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [
        b'{"text": "good"}',
        b"",
        b"{broken",
        b"[1]",
        b'{"text": 5}',
        b'{"url": "u"}',
        b'{"text": "\\ud800"}',
        b'{"text": "last"}',
    ]
    path.write_bytes(b"\n".join(lines))

    frame, _, rejects = everything(path)

    assert frame["text"].to_list() == ["good", "last"]
    assert [(r.position, r.reason) for r in rejects] == [
        (3, "bad_json"),
        (4, "bad_json"),
        (5, "no_text"),
        (6, "no_text"),
        (7, "bad_json"),
    ]


def test_a_file_that_is_cut_off_gives_what_is_there_and_a_reject(tmp_path):
    whole = gzip.compress(
        b"".join(orjson.dumps({"text": f"number {i} {i * 7919 % 1000}"}) + b"\n" for i in range(20000))
    )
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])

    frame, _, rejects = everything(path)

    assert 0 < frame.height < 20000
    assert [r.reason for r in rejects][-1] == "truncated"


def test_the_text_may_have_another_name(tmp_path):
    path = written(tmp_path / "a.jsonl", [{"content": "x", "text": "other"}])

    assert everything(path, text="content")[0]["text"].to_list() == ["x"]


@pytest.mark.parametrize("name", ["missing.jsonl", "a.txt"])
def test_a_file_that_is_missing_or_of_no_known_kind_is_refused_by_name(tmp_path, name):
    (tmp_path / "a.txt").write_text("x")

    with pytest.raises(SourceError, match=name):
        list(read_plain(tmp_path / name))


def test_bytes_that_are_no_parquet_are_refused_by_name(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"no")

    with pytest.raises(SourceError, match=r"a\.parquet"):
        list(read_plain(tmp_path / "a.parquet"))


def test_a_parquet_file_that_is_damaged_inside_is_read_as_far_as_it_can_be(tmp_path):
    rows = pa.table({"text": [f"text {i}" for i in range(10)]})
    with pq.ParquetWriter(tmp_path / "a.parquet", rows.schema, compression="zstd", use_dictionary=False) as writer:
        writer.write_table(rows)
        writer.write_table(rows)
    second = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(1).column(0)
    with (tmp_path / "a.parquet").open("r+b") as file:
        file.seek(second.data_page_offset)
        file.write(bytes(second.total_compressed_size))

    frame, _, rejects = everything(tmp_path / "a.parquet")

    assert frame["text"].to_list() == [f"text {i}" for i in range(frame.height)]
    assert [(reject.position, reject.reason) for reject in rejects] == [(frame.height + 1, "truncated")]


def test_nothing_is_left_after_an_error(tmp_path):
    def fail():
        with PlainWriter(tmp_path / "a.jsonl") as writer:
            writer.write(ROWS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_file_without_rows_is_written_and_read(tmp_path, name):
    assert list(read_plain(written(tmp_path / name, []))) == []


def test_a_field_that_comes_too_late_for_parquet_is_named(tmp_path):
    def write():
        with PlainWriter(tmp_path / "a.parquet") as writer:
            writer.write([{"text": "x"}])
            writer.write([{"text": "x", "late": 1}])

    with pytest.raises(SourceError, match="late"):
        write()


def test_columns_that_begin_with_nulls_have_the_type_that_is_known(tmp_path):
    with PlainWriter(tmp_path / "a.parquet", {"score": pl.Float64}) as writer:
        writer.write([{"text": "x", "score": None}])
        writer.write([{"text": "x", "score": 0.5}])

    assert pl.read_parquet(tmp_path / "a.parquet")["score"].to_list() == [None, 0.5]


def test_zstd_of_several_frames_is_read_whole(tmp_path):
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"".join(pa.compress(b'{"text": "x"}\n', "zstd").to_pybytes() for _ in range(3)))

    assert everything(path)[0].height == 3
