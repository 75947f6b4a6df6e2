import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow_grams import SameAs, slow_grams, slow_units
from texts import batches_of_pages

from corpus_platform.dedup.grams import grams, units
from corpus_platform.text.batch import TextBatch

FORMS = ["raw", "lower", "norm_rp", "norm_dt", "words"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("unit", ["word", "character"])
@settings(deadline=None, max_examples=60)
@given(texts=batches_of_pages())
@example(texts=[])
@example(texts=["", " ", "a", "中文 and words", "inter\u00adnational, Müller\r\n\x00 हिन्दी", "👩\u200d🔬"])
def test_units_are_those_of_their_slow_twin(unit, form, texts):
    found = units(TextBatch.of(texts), unit, form)

    expected = [slow_units(text, unit, form) for text in texts]
    assert found.count.tolist() == [len(own) for own in expected]
    assert SameAs()(found.hash, [one for own in expected for one in own])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(st.integers(0, 3), max_size=9), max_size=5), st.integers(1, 6), st.integers(0, 6))
@example([], 3, 1)
@example([[0] * 9, [0, 0], [0], []], 3, 2)
def test_n_grams_are_tuples_of_units(documents, n, least):
    value = np.random.default_rng(4).integers(0, 2**64, 4, np.uint64)
    hashes = value[[u for own in documents for u in own]]
    offset = np.cumsum([0, *map(len, documents)])

    found, first = grams(hashes, offset, n, least)

    expected = [slow_grams(own, n, least) for own in documents]
    assert np.diff(first).tolist() == [len(own) for own in expected]
    by_length = {}
    for gram, thing in zip(found, (gram for own in expected for gram in own), strict=True):
        assert by_length.setdefault(len(thing), SameAs())([gram], [thing])


def test_a_soft_hyphen_an_accent_and_a_joiner_do_not_cut_a_word():
    found = units(TextBatch.of(["inter\u00adnational", "Müller", "हिन्दी", "می\u200cخواهم"]), "word", "norm_rp")

    assert found.count.tolist() == [1, 1, 1, 1]


def test_hashes_are_spread_over_the_lowest_and_the_highest_bits():
    text = TextBatch.of([" ".join(map(str, range(20_000)))])
    own = units(text, "word", "raw")

    found, _ = grams(own.hash, own.offset, 3, 1)

    assert abs((found % np.uint64(16) == 0).mean() - 1 / 16) < 0.01
    assert abs((found >> np.uint64(60) == 0).mean() - 1 / 16) < 0.01
