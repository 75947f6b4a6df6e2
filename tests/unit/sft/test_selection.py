"""Choices among dialogues: each against a slow search that a child can check."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from dialogue_frames import frame_of, said
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sft.selection import WORDS, Vectors, by_scores, by_tags, by_unlikeness, request_rows, requests_of

FEW_WORDS = st.lists(st.sampled_from(["red", "blue", "sea", "hill", "海", "山", "write", "a"]), max_size=6).map(
    " ".join
)
FEW_TAGS = st.lists(st.sampled_from("abcde"), max_size=4)


def vectors_of(*requests):
    return Vectors.of(request_rows(frame_of(*(said(f"u:{one}", "a:yes") for one in requests))["messages"]))


def slow_vectors(requests):
    """Each request as word -> weight, of length 1."""
    bags = []
    for request in requests:
        words = [w for run in request.split() for w in ([*run] if ord(run[0]) > 0x3000 else [run])]
        bags.append(Counter(words) + Counter(pairwise(words)))
    df = Counter(word for bag in bags for word in bag)
    made = []
    for bag in bags:
        weight = {w: (1 + math.log(n)) * (math.log((1 + len(bags)) / (1 + df[w])) + 1) for w, n in bag.items()}
        length = math.sqrt(sum(w * w for w in weight.values()))
        made.append({word: w / length for word, w in weight.items()})
    return made


def slow_unlike(requests, most):
    own = slow_vectors(requests)
    kept, largest = [], []
    for i, one in enumerate(own):
        cosines = [sum(w * own[j].get(word, 0) for word, w in one.items()) for j in kept]
        largest.append(max(cosines, default=0.0))
        if largest[-1] <= most:
            kept.append(i)
    return kept, largest


def slow_tags(tags, rows, rounds):
    order = sorted(range(len(tags)), key=lambda i: -len(set(tags[i])))
    taken = []
    for _ in range(rounds):
        seen = set()
        before = len(taken)
        for i in order:
            if i not in taken and not set(tags[i]) <= seen and len(taken) < rows:
                taken.append(i)
                seen |= set(tags[i])
        if len(taken) == before:
            break
    return sorted(taken)


@given(st.lists(FEW_WORDS, min_size=1, max_size=12), st.sampled_from([0.3, 0.55, 0.701, 0.95]))
@settings(deadline=None, max_examples=60)
def test_the_greedy_search_keeps_what_comparing_every_pair_keeps(requests, most):
    found = by_unlikeness(vectors_of(*requests), most=most)

    kept, largest = slow_unlike(requests, most)
    assert np.flatnonzero(found.kept).tolist() == kept
    gone = np.flatnonzero(~found.kept)
    assert found.value[gone] == pytest.approx([largest[i] for i in gone])
    assert all(found.kept[found.like[gone]])


@given(st.lists(FEW_TAGS, min_size=1, max_size=12), st.one_of(st.none(), st.integers(1, 8)), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_rounds_over_tags_take_what_sets_of_seen_tags_take(tags, rows, rounds):
    found = by_tags(pl.Series(tags, dtype=pl.List(pl.String)), rows=rows, rounds=rounds)

    assert np.flatnonzero(found.kept).tolist() == slow_tags(tags, rows or len(tags), rounds)


def test_rows_without_tags_go_for_that_and_rounds_go_on_until_there_are_enough():
    tags = pl.Series([["maths", "proof"], ["maths"], None, [], ["code", "sql", "joins"], ["code"]])

    one, many = by_tags(tags), by_tags(tags, rows=3)

    assert [one.rules[r] if r >= 0 else "kept" for r in one.rule] == ["kept", "no_new_tag", "no_tags", "no_tags", "kept", "no_new_tag"]  # fmt: skip
    assert [many.rules[r] if r >= 0 else "kept" for r in many.rule] == ["kept", "kept", "no_tags", "no_tags", "kept", "over_budget"]  # fmt: skip
    assert (many.value[5], many.threshold[5]) == (1.0, 1.0)


def test_the_better_of_two_like_rows_stays_and_equal_scores_keep_their_order():
    vectors = vectors_of(
        "write of the red sea", "write of the red sea now", "写一首山的诗", "name a hill", "name a hill"
    )
    score = np.array([1.0, 2.0, 3.0, 1.5, 1.5])

    found = by_scores(score, vectors, most=0.7)

    assert found.kept.tolist() == [False, True, True, True, False]
    assert found.like.tolist() == [1, -1, -1, -1, 3]
    assert found.threshold[[0, 4]].tolist() == [0.7, 0.7]
    assert found.value[4] == pytest.approx(1.0)


def test_scores_that_are_missing_low_or_over_the_budget_have_each_their_rule():
    score = np.array([4.5, np.nan, 3.0, 5.0, 4.6])

    found = by_scores(score, least=4.5, rows=2)

    assert [found.rules[r] if r >= 0 else "kept" for r in found.rule] == ["over_budget", "no_score", "low_score", "kept", "kept"]  # fmt: skip
    assert (found.value[0], found.threshold[0]) == (4.5, 4.6)
    assert (found.value[2], found.threshold[2]) == (3.0, 4.5)


def test_a_request_is_all_that_users_say_and_its_vector_that_of_the_first_words():
    long = " ".join(f"w{i}" for i in range(WORDS + 50))
    frame = frame_of(said("u:one", "a:two", "u:三 four", "a:five"), said("a:alone"), said(f"u:{long}", "a:yes"))

    rows = request_rows(frame["messages"])

    assert requests_of(frame["messages"]).to_list() == ["one\n三 four", "", long]
    assert rows.list.len().to_list() == [3 + 2, 0, WORDS + WORDS - 1]
