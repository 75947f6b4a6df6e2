"""What is forgotten is gone from every table and version of a home, and stays away; what is left stands."""

import hashlib
import os
from datetime import UTC, datetime

import polars as pl
import pytest
from left_bytes import left
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.analytics import release
from corpus_platform.analytics.forget import forget
from corpus_platform.analytics.private_counts import Privacy
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError
from corpus_platform.forgetting.purge import Purge, remove
from corpus_platform.forgetting.rewriting import Rewriting
from corpus_platform.forgetting.targets import target_of
from corpus_platform.forgetting.tombstones import Tombstones
from corpus_platform.lake import releases
from corpus_platform.lake.forgotten import notes

PAGES = {"variant": "wet", "snapshot": SNAPSHOT}
URL = "https://town6.example/"
TARGET = target_of(URL)


@pytest.fixture
def planted(home):
    """Texts that only the page has."""
    row = home.lake.scan("web.pages").filter(pl.col("url") == URL).collect().row(0, named=True)
    return [row["doc_id"], "town6.example", "Dunwick 6", row["record_id"]]


def tree(home):
    """{file: digest} of a home."""
    files = (path for path in home.path.rglob("*") if path.is_file())
    return {path.relative_to(home.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def everything(home):
    """All rows of all tables but models, as they are read."""
    names = [spec.name for spec in home.lake.tables() if spec.layer != "models"]
    return {name: home.lake.scan(name).collect().drop("shard", strict=False) for name in names}


def run_all(home):
    for batch in home.batches(["corpora/ccnet"], [SNAPSHOT, NEXT_SNAPSHOT]):
        for name, partition in batch.tables:
            home.run(name, partition)


def states(home):
    return {(s.table, *s.partition.values()): s.state for s in (home.status_of(*one) for one in home.partitions())}


def balance(home, name="web.pages", partition=PAGES):
    """(records read, kept and rejected) by the counters of the last commit; (rows, rejects) as they are read."""
    counters = home.lake.state(name, partition).counters
    gone = sum(n for key, n in counters.items() if key.startswith(("rejects:", "dropped:")))
    of = home.lake.side_partition(name, partition)
    rejects = home.lake.scan("ops.rejects", **of).collect().height
    rows = home.lake.scan(name, **partition).collect().height
    return (counters["records"], counters["kept"] + gone), (rows, rejects)


def test_no_byte_of_a_forgotten_page_is_left(home, planted):
    before = left(home.path, planted)
    assert {file.partition("/variant=")[0] for file in before} >= {
        "lake/web/pages",
        "lake/web/documents",
        "lake/corpora/ccnet",
    }

    found = forget(home, TARGET)

    assert left(home.path, planted) == {}
    assert found.documents == 1
    assert {"web.pages", "web.documents", "corpora.ccnet"} <= set(found.rows)


def test_other_pages_stay_as_they_are(home, planted):
    before = everything(home)

    forget(home, TARGET)

    for name, rows in everything(home).items():
        was = before[name]
        others = was.filter(pl.col("doc_id") != planted[0]) if "doc_id" in was.columns else was
        if name != "ops.rejects":
            assert rows.equals(others), name


def test_the_pages_are_what_a_run_with_the_tombstone_makes_and_stay_current(home):
    forget(home, TARGET)
    assert home.status_of("web.pages", PAGES).state == "current"
    forgotten = {name: home.lake.scan(name).collect() for name in ("web.pages", "ops.rejects")}
    counted = balance(home)

    home.lake.unfinish("web.pages", PAGES)
    report = home.run("web.pages", PAGES)

    assert report.ran == 2
    assert home.lake.scan("web.pages").collect().equals(forgotten["web.pages"])
    assert home.lake.scan("ops.rejects").collect().equals(forgotten["ops.rejects"])
    assert balance(home) == counted


def test_read_is_still_kept_and_rejected(home):
    before, rows = balance(home)

    forget(home, TARGET)

    assert before[0] == before[1]
    assert balance(home) == (before, (rows[0] - 1, rows[1] + 1))


def test_what_is_made_of_it_is_stale_and_the_next_run_brings_nothing_back(home, planted):
    forget(home, TARGET)
    stale = {key for key, state in states(home).items() if state == "stale"}
    assert ("web.documents", "wet", SNAPSHOT) in stale
    assert ("web.documents", "wet", NEXT_SNAPSHOT) not in stale

    run_all(home)

    assert "stale" not in states(home).values()
    assert left(home.path, planted) == {}


def test_only_shards_that_had_it_are_made_anew(home):
    forget(home, TARGET)

    report = home.run("web.paragraph_hashes", PAGES)

    assert (report.ran, report.resumed) == (1, 1)


def test_old_versions_say_since_when_they_can_not_be_read(home):
    version = home.lake.version("web.pages")

    forget(home, TARGET)

    with pytest.raises(SettingsError, match=f"forgotten on {datetime.now(UTC):%Y-%m-%d}"):
        home.lake.scan("web.pages", version=version).collect()
    other = PAGES | {"snapshot": NEXT_SNAPSHOT}
    assert home.lake.scan("web.pages", version=version, **other).collect().height == 10
    with pytest.raises(SettingsError, match="forgotten on"):
        home.lake.restore("web.pages", PAGES, version)


def test_files_that_no_version_names_go_too(home, planted):
    """Those of a run that was killed before its commit, and of versions long replaced."""
    pages = home.lake.scan("web.pages", **PAGES).collect().drop("variant", "snapshot")
    with home.lake.writer("web.pages", PAGES, 7, "killed-run") as writer:
        writer.write(pages)
        writer.close()

    forget(home, TARGET)

    assert left(home.path, planted) == {}


def test_a_domain_goes_with_all_below_it_and_its_rejects_say_no_more(home):
    html = PAGES | {"variant": "resiliparse"}
    home.run("web.pages", html)
    before = home.lake.scan("ops.rejects").collect()
    assert "https://picture0.example/a.png" in before["url"]

    forget(home, target_of("picture0.example"))

    assert left(home.path, ["picture0.example"]) == {}
    after = home.lake.scan("ops.rejects").collect()
    assert after.select("file", "position").equals(before.select("file", "position"))
    assert after.filter(pl.col("reason") == "forgotten").select("url", "record", "detail").rows() == [(None, None, "")]
    assert balance(home, partition=html)[0] == (12, 12)
    assert home.lake.state("web.pages", html).counters["rejects:forgotten"] == 1


@pytest.mark.parametrize(
    "step",
    [
        "rewriting.Rewriting.commit",
        pytest.param("purge.Purge.remove", marks=pytest.mark.e2e),
        pytest.param("purge.remove", marks=pytest.mark.e2e),
    ],
)
def test_a_forgetting_that_is_killed_can_be_repeated(home, planted, monkeypatch, step):
    """Killed after the first partition was committed; before, and in the middle of, the removal of files."""
    steps = {"rewriting.Rewriting.commit": Rewriting.commit, "purge.Purge.remove": Purge.remove, "purge.remove": remove}
    made = []

    def dies_at_the_second(*words):
        made.append(1)
        if len(made) == 2 or step == "purge.Purge.remove":
            raise KeyboardInterrupt
        return steps[step](*words)

    with monkeypatch.context() as patch:
        patch.setattr(f"corpus_platform.forgetting.{step}", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            forget(home, TARGET)
    home.lake.unfinish("web.pages", PAGES)
    with pytest.raises(SettingsError, match="being forgotten since"):
        home.run("web.pages", PAGES)

    forget(home, TARGET)

    assert left(home.path, planted) == {}
    assert notes(home.lake.storage) == []
    run_all(home)
    assert left(home.path, planted) == {}
    assert balance(home)[0] == (10, 10)


def test_who_does_not_know_any_more_what_was_forgotten_can_repeat_it_too(home, planted, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Purge, "rewrite", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(home, TARGET)

    forget(home, None)

    assert left(home.path, planted) == {}
    assert notes(home.lake.storage) == []


def test_forgetting_waits_for_runs_or_refuses(home, planted):
    with home.lake.under_way("some-run-of-pages", "web.pages [wet]"):
        with pytest.raises(SettingsError, match=r"web.pages \[wet\] is being made"):
            forget(home, TARGET)
        assert left(home.path, planted) != {}
        assert notes(home.lake.storage) == []

        forget(home, TARGET, despite_runs=True)

    assert left(home.path, planted) == {}


def test_models_that_no_table_names_any_more_go_too(home, tmp_path):
    """What was made of a text is made anew without it by the next run; then nothing names what it was."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.arpa").write_text(f"words of the {name} texts", encoding="utf-8")
    old, new = (home.lake.store_files("language_model", tmp_path / name) for name in ("old", "new"))
    where = {"language": "fr"}
    row = {"language": "fr", "path": new.path, "digest": new.digest, "origin": "trained"}
    with home.lake.writer("models.language_model", where, 0, "some-run-of-models") as writer:
        writer.write(pl.DataFrame([row]))
        files = writer.close()["models.language_model"]
    home.lake.commit("models.language_model", where, files, home.lake.fence("models.language_model", where), run="made")

    forget(home, TARGET)

    assert left(home.path, ["words of the old texts"]) == {}
    assert (home.lake.fetch_files(new.path) / "model.arpa").exists()
    assert not (home.path / "lake" / old.path).exists()


def test_a_dry_run_changes_nothing(home):
    before = tree(home)

    found = forget(home, TARGET, dry_run=True)

    assert found.rows["web.pages"] == 1
    assert tree(home) == before


def test_a_release_that_holds_it_is_named_and_can_be_read_without_it(home):
    release.make(home, "first", ["corpora/ccnet"], [SNAPSHOT])
    release.make(home, "other", ["corpora/ccnet"], [NEXT_SNAPSHOT])
    before = release.scan(home.lake, "first", "corpora.ccnet").collect()

    found = forget(home, TARGET)

    assert found.releases == ("first",)
    rows = release.scan(home.lake, "first", "corpora.ccnet").collect()
    assert rows.equals(before.filter(pl.col("url") != URL))
    assert release.verify(home.lake, "first") == []
    note = releases.read(home.lake.storage, "first")["forgotten"][0]
    assert (note["table"], note["rows"], note["tombstone"]) == ("corpora.ccnet", 1, found.tombstones[0])
    assert forget(home, TARGET).releases == ("first",)


def test_a_release_of_an_older_version_can_not_be_read_any_more_and_says_so(home):
    ccnet = {"variant": "wet.ccnet", "snapshot": SNAPSHOT}
    release.make(home, "first", ["corpora/ccnet"], [SNAPSHOT])
    fence = home.lake.fence("corpora.ccnet", ccnet)
    with home.lake.writer("corpora.ccnet", ccnet, 0, "another-run") as writer:
        writer.write(home.lake.scan("corpora.ccnet", **ccnet).collect())
        files = writer.close()["corpora.ccnet"]
    home.lake.commit("corpora.ccnet", ccnet, files, fence, run="another-run", metadata={"fingerprint": "other"})

    found = forget(home, TARGET)

    assert found.releases == ("first",)
    assert "were forgotten on" in release.verify(home.lake, "first")[0].what
    with pytest.raises(SettingsError, match="forgotten on"):
        release.scan(home.lake, "first", "corpora.ccnet").collect()


def test_a_release_keeps_its_versions_from_a_vacuum_until_it_is_dropped(home):
    made = release.make(home, "first", ["corpora/ccnet"], [SNAPSHOT], privacy=Privacy(min_group=2), by=["domain"])
    entry = made["tables"][0]
    rows = release.scan(home.lake, "first", "corpora.ccnet").collect()
    fence = home.lake.fence(entry["table"], entry["partition"])
    home.lake.commit(entry["table"], entry["partition"], [], fence, run="empties-it", metadata={"fingerprint": "empty"})

    home.lake.vacuum(retain_hours=0, min_age_hours=0)

    assert release.scan(home.lake, "first", "corpora.ccnet").collect().equals(rows)
    assert release.verify(home.lake, "first") == []
    release.drop(home.lake, "first")
    home.lake.vacuum(retain_hours=0, min_age_hours=0)
    assert releases.names(home.lake.storage) == []
    assert not any((home.path / "lake/corpora/ccnet" / file["path"]).exists() for file in entry["files"])


def test_a_manifest_records_how_its_figures_were_protected(home):
    how = Privacy(min_group=3, epsilon=2.0, sensitivity=1)

    made = release.make(
        home, "first", ["corpora/ccnet", "web/wet/pages"], [SNAPSHOT], privacy=how, by=["domain", "language"]
    )

    told = made["statistics"]
    assert told["privacy"]["epsilon"] == 2.0
    assert [one["protected"]["epsilon"] for one in told["counts"]] == [0.5] * 4
    assert told["privacy"]["delta"] == pytest.approx(sum(one["protected"]["delta"] for one in told["counts"]))
    shown = release.public(made)
    assert all("rows" not in entry and "files" not in entry for entry in shown["tables"])


def test_small_groups_of_a_release_are_merged_exactly(home):
    made = release.make(
        home, "first", ["corpora/ccnet"], [SNAPSHOT], privacy=Privacy(min_group=5), by=["language", "domain"]
    )

    by = {one["by"]: dict(one["documents"]) for one in made["statistics"]["counts"]}
    rows = home.lake.scan("corpora.ccnet", snapshot=SNAPSHOT).collect()
    languages = dict(rows["language"].value_counts().iter_rows())
    assert sum(by["language"].values()) in {0, rows.height}
    assert all(n >= 5 for n in (*by["language"].values(), *by["domain"].values()))
    assert by["domain"] == {"other": rows.height}
    assert set(by["language"]) - {"other"} <= set(languages)


def test_the_command_asks_says_what_goes_and_what_it_can_not_reach(home, planted):
    def corpus(*words, **given):
        return CliRunner().invoke(
            app, ["--home", str(home.path), *words], env={**os.environ, "COLUMNS": "200"}, **given
        )

    no = corpus("forget", URL, input="n\n")
    assert no.exit_code == 1
    assert left(home.path, planted) != {}

    yes = corpus("forget", "--url", URL, "--yes")

    assert yes.exit_code == 0
    assert left(home.path, planted) == {}
    for told in ("url town6.example/: 1 document", "web.pages", "are gone", "Tombstone: url-", "not ours to change"):
        assert told in yes.output
    assert planted[2] not in yes.output


def test_tombstones_cost_a_source_one_listing_where_there_are_none(home, monkeypatch):
    asked = []
    monkeypatch.setattr(Tombstones, "holds", lambda *_: asked.append(1))

    home.lake.unfinish("web.pages", PAGES)
    home.run("web.pages", PAGES)

    assert not asked
