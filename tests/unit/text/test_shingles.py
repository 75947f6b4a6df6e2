import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow import CJK, slow_hash
from texts import batches_of_pages

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.shingles import (
    character_shingles,
    text_character_hashes,
    text_shingle_hashes,
    word_shingle_hashes,
)
from corpus_platform.text.words import spaced_words, whitespace_words

BASE = 0x9FB21C651E98DF25


def slow_spaced_words(text):
    return re.findall(rf"{CJK}|(?:(?!{CJK})\S)+", text)


def slow_windows(units, n, one_at_least):
    found = [units[i : i + n] for i in range(len(units) - n + 1)]
    return found or ([units] if one_at_least else [])


def slow_mixed_sum(words):
    total = 0
    for word in words:
        total = (total * BASE + slow_hash(word.encode())) % 2**64
    state = total * 0xE7037ED1A0B428DB % 2**64
    return state ^ state >> 32


@settings(deadline=None)
@given(batches_of_pages())
@example(["", " ", "中文 a文b", "カナ한글 x", "a" * 70 + "中" * 70])
def test_spaced_words_are_those_of_the_slow_twin(texts):
    found = spaced_words(TextBatch.of(texts))

    expected = [slow_spaced_words(text) for text in texts]
    assert found.strings().to_pylist() == [word for words in expected for word in words]
    assert found.count.tolist() == [len(words) for words in expected]


@pytest.mark.parametrize("one_at_least", [False, True])
@settings(deadline=None)
@given(texts=batches_of_pages(), n=st.integers(1, 7))
@example(texts=["", "a", "中文", "abc", "\r\n\0", "👩\u200d🔬"], n=3)
def test_characters_are_cut_as_the_slow_twin_does_it(one_at_least, texts, n):
    spans, offset = character_shingles(TextBatch.of(texts), n, one_at_least=one_at_least)

    expected = [slow_windows(text, n, one_at_least) for text in texts]
    assert spans.strings().to_pylist() == [shingle for some in expected for shingle in some]
    assert offset.tolist() == [sum(map(len, expected[:d])) for d in range(len(texts) + 1)]


@pytest.mark.parametrize("one_at_least", [False, True])
@settings(deadline=None)
@given(texts=batches_of_pages(), n=st.integers(1, 5))
@example(texts=["", "a", "a b", "a b c d"], n=3)
def test_hashes_of_words_are_those_of_the_slow_twin(one_at_least, texts, n):
    hashes, offset = word_shingle_hashes(whitespace_words(TextBatch.of(texts)), n, one_at_least=one_at_least)

    expected = [slow_windows(text.split(), n, one_at_least) for text in texts]
    assert hashes.tolist() == [slow_mixed_sum(words) for some in expected for words in some]
    assert offset.tolist() == [sum(map(len, expected[:d])) for d in range(len(texts) + 1)]


@pytest.mark.parametrize(("kind", "cut"), [("spaced", spaced_words), ("whitespace", whitespace_words)])
@settings(deadline=None)
@given(texts=batches_of_pages(), n=st.integers(1, 5))
@example(texts=[], n=1)
@example(texts=["", "a", "a b", "中a文b", "中文カナ" * 50, "a " * 100], n=1)
def test_hashes_of_words_that_are_never_made_are_the_same(kind, cut, texts, n):
    batch = TextBatch.of(texts)

    hashes, offset = text_shingle_hashes(batch, n, kind)
    halves, offset_of_halves = text_shingle_hashes(batch, n, kind, np.uint32)

    expected, expected_offset = word_shingle_hashes(cut(batch), n)
    assert offset.tolist() == offset_of_halves.tolist() == expected_offset.tolist()
    assert hashes.tolist() == expected.tolist()
    assert halves.tolist() == (expected >> np.uint64(32)).tolist()


@pytest.mark.parametrize("one_at_least", [False, True])
@settings(deadline=None)
@given(texts=batches_of_pages(), n=st.integers(1, 20))
@example(texts=[], n=1)
@example(texts=["a"], n=1)
@example(texts=["", "", "ab", "中文", "👩\u200d🔬", "é" * 9, "a" * 40], n=3)
def test_hashes_of_characters_that_are_never_cut_are_the_same(one_at_least, texts, n):
    batch = TextBatch.of(texts)

    hashes, offset = text_character_hashes(batch, n, one_at_least=one_at_least)
    halves, _ = text_character_hashes(batch, n, one_at_least=one_at_least, dtype=np.uint32)

    spans, expected = character_shingles(batch, n, one_at_least=one_at_least)
    assert offset.tolist() == expected.tolist()
    assert hashes.tolist() == hash_spans(spans).tolist()
    assert halves.tolist() == (hashes >> np.uint64(32)).tolist()
