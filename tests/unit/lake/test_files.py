import errno
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import SchemaError
from corpus_platform.lake import Lake, registry
from corpus_platform.lake.files import digest_of_file, publish_bytes, shard_and_digest

PARTITION = {"variant": "wet", "snapshot": "CC-1"}


def written(lake, *frames, run="run-0001", shard=0):
    with lake.writer("test.notes", PARTITION, shard, run) as writer:
        for frame in frames:
            writer.write(frame)
        return writer.close()


def with_row_groups_of(size, patch):
    """Makes the table's row groups end at that many bytes."""
    patch.setitem(registry._TABLES, "test.notes", replace(registry.table("test.notes"), row_group_bytes=size))


def path_of(lake, file):
    return Path(lake.uri("test.notes")) / file.path


def test_a_file_is_named_by_its_shard_its_bytes_and_its_run(house):
    made = written(house.lake, pl.DataFrame({"note_id": [1]}), run="1a2b3c4d-rest", shard=7)["test.notes"]

    (file,) = made
    assert file.path == f"variant=wet/snapshot=CC-1/00007-{file.digest}-1a2b3c4d.parquet"
    assert digest_of_file(path_of(house.lake, file)) == file.digest
    assert path_of(house.lake, file).stat().st_size == file.bytes
    assert shard_and_digest(file.path) == (7, file.digest)


def test_columns_come_in_the_tables_order_and_types_and_missing_ones_are_null(house):
    when = datetime(2024, 3, 1, tzinfo=UTC)
    frame = pl.DataFrame({"hash": [2**64 - 1], "note_id": [1], "made": [when], "lines": [[1, 2]], "snapshot": ["CC-1"]})

    (file,) = written(house.lake, frame.cast({"note_id": pl.Int16, "made": pl.Datetime("ms", "UTC")}))["test.notes"]

    found = pl.read_parquet(path_of(house.lake, file), hive_partitioning=False)
    assert found.schema == {
        "note_id": pl.Int64,
        "text": pl.String,
        "hash": pl.UInt64,
        "lines": pl.List(pl.Int32),
        "made": pl.Datetime("us", "UTC"),
    }
    assert found.row(0) == (1, None, 2**64 - 1, [1, 2], when)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({"note_id": ["x"]}, "test.notes: column `note_id` expected Int64 without nulls, got String"),
        ({"note_id": [None]}, "test.notes: column `note_id` expected Int64 without nulls, got 1 nulls"),
        ({"text": ["x"]}, "test.notes: column `note_id` expected Int64 without nulls, got no such column"),
        ({"note_id": [1], "made": [datetime(2024, 1, 1)]}, r"column `made` expected Datetime.*UTC.*, got Datetime"),  # noqa: DTZ001
        ({"note_id": [1], "hash": [-1]}, "a value is out of its column's range"),
        ({"note_id": [1], "size": [1]}, "unknown column `size` was written; its files have note_id, text,"),
        ({"note_id": [1], "snapshot": ["CC-2"]}, "column `snapshot` expected the partition's own value `CC-1`"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_table_column_expected_and_got(house, frame, reason):
    with pytest.raises(SchemaError, match=reason):
        written(house.lake, pl.DataFrame(frame))


def test_a_shard_without_rows_has_no_file(house):
    assert written(house.lake, pl.DataFrame({"note_id": []}, schema={"note_id": pl.Int64})) == {}
    assert written(house.lake) == {}


def test_a_shard_that_fails_leaves_nothing_behind(house):
    with pytest.raises(SchemaError):
        written(house.lake, pl.DataFrame({"note_id": [1]}), pl.DataFrame({"note_id": ["x"]}))

    assert [path for path in Path(house.lake.location).rglob("*") if path.is_file()] == []


def test_side_rows_go_to_the_partition_that_names_the_main_table(house):
    made = house.shard("run-0001", notes=(1,), rejects=(10, 20))

    assert [file.rows for file in made["ops.rejects"]] == [2]
    assert made["ops.rejects"][0].path.startswith("stage=test.notes/partition=wet,CC-1/00000-")


def test_a_shard_writes_to_its_own_table_and_to_side_tables_only(house):
    with (
        pytest.raises(SchemaError, match=r"wrote to `web.pages`, which is no side table"),
        house.lake.writer("test.notes", PARTITION, 3, "run-0001") as writer,
    ):
        writer.write(pl.DataFrame({"doc_id": ["x"]}), "web.pages")


ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.text(max_size=40), st.lists(st.integers(0, 9), max_size=3)), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=30)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_the_same_rows_give_the_same_bytes_however_they_were_cut(tmp_path_factory, rows, cuts):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    columns = {"note_id": pl.Int64, "text": pl.String, "lines": pl.List(pl.Int32)}
    whole = pl.DataFrame(rows, schema=columns, orient="row")
    edges = [0, *sorted(min(cut, whole.height) for cut in cuts), whole.height]
    pieces = [whole[start:stop] for start, stop in pairwise(edges)]

    with pytest.MonkeyPatch.context() as patch:
        with_row_groups_of(300, patch)
        one = written(lake, whole)["test.notes"][0]
        many = written(lake, *pieces)["test.notes"][0]

    assert one.digest == many.digest
    groups = pq.ParquetFile(path_of(lake, one)).metadata
    assert groups.num_rows == whole.height
    assert groups.num_row_groups <= 1 + whole.height * (40 * 4 + 5 * 8 + 3 * 8) // 300


def test_a_row_group_ends_at_the_row_that_fills_it(house, monkeypatch):
    with_row_groups_of(10_000, monkeypatch)
    frame = pl.DataFrame({"note_id": list(range(100)), "text": ["x" * 1000] * 100})

    (file,) = written(house.lake, frame[:33], frame[33:])["test.notes"]

    metadata = pq.ParquetFile(path_of(house.lake, file)).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [10] * 10


def test_a_shard_that_fails_on_a_full_disk_leaves_no_scratch_behind(house, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    monkeypatch.setattr(pq.ParquetWriter, "close", full)

    with pytest.raises(OSError, match="No space left"):
        written(house.lake, pl.DataFrame({"note_id": [1]}))

    assert not list((Path(house.lake.location) / "_staging").iterdir())


def test_a_small_file_that_meets_a_full_disk_leaves_nothing_half_written(house, monkeypatch):
    real = Path.write_bytes

    def cut(path, content):
        real(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", cut)

    with pytest.raises(OSError, match="No space left"):
        publish_bytes(house.lake.storage, b"0123456789", "_markers/x.json")

    assert not [path for path in Path(house.lake.location).rglob("*") if path.is_file()]
