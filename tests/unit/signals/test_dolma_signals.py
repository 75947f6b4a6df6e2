"""Dolma's taggers against slow twins, the sane form beside the reference, and Unicode's word segments."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_dolma import slow_c4, slow_gopher
from texts import texts

from corpus_platform.errors import SettingsError
from corpus_platform.signals.annotate import compute
from corpus_platform.signals.dolma import gopher
from corpus_platform.signals.dolma_spans import tag
from corpus_platform.signals.dolma_word_break import word_segments
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import TextBatch

REFERENCE = Environment(SignalSettings(compat="reference"))
rough = st.lists(
    st.sampled_from(["the", "the", "a", "#x", "…", "...", "\n", "\n\n", "- b", "* c.", "中文。", "{", "1"]), max_size=30
).map(" ".join)
some_texts = st.lists(texts() | rough, max_size=4)


def subject_of(some, environment=None):
    frame = pl.DataFrame({"text": some, "language": ["en"] * len(some), "language_score": [1.0] * len(some)})
    return Subject.of(frame, environment)


@settings(deadline=None, max_examples=60)
@given(some_texts, st.sampled_from([1, 2]))
def test_gopher_agrees_with_its_slow_twin(some, version):
    quantities = gopher(subject_of(some, REFERENCE), version)

    found = {kind: make().tolist() for kind, make in quantities.items()}
    for d, text in enumerate(some):
        slow = slow_gopher(text, version)
        assert {kind: found[kind][d] for kind in slow if slow[kind] is not None} == pytest.approx(
            {kind: value for kind, value in slow.items() if value is not None}
        )


@settings(deadline=None, max_examples=60)
@given(some_texts)
def test_c4_agrees_with_its_slow_twin(some):
    names = [f"dolma_c4_{name}" for name in slow_c4("")]

    found = compute(subject_of(some, REFERENCE), names).select(names)

    assert found.rows() == [tuple(slow_c4(text).values()) for text in some]


@settings(deadline=None, max_examples=60)
@given(some_texts)
def test_spans_of_lines_cover_the_lines_that_they_are_about(some):
    for kind, start, end in tag(subject_of(some), "c4_v1").select("type", "start", "end").iter_rows():
        assert 0 <= start <= end <= max(map(len, some))
        assert kind

    for document, start, end in (
        tag(subject_of(some), "not_alphanum_paragraph_v1").select("document", "start", "end").iter_rows()
    ):
        assert (
            (start, end) == (0, len(some[document]))
            or some[document][:end].endswith("\n")
            or end == len(some[document])
        )


def test_v1_wants_the_word_javascript_and_v2_its_letters():
    names = ["dolma_c4_v1_has_javascript", "dolma_c4_v2_has_javascript"]

    found = compute(subject_of(["Turn JavaScript on.", "Use javascripts!"]), names)

    assert found.rows() == [(True, True), (False, True)]


def test_the_sane_form_knows_three_points_capitals_bullets_and_chinese_marks():
    text = "The end...\n  • and\n今天天气很好。"
    names = [
        "dolma_gopher_v1_required_word_count",
        "dolma_gopher_v1_fraction_of_lines_ending_with_ellipsis",
        "dolma_gopher_v1_fraction_of_lines_starting_with_bullet_point",
        "dolma_c4_lines_with_no_ending_punctuation",
        "dolma_c4_lines_with_too_few_words",
    ]

    sane, reference = (compute(subject_of([text], env), names).select(names).row(0) for env in (None, REFERENCE))

    assert sane == pytest.approx((2, 1 / 3, 1 / 3, 1, 2))
    assert reference == pytest.approx((1, 0.0, 0.0, 2, 3))


def test_the_reference_measures_one_more_of_pieces_and_of_the_share_of_personal_data():
    names = ["dolma_whitespace_tokenizer_v1", "dolma_pii_v2_doc_frac", "dolma_pii_v2_doc_count"]

    sane, reference = (compute(subject_of(["ab 8.8.8.8", ""], env), names).select(names) for env in (None, REFERENCE))

    assert sane.rows() == [(8, 0.7, 1), (0, None, 0)]
    assert reference.rows() == [(9, 1.7, 1), (1, -1.0, 0)]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("  \n ", 0),
        ("can't 3.14 x.y", 5),
        ("a\r\nb", 3),
        ("a  b", 3),
        ("今天", 2),
        ("カタカナ_1", 1),
        ("e\u0301a", 1),
        ("👩\u200d🔬!", 2),
        ("🇩🇪🇫🇷🇮", 3),
        ("א\"א א'", 3),
        ("a\u00b8b", 3),
        ("1,000;2 a:b", 3),
    ],
)
def test_word_segments_are_those_of_the_standard(text, segments):
    assert word_segments(TextBatch.of([text])).tolist() == [segments]


def test_paragraphs_of_marks_and_pictures_are_counted():
    found = compute(subject_of(["***\n😀 ！\nab\n \n中\n(1)"]), ["dolma_not_alphanum_paragraph_v1"])

    assert found.item() == 2


def test_an_unknown_tagger_is_told_with_the_ones_that_there_are():
    with pytest.raises(SettingsError, match="there is no tagger `gopher_v3`; there are gopher_v1, gopher_v2"):
        tag(subject_of([""]), "gopher_v3")
