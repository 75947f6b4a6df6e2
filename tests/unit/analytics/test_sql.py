"""SQL over the lake: typed views, committed rows only, reads only."""

import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.analytics.sql import SqlError, connect, query
from corpus_platform.lake import Lake, table, tables

WET = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def commit(lake, hashes, partition=WET, run="aaaaaaaa"):
    fence = lake.fence("web.paragraphs", partition)
    writer = lake.writer("web.paragraphs", partition, 0, run)
    writer.write(
        pl.DataFrame({"paragraph_group": [0] * len(hashes), "hash": hashes}).cast(
            {"paragraph_group": pl.Int32, "hash": pl.UInt64}
        )
    )
    files = writer.close()["web.paragraphs"]
    lake.commit("web.paragraphs", partition, files, fence, run=run, metadata={"fingerprint": run})


def test_every_table_of_an_empty_lake_is_an_empty_typed_view(lake):
    connection = connect(lake)

    for spec in tables():
        found = query(connection, f"select * from {spec.name}")
        assert found.num_rows == 0
        assert set(found.column_names) == {*spec.schema.names, *spec.partition_by}


def test_a_view_shows_rows_with_their_partition_columns(lake):
    commit(lake, [3, 2**64 - 1])

    found = query(connect(lake), "select variant, snapshot, hash from web.paragraphs order by hash")

    assert found.to_pylist() == [
        {"variant": "wet", "snapshot": "CC-MAIN-2024-10", "hash": 3},
        {"variant": "wet", "snapshot": "CC-MAIN-2024-10", "hash": 2**64 - 1},
    ]


def test_a_session_sees_one_state_while_another_run_commits(lake):
    commit(lake, [1, 2])
    connection = connect(lake)

    commit(lake, [1, 2, 3], run="bbbbbbbb")

    assert query(connection, "select count(*) n from web.paragraphs").to_pylist() == [{"n": 2}]
    assert query(connect(lake), "select count(*) n from web.paragraphs").to_pylist() == [{"n": 3}]


def test_rows_that_no_commit_names_are_not_seen(lake):
    writer = lake.writer("web.paragraphs", WET, 0, "cccccccc")
    writer.write(
        pl.DataFrame({"paragraph_group": [0], "hash": [1]}).cast({"paragraph_group": pl.Int32, "hash": pl.UInt64})
    )
    writer.close()

    assert query(connect(lake), "select * from web.paragraphs").num_rows == 0


@pytest.mark.parametrize(
    "statement",
    [
        "drop view web.pages",
        "create table t as select 1",
        "copy (select 1) to 'x.csv'",
        "attach 'x.db'",
        "set threads = 1",
    ],
)
def test_a_statement_that_writes_is_refused(lake, statement):
    with pytest.raises(SqlError, match="this session only reads"):
        query(connect(lake), statement)


def test_a_mistake_is_told_with_the_tables_that_exist(lake):
    with pytest.raises(SqlError, match=r"Did you mean \"pages\"(.|\n)*Tables: .*corpora.ccnet, .*web.pages"):
        query(connect(lake), "select * from web.page")


@pytest.mark.parametrize("nothing", ["", " ; ", "-- a remark"])
def test_no_statement_is_told(lake, nothing):
    with pytest.raises(SqlError, match="there is no statement"):
        query(connect(lake), nothing)


def test_the_last_of_several_statements_is_answered(lake):
    assert query(connect(lake), "select 1 as a; select 2 as b;").to_pylist() == [{"b": 2}]


def test_times_are_utc_wherever_the_machine_is(lake, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")

    found = query(connect(lake), "select timestamptz '2024-02-20 00:30:00+02'::varchar as at")

    assert found.to_pylist() == [{"at": "2024-02-19 22:30:00+00"}]


def test_only_the_views_that_are_named_are_made(lake):
    connection = connect(lake, names={"web.pages"})

    made = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
    assert made == [("web", "pages")]


def test_all_corpora_are_one_view_in_the_columns_that_they_share(lake):
    where = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}
    place = {"doc_id": "a" * 32, "file_index": 0, "position": 0}
    rows = {
        "corpora.ccnet": {**place, "source_domain": "a.example", "raw_content": "text", "length": 4, "nlines": 1},
        "corpora.mine": {
            **place,
            "source": "s",
            "shard": 0,
            "file": "f",
            "domain": "b.example",
            "text": "中文",
            "edited": True,
            "licence": "MIT",
        },
    }
    for name, row in rows.items():
        commit_row(lake, name, where, row)

    found = query(
        connect(lake), "select recipe, domain, characters, edited, licence, snapshot from corpora.published order by 1"
    )

    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("ccnet", "a.example", 4, None, None, "CC-MAIN-2024-10"),
        ("mine", "b.example", 2, True, "MIT", "CC-MAIN-2024-10"),
    ]


def commit_row(lake, name, partition, row):
    writer = lake.writer(name, partition, 0, "aaaaaaaa")
    types = {field.name: field.type for field in table(name).schema}
    writer.write(pl.from_arrow(pa.table({key: pa.array([value], types[key]) for key, value in row.items()})))
    lake.commit(name, partition, writer.close()[name], lake.fence(name, partition), run="aaaaaaaa")
