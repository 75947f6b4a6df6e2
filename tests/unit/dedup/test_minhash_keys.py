import hashlib
import re

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash
from hypothesis import example, given, settings
from slow import CJK, slow_hash, slow_minhash, slow_ngrams, slow_norm_rp
from texts import batches_of_pages

from corpus_platform.dedup.lsh import probability_of_match, similarity_of_bands
from corpus_platform.dedup.minhash import MinHashKeys, band_keys
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.minhash import permutations_affine, permutations_mod_prime, permutations_mod_prime_64

NONE = pl.DataFrame()
CHINESE = ["这是一个关于网络文本去重的例子，我们想知道两篇文章有多少相同的内容。", "日本語のかなとカナ、한국어 단어"]
MADE = [
    "",
    "one",
    "the same words as there",
    "The same words, as HERE!\r\nand a line",
    *CHINESE,
    "👩\u200d🔬 \0 x " * 5,
]
SMALL = {"n": 3, "permutations": 8, "bands": 4, "rows": 2}


def slow_words(text, *, reference):
    return text.split() if reference else re.findall(rf"{CJK}|(?:(?!{CJK})\S)+", text)


def slow_shingles(text, n, unit, *, reference):
    if unit == "character":
        return ["".join(gram) for gram in slow_ngrams(text, n)]
    return [" ".join(gram) for gram in slow_ngrams(slow_words(text, reference=reference), n)]


def pairs(permutations):
    return [tuple(map(int, pair)) for pair in zip(*permutations, strict=True)]


def slow_minhash_64(shingles, permutations):
    hashes = {int.from_bytes(hashlib.sha1(shingle.encode()).digest()[:8], "little") for shingle in shingles}
    moved = [[(a * x + b) % 2**64 % (2**61 - 1) for x in hashes] for a, b in permutations]
    return [min(values, default=2**64 - 1) for values in moved]


def slow_fmix(x):
    x = (x ^ x >> 16) * 0x85EBCA6B % 2**32
    x = (x ^ x >> 13) * 0xC2B2AE35 % 2**32
    return x ^ x >> 16


def slow_fast_minhash(shingles, permutations):
    hashes = {slow_fmix(slow_hash(shingle.encode()) >> 32) for shingle in shingles}
    return [min(((a * x + b) % 2**32 for x in hashes), default=2**32 - 1) for a, b in permutations]


def slow_band_key(values, band):
    state = 0x9E3779B97F4A7C15 ^ ((band + 1) * 0xA0761D6478BD642F % 2**64)
    for value in values:
        state = (state ^ value) * 0xE7037ED1A0B428DB % 2**64
        state ^= state >> 32
    state = state * 0x8EBC6AF09C88C6E3 % 2**64
    return state ^ state >> 29


@pytest.mark.parametrize("unit", ["word", "character"])
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(texts=MADE)
def test_signatures_of_the_reference_form_are_those_of_the_slow_twins(unit, texts):
    batch = TextBatch.of(texts)
    narrow = MinHashKeys("norm_rp", unit, seed=1, reference=True, **SMALL)
    wide = MinHashKeys("norm_rp", unit, seed=1, hash="sha1_64", reference=True, **SMALL)

    found, valid = narrow.signatures(batch)
    found_64, valid_64 = wide.signatures(batch)

    expected = [slow_shingles(slow_norm_rp(text), 3, unit, reference=True) for text in texts]
    assert valid.tolist() == valid_64.tolist() == [bool(some) for some in expected]
    assert found.tolist() == [slow_minhash(some, pairs(permutations_mod_prime(8, 1))) for some in expected]
    assert found_64.tolist() == [slow_minhash_64(some, pairs(permutations_mod_prime_64(8, 1))) for some in expected]


@settings(deadline=None, max_examples=40)
@given(batches_of_pages())
@example(MADE)
def test_fast_signatures_of_characters_are_those_of_the_slow_twin(texts):
    found, _ = MinHashKeys("lower", "character", seed=1, **SMALL).signatures(TextBatch.of(texts))

    expected = [slow_shingles(text.lower(), 3, "character", reference=False) for text in texts]
    assert found.tolist() == [slow_fast_minhash(some, pairs(permutations_affine(8, 1))) for some in expected]


@pytest.mark.parametrize("reference", [False, True])
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(texts=MADE)
@example(texts=[])
def test_each_band_of_a_document_with_a_shingle_gives_one_key(reference, texts):
    family, batch = MinHashKeys("norm_rp", reference=reference, **SMALL), TextBatch.of(texts)

    found = family.keys(batch, NONE)

    signatures, valid = family.signatures(batch)
    expected = [
        [slow_band_key(row[2 * band : 2 * band + 2], band) for band in range(4)] if has_one else []
        for row, has_one in zip(signatures.tolist(), valid, strict=True)
    ]
    assert found.offset.tolist() == [sum(map(len, expected[:d])) for d in range(len(texts) + 1)]
    assert found.key.tolist() == [key for keys in expected for key in keys]
    assert found.value is None


