"""Words cut at Chinese characters and kana."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_rpv2 import cut
from texts import texts

from corpus_platform.signals.cjk import cut_cjk
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.words import whitespace_words

CJK = st.lists(
    st.sampled_from(
        [
            "中",
            "文",
            "が",
            "か\u3099",
            "カ",
            "，",
            "。",
            "“",
            "！",
            "abc",
            "12",
            "é",
            "e\u0301",
            "\u0301",
            "-",
            "한",
            " ",
            "😀",
        ]
    ),
    max_size=25,
).map("".join)


@given(documents=st.lists(CJK | texts(), max_size=5))
@settings(deadline=None, max_examples=150)
def test_cut_words_agree_with_their_slow_twins(documents):
    words = whitespace_words(TextBatch.of(documents))

    found = cut_cjk(words)

    expected = [[cut(word) for word in document.split()] for document in documents]
    assert found.words.strings().to_pylist() == [piece for document in expected for word in document for piece in word]
    assert found.pieces.tolist() == [len(word) for document in expected for word in document]
    assert found.words.count.tolist() == [sum(map(len, document)) for document in expected]
    assert found.words.characters.tolist() == list(map(len, found.words.strings().to_pylist()))
    assert np.array_equal(found.words.hash, hash_spans(found.words.spans))


def test_words_without_cjk_characters_are_the_same_object():
    words = whitespace_words(TextBatch.of(["plain “words”, café 한국어", ""]))

    assert cut_cjk(words).words is words
