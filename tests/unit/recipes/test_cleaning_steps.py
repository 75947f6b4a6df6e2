"""Operators of cleaning as steps: English and Chinese texts, the traps of FlagData mended, places of what is gone, counts by rule."""

import re

import polars as pl
import pytest
from pydantic import ValidationError

from corpus_platform.clean.edits import of_places
from corpus_platform.clean.script import MODES, converted
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import steps
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

CLEANING = {name: step for name, step in steps().items() if issubclass(step, CleaningStep)}
REQUIRED = {"replace_patterns": {"pattern": r"\d+"}, "remove_lines_with": {"patterns": ("the", "的")}}
REMOVING = {
    "remove_copyright", "remove_emails", "remove_ips", "remove_links", "keep_chinese", "remove_repeated_sentences", "replace_patterns",
    "remove_tables", "remove_captions", "remove_catalogues", "end_at_punctuation", "remove_lines_with", "remove_invisible", "repeated_marks",
}  # fmt: skip
"""Steps that put nothing in the place of what they take."""


def edited(name, *texts, compat="sane", trace=False, **parameters):
    step = steps()[name].model_validate(parameters)
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return step.edit(Subject.of(frame, Environment(SignalSettings(compat=compat))), trace=trace)


def after(name, text, **parameters):
    return edited(name, text, **parameters).text[0]


MIXED = [
    "",
    "Intro\nname\tage\tcity\nLi\t30\tXi'an\n\nFigure 1 The map of it\n\tThe end... ok!!!!!\r\n  See http://a.org/x(1). ",
    "目录\n第一章 开始......1\n第二章 结束......9\n\n邮箱a@b.com，网址https://例子.com/看这里。１２３ ＡＢＣ\u200b\ufeff\n今天天气很好，我们去公园。今天天气很好，我们去公园。半句",
    "/* Copyright 2020 Lin */\nx = 1 // Copyright (c) 2021\n# Copyright 2019 A\n10.0.0.1 and ::1 and 2001:db8::7 \x07&amp;nbsp;<br><b>x</b>",
    "\\newcommand{\\x}{y}\n\\x \\x\\x z\nchapter one is the one\nthe the 的",
]


@pytest.mark.parametrize("compat", ["sane", "reference"])
@pytest.mark.parametrize("name", CLEANING)
def test_a_step_says_what_it_took_where_and_leaves_the_rest(name, compat):
    edit = edited(name, *MIXED, compat=compat, trace=True, **REQUIRED.get(name, {}))

    texts = pl.Series("text", MIXED)
    touched = set(edit.spans["document"])
    assert {row for row, changed in enumerate(edit.changed) if changed} == touched
    assert edit.text.to_list() == edited(name, *MIXED, compat=compat, **REQUIRED.get(name, {})).text.to_list()
    assert all(0 <= a <= b <= len(MIXED[d]) for d, a, b, _ in edit.spans.iter_rows())
    assert set(edit.spans["rule"]) <= set(edit.removed) | {"converted"}
    if name in REMOVING:
        assert of_places(texts, edit.spans).to_list() == edit.text.to_list()


@pytest.mark.parametrize("name", CLEANING)
def test_a_second_time_finds_nothing_more(name):
    once = edited(name, *MIXED, **REQUIRED.get(name, {})).text.to_list()

    assert edited(name, *once, **REQUIRED.get(name, {})).text.to_list() == once


@pytest.mark.parametrize("name", CLEANING)
def test_no_texts_are_no_trouble(name):
    assert edited(name, trace=True, **REQUIRED.get(name, {})).text.to_list() == []


@pytest.mark.parametrize(
    ("name", "text", "sane", "reference"),
    [
        ("remove_ips", "10.0.0.256 and v1.2.3.4.5, ::1 std::io fe80::1%eth", "10.0.0.256 and v1.2.3.4.5, ::1 std::io %eth", "6 and v.5, ::1 std::io fe80::1%eth"),
        ("remove_links", "看https://a.com/b，好(http://x.org/a_(b)).", "看，好().", "看https://a.com/b，好("),
        ("remove_emails", "me: ..a.b@c.org...", "me: .....", "me: ..."),
        ("keep_chinese", "甲；乙\n￥5", "甲；乙\n￥5", "甲乙5"),
        ("end_at_punctuation", "他说：“好。”然后\n走", "他说：“好。”", "他说：“好。"),
        ("end_at_punctuation", "Pi is 3.14 and", "Pi is 3.14 and", "Pi is 3."),
        ("end_at_punctuation", "", "", ""),
        ("remove_controls", "a\tb\r\nc\x1b[1md", "a\tb\ncd", "ab\nc[1md"),
        ("consecutive_newlines", "a\n \n\t\n\nb", "a\n\nb", "a\n \n\t\n\nb"),
        ("unicode_punctuation", " “１”\n。 ", '"１"\n.', '""" .'),
        ("remove_lines_with", " \nkeep\nspam the\n", " \nkeep\n", "keep"),
        ("latex_macros", "\\def\\b{x}\n\\b\\b!", "\\def\\b{x}\nxx!", "\\def\\b{x}\nx\\b!"),
    ],
)  # fmt: skip
def test_a_trap_of_flagdata_is_mended_and_kept_in_reference(name, text, sane, reference):
    parameters = REQUIRED.get(name, {})

    assert after(name, text, **parameters) == sane
    if name != "latex_macros":
        assert after(name, text, compat="reference", **parameters) == reference


