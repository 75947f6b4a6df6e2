"""How much of one data set another one has, in both directions."""

import polars as pl
import pytest

from corpus_platform.analytics.sft_overlap import overlaps_of_frames, what_it_says
from corpus_platform.sft.flat import MESSAGE_TYPE

WORDS = [f"{a}{b}" for a in ("ba", "co", "di", "fu", "ge") for b in ("ra", "se", "ti", "vo", "zu", "la", "me", "no")]


def frame(*pairs):
    rows = [
        [
            {
                "role": role,
                "content": text,
                "reasoning": None,
                "calls": None,
                "name": None,
                "trained": role == "assistant",
            }
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
        for pair in pairs
    ]
    return pl.DataFrame(
        {"doc_id": [f"d{i}" for i in range(len(rows))], "messages": pl.Series(rows, dtype=MESSAGE_TYPE)}
    )


def pair(start):
    return f"Tell me of {WORDS[start]} and of {WORDS[start + 1]}", " ".join(WORDS[start:] + WORDS[:start])


def shares(found, one, other):
    row = found.filter((pl.col("set") == one) & (pl.col("other") == other)).row(0, named=True)
    return row["rows"], row["same_prompt"], row["same_dialogue"], row["alike"]


def test_a_part_is_all_in_the_whole_and_the_whole_is_not_all_in_the_part():
    whole = [pair(i) for i in range(0, 32, 4)]

    found = overlaps_of_frames({"whole": [frame(*whole)], "part": [frame(*whole[:4]), frame(whole[5])]})

    assert shares(found, "part", "whole") == (5, 1.0, 1.0, 1.0)
    assert shares(found, "whole", "part") == (8, pytest.approx(5 / 8), pytest.approx(5 / 8), pytest.approx(5 / 8))
    assert found.row(0, named=True)["set"] == "part"
    assert what_it_says(found.row(0, named=True)) == "is in it"


def test_copies_up_to_small_differences_are_alike_and_not_the_same():
    asked, said = pair(0)

    found = overlaps_of_frames({"a": [frame((asked, said))], "b": [frame((asked, said + " indeed"))]})

    assert shares(found, "a", "b") == (1, 1.0, 0.0, 1.0)


def test_one_set_of_prompts_with_other_answers_is_told():
    asked, said = pair(0)

    found = overlaps_of_frames({"a": [frame((asked, said))], "b": [frame((asked, "No."))]})

    assert shares(found, "a", "b") == (1, 1.0, 0.0, 0.0)
    assert what_it_says(found.row(0, named=True)) == "its prompts, with other answers"


def test_doubles_within_a_set_count_as_its_rows():
    one, other = pair(0), pair(20)

    found = overlaps_of_frames({"a": [frame(one, one, other)], "b": [frame(one)]})

    assert shares(found, "a", "b") == (3, pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3))
