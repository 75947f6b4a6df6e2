"""The order of documents is that of seed, document, epoch and weight alone; caps put it off without breaking it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.mixes.caps import Capped
from corpus_platform.mixes.order import hashes, order_keys, taken
from corpus_platform.mixes.shift import shift

IDS = [f"{n:032x}" for n in range(4000)]


def test_a_key_depends_on_nothing_but_seed_document_epoch_and_weight():
    ones = np.ones(len(IDS))

    keys = dict(zip(IDS, order_keys(IDS, ones, seed=3, epoch=1), strict=True))
    turned = dict(zip(IDS[::-1], order_keys(IDS[::-1], ones, seed=3, epoch=1), strict=True))

    assert keys == turned
    assert np.argsort(order_keys(IDS, ones, 3)).tolist() != np.argsort(order_keys(IDS, ones, 4)).tolist()
    assert np.argsort(order_keys(IDS, ones, 3)).tolist() != np.argsort(order_keys(IDS, ones, 3, epoch=1)).tolist()


def test_known_hashes_stay_as_they_are():
    # Recorded when releases began: another value would draw other documents.
    assert hashes(["00ff"], 0).tolist() == [13263599539519533503]


def test_a_document_of_three_times_the_weight_is_drawn_three_times_as_often_first():
    weights = np.where(np.arange(len(IDS)) % 2 == 0, 3.0, 1.0)

    first = np.argsort(order_keys(IDS, weights, seed=0))[:400]

    heavy = (first % 2 == 0).mean()
    assert 0.68 < heavy < 0.82


def test_the_document_that_crosses_the_end_is_taken_whole_and_no_other_twice():
    before = np.array([0, 40, 80, 120])

    first, second = taken(before, 0, 100), taken(before, 100, 130)

    assert first.tolist() == [True, True, True, False]
    assert second.tolist() == [False, False, False, True]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "tokens": st.integers(1, 30),
            "domain": st.sampled_from(["a", "b", "c", None]),
            "language": st.sampled_from(["en", "zh"]),
        }
    ),
    max_size=60,
)
CAPS = st.fixed_dictionaries(
    {}, optional={"domain": st.sampled_from([0.2, 0.4, 0.7]), "language": st.sampled_from([0.5, {"zh": 0.3}])}
)


@given(ROWS, CAPS)
@settings(deadline=None)
def test_in_every_beginning_no_value_has_more_than_its_share_before_its_last_document(rows, caps):
    numbered = [{**row, "number": i} for i, row in enumerate(rows)]

    passed = list(Capped(caps).pass_on(numbered))

    total, tokens = 0, {}
    for row in passed:
        for column, cap in caps.items():
            limit = cap.get(row[column]) if isinstance(cap, dict) else cap
            if row[column] is not None and limit is not None:
                own = tokens.get((column, row[column]), 0)
                assert own < limit * (total + row["tokens"]) + 1e-9
                tokens[column, row[column]] = own + row["tokens"]
        total += row["tokens"]
    assert len({row["number"] for row in passed}) == len(passed)


@given(ROWS)
@settings(deadline=None)
def test_without_caps_the_order_is_left_alone(rows):
    assert list(Capped({}).pass_on(rows)) == rows


def test_a_document_that_has_waited_comes_before_later_ones_and_what_waits_at_the_end_never_comes():
    rows = [{"tokens": 10, "domain": d, "n": i} for i, d in enumerate("aaabbaaaa")]

    passed = [row["n"] for row in Capped({"domain": 0.5}).pass_on(rows)]

    assert passed == [0, 3, 1, 4, 2]


def test_the_index_of_a_shift_is_nothing_for_the_same_shares_and_names_the_value_that_moved():
    assert shift({"en": 50, "zh": 50}, {"en": 5, "zh": 5}).psi == pytest.approx(0)
    moved = shift({"en": 50, "zh": 50}, {"en": 90, "zh": 10})
    assert moved.psi > 0.25
    assert (moved.value, moved.difference) == ("en", pytest.approx(0.4))
    assert shift({}, {"en": 1}).psi == 0
