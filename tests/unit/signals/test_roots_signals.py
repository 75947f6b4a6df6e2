"""The quantities of ROOTS and Data-Juicer against slow twins and against values that were computed by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_roots import SPECIAL, slow_character_repetition, slow_listed, slow_word_repetition, slow_words
from texts import batches_of_texts, texts

from corpus_platform.lists.lists import Lists
from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.signals.windows import character_windows
from corpus_platform.text.batch import TextBatch

REFERENCE = Environment(SignalSettings(compat="reference"))
LISTED = SPECIAL | set(Lists.of().get("special_characters").entries)


def measured(texts, names, environment=None, languages=None):
    frame = pl.DataFrame({"text": texts, "language": languages or ["en"] * len(texts)})
    return compute(Subject.of(frame.with_columns(language_score=pl.lit(1.0)), environment), names)


@pytest.mark.parametrize(
    ("text", "ratio"), [("abcabcabcabc", 0.4), ("abcdefghij", 0.0), ("a" * 10, 1.0), ("", 0.0), ("ab", 0.0)]
)
def test_character_repetition_is_as_computed_by_hand(text, ratio):
    windows = character_windows(TextBatch.of([text]), np.array([3]))

    assert windows.top_ratio[0] == pytest.approx(ratio)


@settings(deadline=None, max_examples=60)
@given(st.lists(texts() | st.text("ab ", max_size=60), max_size=5), st.integers(1, 12))
def test_windows_of_characters_agree_with_their_slow_twin(some, n):
    windows = character_windows(TextBatch.of(some), np.full(len(some), n))

    assert windows.top_ratio == pytest.approx([slow_character_repetition(text, n) for text in some])


@settings(deadline=None, max_examples=40)
@given(batches_of_texts())
def test_words_are_cut_and_stripped_as_bigscience_does(some):
    names = ["roots_word_count", "roots_word_repetition_ratio", "dj_word_repetition_ratio"]

    found = measured(some, names, REFERENCE)

    words = [slow_words(text, LISTED) for text in some]
    assert found["roots_word_count"].to_list() == [len(w) for w in words]
    assert found["roots_word_repetition_ratio"].to_list() == pytest.approx([slow_word_repetition(w, 5) for w in words])
    assert found["dj_word_repetition_ratio"].to_list() == pytest.approx([slow_word_repetition(w, 10) for w in words])


def test_repeated_words_are_all_copies_of_windows_that_come_again():
    found = measured(["one two three four five " * 2 + "six"], ["roots_word_repetition_ratio"])

    assert found.item() == pytest.approx(2 / 7)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text("the of and Xyz.,!1 \n。你好", max_size=40), max_size=5))
def test_stop_words_agree_with_their_slow_twin(some):
    found = measured(some, ["roots_stop_word_ratio", "roots_special_character_ratio"], REFERENCE)

    entries = Lists.of().get("stop_words", "en").set
    assert found["roots_stop_word_ratio"].to_list() == pytest.approx(
        [slow_listed(slow_words(t, LISTED), entries) for t in some]
    )
    assert found["roots_special_character_ratio"].to_list() == pytest.approx(
        [sum(c in LISTED for c in t) / max(len(t), 1) for t in some]
    )


def test_pairs_of_chinese_characters_are_looked_up_too():
    found = measured(["这里有色情的电影", "这里有色, 情的电影"], ["roots_flagged_word_ratio"], languages=["zh", "zh"])

    assert found["roots_flagged_word_ratio"].to_list() == pytest.approx([1 / 8, 0.0])


def test_the_reference_joins_pairs_across_what_was_stripped_between_them():
    found = measured(["这里有色, 情的电影"], ["roots_flagged_word_ratio"], REFERENCE, languages=["zh"])

    assert found.item() == pytest.approx(1 / 8)


def test_a_language_without_a_list_has_no_share():
    found = measured(["Ovo je neki tekst."], ["roots_flagged_word_ratio", "roots_stop_word_ratio"], languages=["sh"])

    assert found.row(0) == (None, None)


def test_pieces_are_the_words_of_chinese_where_there_is_a_model():
    class Pieces:
        def encode(self, texts):
            return [" ".join([text[:2], text[2:]]) for text in texts]

    environment = Environment(models={"sentence_piece/zh": Pieces()})

    found = measured(["今天天气很好。", "one two three"], ["roots_word_count"], environment, languages=["zh", "en"])

    assert found["roots_word_count"].to_list() == [2, 3]


def test_emoji_and_chinese_marks_are_special_without_any_list():
    found = measured(["😀，ab"], ["roots_special_character_ratio", "dj_special_characters_ratio"])

    assert found.row(0) == (0.5, 0.5)


def test_data_juicer_measures_lines_as_python_splits_them():
    names = ["dj_average_line_length", "dj_maximum_line_length", "dj_text_length", "dj_alphanumeric_ratio"]

    found = measured(["ab\r\ncdef\u2028g", ""], names).select(names)

    assert found.row(0) == pytest.approx((10 / 3, 4, 10, 0.7))
    assert found.row(1) == (0.0, 0, 0, 0.0)
