"""What verdicts on documents beside a threshold say of a rule."""

import math
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.analytics import review
from corpus_platform.analytics.review import best_threshold, cautions, precision, rule_of, three_sigma, wilson
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import steps


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Wilson's interval, as R's prop.test without continuity correction gives it.
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_an_interval_is_wilsons(hits, n, low, high):
    share, *interval = wilson(hits, n)

    assert share == hits / n
    assert np.allclose(interval, [low, high], atol=1e-4)


def test_nothing_judged_says_nothing():
    share, low, high = wilson(0, 0)

    assert math.isnan(share)
    assert (low, high) == (0.0, 1.0)


def test_a_drop_is_right_where_the_document_is_bad_and_a_keep_where_it_is_good():
    rows = pl.DataFrame({"dropped": [True, True, True, False, False], "verdict": ["bad", "bad", "good", "good", "bad"]})

    found = precision(rows)

    assert (found.dropped, found.dropped_bad, found.kept, found.kept_good) == (3, 2, 2, 1)


def mistakes(values, bad, cut, drop_when):
    dropped = values < cut if drop_when == "<" else values > cut
    return int((dropped != bad).sum())


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.booleans()), min_size=2, max_size=20),
    st.sampled_from(["<", ">"]),
)
def test_no_other_threshold_makes_fewer_mistakes(judged, drop_when):
    values, bad = np.array([v for v, _ in judged]), np.array([b for _, b in judged])
    rows = pl.DataFrame({"value": values, "verdict": ["bad" if b else "good" for b in bad]})

    best = best_threshold(rows, drop_when)

    if bad.all() or not bad.any():
        assert best is None
        return
    tries = [*(values - 1e-6), *(values + 1e-6), values.min() - 1, values.max() + 1]
    assert mistakes(values, bad, best, drop_when) <= min(mistakes(values, bad, cut, drop_when) for cut in tries) + (
        len(values) - len(set(values.tolist()))
    )


def test_three_sigma_is_around_the_mean():
    low, high = three_sigma(pl.Series([1.0, 3.0]))

    assert (low, high) == (-1.0, 5.0)


def test_a_rule_behind_an_edit_whose_signal_is_not_stored_has_two_cautions(monkeypatch):
    known = steps()
    recipe = Recipe(
        name="own", title="", reference="", variant="wet", about="", steps=(known["newlines"](), known["length"](min=2))
    )
    home = SimpleNamespace(recipe=lambda _: recipe, variant_of=lambda _: "wet", lake=None)
    monkeypatch.setattr(review, "is_stored", lambda *_: False)
    monkeypatch.setattr(review, "stored_in", lambda *_: ((), "sane"))

    found = cautions(home, rule_of(home, "own/too_short"), "CC-MAIN-2024-10")

    assert [text.split(":")[0] for text in found] == [
        "`text_characters` is not stored",
        "the recipe edits texts before this rule (newlines)",
    ]
