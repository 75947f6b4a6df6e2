"""The demo over the made sample: what its settings name, what it plans to make, and what it says of each source."""

import shutil

import pytest

from corpus_platform import demo
from corpus_platform.documents import SOURCES
from corpus_platform.home import SETTINGS_FILE, Home
from corpus_platform.printing import print_sources

OF_SEVERAL = {"books.cleaned", "social.cleaned", "code.cleaned"}


@pytest.fixture
def home(report, tmp_path):
    """A home of the demo, with the sample that the other tests have made."""
    shutil.copytree(report.directory, tmp_path / demo.SAMPLE)
    demo.prepare(tmp_path, source=None, variant="resiliparse")
    return Home.open(tmp_path)


def test_every_source_of_the_sample_becomes_a_corpus_and_one_goes_over_several(home):
    snapshots = home.settings.source.below(home.path).snapshots()

    batches = home.batches(demo.assets(home), snapshots)

    made = [asset for batch in batches for asset in batch.assets]
    assert {f"corpora/{source}" for source in SOURCES if source != "encyclopedia"} <= set(made)
    assert {"corpora/ccnet", "corpora/fineweb"} <= set(made)
    assert {recipe.variant for recipe in home.recipe(demo.SEVERAL).parts} == OF_SEVERAL
    assert {batch.assets[-1].partition("/")[2].partition("/")[0] for batch in batches[-3:]} == {"several_sources"}


def test_preparing_again_changes_neither_settings_nor_a_recipe_that_was_edited(home):
    settings = (home.path / SETTINGS_FILE).read_bytes()
    recipe = home.path / "recipes" / "several_sources.yaml"
    recipe.write_text(recipe.read_text() + "# mine\n")

    demo.prepare(home.path, source=None, variant="resiliparse")

    assert (home.path / SETTINGS_FILE).read_bytes() == settings
    assert recipe.read_text().endswith("# mine\n")


def test_a_source_is_summed_over_its_partitions(home, capsys):
    for collection in ("gutenberg", "ebooks"):
        home.run("books.documents", {"collection": collection})
    home.run("code.documents", {"collection": "repositories"})

    found = {one.source: one for one in demo.source_summaries(home)}
    print_sources(list(found.values()))

    assert (found["books"].documents, found["books"].rejects, found["books"].kept) == (4, {}, 0)
    assert (found["code"].documents, found["code"].rejects) == (8, {"licence_file": 3, "licence_unknown": 1})
    assert (found["social"].documents, found["social"].cleaned) == (0, 0)
    [row] = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("code")]
    assert row.split() == ["code", "8", "4", "0", "0", "0", "licence_file", "3,", "licence_unknown", "1"]
