"""Figures of dialogues: distinct n-grams against sets of n-grams, and what rows say, in any order of frames."""

import random

import orjson
import polars as pl
import pytest
from dialogue_frames import frame_of, said
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sft.measures import distinct, measure

WORDS = st.sampled_from(["sea", "Hill", "hill", "海", "山", "a1"])
TEXTS = st.lists(st.lists(WORDS, max_size=8), min_size=1, max_size=6)


@given(TEXTS, st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_distinct_n_is_the_share_of_different_n_grams_within_texts(texts, n):
    found = distinct(pl.Series([" ".join(words) for words in texts]), n)

    grams = [tuple(w.lower() for w in words[i : i + n]) for words in texts for i in range(len(words) - n + 1)]
    assert found == (round(len(set(grams)) / len(grams), 4) if grams else None)


def test_distinct_n_looks_at_so_many_words_and_no_more():
    texts = pl.Series(["one two", "one two", "three four"])

    assert distinct(texts, 1, words=4) == 0.5
    assert distinct(texts, 1) == pytest.approx(4 / 6, abs=1e-4)


def rows_of(n):
    dialogues = [said(f"u:Write the {i} story of a fox", f"a:{'so ' * i}it goes") for i in range(n)]
    labels = [orjson.dumps({"difficulty": "hard" if i % 4 == 0 else "Easy", **({"x": 1} if i % 2 else {})}).decode() for i in range(n)]  # fmt: skip
    return frame_of(*dialogues, labels=labels, language=["en" if i % 2 else None for i in range(n)])


def test_all_rows_are_counted_and_texts_are_looked_at_in_a_sample():
    told = measure([rows_of(40)], sample=10)

    assert (told["rows"], told["sample"]) == (40, 10)
    assert told["language"] == {"en": {"rows": 20, "share": 0.5}, "unknown": {"rows": 20, "share": 0.5}}
    assert told["labels"] == {"difficulty": {"rows": 40, "share": 1.0}, "x": {"rows": 20, "share": 0.5}}
    assert told["difficulty"] == {"easy": {"rows": 30, "share": 0.75}, "hard": {"rows": 10, "share": 0.25}}
    assert (told["turns"]["mean"], told["turns"]["max"]) == (2.0, 2.0)
    assert told["answer_characters"]["max"] == 39 * 3 + len("it goes")
    assert told["verbs"]["top"] == {"write": {"rows": 10, "objects": {"story": 10}}}


def test_figures_do_not_depend_on_how_rows_come():
    frame = rows_of(60)
    order = random.Random(3).sample(range(60), 60)

    whole = measure([frame], sample=25)
    shuffled = measure([frame[order][start : start + 7] for start in range(0, 60, 7)], sample=25)

    assert whole == shuffled


def test_nothing_at_all_has_figures_too():
    told = measure([])

    assert (told["rows"], told["sample"], told["distinct_1"]["answers"], told["turns"]) == (0, 0, None, {})
