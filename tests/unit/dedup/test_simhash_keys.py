import hashlib
import re
from itertools import pairwise
from math import comb

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow import CJK, slow_hash, slow_ngrams
from texts import batches_of_pages

from corpus_platform.dedup.simhash import SimHashKeys, default_blocks, hamming, within
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch

NONE = pl.DataFrame()
MADE = [
    "",
    "a",
    "中文",
    "中文网络文本去重：这是一个例子。",
    "one two  three\nfour",
    "\0\r\n",
    "👩\u200d🔬 x y z" * 9,
    "aaaaaaaaaa",
]
WHOLE = 2**64 - 1
VALUES = st.integers(0, WHOLE)


def slow_simhash(hashes, bits=64):
    value = 0
    for bit in range(bits):
        if 2 * sum(hashed >> bit & 1 for hashed in hashes) > len(hashes):
            value |= 1 << bit
    return value


def md5_number(feature, part):
    return int.from_bytes(hashlib.md5(feature.encode()).digest()[part], "big")


def slow_books(text):
    text = re.sub(r"[^\w]+", "", text.lower())
    features = [text[i : i + 6] for i in range(max(len(text) - 5, 1))]
    return [md5_number(feature, slice(8, 16)) for feature in features]


def slow_roots(text, unit):
    units = text.lower().split(" ") if unit == "word" else text.lower()
    features = [units[i : i + 3] for i in range(len(units) - 3)]
    return [md5_number(" ".join(f) if unit == "word" else f, slice(8)) for f in features]


def slow_sane_characters(text):
    grams = ["".join(gram) for gram in slow_ngrams(text.lower(), 4)] or ([text.lower()] if text else [])
    return [slow_hash(gram.encode()) for gram in grams]


def values_of(family, texts):
    values, has = family.values(TextBatch.of(texts))
    return [value if one else None for value, one in zip(values.tolist(), has, strict=True)]


@settings(deadline=None, max_examples=40)
@given(batches_of_pages())
@example(MADE)
@example([])
def test_values_of_letters_are_those_of_the_slow_twin(texts):
    found = values_of(SimHashKeys("letters", "character", 6, reference=True), texts)

    assert found == [slow_simhash(slow_books(text)) for text in texts]


@pytest.mark.parametrize("unit", ["word", "character"])
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(texts=MADE)
@example(texts=["a b c", "a b c d", " a  b ", "abc", "abcd"])
def test_windows_of_roots_miss_the_last_one(unit, texts):
    found = values_of(SimHashKeys("lower", unit, 3, "md5", reference=True), texts)

    expected = [slow_roots(text, unit) for text in texts]
    assert found == [slow_simhash(hashes) if hashes else None for hashes in expected]


@pytest.mark.parametrize("bits", [8, 33, 64])
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(texts=MADE)
def test_fast_values_are_those_of_the_slow_twin(bits, texts):
    found = values_of(SimHashKeys("lower", "character", 4, bits=bits), texts)

    expected = [slow_sane_characters(text) for text in texts]
    assert found == [slow_simhash(hashes, bits) if hashes else None for hashes in expected]


def test_words_count_as_often_as_they_occur_and_in_any_script():
    family = SimHashKeys("lower", "word", 1)

    values, _ = family.values(TextBatch.of(["a a a b", "a", "b a", "中文 b b", "b"]))
    chinese = len(re.findall(CJK, "中文"))

    assert values[0] == values[1]
    assert values[0] != values[2]
    assert values[3] == slow_simhash([slow_word(w) for w in ("中", "文", "b", "b")])
    assert chinese == 2


def slow_word(word):
    state = slow_hash(word.encode()) * 0xE7037ED1A0B428DB & WHOLE
    return state ^ state >> 32


