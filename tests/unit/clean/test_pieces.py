"""Texts in pieces: lines and sentences that cover them, and words put together again."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.words import spaced_words
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.pieces import line_pieces, sentence_pieces

pages = st.lists(st.text("ab. !。”\n\té\r\u3000", max_size=20), max_size=5)
SPECIAL = ".!。”\r\u3000"


def pieces_of(text):
    pieces = sentence_pieces(TextBatch.of([text]))
    return [pieces.spans.bytes(i).decode() for i in range(len(pieces))]


@settings(deadline=None, max_examples=80)
@given(pages)
def test_pieces_put_together_are_the_document(some):
    batch = TextBatch.of(some)

    for pieces in (line_pieces(batch), sentence_pieces(batch)):
        assert pieces.without(np.zeros(len(pieces), np.bool_)).to_list() == some
        assert all("\n" not in pieces.spans.bytes(i).decode()[:-1] for i in range(len(pieces)))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two!  Three", ["One. ", "Two!  ", "Three"]),
        ("It is 3.14 wide.", ["It is 3.14 wide."]),
        ('He said "no." Then left.', ['He said "no." ', "Then left."]),
        ("今天很好。我们去公园！”他说", ["今天很好。", "我们去公园！”", "他说"]),
        ("line\nnext.\n\nlast", ["line\n", "next.\n", "\n", "last"]),
        ("", []),
    ],
)
def test_a_sentence_ends_at_a_mark_and_with_its_line(text, sentences):
    assert pieces_of(text) == sentences


def test_removed_pieces_are_placed_in_characters_of_their_document():
    pieces = line_pieces(TextBatch.of(["é1\né2\né3", "x\n"]))
    removed = np.array([False, True, False, True, True])

    assert pieces.without(removed).to_list() == ["é1\né3", ""]
    assert pieces.places(removed, "why").rows() == [(0, 3, 6, "why"), (1, 0, 2, "why"), (1, 2, 2, "why")]
    assert pieces.count(removed).tolist() == [1, 2]


def slow_join(text, keep):
    """BigScience's way: lines of parts of words; what is empty goes with its separator."""
    lines = [
        [[w for w in re.split(" ", part) if w and keep(w)] for part in line.split("\t")] for line in text.split("\n")
    ]
    joined = ["\t".join(" ".join(part) for part in line if part) for line in lines]
    return "\n".join(line for line in joined if line)


@settings(deadline=None, max_examples=100)
@given(pages)
def test_words_are_put_together_as_bigscience_does(some):
    batch = TextBatch.of(some)
    special = np.zeros(0x110000, np.bool_)
    special[[ord(c) for c in SPECIAL]] = True

    words = spaced_words(batch, special)
    keep = np.array(["a" not in word for word in words.whole.strings().to_pylist()], np.bool_)

    assert words.joined(keep).to_list() == [slow_join(text, lambda w: "a" not in w) for text in some]
    assert words.bare.strings().to_pylist() == [w.strip(SPECIAL) for w in words.whole.strings().to_pylist()]


def test_joined_words_are_texts():
    words = spaced_words(TextBatch.of(["a  b\t\n\tc", ""]), np.zeros(0x110000, np.bool_))

    assert words.joined(np.ones(3, np.bool_)).equals(pl.Series("text", ["a b\nc", ""]))
