"""A page is forgotten after two snapshots went through the whole chain in Dagster, with dedups, addresses and recipes: no byte of it is left anywhere.

What others still had from it is gone too: its name in clusters, its row in the next snapshot's history of addresses, previews in the event store.
"""

# pyright: reportMissingImports=false

import shutil

import polars as pl
import pytest
from left_bytes import left
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_crawl, make_home

from corpus_platform.analytics.forget import forget
from corpus_platform.analytics.warehouse import publish
from corpus_platform.definitions import instance_of, make
from corpus_platform.forgetting.targets import target_of
from corpus_platform.forgetting.traces import REMOVED
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import asset_of

pytestmark = pytest.mark.e2e

URL, HOST, PASSAGE = "https://town6.example/", "town6.example", "Dunwick 6"
PRESETS = [{"exact": {"scope": "snapshots"}}]


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory):
    """A home in which everything was made by Dagster; the later snapshot has the second half of the earlier one again."""
    path = make_home(tmp_path_factory.mktemp("lived-in"), dedup={"presets": PRESETS}, recipes={"enabled": ["ccnet"]})
    make_crawl(path / "crawl", NEXT_SNAPSHOT, first_page=4)
    home = Home.open(path)
    with instance_of(home) as instance:
        for batch in batches(home):
            make(home, instance, batch)
    publish(home.lake, path / "warehouse.duckdb")
    (path / "reports").mkdir()
    (path / "reports" / "samples.html").write_text(f"<p>dropped: <a href='{URL}'>page</a></p>", encoding="utf-8")
    return path


@pytest.fixture
def home(lived_in, tmp_path):
    shutil.copytree(lived_in, tmp_path / "home")
    return Home.open(tmp_path / "home")


def batches(home):
    names = [
        "corpora/ccnet",
        "web/url_history",
        "web/sketches",
        *(asset_of("web.duplicates", of) for of in home.compared),
    ]
    return home.batches(names, [SNAPSHOT, NEXT_SNAPSHOT])


def planted(home):
    rows = home.lake.scan("web.pages").filter(pl.col("url") == URL).collect()
    assert set(rows["snapshot"]) == {SNAPSHOT, NEXT_SNAPSHOT}
    return [HOST, PASSAGE, *rows["doc_id"], *rows["record_id"]]


def test_no_byte_is_left_after_the_whole_chain_and_the_next_runs_bring_none_back(home):
    texts = planted(home)
    before = left(home.path, texts)
    assert {"dagster/history/runs/index.db", "reports/samples.html"} <= set(before)
    where = {file.partition("/variant=")[0].partition("/method=")[0] for file in before}
    tables = ("pages", "url_history", "dedup_documents", "duplicates")
    assert {*(f"lake/web/{name}" for name in tables), "lake/corpora/ccnet"} <= where
    of_others = home.lake.scan("web.pages").filter(pl.col("url") != URL).collect()

    found = forget(home, target_of(URL))

    assert left(home.path, texts) == {}
    assert found.changed["dagster/history/runs/index.db"] > 0
    assert found.changed["reports/samples.html"] == 0
    for name, partition in (one for batch in batches(home) for one in batch.tables):
        home.run(name, partition)
    assert left(home.path, texts) == {}
    assert home.lake.scan("web.pages").collect().equals(of_others)
    assert all(batch.is_current(home) for batch in batches(home))


@pytest.mark.parametrize("kind", ["domain", "doc_id"])
def test_no_byte_is_left_whatever_names_it(home, kind):
    texts = planted(home)

    forget(home, target_of(HOST if kind == "domain" else texts[2]))

    assert left(home.path, texts) == {}


def test_the_event_store_of_a_home_is_read_by_dagster_as_before(home):
    forget(home, target_of(URL))

    with instance_of(home) as instance:
        runs = instance.get_runs()
        events = [entry.dagster_event for run in runs for entry in instance.all_logs(run.run_id)]
        made = [event.step_materialization_data for event in events if event and event.is_step_materialization]
    assert all(run.is_success for run in runs)
    shown = [str(entry.value) for one in made for entry in one.materialization.metadata.values()]
    assert any(REMOVED in value for value in shown)
    assert all("dagster/partition_row_count" in one.materialization.metadata for one in made)
