"""The whole web chain with input and lake in a bucket, from a settings file, on real S3 servers."""

import pytest
from stage_crawl import SNAPSHOT, make_crawl

from corpus_platform.analytics.sql import connect, query
from corpus_platform.errors import StoreUnsafe
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.verdicts import DUPLICATES

pytestmark = pytest.mark.s3

SETTINGS = """
lake: {{location: "s3://corpus/{place}/lake", endpoint: "{endpoint}", region: us-east-1{lock}}}
source: {{location: "s3://corpus/{place}/input", endpoint: "{endpoint}"}}
variants: [wet]
pages: {{shard_files: 2}}
engine: {engine}
recipes: {{enabled: []}}
dedup:
  presets: [{{exact: {{scope: snapshots}}}}, minhash/redpajama_v2_0.8, line_dedup/c4, bloom/dolma_document, soft_dedup]
"""
PROCESSES = "{kind: process, workers: 2}"


@pytest.fixture
def make_home(s3_server, place, tmp_path, monkeypatch):
    """A home whose input and lake are in the server's bucket; credentials are in the environment only."""
    storage = s3_server.storage(place)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", storage.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage.secret)
    crawl = make_crawl(tmp_path / "crawl", files=4)
    storage.filesystem().put(f"{crawl}/", f"corpus/{place}/input/", recursive=True)

    def make(*, lock: bool, engine: str = "{kind: serial}"):
        text = f', lock: "file:{tmp_path}/locks"' if lock else ""
        settings = SETTINGS.format(place=place, endpoint=s3_server.endpoint, lock=text, engine=engine)
        (tmp_path / "corpus.yaml").write_text(settings)
        return Home.open(tmp_path)

    return make


@pytest.mark.parametrize(
    "engine",
    [pytest.param("{kind: serial}", id="serial"), pytest.param(PROCESSES, id="processes", marks=pytest.mark.e2e)],
)
def test_a_snapshot_becomes_a_corpus_in_a_bucket(s3_server, make_home, engine):
    home = make_home(lock=not s3_server.honours_conditions, engine=engine)

    (batch,) = home.batches(["corpora/ccnet"], [SNAPSHOT])
    reports = {name: home.run(name, partition) for name, partition in batch.tables}
    again = {name: home.run(name, partition) for name, partition in batch.tables}

    counted = query(connect(home.lake), "select count(*) n, count(distinct doc_id) d from corpora.ccnet").to_pylist()
    assert reports["corpora.ccnet"].rows > 0
    assert counted == [{"n": reports["corpora.ccnet"].rows, "d": reports["corpora.ccnet"].rows}]
    assert not any(report.changed or report.ran for report in again.values())


@pytest.mark.e2e
def test_dedups_of_every_kind_act_in_a_bucket(s3_server, make_home):
    home = make_home(lock=not s3_server.honours_conditions, engine=PROCESSES)
    home.run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    assets = [asset_of(DUPLICATES, of) for of in home.compared]

    (batch,) = home.batches(assets, [SNAPSHOT])
    reports = {(name, partition.get("method")): home.run(name, partition) for name, partition in batch.tables}

    found = query(
        connect(home.lake), "select method, count(*) n, count(*) filter (not kept) gone from web.duplicates group by 1"
    ).to_pylist()
    rows = {method: report.rows for (name, method), report in reports.items() if name == DUPLICATES}
    assert {row["method"]: row["n"] for row in found} == {method: n for method, n in rows.items() if n}
    assert set(rows) == set(home.methods)
    assert rows["web.soft_dedup"] == reports["web.dedup_documents", "web.soft_dedup"].rows
    assert not any(home.run(name, partition).ran for name, partition in batch.tables)


@pytest.mark.parametrize("s3_server", ["juicefs"], indirect=True)
def test_without_conditional_writes_and_lock_nothing_runs(make_home):
    home = make_home(lock=False)

    with pytest.raises(StoreUnsafe, match="lock"):
        home.run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})

    assert home.lake.scan("web.pages").collect().is_empty()
