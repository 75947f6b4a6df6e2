"""Abilities, choices and measures on real data sets: what people have labelled, what a choice of so many rows covers, how varied sets are."""

import json

import numpy as np
import polars as pl
import pytest

from corpus_platform.sft.ability import shipped
from corpus_platform.sft.flat import MESSAGE_TYPE
from corpus_platform.sft.measures import measure
from corpus_platform.sft.selection import Vectors, by_tags, by_unlikeness, request_rows
from corpus_platform.sft.tags import tags_of, verb_objects

DOLLY = {
    "closed_qa": {"extraction"},
    "open_qa": {"knowledge"},
    "general_qa": {"knowledge", "advice"},
    "classification": {"classification"},
    "information_extraction": {"extraction", "summarisation"},
    "summarization": {"summarisation", "extraction"},
    "brainstorming": {"ideas", "advice"},
    "creative_writing": {"writing", "poetry"},
}
"""Abilities that a category of Dolly may be: its writers chose one of eight for each request."""
BELLE = {
    "generation": {"writing", "poetry"},
    "rewrite": {"rewriting", "translation"},
    "closed qa": {"extraction"},
    "open qa": {"knowledge", "advice"},
    "summarization": {"summarisation"},
    "classification": {"classification"},
    "math": {"maths"},
    "code": {"code"},
    "brainstorming": {"ideas", "advice"},
}
"""The same of BELLE's evaluation set, whose `rewrite` are translations for the most part."""


def requests_of(rows):
    return pl.Series(["\n".join(filter(None, (r["instruction"], r.get("input")))) for r in rows])


def messages_of(requests):
    whole = {"reasoning": None, "calls": None, "name": None, "trained": False}
    return pl.Series("messages", [[{"role": "user", "content": one, **whole}] for one in requests], MESSAGE_TYPE)


@pytest.fixture(scope="module")
def alpaca(samples):
    return requests_of(json.loads((samples / "sft/alpaca/alpaca_random_2000.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def chinese(samples):
    return requests_of(json.loads((samples / "sft/alpaca-chinese/zh-data-part-00.json").read_text("utf-8")))


def agreement(requests, allowed):
    """(share that is told right, share of those with a score of 0.6 and more)."""
    found = shipped().predict(requests)
    right = np.array([one in may for one, may in zip(found["ability"], allowed, strict=True)])
    sure = (found["score"] >= 0.6).fill_null(value=False).to_numpy()
    return right.mean(), right[sure].mean()


def test_abilities_agree_with_categories_that_people_chose_in_english(samples):
    rows = json.loads((samples / "sft/alpagasus/dolly_3k.json").read_text("utf-8"))

    every, sure = agreement(requests_of(rows), [DOLLY[row["category"]] for row in rows])

    assert every > 0.75
    assert sure > 0.85


def test_abilities_agree_with_categories_of_an_evaluation_set_in_chinese(samples):
    lines = (samples / "sft/belle/eval_set.json").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["class"] in BELLE]

    every, sure = agreement(pl.Series([row["question"] for row in rows]), [BELLE[row["class"]] for row in rows])

    assert every > 0.6
    assert sure > 0.7


def test_rows_chosen_by_tags_have_more_tags_than_as_many_at_hand_in_all_and_each(alpaca, chinese):
    for requests in (alpaca, chinese):
        tags = tags_of(requests, shipped().predict(requests)["ability"])

        chosen = tags.filter(pl.Series(by_tags(tags, rows=100).kept))

        assert len(chosen) == 100
        assert chosen.explode().n_unique() > 1.1 * tags[:100].explode().n_unique()
        assert chosen.list.len().mean() > 1.3 * tags.list.len().mean()


def test_like_requests_go_and_each_is_like_the_one_that_stays(alpaca, chinese):
    both = pl.concat([alpaca, chinese])

    strict, loose = (by_unlikeness(Vectors.of(request_rows(messages_of(both))), most=most) for most in (0.5, 0.7))

    assert 0 < (~loose.kept).sum() < (~strict.kept).sum() < 0.1 * len(both)
    assert (strict.value[~strict.kept] > 0.5).all()
    assert strict.kept[strict.like[~strict.kept]].all()


def test_most_requests_in_both_languages_have_a_verb(alpaca, chinese):
    for requests in (alpaca, chinese):
        found = verb_objects(requests)

        assert found["verb"].null_count() < 0.25 * len(found)
        assert found["object"].null_count() < 0.75 * len(found)


def test_templates_are_less_varied_than_what_a_model_was_asked_to_vary(alpaca):
    repeated = pl.Series([f"What is the capital of land {i}?" for i in range(len(alpaca))])

    varied, same = (measure([pl.DataFrame({"messages": messages_of(one)})]) for one in (alpaca, repeated))

    assert varied["distinct_2"]["requests"] > 2 * same["distinct_2"]["requests"]
    assert varied["verbs"]["bits"] > 6 > same["verbs"]["bits"]
