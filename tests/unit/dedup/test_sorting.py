import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corpus_platform.dedup.sorting import radix_sort

MOST = 2**64 - 1

# Spread evenly, small, with equal high or low bits, with few different values: what crowds and what does not.
KEYS = st.one_of(
    arrays(np.uint64, st.integers(0, 300), elements=st.integers(0, MOST)),
    arrays(np.uint64, st.integers(0, 300), elements=st.sampled_from([0, 1, 255, 256, 1 << 63, MOST - 1, MOST])),
    arrays(np.uint64, st.integers(0, 300), elements=st.integers(0, 3).map(lambda low: (0xABCDEF << 40) + low)),
)


def slow_sort(key, payload):
    order = np.argsort(key, kind="stable")
    return key[order], payload[order]


def agrees(key, payload):
    sorted_key, sorted_payload = radix_sort(key, payload)
    expected_key, expected_payload = slow_sort(key, payload)
    return np.array_equal(sorted_key, expected_key) and np.array_equal(sorted_payload, expected_payload)


@settings(deadline=None)
@given(KEYS)
def test_keys_and_payload_come_in_the_order_of_a_stable_sort(key):
    assert agrees(key, np.arange(key.size))


@pytest.mark.parametrize(
    "made",
    [
        lambda rng, k: rng.integers(0, MOST, k, np.uint64, endpoint=True),
        lambda rng, k: rng.integers(0, 1000, k, np.uint64),
        lambda rng, k: rng.integers(0, 1000, k, np.uint64) << np.uint64(54),
        lambda rng, k: rng.integers(0, MOST, 50, np.uint64)[rng.integers(0, 50, k)],
        lambda rng, k: np.zeros(k, np.uint64),
        lambda rng, k: np.arange(k, dtype=np.uint64)[::-1].copy(),
    ],
    ids=["even", "small", "high bits only", "fifty values", "one value", "descending"],
)
@pytest.mark.parametrize("k", [1, 2, 25, 1000, 20_000, 300_000])
def test_any_spread_of_keys_is_sorted(made, k):
    key = made(np.random.default_rng(k), k)

    assert agrees(key, np.arange(k, dtype=np.uint32))


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, np.uint64, np.int32, np.float64])
def test_the_payload_may_be_of_any_number_type(dtype):
    key = np.random.default_rng(3).integers(0, MOST, 100, np.uint64)

    _, payload = radix_sort(key, np.arange(100, dtype=dtype))

    assert payload.dtype == dtype
    assert np.array_equal(payload, slow_sort(key, np.arange(100, dtype=dtype))[1])


def test_the_input_stays_as_it_is():
    key, payload = np.array([3, 1, 2], np.uint64), np.array([0, 1, 2])

    radix_sort(key, payload)

    assert key.tolist() == [3, 1, 2]
    assert payload.tolist() == [0, 1, 2]
