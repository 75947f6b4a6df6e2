"""Several recipes of one text variant over a snapshot of the made sample: what they cost beside the signals, and that they open nothing raw."""

import shutil

import polars as pl
import pytest
import yaml

from corpus_platform.home import Home
from corpus_platform.recipes.population import methods_of
from corpus_platform.sample import make_sample
from corpus_platform.stages.dedup import OF_METHOD

pytestmark = pytest.mark.e2e

SNAPSHOT = "CC-MAIN-2025-05"
WET = {"variant": "wet", "snapshot": SNAPSHOT}
RECIPES = ("chinesewebtext", "mnbvc_web", "redpajama_1t_cc", "slimpajama_cc")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the pages of a snapshot and their signals, and a few recipes that start from them, with their dedups; the crawl is gone."""
    folder = tmp_path_factory.mktemp("home")
    make_sample(folder / "sample")
    settings = {
        "source": {"location": "sample"},
        "variants": ["wet"],
        "reject_budget": 0.1,
        "engine": {"kind": "serial"},
        "recipes": {"enabled": list(RECIPES), "variants": dict.fromkeys(RECIPES, "wet")},
    }
    (folder / "corpus.yaml").write_text(yaml.safe_dump(settings))
    home = Home.open(folder)
    for name in ("web.pages", "web.signals"):
        home.run(name, WET)
    shutil.rmtree(folder / "sample")
    for recipe in RECIPES:
        for method in methods_of(home.recipe(recipe)):
            for name in OF_METHOD:
                home.run(name, {"method": method.name, **WET})
    return home


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_accounts_for_every_page_with_the_crawl_gone(home, recipe):
    name = f"corpora.{recipe}"

    report = home.run(name, WET)
    again = home.run(name, WET)

    pages = home.lake.scan("web.pages", **WET).select("doc_id").collect()["doc_id"]
    kept = home.lake.scan(name, **WET).select("doc_id").collect()["doc_id"]
    dropped = home.lake.scan("ops.decisions", stage=name).select("doc_id").collect()["doc_id"]
    assert 0 < report.rows < pages.len()
    assert sorted([*kept, *dropped]) == sorted(pages)
    assert (again.ran, again.changed) == (0, False)


def test_kept_texts_come_in_the_order_of_the_pages(home):
    home.run("corpora.slimpajama_cc", WET)

    kept = home.lake.scan("corpora.slimpajama_cc", **WET).select("file_index", "position").collect()

    assert kept.equals(kept.sort("file_index", "position"))
    assert kept.height == kept.unique().height


def test_every_drop_names_a_step_and_a_rule_of_its_recipe(home):
    for recipe in RECIPES:
        home.run(f"corpora.{recipe}", WET)

    rows = home.lake.scan("ops.decisions").filter(pl.col("stage").str.starts_with("corpora.")).collect()

    for recipe in RECIPES:
        own = rows.filter(pl.col("recipe") == recipe)
        assert set(own["step"]) <= {step.name for step in home.recipe(recipe).steps}
        assert own["value"].is_not_null().sum() + own["seen"].is_not_null().sum() > 0
        assert set(own["stage"]) == {f"corpora.{recipe}"}
