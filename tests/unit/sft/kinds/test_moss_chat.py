"""MOSS's conversations: slots, their marks, tools that are switched on, calls and what they give back."""

import pytest

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.calls import calls_of
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

MAP = ColumnMap(columns={"chat": "chat", "system": "meta_instruction"}, meta=("conversation_id",))
SYSTEM = "You are a helper.\n- Inner thoughts: enabled.\n- Web search: disabled.\n- Calculator: enabled. API: Calculate(expression)"


def turn(human="Hi", thoughts="None", commands="None", results="None", moss="Hello"):
    return {
        "Human": f"<|Human|>: {human}<eoh>\n",
        "Inner Thoughts": f"<|Inner Thoughts|>: {thoughts}<eot>\n",
        "Commands": f"<|Commands|>: {commands}<eoc>\n",
        "Tool Responses": f"<|Results|>:\n{results}\n<eor>\n",
        "MOSS": f"<|MOSS|>: {moss}<eom>\n",
    }


def read(chat, system=SYSTEM, **more):
    record = {"conversation_id": 7, "meta_instruction": system, "chat": chat, **more}
    (outcome,) = kind_of("moss_chat").read(Record(record, MAP))
    return outcome


def test_turns_go_by_their_number_and_not_by_their_place():
    chat = {f"turn_{n}": turn(human=f"question {n}", moss=f"answer {n}") for n in (10, 2, 1, 3, 4, 5, 6, 7, 8, 9)}

    dialogue = read(chat)

    assert [m.content for m in dialogue.messages[:4]] == ["question 1", "answer 1", "question 2", "answer 2"]
    assert dialogue.messages[-1].content == "answer 10"
    assert dialogue.meta == {"conversation_id": 7}


def test_a_turn_with_a_command_is_four_messages_and_keeps_its_thoughts():
    chat = {"turn_1": turn("2+2?", "I must reckon.", 'Calculate("2+2")', "Calculate(\"2+2\") => '4'", "It is 4.")}

    dialogue = read(chat)

    assert [m.role for m in dialogue.messages] == ["user", "assistant", "tool", "assistant"]
    call, result, answer = dialogue.messages[1:]
    assert (call.content, call.reasoning, answer.reasoning) == ("", "I must reckon.", None)
    assert call.calls == ({"name": "Calculate", "arguments": {"expression": "2+2"}},)
    assert (result.name, result.content) == ("Calculate", "Calculate(\"2+2\") => '4'")
    assert answer.content == "It is 4."
    assert dialogue.task_type == "tool_use"


def test_thoughts_without_a_command_belong_to_the_answer():
    dialogue = read({"turn_1": turn("你好", "不需要工具。", moss="你好！")})

    assert [(m.role, m.content, m.reasoning) for m in dialogue.messages] == [
        ("user", "你好", None),
        ("assistant", "你好！", "不需要工具。"),
    ]
    assert dialogue.task_type is None


def test_results_of_several_calls_are_parted_where_they_name_their_calls():
    results = 'Search("a") =>\n<|1|>: x\nSearch("b") =>\n<|1|>: y'

    dialogue = read({"turn_1": turn(commands='Search("a"), Search("b")', results=results)})

    assert [m.content for m in dialogue.messages if m.role == "tool"] == [
        'Search("a") =>\n<|1|>: x',
        'Search("b") =>\n<|1|>: y',
    ]


def test_results_that_do_not_name_their_calls_stay_one_message():
    dialogue = read({"turn_1": turn(commands='Search("a"), Search("b")', results="nothing was found")})

    assert [(m.name, m.content) for m in dialogue.messages if m.role == "tool"] == [("Search", "nothing was found")]


def test_tools_are_those_that_the_system_prompt_turns_on():
    dialogue = read({"turn_1": turn()})

    assert [tool["name"] for tool in dialogue.tools] == ["Calculate"]
    assert dialogue.tools[0]["parameters"]["required"] == ["expression"]
    assert dialogue.system == SYSTEM


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        ({}, "no_turns"),
        (["turn"], "wrong_shape"),
        ({"turn_1": turn(), "turn_3": turn()}, "wrong_shape"),
        ({"turn_1": turn(), "round_2": turn()}, "wrong_shape"),
        ({"turn_1": turn(moss="  ")}, "empty_message"),
        ({"turn_1": turn(human="None")}, "empty_message"),
        ({"turn_1": turn(commands="please search for it")}, "unread_command"),
    ],
)
def test_what_is_no_conversation_has_a_reason(chat, reason):
    outcome = read(chat)

    assert isinstance(outcome, Problem)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('Search("a, b")', [("Search", {"query": "a, b"})]),
        ("Calculate((1+2)*(3-4))", [("Calculate", {"expression": "(1+2)*(3-4)"})]),
        ('Calculate("("+ str(2) + ")")', [("Calculate", {"expression": '"("+ str(2) + ")"'})]),
        ('Search("a"), None', [("Search", {"query": "a"})]),
        ('Search("a"); Calculate("1")', [("Search", {"query": "a"}), ("Calculate", {"expression": "1"})]),
        (r'Search("say \"hi\" (now")', [("Search", {"query": 'say "hi" (now'})]),
        ('Plot("f", [1, 2], 3)', [("Plot", {"argument": "f", "argument_2": "[1, 2]", "argument_3": "3"})]),
        ("Search(it's open)", [("Search", {"query": "it's open"})]),
        ("Search(", []),
        ('Search("a") and more', []),
    ],
)
def test_calls_are_read_with_their_arguments(text, calls):
    found = calls_of(text, {"Search": ["query"], "Calculate": ["expression"]})

    assert [(call.value["name"], dict(call.value["arguments"])) for call in found] == calls
