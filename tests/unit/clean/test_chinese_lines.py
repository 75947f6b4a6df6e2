"""Edits of lines, sentences and digits of Chinese texts."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.chinese_lines import (
    FOOTER,
    FRAMEWORK,
    HTML_TAG,
    INVISIBLE,
    mask_digits,
    one_sentence_per_line,
    phrase_pattern,
    stripped_paragraphs,
)

TEXTS = st.text(alphabet=st.sampled_from("水火12345678。！？”a \r\n\t\u3000"), max_size=50)


@settings(deadline=None, max_examples=80)
@given(TEXTS)
def test_long_digit_strings_are_those_of_python(text):
    assert mask_digits(pl.Series([text]), 8, "#").to_list() == [re.sub(r"\d{8,}", "#", text)]


def test_a_replacement_is_taken_as_it_is():
    assert mask_digits(pl.Series(["号码12345678"]), 8, "$1").to_list() == ["号码$1"]


@settings(deadline=None, max_examples=80)
@given(TEXTS)
def test_paragraphs_are_the_stripped_lines_that_are_not_blank(text):
    expected = "\n".join(line.strip() for line in text.split("\n") if line.strip())

    assert stripped_paragraphs(pl.Series([text])).to_list() == [expected]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("他来了。她走了！", ["他来了。", "她走了！"]),
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("真的？！好……再说", ["真的？！", "好……", "再说"]),
        ("一行\n\n  两行。\r\n三行", ["一行", "两行。", "三行"]),
        ("", [""]),
    ],
)
def test_a_sentence_stands_on_a_line_of_its_own(text, sentences):
    assert one_sentence_per_line(pl.Series([text])).to_list() == ["\n".join(sentences)]


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_cutting_into_sentences_loses_nothing_but_white_space(text):
    after = one_sentence_per_line(pl.Series([text]))[0]

    assert "".join(after.split()) == "".join(text.split())
    assert "\n\n" not in after


@pytest.mark.parametrize("line", ["首页", "首 页", "上一页", "下一章", "返回顶部", "更多>>", "评论(12)", "登录注册"])
def test_lines_of_a_frame_are_known_whole(line):
    assert pl.Series([line, f"{line}是一个词"]).str.contains(FRAMEWORK).to_list() == [True, False]


def test_feet_are_known_by_what_they_hold():
    lines = pl.Series(["版权所有 某某网", "京ICP备00000000号-1", "Copyright © 2015", "他谈到版权"])

    assert lines.str.contains(FOOTER).to_list() == [True, True, True, False]


def test_tags_are_not_comparisons():
    text = "<p class='x'>水<br/>火</p> 当 a < b 且 c > d"

    assert pl.Series([text]).str.replace_all(HTML_TAG, "").to_list() == ["水火 当 a < b 且 c > d"]


def test_invisible_characters_leave_emoji_whole():
    text = "水\u200b火\ufeff\x07 👩\u200d🌾\t\r\n"

    assert pl.Series([text]).str.replace_all(INVISIBLE, "").to_list() == ["水火 👩\u200d🌾\t\r\n"]


def test_a_phrase_is_no_pattern():
    texts = pl.Series(["[图画]", "图", "<文本>"])

    assert texts.str.contains(phrase_pattern(("[图画]", "<文本>"))).to_list() == [True, False, True]
    assert texts.str.contains(phrase_pattern(())).to_list() == [False, False, False]
