"""Pictures of overlaps, funnels and distributions."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.analytics.corpora import Distribution, StepCount, Threshold
from corpus_platform.analytics.pictures import (
    distribution_picture,
    funnel_picture,
    overlap_picture,
    percent,
    threshold_lines,
)
from corpus_platform.recipes.compare import overlap

PNG = b"\x89PNG\r\n\x1a\n"


def threshold(recipe, value, *, share=0.1, scope="", documents=100, drop_when="<"):
    return Threshold(recipe, "wet", "rule", drop_when, value, scope, documents, share)


def distribution(values, thresholds=()):
    rows = pl.DataFrame({"value": pl.Series(values, dtype=pl.Float64)})
    return Distribution("signal", "wet", "CC-MAIN-2024-10", rows, rows.height, list(thresholds))


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0"), (0.001, "<1"), (0.37, "37"), (0.999, ">99"), (1.0, "100"), (float("nan"), "-")],
)
def test_a_share_is_a_percentage_that_does_not_hide_a_rest(share, shown):
    assert percent(share) == shown


def test_recipes_that_drop_the_same_share_a_line():
    lines = threshold_lines([threshold("b", 0.5), threshold("a", 0.65, share=0.2), threshold("c", 0.5)])

    assert [(value, sign) for value, sign, _ in lines] == [(0.5, "<"), (0.65, "<")]
    assert lines[0][2].split() == ["10.0%", "<", "0.5", "b,", "c"]


def test_a_threshold_for_some_languages_has_a_line_of_its_own():
    lines = threshold_lines([threshold("a", 0.5), threshold("a", 0.5, scope="zh", share=float("nan"))])

    assert len(lines) == 2
    assert lines[1][2].split() == ["-", "<", "0.5", "a", "for", "zh"]


def test_of_very_many_thresholds_those_about_most_documents_are_drawn():
    many = [threshold("a", i / 100, scope=str(i), documents=i) for i in range(40)]

    lines = threshold_lines(many)

    assert [value for value, _, _ in lines] == [i / 100 for i in range(30, 40)]


def test_long_lists_of_recipes_are_cut_between_names():
    [(_, _, text)] = threshold_lines([threshold(f"recipe_number_{i}", 0.5) for i in range(20)])

    assert text.endswith("and 15 more")


@pytest.mark.parametrize(
    "values",
    [[], [1.0], [2.0, 2.0], list(np.linspace(-1, 1, 50)), [0.0] * 99 + [1.0], [float("inf"), 1.0], list(range(5000))],
    ids=["none", "one", "equal", "negative", "nearly_all_equal", "infinite", "many"],
)
def test_any_values_can_be_drawn(values):
    thresholds = [threshold("a", 0.0), threshold("b", 1e9, drop_when=">"), threshold("c", 0.3, drop_when="==")]

    assert distribution_picture(distribution(values, thresholds), "title").startswith(PNG)
    assert distribution_picture(distribution(values), "title").startswith(PNG)


def test_a_long_tail_can_be_drawn():
    values = [0.0, *np.exp(np.linspace(0, 12, 200))]

    assert distribution_picture(distribution(values, [threshold("a", 50)]), "title").startswith(PNG)


def test_corpora_without_documents_can_be_drawn():
    found = overlap({"a": pl.Series(["1", "2"]), "b": pl.Series([], dtype=pl.String), "c": pl.Series(["2"])})

    assert overlap_picture(found, "title").startswith(PNG)


def test_a_funnel_of_nothing_and_of_a_dedup_can_be_drawn():
    rows = [StepCount("a", "filter", 10, {"x": 4}), StepCount("b", "dedup", 6, {"copy": 2})]

    assert funnel_picture(rows, "title").startswith(PNG)
    assert funnel_picture([StepCount("a", "filter", 0)], "title").startswith(PNG)
