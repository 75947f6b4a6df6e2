"""Where regular expressions match: places in characters, as the edit with the same expression finds them."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.matches import matches


def test_places_are_characters_and_name_document_and_rule():
    texts = pl.Series(["😀漢12，345", "", "none", "6"])

    found = matches(texts, r"\d+", "digits")

    assert found.rows() == [(0, 2, 4, "digits"), (0, 5, 8, "digits"), (3, 0, 1, "digits")]


def test_a_match_that_its_context_makes_is_not_taken_for_an_equal_text_before_it():
    texts = pl.Series(["  a b  c  \n", "cat, concat cat"])

    assert matches(texts, r"\s+$", "white").select("document", "start", "end").rows() == [(0, 8, 11)]
    assert matches(texts, r"cat$", "cat").select("document", "start", "end").rows() == [(1, 12, 15)]


def test_only_some_rows_are_looked_at_when_asked_for():
    found = matches(pl.Series(["a", "ba", "a"]), "a", "letter", pl.Series([1, 2]))

    assert found.rows() == [(1, 1, 2, "letter"), (2, 0, 1, "letter")]


@pytest.mark.parametrize("texts", [[], [""], ["", "x"]])
def test_nothing_is_found_where_nothing_is(texts):
    found = matches(pl.Series(texts, dtype=pl.String), "y", "letter")

    assert found.rows() == []
    assert found.schema == {"document": pl.Int64, "start": pl.Int64, "end": pl.Int64, "rule": pl.String}


def test_private_letters_of_a_text_are_letters():
    text = "\U0010ffff1\U0010fffe\U0010ffff22$0"

    found = matches(pl.Series([text]), "[0-9]+", "digits")

    assert [text[start:end] for _, start, end, _ in found.iter_rows()] == ["1", "22", "0"]


@settings(deadline=None, max_examples=60)
@given(
    texts=st.lists(st.text("ab 漢😀\n1$", max_size=12), max_size=4),
    pattern=st.sampled_from(["a", "ab", r"\s+", r"^\s+|[^\S\n]*\n\s+|\s+\z", r"(a)(b)?", r"\bb", "x*1", "漢."]),
)
def test_matches_are_those_of_python_where_the_expression_means_the_same(texts, pattern):
    slow = re.compile(pattern.replace(r"\z", r"\Z"))

    found = matches(pl.Series(texts, dtype=pl.String), pattern, "r")

    assert found.select("document", "start", "end").rows() == [
        (i, *m.span()) for i, text in enumerate(texts) for m in slow.finditer(text)
    ]


def test_empty_matches_are_places_too():
    assert matches(pl.Series(["xa"]), "a*", "r").select("start", "end").rows() == [(0, 0), (1, 2)]
