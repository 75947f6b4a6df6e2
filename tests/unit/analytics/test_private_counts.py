"""Counts for publication: small groups are merged exactly as promised, and noise has the distribution that is stated."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from corpus_platform.analytics.private_counts import OTHER, Privacy, protect, system_uniforms, two_sided_geometric
from corpus_platform.errors import SettingsError


def counts(**groups):
    return pl.DataFrame({"domain": list(groups), "documents": list(groups.values())})


def protected(frame, **how):
    return dict(protect(frame, "domain", "documents", **how).counts.iter_rows())


def seeded(seed):
    generator = np.random.default_rng(seed)
    return lambda n: 1.0 - generator.random(n)


def test_without_a_measure_counts_stay_as_they_are():
    assert protected(counts(a=3, b=1, c=2)) == {"a": 3, "c": 2, "b": 1}


def test_small_groups_are_merged():
    assert protected(counts(a=30, b=20, c=4, d=7), min_group=10) == {"a": 30, "b": 20, OTHER: 11}


def test_one_small_group_takes_the_smallest_shown_one_with_it():
    """Else the total less the shown groups would tell its size."""
    assert protected(counts(a=30, b=20, c=9), min_group=10) == {"a": 30, OTHER: 29}


def test_small_groups_that_are_too_few_together_take_another_with_them():
    assert protected(counts(a=30, b=20, c=1, d=2), min_group=10) == {"a": 30, OTHER: 23}


def test_nothing_is_shown_of_a_table_that_is_too_small_as_a_whole():
    assert protected(counts(a=3, b=2), min_group=10) == {}


def test_a_lone_small_group_is_not_shown_as_other():
    assert protected(counts(a=3), min_group=10) == {}


def test_groups_without_a_name_are_a_group():
    frame = pl.DataFrame({"domain": [None, "a"], "documents": [50, 40]})

    assert protected(frame, min_group=10) == {"unknown": 50, "a": 40}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 40), max_size=12), st.integers(1, 30))
@settings(deadline=None, max_examples=200)
def test_no_shown_group_is_small_and_none_can_be_told_by_subtraction(groups, least):
    found = protected(counts(**groups), min_group=least)

    shown = {name: n for name, n in found.items() if name != OTHER}
    hidden = [name for name in groups if name not in shown]
    assert all(groups[name] == n >= least for name, n in shown.items())
    if hidden and OTHER in found:
        assert found[OTHER] == sum(groups[name] for name in hidden) >= least
        assert len(hidden) >= 2
    if hidden and OTHER not in found:
        assert not shown


def test_noise_is_laplace_on_whole_numbers():
    """Chi-squared against the stated probabilities; with this seed the p-value is well away from 0."""
    scale, n = 2.5, 200_000

    noise = two_sided_geometric(scale, n, seeded(7))

    a = math.exp(-1 / scale)
    edges = range(-12, 13)
    expected = np.array([n * (1 - a) / (1 + a) * a ** abs(k) for k in edges])
    found = np.array([(noise == k).sum() for k in edges])
    tail = n - expected.sum()
    _, p = stats.chisquare([*found, n - found.sum()], [*expected, tail])
    assert p > 0.001
    assert abs(noise.mean()) < 5 * math.sqrt(2 * a / (1 - a) ** 2 / n)
    assert noise.var() == pytest.approx(2 * a / (1 - a) ** 2, rel=0.03)


def test_the_systems_randomness_is_uniform_and_never_nothing():
    found = system_uniforms(100_000)

    assert found.min() > 0
    assert found.max() <= 1
    assert abs(found.mean() - 0.5) < 0.01


def test_noise_is_added_at_the_scale_that_is_told():
    frame = pl.DataFrame({"domain": [f"d{i}" for i in range(5000)], "documents": [10_000] * 5000})

    found = protect(frame, "domain", "documents", epsilon=0.5, sensitivity=3, uniforms=seeded(1))

    a = math.exp(-0.5 / 3)
    assert found.facts["scale"] == 6
    assert found.counts["documents"].var() == pytest.approx(2 * a / (1 - a) ** 2, rel=0.1)
    assert found.counts["documents"].mean() == pytest.approx(10_000, abs=1)


def test_two_publications_differ_in_their_noise():
    frame = pl.DataFrame({"domain": [f"d{i}" for i in range(50)], "documents": [1000] * 50})

    first, second = (protected(frame, epsilon=0.1) for _ in range(2))

    assert first != second


def test_with_noise_groups_are_chosen_by_their_noisy_counts():
    frame = pl.DataFrame({"domain": [f"d{i}" for i in range(400)], "documents": [100] * 400})

    found = protect(frame, "domain", "documents", min_group=100, epsilon=0.2, uniforms=seeded(3))

    assert 150 < found.counts.height < 300
    assert "merged_groups" not in found.facts


def test_delta_is_the_chance_of_a_group_of_one_unit_to_be_shown():
    facts = protect(counts(a=100), "domain", "documents", min_group=8, epsilon=0.5, uniforms=seeded(3)).facts

    shown = (1 + two_sided_geometric(2.0, 400_000, seeded(5)) >= 8).mean()
    assert facts["delta"] == pytest.approx(shown, rel=0.1)


def test_tables_share_the_budget():
    each = Privacy(min_group=5, epsilon=1.0).split(4)

    assert each.epsilon == 0.25
    assert each.min_group == 5


def test_no_count_is_below_nothing():
    frame = pl.DataFrame({"domain": [f"d{i}" for i in range(100)], "documents": [0] * 100})

    assert protect(frame, "domain", "documents", epsilon=0.1, uniforms=seeded(2)).counts["documents"].min() == 0


@pytest.mark.parametrize("how", [{"min_group": -1}, {"epsilon": 0}, {"epsilon": float("inf")}, {"sensitivity": 0}])
def test_measures_that_mean_nothing_are_refused(how):
    with pytest.raises(SettingsError):
        protect(counts(a=1), "domain", "documents", **how)
