"""Backward questions: which numbers are masked, what stays around them, in English and Chinese."""

import pytest
from built import build, row, said

from corpus_platform.sft.construct.fobar import masked


@pytest.mark.parametrize(
    ("question", "masks"),
    [
        ("He pays $80,000, or 20%.", [("He pays $x, or 20%.", "80000"), ("He pays $80,000, or x%.", "20")]),
        ("Is it 3.50? Or five!", [("Is it x? Or five!", "3.5"), ("Is it 3.50? Or x!", "5")]),
        ("At 7:30 the 12-inch B2 box (4) of 1/2 cost 2$.", [("At 7:30 the 12-inch B2 box (4) of 1/2 cost x$.", "2")]),
        ("One of them gave half to one friend.", []),
        ("It is 162, all in all.", [("It is x, all in all.", "162")]),
        ("Twenty men", [("x men", "20")]),
        ("妈妈买了3盒茶，每盒12.5元。", [("妈妈买了x盒茶，每盒12.5元。", "3"), ("妈妈买了3盒茶，每盒x元。", "12.5")]),
        ("一个人有两只手和二十五本书", [("一个人有x只手和二十五本书", "2"), ("一个人有两只手和x本书", "25")]),
        ("第3天五年级二班去了三分之一的人，千万别忘", []),
        ("一千零五个人排成三百二十行", [("x个人排成三百二十行", "1005")]),
    ],
)
def test_numbers_are_masked_one_at_a_time(question, masks):
    assert [(one.text, one.number) for one in masked(question)] == masks


def test_words_that_are_seldom_numbers_are_masked_as_metamath_does_if_asked():
    assert [(one.text, one.number) for one in masked("one box is half full", ambiguous=True)] == [
        ("x box is half full", "1"),
        ("one box is x% full", "50"),
    ]


def question(text, answer="10"):
    return row("q", text, "...", verifiable_answer=answer)


def test_the_answer_is_given_and_the_number_is_asked_for():
    (english,), _ = build("fobar", [question("Tom buys 4 hats. What does he pay?", "$1,200")])
    (chinese,), _ = build("fobar", [question("小明买了4顶帽子，一共多少元？", "20")])

    assert said(english) == (
        (
            "Tom buys x hats. What does he pay?\n"
            "If we know the answer of the above question is 1200, what is the value of unknown variable x?"
        ),
        "The value of x is 4.",
    )
    assert said(chinese) == ("小明买了x顶帽子，一共多少元？\n如果上述问题的答案是20，那么未知量x是多少？", "x的值是4。")
    assert (english.verifiable_answer, english.parents, english.construction) == ("4", ("q",), "expanded")


def test_self_verification_masks_what_is_told_and_keeps_the_sentence_that_asks():
    (one,), _ = build("fobar", [question("Tom buys 4 hats. What do 2 cost?")], form="sv")

    assert said(one)[0] == (
        "Tom buys x hats. We know that the answer to “What do 2 cost?” is 10. What is the value of unknown variable x?"
    )


def test_another_letter_can_stand_for_the_number():
    (one,), _ = build("fobar", [question("Let x be 5 metres.")], variable="X")

    assert said(one)[0].startswith("Let x be X metres.")


def test_fewer_numbers_can_be_masked_than_there_are():
    text = "He has 2 cats, 3 dogs and 4 birds."

    assert len(build("fobar", [question(text)])[0]) == 3
    assert len(build("fobar", [question(text)], most=2)[0]) == 2


def test_questions_that_cannot_be_turned_round_say_why():
    rows = [question("What is love?"), question("Let x be 5."), question("He has 2.", None), question("", "3")]

    dialogues, reasons = build("fobar", rows)

    assert dialogues == []
    assert reasons == {"no_number": 1, "variable_taken": 1, "no_gold": 1, "lacks_field": 1}
