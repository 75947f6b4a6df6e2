"""How `corpus review` asks, and what it takes for an answer."""

import pytest

from corpus_platform.analytics.review import Question
from corpus_platform.commands import review
from corpus_platform.commands.review import judged
from corpus_platform.errors import SettingsError

QUESTIONS = [Question(f"d{i}", f"https://example.org/{i}", "en", i, 2.5, i < 3, f"text {i} [b]") for i in range(5)]


@pytest.fixture
def answers(monkeypatch):
    """Answers of a person at a terminal."""
    given = []
    monkeypatch.setattr(review.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(review.typer, "prompt", lambda *_, **__: given.pop(0))
    return given


def verdicts(found):
    return [(question.doc_id, verdict) for question, verdict in found]


def test_a_person_is_asked_one_by_one_and_may_pass_or_end(answers):
    answers += ["good", "", "B", "what?", "q"]

    found = judged(QUESTIONS, None)

    assert verdicts(found) == [("d0", "good"), ("d2", "bad")]
    assert answers == []


def test_ending_keeps_what_was_said(answers):
    answers += ["g", "quit"]

    assert verdicts(judged(QUESTIONS, None)) == [("d0", "good")]


def test_without_a_terminal_documents_are_only_shown():
    assert judged(QUESTIONS, None) == []


def test_letters_answer_in_order():
    assert verdicts(judged(QUESTIONS, "g-b")) == [("d0", "good"), ("d2", "bad")]
    assert judged(QUESTIONS, "") == []


@pytest.mark.parametrize("letters", ["x", "gggggg"])
def test_letters_that_are_none_or_too_many_are_refused(letters):
    with pytest.raises(SettingsError, match="--verdicts"):
        judged(QUESTIONS, letters)
