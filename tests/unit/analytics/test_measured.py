"""Stored values of a signal, and what a rule makes of them."""

import polars as pl
import pytest

from corpus_platform.analytics.corpora import _merged, _thresholds
from corpus_platform.analytics.measured import judged, numbers, numeric_rules
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.recipe import recipe
from corpus_platform.recipes.step import Frozen, Rule

FRAME = pl.DataFrame(
    {
        "doc_id": ["a", "b", "c"],
        "url": ["u"] * 3,
        "domain": ["a.org", "b.org", "www.b.org"],
        "language": ["en", "zh", None],
        "score": [0.5, float("nan"), 0.2],
        "lines": [[1.0, 3.0], [], [2.0]],
        "flag": [True, False, None],
        "word": ["x", "y", "z"],
    }
)


def test_documents_without_a_value_are_left_out():
    assert numbers(FRAME, "score").select("doc_id", "value").rows() == [("a", 0.5), ("c", 0.2)]
    assert numbers(FRAME, "flag")["value"].to_list() == [1.0, 0.0]


def test_of_lines_the_mean_counts_or_what_is_asked_for():
    assert numbers(FRAME, "lines")["value"].to_list() == [2.0, 2.0]
    assert numbers(FRAME, "lines", "max")["value"].to_list() == [3.0, 2.0]


def test_words_are_no_numbers():
    with pytest.raises(SettingsError, match="`word` is no number"):
        numbers(FRAME, "word")


def test_a_rule_sees_only_its_languages_and_the_thresholds_that_are_frozen():
    instead = (Frozen(rule="low", value=0.1, source="b.org"),)
    rule = Rule("low", "score", "<", 0.6, but_languages=("en",), instead=instead)

    made = judged(rule, numbers(FRAME, "score"))

    assert made.asked.tolist() == [False, True]
    assert made.threshold.to_list() == [0.6, 0.1]
    assert made.holds.tolist() == [False, False]


def test_a_threshold_and_those_frozen_have_a_row_each_with_the_share_of_their_own_documents():
    instead = (Frozen(rule="low", value=0.1, source="b.org"),)
    rule = Rule("low", "score", "<", 0.6, instead=instead)

    own, frozen = _thresholds("wet", "mine", rule, numbers(FRAME, "score"))

    assert (own.value, own.documents, own.share, own.scope) == (0.6, 1, 1.0, "")
    assert (frozen.value, frozen.documents, frozen.share, frozen.scope) == (0.1, 1, 0.0, "b.org")


def test_equal_thresholds_of_several_languages_are_one():
    values = numbers(FRAME.with_columns(language=pl.Series(["en", "en", "zh"])), "score")
    rules = [Rule("low", "score", "<", 0.3, languages=(code,)) for code in ("en", "zh", "fr")]

    [one] = _merged([t for rule in rules for t in _thresholds("wet", "mine", rule, values)])

    assert (one.scope, one.documents, one.share) == ("en, zh, fr", 2, 0.5)


def test_numeric_rules_of_a_recipe_have_its_frozen_thresholds():
    made = recipe("roots_oscar").model_copy(
        update={"thresholds": (Frozen(rule="roots/stopwords", value=0.25, source="a.org"),)}
    )

    rules = [rule for step, rule in numeric_rules(made) if step == "roots" and rule.name == "stopwords"]

    assert len(rules) > 1
    assert all(rule.instead[0].value == 0.25 for rule in rules)
    assert all(not isinstance(rule.threshold, str | tuple) for _, rule in numeric_rules(made))