@pytest.mark.parametrize(("scheme", "base"), [("legacy", "sha1_32"), ("affine32", "xmx32")])
@pytest.mark.parametrize(("permutations", "seed"), [(16, 1), (64, 42), (130, 7)])
def test_values_are_those_of_datasketch_with_the_same_hash(scheme, base, permutations, seed):
    family = MinHashKeys("raw", "character", 5, base, permutations, seed, 4, 4, reference=base != "xmx32")
    hashed = {} if base == "sha1_32" else {"hashfunc": lambda data: slow_hash(data) >> 32}

    found, _ = family.signatures(TextBatch.of(MADE))

    for text, row in zip(MADE, found, strict=True):
        peer = MinHash(num_perm=permutations, seed=seed, scheme=scheme, **hashed)
        peer.update_batch([s.encode() for s in slow_shingles(text, 5, "character", reference=True)] or [])
        assert row.tolist() == peer.hashvalues.tolist()


@pytest.mark.parametrize("unit", ["word", "character"])
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(texts=MADE)
def test_shingle_hashes_are_distinct_ascending_and_as_many_as_there_are_shingles(unit, texts):
    found = MinHashKeys("norm_rp", unit, **SMALL).shingle_hashes(TextBatch.of(texts))

    expected = [len(set(slow_shingles(slow_norm_rp(text), 3, unit, reference=False))) for text in texts]
    rows = [found.key[a:b] for a, b in zip(found.offset, found.offset[1:], strict=False)]
    assert [row.size for row in rows] == expected
    assert all((row[1:] > row[:-1]).all() for row in rows)


def test_shingle_hashes_give_the_true_similarity():
    words = [f"word{i}" for i in range(400)]
    batch = TextBatch.of([" ".join(words[:300]), " ".join(words[100:])])

    found = MinHashKeys(**SMALL).shingle_hashes(batch)

    first, second = (set(found.key[a:b].tolist()) for a, b in zip(found.offset, found.offset[1:], strict=False))
    assert len(first & second) / len(first | second) == 198 / 398


def test_chinese_without_spaces_has_shingles_of_words_except_in_the_reference_form():
    batch = TextBatch.of(CHINESE)

    assert MinHashKeys(n=5).signatures(batch)[1].tolist() == [True, True]
    assert MinHashKeys(n=5, reference=True).signatures(batch)[1].tolist() == [False, False]


def test_a_token_is_a_word():
    batch = TextBatch.of(MADE)

    assert (MinHashKeys(unit="token").keys(batch, NONE).key == MinHashKeys().keys(batch, NONE).key).all()


def test_every_name_of_a_hash_means_the_fast_one_except_in_the_reference_form():
    batch = TextBatch.of(MADE)
    bases = ("sha1_32", "sha1_64", "xx64", "murmur_32")

    fast = {MinHashKeys(hash=base, **SMALL).keys(batch, NONE).key.tobytes() for base in (*bases, "md5")}
    named = {MinHashKeys(hash=base, reference=True, **SMALL).keys(batch, NONE).key.tobytes() for base in bases}

    assert len(fast) == 1
    assert len(named) == 4
    assert not fast & named


@pytest.mark.parametrize("family", [MinHashKeys(), MinHashKeys(hash="sha1_64", reference=True)])
def test_documents_share_bands_as_often_as_the_curve_says(family):
    words = [f"word{i}" for i in range(4000)]
    texts = [" ".join(words[i * 10 : i * 10 + 300]) for i in range(301)]
    batch, settings = TextBatch.of(texts), {"n": 2, "permutations": 128, "bands": 32, "rows": 4}
    family = MinHashKeys(hash=family.hash, reference=family.reference, **settings)

    found = family.keys(batch, NONE).key.reshape(-1, 32)

    similarity = 289 / 309
    matching = (found[1:] == found[:-1]).sum(1)
    shared = (matching > 0).mean()
    assert shared == pytest.approx(probability_of_match(similarity, 32, 4), abs=0.02)
    assert similarity_of_bands(matching.mean(), 32, 4) == pytest.approx(similarity, abs=0.03)
    assert (found[40:] == found[:-40]).sum() == 0


@pytest.mark.parametrize("reference", [False, True])
def test_thousands_of_permutations_and_many_documents_are_signed_in_pieces(reference):
    texts = [f"a short text about {i} things and {i * 7} others " * (1 + i % 9) for i in range(600)] + [""]
    family = MinHashKeys(n=5, permutations=9000, bands=20, rows=450, reference=reference)

    found = family.keys(TextBatch.of(texts), NONE)

    alone = [family.keys(TextBatch.of([texts[d]]), NONE).key for d in (0, 299, 599)]
    assert found.offset[-2:].tolist() == [12000, 12000]
    assert [found.key[20 * d : 20 * d + 20].tolist() for d in (0, 299, 599)] == [keys.tolist() for keys in alone]


def test_keys_are_spread_evenly_and_bands_with_equal_values_differ():
    values = np.tile(np.arange(20000, dtype=np.uint32).repeat(2), 8).reshape(8, -1).T

    found = band_keys(np.ascontiguousarray(values[::2]), 4, 2)

    counts = np.bincount((found.ravel() >> np.uint64(58)).astype(np.int64), minlength=64)
    assert len(np.unique(found)) == found.size
    assert counts.min() > 1000
    assert counts.max() < 1500


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unit": "line"}, "MinHash has no unit `line`; it takes word, character, token"),
        ({"hash": "md5", "reference": True}, "use `md5`; there are sha1_32, sha1_64, xx64, murmur_32"),
        ({"bands": 10}, "10 bands of 13 rows of shingles of 13 can't be cut from 128 permutations"),
        ({"n": 0}, "shingles of 0"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters, message):
    with pytest.raises(SettingsError, match=message):
        MinHashKeys(**parameters)
