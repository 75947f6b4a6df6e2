"""The published file: whole at any time, never older than before, and with all that a client needs to know."""

import logging
import threading
from types import SimpleNamespace

import duckdb
import polars as pl
import pytest
from filelock import FileLock

from corpus_platform.analytics import forget, warehouse
from corpus_platform.analytics.sql import CATALOGUE, Analyst
from corpus_platform.analytics.warehouse import COMMIT_COLUMNS, publish, publish_after
from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from corpus_platform.lake import Lake, tables

WET = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}
COST = {"seconds": 2.5, "shard_seconds": 4.0, "bytes_read": 7, "shards": 1, "shards_run": 1, "peak_memory": 9}


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "warehouse.duckdb"


def commit(lake, hashes, partition=WET, run="aaaaaaaa"):
    fence = lake.fence("web.paragraphs", partition)
    writer = lake.writer("web.paragraphs", partition, 0, run)
    frame = pl.DataFrame({"paragraph_group": [0] * len(hashes), "hash": hashes})
    writer.write(frame.cast({"paragraph_group": pl.Int32, "hash": pl.UInt64}))
    metadata = {"fingerprint": run, "stage_version": "3", "counters": {"records": len(hashes)}, "cost": COST}
    lake.commit("web.paragraphs", partition, writer.close()["web.paragraphs"], fence, run=run, metadata=metadata)


def ask(path, sql):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_it_is_read_by_any_duckdb_and_swapped_in_whole(lake, path):
    commit(lake, [1])
    publish(lake, path)
    reader = duckdb.connect(str(path), read_only=True)

    commit(lake, [1, 2], run="bbbbbbbb")
    publish(lake, path)

    assert reader.execute("select count(*) from web.paragraphs").fetchall() == [(1,)]
    reader.close()
    assert ask(path, "select count(*) from web.paragraphs") == [(2,)]
    assert sorted(p.name for p in path.parent.glob("*warehouse*")) == [".warehouse.duckdb.lock", "warehouse.duckdb"]


def test_every_table_is_there_with_its_description_and_those_of_its_columns(lake, path):
    publish(lake, path)

    said = dict(ask(path, "select schema_name || '.' || view_name, comment from duckdb_views() where not internal"))
    columns = dict(
        ask(
            path,
            "select column_name, comment from duckdb_columns() where (schema_name, table_name) = ('web', 'paragraphs')",
        )
    )
    about = dict(ask(path, "select key, value from meta.about"))
    assert set(said) == {*(spec.name for spec in tables()), "corpora.published", "ops.commits"}
    assert said["web.paragraphs"].startswith("A row is a paragraph hash")
    assert columns["snapshot"].startswith("Snapshot of the crawl")
    assert about["lake"] == lake.location
    assert about["needs"].startswith("nothing but DuckDB")
    assert ask(path, "select risk from catalogue.sources where name = 'sci_hub'") == [("refused",)]


def test_only_what_has_changed_is_made_anew(lake, path):
    commit(lake, [1])
    first = publish(lake, path)
    before = dict(ask(path, "select name, published from meta.tables"))
    there = path.stat().st_ino

    nothing = publish(lake, path)
    unmoved = path.stat().st_ino
    commit(lake, [1, 2], run="bbbbbbbb")
    unasked = publish(lake, path, names={"web.pages"})
    second = publish(lake, path, names={"web.paragraphs", "web.pages"})

    after = dict(ask(path, "select name, published from meta.tables"))
    assert set(first.changed) == {*(spec.name for spec in tables()), *CATALOGUE}
    assert nothing.changed == unasked.changed == ()
    assert unmoved == there
    assert second.changed == ("web.paragraphs",)
    assert {name for name in after if after[name] != before[name]} == {"web.paragraphs"}
    assert ask(path, "select rows, files, version from meta.tables where name = 'web.paragraphs'") == [
        (2, 1, lake.version("web.paragraphs"))
    ]


def test_a_publication_that_had_to_wait_does_not_put_an_older_state_over_a_newer_one(lake, path):
    commit(lake, [1])
    waits = threading.Thread(target=publish, args=(Lake(lake.location), path))
    with FileLock(path.with_name(".warehouse.duckdb.lock")):
        waits.start()
        commit(lake, [1, 2], run="bbbbbbbb")

    waits.join(timeout=60)

    assert ask(path, "select count(*) from web.paragraphs") == [(2,)]


def test_a_publication_that_can_t_get_the_lock_says_so(lake, path, monkeypatch):
    monkeypatch.setattr(warehouse, "_WAIT", 0.01)

    with (
        FileLock(path.with_name(".warehouse.duckdb.lock")),
        pytest.raises(CorpusError, match="is being published by another"),
    ):
        publish(lake, path)


def test_commits_are_rows_with_what_they_cost(lake, path):
    commit(lake, [1])
    commit(lake, [1, 2], run="bbbbbbbb")
    publish(lake, path)
    commit(lake, [3], {**WET, "snapshot": "CC-MAIN-2024-18"}, run="cccccccc")
    publish(lake, path)

    found = ask(path, "select * from ops.commits order by version")
    with duckdb.connect(str(path), read_only=True) as connection:
        [first, second, third] = (
            connection.sql("select * from ops.commits order by version").to_arrow_table().to_pylist()
        )
    assert len(found) == 3
    assert list(first) == list(COMMIT_COLUMNS)
    assert [row["is_current"] for row in (first, second, third)] == [False, True, True]
    assert (second["table_name"], second["run"], second["rows"]) == ("web.paragraphs", "bbbbbbbb", 2)
    assert {name: second[name] for name in COST} == COST
    assert dict(second["counters"]) == {"records": 2}
    assert third["snapshot"] == "CC-MAIN-2024-18"


