"""Multiple choice: forms of options and answers."""

import pytest

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

LISTED = {"question": "q", "options": "o", "answer": "a"}
LETTERED = {"question": "q", "options": ("A", "B", "C"), "answer": "Answer"}
COIG = {
    "instruction": "textbox_q_instruction",
    "context": "textbox_q_context",
    "question": "textbox_question",
    "answer": "textbox_answer",
    "analysis": "textbox_answer_analysis",
}


def read(record, columns, **options):
    (outcome,) = kind_of("choice", options).read(Record(record, ColumnMap(columns=columns)))
    return outcome


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["(A)one", "(B)two", "(C)three"], "B"),
        (["A. one", "B. two", "C. three"], "(B)"),
        (["one", "two", "three"], "B"),
        (["one", "two", "three"], 1),
        (["one", "two", "three"], "two"),
        (["one", "two", "three"], "B. two"),
        ({"A": "one", "B": "two", "C": "three"}, "B"),
        ({"text": ["one", "two", "three"], "label": ["A", "B", "C"]}, "B"),
        ("A. one\nB. two\nC. three", "B"),
    ],
)
def test_options_and_answers_of_all_forms_give_the_same(options, answer):
    dialogue = read({"q": "Which?", "o": options, "a": answer}, LISTED)

    assert dialogue.messages[0].content == "Which?\nA. one\nB. two\nC. three"
    assert dialogue.messages[1].content == "B. two"
    assert dialogue.verifiable_answer == "B"
    assert dialogue.meta == {"question": "Which?", "options": {"A": "one", "B": "two", "C": "three"}, "answer": "B"}


@pytest.mark.parametrize(
    "options",
    [
        ["(A)one", "(C)three", "(B)two"],
        ["A．one", "C. three", "B：two"],
        ["A one", "C three", "B two"],
        ["A、one", "(C) three", "B two"],
    ],
)
def test_options_go_by_the_letters_that_they_begin_with(options):
    dialogue = read({"q": "Which?", "o": options, "a": "C"}, LISTED)

    assert dialogue.messages[0].content == "Which?\nA. one\nB. two\nC. three"
    assert dialogue.messages[1].content == "C. three"


@pytest.mark.parametrize(
    "options",
    [["A cell", "B cell", "C cell"], ["A cat", "B side"], ["A. one", "A. two"], ["A. one", "three", "B. two"]],
)
def test_letters_that_belong_to_the_options_stay(options):
    dialogue = read({"q": "Which?", "o": options, "a": 1}, LISTED)

    assert dialogue.messages[1].content == f"B. {options[1]}"


def test_options_may_stand_in_columns_of_their_own():
    dialogue = read({"q": "哪个？", "A": "甲", "B": "乙", "C": "丙", "Answer": "C"}, LETTERED)

    assert [m.content for m in dialogue.messages] == ["哪个？\nA. 甲\nB. 乙\nC. 丙", "C. 丙"]


@pytest.mark.parametrize("answer", ["AC", ["C", "A"], "A, C", "A、C", [0, 2]])
def test_several_options_may_be_right(answer):
    dialogue = read({"q": "Which?", "o": ["one", "two", "three"], "a": answer}, LISTED)

    assert dialogue.messages[1].content == "A. one\nC. three"
    assert dialogue.verifiable_answer == "AC"


def test_the_answer_may_be_the_letter_or_the_text_alone_and_numbers_may_count_from_one():
    record = {"q": "Which?", "o": ["one", "two", "three"], "a": 2}

    assert read(record, LISTED, answer="letter").messages[1].content == "C"
    assert read(record, LISTED, answer="text", base=1).messages[1].content == "two"


def test_an_analysis_is_the_reasoning_and_options_may_stand_in_the_question():
    record = {
        "textbox_q_instruction": "下面是单项选择题。",
        "textbox_q_context": "",
        "textbox_question": "1+1=?\nA. 1 B. 2",
        "textbox_answer": "B",
        "textbox_answer_analysis": "一加一等于二。",
    }

    dialogue = read(record, COIG)

    assert dialogue.messages[0].content == "下面是单项选择题。\n\n1+1=?\nA. 1 B. 2"
    assert (dialogue.messages[1].content, dialogue.messages[1].reasoning) == ("B", "一加一等于二。")
    assert dialogue.verifiable_answer == "B"


def test_options_that_are_only_letters_are_those_of_the_question():
    dialogue = read({"q": "Which? (A) one (B) two", "o": ["(A)", "(B)"], "a": "(B)"}, LISTED)

    assert [m.content for m in dialogue.messages] == ["Which? (A) one (B) two", "B"]


def test_an_evaluation_set_is_never_trained_on():
    outcome = read({"q": "Which?", "o": ["one"], "a": "A"}, LISTED, evaluation=True)

    assert (outcome.reason, outcome.broken) == ("evaluation_set", False)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"q": "", "o": ["one"], "a": "A"}, "no_prompt"),
        ({"q": "Which?", "o": ["one", "two"], "a": "D"}, "no_choice"),
        ({"q": "Which?", "o": ["one", "two"], "a": None}, "no_choice"),
        ({"q": "Which?", "o": [], "a": "A"}, "no_choice"),
        ({"q": "Which?", "o": ["one", "two"], "a": ["A", "E"]}, "no_choice"),
        ({"q": "Which?", "o": ["one", "two"], "a": 5}, "no_choice"),
        ({"q": "Which?", "o": ["one", "two"], "a": "neither"}, "no_choice"),
    ],
)
def test_what_is_missing_is_told(record, reason):
    outcome = read(record, LISTED)

    assert isinstance(outcome, Problem)
    assert outcome.reason == reason
