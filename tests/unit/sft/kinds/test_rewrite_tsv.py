"""Lines of cells: the last is the one before it, written anew."""

import pytest

from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of
from corpus_platform.sft.kinds.rewrite_tsv import INSTRUCTIONS


def read(value, columns=None, **options):
    (outcome,) = kind_of("rewrite_tsv", options).read(Record(value, ColumnMap(columns=columns or {})))
    return outcome


def test_without_a_map_the_last_cell_is_the_rewrite():
    dialogue = read("who is he\tthe king\thow old is he\thow old is the king\n")

    assert dialogue.messages[0].content == f"{INSTRUCTIONS['en']}\n\nA: who is he\nB: the king\nA: how old is he"
    assert dialogue.messages[1].content == "how old is the king"
    assert (dialogue.task_type, dialogue.labels) == ("rewriting", {"unchanged": False})


def test_chinese_is_asked_in_chinese_and_an_unchanged_row_says_so():
    dialogue = read("他是谁\t国王\t他多大\t他多大")

    assert dialogue.messages[0].content == f"{INSTRUCTIONS['zh']}\n\n甲：他是谁\n乙：国王\n甲：他多大"
    assert dialogue.labels == {"unchanged": True}


def test_what_is_asked_in_names_has_the_language_of_what_is_said_before():
    dialogue = read("你喜欢她的歌吗\t很喜欢\t她是Adele吗\t你喜欢的是Adele吗")

    assert dialogue.messages[0].content.startswith(INSTRUCTIONS["zh"])


def test_a_blank_turn_is_left_out_and_speakers_stay_who_they_are():
    dialogue = read("is it cold\t\tand now\tis it cold now")

    assert dialogue.messages[0].content.endswith("A: is it cold\nA: and now")


def test_columns_go_by_position_and_other_delimiters_do():
    columns = {"history": ("2",), "question": "1", "rewrite": "0"}

    dialogue = read("rewritten ++$++ question ++$++ earlier", columns, delimiter=" ++$++ ")

    assert dialogue.messages[1].content == "rewritten"
    assert dialogue.meta == {"history": ["earlier"], "question": "question"}


def test_parallel_texts_have_an_instruction_of_their_own():
    poem = {
        "title": "江雪",
        "paragraph": ["千山鸟飞绝，", "万径人踪灭。"],
        "translate": ["山里没有鸟，", "路上没有人。"],
    }
    columns = {"question": "paragraph", "rewrite": "translate", "title": "title"}

    dialogue = read(poem, columns, instruction="把这首诗译成白话文：")

    assert dialogue.messages[0].content == "把这首诗译成白话文：\n\n千山鸟飞绝，\n万径人踪灭。"
    assert dialogue.messages[1].content == "山里没有鸟，\n路上没有人。"
    assert (dialogue.title, dialogue.labels) == ("江雪", {})


def test_an_empty_instruction_asks_the_question_as_it_is_and_wrong_rows_are_told():
    columns = {"question": "1", "rewrite": "2", "right": "3"}

    right, wrong = (
        read(f"id ++$++ why? ++$++ so ++$++ {n}", columns, delimiter=" ++$++ ", instruction="") for n in (1, 0)
    )

    assert [m.content for m in right.messages] == ["why?", "so"]
    assert (wrong.reason, wrong.broken) == ("wrong_answer", False)


@pytest.mark.parametrize(
    ("line", "reason"), [("", "no_prompt"), ("only", "no_prompt"), ("q\t", "no_answer"), ("\tr", "no_prompt")]
)
def test_lines_with_too_little_have_a_reason(line, reason):
    assert read(line).reason == reason
