"""What is measured of texts in two languages, and the forms of their sides."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.dedup.forms import in_form
from corpus_platform.signals.annotate import compute
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.sides import side_texts

LINE = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n"), min_size=1)


def measured(text, category, *names):
    found = compute(Subject.of(pl.DataFrame({"text": [text], "category": [category]})), names)
    values = [found[name].to_list()[0] for name in names]
    return values[0] if len(values) == 1 else values


def test_pairs_and_lengths_are_measured_of_texts_whose_category_is_a_pair():
    names = ("parallel_pairs", "parallel_length_ratio", "parallel_copied")

    assert measured("abcdef\n甲乙", "en-zh", *names) == [1, 1.0, 0.0]
    assert measured("abcdefgh\n甲乙\n\nabcd\n丙丁", "en-zh", *names) == [2, 13 / 13, 0.0]
    assert measured("Hello!\nhello\n\na\nb", "en-fr", *names)[2] == 0.5
    assert measured("a\nb", "Physics", *names) == [None, None, None]
    assert measured("a\nb", None, *names) == [None, None, None]


def test_the_ratio_of_a_text_without_a_target_is_not_known():
    assert measured("one line", "en-fr", "parallel_length_ratio") is None


@pytest.mark.parametrize(
    ("text", "category", "wrong"),
    [
        ("The weather is fine today, said the old man.\n天气今天很好，老人说他要出去走走。", "en-zh", 0),
        ("The weather is fine today, said the old man.\nDas Wetter ist heute schön, sagte der alte Mann.", "en-fr", 1),
        ("Das Wetter ist heute schön, sagte der Mann.\nThe weather is fine today, said the man.", "en-de", 2),
        ("景爱永安侯确之勇，常置左右。\n侯景很欣赏永安侯萧确的勇敢，经常把他安排在自己的身边。", "lzh-zh", 0),
        ("Yes.\nDa.", "en-fr", 0),
    ],
)
def test_sides_in_another_language_than_is_said_are_counted(text, category, wrong):
    assert measured(text, category, "parallel_wrong_languages") == wrong


@given(st.lists(st.tuples(LINE, LINE), min_size=1))
def test_sides_are_what_the_layout_was_made_of(pairs):
    text = pl.Series(["\n\n".join(f"{source}\n{target}" for source, target in pairs)])

    assert side_texts(text, "source").to_list() == ["\n".join(source for source, _ in pairs)]
    assert side_texts(text, "target").to_list() == ["\n".join(target for _, target in pairs)]


def test_a_form_is_one_side_in_lower_case_or_the_whole_text_where_there_is_none():
    batch = TextBatch.of(["Hello\nSalut\n\nBye\nCiao", "One line"])

    assert in_form(batch, "source_side").texts.to_list() == ["hello\nbye", "one line"]
    assert in_form(batch, "target_side").texts.to_list() == ["salut\nciao", "one line"]
