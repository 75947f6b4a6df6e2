import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow import (
    slow_covered_characters,
    slow_duplicate_ngram_characters,
    slow_entropy,
    slow_repeated_characters,
    slow_top_ngram,
)

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.ngrams import (
    Ngrams,
    repeated_characters,
)
from corpus_platform.text.normalise import norm_rp
from corpus_platform.text.words import whitespace_words

D1 = "The cat sat on the mat. The cat sat!\n• IT WORKS... visit #1\nshort"
D3 = "a b c d e f a b c d e f"
LONGEST = 6


def documents():
    """Lists of words from a small vocabulary, so that n-grams come back, some of which are equal only when joined."""
    word = st.sampled_from(["a", "b", "c", "ab", "ba", "1", "10", "0", "中", "é", "x" * 70])
    loops = st.tuples(st.lists(word, min_size=1, max_size=8), st.integers(0, 5)).map(lambda pair: pair[0] * pair[1])
    return st.lists(
        st.lists(st.lists(word, max_size=6) | loops, max_size=4).map(
            lambda parts: [word for part in parts for word in part]
        ),
        max_size=4,
    )


def tokens_of(documents):
    return whitespace_words(TextBatch.of([" ".join(words) for words in documents]))


@settings(deadline=None, max_examples=300)
@given(documents())
@example([])
@example([[], ["a"], ["a", "a"], ["a"] * 20])
@example([["a", "b", "b", "a", "b", "b", "a", "a"]])
def test_ngrams_of_all_lengths_are_those_of_a_counter(documents):
    tokens = tokens_of(documents)

    found = Ngrams.of(tokens, LONGEST)

    for n in range(1, LONGEST + 1):
        top = [slow_top_ngram(words, n) for words in documents]
        repeated = [slow_duplicate_ngram_characters(words, n) for words in documents]
        assert list(zip(found.count[n - 1], found.characters[n - 1], strict=True)) == top
        assert found.covered[n - 1].tolist() == [slow_covered_characters(words, n) for words in documents]
        assert list(zip(found.duplicate[n - 1], found.every[n - 1], strict=True)) == repeated
    assert found.unique.tolist() == [len(set(words)) for words in documents]
    assert found.entropy.tolist() == pytest.approx([slow_entropy(words) for words in documents], abs=1e-12)


@settings(deadline=None, max_examples=300)
@given(documents())
@example([["1", "0", "10", "10", "1", "0"]])
def test_the_jumping_scan_is_that_of_its_slow_twin(documents):
    tokens = tokens_of(documents)

    found = repeated_characters(tokens, 2, LONGEST)

    expected = [[slow_repeated_characters(words, n) for words in documents] for n in range(2, LONGEST + 1)]
    assert found.tolist() == expected


def test_the_three_definitions_of_repetition_differ_as_published():
    tokens = whitespace_words(TextBatch.of([D3]))

    found = Ngrams.of(tokens, 5)

    assert found.covered[4].tolist() == [12]
    assert repeated_characters(tokens, 5, 5).tolist() == [[5]]
    assert (found.duplicate[4].tolist(), found.every[4].tolist()) == ([20], [40])
    assert (found.count[1].tolist(), found.characters[1].tolist()) == ([2], [2])


def test_words_of_the_normal_form_are_counted_as_published():
    tokens = whitespace_words(norm_rp(TextBatch.of([D1])))

    found = Ngrams.of(tokens, 3)

    assert found.unique.tolist() == [11]
    assert found.entropy.tolist() == pytest.approx([2.3034885])
    assert (found.count[2].tolist(), found.characters[2].tolist()) == ([2], [9])


def test_a_document_of_many_words_is_counted():
    words = ["a", "b", "c"] * 100_000

    found = Ngrams.of(tokens_of([words, ["a"]]), 5)

    assert found.count[:, 0].tolist() == [100_000, 100_000, 100_000, 99_999, 99_999]
    assert found.covered[:, 0].tolist() == [300_000] * 5
