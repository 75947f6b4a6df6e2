"""Signals of Chinese words, by hand."""

import polars as pl
import pytest

from corpus_platform.signals.annotate import annotate, default_signals
from corpus_platform.signals.chinese_words import CHINESE_WORDS

pytest.importorskip("rjieba")


def test_words_are_cut_and_counted():
    frame = pl.DataFrame({"text": ["我们爱北京，我们爱学习。", "，。", ""], "language": ["zh"] * 3})

    found = annotate(frame, [signal.name for signal in CHINESE_WORDS.signals])

    assert found["zh_word_count"].to_list() == [6, 0, 0]
    assert found["zh_mean_word_length"][0] == pytest.approx(10 / 6)
    assert found["zh_unique_word_fraction"][0] == pytest.approx(4 / 6)
    assert found["zh_stop_word_fraction"].to_list()[1:] == [None, None]
    assert 0 < found["zh_stop_word_fraction"][0] < 1


def test_words_are_computed_only_when_asked_for():
    assert not {signal.name for signal in CHINESE_WORDS.signals} & set(default_signals())