def test_only_notices_of_copyright_go():
    code = "/* the copyright of a poem */\n/*\n * Copyright (C) 2019 Lin\n */\n<!-- 版权所有 -->\nint x;\n# copyright law\n;; Copyright 2020 A\n"

    assert after("remove_copyright", code) == "/* the copyright of a poem */\n\n\nint x;\n# copyright law\n"


def test_a_sentence_about_a_figure_is_no_caption():
    text = "Figure 3.1 Overview of methods\nTable 2: Results.\nFigure 2 shows the result.\n图2 系统结构\n图3显示了结果。\n图1-2 实验装置\n表格很长\nTable manners"

    assert after("remove_captions", text) == "Figure 2 shows the result.\n图3显示了结果。\n表格很长\nTable manners"


def test_a_table_of_contents_goes_with_its_heading_and_a_list_stays():
    contents = "Contents\n1 Introduction ........ 1\n \n2 Methods ........ 7\n3 Results ........ 12\nThe text begins.\n"
    listed = "1. Open the door.\n2. Take the key.\n3. Close the door.\n4. Go\n"
    chinese = "目录\n第一章 开始\n第二章 中间\n第三章 结尾\n正文。第一章说过。\n"

    assert after("remove_catalogues", contents) == "The text begins.\n"
    assert after("remove_catalogues", listed) == listed
    assert after("remove_catalogues", listed, compat="reference") == ""
    assert after("remove_catalogues", chinese) == "正文。第一章说过。\n"


def test_repeated_sentences_go_and_short_ones_and_blank_lines_stay():
    text = "The ferry was late again. Yes. It cost 3.14 pounds.\n\nThe ferry was late again.\nYes. 今天我们去公园。\n今天我们去公园。好。"

    edit = edited("remove_repeated_sentences", text)

    assert edit.text[0] == "The ferry was late again. Yes. It cost 3.14 pounds.\n\nYes. 今天我们去公园。\n好。"
    assert edit.removed == {"repeated": 2}


def test_a_single_line_of_cells_is_no_table():
    text = "head\na\tb\tc\nd\te\tf\nend\nlone\tline\there\nend"

    assert after("remove_tables", text) == "head\nend\nlone\tline\there\nend"


def test_remnants_of_html_go_and_what_is_no_html_stays():
    text = "a &lt; b &amp;amp; List<T> 1 < 2<br/>x <b class='y'>bold</b><script>if (a<b) {}</script> AT&T &unknown; &#x4e2d;"

    assert after("html_remnants", text) == "a < b & List<T> 1 < 2\nx bold AT&T &unknown; 中"
    assert after("html_remnants", text, entities=False).startswith("a &lt; b &amp;amp;")


def test_widths_change_for_the_kinds_that_are_asked_for():
    assert after("width_forms", "ＡＢ１２，！\u3000中") == "AB12，！\u3000中"
    assert after("width_forms", "ＡＢ１２，！\u3000中", marks=True, space=True) == "AB12,! 中"
    assert after("width_forms", "A1,", to="full", marks=True) == "Ａ１，"


def test_white_space_is_plain_and_an_indent_stays_when_asked_for():
    text = "\n a\u3000b\xa0 c \r\n\n\n\n\td\t\te  \n"

    assert after("white_space", text) == "a b c\n\nd e"
    assert after("white_space", text, indent=True, blank_lines=0) == " a b c\n\td e"


def test_marks_are_cut_to_as_many_as_mean_something():
    assert after("repeated_marks", "好！！！！ ok....... …… ――― ------ ？！？！") == "好！ ok... …… ――― --- ？！？！"
    assert after("repeated_marks", "aaa!!", marks="a", most=2) == "aa!!"


