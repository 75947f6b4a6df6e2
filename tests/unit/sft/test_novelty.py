"""ROUGE-L in bits against the textbook's table, and which requests are new."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from, text

from corpus_platform.sft.novelty import novel, rouge_l, token_lists


def slow_rouge_l(first, second):
    """By the table of all prefixes."""
    a, b = ([int(t) for t in part] for part in np.split(*split(first, second)))
    if not a or not b:
        return 0.0
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = table[i, j] + 1 if x == y else max(table[i, j + 1], table[i + 1, j])
    return 2 * table[-1, -1] / (len(a) + len(b))


def split(first, second):
    found = token_lists([first, second])
    return found.tokens, [found.starts[1]]


WORDS = lists(sampled_from(["name", "a", "fruit", "水", "果", "x1", ",", "Ä"]), max_size=100).map(" ".join)


@settings(deadline=None, max_examples=30)
@given(WORDS, WORDS)
def test_the_measure_agrees_with_the_table(first, second):
    assert rouge_l(first, second) == pytest.approx(slow_rouge_l(first, second))


@settings(deadline=None, max_examples=30)
@given(text(max_size=40))
def test_a_text_is_like_itself(said):
    assert rouge_l(said, said) == (1.0 if token_lists([said]).tokens.size else 0.0)


@settings(deadline=None, max_examples=30)
@given(lists(WORDS, max_size=7), lists(WORDS, max_size=3))
def test_what_is_kept_is_what_a_slow_search_keeps(texts, seeds):
    pool, kept = list(seeds), []
    for said in texts:
        new = all(slow_rouge_l(said, other) <= 0.7 for other in pool)
        kept.append(new)
        pool += [said] if new else []

    assert novel(texts, seeds).kept.tolist() == kept


def test_chinese_requests_are_compared_by_their_characters():
    assert rouge_l("说出三种水果", "说出两种水果") == pytest.approx(10 / 12)
    assert rouge_l("说出三种水果", "写一首诗") == 0.0


def test_the_likest_request_is_named():
    found = novel(["Write a poem.", "Name one of the fruits."], seeds=["Name one of the red fruits."])

    assert found.kept.tolist() == [True, False]
    assert found.like.tolist() == [-1, 0]
    assert found.likest[1] == pytest.approx(10 / 11)
