"""`corpus plan --full` prints whole crawls by the home's rates; what it can't do it says in a line."""

import pytest
from rates_of import METHOD, dedup_rates, rates, stage
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError
from corpus_platform.planning.rates import FILE, write_rates


def run(home, *words):
    return CliRunner().invoke(app, ["--home", str(home), "plan", *words], catch_exceptions=True)


@pytest.fixture
def home(tmp_path):
    write_rates(tmp_path / FILE, rates(stage("web.pages"), *dedup_rates().stages))
    return tmp_path


def test_one_snapshot_is_told_stage_by_stage_with_its_money(home):
    found = run(
        home,
        "--full",
        "--cores",
        "960",
        "--price-core-hour",
        "0",
        "--price-gb-month",
        "0",
        "--price-get",
        "0",
        "--price-put",
        "0",
    )

    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    assert lines[0].startswith("1 snapshot, 2,640,000,000 pages, on 960 cores; rates of 2026-11-28")
    assert f"web.duplicates [{METHOD}]" in found.output
    assert any(line.startswith("money: 0 = 0 for cores + 0 for 1 months of storage + 0 for requests") for line in lines)
    assert "Short first:" in lines


def test_all_snapshots_are_those_that_common_crawl_has(home):
    found = run(home, "--full", "--snapshots", "all")

    assert found.output.startswith("104 snapshots, 281,9")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--full", "--snapshots", "many"], "--snapshots takes a number, or `all` for the 104 there are; not `many`"),
        (["--full", "--snapshots", "0"], "not `0`"),
        ([], "name an asset, such as corpora/fineweb; or plan whole crawls with --measure and --full"),
    ],
)
def test_a_mistake_is_one_line(home, words, said):
    found = run(home, *words)

    assert isinstance(found.exception, SettingsError)
    assert said in str(found.exception)


def test_without_rates_the_command_that_measures_is_named(tmp_path):
    found = run(tmp_path, "--full")

    assert isinstance(found.exception, SettingsError)
    assert "corpus plan --measure" in str(found.exception)
