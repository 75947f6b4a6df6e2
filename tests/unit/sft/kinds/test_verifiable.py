"""Worked solutions: gold answers, marks, samples with verdicts, thoughts."""

import pytest

from corpus_platform.sft.form import Dialogue, Problem
from corpus_platform.sft.kinds.answers import clean_answer, final_answer, split_thinking
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of


def read(record, columns, labels=None, **options):
    kind = kind_of("verifiable", options)
    return list(kind.read(Record(record, ColumnMap(columns=columns, labels=labels or {}))))


def said(outcomes):
    return [o.messages[-1].content for o in outcomes if isinstance(o, Dialogue)]


GSM = {"question": "question", "solution": "answer"}


def test_calculator_marks_go_and_their_equations_stay():
    record = {"question": "How many?", "answer": "48/2 = <<48/2=24>>24 in May.\nIn all <<48+24=72>>72.\n#### 1,072"}

    (dialogue,) = read(record, GSM)
    (kept,) = read(record, GSM, calculator="keep")

    assert said([dialogue]) == ["48/2 = 24 in May.\nIn all 72.\n#### 1,072"]
    assert dialogue.meta["equations"] == ["48/2=24", "48+24=72"]
    assert dialogue.verifiable_answer == "1072"
    assert said([kept]) == [record["answer"]]


def test_socratic_questions_get_lines_of_their_own_and_powers_stay():
    record = {"question": "q", "answer": "How many eggs? ** There are 2 ** 3 = <<2**3=8>>8.\n#### 8"}

    assert said(read(record, GSM)) == ["How many eggs?\nThere are 2 ** 3 = 8.\n#### 8"]


def test_a_problem_with_a_box_has_the_box_as_its_answer():
    record = {"problem": "p", "solution": r"So it is $\boxed{\frac{1}{2}}$.", "level": "Level 5"}

    (dialogue,) = read(record, {"question": "problem", "solution": "solution"}, {"level": "level"})

    assert dialogue.verifiable_answer == r"\frac{1}{2}"
    assert dialogue.labels == {"level": "Level 5"}


def test_each_right_generation_is_a_dialogue_with_its_thoughts():
    record = {
        "problem": "p",
        "answer": "3",
        "generations": [
            "<think>\nhm\n</think>\n\nIt is 3.",
            "<think>no</think>It is 4.",
            "<think>cut",
            "<think>a</think>3!",
        ],
        "ok": [True, False, True, True],
        "done": [True, True, False, True],
    }
    columns = {"question": "problem", "gold": "answer", "samples": "generations", "verdicts": "ok", "complete": "done"}

    outcomes = read(record, columns)

    assert said(outcomes) == ["It is 3.", "3!"]
    assert [o.messages[-1].reasoning for o in outcomes if isinstance(o, Dialogue)] == ["hm", "a"]
    assert [(o.reason, o.broken) for o in outcomes if isinstance(o, Problem)] == [
        ("wrong_answer", False),
        ("cut_off", False),
    ]
    assert {o.verifiable_answer for o in outcomes if isinstance(o, Dialogue)} == {"3"}
    assert {o.origin for o in outcomes if isinstance(o, Dialogue)} == {"model"}


SAMPLES = {
    "question": "q",
    "truth": "2+2 = <<2+2=4>>4\nA: 4",
    "small": {"is_correct": False, "solution": "5\nA: 5"},
    "large": {"is_correct": True, "solution": "4\nA: 4"},
}
COLUMNS = {"question": "question", "solution": "truth", "samples": ("small", "large")}


def test_samples_of_several_columns_are_rejected_where_they_are_wrong_or_labelled():
    rejected = read(SAMPLES, COLUMNS)
    labelled = read(SAMPLES, COLUMNS, wrong="label", reference=True)

    assert said(rejected) == ["4\nA: 4"]
    assert rejected[0].reason == "wrong_answer"
    assert said(labelled) == ["2+2 = 4\nA: 4", "5\nA: 5", "4\nA: 4"]
    assert [d.labels["correct"] for d in labelled] == [True, False, True]
    assert [d.origin_model for d in labelled] == [None, "small", "large"]
    assert {d.verifiable_answer for d in labelled} == {"4"}


def test_a_solution_is_judged_by_its_flag_or_by_the_answer_that_it_comes_to():
    columns = {"question": "q", "solution": "s", "gold": "g", "predicted": "p", "right": "r"}
    record = {"q": "?", "s": "so", "g": "1,000", "p": "$1000$"}

    assert read(record, columns)[0].labels == {"correct": True}
    assert read({**record, "p": "1001"}, columns)[0].reason == "wrong_answer"
    assert read({**record, "r": False}, columns)[0].reason == "wrong_answer"
    assert read({**record, "r": "true", "p": "1001"}, columns)[0].labels == {"correct": True}


def test_a_column_of_thoughts_is_the_reasoning():
    columns = {"question": "question", "solution": "answer", "reasoning": "longCOT"}

    (dialogue,) = read({"question": "q", "answer": "a", "longCOT": "long"}, columns)

    assert (dialogue.messages[-1].reasoning, dialogue.messages[-1].content) == ("long", "a")


def test_a_gold_answer_alone_is_the_answer():
    (dialogue,) = read({"question": "问", "golden": "18"}, {"question": "question", "gold": "golden"})

    assert (said([dialogue]), dialogue.verifiable_answer) == (["18"], "18")


def test_an_evaluation_set_is_never_trained_on():
    (outcome,) = read({"question": "q", "answer": "#### 1"}, GSM, evaluation=True)

    assert (outcome.reason, outcome.broken) == ("evaluation_set", False)


@pytest.mark.parametrize(
    ("record", "reason"),
    [({"question": " ", "answer": "a"}, "no_prompt"), ({"question": "q", "answer": None}, "no_answer")],
)
def test_what_is_missing_is_told(record, reason):
    assert [o.reason for o in read(record, GSM)] == [reason]


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("one #### 5\nno\n#### 72", "72"),
        ("first \\boxed{1} then \\boxed{\\text{a} \\{2\\}}", "\\text{a} \\{2\\}"),
        ("is \\boxed 7 here", "7"),
        ("\\boxed{never closed", None),
        ("step\nThe answer is: 12", "12"),
        ("所以答案是：5。", "5"),
        ("x\nA: 9", "9"),
        ("A: 9 is early\nbut more", None),
        ("nothing", None),
    ],
)
def test_final_answers_are_found(solution, answer):
    assert final_answer(solution) == answer


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("$1,234,567", "1234567"),
        ("-$5.", "-5"),
        ("\\$3.50", "3.50"),
        ("$x^2$", "x^2"),
        ("(1,2)", "(1,2)"),
        ("1,23", "1,23"),
    ],
)
def test_answers_are_cleaned_of_what_does_not_count(raw, clean):
    assert clean_answer(raw) == clean


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>a</think>b", ("a", "b")),
        ("a</think>b", ("a", "b")),
        ("<think>\n\n</think>\n\nb", (None, "b")),
        ("<think>never", ("never", "")),
        ("The tag <think> opens.", (None, "The tag <think> opens.")),
        ("See <think>a</think>.", (None, "See <think>a</think>.")),
        ("<Thought>a</Thought><Output>b</Output>", ("a", "b")),
        ("<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>b<|end_of_solution|>", ("a", "b")),
        ("plain", (None, "plain")),
    ],
)
def test_thoughts_are_parted_from_the_answer(text, parts):
    assert split_thinking(text) == parts
