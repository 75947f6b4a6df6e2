"""Clusters of failing requests, and sheets that are proposed of them."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.errors import SettingsError
from corpus_platform.sft.collected import failing
from corpus_platform.sft.collected.failing import clusters, terms
from corpus_platform.sft.collected.proposed import propose
from corpus_platform.sft.collected.sheet import read_sheets

REQUESTS = (
    ("How do I cancel my subscription?", True),
    ("cancel subscriptions for me", True),
    ("Write a poem about rain", True),
    ("怎么取消订阅", True),
    ("请问如何取消我的订阅呢", True),
    ("I want to cancel the subscription today", False),
    ("a poem on the rain in spring", False),
    ("What is 2+2", False),
    ("订阅的取消方法", False),
)


def test_failing_requests_join_leaders_and_others_are_held_against_them():
    found = clusters([text for text, _ in REQUESTS], np.array([failed for _, failed in REQUESTS]))

    assert found.leader.tolist() == [0, 2, 3]
    assert found.member_of.tolist() == [0, 0, 1, 2, 2, 0, 1, -1, 2]
    assert (found.similarity[found.leader] == 1).all()


def test_clusters_do_not_depend_on_how_many_requests_are_taken_at_a_time(monkeypatch):
    requests, failed = [text for text, _ in REQUESTS] * 3, np.array([f for _, f in REQUESTS] * 3)
    whole = clusters(requests, failed)

    monkeypatch.setattr(failing, "_ROWS", 2)
    found = clusters(requests, failed)

    assert found.leader.tolist() == whole.leader.tolist()
    assert found.member_of.tolist() == whole.member_of.tolist()


def test_a_request_without_a_word_that_counts_is_in_no_cluster():
    found = clusters(["?!", "how do I", "请问", ""], np.ones(4, bool))

    assert found.leader.size == 0
    assert found.member_of.tolist() == [-1] * 4


@given(st.lists(st.tuples(st.text("ab 取消订阅s", max_size=12), st.booleans()), max_size=12))
def test_every_member_is_as_alike_to_its_leader_as_asked_by_a_cosine_that_is_counted_slowly(rows):
    requests, failed = [text for text, _ in rows], np.array([f for _, f in rows], bool)

    found = clusters(requests, failed, alike=0.5)

    slow = cosines(requests)
    for i, cluster in enumerate(found.member_of):
        if cluster >= 0:
            assert slow(i, int(found.leader[cluster])) >= 0.5 - 1e-5
        elif next(terms(requests[i]), None) is not None and not failed[i]:
            assert all(slow(i, int(leader)) < 0.5 + 1e-5 for leader in found.leader)
    assert all(failed[leader] for leader in found.leader)


def cosines(requests):
    """The cosine of two requests by TF-IDF, in plain Python."""
    counted = [{t: list(terms(r)).count(t) for t in terms(r)} for r in requests]
    there = {t: sum(t in one for one in counted) for one in counted for t in one}

    def vector(i):
        n = len(requests)
        made = {t: (1 + np.log(c)) * (np.log((1 + n) / (1 + there[t])) + 1) for t, c in counted[i].items()}
        norm = sum(v * v for v in made.values()) ** 0.5
        return {t: v / norm for t, v in made.items()}

    def cosine(i, j):
        one, other = vector(i), vector(j)
        return sum(value * other.get(t, 0.0) for t, value in one.items())

    return cosine


def test_a_sheet_that_is_proposed_is_one_that_is_read(tmp_path):
    rows = [
        {"example": "Cancel: it # now", "language": "en", "failures": 3, "requests": 4},
        {"example": "怎么取消订阅", "language": "zh", "failures": 2, "requests": 2},
        {"example": "Cancel: it # now", "language": "en", "failures": 1, "requests": 1},
    ]
    (tmp_path / "next.yaml").write_text(propose(rows, task_type="qa"), encoding="utf-8")

    made = {sheet.name: sheet for sheet in read_sheets(tmp_path / "next.yaml")}

    assert set(made) == {"next.en", "next.zh"}
    assert [(p.text, p.use_case) for p in made["next.en"].part.prompts] == [("Cancel: it # now", "failing: 3 of 4 requests")]  # fmt: skip
    assert yaml.safe_load((tmp_path / "next.yaml").read_text())["task_type"] == "qa"


def test_nothing_is_proposed_of_nothing():
    with pytest.raises(SettingsError, match="there is no failing request"):
        propose([])
