"""Dialogues cut anew: what is learnt, where pieces end, other tasks, shares."""

import pytest
from built import build, row, said

TALK = ("hello", "hi", "how are you?", "fine", "bye", "see you")


def learnt(dialogue):
    return [message.content for message in dialogue.messages if message.trained]


def test_the_last_answer_or_all_of_them_are_learnt():
    (last,), _ = build("recut", [row("t", *TALK)], cut="last")
    (every,), _ = build("recut", [row("t", *TALK)], cut="all")

    assert [m.content for m in last.messages] == [m.content for m in every.messages] == list(TALK)
    assert learnt(last) == ["see you"]
    assert learnt(every) == ["hi", "fine", "see you"]


def test_prefixes_end_with_each_answer_and_learn_it():
    pieces, _ = build("recut", [row("t", *TALK, system="Be kind.")], cut="prefix")

    assert [[m.content for m in piece.messages] for piece in pieces] == [list(TALK[:2]), list(TALK[:4]), list(TALK)]
    assert [learnt(piece) for piece in pieces] == [["hi"], ["fine"], ["see you"]]
    assert {piece.system for piece in pieces} == {"Be kind."}


@pytest.mark.parametrize(("longest", "kept"), [(6, TALK), (5, TALK[2:]), (4, TALK[2:]), (3, TALK[4:]), (2, TALK[4:])])
def test_a_long_piece_loses_its_first_turns_and_begins_with_the_user(longest, kept):
    (piece,), _ = build("recut", [row("t", *TALK)], cut="last", longest=longest)

    assert tuple(m.content for m in piece.messages) == kept


def test_what_the_user_says_last_is_cut_off_and_a_dialogue_without_answer_is_left_out():
    dialogues, reasons = build("recut", [row("a", *TALK[:3]), row("b", "hello")], cut="last")

    assert [m.content for m in dialogues[0].messages] == ["hello", "hi"]
    assert reasons == {"no_answer_to_learn": 1}


def test_tools_and_their_calls_stay_in_a_piece():
    talk = row("t", "weather?", "", "rain", tools=[{"name": "look"}], meta={"a": 1})
    talk["messages"][1]["calls"] = [{"name": "look", "arguments": {}}]

    (piece,), _ = build("recut", [talk], cut="all")

    assert piece.messages[1].calls == ({"name": "look", "arguments": {}},)
    assert piece.tools == ({"name": "look"},)
    assert piece.meta == {"a": 1}


def test_what_is_known_of_a_turn_is_asked_for_at_that_turn():
    turns = [{}, {"state": {"area": "north", "price": ["cheap", "fair"], "stars": None}}]

    (one,), _ = build("recut", [row("t", *TALK, meta={"turns": turns})], cut="state", state_field="state")
    _, reasons = build("recut", [row("t", *TALK)], cut="state")

    asked, answer = said(one)
    assert asked.endswith("User: hello\nAssistant: hi\nUser: how are you?")
    assert answer == "area: north\nprice: cheap, fair"
    assert reasons == {"no_state": 1}


def test_rewrites_that_change_nothing_keep_to_their_share():
    rows = [row(f"c{n}", f"who is he {n}", f"who is Tom {n}") for n in range(90)]
    rows += [row(f"u{n}", f"where is Rome {n}", f"where is Rome {n}", labels={"unchanged": True}) for n in range(40)]

    dialogues, reasons = build("recut", rows, cut="rewriting", unchanged=0.1)
    none, _ = build("recut", rows, cut="rewriting", unchanged=0)
    most, _ = build("recut", rows, cut="rewriting", unchanged=0.9)

    assert len(dialogues) == 100
    assert reasons == {"unchanged_over_share": 30}
    assert (len(none), len(most)) == (90, 130)


def test_a_text_and_its_counterpart_are_asked_for_both_ways():
    rows = [row("p", "好雨知时节", "A good rain knows its season")]

    translated, _ = build("recut", rows, cut="both_ways")
    told, _ = build("recut", rows, cut="both_ways", forward="Say it in prose:", backward="写成诗：")

    assert [said(d) for d in translated] == [
        ("Translate into English:\n\n好雨知时节", "A good rain knows its season"),
        ("请翻译成中文：\n\nA good rain knows its season", "好雨知时节"),
    ]
    assert [said(d)[0].partition("\n")[0] for d in told] == ["Say it in prose:", "写成诗："]


def test_questions_are_asked_for_from_answers_that_tell_them():
    rows = [
        row("good", "水在多少度沸腾？", "在标准大气压下，水在一百摄氏度沸腾，高山上更低。"),
        row("order", "Translate this.", "A long answer to what was no question at all."),
        row("short", "Is it?", "Yes."),
        row("many", *TALK[:4]),
        row("silent", "What?"),
    ]

    dialogues, reasons = build("recut", rows, cut="question")

    assert [said(d)[1] for d in dialogues] == ["水在多少度沸腾？"]
    assert said(dialogues[0])[0].endswith("\n\n在标准大气压下，水在一百摄氏度沸腾，高山上更低。")
    assert reasons == {"not_a_question": 1, "too_short": 1, "not_single": 1, "no_counterpart": 1}
