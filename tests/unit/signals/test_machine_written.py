"""The hint that a text is machine-written."""

import polars as pl
import pytest

from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.machine_written import measures
from corpus_platform.signals.subject import Subject

NAME = "ml_machine_written_score"
FORMULAIC = (
    "It is important to note that regular exercise plays a crucial role in health. Here are some tips:\n\n"
    + "\n".join(f"{i}. Make sure to choose a variety of activities that can help you stay fit." for i in range(1, 7))
    + "\n\nIn conclusion, by following these steps you can improve your well-being."
)
PERSONAL = (
    "No idea. My uncle had a beer like that in Bavaria once, back when the brewery still stood by the old mill and you could walk in through the yard "
    "without anybody minding. Cold! He swore by it. I never liked the stuff much, though I'd drink it if somebody else paid, which happened twice. "
    "Ask at the shop on Elm Street? They might know, or might not. Who can say.\n"
)
ZH_FORMULAIC = (
    "以下是一些保持健康的方法：\n"
    + "\n".join(f"{i}. 确保您每天保持均衡的饮食，这有助于提高身体的免疫力。" for i in range(1, 7))
    + "\n总之，通过这些方法，您可以保持健康。"
)


def scores(texts, languages):
    return annotate(pl.DataFrame({"text": texts, "language": languages}), [NAME])[NAME].to_list()


def test_even_itemised_stock_phrases_score_higher_than_talk():
    formulaic, personal, chinese = scores([FORMULAIC, PERSONAL, ZH_FORMULAIC], ["en", "en", "zh"])

    assert formulaic > 0.9
    assert personal < 0.3
    assert chinese > 0.9


@pytest.mark.parametrize("text", ["", "Short.", "word " * 200, "。。。！！！", "\r\n" * 50])
def test_too_little_text_has_no_score(text):
    assert scores([text], ["en"]) == [None]


def test_other_languages_have_no_score():
    assert scores([FORMULAIC], ["de"]) == [None]


def test_the_measures_are_those_of_the_definition():
    text = "One two three four. Aa bb cc dd ee ff.\n1. furthermore, this one is an item\n- so is this\nbut not this one here, in summary, and more words and more words to have forty of them at last it is so, yes it is so"

    evenness, phrases, items, repeats = measures(Subject.of(pl.DataFrame({"text": [text], "language": ["en"]})))[0]

    words = annotate(pl.DataFrame({"text": [text], "language": ["en"]}), ["rps_doc_word_count"])
    assert words.height == 1
    assert items == pytest.approx(2 / 4)
    assert phrases > 0
    assert 0 < repeats < 0.5
    assert evenness > 0
