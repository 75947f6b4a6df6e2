"""Mojibake: wrongly decoded lines are read again where that is certain, and good ones stay."""

import polars as pl
import pytest

from corpus_platform.clean.mojibake import repaired

GOOD = [
    "中文文本，没有问题。",
    "涓生活在这里，鐨字不常见。",
    "The café — “naïve” façade costs £5.",
    "Größe ÄÖÜ ÜBERÄÖ straße, ÄÖÜäöü",
    "ÀÁÂÃÄÅÆÇÈÉÊË",
    "Привет, как дела? Ångström",
    "L\u2019été, c\u2019est « déjà » fini…",
    "漢字とカタカナ、ひらがな。",
    "",
    "锟斤拷锟斤拷",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_text_and_what_is_lost_stay(text):
    done = repaired(pl.Series("text", [text]), chinese=True, trace=True)

    assert done.text[0] == text
    assert done.spans.height == 0


@pytest.mark.parametrize(
    ("meant", "written", "read", "rule"),
    [
        ("我们去公园散步", "gbk", "latin-1", "gbk_read_as_latin"),
        ("Title: 北京大学 (2004)", "gbk", "cp1252", "gbk_read_as_latin"),
        ("价格是100元，不贵。", "gbk", "latin-1", "gbk_read_as_latin"),
        ("今天天气很好", "utf-8", "gbk", "utf8_read_as_gbk"),
        ("我们去公园散步，天气很好", "utf-8", "gb18030", "utf8_read_as_gbk"),
        ("中文测试文本", "utf-8", "latin-1", "ftfy"),
        ("schön und gut", "utf-8", "cp1252", "ftfy"),
    ],
)
def test_a_line_that_was_read_in_a_wrong_charset_is_read_again(meant, written, read, rule):
    wrong = meant.encode(written).decode(read)
    text = f"A line before.\n{wrong}\n最后一行。"

    done = repaired(pl.Series("text", [text]), chinese=True, trace=True)

    assert done.text[0] == f"A line before.\n{meant}\n最后一行。"
    assert done.spans.rows() == [(0, 15, 15 + len(wrong), rule)]
    assert done.removed == {rule: 1}


def test_without_chinese_only_ftfy_is_asked():
    wrong = "我们去公园散步".encode("gbk").decode("latin-1")

    done = repaired(pl.Series("text", [wrong]), chinese=False, trace=False)

    assert done.text[0] == wrong


def test_one_pair_inside_a_word_is_no_chinese():
    line = "schÃ¶n " + "我们去公园散步".encode("gbk").decode("latin-1")

    done = repaired(pl.Series("text", [line]), chinese=True, trace=False)

    assert "枚" not in done.text[0]
