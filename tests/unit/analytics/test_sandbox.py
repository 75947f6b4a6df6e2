"""Sessions of analysts open files of the lake and of nothing else."""

import polars as pl
import pytest

from corpus_platform.analytics.sql import CATALOGUE, Analyst, SqlError
from corpus_platform.lake import Lake, tables

WET = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}


def commit(lake, hashes):
    fence = lake.fence("web.paragraphs", WET)
    writer = lake.writer("web.paragraphs", WET, 0, "aaaaaaaa")
    frame = pl.DataFrame({"paragraph_group": [0] * len(hashes), "hash": hashes})
    writer.write(frame.cast({"paragraph_group": pl.Int32, "hash": pl.UInt64}))
    lake.commit("web.paragraphs", WET, writer.close()["web.paragraphs"], fence, run="aaaaaaaa")


@pytest.fixture
def lake(tmp_path):
    made = Lake(tmp_path / "lake")
    commit(made, [1, 2])
    return made


@pytest.fixture
def session(lake):
    with Analyst(lake) as opened:
        yield opened


def test_it_reads_tables_and_files_of_the_lake(lake, session):
    [file] = lake.files("web.paragraphs")

    assert session.query("select count(*) n from web.paragraphs").to_pylist() == [{"n": 2}]
    assert session.query(f"select count(*) n from '{file.uri}'").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize(
    "source",
    [
        *("read_csv('/etc/passwd')", "read_text('/etc/passwd')", "read_blob('/etc/passwd')", "'/etc/passwd.csv'"),
        *("read_json('/etc/passwd')", "sniff_csv('/etc/passwd')", "glob('/etc/*')", "read_duckdb('/etc/passwd')"),
        *("read_parquet('{outside}/x.parquet')", "parquet_metadata('{outside}/x.parquet')", "glob('{outside}/*')"),
        *("read_text('{lake}/../outside/x.txt')", "read_text('{lake}2/x.txt')", "read_text('{lake}/link.txt')"),
        *("'s3://bucket/x.parquet'", "'https://host.example/x.parquet'", "read_text('.corpus/corpus.yaml')"),
    ],
)
def test_no_file_outside_the_lake_can_be_read(lake, session, tmp_path, source):
    (tmp_path / "outside").mkdir()
    (tmp_path / "lake2").mkdir()
    (tmp_path / "outside" / "x.txt").write_text("secret")
    (tmp_path / "lake2" / "x.txt").write_text("secret")
    (tmp_path / "lake" / "link.txt").symlink_to(tmp_path / "outside" / "x.txt")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "outside" / "x.parquet")

    with pytest.raises(
        SqlError, match=r"Permission Error(.|\n)*This session reads files of the lake, and of nothing else"
    ):
        session.query(f"select * from {source.format(outside=tmp_path / 'outside', lake=lake.location)}")


def test_neither_the_environment_nor_variables_of_the_program_can_be_read(session):
    frame = pl.DataFrame({"secret": [1]})

    for sql in ("select getenv('HOME')", "select * from frame", "select * from duckdb_secrets()"):
        with pytest.raises(SqlError):
            session.query(sql)
    assert frame.height == 1


@pytest.mark.parametrize(
    "setting", ["enable_external_access = true", "allowed_directories = ['/']", "lock_configuration = false"]
)
def test_even_a_statement_that_slipped_through_could_not_open_the_session(session, setting):
    with pytest.raises(Exception, match="the configuration has been locked"):
        session._connection.execute(f"SET {setting}")
    for write in ("COPY (SELECT 1) TO '/tmp/x.parquet'", "ATTACH '/tmp/x.db'", "LOAD httpfs", "INSTALL httpfs"):
        with pytest.raises(Exception, match="Permission Error"):
            session._connection.execute(write)


def test_views_are_made_when_they_are_asked_for_and_all_for_the_catalogue(session):
    before = session._connection.execute("select count(*) from duckdb_views() where not internal").fetchall()
    session.query('select count(*) from "web"."paragraphs"')
    one = session._connection.execute("select view_name from duckdb_views() where not internal").fetchall()
    listed = session.query("select schema || '.' || name as name from (show all tables)")["name"].to_pylist()

    assert before == [(0,)]
    assert one == [("paragraphs",)]
    assert set(listed) == {*(spec.name for spec in tables()), "corpora.published", *CATALOGUE}


def test_the_catalogue_is_asked_like_tables(session):
    found = session.query(
        "select s.name from catalogue.sources s join catalogue.pretraining p on s.name = p.name where s.risk = 'refused'"
    )

    assert set(found["name"].to_pylist()) == {"annas_archive", "books3"}


def test_data_sets_of_the_catalogue_are_a_table_beside_those_of_the_lake(session):
    found = session.query(
        "select name, licence_seen from sft.catalogue where licence_is_wrong and list_contains(kinds, 'task_file') order by name"
    )

    assert found.to_pylist()[0] == {"name": "alpaca", "licence_seen": "CC-BY-NC-4.0"}
    assert session.query("select count(*) as n from sft.messages")["n"].to_pylist() == [0]
    assert session.query("select gigabytes g from catalogue.pretraining where name = 'oscar'").to_pylist() == [
        {"g": 8410.0}
    ]


def test_a_mistake_names_what_is_near_though_no_view_was_made(session):
    with pytest.raises(SqlError, match=r"Did you mean \"pages\"(.|\n)*Tables: .*corpora.ccnet, .*web.pages"):
        session.query("select * from web.page")


def test_large_results_spill_into_a_folder_that_goes_with_the_session(lake, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    with Analyst(lake, memory_limit="60MB", threads=1) as session:
        found = session.query(
            "select count(*) n from (select range, md5(range::varchar) from range(1500000) order by 2)"
        )
        spilled = list(tmp_path.glob("corpus-sql-*"))

    assert found.to_pylist() == [{"n": 1_500_000}]
    assert spilled
    assert not list(tmp_path.glob("corpus-sql-*"))
