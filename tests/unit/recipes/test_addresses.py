"""Addresses are taken out as the one pattern says that is DCLM's, whichever of the cheaper ones finds them."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.lists.lists import Lists
from corpus_platform.recipes.steps.refinedweb import _IPV4, RemoveUrls, _address
from corpus_platform.signals.subject import Subject

ADDRESS = re.compile(_address(Lists.of({}).get("top_level_domains").entries))
PIECES = [
    "https://", "ftp://", "www.", "a", "example", ".com", ".co", ".it", ".org", "/x?y=1", " ", "\n", "  \n ", "。", "网",
    ".com网", "é", ".comé", "_", "-", "@", "1.2.3.4", "..", "e.g. so", "\U0010fffd", "x" * 300,
]  # fmt: skip


def slow(text):
    """One pattern after the other, by Python's `re`."""
    return re.sub(_IPV4, "", ADDRESS.sub("", text))


def edited(texts):
    return RemoveUrls().edit(Subject.of(pl.DataFrame({"text": texts})))


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), min_size=1, max_size=6))
@settings(deadline=None, max_examples=150)
def test_texts_are_those_of_the_one_pattern(texts):
    assert edited(texts).text.to_list() == [slow(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See https://www.example.com/a?b=1 now", "See now"),
        ("See example.com网 now", "See example.com网 now"),
        ("See example.com，now", "See，now"),
        ("x" * 300 + ".com!", "x" * 44 + "!"),
        ("\U0010fffd example.org", "\U0010fffd"),
        ("nothing.here", "nothing.here"),
    ],
)
def test_an_address_ends_at_the_boundary_of_a_word(text, left):
    found = edited([text, "plain"])

    assert found.text.to_list() == [left, "plain"]
    assert found.changed.tolist() == [text != left, False]
    assert found.removed == ({"url": 1} if text != left else {})
