"""Traditional to Simplified, line by line."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from corpus_platform.clean.script import both_scripts, simplified_characters, to_simplified

CONVERT = OpenCC("t2s").convert


def simplified(*texts):
    after, changed = to_simplified(pl.Series(texts, dtype=pl.String))
    return after.to_list(), changed.tolist()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("漢語", "汉语"),
        ("乾隆皇帝的乾淨衣服", "乾隆皇帝的干净衣服"),
        ("頭髮", "头发"),
        ("没有变化", "没有变化"),
        ("", ""),
    ],
)
def test_phrases_decide_what_a_character_becomes(before, after):
    assert simplified(before) == ([after], [before != after])


def test_a_line_without_a_traditional_character_is_left_alone():
    text = "杯子打坏了\n漢語\n打坏"

    assert CONVERT("打坏") == "打坯"
    assert simplified(text)[0] == ["杯子打坏了\n汉语\n打坏"]


def test_no_texts_give_no_texts():
    assert simplified() == ([], [])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet=st.sampled_from("漢語乾隆坏打没有a😀\r\n")), max_size=5))
def test_each_line_is_as_opencc_gives_it_or_as_it_was(texts):
    after, changed = simplified(*texts)

    for before, made, differs in zip(texts, after, changed, strict=True):
        assert differs == (before != made)
        for old, new in zip(before.split("\n"), made.split("\n"), strict=True):
            assert new in {old, CONVERT(old)}
            assert not set(new) & set("漢語")


def test_the_table_holds_single_characters_only():
    table = simplified_characters()

    assert chr(table[ord("漢")]) == "汉"
    assert chr(table[ord("汉")]) == "汉"
    assert (table[:0x2E80] == np.arange(0x2E80)).all()


def test_words_are_given_in_both_scripts():
    assert both_scripts(["娱乐", "水", "娱乐"]) == ("娱乐", "娛樂", "水")
