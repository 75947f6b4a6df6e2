import numpy as np
import pytest
from datasketch.lsh import _optimal_param
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.dedup.lsh import optimal_bands, probability_of_match, similarity_of_bands

EVEN = (0.5, 0.5)


@pytest.mark.parametrize("permutations", [1, 2, 3, 10, 16, 20, 64, 112, 128])
def test_bands_and_rows_are_those_of_datasketch(permutations):
    thresholds = [i / 20 for i in range(21)]

    found = [optimal_bands(threshold, permutations) for threshold in thresholds]

    assert found == [_optimal_param(threshold, permutations, *EVEN) for threshold in thresholds]


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 99).map(lambda hundredths: hundredths / 100),
    st.integers(1, 48),
    st.sampled_from([EVEN, (0.1, 0.9), (0.7, 0.3)]),
)
def test_bands_and_rows_are_those_of_datasketch_for_any_threshold_and_weights(threshold, permutations, weights):
    assert optimal_bands(threshold, permutations, weights) == _optimal_param(threshold, permutations, *weights)


@pytest.mark.parametrize(
    ("threshold", "permutations", "bands"),
    [
        (0.7, 128, (14, 9)),
        (0.8, 128, (9, 13)),
        (0.9, 128, (5, 25)),
        (1.0, 128, (1, 128)),
        (0.87, 256, (11, 23)),
        (0.7, 256, (25, 10)),
        (0.5, 10, (3, 3)),
    ],
)
def test_the_named_systems_get_the_bands_that_they_use(threshold, permutations, bands):
    assert optimal_bands(threshold, permutations) == bands == _optimal_param(threshold, permutations, *EVEN)


def test_thousands_of_permutations_are_no_trouble():
    bands, rows = optimal_bands(0.8, 9000)

    assert bands * rows <= 9000
    assert (1 / bands) ** (1 / rows) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("threshold", "permutations"), [(-0.1, 8), (1.1, 8), (0.5, 0)])
def test_what_is_no_threshold_or_no_signature_is_refused(threshold, permutations):
    with pytest.raises(ValueError, match="bands need a threshold"):
        optimal_bands(threshold, permutations)


def test_the_curve_is_that_of_chance():
    similarity = np.array([0.0, 0.5, 0.8, 1.0])

    found = probability_of_match(similarity, 14, 8)

    assert found[0] == 0
    assert found[3] == 1
    assert found[2] == pytest.approx(0.924, abs=0.001)
    assert probability_of_match(0.8, 14, 8) == pytest.approx(found[2])


def test_the_share_of_bands_that_agree_estimates_the_similarity():
    generator = np.random.default_rng(3)
    similarity, bands, rows = 0.9, 14, 8
    agree = generator.random((4000, bands, rows)) < similarity

    found = similarity_of_bands(agree.all(2).sum(1).mean(keepdims=True), bands, rows)

    assert found[0] == pytest.approx(similarity, abs=0.01)
    assert similarity_of_bands(0, bands, rows) == 0
    assert similarity_of_bands(bands, bands, rows) == 1
