"""The report of a real lake: what it tells agrees with the lake, the asset shows where it is, and the command writes what may be given away."""

import re

import dagster as dg
import pytest
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.analytics.report.page import gather, write_report
from corpus_platform.cli import app
from corpus_platform.definitions import add_partitions, build_defs, materialize
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home


@pytest.fixture(scope="module")
def facts(built):
    return gather(built[0])


def test_snapshots_are_counted_from_records_to_documents(facts):
    assert [one.name for one in facts.snapshots] == [SNAPSHOT, NEXT_SNAPSHOT]
    for one in facts.snapshots:
        [text] = one.texts
        assert (text.variant, text.records, text.pages) == ("wet", FILES * (PAGES + 1), FILES * (PAGES + 1))
        assert (text.documents, dict(text.dropped)) == (FILES * PAGES, {"too short": FILES})
        assert text.lines > text.lines_removed > 0
        assert sum(n for _, n in one.languages) == text.documents
        assert sum(n for _, n in one.domains) == text.pages
        assert sum(n for found in one.buckets.values() for _, n in found) == text.documents


def test_corpora_are_counted_by_step_and_tables_as_they_are_stored(facts, built):
    [first, second] = facts.corpora

    assert (first.recipe, first.snapshot, second.snapshot) == ("ccnet", SNAPSHOT, NEXT_SNAPSHOT)
    assert first.read - sum(step.dropped for step in first.steps) == first.kept
    stored = {one.name: one for one in facts.tables}
    assert stored["corpora.ccnet"].rows == first.kept + second.kept
    assert stored["web.pages"].bytes == sum(file.bytes for file in built[0].lake.files("web.pages"))


def test_drops_have_masked_samples_with_value_and_threshold(facts):
    [rule] = [rule for rule in facts.rules if rule.rule == "too_short"]

    assert rule.documents == FILES
    assert [(sample.text, sample.threshold) for sample in rule.samples] == [("Back soon.", 300.0)] * FILES
    assert all(sample.value < 300 and sample.url.startswith("https://short") for sample in rule.samples)


def test_without_texts_no_text_is_looked_up(built):
    assert gather(built[0], texts=False).rules == ()


def test_a_lake_without_documents_has_no_report(tmp_path):
    with pytest.raises(SourceError, match="no documents yet, so there is nothing to report: corpus run"):
        write_report(Home.open(tmp_path), tmp_path / "report.html")


def test_a_place_that_takes_no_file_is_named(built, tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(SettingsError, match=r"report\.html can't be written"):
        write_report(built[0], tmp_path / "file" / "report.html")


def test_the_asset_writes_the_report_with_the_results_of_checks_into_the_home(home, instance):
    add_partitions(instance, snapshots=[SNAPSHOT])
    materialize(home, instance, ["corpora/ccnet"], SNAPSHOT)
    job = build_defs(home).resolve_implicit_global_asset_job_def()

    result = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["reports", "lake"])])

    [event] = result.asset_materializations_for_node("reports__lake")
    told = {name: value.value for name, value in event.metadata.items()}
    page = (home.path / "reports" / "lake.html").read_text(encoding="utf-8")
    assert told["report"] == str(home.path / "reports" / "lake.html")
    assert (told["snapshots"], told["corpora"]) == (2, 1)
    assert told["checks"] > 3
    assert told["dagster/row_count"] == page.count("<h2 ")
    assert f"of {told['checks']} results passed" in re.sub(r"<[^>]+>", "", page)


def test_the_command_writes_an_exact_report_or_a_protected_one(home, tmp_path):
    def run(*arguments: str):
        done = CliRunner().invoke(app, ["--home", str(home.path), "report", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    exact, public = tmp_path / "exact.html", tmp_path / "out" / "public.html"
    said = run("--out", str(exact)), run("--out", str(public), "--min-group", "3", "--epsilon", "2")

    assert "2 snapshots, 1 corpora" in said[0].replace("\n", " ")
    assert "Counts only, protected: min group 3, epsilon 2.0" in said[1]
    assert "Back soon." in exact.read_text(encoding="utf-8")
    given = public.read_text(encoding="utf-8")
    assert "Noise was added to every count" in given
    assert not [word for word in ("Back soon.", "https://short", "town1.example") if word in given]
