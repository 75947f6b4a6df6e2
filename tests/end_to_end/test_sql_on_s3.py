"""People's SQL, the published file and dbt over a lake in a bucket, without DuckDB's extension for S3."""

import duckdb
import polars as pl
import pytest

from corpus_platform.analytics.dbt_project import marts
from corpus_platform.analytics.sql import Analyst, SqlError, reach
from corpus_platform.analytics.warehouse import publish
from corpus_platform.home import Home
from corpus_platform.lake import Lake
from resources.dbt import build

pytestmark = pytest.mark.s3

WET = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}


def commit(lake):
    writer = lake.writer("web.paragraphs", WET, 0, "aaaaaaaa")
    frame = pl.DataFrame({"paragraph_group": [0, 0], "hash": [1, 2]})
    writer.write(frame.cast({"paragraph_group": pl.Int32, "hash": pl.UInt64}))
    files = writer.close()["web.paragraphs"]
    metadata = {
        "counters": {"records": 2},
        "cost": {"seconds": 1.0, "shard_seconds": 1.0, "bytes_read": 1, "shards": 1, "shards_run": 1},
    }
    lake.commit("web.paragraphs", WET, files, lake.fence("web.paragraphs", WET), run="aaaaaaaa", metadata=metadata)


@pytest.fixture
def lake(moto_server, place):
    made = Lake(f"s3://corpus/{place}/lake", storage=moto_server.storage(f"{place}/lake"))
    commit(made)
    return made


def test_a_session_reads_the_lake_s_prefix_and_nothing_else_in_the_bucket(lake, place):
    fs = lake.storage.filesystem()
    for other in (f"corpus/{place}/other", f"corpus/{place}/lake2"):
        fs.pipe_file(f"{other}/x.csv", b"secret\n1\n")

    with Analyst(lake) as session:
        rows = session.query("select snapshot, count(*) n from web.paragraphs group by 1").to_pylist()
        [file] = lake.files("web.paragraphs")
        by_name = session.query(f"select count(*) n from '{file.uri}'").to_pylist()
        refused = []
        for source in (
            f"s3://corpus/{place}/other/x.csv",
            f"s3://corpus/{place}/lake2/x.csv",
            f"s3://corpus/{place}/lake/../other/x.csv",
            "/etc/passwd",
            "https://host.example/x.csv",
        ):
            with pytest.raises(SqlError, match="reads files of the lake, and of nothing else"):
                session.query(f"select * from read_csv('{source}')")
            refused.append(source)

    assert rows == [{"snapshot": "CC-MAIN-2024-10", "n": 2}]
    assert by_name == [{"n": 2}]
    assert len(refused) == 5


def test_the_published_file_says_what_a_plain_client_needs_and_has_no_secret(lake, tmp_path, moto_server):
    path = publish(lake, tmp_path / "warehouse.duckdb").path

    with duckdb.connect(str(path), read_only=True) as plain:
        about = dict(plain.execute("select key, value from meta.about").fetchall())
        commits = plain.execute("select table_name, rows, seconds from ops.commits").fetchall()
    with duckdb.connect(str(path), read_only=True) as session:
        reach(session, lake)
        rows = session.execute("select count(*) from web.paragraphs").fetchall()
    assert "httpfs and a secret of type s3" in about["needs"]
    assert commits == [("web.paragraphs", 2, 1.0)]
    assert rows == [(2,)]
    assert moto_server.storage("").secret.encode() not in path.read_bytes()


@pytest.mark.e2e
def test_dbt_builds_marts_of_a_lake_in_a_bucket(lake, moto_server, place, tmp_path, monkeypatch):
    storage = moto_server.storage(place)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", storage.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage.secret)
    (tmp_path / "corpus.yaml").write_text(
        f's3: {{endpoint: "{moto_server.endpoint}", region: us-east-1}}\nlake: {{location: "{lake.location}"}}\nrecipes: {{enabled: []}}\n'
    )
    home = Home.open(tmp_path)

    found = build(home, [model.name for model in marts()], None)

    assert found.error == ""
    with duckdb.connect(str(home.warehouse), read_only=True) as plain:
        costs = plain.execute("select table_name, snapshot, rows, seconds from marts.cost_per_stage").fetchall()
    assert costs == [("web.paragraphs", "CC-MAIN-2024-10", 2, 1.0)]
