"""Choice with reasons: shuffled options take the letters of the analysis with them, or stay."""

import pytest
from built import build, row, said

OPTIONS = {"A": "氧", "B": "铁", "C": "硫", "D": "碳"}


def question(doc_id="q", analysis="氧、硫、碳是非金属，A、C、D错误；铁是金属，故选B。", options=OPTIONS, right="B"):
    lines = "\n".join(f"{letter}. {text}" for letter, text in options.items())
    one = row(doc_id, f"哪个是金属？\n{lines}", f"{right}. {options[right]}", verifiable_answer=right,
              meta={"question": "哪个是金属？", "options": options, "answer": right})  # fmt: skip
    one["messages"][1]["reasoning"] = analysis
    return one


def test_options_answer_and_analysis_change_their_letters_together():
    dialogues, _ = build("choices", [question(f"q{n}") for n in range(40)])

    seen = set()
    for dialogue in dialogues:
        asked, answer = said(dialogue)
        new = {line[3:]: line[0] for line in asked.splitlines()[1:]}
        seen.add(dialogue.verifiable_answer)
        assert list(new.values()) == ["A", "B", "C", "D"]
        assert dialogue.verifiable_answer == new["铁"]
        wrong = "、".join(new[text] for text in ("氧", "硫", "碳"))
        assert answer == f"氧、硫、碳是非金属，{wrong}错误；铁是金属，故选{new['铁']}。\n因此，答案是{new['铁']}。"
    assert seen == {"A", "B", "C", "D"}


@pytest.mark.parametrize(
    ("analysis", "options"),
    [
        ("维生素C缺乏会引起坏血病。", OPTIONS),
        ("Iron has the atomic letter of none, vitamin C and D are no metals.", OPTIONS),
        ("铁是金属。", {**OPTIONS, "D": "以上都是"}),
        ("铁是金属。", {**OPTIONS, "D": "A和B"}),
        ("Iron is.", {**OPTIONS, "D": "all of the above"}),
    ],
)
def test_options_stay_where_letters_can_not_be_told_or_one_speaks_of_others(analysis, options):
    dialogues, _ = build("choices", [question(f"q{n}", analysis, options) for n in range(8)])

    assert all(d.verifiable_answer == "B" and not d.labels["shuffled"] for d in dialogues)
    assert all(analysis in said(d)[1] for d in dialogues)


def test_the_analysis_can_be_the_messages_reasoning():
    (one,), _ = build("choices", [question()], shuffle=False, put="reasoning")

    assert one.messages[1].reasoning.endswith("故选B。")
    assert one.messages[1].content == "因此，答案是B。"


def test_a_question_without_analysis_is_left_out_or_answered_bare():
    rows = [question(analysis=None), row("x", "哪个？", "?")]

    assert build("choices", rows) == ([], {"no_analysis": 1, "no_choice": 1})
    (bare,), _ = build("choices", rows, bare=True, shuffle=False)
    assert said(bare)[1] == "B. 铁"


def test_several_right_letters_and_options_inside_the_question_are_taken_as_they_are():
    one = row("q", "Which are even?\nA. 2\nB. 3\nC. 4", "AC", verifiable_answer="AC")
    one["messages"][1]["reasoning"] = "Two and four are."

    (dialogue,), _ = build("choices", [one])

    assert said(dialogue)[1] == "Two and four are.\nSo the answer is A, C."
