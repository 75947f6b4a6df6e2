"""RefinedWeb's corrections equal DCLM's modifiers applied one after the other."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_web_lines import fasttext_words, refinedweb_text
from texts import texts

from corpus_platform.clean import refinedweb_lines
from corpus_platform.recipes.steps.refinedweb import Newlines, RefinedWebLines, RemoveUrls
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import TextBatch

LINES = [
    "3 likes",
    "1,2K Views!",
    "  5 followers",
    "٣ shares",
    "12 cats",
    "HELLO",
    "Hello World",
    "  1234",
    "12 34",
    "x",
    "",
    "   ",
    "two words",
]
LINES += [
    "3 items in cart",
    "items in cart",
    "Some text Read more...",
    "Read moreXYZ",
    "Read more…",
    "Sign-in here",
    "Sign-in",
    "SIGN-IN now please",
]
LINES += [
    "a line of more than ten words that holds items in cart and so stays",
    "中文 一行",
    "ＨＥＬＬＯ x",
    "7 kikes",
    "7k likes",
    "7 \u212a likes",
]


def pages():
    return st.lists(st.lists(st.sampled_from(LINES) | texts(6), max_size=7).map("\n".join), max_size=4)


def subject(pages, compat="sane"):
    return Subject.of(
        pl.DataFrame({"text": pages}, schema={"text": pl.String}), Environment(SignalSettings(compat=compat))
    )


@settings(deadline=None, max_examples=80)
@given(pages(), st.booleans())
def test_the_text_is_that_of_the_modifiers_one_after_the_other(pages, reference):
    edited = RefinedWebLines(max_removed=None).edit(subject(pages, "reference" if reference else "sane"))

    assert edited.text.to_list() == [refinedweb_text(text, 0.5, 0.999999, 2, 10, reference=reference) for text in pages]


@settings(deadline=None, max_examples=40)
@given(pages())
def test_words_are_counted_as_fasttext_cuts_them(pages):
    assert refinedweb_lines.fasttext_words(TextBatch.of(pages)).tolist() == [fasttext_words(text) for text in pages]


def test_a_document_that_loses_more_than_a_twentieth_of_its_words_goes():
    prose = "plain words make up this line\n" * 9
    texts = [prose + "one two three\nSHOUT", prose + "one two three four five six\nSHOUT NOW AND THEN", "SHOUT"]

    edited = RefinedWebLines().edit(subject(texts))

    assert [edited.rules[i] if i >= 0 else "" for i in edited.dropped] == ["", "too_many_words_removed", "no_line_left"]
    assert edited.value[1] == pytest.approx(4 / 64)
    assert edited.threshold[1] == 0.05


def test_what_went_is_told_with_its_place_in_the_text_before():
    text = "  HEADLINE\nplain words here\n12 likes\n3 items in cart left\nmore plain words"

    edited = RefinedWebLines(max_removed=None).edit(subject([text]), trace=True)

    assert edited.text[0] == "plain words here\n3 left\nmore plain words"
    assert [(text[s:e], rule) for _, s, e, rule in edited.spans.iter_rows()] == [
        ("  HEADLINE", "uppercase"),
        ("12 likes", "counter"),
        (" items in cart", "items_in_cart"),
    ]
    assert edited.removed == {"uppercase": 1, "counter": 1, "items_in_cart": 1}


def test_runs_of_newlines_are_shortened_to_two():
    edited = Newlines().edit(subject(["a\n\n\n\nb\n\nc", "a\nb"]), trace=True)

    assert edited.text.to_list() == ["a\n\nb\n\nc", "a\nb"]
    assert edited.changed.tolist() == [True, False]
    assert edited.spans.rows() == [(0, 1, 5, "newlines")]


def test_addresses_and_numbers_go_out_of_the_text():
    texts = ["See https://example.com/a?b=c now", "Mail host.co.uk or 10.0.0.1:80 here", "End. Start", "version 1.2.3"]

    edited = RemoveUrls().edit(subject(texts))

    assert edited.text.to_list() == ["See now", "Mail or here", "End. Start", "version 1.2.3"]
    assert edited.removed == {"url": 2, "ip_address": 1}


def test_dclm_itself_looks_for_addresses_only_in_texts_that_begin_with_a_top_level_domain():
    edited = RemoveUrls().edit(
        subject(["We see example.com", "Wait: see example.com", "It is example.com"], "reference")
    )

    assert edited.text.to_list() == ["We see example.com", "Wait: see example.com", "It is"]
