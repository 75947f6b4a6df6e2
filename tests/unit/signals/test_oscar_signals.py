"""OSCAR's quantities of a page and the vote of its lines, against slow twins and by hand."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_oscar import slow_lines, slow_numbers
from texts import texts

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.oscar import Vote, rust_lines, vote
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import TextBatch

REFERENCE = Environment(SignalSettings(compat="reference"))
lines = st.sampled_from(
    ["", "short", "中文", "a" * 99, "b" * 100, "c" * 101, "é" * 60, "1" * 101, "长" * 101, "\r", "d " * 60]
)
pages = st.lists(lines, max_size=14).map("\n".join)


def measured(some, names, environment=None):
    frame = pl.DataFrame({"text": some, "language": ["en"] * len(some), "language_score": [1.0] * len(some)})
    return compute(Subject.of(frame, environment), names).select(names)


@settings(deadline=None, max_examples=60)
@given(st.lists(texts() | st.text("a\r\n", max_size=12), max_size=5))
def test_lines_are_those_of_rust(some):
    spans, first = rust_lines(TextBatch.of(some))

    assert [spans.bytes(i).decode() for i in range(len(spans))] == [line for text in some for line in slow_lines(text)]
    assert (first[1:] - first[:-1]).tolist() == [len(slow_lines(text)) for text in some]


@settings(deadline=None, max_examples=80)
@given(st.lists(pages, max_size=4))
def test_quantities_agree_with_their_slow_twin(some):
    names = list(slow_numbers("a" * 101))

    found = measured(some, names)

    for row, text in zip(found.iter_rows(named=True), some, strict=True):
        slow = slow_numbers(text)
        assert row == (dict.fromkeys(names) if slow is None else pytest.approx(slow))


def test_a_page_that_is_noisy_and_tiny_only_is_known_but_to_the_reference_whose_list_is_in_another_order():
    page = "1 2 3 " * 30

    sane, reference = (
        measured([page], ["oscar_only_noisy_and_tiny"], environment).item() for environment in (None, REFERENCE)
    )

    assert (sane, reference) == (True, False)


def test_the_language_with_most_bytes_wins_with_its_mean_probability_over_all_bytes():
    found = vote(["en", "en", "fr", "de"], [0.9, 1.0, 0.95, 0.5], [40, 20, 30, 10])

    assert found == Vote("en", pytest.approx(0.56), multilingual=False)


def test_unsure_lines_that_have_most_bytes_leave_a_page_without_language():
    assert vote(["en", "fr"], [0.79, 0.9], [60, 40]).language is None
    assert vote([], [], []).language is None


@pytest.mark.parametrize(
    ("codes", "many"),
    [
        (["en"] * 5 + ["fr"] * 5, True),
        (["en"] * 9 + ["fr"], False),
        (["en"] * 4 + ["fr"] * 5, False),
        (["en"] * 5 + ["fr"] * 5 + [None] * 2, True),
        (["en"] * 5 + ["fr"] * 5 + [None] * 3, False),
        (["en", "fr", "de", "it", "es", "pt"] * 2, False),
    ],
    ids=["halves", "one line", "nine lines", "few unsure", "a fifth unsure", "six languages"],
)
def test_a_page_of_many_languages_has_its_share_of_lines_in_each(codes, many):
    assert vote(codes, [0.9] * len(codes), [100] * len(codes)).multilingual is many


def test_the_lines_of_a_page_are_asked_one_by_one():
    english = "The harbour was quiet in the early morning, and the boats came back one by one while the gulls were still asleep on the roofs."
    french = "Le port était calme au petit matin, et les bateaux revenaient un par un pendant que les mouettes dormaient encore sur les toits."

    found = measured(
        [f"menu\n{english}\n{french}\n{english}\nmenu", "", "\n".join([english, french] * 5)],
        ["oscar_language", "oscar_multilingual"],
    )

    assert found["oscar_language"].to_list() == ["en", None, "multi"]
    assert found["oscar_multilingual"].to_list() == [False, False, True]
