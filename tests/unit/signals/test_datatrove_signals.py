"""The Gopher, FineWeb and C4 measures equal datatrove's definitions on any text, and say what was meant where datatrove does not."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_datatrove import fineweb, quality, repetition
from texts import texts

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import families
from corpus_platform.signals.subject import Subject

PIECES = [
    "the",
    "The",
    "a b c d e f",
    "a b c d e f",
    "to be",
    "#",
    "...",
    "…",
    "……",
    "• x",
    "- y",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "word.",
    "１",
    "中文",
    "。",
    "line one\n",
]
NAMES = {family.name: tuple(signal.name for signal in family.signals) for family in families()}


def pages():
    return st.lists(st.lists(st.sampled_from(PIECES) | texts(5), max_size=25).map(" ".join), max_size=4)


def measured(pages, *names, compat="sane", **columns):
    frame = pl.DataFrame({"text": pages, **columns}, schema={"text": pl.String, **dict.fromkeys(columns, pl.String)})
    return compute(
        Subject.of(frame, Environment(SignalSettings(compat=compat))),
        [n for name in names for n in NAMES.get(name, (name,))],
    )


@settings(deadline=None, max_examples=60)
@given(pages())
def test_gopher_measures_are_datatroves(pages):
    found = measured(pages, "gopher_dt", compat="reference").to_dicts()

    for text, row in zip(pages, found, strict=True):
        expected = {f"gopher_dt_{name}": value for name, value in (repetition(text) | quality(text)).items()}
        assert row == expected


@settings(deadline=None, max_examples=60)
@given(pages())
def test_fineweb_measures_are_datatroves(pages):
    found = measured(pages, "fineweb", compat="reference").to_dicts()

    for text, row in zip(pages, found, strict=True):
        assert row == {f"fineweb_{name}": value for name, value in fineweb(text).items()}


def test_the_golden_values_of_repeated_n_grams():
    row = measured(["a b c d e f a b c d e f"], "gopher_dt").row(0, named=True)

    assert row["gopher_dt_dup_5gram_char_fraction"] == 5 / 23
    assert row["gopher_dt_top_2gram_char_fraction"] == 6 / 23


@pytest.mark.parametrize(("compat", "stop_words", "top"), [("sane", 2, 0.0), ("reference", 1, 7 / 15)])
def test_a_capital_stop_word_counts_and_an_n_gram_that_occurs_once_does_not_where_not_told_otherwise(
    compat, stop_words, top
):
    row = measured(["The man and dog"], "gopher_dt", compat=compat).row(0, named=True)

    assert row["gopher_dt_stop_words"] == stop_words
    assert row["gopher_dt_top_2gram_char_fraction"] == top


@pytest.mark.parametrize(("compat", "share"), [("sane", 1.0), ("reference", 0.5)])
def test_a_line_before_cr_lf_ends_with_its_mark_where_not_told_otherwise(compat, share):
    found = measured(["One line.\r\nAnother."], "fineweb_terminal_line_fraction", compat=compat)

    assert found.item() == share


def test_the_chinese_twins_take_characters_for_words_and_know_chinese_stop_words():
    row, other = measured(["今天的天气很好，我们在公园。\n- 一\n……\n他说……", "English only."], "gopher_cjk").to_dicts()

    assert row["gopher_cjk_words"] == 15
    assert row["gopher_cjk_mean_word_length"] == 1.0
    assert row["gopher_cjk_stop_words"] == 3
    assert row["gopher_cjk_bullet_line_fraction"] == 0.25
    assert row["gopher_cjk_ellipsis_line_fraction"] == 0.5
    assert row["gopher_cjk_ellipsis_ratio"] == 2 / 22
    assert set(other.values()) == {None}


def test_c4_measures_say_what_the_cleaning_would_find():
    text = (
        "Lorem IPSUM here.\nuse { and }\nEnable JavaScript!\nOur privacy policy\nA dot. Two dots. "
        + "w" * 1200
        + "\n今天好。明天好。"
    )

    row = measured([text], "c4").row(0, named=True)

    assert row == {
        "c4_lorem_ipsum_lines": 1,
        "c4_curly_bracket_lines": 1,
        "c4_javascript_lines": 1,
        "c4_policy_lines": 1,
        "c4_terminal_line_fraction": 3 / 6,
        "c4_sentences": 9,
        "c4_longest_word": 1200,
        "c4_third_line_length": 18,
    }


def test_bad_words_are_those_of_the_documents_language():
    texts = ["Porn here, not pornified", "Porn here", "这是色情网站", "Nothing"]

    found = measured(texts, "c4_bad_words", language=["en", "xx", "zh", "en"])

    assert found.to_series().to_list() == [1, None, 1, 0]
