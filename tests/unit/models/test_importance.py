"""Importance weights against the definition in plain Python."""

import hashlib
import math
import pickle
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import ModelError
from corpus_platform.models.importance import Counter, Grams, Importance, save_importance
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.words import wordpunct

TARGET = ["the river is long.", "a novel of the sea", "中文 的 书"] * 20
SOURCE = ["buy now", "click here to buy the book now!", "sale sale"] * 30


def slow_grams(text):
    words = re.findall(r"\w+|[^\w\s]+", text)
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def slow_bucket(gram, buckets=10_000):
    return int.from_bytes(hashlib.sha256(gram.encode()).digest(), "big") % buckets


def slow_weight(text):
    def shares(texts):
        counts = np.zeros(10_000)
        for gram in (gram for one in texts for gram in slow_grams(one)):
            counts[slow_bucket(gram)] += 1
        return counts / counts.sum()

    target, source = shares(TARGET), shares(SOURCE)
    buckets = [slow_bucket(gram) for gram in slow_grams(text)]
    return sum(math.log(target[b] + 1e-8) - math.log(source[b] + 1e-8) for b in buckets)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Importance:
    folder = tmp_path_factory.mktemp("importance")
    target, source = Counter(), Counter()
    target.add(TARGET)
    source.add(SOURCE)
    save_importance(folder, target, source, name="importance/books/en", languages=("en",))
    return Importance(folder)


@given(st.lists(st.text() | st.text("ab ,.中\n"), max_size=4))
@settings(deadline=None, max_examples=40)
def test_buckets_are_sha_256_of_words_and_pairs(texts):
    found = Grams.of(wordpunct(TextBatch.of(texts)))

    for d, text in enumerate(texts):
        first, last = found.document_token[d], found.document_token[d + 1]
        pairs = [pair for pair in found.pair[first:last] if pair >= 0]
        assert [*found.word[first:last], *pairs] == [slow_bucket(gram) for gram in slow_grams(text)]


@pytest.mark.parametrize("size", [1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 500])
def test_words_of_any_length_are_hashed_whole(size):
    found = Grams.of(wordpunct(TextBatch.of(["x" * size + " y"])))

    assert found.word[0] == slow_bucket("x" * size)
    assert found.pair[0] == slow_bucket("x" * size + " y")


def test_a_weight_is_the_sum_of_the_logarithms(model):
    texts = ["the river", "buy the novel now", "中文 书!", "unseen words"]

    assert model.score(texts) == pytest.approx([slow_weight(text) for text in texts])
    assert model.score(["the river"])[0] > 0 > model.score(["buy now"])[0]


def test_an_empty_text_has_no_weight_and_one_without_words_has_none_to_add(model):
    found = model.score(["", "  "])

    assert np.isnan(found[0])
    assert found[1] == 0.0


def test_the_length_correction_is_a_poisson_of_the_mean_words(model):
    def poisson(k, mean):
        return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))

    target, source = model.info.target_words, model.info.source_words
    expected = [math.log(poisson(k, target) + 1e-8) - math.log(poisson(k, source) + 1e-8) for k in (0, 3, 2_000)]

    assert model.length_correction(np.array([0, 3, 2_000])) == pytest.approx(expected)


def test_batches_count_what_the_whole_counts():
    whole, parts = Counter(), Counter()

    whole.add(TARGET)
    parts.add(TARGET[:7])
    parts.add(TARGET[7:])

    assert (whole.counts == parts.counts).all()
    assert (whole.documents, whole.words) == (parts.documents, parts.words)


def test_a_model_pickles_as_its_place(model):
    assert pickle.loads(pickle.dumps(model)).digest == model.digest


def test_too_few_documents_make_no_model(tmp_path):
    info = save_importance(tmp_path / "none", Counter(), Counter(), name="x")

    assert info.digest is None
    assert info.reason == "it needs 50 documents of target and source, and there are 0 and 0"


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no importance model there"):
        Importance(tmp_path)
