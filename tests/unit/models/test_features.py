"""What classifiers read of a text."""

import re
import sys
import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import ModelError
from corpus_platform.models import features
from corpus_platform.models.features import EQUATION, feature_lines, words_of
from corpus_platform.text.batch import TextBatch

ALONE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def slow_words(text):
    """Plain Python: character by character."""
    words, word = [], ""
    for character in "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text):
        used = character.isalnum() or (character >= "\U00030000" and character < "\U00040000")
        alone = used and ALONE.match(character)
        if not used or alone:
            words += [word] * bool(word)
            word = ""
        if alone:
            words.append(character)
        elif used:
            lower = character.lower()
            word += "0" if character.isdecimal() else lower if len(lower) == 1 else character
    return " ".join([*words, word] if word else words)


TEXTS = st.lists(st.text() | st.text("aB1 中文ａ。\n,é𠀀ßİ"), max_size=5)


@given(TEXTS)
@settings(deadline=None, max_examples=60)
def test_words_agree_with_their_slow_twin(texts):
    assert words_of(TextBatch.of(texts)) == [slow_words(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("  ...!\n", ""),
        ("The CAT, 12 cats.", "the cat 00 cats"),
        ("你好，World２０", "你 好 world00"),
        ("ＡＢＣ", "abc"),
        ("a\r\nb", "a b"),
    ],
)
def test_a_line_holds_lower_cased_words_and_single_characters(text, line):
    assert feature_lines([text], "words") == [line]


def test_lines_are_joined_by_spaces_and_stripped():
    assert feature_lines(["one\ntwo\n", "\n\n", ""], "lines") == ["one two", "", ""]


def test_formulas_are_one_word():
    text = r"Let $x^2$ and \[a\n= b\] and \(c\) be."

    assert feature_lines([text], "math") == [" ".join(["let", *[EQUATION.strip(), "and"] * 2, EQUATION.strip(), "be"])]


def test_chinese_words_of_one_character_are_left_out(monkeypatch):
    cutter = SimpleNamespace(cut=lambda text, _: text.split("/"))
    monkeypatch.setattr("corpus_platform.models.features._segmenter", lambda: cutter)

    assert feature_lines(["我们/的/书店/  /，"], "segmented") == ["我们 书店"]


def test_without_its_extra_the_cutter_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rjieba", None)
    features._segmenter.cache_clear()

    with pytest.raises(ModelError, match="rjieba is not installed"):
        feature_lines(["文字"], "segmented")


def test_characters_keep_their_form_where_lower_case_is_two_characters():
    assert unicodedata.name(feature_lines(["İ"], "words")[0]) == "LATIN CAPITAL LETTER I WITH DOT ABOVE"
