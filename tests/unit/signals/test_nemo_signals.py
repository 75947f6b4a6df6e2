"""NeMo Curator's heuristics against slow twins, and their sane form on Chinese."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_nemo import slow_distinct, slow_duplicates, slow_sentences, slow_symbols, slow_top, slow_urls
from texts import batches_of_texts, texts

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

REFERENCE = Environment(SignalSettings(compat="reference"))
few_words = st.lists(st.sampled_from(["a", "bb", "the", "é", "#", "##", "...", "a b"]), max_size=30).map(" ".join)


def measured(some, names, environment=None, language="en"):
    frame = pl.DataFrame({"text": some, "language": [language] * len(some), "language_score": [1.0] * len(some)})
    return compute(Subject.of(frame, environment), names).select(names)


@settings(deadline=None, max_examples=60)
@given(st.lists(few_words | texts(), max_size=5))
def test_ngram_scores_agree_with_their_slow_twins(some):
    found = measured(
        some, ["nemo_top_2gram_fraction", "nemo_top_3gram_fraction", "nemo_duplicate_5gram_fraction"], REFERENCE
    )

    for row, text in zip(found.iter_rows(), some, strict=True):
        assert row == pytest.approx((slow_top(text, 2), slow_top(text, 3), slow_duplicates(text, 5)))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text("ab\n #", max_size=40) | texts(), max_size=5))
def test_lines_paragraphs_and_symbols_agree_with_their_slow_twins(some):
    names = [
        f"nemo_distinct_{part}_fraction" for part in ("line", "line_character", "paragraph", "paragraph_character")
    ]

    found = measured(some, [*names, "nemo_symbol_to_word_ratio"], REFERENCE)

    for row, text in zip(found.iter_rows(), some, strict=True):
        lines, paragraphs = slow_sentences(text), text.split("\n\n")
        slow = [slow_distinct(parts, by) for parts in (lines, paragraphs) for by in (False, True)]
        assert list(row) == [value if value is None else pytest.approx(value) for value in [*slow, slow_symbols(text)]]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.text("htps:/a%2Fé. ", max_size=30).map(lambda tail: f"http://{tail} https://a{tail}"), max_size=4))
def test_urls_are_found_as_the_pattern_finds_them(some):
    found = measured(some, ["nemo_url_fraction"], REFERENCE)

    assert found["nemo_url_fraction"].to_list() == pytest.approx([slow_urls(text) / len(text) for text in some])


@settings(deadline=None, max_examples=30)
@given(batches_of_texts())
def test_shares_of_characters_are_one_for_empty_texts_and_else_as_counted(some):
    names = [
        "nemo_non_alphanumeric_fraction",
        "nemo_digit_fraction",
        "nemo_white_space_fraction",
        "nemo_parenthesis_fraction",
    ]

    found = measured(some, names, REFERENCE)

    for row, text in zip(found.iter_rows(), some, strict=True):
        ascii_text = sum(c.isascii() and (c.isalnum() or c in "\n?!,.") for c in text)
        counts = (
            len(text) - ascii_text,
            sum(c in "0123456789" for c in text),
            sum(c in "\t\n\r\b " for c in text),
            sum(c in "{}⟨⟩[]()" for c in text),
        )
        assert row == pytest.approx([count / len(text) for count in counts] if text else [1.0] * 4)


def test_a_chinese_text_is_text_and_its_characters_are_words():
    names = [
        "nemo_non_alphanumeric_fraction",
        "nemo_word_count",
        "nemo_no_end_mark_fraction",
        "nemo_top_2gram_fraction",
    ]
    text = "今天天气很好。我们去公园，天气很好！"

    sane = measured([text], names, language="zh").row(0)
    reference = measured([text], names, REFERENCE, language="zh").row(0)

    assert sane == pytest.approx((0.0, 18, 0.0, 4 / 18))
    assert reference == pytest.approx((1.0, 1, 1.0, 1.0))


def test_a_phrase_of_a_cookie_notice_marks_its_paragraph_and_lorem_ipsum_the_text():
    some = ["Read our Privacy Policy.\n\nA story.\nof two lines", "A story.\n\nLorem Ipsum dolor"]

    found = measured(some, ["nemo_boilerplate_fraction"])

    assert found["nemo_boilerplate_fraction"].to_list() == [0.5, 1.0]


def test_lines_that_end_in_an_ellipsis_are_found_in_any_case():
    found = measured(
        ["Read More\n\n  so it goes…  \nend.\n• point"], ["nemo_ellipsis_line_fraction", "nemo_bullet_line_fraction"]
    )

    assert found.row(0) == (0.5, 0.25)


def test_a_text_without_blank_lines_has_its_lines_for_paragraphs_but_to_the_reference():
    some = ["Read our privacy policy.\nA story.\nof three lines\n"]
    names = ["nemo_boilerplate_fraction", "nemo_distinct_paragraph_fraction"]

    sane, reference = (measured(some, names, environment).row(0) for environment in (None, REFERENCE))

    assert sane == pytest.approx((1 / 3, 1.0))
    assert reference == (1.0, 1.0)
