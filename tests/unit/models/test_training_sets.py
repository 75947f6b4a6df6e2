"""Rows that classifiers learn from and those that are held back."""

import pytest

from corpus_platform.models.training_sets import LowestHashes, RowSettings, training_set

TEXTS = {label: [f"{label} text {number}" for number in range(400)] for label in ("a", "b")}


def test_neither_order_nor_repetition_changes_the_rows():
    turned = {label: [*reversed(texts), texts[0]] for label, texts in TEXTS.items()}

    assert training_set(turned) == training_set(TEXTS)


def test_about_a_tenth_is_held_back_and_nothing_is_on_both_sides():
    rows = training_set(TEXTS)

    assert 50 < len(rows.held_texts) < 110
    assert not set(rows.held_texts) & set(rows.train_texts)
    assert len(rows.held_texts) + len(rows.train_texts) == 800


def test_classes_are_of_one_size_unless_it_is_not_wanted():
    texts = {"a": TEXTS["a"], "b": TEXTS["b"][:100]}

    alike = training_set(texts, RowSettings(held_back=0))
    as_they_are = training_set(texts, RowSettings(held_back=0, balance=False))

    assert [alike.train_labels.count(label) for label in "ab"] == [100, 100]
    assert [as_they_are.train_labels.count(label) for label in "ab"] == [400, 100]


def test_a_text_with_two_labels_is_left_out():
    rows = training_set({"a": ["same", *TEXTS["a"]], "b": ["same", *TEXTS["b"]]}, RowSettings(held_back=0))

    assert "same" not in rows.train_texts


def test_texts_that_are_held_back_by_name_are_not_learnt():
    rows = training_set(TEXTS, held={"a": TEXTS["a"][:5], "b": ["another"]})

    assert sorted(rows.held_texts) == sorted([*TEXTS["a"][:5], "another"])
    assert not set(rows.held_texts) & set(rows.train_texts)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"a": ["one"]}, "a classifier needs two classes, and there is a"),
        ({"a": ["one"], "b": ["two", "three"]}, "a class needs 50 texts to learn from, and `a` has 1, `b` has 1"),
        ({}, "a classifier needs two classes, and there is none"),
    ],
)
def test_too_few_rows_are_a_reason(texts, reason):
    assert training_set(texts, RowSettings(held_back=0)).reason == reason


def test_the_lowest_hashes_are_the_same_from_any_part_of_the_stream_on():
    kept, turned = LowestHashes(7), LowestHashes(7)

    for text in TEXTS["a"]:
        kept.add(text)
    for text in reversed(TEXTS["a"]):
        turned.add(text)

    assert kept.rows() == turned.rows()
    assert len(kept.rows()) == 7
