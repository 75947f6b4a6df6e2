"""Recipes and signals as assets: what the graph says of them, what a run records, what their checks find."""

import base64
import re
import shutil

import dagster as dg
import pytest
import yaml
from recorded import recorded
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_home, write_settings
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.definitions import build_defs, make
from corpus_platform.home import Home
from corpus_platform.quality.run import run_suite

WET = {"variant": "wet", "snapshot": SNAPSHOT}
DOCUMENTS = FILES * (PAGES + 1)
PICTURE = re.compile(r"!\[([^\]]+)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")
OWN = {
    "name": "own",
    "title": "English of our own",
    "reference": "nobody's",
    "variant": "wet",
    "about": "English of some length.",
    "steps": [
        {"language": {"keep": ["en"]}},
        {"length": {"min": 20}},
        {"minhash": {"preset": "fineweb", "unverified": "how ties are broken"}},
    ],
}
BLIND = OWN | {"name": "blind", "steps": [{"language": {}}, {"signal": {"signal": "ml_dclm_score", "min": 0.5}}]}
"""It asks for what a model would measure that nobody has made."""
NOTHING = OWN | {"name": "nothing", "steps": [{"language": {"keep": ["tlh"]}}]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with two recipes of its own, made by Dagster, and what was recorded."""
    folder = make_home(tmp_path_factory.mktemp("recipes"), signals={"families": ["sizes"]})
    (folder / "recipes").mkdir()
    for recipe in (OWN, NOTHING, BLIND):
        (folder / "recipes" / f"{recipe['name']}.yaml").write_text(yaml.safe_dump(recipe))
    home = Home.open(folder)
    with dg.DagsterInstance.ephemeral() as instance:
        for batch in home.batches(["corpora/own", "corpora/nothing", "corpora/blind"], [SNAPSHOT]):
            make(home, instance, batch)
        return home, recorded(instance)


def test_a_recipe_in_the_home_s_folder_is_an_asset_below_signals_and_texts(made):
    graph = build_defs(made[0]).resolve_asset_graph()

    own = graph.get(dg.AssetKey(["corpora", "own"]))

    assert {key.to_user_string() for key in own.parent_keys} == {
        "web/wet/signals",
        "web/wet/pages",
        "dedup/wet/own.minhash",
    }
    assert {key.to_user_string() for key in graph.get(dg.AssetKey(["web", "wet", "signals"])).parent_keys} == {
        "web/wet/pages"
    }
    for said in ("English of our own", "keep en", "min 20", "unverified: how ties are broken"):
        assert said in own.description


def test_signals_after_paragraph_dedup_are_an_asset_of_their_own(tmp_path):
    home = make_home(tmp_path, signals={"variants": ["wet.ccnet"], "families": ["sizes"]})

    graph = build_defs(Home.open(home)).resolve_asset_graph()

    key = dg.AssetKey.from_user_string("web/wet.ccnet/signals")
    assert {parent.to_user_string() for parent in graph.get(key).parent_keys} == {"web/wet/documents"}


def test_a_run_makes_no_more_than_the_recipes_ask_for(made):
    assets = {asset for asset, _ in made[1].materialisations}

    dedup = {f"dedup/wet/own.minhash{part}" for part in ("", ".documents", ".index")}
    assert assets == {"web/wet/pages", "web/wet/signals", "corpora/own", "corpora/nothing", "corpora/blind"} | dedup


def test_documents_are_counted_by_step_and_the_funnel_keeps_the_recipe_s_order(made):
    metadata = made[1].metadata("corpora/own")

    assert metadata["records"] == DOCUMENTS
    assert metadata["dropped/language/language_not_wanted"] == FILES * PAGES // 2
    assert metadata["kept"] == metadata["dagster/partition_row_count"]
    assert not [name for name in metadata if name.startswith("pending")]
    pictures = PICTURE.findall(metadata["pictures"])
    assert pictures[0][0] == f"corpora.own, wet, {SNAPSHOT}: records"
    assert all(base64.b64decode(data).startswith(b"<svg ") for _, data in pictures)
    assert "| language: not wanted | 4 |" in metadata["outcome"]


def test_a_preview_of_signals_shows_some_of_them(made):
    head = made[1].metadata("web/wet/signals")["preview"].splitlines()[0]

    assert head.startswith("| language | language_score | doc_id |")
    assert head.count("|") > 5


def test_every_document_is_accounted_for_and_an_empty_corpus_is_a_warning(made):
    found = made[1]

    assert found.failed() == {("corpora/nothing", "a_part_is_kept"), ("corpora/blind", "rules_see_values")}
    assert found.checks["corpora/nothing", "a_part_is_kept", SNAPSHOT].severity.value == "WARN"
    balance = found.checks["corpora/own", "nothing_is_lost", SNAPSHOT]
    assert balance.metadata["read"].value == DOCUMENTS


def test_a_rule_without_any_value_is_named(made):
    check = made[1].checks["corpora/blind", "rules_see_values", SNAPSHOT]

    assert check.metadata["rules_without_values"].value == "ml_dclm_score: ml_dclm_score_below"
    assert check.severity.value == "WARN"


def test_a_document_that_vanished_from_a_corpus_is_found(made, tmp_path):
    shutil.copytree(made[0].path, tmp_path / "home")
    home = Home.open(tmp_path / "home")
    state, fence = home.lake.state("corpora.own", WET), home.lake.fence("corpora.own", WET)
    said = {"counters": state.counters, "side": state.side}
    with home.lake.writer("corpora.own", WET, 9, "0123456789") as writer:
        writer.write(home.lake.scan("corpora.own", **WET).collect()[1:])
        files = writer.close().get("corpora.own", [])
    home.lake.commit("corpora.own", WET, files, fence, run="0123456789", metadata=said)

    result = run_suite(home, "corpora.own", WET, {"nothing_is_lost"})

    [broken] = [outcome for outcome in result.outcomes if outcome.is_broken]
    assert broken.figure == "records read"
    assert broken.observed == broken.other + 1 == DOCUMENTS


def test_an_enabled_recipe_changes_the_code_version_of_nothing_else(tmp_path):
    folder = make_home(tmp_path)

    def versions():
        nodes = build_defs(Home.open(folder)).resolve_asset_graph().asset_nodes
        return {node.key.to_user_string(): node.code_version for node in nodes}

    before = versions()
    (folder / "recipes").mkdir()
    (folder / "recipes" / "own.yaml").write_text(yaml.safe_dump(OWN))
    after = versions()

    assert {"corpora/own", "web/wet/signals"} <= set(after) - set(before)
    assert {key: after[key] for key in before} == before


def test_a_recipe_that_is_not_enabled_is_made_when_it_is_named(home):
    folder = home.path
    write_settings(folder, recipes={"enabled": []})
    shutil.rmtree(folder / "lake" / "corpora")
    words = ["--home", str(folder), "run", "corpora/ccnet", "--snapshot", NEXT_SNAPSHOT]

    first = CliRunner().invoke(app, words, catch_exceptions=False)
    second = CliRunner().invoke(app, words, catch_exceptions=False)

    assert first.exit_code == 0, first.output
    assert Home.open(folder).lake.scan("corpora.ccnet").collect().height > 0
    assert "Everything is current." in second.output


def test_signals_that_nobody_reads_are_made_when_they_are_named(home):
    folder = home.path
    write_settings(folder, signals={"families": ["sizes"]})
    words = ["--home", str(folder), "run", "web/wet.ccnet/signals", "--snapshot", SNAPSHOT]

    result = CliRunner().invoke(app, words, catch_exceptions=False)

    assert result.exit_code == 0, result.output
    lake = Home.open(folder).lake
    documents = lake.scan("web.documents", snapshot=SNAPSHOT).collect()
    assert lake.scan("web.signals", variant="wet.ccnet").collect()["doc_id"].to_list() == documents["doc_id"].to_list()
