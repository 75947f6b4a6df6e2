"""An operator's commands on versions: history, going back, holding, making shards anew."""

import os

import duckdb
import pytest
from tiny_crawl import SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError

PAGES = {"variant": "wet", "snapshot": SNAPSHOT}


@pytest.fixture
def corpus(home):
    """Calls the command line in the copied home; its output."""

    def call(*words):
        done = CliRunner().invoke(app, ["--home", str(home.path), *words], env={**os.environ, "COLUMNS": "200"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return " ".join(done.output.split())

    return call


def rows(home, name="web.pages"):
    return home.lake.scan(name, **PAGES).collect()


def change(home):
    """The first file of the crawl has the second one's pages."""
    first, second = sorted((home.path / f"crawl/crawl-data/{SNAPSHOT}/segments/1.0/wet").iterdir())
    first.write_bytes(second.read_bytes())


def test_a_partition_goes_back_is_held_and_goes_on(home, corpus):
    before, version = rows(home), home.lake.state("web.pages", PAGES).version
    change(home)
    home.run("web.pages", PAGES)
    assert not rows(home).equals(before)

    back = corpus(
        "rollback", "web/wet/pages", "--snapshot", SNAPSHOT, "--to", str(version), "--reason", "a page is lost"
    )

    assert "web.pages [wet,CC-MAIN-2025-05] is held since" in back
    assert "a page is lost" in back
    assert rows(home).equals(before)
    with duckdb.connect(str(home.warehouse), read_only=True) as client:
        assert client.execute("select count(*) from web.pages where snapshot = ?", [SNAPSHOT]).fetchall() == [
            (before.height,)
        ]
    assert not home.run("web.pages", PAGES).changed
    assert rows(home).equals(before)
    assert home.status_of("web.pages", PAGES).state == "held"
    told = corpus("history", "web/wet/pages", "--snapshot", SNAPSHOT)
    assert f"as version {version}" in told
    assert "a page is lost" in told

    corpus("resume", "web/wet/pages", "--snapshot", SNAPSHOT)

    assert home.status_of("web.pages", PAGES).state == "stale"
    assert home.run("web.pages", PAGES).changed
    assert not rows(home).equals(before)


def test_a_rollback_that_can_not_be_done_holds_nothing(home, corpus):
    with pytest.raises(SettingsError, match="no version 99"):
        corpus("rollback", "web/wet/pages", "--snapshot", SNAPSHOT, "--to", "99")

    assert home.lake.holds() == []


def test_a_shard_is_made_anew_when_asked_for(home, corpus):
    before = rows(home)

    told = corpus("redo", "web/wet/pages", "--snapshot", SNAPSHOT, "--shard", "1")

    assert "1 shard unfinished" in told
    assert home.plan("web.pages", PAGES).todo[0].index == 1
    report = home.run("web.pages", PAGES)
    assert (report.ran, report.resumed) == (1, 1)
    assert rows(home).equals(before)
    assert home.status_of("web.documents", PAGES).state == "current"


def test_a_held_partition_is_not_made_anew(home, corpus):
    home.lake.hold("web.pages", PAGES, "do not touch")

    with pytest.raises(SettingsError, match=r"do not touch.*corpus resume web/wet/pages"):
        corpus("redo", "web/wet/pages", "--snapshot", SNAPSHOT)


@pytest.mark.parametrize(
    ("asset", "key", "reason"),
    [
        ("web/wet/pages", "CC-MAIN-1999-01", "has not been made yet"),
        ("encyclopedia/articles", "xx-1", "no partition xx-1; it has en-"),
    ],
)
def test_partitions_that_there_are_not_are_named(corpus, asset, key, reason):
    with pytest.raises(SettingsError, match=reason):
        corpus("history", asset, "--partition", key)
