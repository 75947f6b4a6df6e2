"""Edits of texts: what they leave, and places that say in the first text what every pass took out."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.edits import STRIPPED, Cut, Editing, changed_lines, edit_by, of_places

TEXTS = st.lists(st.text("ab1 .\n中é😀\x1c", max_size=24), min_size=1, max_size=4)
CUTS = st.lists(
    st.sampled_from(["a+", "[1.]", r"\n", "(?m)^b", "中?é", r"(?P<before>a)(?P<cut>b+)", STRIPPED]), max_size=4
)


@settings(deadline=None, max_examples=80)
@given(TEXTS, CUTS)
def test_the_text_without_all_places_of_several_passes_is_what_they_leave(texts, patterns):
    given_texts = pl.Series("text", texts, pl.String)

    done = edit_by(given_texts, *(Cut("cut", pattern) for pattern in patterns), trace=True)

    assert done.spans is not None
    assert of_places(given_texts, done.spans).to_list() == done.text.to_list()
    assert done.text.to_list() == edit_by(given_texts, *(Cut("cut", p) for p in patterns), trace=False).text.to_list()


@settings(deadline=None, max_examples=80)
@given(TEXTS, st.sampled_from("ab1中"))
def test_taking_lines_out_is_splitting_and_joining_without_them(texts, letter):
    editing = Editing(pl.Series("text", texts, pl.String), trace=True)
    editing.cut(Cut("point", "[.]"))
    rule = pl.when(pl.col("line").str.contains(letter, literal=True)).then(pl.lit("letter"))
    editing.lines(lambda lines: lines.select(rule).to_series())

    done = editing.done()

    left = ["\n".join(line for line in text.replace(".", "").split("\n") if letter not in line) for text in texts]
    assert done.text.to_list() == left
    assert of_places(pl.Series("text", texts, pl.String), done.spans).to_list() == left


def test_places_behind_a_replacement_are_told_in_the_first_text():
    editing = Editing(pl.Series("text", ["one two three"]), trace=True)
    editing.cut(Cut("word", "one", "a much longer word"), Cut("three", "three", "3"), Cut("across", "word two"))

    done = editing.done()

    assert done.text[0] == "a much longer  3"
    assert done.spans.rows() == [(0, 0, 3, "word"), (0, 0, 7, "across"), (0, 8, 13, "three")]
    assert done.removed == {"word": 1, "three": 1, "across": 1}


def test_what_is_put_in_a_place_is_literal_and_a_group_before_it_stays():
    done = edit_by(pl.Series(["ab ab b"]), Cut("b", "(?P<before>a)(?P<cut>b)", "$1${0}"), trace=True)

    assert done.text[0] == "a$1${0} a$1${0} b"
    assert done.spans.select("start", "end").rows() == [(1, 2), (4, 5)]


@pytest.mark.parametrize("texts", [[], [""], ["", "x"]])
def test_nothing_is_taken_where_nothing_is(texts):
    done = edit_by(pl.Series("text", texts, pl.String), Cut("y", "y"), trace=True)

    assert done.text.to_list() == texts
    assert done.removed == {}
    assert done.spans.height == 0


def test_lines_that_differ_are_told_and_the_whole_text_where_lines_are_more_or_fewer():
    before = pl.Series(["same", "a\nbb\nc", "one\ntwo", ""])
    after = pl.Series(["same", "a\nBBB\nc", "one two", "x"])

    assert changed_lines(before, after, "r").rows() == [(1, 2, 4, "r", 3), (2, 0, 7, "r", 7), (3, 0, 0, "r", 1)]
