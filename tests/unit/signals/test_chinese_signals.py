"""Signals of Chinese pages, against the slow twin and by hand."""

import math

import polars as pl
import pytest
import slow_chinese as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.chinese import CHINESE
from corpus_platform.signals.chinese_pages import FILE_ENDINGS
from corpus_platform.signals.environment import Environment, SignalSettings

PIECES = (
    "今天的风很大，船都回来了。",
    "老师说：“好！”",
    "鋼材,木材,石材,板材,管材",
    "www.12345.example a@b.com x.html ",
    "20240101",
    "啊啊啊啊",
    "\n",
    "\r\n",
    " ",
    "\u3000",
    "😀",
    "e\u0301",
    "abc ABC",
    "𠀀",
    "娱乐城",
)
texts = st.one_of(
    st.text(alphabet=st.sampled_from("的了水火山,，。！?\n \u3000aB1٣-.@"), max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.text(max_size=40),
)


def signals_of(documents, names=None, compat="sane"):
    names = names or [signal.name for signal in CHINESE.signals]
    frame = pl.DataFrame(
        {"text": documents, "language": ["zh"] * len(documents)}, schema={"text": pl.String, "language": pl.String}
    )
    return annotate(frame, names, Environment(SignalSettings(compat=compat)))


def one(text, name, compat="sane"):
    return signals_of([text], [name], compat)[name][0]


@settings(deadline=None, max_examples=60)
@given(st.lists(texts, max_size=6))
def test_counts_of_characters_and_lines_agree_with_the_slow_twin(documents):
    found = signals_of(documents)

    for row, text in zip(found.iter_rows(named=True), documents, strict=True):
        han = [c for c in text if slow.is_han(c)]
        own = slow.filled(text)
        assert row["zh_length"] == len(text)
        assert row["zh_line_count"] == text.count("\n") + 1
        assert row["zh_characters"] == sum("\u4e00" <= c <= "\u9fa5" for c in text)
        if not han:
            assert row["zh_prose_characters"] is None
            continue
        lines = [line for line in text.split("\n") if slow.filled(line)]
        assert row["zh_han_fraction"] == pytest.approx(sum(map(slow.is_han, text)) / len(own))
        assert row["zh_prose_characters"] == slow.characters_of(text, "prose")
        assert row["zh_keyword_fraction"] == pytest.approx(slow.characters_of(text, "keywords") / len(own))
        assert row["zh_terminal_line_fraction"] == pytest.approx(
            sum(slow.filled(line)[-1] in slow.TERMINALS for line in lines) / len(lines)
        )
        assert row["zh_short_line_fraction"] == pytest.approx(sum(len(slow.filled(x)) < 10 for x in lines) / len(lines))
        assert row["zh_longest_digits"] == slow.longest_run(text, "digits")
        assert row["zh_longest_repeat"] == slow.longest_run(text, "all")
        assert row["zh_character_entropy"] == pytest.approx(slow.entropy(text), abs=1e-9)
        assert row["zh_title_repeats"] == slow.title_repeats(text)


@settings(deadline=None, max_examples=60)
@given(st.lists(texts.map(lambda text: "水" + text), max_size=5), st.booleans())
def test_repetition_agrees_with_the_slow_twin(documents, reference):
    found = signals_of(documents, ["zh_13gram_repetition"], "reference" if reference else "sane")

    expected = [slow.repetition(text, reference=reference) for text in documents]
    assert found["zh_13gram_repetition"].to_list() == pytest.approx(expected)


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet=st.sampled_from("ab1.-@水 htmlcom"), max_size=60).map(lambda text: "水" + text))
def test_domains_agree_with_the_slow_twin(text):
    found = signals_of([text]).row(0, named=True)

    expected = slow.domains(text, set(FILE_ENDINGS.split()))
    assert found["zh_domain_count"] == len(expected)
    assert found["zh_domain_fraction"] == pytest.approx(sum(map(len, expected)) / len(slow.filled(text)))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("看 www.123456.com 和 m.example.org", 2),
        ("写信到 someone@163.com", 0),
        ("打开 index.html，或 photo.JPG", 0),
        ("一.二.三", 0),
        ("见 example.com。", 1),
        ("版本 1.2.3", 0),
    ],
)
def test_a_domain_is_told_from_a_mail_address_a_file_and_a_number(text, count):
    assert one(text, "zh_domain_count") == count


def test_a_domain_of_digits_has_more_digits_than_letters_in_a_label():
    found = signals_of(["水 www.994996.net 水", "水 www.a3b.net 水"])

    assert found["zh_digit_domain_count"].to_list() == [1, 0]


def test_a_text_without_a_han_character_has_no_value_but_for_its_counts():
    found = signals_of(["only English", ""])

    assert found["zh_length"].to_list() == [12, 0]
    assert found["zh_fraction"].to_list() == [0.0, None]
    assert found["zh_adult_density"].to_list() == [None, None]


