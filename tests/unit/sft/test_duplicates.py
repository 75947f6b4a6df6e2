"""Copies among dialogues: which rule takes which row, in whose place, and what stays."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sft.duplicates import Copies, index_of
from corpus_platform.sft.duplicates_search import RULES, Earlier, Index, may_match, verdicts_of
from corpus_platform.sft.flat import MESSAGE_TYPE

FOX = "the quick brown fox runs over the lazy dog and then goes home to sleep under a tree near the river where many fish swim"
LONG = " ".join(
    f"{a}{b}"
    for a in ("ba", "co", "di", "fu", "ge", "hi", "jo")
    for b in ("ra", "se", "ti", "vo", "zu", "la", "me", "no")
)
PARK = "今天天气很好我们一起去公园散步看到了很多花和小鸟然后回家吃饭休息到了晚上又去看了一场电影"


def dialogue(*said):
    roles = ("user", "assistant")
    return [
        {"role": roles[i % 2], "content": text, "reasoning": None, "calls": None, "name": None, "trained": i % 2 == 1}
        for i, text in enumerate(said)
    ]


def frame(*dialogues, **columns):
    messages = pl.Series("messages", [dialogue(*said) for said in dialogues], dtype=MESSAGE_TYPE)
    ids = [f"row{i}" for i in range(len(dialogues))]
    return pl.DataFrame({"doc_id": ids, "messages": messages, **columns})


def index(*dialogues, options=None, **columns):
    return Index.of(index_of(frame(*dialogues, **columns), options or Copies()))


def gone(*dialogues, options=None, earlier=(), **columns):
    """(row, rule, row that stays) of all that go."""
    asked = options or Copies()
    found = verdicts_of(index(*dialogues, options=asked, **columns), asked, earlier)
    assert found["doc_id"].to_list() == [f"row{i}" for i in range(len(dialogues))]
    return [tuple(row) for row in found.filter(~pl.col("kept")).select("doc_id", "rule", "canonical").iter_rows()]


@pytest.mark.parametrize(
    "other",
    [("hello  THERE!", "Good day."), ("Hello there", "good day!!"), ("Hello there\n", " Good\tday")],
)
def test_equal_dialogues_are_so_whatever_case_blanks_and_last_marks_they_have(other):
    assert gone(("Hello there", "Good day"), other) == [("row1", "exact_dialogue", "row0")]


def test_composed_and_decomposed_letters_are_the_same():
    assert gone(("caf\u00e9", "oui"), ("cafe\u0301", "oui")) == [("row1", "exact_dialogue", "row0")]


def test_marks_within_a_message_count():
    assert gone(("2 + 2", "4"), ("2 - 2", "0")) == []


def test_answers_to_one_prompt_all_stay_by_default():
    assert gone(("Who are you", "A fox of the woods"), ("Who are you", "A bird that flies south")) == []


@pytest.mark.parametrize(
    ("policy", "stays"), [("longest", "row1"), ("priority", "row0"), ("best", "row2"), ("keep_all", None)]
)
def test_of_answers_to_one_prompt_the_policy_says_which_stays(policy, stays):
    rows = [("Who are you?", "A fox"), ("who are you", "A bird that flies south"), ("Who are you", "None")]
    labels = ['{"quality": 1}', '{"quality": 2.5}', '{"quality": 4}']
    options = Copies(same_prompt=policy, best_by="quality")

    found = gone(*rows, options=options, labels=labels)

    others = [f"row{i}" for i in range(3) if f"row{i}" != stays]
    assert found == ([] if stays is None else [(other, "prompt", stays) for other in others])


def test_a_dialogue_that_another_begins_with_goes_and_the_longest_stands_for_it():
    long = ("One?", "1.", "Two?", "2.", "Three?", "3.")

    found = gone(long[:2], long[:4], long, ("One?", "1.", "Four?", "4."))

    assert found == [("row0", "prefix", "row2"), ("row1", "prefix", "row2")]


def test_beginnings_stay_where_they_are_asked_to():
    assert gone(("One?", "1."), ("One?", "1.", "Two?", "2."), options=Copies(prefixes=False)) == []


def test_dialogues_with_one_first_exchange_are_copies_only_where_asked():
    rows = [("Hello", "Hi", "Tea?", "Yes"), ("Hello", "Hi", "Milk?", "No", "Sugar?", "No")]

    assert gone(*rows) == []
    assert gone(*rows, options=Copies(first_exchange=True)) == [("row0", "first_exchange", "row1")]


@pytest.mark.parametrize(("text", "near", "far"), [(FOX, FOX + " today", FOX[:60] + " and more"), (PARK, PARK + "了", PARK[:14] + "下雨了没有人出门大家都在家里看书")])  # fmt: skip
def test_near_copies_go_in_either_language_and_what_is_less_alike_stays(text, near, far):
    found = gone((text, text[::-1]), (near, text[::-1]), (far, far[::-1]))

    assert found == [("row1", "near", "row0")]


def test_maths_with_other_numbers_is_no_copy():
    rows = [(f"{FOX} {n} times, how long is that?", LONG) for n in (17, 18)]

    assert gone(*rows, task_type=["maths", "maths"]) == []
    assert gone(*rows, task_type=["qa", "qa"]) == [("row1", "near", "row0")]


def test_rows_of_one_template_are_no_copies_of_each_other():
    rows = [(f"{FOX} {word}", "yes") for word in ("red", "blue")]

    assert gone(*rows, construction=["rewritten", "rewritten"]) == []
    assert gone(*rows, construction=["human", "human"]) == [("row1", "near", "row0")]


def test_short_dialogues_are_held_against_each_other_letter_by_letter():
    rows = [
        ("The capital of France", "Paris"),
        ("The capital of Frances", "Paris"),
        ("The capital of Poland", "Warsaw"),
    ]

    assert gone(*rows) == [("row1", "short", "row0")]


def test_a_row_is_never_dropped_for_one_that_is_less_alike_than_the_threshold():
    words = FOX.split()
    chain = [(" ".join([*words[2 * i :], *(f"w{j}" for j in range(2 * i))]), LONG) for i in range(6)]
    asked = Copies(near=0.7)

    found = verdicts_of(index(*chain, options=asked), asked)

    near = found.filter(pl.col("rule") == "near")
    assert near.height > 0
    assert min(near["similarity"].to_list()) >= 0.7
    assert max(near["similarity"].to_list()) < 1.0
    assert found["kept"].sum() > 1


def test_similar_requests_are_thinned_to_so_many():
    rows = [(f"{FOX} please {i}", f"{i} " + "".join(chr(97 + (i * k) % 26) + " " for k in range(40))) for i in range(6)]
    options = Copies(most_similar=2, near=None)

    found = gone(*rows, options=options)

    assert found == [(f"row{i}", "similar", "row0") for i in range(2, 6)]


def test_a_set_of_higher_priority_keeps_its_rows():
    earlier = (Earlier("first", index(("Hello", "Hi"), (FOX, LONG))), Earlier("second", index(("Hello", "Hi"))))

    found = verdicts_of(index(("hello", "hi"), (FOX + " now", LONG), ("new", "row")), Copies(), earlier)

    assert found["kept"].to_list() == [False, False, True]
    assert found["canonical_set"].to_list() == ["first", "first", None]
    assert found["rule"].to_list() == ["exact_dialogue", "near", None]


def test_what_stands_for_a_row_that_went_stands_for_what_went_before_it():
    rows = [("Hello", "Hi"), ("hello", "hi"), ("Hello", "Hi", "More?", "Yes")]

    assert gone(*rows) == [("row0", "prefix", "row2"), ("row1", "exact_dialogue", "row2")]


def test_rows_that_share_a_key_are_known_without_their_shingles():
    own = index((FOX, LONG), ("Hello", "Hi", "More", "Yes"), ("short", "one"))
    others = index(
        (FOX + " today", LONG), ("Hello", "Ho"), ("Hello", "Hi", "More", "Yes", "And?", "No"), ("other", "thing")
    )

    judged = may_match(own.rows.drop("shingles"))(others.rows)

    assert judged.tolist() == [True, False, True, False]


def test_rows_without_a_user_or_an_answer_are_compared_too():
    empty = frame((), ("Only asked",), ("Only asked",))

    found = verdicts_of(Index.of(index_of(empty, Copies(same_prompt="longest"))), Copies(same_prompt="longest"))

    assert found["rule"].to_list() == [None, None, "exact_dialogue"]


def test_indexes_are_comparable_when_their_bands_and_shingles_are_made_alike():
    assert Copies().is_comparable(Copies(same_prompt="longest", short=0.9))
    assert not Copies().is_comparable(Copies(shingle=4))
    assert not Copies().is_comparable(Copies(near=0.5))
    assert not Copies().is_comparable(Copies(most_similar=3))


def slow_shingles(text, n=5):
    words = text.lower().split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def slow_kept(texts, least):
    """Leaders: a row goes when it is alike to one that stays before it."""
    leaders = []
    for i, text in enumerate(texts):
        mine = slow_shingles(text)
        if not any(len(mine & slow_shingles(texts[j])) >= least * len(mine | slow_shingles(texts[j])) for j in leaders):
            leaders.append(i)
    return leaders


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=8))
def test_near_copies_are_those_that_a_slow_search_finds(cuts):
    words = [f"w{i}" for i in range(40)]
    texts = [" ".join([*words[cut:], *(f"x{cut}y{i}" for i in range(12))]) for cut in cuts]
    options = Copies(near=0.6, prefixes=False)

    found = verdicts_of(index(*((text,) for text in texts), options=options), options)

    assert np.flatnonzero(found["kept"].to_numpy()).tolist() == slow_kept(texts, 0.6)
    assert set(found["rule"].drop_nulls()) <= set(RULES)
