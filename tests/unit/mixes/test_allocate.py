"""A budget becomes exact numbers of tokens, by weights and capacities; a larger budget takes nothing away."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.mixes.allocate import allocate

PARTS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 50), st.floats(0, 10, allow_nan=False).map(lambda x: round(x, 3))), st.integers(0, 400)
    ),
    min_size=1,
    max_size=7,
)


def one_by_one(budget, weights, capacities):
    """The slow twin: tokens are handed out one after the other, each to the part whose next one has the lowest place."""
    exact = [Fraction(str(w)) for w in weights]
    given_ = [0] * len(exact)
    for _ in range(budget):
        open_ = [i for i, n in enumerate(given_) if exact[i] and n < capacities[i]]
        if not open_:
            break
        first = min(open_, key=lambda i: ((given_[i] + Fraction(1, 2)) / exact[i], i))
        given_[first] += 1
    return given_


@given(PARTS, st.integers(0, 300))
@settings(deadline=None, max_examples=60)
def test_allocation_is_that_of_handing_tokens_out_one_by_one(parts, budget):
    weights, capacities = zip(*parts, strict=True)

    assert allocate(budget, weights, capacities) == one_by_one(budget, weights, capacities)


@given(PARTS, st.integers(0, 10**12))
@settings(deadline=None)
def test_all_of_the_budget_is_given_or_all_that_there_is(parts, budget):
    weights, capacities = zip(*parts, strict=True)

    given_ = allocate(budget, weights, capacities)

    assert sum(given_) == min(budget, sum(c for w, c in parts if w))
    assert all(0 <= n <= capacity for n, capacity in zip(given_, capacities, strict=True))


@given(PARTS, st.integers(0, 2000), st.integers(0, 300))
@settings(deadline=None)
def test_a_larger_budget_gives_no_part_fewer_tokens(parts, budget, more):
    weights, capacities = zip(*parts, strict=True)

    before, after = allocate(budget, weights, capacities), allocate(budget + more, weights, capacities)

    assert all(a >= b for a, b in zip(after, before, strict=True))


def test_largest_remainders_would_take_a_token_away_and_this_does_not():
    # The classic example of the paradox: weights 6, 6, 2, and budgets of 10 and 11.
    small, large = allocate(10, [6, 6, 2], [99] * 3), allocate(11, [6, 6, 2], [99] * 3)

    assert all(a >= b for a, b in zip(large, small, strict=True))


def test_trillions_are_divided_exactly():
    budget = 1_210_000_000_000

    given_ = allocate(budget, [878, 175, 59, 26, 28, 24, 20], [1 << 60] * 7)

    assert given_ == [n * 10**9 for n in (878, 175, 59, 26, 28, 24, 20)]


def test_what_a_part_lacks_goes_to_the_others_by_their_weights():
    assert allocate(1000, [0.5, 0.3, 0.2], [100, 10_000, 10_000]) == [100, 540, 360]


def test_negative_numbers_and_lists_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="as many weights as capacities"):
        allocate(10, [1, -1], [5, 5])
    with pytest.raises(ValueError, match="as many weights as capacities"):
        allocate(10, [1], [5, 5])