def test_reference_repetition_misses_the_last_window():
    text = "水火山川草木日月星辰风雨雷" * 2

    assert one(text, "zh_13gram_repetition") == pytest.approx(2 / 14)
    assert one(text, "zh_13gram_repetition", "reference") == 0.0


def test_traditional_characters_are_those_with_a_simplified_form():
    found = signals_of(["漢語", "汉语", "乾隆", "打坏"])

    assert found["zh_traditional_fraction"].to_list() == [1.0, 0.0, 0.5, 0.0]
    assert found["zh_traditional_changes"].to_list() == [1, 0, 0, 0]


def test_terms_are_found_in_both_scripts_and_any_case():
    found = signals_of(["某某娛樂城", "某某娱乐城", "看AV在线吧", "今天去公园"])

    assert found["zh_gambling_count"].to_list() == [1, 1, 0, 0]
    assert found["zh_adult_count"].to_list() == [0, 0, 1, 0]
    assert found["zh_sensitive_count"].to_list() == [1, 1, 1, 0]


def test_weak_signs_count_as_a_quarter_and_are_no_sensitive_words():
    found = signals_of(["棋牌" + "水" * 998])

    assert found["zh_gambling_density"][0] == pytest.approx(0.25)
    assert found["zh_sensitive_count"][0] == 0


def test_a_title_is_the_first_line_that_has_something():
    found = signals_of(["\n \n某某娱乐城\n今天去公园", "今天去公园\n某某娱乐城"])

    assert found["zh_gambling_title"].to_list() == [1.0, 0.0]


def test_the_title_is_the_pages_own_where_it_has_one():
    frame = pl.DataFrame(
        {
            "text": ["今天去公园\n水", "某某娱乐城\n水", "今天去公园"],
            "title": ["某某娱乐城", " ", None],
            "language": ["zh"] * 3,
        }
    )

    found = annotate(frame, ["zh_gambling_title", "zh_title_repeats"])

    assert found["zh_gambling_title"].to_list() == [1.0, 1.0, 0.0]
    assert found["zh_title_repeats"].to_list() == [0, 0, 0]


def test_a_title_of_the_pages_own_is_looked_for_in_the_whole_text():
    frame = pl.DataFrame(
        {"text": ["English only", "红木家具\n红木家具\n水"], "title": ["红木家具", "红木家具"], "language": ["zh"] * 2}
    )

    assert annotate(frame, ["zh_title_repeats"])["zh_title_repeats"].to_list() == [None, 2]


def test_keywords_of_a_title_are_its_phrases_that_the_text_repeats():
    body = "红木家具，铁皮书柜，海边。" * 5
    found = signals_of(
        [f"红木家具,铁皮书柜,海边_红木家具\n{body}", f"红木家具的今天\n{body}", f"红木家具\n{body[:-5]}"]
    )

    assert found["zh_title_keywords"].to_list() == [2, 0, 1]
    assert found["zh_title_repeats"].to_list() == [5, 0, 5]


def test_everyday_text_that_holds_a_term_by_chance_has_none():
    chance = [
        "通过今后二十年的努力",
        "独立博客与交通博览会",
        "妇女优先，少女优雅",
        "形形色色的彩色图片",
        "集中出发，其中出现",
        "门口爆炸了",
    ]

    found = signals_of(chance)

    assert found["zh_sensitive_count"].to_list() == [0] * len(chance)


def test_sensitive_words_are_per_line():
    assert one("买凶\n黑枪\n水", "zh_sensitive_per_line") == pytest.approx(2 / 3)


def test_a_list_of_ones_own_is_read_as_evalwebs(tmp_path):
    own = tmp_path / "dict.txt"
    own.write_text("政治\t海水\n海风\n", encoding="utf-8")
    environment = Environment(SignalSettings(lists={"sensitive_words.zh": str(own)}))
    frame = pl.DataFrame({"text": ["海水和海风"], "language": ["zh"]})

    found = annotate(frame, ["zh_sensitive_count", "zh_adult_density"], environment)

    assert found.row(0) == (2, 0.0)


def test_error_pages_are_known_by_their_phrases():
    assert one("404 Not Found\n找不到文件或目录。", "zh_error_count") == 2
    assert one("我们在湖边找不到路", "zh_error_count") == 0


def test_contacts_are_names_of_services_with_a_number():
    assert one("QQ：123456789，电话: 010-12345678，微信 abcdef", "zh_contact_count") == 3


def test_the_values_do_not_depend_on_the_documents_beside():
    documents = ["水" * 30, "only English", "娱乐城" * 4 + "\n娱乐城", ""]

    together = signals_of(documents)

    alone = pl.concat([signals_of([text]) for text in documents])
    assert together.equals(alone)


def test_entropy_of_one_character_is_nothing():
    assert one("水水水", "zh_character_entropy") == 0.0
    assert math.isclose(one("水火", "zh_character_entropy"), 1.0)
