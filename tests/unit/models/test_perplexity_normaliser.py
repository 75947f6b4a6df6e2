"""The text as CCNet's language models see it."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.models.normalise import ASCII_OF, normalise


def slow_normalise(text):
    """Spec in plain Python: one step after the other, one character at a time."""
    text = text.strip().lower()
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    text = re.sub(r"\d", "0", text)
    text = "".join(ASCII_OF.get(c, c) for c in text)
    return "".join(c for c in text if not (ord(c) < 32 or 127 <= ord(c) < 160))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天，2023年。\nCafé", "今天,0000年.cafe"),
        ("  Hello, World 2023!\t ", "hello, world 0000!"),
        ("a\nb\x85c\x7fd", "abcd"),
        ("“Nº １２” – x — y … z．", '"nº 00" - x  -  y ... z. '),
        ("「《»«„”", '""""""'),
        ("？！（）；：∶～’´〈〉【】％►━、", "?!();::~''<>[]%--,"),
        ("ΆΈ İ ǅ ß", "αε i ǆ ß"),
        ("٣ ३ ² ½", "0 0 ² ½"),
        ("한국 パ", unicodedata.normalize("NFD", "한국") + " ハ"),
        ("\u0301\u0300", ""),
        ("\n \t", ""),
        ("", ""),
    ],
)
def test_text_is_normalised_as_ccnet_does(text, expected):
    assert normalise(text) == expected


def test_the_table_has_34_marks_but_for_the_one_that_is_a_digit():
    assert len(ASCII_OF) == 33
    assert all(form.isascii() for form in ASCII_OF.values())


def test_newlines_may_be_kept_as_spaces():
    assert normalise("One\ntwo.\n三", newlines="delete") == "onetwo.三"
    assert normalise("One\ntwo.\n三", newlines="space") == "one two. 三"


def test_a_lone_surrogate_is_replaced_and_does_not_crash():
    assert normalise("a\ud800b") == "a\ufffdb"


@settings(deadline=None, max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("aÉ1٣ \n\x85“—．…。İ\u0301ﬁ한😀")))
def test_normaliser_agrees_with_its_slow_twin(text):
    assert normalise(text) == slow_normalise(text)