@settings(deadline=None, max_examples=40)
@given(batches_of_pages())
@example(MADE)
@example([])
def test_each_document_with_a_feature_has_a_key_for_each_choice_with_its_value(texts):
    family, batch = SimHashKeys(), TextBatch.of(texts)

    found = family.keys(batch, NONE)

    values, has = family.values(batch)
    assert len(found) == len(texts)
    assert [b - a for a, b in pairwise(found.offset.tolist())] == [20 * one for one in has.tolist()]
    assert found.value.tolist() == [value for value in values[has].tolist() for _ in range(20)]


@pytest.mark.parametrize(
    ("distance", "blocks", "bits"), [(3, None, 64), (4, 6, 64), (5, None, 64), (1, None, 33), (0, None, 64)]
)
@settings(deadline=None, max_examples=60)
@given(value=VALUES, flipped=st.sets(st.integers(0, 63), max_size=5))
def test_values_within_the_distance_share_a_key_and_only_where_a_choice_agrees(distance, blocks, bits, value, flipped):
    value &= (1 << bits) - 1
    other = value
    for bit in sorted(flipped)[:distance]:
        other ^= 1 << bit % bits

    family = SimHashKeys(bits=bits, distance=distance, blocks=blocks)
    first, second = family.choice_keys(np.array([value, other], np.uint64)).tolist()

    shared = set(first) & set(second)
    assert shared
    assert len(shared) == sum(value & mask == other & mask for mask in family.masks.tolist())


def test_masks_cover_as_many_blocks_as_agree():
    masks = SimHashKeys(distance=4, blocks=6).masks.tolist()

    assert len(set(masks)) == comb(6, 4) == 15
    assert {mask.bit_count() for mask in masks} <= {20, 21, 22}
    assert np.bitwise_or.reduce(np.array(masks, np.uint64)) == WHOLE


def test_blocks_are_chosen_for_long_keys_and_at_most_sixty_choices():
    found = {distance: default_blocks(distance) for distance in range(10)}

    assert found == {0: 1, 1: 2, 2: 4, 3: 6, 4: 7, 5: 8, 6: 8, 7: 9, 8: 10, 9: 11}
    assert all(comb(blocks, distance) <= 60 for distance, blocks in found.items())
    assert default_blocks(7, 8) == 8
    assert default_blocks(63) == 64


def test_near_copies_share_keys_and_other_texts_do_not():
    words = [f"word{i}" for i in range(2000)]
    text = " ".join(words)
    near = text.replace("word1000", "changed")
    family = SimHashKeys("lower", "word", 3, distance=3)

    found = family.keys(TextBatch.of([text, near, " ".join(words[::-1])]), NONE)

    first, second, third = (set(keys) for keys in found.key.reshape(3, -1).tolist())
    assert first & second
    assert not first & third
    values = found.value.reshape(3, -1)[:, 0]
    assert within(values[:1], values[1:2], 3).all()
    assert not within(values[:1], values[2:], 3).any()


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=20), st.integers(0, 64))
def test_distance_is_the_count_of_differing_bits(pairs, distance):
    left, right = (np.array(side, np.uint64) for side in (zip(*pairs, strict=True) if pairs else ((), ())))

    expected = [(a ^ b).bit_count() for a, b in pairs]
    assert hamming(left, right).tolist() == expected
    assert within(left, right, distance).tolist() == [count <= distance for count in expected]


def test_many_documents_have_the_values_of_each_alone():
    texts = [f"document {i} " + "words and more words " * (i % 40) for i in range(1500)]
    family = SimHashKeys()

    together = values_of(family, texts)

    assert [together[i] for i in (0, 700, 1499)] == [values_of(family, [texts[i]])[0] for i in (0, 700, 1499)]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unit": "token"}, "SimHash has no unit `token`; it takes word, character"),
        ({"hash": "xx64", "reference": True}, "use `xx64`; there are md5_64, md5"),
        ({"distance": 64}, "distance 64 and 64 bits"),
        ({"bits": 128}, "128 bits"),
        ({"blocks": 3}, "3 blocks were given for a distance of 3 in 64 bits"),
        ({"n": 0}, "n 0"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters, message):
    with pytest.raises(SettingsError, match=message):
        SimHashKeys(**parameters)
