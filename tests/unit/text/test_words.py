import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow import slow_cjk_words, slow_hash, slow_simple_words, slow_wordpunct
from texts import EVERY_CHARACTER, batches_of_pages

from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.words import cjk_words, simple_words, tokens_at, whitespace_words, wordpunct

TOKENISERS = [
    (wordpunct, slow_wordpunct),
    (simple_words, slow_simple_words),
    (whitespace_words, str.split),
    (cjk_words, slow_cjk_words),
]


@pytest.mark.parametrize(("cut", "slow"), TOKENISERS, ids=lambda function: function.__name__)
@settings(deadline=None, max_examples=200)
@given(texts=batches_of_pages())
@example([])
@example(["", "x", ""])
@example(["a b c d"] * 50)
@example(["a" * 63 + "!", "a" * 64, "a" * 65, " " * 63 + "a!", "!" * 130, "é" + "a b " * 40, "a b " * 40 + "中"])
@example(["a" * 60 + "\x1c\x1d\x1e\x1f_!@", "a b" + "\n" * 61])
@example(["中文，hello世界 123\r\nあ한글カﾅ々〇", "e\u0301 😀😀!!\u2028x"])
def test_words_are_those_of_python(cut, slow, texts):
    batch = TextBatch.of(texts)

    tokens = cut(batch)

    words = [word for text in texts for word in slow(text)]
    assert tokens.strings().to_pylist() == words
    assert tokens.count.tolist() == [len(slow(text)) for text in texts]
    assert tokens.characters.tolist() == list(map(len, words))
    assert tokens.hash.tolist() == [slow_hash(word.encode()) for word in words]


@pytest.mark.parametrize(("cut", "slow"), TOKENISERS, ids=lambda function: function.__name__)
def test_every_character_is_cut_as_python_cuts_it(cut, slow):
    text = "".join(f"a{c}{c}b " for c in EVERY_CHARACTER)

    tokens = cut(TextBatch.of([text]))

    assert tokens.strings().to_pylist() == slow(text)


@pytest.mark.parametrize(("cut", "slow"), TOKENISERS, ids=lambda function: function.__name__)
@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "ab, " * 250_000, "中" * 340_000], ids=["one word", "words", "Chinese"]
)
def test_a_line_of_a_megabyte_is_cut(cut, slow, text):
    tokens = cut(TextBatch.of([text, "after it"]))

    assert tokens.count.tolist() == [len(slow(text)), len(slow("after it"))]
    assert tokens.document_characters.tolist() == [len("".join(slow(text))), 7]


@settings(deadline=None)
@given(batches_of_pages())
def test_facts_of_words_are_those_of_their_characters(texts):
    tokens = simple_words(TextBatch.of(texts))

    words = tokens.strings().to_pylist()
    assert tokens.upper.tolist() == [word.isupper() for word in words]
    assert (tokens.some & unicode.ALPHABETIC != 0).tolist() == [any(map(str.isalpha, word)) for word in words]
    assert (tokens.every & unicode.ALPHANUMERIC != 0).tolist() == [word.isalnum() for word in words]


@settings(deadline=None)
@given(batches_of_pages())
def test_words_can_be_chosen(texts):
    tokens = simple_words(TextBatch.of(texts))
    keep = tokens.characters > 1

    chosen = tokens.select(keep)

    expected = [[word for word in slow_simple_words(text) if len(word) > 1] for text in texts]
    assert chosen.strings().to_pylist() == [word for words in expected for word in words]
    assert chosen.count.tolist() == list(map(len, expected))
    assert chosen.document_characters.tolist() == [sum(map(len, words)) for words in expected]


@settings(deadline=None)
@given(batches_of_pages(), st.data())
def test_words_of_some_documents_are_those_of_a_smaller_batch(texts, data):
    first = data.draw(st.integers(0, len(texts)))
    last = data.draw(st.integers(first, len(texts)))

    own = simple_words(TextBatch.of(texts)).of_documents(first, last)

    alone = simple_words(TextBatch.of(texts[first:last]))
    assert own.strings().to_pylist() == alone.strings().to_pylist()
    assert own.document_token.tolist() == alone.document_token.tolist()
    assert own.hash.tolist() == alone.hash.tolist()
    assert own.characters.tolist() == alone.characters.tolist()


def test_words_of_another_tokeniser_are_measured_alike():
    batch = TextBatch.of(["naïve 中文", "b"])
    own = simple_words(batch)

    given_spans = tokens_at(batch.data, own.spans.start, own.spans.end, own.document_token)

    assert np.array_equal(given_spans.hash, own.hash)
    assert np.array_equal(given_spans.characters, own.characters)
