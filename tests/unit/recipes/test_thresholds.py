"""Thresholds that are frozen for a language or a host."""

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.recipe import read_recipe
from corpus_platform.recipes.step import Frozen
from corpus_platform.recipes.thresholds import freeze_threshold, read_thresholds, with_thresholds
from corpus_platform.signals.environment import Environment

YAML = """name: mine
title: Mine
reference: none
variant: wet
about: Long ones.
steps:
  - signal: {label: words, signal: rps_doc_word_count, min: 10, rule: too_few}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(YAML)
    return read_recipe(path)


def documents():
    return pl.DataFrame(
        {
            "doc_id": ["en", "de", "host", "below", "other"],
            "text": ["x"] * 5,
            "language": ["en", "de", "en", "en", "en"],
            "language_score": [1.0] * 5,
            "domain": ["a.org", "a.org", "b.org", "www.b.org", "cb.org"],
            "rps_doc_word_count": [8] * 5,
        }
    )


def frozen(recipe, *thresholds):
    return recipe.model_copy(update={"thresholds": tuple(Frozen(**values) for values in thresholds)})


def test_a_language_and_a_host_have_thresholds_of_their_own(recipe):
    made = frozen(
        recipe,
        {"rule": "too_few", "value": 5, "language": "de"},
        {"rule": "words/too_few", "value": 8, "source": "b.org"},
    )

    applied = apply(made, documents(), Environment())

    assert applied.kept["doc_id"].to_list() == ["de", "host", "below"]
    assert applied.decisions["threshold"].to_list() == [10.0, 10.0]


def test_the_last_that_fits_counts_and_is_what_the_ledger_and_the_reason_name(recipe):
    made = frozen(recipe, {"rule": "too_few", "value": 5}, {"rule": "too_few", "value": 9, "language": "de"})

    applied = apply(made, documents(), Environment())
    told = explain(made, documents(), Environment())

    assert applied.decisions.select("doc_id", "threshold").rows() == [("de", 9.0)]
    assert told[1].reason == "words/too_few: rps_doc_word_count 8 < 9"


def test_what_is_frozen_is_laid_over_the_recipe_and_replaced_when_frozen_again(recipe, tmp_path):
    path = tmp_path / "thresholds.yaml"

    freeze_threshold(path, recipe, Frozen(rule="too_few", value=5, language="zh"))
    freeze_threshold(path, recipe, Frozen(rule="too_few", value=6, source="b.org"))
    freeze_threshold(path, recipe, Frozen(rule="too_few", value=4, language="zh"))

    assert read_thresholds(path)["mine"] == with_thresholds(recipe, path).thresholds
    assert [(one.value, one.language) for one in with_thresholds(recipe, path).thresholds] == [(6.0, None), (4.0, "zh")]


def test_without_a_file_nothing_is_frozen(recipe, tmp_path):
    assert with_thresholds(recipe, tmp_path / "thresholds.yaml") is recipe


@pytest.mark.parametrize(
    ("content", "words"),
    [("mine: [{rule: too_fwe, value: 3}]", "too_few"), ("mine: 3", "thresholds.yaml"), ("{", "thresholds.yaml")],
)
def test_a_file_that_is_wrong_is_told(recipe, tmp_path, content, words):
    path = tmp_path / "thresholds.yaml"
    path.write_text(content)

    with pytest.raises(SettingsError, match=words):
        with_thresholds(recipe, path)


def test_a_recipe_can_have_them_in_its_own_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(YAML + "thresholds:\n  - {rule: too_few, value: 3, language: zh}\n")
    assert read_recipe(path).thresholds[0].value == 3

    path.write_text(YAML + "thresholds:\n  - {rule: too_fwe, value: 3}\n")
    with pytest.raises(SettingsError, match=r"mine.yaml:9: .*too_few"):
        read_recipe(path)


@pytest.mark.parametrize("value", ["nan", ".inf"])
def test_a_threshold_that_is_no_number_is_refused(recipe, tmp_path, value):
    path = tmp_path / "thresholds.yaml"
    path.write_text(f"mine: [{{rule: too_few, value: {value if value != 'nan' else '.nan'}}}]")

    with pytest.raises(SettingsError, match=r"thresholds\.yaml"):
        with_thresholds(recipe, path)
