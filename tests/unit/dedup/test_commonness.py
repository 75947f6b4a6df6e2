import math
import random

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from slow_grams import SameAs, slow_grams, slow_units
from texts import batches_of_pages

from corpus_platform.dedup.commonness import CommonnessClasses, NgramKeys, commonness, document_frequency, weights
from corpus_platform.dedup.grams import grams, units
from corpus_platform.dedup.keys import Keys
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch

PHRASES = ["the cat sat on the mat", "all rights reserved", "版权所有", "转载请注明出处", "x", "😀", "", "a b\r\nc\x00"]
POPULATIONS = st.lists(st.lists(st.sampled_from(PHRASES), max_size=4).map(" ".join), max_size=8)
VALUES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, math.nan]), max_size=20)


def of_population(texts, rule):
    keys = rule.of(TextBatch.of(texts))
    return commonness(keys, document_frequency(keys), len(texts))


def slow_commonness(texts, n):
    own = [set(slow_grams(slow_units(text, "word", "words"), n, 1)) for text in texts]
    found = []
    for grams_of_text in own:
        shares = []
        for gram in grams_of_text:
            frequency = sum(gram in other for other in own)
            highest = math.log(len(texts))
            idf = math.log(len(texts) / frequency)
            shares.append(1 - idf / highest if highest else 0.0)
        found.append(sum(shares) / len(shares) if shares else math.nan)
    return found


def slow_weights(values, quality, classes, least):
    known = sorted(v for v in values if not math.isnan(v))
    edges = [known[max(math.ceil(i * len(known) / classes) - 1, 0)] if known else math.inf for i in range(1, classes)]
    own = [0 if math.isnan(v) else sum(edge < v for edge in edges) for v in values]
    steps = [1 - i * (1 - least) / max(classes - 1, 1) for i in range(classes)]
    found = []
    for q, c in zip(quality or [math.nan] * len(values), own, strict=True):
        of_class = sorted(
            other
            for w, other, k in zip(values, quality or [], own, strict=False)
            if k == c and w == w and other == other
        )
        better = bool(of_class) and q > of_class[(len(of_class) - 1) // 2]
        found.append(steps[max(c - better, 0)])
    return found


@settings(deadline=None, max_examples=60)
@given(
    batches_of_pages(), st.sampled_from(["word", "character"]), st.sampled_from(["words", "norm_rp"]), st.integers(1, 4)
)
@example(["", "a", "a b c a b c", "中文中文"], "character", "words", 2)
def test_keys_are_the_distinct_n_grams(texts, unit, form, n):
    keys = NgramKeys(n, unit, form, keep_one_in=1).of(TextBatch.of(texts))

    own = units(TextBatch.of(texts), unit, form)
    hashes, offset = grams(own.hash, own.offset, n, 1)
    for d, text in enumerate(texts):
        expected = slow_grams(slow_units(text, unit, form), n, 1)
        found = keys.key[keys.offset[d] : keys.offset[d + 1]].tolist()
        assert SameAs()(hashes[offset[d] : offset[d + 1]], expected)
        assert found == sorted(set(hashes[offset[d] : offset[d + 1]].tolist()))


@settings(deadline=None, max_examples=60)
@given(batches_of_pages(), st.integers(1, 5))
def test_a_share_of_the_keys_is_the_same_share_everywhere(texts, one_in):
    every = NgramKeys(2, keep_one_in=1).of(TextBatch.of(texts))

    some = NgramKeys(2, keep_one_in=one_in).of(TextBatch.of(texts))

    for d in range(len(texts)):
        all_own = every.key[every.offset[d] : every.offset[d + 1]].tolist()
        kept = [h for h in all_own if h % one_in == 0] or all_own[:1]
        assert some.key[some.offset[d] : some.offset[d + 1]].tolist() == kept


@settings(deadline=None, max_examples=100)
@given(POPULATIONS)
@example([])
@example(["all rights reserved"])
@example(["a b c", "a b c", "", "d e f"])
def test_commonness_is_the_mean_of_its_slow_twin(texts):
    found = of_population(texts, NgramKeys(2, keep_one_in=1))

    assert found.tolist() == pytest.approx(slow_commonness(texts, 2), abs=1e-12, nan_ok=True)


def test_what_nobody_else_has_is_0_and_what_all_have_is_1():
    alone = of_population(["a b c", "d e f", ""], NgramKeys(2, keep_one_in=1))
    shared = of_population(["a b c"] * 3, NgramKeys(2, keep_one_in=1))

    assert alone.tolist() == pytest.approx([0, 0, math.nan], nan_ok=True)
    assert shared.tolist() == [1, 1, 1]


@settings(deadline=None)
@given(POPULATIONS, st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(texts, generator):
    order = list(range(len(texts)))
    generator.shuffle(order)
    rule = NgramKeys(2, keep_one_in=2)

    straight = weights(of_population(texts, rule), None, 4)
    shuffled = weights(of_population([texts[i] for i in order], rule), None, 4)

    assert straight[order].tolist() == shuffled.tolist()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 20), st.integers(0, 50))
