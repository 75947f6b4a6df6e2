"""`corpus plan`: what a run would make, without making it."""

from pathlib import Path

import pytest
import yaml
from dedup_pages import FIRST, SECOND, put_pages
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.home import Home

RECIPE = {
    "name": "one",
    "title": "one",
    "reference": "none",
    "variant": "wet",
    "about": "a test",
    "steps": [{"exact": {"scope": "snapshots"}}],
}


@pytest.fixture
def home(tmp_path):
    """A home with two snapshots; the dedup of the first one is made, and the documents of the second."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "one.yaml").write_text(yaml.safe_dump(RECIPE))
    settings = {"variants": ["wet"], "engine": {"kind": "serial"}, "recipes": {"enabled": []}}
    (tmp_path / "corpus.yaml").write_text(yaml.safe_dump(settings))
    home = Home.open(tmp_path)
    put_pages(home.lake, FIRST, ["a", "b", "a"])
    put_pages(home.lake, SECOND, ["b", "c"])
    where = {"method": "one.exact", "variant": "wet"}
    for name in ("web.dedup_documents", "web.dedup_index", "web.duplicates"):
        home.run(name, {**where, "snapshot": FIRST})
    home.run("web.dedup_documents", {**where, "snapshot": SECOND})
    return home


def told(home, *arguments):
    result = CliRunner().invoke(app, ["--home", str(home.path), "plan", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_says_what_each_table_will_take_and_makes_nothing(home):
    before = sorted(Path(home.lake.location).rglob("*"))

    output = told(home, "corpora/one", "--snapshot", FIRST, "--snapshot", SECOND)

    lines = output.splitlines()
    assert f"web.duplicates [one.exact,wet,{FIRST}]: current" in lines
    at = next(
        i
        for i, line in enumerate(lines)
        if line.startswith(f"web.dedup_index [one.exact,wet,{SECOND}]: missing, 1 of 1 shards")
    )
    assert "2 documents, 2 keys in 1 range" in lines[at + 1]
    assert lines[at + 1].endswith("for 2 keys of 1 earlier snapshot")
    assert f"web.duplicates [one.exact,wet,{SECOND}]: missing; what it is made of is not there yet" in lines
    assert "shards to run in" in lines[-1]
    assert sorted(Path(home.lake.location).rglob("*")) == before


def test_an_asset_that_there_is_not_is_told(home):
    result = CliRunner().invoke(app, ["--home", str(home.path), "plan", "corpora/two", "--snapshot", FIRST])

    assert result.exit_code == 1
    assert "two" in str(result.exception)
