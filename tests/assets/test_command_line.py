"""The command line, as a user types it, over a home with two small snapshots made."""

import base64
import csv
import gzip
import io
import json

import pytest
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_home
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import table_of

WAREHOUSE = "warehouse.duckdb"


def corpus(home, *words):
    """Runs a command; an error of the platform is raised."""
    path = home.path if isinstance(home, Home) else home
    result = CliRunner().invoke(app, ["--home", str(path), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_run_makes_an_asset_with_everything_that_it_is_made_of(tmp_path):
    home = make_home(tmp_path)

    first = corpus(home, "run", "corpora/ccnet", "--snapshot", SNAPSHOT)
    second = corpus(home, "run", "corpora/ccnet", "--snapshot", SNAPSHOT)

    assert "made, the others were current" in first
    assert "Everything is current." in second
    assert Home.open(home).lake.scan("corpora.ccnet").collect().height > 0


def test_status_says_current_until_a_setting_changes(home):
    before = corpus(home, "status")
    (home.path / "corpus.yaml").write_text((home.path / "corpus.yaml").read_text() + "recipes: {decisions: sample}\n")
    after = corpus(home, "status")

    assert before.count("current") == 2 + 2 * 5
    assert "stale" not in before
    assert [line.split()[:2] for line in after.splitlines() if "stale" in line] == [
        ["corpora.ccnet", f"wet.ccnet,{SNAPSHOT}"],
        ["corpora.ccnet", f"wet.ccnet,{NEXT_SNAPSHOT}"],
    ]


def test_sql_answers_as_table_csv_and_json(home):
    question = "select snapshot, count(*) as n from web.pages group by all order by 1"

    table, comma, lines = (corpus(home, "sql", question, "--format", kind) for kind in ("table", "csv", "json"))

    assert SNAPSHOT in table
    rows = list(csv.DictReader(io.StringIO(comma)))
    assert [row["snapshot"] for row in rows] == [SNAPSHOT, NEXT_SNAPSHOT]
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"snapshot": r["snapshot"], "n": int(r["n"])} for r in rows
    ]


def test_tables_lists_every_table_of_the_registry(home):
    listed = corpus(home, "tables")

    assert {"web.pages", "web.documents", "corpora.ccnet", "ops.rejects"} <= set(listed.split())


def test_snapshots_are_listed_and_an_unknown_one_is_refused_with_the_nearest(home):
    listed = corpus(home, "snapshots", "list")

    assert f"{SNAPSHOT}  in the corpus" in listed
    with pytest.raises(SourceError, match=r"nearest is CC-MAIN-2025-0[58]"):
        corpus(home, "snapshots", "add", "CC-MAIN-2025-06")


def test_export_writes_ccnets_files_and_their_short_form(home, tmp_path):
    corpus(home, "export", str(tmp_path / "long"), "--snapshot", SNAPSHOT)
    corpus(home, "export", str(tmp_path / "short"), "--snapshot", SNAPSHOT, "--minify")

    names = sorted(path.name for path in (tmp_path / "long").iterdir())
    assert names == ["en_all_0000.json.gz", "zh_all_0000.json.gz"]
    with gzip.open(tmp_path / "long" / names[1], "rt") as long, gzip.open(tmp_path / "short" / names[1], "rt") as short:
        row, minified = json.loads(long.readline()), json.loads(short.readline())
    assert row["language"] == "zh"
    assert row["nlines"] == len(row["raw_content"].split("\n")) == len(row["line_ids"])
    assert "raw_content" not in minified
    assert len(base64.b64decode(minified["line_ids"])) == 2 * row["nlines"]


def test_warehouse_publishes_a_file_and_vacuum_says_what_would_go(home):
    printed = corpus(home, "warehouse")
    vacuum = corpus(home, "vacuum", "--dry-run")

    assert printed.strip().endswith(WAREHOUSE)
    assert (home.path / WAREHOUSE).exists()
    assert vacuum


def test_version_names_the_libraries_that_results_depend_on(home):
    assert {"corpus-platform", "deltalake", "fastwarc", "trafilatura"} <= set(corpus(home, "version").split())


def test_a_home_with_settings_of_its_own_is_not_the_demos(home):
    with pytest.raises(SettingsError, match="is not the demo's"):
        corpus(home, "demo")


def test_an_unknown_asset_is_refused_with_those_that_exist(home):
    with pytest.raises(SettingsError, match=r"no stage `web.page`; there are .*web.pages"):
        corpus(home, "run", "web/page")


def test_every_command_has_a_sentence_of_help():
    commands = [*app.registered_commands, *app.registered_groups[0].typer_instance.registered_commands]

    for command in commands:
        first_line = (command.callback.__doc__ or "").strip().partition("\n")[0]
        assert first_line.endswith("."), command.callback.__name__


@pytest.mark.parametrize("asset", ["web/documents", "web/wet/documents", "web/documents/wet", "web.documents"])
def test_an_asset_is_named_with_its_variant_before_or_after_the_table_or_without(asset):
    assert table_of(asset) == "web.documents"