def test_copies_make_a_text_more_common(frequency, others, copies):
    keys = Keys(np.arange(len(frequency), dtype=np.uint64), np.array([0, len(frequency)]))
    documents = max(frequency) + others

    without = commonness(keys, np.array(frequency), documents)
    with_copies = commonness(keys, np.array(frequency) + copies, documents + copies)

    assert 0 <= without[0] <= with_copies[0] + 1e-12
    assert with_copies[0] <= 1 + 1e-12


@settings(deadline=None, max_examples=100)
@given(POPULATIONS, st.integers(0, 7), st.integers(1, 5), st.data())
def test_a_text_with_copies_never_weighs_more_than_the_same_text_without(texts, which, copies, data):
    assume(texts)
    which %= len(texts)
    rule = NgramKeys(2, keep_one_in=1)
    quality = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(texts), max_size=len(texts))))
    without = np.round(of_population(texts, rule), 12)
    classes = CommonnessClasses.of(without, quality, 4)

    with_copies = np.round(of_population(texts + [texts[which]] * copies, rule), 12)

    weight_with = classes.weights(with_copies, np.append(quality, [quality[which]] * copies))
    assert weight_with[which] <= classes.weights(without, quality)[which]
    assert set(weight_with[len(texts) :]) == {weight_with[which]}


@settings(deadline=None, max_examples=200)
@given(VALUES, st.integers(1, 6), st.sampled_from([0.1, 0.5, 1.0]), st.booleans(), st.data())
@example([], 3, 0.1, False, None)
@example([math.nan, math.nan], 3, 0.1, False, None)
@example([0.5] * 6, 3, 0.1, False, None)
def test_weights_are_those_of_their_slow_twin(values, classes, least, judged, data):
    same_size = {"min_size": len(values), "max_size": len(values)}
    quality = data.draw(st.lists(st.floats(-2, 2) | st.just(math.nan), **same_size)) if judged else None

    found = weights(np.array(values, float), None if quality is None else np.array(quality, float), classes, least)

    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx(slow_weights(values, quality, classes, least), abs=1e-6)


def test_classes_take_equal_shares_from_1_down_to_the_least_and_equals_share_one():
    values = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.1])

    found = weights(values, None, classes=3, least=0.2)

    assert found.tolist() == pytest.approx([0.2, 1.0, 0.6, 0.6, 0.2, 1.0])


def test_the_better_half_of_a_class_weighs_as_the_class_above():
    values = np.array([0.1, 0.1, 0.5, 0.5, 0.9, 0.9])
    quality = np.array([1.0, 2.0, 5.0, 4.0, 1.0, math.nan])

    found = weights(values, quality, classes=3, least=0.2)

    assert found.tolist() == pytest.approx([1.0, 1.0, 1.0, 0.6, 0.2, 0.2])


@pytest.mark.parametrize(("classes", "least"), [(0, 0.1), (3, 0.0), (3, 1.5), (3, math.nan)])
def test_weights_that_would_drop_a_document_are_refused(classes, least):
    with pytest.raises(SettingsError, match="least weight above 0"):
        weights(np.array([0.5]), None, classes, least)


def test_boilerplate_weighs_less_than_what_was_written_once():
    generator = random.Random(3)
    own = [" ".join(generator.choice("abcdefghij") * 3 + str(generator.random()) for _ in range(60)) for _ in range(20)]
    notice = "this site uses cookies to give you the best experience please accept our terms and go on"
    texts = [*own, *(f"{notice} {i}" for i in range(20))]

    found = weights(of_population(texts, NgramKeys(5, keep_one_in=2)), None, 2, 0.1)

    assert found[:20].tolist() == [1.0] * 20
    assert found[20:].tolist() == pytest.approx([0.1] * 20)
