"""Figures of agreement against those of the papers that define them, worked by hand."""

import pytest

from corpus_platform.sft.collected.agreement import (
    agreement,
    cohens_kappa,
    krippendorffs_alpha,
    percent_agreement,
)

# Krippendorff 2011, example C: four observers, twelve units, some missing.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def units_of(observers):
    columns = zip(*(row.split() for row in observers), strict=True)
    return [[value for value in column if value != "."] for column in columns]


def test_alpha_is_that_of_krippendorffs_own_example_with_missing_verdicts():
    found = krippendorffs_alpha(units_of(OBSERVERS))

    assert found == pytest.approx(0.743, abs=5e-4)


def test_alpha_of_two_reviewers_is_that_of_krippendorffs_example_of_two():
    # Example A: two observers, ten units, nominal verdicts of two kinds: 0.095.
    first, second = "0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"

    assert krippendorffs_alpha(units_of((first, second))) == pytest.approx(0.095, abs=5e-4)


def test_kappa_is_what_the_table_gives_by_hand():
    # 20 good and good, 5 good and bad, 10 bad and good, 15 bad and bad: observed 0.7, expected 0.5.
    first = ["good"] * 25 + ["bad"] * 25
    second = ["good"] * 20 + ["bad"] * 5 + ["good"] * 10 + ["bad"] * 15

    assert cohens_kappa(first, second) == pytest.approx(0.4)


def test_percent_agreement_counts_pairs_of_verdicts_on_one_answer():
    assert percent_agreement([["good", "good"], ["good", "bad"]]) == 0.5
    assert percent_agreement([["good", "good", "bad"]]) == pytest.approx(1 / 3)
    assert percent_agreement([["good"]]) is None


def test_figures_without_a_meaning_are_none():
    always = agreement([{"ann": "good", "bo": "good"}] * 3)

    assert (always.units, always.percent, always.kappa, always.alpha) == (3, 1.0, None, None)
    assert agreement([]).percent is None


def test_kappa_is_for_two_reviewers_and_alpha_for_any_number():
    two = agreement([{"ann": "good", "bo": "good"}, {"ann": "bad", "bo": "good"}, {"ann": "bad", "bo": "bad"}])
    three = agreement([{"ann": "good", "bo": "good"}, {"bo": "bad", "cy": "good"}, {"ann": "bad", "cy": "bad"}])

    assert two.kappa == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert (three.kappa, three.reviewers) == (None, 3)
    assert three.alpha is not None


def test_an_answer_that_one_reviewer_has_seen_counts_for_no_figure():
    found = agreement([{"ann": "good"}, {"ann": "good", "bo": "bad"}, {"ann": "bad", "bo": "bad"}])

    assert (found.units, found.percent) == (2, 0.5)