def test_marts_of_another_file_are_copied_with_their_comments_and_go_when_they_are_gone(lake, path, tmp_path):
    built = tmp_path / "dbt.duckdb"
    with duckdb.connect(str(built)) as connection:
        connection.execute("create schema marts; create table marts.share as select 'en' as language, 0.5 as share")
        connection.execute("comment on table marts.share is 'A row is a language.'")
        connection.execute(
            "comment on column marts.share.language is 'Its code'; create table marts.old as select 1 as a"
        )
        connection.execute("create view marts.not_a_table as select 1 as b")
    publish(lake, path, marts=built)
    both = ask(path, "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by 1")
    with duckdb.connect(str(built)) as connection:
        connection.execute("drop table marts.old; insert into marts.share values ('zh', 0.5)")

    publish(lake, path, marts=built)
    commit(lake, [1])
    publish(lake, path)

    assert both == [("old", ""), ("share", "A row is a language.")]
    assert ask(path, "select language from marts.share order by 1") == [("en",), ("zh",)]
    assert ask(path, "select table_name from duckdb_tables() where schema_name = 'marts'") == [("share",)]
    assert ask(
        path, "select comment from duckdb_columns() where (table_name, column_name) = ('share', 'language')"
    ) == [("Its code",)]


def test_people_s_sessions_see_marts_and_commits_of_the_published_file_beside_the_lake_as_it_is_now(
    lake, path, tmp_path
):
    built = tmp_path / "dbt.duckdb"
    with duckdb.connect(str(built)) as connection:
        connection.execute("create schema marts; create table marts.share as select 'en' as language")
    commit(lake, [1])
    publish(lake, path, marts=built)
    commit(lake, [1, 2], run="bbbbbbbb")

    with Analyst(lake, published=path) as session:
        found = session.query(
            "select (select count(*) from web.paragraphs) p, (select count(*) from ops.commits) c, (select any_value(language) from marts.share) m"
        )

    assert found.to_pylist() == [{"p": 2, "c": 1, "m": "en"}]


@pytest.mark.parametrize("there", [b"no database", None])
def test_a_file_that_is_broken_or_of_another_lake_is_made_anew_and_what_killed_publications_left_is_removed(
    lake, path, there
):
    commit(lake, [1])
    if there is None:
        publish(Lake(path.parent / "other"), path)
    else:
        path.write_bytes(there)
    (path.parent / f".{path.name}.1-abc.new").write_bytes(b"left")
    (path.parent / f".{path.name}.1-abc.new.wal").write_bytes(b"left")

    publish(lake, path)

    assert ask(path, "select count(*) from web.paragraphs") == [(1,)]
    assert [p.name for p in path.parent.glob(".*.new*")] == []


def test_a_run_is_not_failed_by_a_publication_that_fails(lake, path, caplog):
    commit(lake, [1])
    path.mkdir()
    home = SimpleNamespace(lake=lake, warehouse=path)

    with caplog.at_level(logging.WARNING):
        publish_after(home, SimpleNamespace(stage="web.paragraphs", partition=WET))

    assert "was not published after the commit of web.paragraphs" in caplog.text
    assert "`corpus warehouse` publishes all" in caplog.text


def test_what_is_forgotten_takes_the_marts_with_it_for_they_name_domains(tmp_path):
    home = Home.open(tmp_path)
    with duckdb.connect(str(home.marts)) as connection:
        connection.execute("create schema marts; create table marts.domain_share as select 'gone.example' as domain")
    publish(home.lake, home.warehouse, marts=home.marts)
    before = home.warehouse.read_bytes()

    removed = forget._publish_again(home)

    assert removed == {"warehouse.duckdb": 0, "dbt.duckdb": 0}
    assert b"gone.example" in before
    assert b"gone.example" not in home.warehouse.read_bytes()
    assert not home.marts.exists()


def test_all_corpora_are_one_view_to_which_a_new_one_is_added(lake, path):
    where = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}

    def publish_document(name, document, run):
        row = {
            "doc_id": document * 32,
            "source": "s",
            "shard": 0,
            "file": "f",
            "file_index": 0,
            "position": 0,
            "text": "text",
            "edited": False,
        }
        types = {"shard": pl.Int32, "file_index": pl.Int32, "position": pl.Int64}
        fence = lake.fence(name, where)
        writer = lake.writer(name, where, 0, run)
        writer.write(pl.DataFrame([row]).cast(types))
        lake.commit(name, where, writer.close()[name], fence, run=run)
        publish(lake, path, names={name})
        return ask(path, "select recipe, left(doc_id, 1), characters from corpora.published order by all")

    first = publish_document("corpora.mine", "a", "aaaaaaaa")
    second = publish_document("corpora.other", "b", "bbbbbbbb")
    third = publish_document("corpora.mine", "c", "cccccccc")

    assert first == [("mine", "a", 4)]
    assert second == [("mine", "a", 4), ("other", "b", 4)]
    assert third == [("mine", "c", 4), ("other", "b", 4)]
