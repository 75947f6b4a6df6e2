"""What an edit leaves true is not measured again."""

import polars as pl
import pytest

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import read_recipe
from corpus_platform.signals.environment import Environment

PROSE = "The ferry was late again, and the children counted the gulls on the pier until it came round the point. " * 4


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: No addresses.\nsteps:\n"
        "  - remove_urls\n  - language: {keep: [xx]}\n"
    )
    return read_recipe(path)


def languages_computed(recipe, text):
    frame = pl.DataFrame({"doc_id": ["a"], "text": [text], "language": ["xx"], "language_score": [0.9]})
    applied = apply(recipe, frame, Environment())
    return applied.computed.get("language", 0), applied.kept.height


def test_a_text_that_lost_little_is_in_the_language_that_it_was_in(recipe):
    assert languages_computed(recipe, PROSE + " www.example.org/page") == (0, 1)


def test_a_text_that_lost_a_fifth_is_asked_again(recipe):
    assert languages_computed(recipe, PROSE + " www.example.org/page" * 20) == (1, 0)


def test_the_reference_asks_every_changed_text_again(recipe):
    faithful = recipe.model_copy(update={"compat": "reference"})

    assert languages_computed(faithful, "com and www.example.org/page " + PROSE)[0] == 1
