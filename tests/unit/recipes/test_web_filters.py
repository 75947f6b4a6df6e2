"""The steps of Gopher, C4, FineWeb and the address filter: which rules they ask, what the C4 edit tells of itself."""

import sys

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.steps.c4 import C4
from corpus_platform.recipes.steps.fineweb import FineWebQuality
from corpus_platform.recipes.steps.gopher import GopherQuality, GopherRepetition
from corpus_platform.recipes.steps.url import Url
from corpus_platform.signals import spacy_words
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

ENVIRONMENT = Environment()


def subject(*texts, words="simple"):
    return Subject.of(pl.DataFrame({"text": texts}), Environment(SignalSettings(words=words)))


def test_a_threshold_of_null_is_not_asked():
    assert [rule.name for rule in FineWebQuality(short_line_thr=None, new_line_ratio=None).rules(ENVIRONMENT)] == [
        "empty",
        "line_punct_ratio",
        "char_dup_ratio",
    ]
    assert "gopher_enough_stop_words" not in [
        rule.name for rule in GopherQuality(min_stop_words=None).rules(ENVIRONMENT)
    ]
    assert [
        rule.name for rule in Url(blocked=False, banned_words=False, soft_word_threshold=None).rules(ENVIRONMENT)
    ] == ["blacklisted_subword"]


def test_n_grams_of_characters_are_asked_of_the_chinese_twins():
    rules = {rule.name: rule.signal for rule in GopherRepetition(unit="characters").rules(ENVIRONMENT)}

    assert rules["dup_line_frac"] == "gopher_dt_dup_line_fraction"
    assert rules["top_2_gram"] == "gopher_cjk_top_2gram_char_fraction"
    assert rules["duplicated_10_n_grams"] == "gopher_cjk_dup_10gram_char_fraction"


def test_c4_tells_what_it_took_out_with_its_place():
    text = "Menu\n  A line[1] of prose here.\nPlease enable JavaScript now.\nAnother line of prose."

    edited = C4(min_sentences=2).edit(subject(text), trace=True)

    assert edited.text[0] == "A line of prose here.\nAnother line of prose."
    assert [(text[s:e], rule) for _, s, e, rule in edited.spans.iter_rows()] == [
        ("Menu", "no_terminal_punc"),
        ("[1]", "citation"),
        ("Please enable JavaScript now.", "javascript"),
    ]
    assert edited.removed == {"no_terminal_punc": 1, "javascript": 1, "citation": 1}


def test_c4_names_the_line_that_drops_a_page_and_looks_no_further():
    text = "A line of prose here.\nHere is code { and so on }.\nMenu"

    edited = C4().edit(subject(text), trace=True)

    assert edited.rules[edited.dropped[0]] == "curly_bracket"
    assert edited.value[0] == 2
    assert edited.spans.rows() == [(0, 22, 49, "curly_bracket")]


def test_c4_counts_chinese_sentences_and_words_where_that_is_asked():
    text = "今天天气很好。我们去公园！你呢？"

    plain = C4(end_marks=("？",), min_words_per_line=3, min_sentences=3).edit(subject(text))
    wide = C4(end_marks=("？",), min_words_per_line=3, min_sentences=3, wide=True).edit(subject(text))

    assert [plain.rules[i] if i >= 0 else "" for i in plain.dropped] == ["too_few_sentences"]
    assert wide.text[0] == text


def test_spacys_words_without_spacy_are_a_mistake_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    spacy_words._pipeline.cache_clear()

    with pytest.raises(SettingsError, match=r'pip install "corpus-platform\[spacy\]"'):
        C4().edit(subject("One line of prose here.", words="spacy"))
