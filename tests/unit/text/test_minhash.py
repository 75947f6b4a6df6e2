import hashlib
from functools import partial

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from slow import slow_minhash, slow_ngrams
from texts import batches_of_pages

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.minhash import (
    bands,
    permutations_affine,
    permutations_mod_prime,
    shingles,
    signatures,
)
from corpus_platform.text.words import simple_words, whitespace_words

LARGEST = 2**32 - 1
TWENTY = " ".join(f"w{i}" for i in range(20))
BANDS = {0.7: (14, 9), 0.8: (9, 13), 0.9: (5, 25), 1.0: (1, 128)}


def slow_shingles(text, n, unit):
    words = text.split()
    if unit == "word":
        return [" ".join(gram) for gram in slow_ngrams(words, n)]
    return ["".join(gram) for gram in slow_ngrams(" ".join(words), n)]


@pytest.mark.parametrize("unit", ["word", "character"])
@settings(deadline=None, max_examples=60)
@given(texts=batches_of_pages())
def test_signatures_are_those_of_the_slow_twin(unit, texts):
    tokens = whitespace_words(TextBatch.of(texts))

    found, valid = signatures(tokens, shingle=3, permutations=4, seed=1, base="sha1_32", unit=unit)

    expected = [slow_shingles(text, 3, unit) for text in texts]
    permutations = [tuple(map(int, pair)) for pair in zip(*permutations_mod_prime(4, 1), strict=True)]
    assert shingles(tokens, 3, unit)[0].strings().to_pylist() == [shingle for some in expected for shingle in some]
    assert valid.tolist() == [bool(some) for some in expected]
    assert found.tolist() == [slow_minhash(some, permutations) for some in expected]


def test_permutations_are_those_that_redpajama_draws():
    table = np.array(permutations_mod_prime(128, 42))

    digest = hashlib.sha256(table.tobytes()).hexdigest()
    assert digest == "6a5665743fa1884640a8eb3543348255a90b4dbd55b093f39e3d61ac90eac9e1"


@pytest.mark.parametrize("similarity", BANDS)
def test_bands_of_twenty_words_are_those_of_redpajama(similarity):
    count, rows = BANDS[similarity]

    found, valid = signatures(whitespace_words(TextBatch.of([TWENTY])))
    cut = bands(found, count, rows)[0]

    assert valid.tolist() == [True]
    assert [len(band) for band in cut] == [4 * rows] * count
    assert cut[0][:8].hex() == "065b50e50e313927"


@pytest.mark.parametrize("base", ["sha1_32", "xmx32"])
@pytest.mark.parametrize(("words", "valid"), [(0, False), (1, False), (12, False), (13, True), (14, True)])
def test_a_text_needs_as_many_words_as_a_shingle(base, words, valid):
    text = " ".join(TWENTY.split()[:words])

    found, has_one = signatures(whitespace_words(TextBatch.of([text, TWENTY])), base=base)

    assert has_one.tolist() == [valid, True]
    assert (found[0] == LARGEST).all() == (not valid)


def test_values_are_those_of_datasketch_with_its_prime_permutations():
    text = "the same words as there"
    peer = MinHash(num_perm=64, seed=7, scheme="legacy")
    peer.update_batch([shingle.encode() for shingle in slow_shingles(text, 2, "word")])

    found, _ = signatures(whitespace_words(TextBatch.of([text])), shingle=2, permutations=64, seed=7)

    assert np.array_equal(peer.permutations, permutations_mod_prime(64, 7))
    assert found[0].tolist() == peer.hashvalues.tolist()


def test_fast_values_are_those_of_datasketch_with_its_affine_permutations():
    text = "the same words as there"
    base = partial(signatures, shingle=5, permutations=64, seed=7, base="xmx32", unit="character")
    peer = MinHash(num_perm=64, seed=7, scheme="affine32", hashfunc=_fast_hash_of_bytes)
    peer.update_batch([shingle.encode() for shingle in slow_shingles(text, 5, "character")])

    found, _ = base(whitespace_words(TextBatch.of([text])))

    assert np.array_equal(peer.permutations, permutations_affine(64, 7))
    assert found[0].tolist() == peer.hashvalues.tolist()


def _fast_hash_of_bytes(data):
    from slow import slow_hash  # noqa: PLC0415

    return slow_hash(data) >> 32


@pytest.mark.parametrize("base", ["sha1_32", "xmx32"])
def test_signatures_agree_as_often_as_shingles_overlap(base):
    words = [f"word{i}" for i in range(400)]
    texts = [" ".join(words[:300]), " ".join(words[100:])]

    found, _ = signatures(whitespace_words(TextBatch.of(texts)), shingle=2, permutations=1024, base=base)

    overlap = 199 / 399
    assert (found[0] == found[1]).mean() == pytest.approx(overlap, abs=4 * (overlap * (1 - overlap) / 1024) ** 0.5)


def test_fast_shingles_know_the_order_and_the_bounds_of_words():
    texts = ["a b c", "a c b", "ab c d", "a bc d", "a b c", "c b a", "a a b", "a b b"]

    found, _ = signatures(simple_words(TextBatch.of(texts)), shingle=3, permutations=8, base="xmx32")

    assert len({row.tobytes() for row in found}) == len(texts) - 1
    assert (found[0] == found[4]).all()


@settings(deadline=None, max_examples=40)
@given(batches_of_pages())
def test_a_signature_does_not_depend_on_the_batch(texts):
    both = texts + texts[::-1]

    together, valid = signatures(simple_words(TextBatch.of(both)), shingle=2, permutations=8, base="xmx32")
    alone = [
        signatures(simple_words(TextBatch.of([text])), shingle=2, permutations=8, base="xmx32")[0] for text in both
    ]

    assert len(valid) == len(both)
    assert together.tolist() == [row for found in alone for row in found.tolist()]


@pytest.mark.parametrize("base", ["sha1_32", "xmx32"])
def test_many_long_documents_are_signed_as_each_alone(base):
    texts = [" ".join(f"w{i * k}" for i in range(4000)) for k in range(1, 30)] + ["", "a b", "c"]

    together, valid = signatures(whitespace_words(TextBatch.of(texts)), shingle=2, permutations=4, base=base)

    alone = [
        signatures(whitespace_words(TextBatch.of([text])), shingle=2, permutations=4, base=base)[0] for text in texts
    ]
    assert together.tolist() == [row for found in alone for row in found.tolist()]
    assert valid.tolist() == [True] * 29 + [False, True, False]