def test_joiners_stay_where_their_script_needs_them():
    family, persian = "👨\u200d👩\u200d👧", "می\u200cخواهم"

    assert after("remove_invisible", f"\ufeffa\u200d\u200bb{family}{persian}co\xadop") == f"ab{family}{persian}coop"
    assert after("remove_invisible", "co\xadop", soft_hyphens=False) == "co\xadop"


def test_scripts_are_converted_where_they_are_the_other_ones():
    assert after("chinese_conversion", "汉语\n皇后在後面", mode="s2t") == "漢語\n皇后在後面"
    assert after("chinese_conversion", "漢語\n打坏", mode="t2s") == "汉语\n打坏"
    assert after("chinese_conversion", "鼠标", mode="s2twp") == "滑鼠"
    assert after("chinese_conversion", "no Chinese", mode="t2jp") == "no Chinese"


def test_all_modes_of_opencc_are_known():
    for mode in MODES:
        assert len(converted(pl.Series(["漢語和汉语"]), mode)) == 1
    with pytest.raises(ValueError, match="no mode `x2y`"):
        converted(pl.Series(["a"]), "x2y")


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("replace_patterns", {"pattern": "("}, "no regular expression"),
        ("replace_patterns", {"pattern": ["a", "b"], "repl": ["x", "y", "z"]}, "3 replacements for 2 patterns"),
        ("remove_lines_with", {"patterns": [""]}, "empty phrase"),
        ("chinese_conversion", {"mode": "s2x"}, "s2twp"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_told(name, parameters, said):
    with pytest.raises(ValidationError, match=said):
        steps()[name].model_validate(parameters)


def test_texts_of_numbers_and_of_short_lines_are_dropped_by_their_ratios():
    edit = edited("text_cleaner_ratios", "1 2 3 4 word", "a\nb\nc\nd\n", "好好学习\n天天向上。100", "123", "")

    assert [edit.rules[i] if i >= 0 else None for i in edit.dropped] == [
        "many_numbers",
        "many_newlines",
        None,
        None,
        None,
    ]
    assert edit.value[0] == 4.0


def test_sample_filters_have_flagdatas_limits_and_take_others():
    build = steps()["flagdata_filter"].model_validate

    rules = build({"op": "AlphanumericRatioFilter"}).rules(Environment())
    own = build({"op": "StopWordsRatioFilter", "min": 0.2}).rules(Environment())

    assert [(r.signal, r.drop_when, r.threshold) for r in rules] == [
        ("dj_alphanumeric_ratio", "<", 0.0),
        ("dj_alphanumeric_ratio", ">", 0.8),
    ]
    assert [(r.signal, r.drop_when, r.threshold) for r in own] == [("dj_stop_words_ratio", "<", 0.2)]


def test_macros_of_macros_do_not_grow_without_end():
    names = [(rf"\m{a}", rf"\m{b} ") for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)]
    lines = [rf"\newcommand{{{name}}}{{{inner * 10}}}" for name, inner in names]
    bomb = "\n".join(lines) + "\n\\ma !"

    for compat in ("sane", "reference"):
        assert len(after("latex_macros", bomb, compat=compat)) < 20_000_000


@pytest.mark.parametrize("text", ["a1 b2 中文 3.14", "Python语言 x_y z 9\n\n", "é word 1,000.5 ok", "_a b- c'd 7", ""])
def test_the_ratios_are_those_of_numbers_and_newlines_to_characters_and_words(text):
    whole = len(re.findall("[\u4e00-\u9fff]", text)) + len(re.findall(r"\b[a-zA-Z]+\b", text))
    numbers = len(re.findall(r"\d+\.\d+|\d+", text))

    edit = edited("text_cleaner_ratios", text, max_numbers=0.0, max_newlines=None)

    assert edit.dropped[0] == (1 if whole and numbers else -1)
    if edit.dropped[0] == 1:
        assert edit.value[0] == pytest.approx(numbers / whole)


@pytest.mark.parametrize(
    ("name", "parameters", "text", "gone"),
    [
        ("unicode_form", {"form": "NFC"}, "plain\ne\u0301", ["e\u0301"]),
        ("data_juicer_mapper", {"op": "clean_email_mapper"}, "mail a@b.com now", ["a@b.com"]),
        ("data_juicer_mapper", {"op": "punctuation_normalization_mapper"}, "a\n。b", ["。b"]),
    ],
)
def test_older_edits_say_what_they_changed_too(name, parameters, text, gone):
    edit = edited(name, text, trace=True, **parameters)

    assert [text[a:b] for _, a, b, _ in edit.spans.iter_rows()] == gone
