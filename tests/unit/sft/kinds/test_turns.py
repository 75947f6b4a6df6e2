"""Dialogues as lists of turns, of pairs, and of texts."""

import orjson
import pytest

from corpus_platform.sft.form import Dialogue, Message, Problem, assistant, user
from corpus_platform.sft.kinds.kind import ColumnMap, Record
from corpus_platform.sft.kinds.pairs import Pairs
from corpus_platform.sft.kinds.turn_strings import TurnStrings, unspaced
from corpus_platform.sft.kinds.turns import Turns

MAP = ColumnMap(columns={"turns": "turns", "tools": "tools", "system": "system", "user": "input", "assistant": "output"})  # fmt: skip
CALL = {"name": "add", "arguments": {"a": 1}}


def read(value, kind=Turns, **options):
    [outcome] = kind(**options).read(Record(value, MAP))
    return outcome


def messages(value, kind=Turns, **options):
    outcome = read(value, kind, **options)
    assert isinstance(outcome, Dialogue), outcome
    return outcome.messages


@pytest.mark.parametrize(
    "turns",
    [
        [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}],
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
        [{"role": "prompter", "text": "q"}, {"role": "bot", "text": "a"}],
        [{"speaker": "Human", "utterance": "q"}, {"speaker": "ChatGPT", "markdown": "a"}],
        [{"From": "用户", "Value": "q"}, {"From": "助手", "Value": "a"}],
        [{"role": "user", "content": [{"type": "text", "text": "q"}]}, {"role": "assistant", "content": ["a"]}],
        [{"from": "user", "value": "q", "weight": None}, {"from": "chatgpt", "value": "a", "toxic": False}],
    ],
)
def test_turns_say_who_speaks_under_many_names(turns):
    assert messages({"turns": turns}) == (user("q"), assistant("a"))
    assert messages({"turns": orjson.dumps(turns).decode()}) == (user("q"), assistant("a"))
    assert messages(turns) == (user("q"), assistant("a"))


def test_a_set_may_have_roles_and_keys_of_its_own():
    turns = [{"who": "caller-7", "said": "q"}, {"who": "desk", "said": "a"}]

    options = {"roles": {"caller-7": "user", "desk": "assistant"}, "role_key": "who", "text_key": "said"}

    assert messages({"turns": turns}, **options) == (user("q"), assistant("a"))


def test_the_first_turns_of_the_system_are_its_prompt_and_later_ones_stay():
    turns = [
        {"from": "system", "value": "Be kind."},
        {"from": "human", "value": "q"},
        {"from": "system", "value": "Now be terse."},
        {"from": "gpt", "value": "a"},
    ]

    dialogue = read({"turns": turns, "system": "You are X."})

    assert dialogue.system == "You are X.\n\nBe kind."
    assert [m.role for m in dialogue.messages] == ["user", "system", "assistant"]


@pytest.mark.parametrize(
    "call",
    [
        {"from": "function_call", "value": orjson.dumps(CALL).decode()},
        {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}]},
        {"role": "assistant", "content": "", "function_call": {"name": "add", "arguments": '{"a": 1}'}},
        {"role": "assistant", "content": [{"type": "tool_call", "value": orjson.dumps(CALL).decode()}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "add", "input": {"a": 1}}]},
    ],
)  # fmt: skip
def test_calls_of_tools_are_read_from_every_form(call):
    turns = [
        {"from": "human", "value": "1 + 0?"},
        call,
        {"from": "observation", "value": "1", "name": "add"},
        {"from": "gpt", "value": "1"},
    ]

    dialogue = read({"turns": turns, "tools": '[{"name": "add"}]'})

    assert dialogue.messages[1] == Message("assistant", "", calls=(CALL,))
    assert dialogue.messages[2] == Message("tool", "1", name="add")
    assert dialogue.tools == ({"name": "add"},)


def test_several_calls_keep_their_ids_and_order():
    given = [{"id": "c1", "function": CALL}, {"id": "c2", "function": {"name": "now", "arguments": ""}}]

    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "Wait.", "tool_calls": given}]

    assert messages({"turns": turns})[1].calls == ({**CALL, "id": "c1"}, {"name": "now", "arguments": {}, "id": "c2"})


def test_parts_of_a_turn_are_thoughts_texts_tools_and_images():
    turns = [
        {"role": "system", "content": [{"type": "text", "value": "S"}, {"type": "tools", "value": '[{"name": "t"}]'}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "x"}, {"type": "text", "text": "q"}]},
        {"role": "assistant", "content": [{"type": "reasoning", "value": "r"}, {"type": "text", "value": "a</think>"}]},
    ]

    dialogue = read({"turns": turns})

    assert dialogue.system == "S"
    assert dialogue.tools == ({"name": "t"},)
    assert dialogue.images_needed
    assert dialogue.messages == (user("q"), assistant("a", "r"))


def test_thoughts_are_read_from_marks_and_from_their_own_key():
    marked = {"role": "assistant", "content": "<think>r</think>a"}
    keyed = {"role": "assistant", "content": "a", "reasoning_content": "r"}

    assert messages([{"role": "user", "content": "q"}, marked])[1] == assistant("a", "r")
    assert messages([{"role": "user", "content": "q"}, keyed])[1] == assistant("a", "r")


def test_weights_say_what_is_learnt_where_they_differ_from_the_usual():
    turns = [
        {"role": "user", "content": "q", "loss_weight": 0.0},
        {"role": "assistant", "content": "a", "loss_weight": 0.0},
        {"role": "user", "content": "p", "weight": 1},
        {"role": "assistant", "content": "b", "train": True},
    ]

    assert [m.trained for m in messages({"turns": turns})] == [None, False, True, None]


@pytest.mark.parametrize(
    ("turns", "reason", "broken"),
    [
        ([{"from": "narrator", "value": "x"}], "unknown_role", True),
        ([{"value": "x"}], "wrong_shape", True),
        (["x"], "wrong_shape", True),
        ("no list", "bad_inner_json", True),
        (None, "no_turns", True),
        ([], "no_turns", False),
        ([{"from": "human", "value": "q"}], "no_reply", True),
        ([{"from": "human", "value": "q"}, {"from": "gpt", "value": " "}], "empty_message", False),
        ([{"from": "human", "value": "q"}, {"from": "function_call", "value": "{'name': 'x'}"}], "bad_inner_json", True),
        ([{"from": "human", "value": "q"}, {"from": "function_call", "value": '{"arguments": {}}'}], "wrong_shape", True),
        ([{"from": "human", "value": [{"type": "riddle", "value": "q"}]}], "wrong_shape", True),
    ],
)  # fmt: skip
def test_turns_that_can_not_be_read_say_why(turns, reason, broken):
    problem = read({"turns": turns})

    assert isinstance(problem, Problem)
    assert (problem.reason, problem.broken) == (reason, broken)


def test_pairs_are_objects_or_lists_of_two():
    expected = (user("q"), assistant("a"), user("p"), assistant("b", "r"))

    assert messages({"turns": [{"human": "q", "assistant": "a"}, {"human": "p", "assistant": "<think>r</think>b"}]}, Pairs) == expected  # fmt: skip
    assert messages([["q", "a"], ["p", "<think>r</think>b"]], Pairs) == expected
    assert messages({"turns": [{"question": "q", "answer": "a"}, {"Q": "p"}]}, Pairs) == (*expected[:2], user("p"))


def test_numbered_pairs_go_by_their_numbers_and_are_no_meta():
    record = {"round_10": '{"Q": "p", "A": "b"}', "round_2": {"Q": "q", "A": "a"}, "id": 1}
    kind = Pairs(numbered="round_")

    [dialogue] = kind.read(Record(record, ColumnMap(others="meta")))

    assert dialogue.messages == (user("q"), assistant("a"), user("p"), assistant("b"))
    assert dialogue.meta == {"id": 1}
    assert (kind.takes("round_3"), kind.takes("round_x"), Pairs().takes("round_3")) == (True, False, False)


@pytest.mark.parametrize(("pair", "reason"), [({"a b": 1}, "wrong_shape"), (["q", "a", "r"], "wrong_shape"), (["q", ""], "empty_message")])  # fmt: skip
def test_pairs_that_are_none_say_so(pair, reason):
    assert read({"turns": [pair]}, Pairs).reason == reason


@pytest.mark.parametrize(
    "value",
    [
        {"turns": ["q", "a", "p"]},
        {"turns": '["q", "a", "p"]'},
        ["q", "a", "p"],
        "q\ta\tp",
        {"turns": ["问：q", "答：a", "问: p"]},
        {"input": ["q", "p"], "output": ["a"]},
    ],
)
def test_texts_without_roles_take_turns_and_a_turn_too_many_stays(value):
    assert messages(value, TurnStrings) == (user("q"), assistant("a"), user("p"))


def test_the_other_side_may_speak_first():
    assert messages(["a", "q"], TurnStrings, first="assistant") == (assistant("a"), user("q"))


def test_a_mark_that_not_all_turns_have_is_text():
    assert messages(["问：q", "a"], TurnStrings)[0] == user("问：q")


def test_numbered_messages_go_by_their_numbers():
    record = {"message_1": {"role": "x", "content": "q"}, "message_2": "a", "message_10": "b", "message_9": "p", "role_1": "r"}  # fmt: skip

    [dialogue] = TurnStrings(numbered="message_").read(Record(record, ColumnMap(others="meta")))

    assert [m.content for m in dialogue.messages] == ["q", "a", "p", "b"]
    assert dialogue.meta == {"role_1": "r"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你 好 ， 在 吗 ？", "你好，在吗？"),
        ("嗯 嗯 ~ 不 错 . . .", "嗯嗯~不错..."),
        ("用 iphone 好 吗", "用 iphone 好吗"),
        ('我 叫 " 你 " ， 1 1 年', '我叫"你"，11年'),
        ("it is 3 . 5", "it is 3 . 5"),
        ("他 们 的 p a r t y", "他们的 party"),
        ("O M G ！", "OMG ！"),
        ("选 A B 还 是 ok", "选 A B 还是 ok"),
    ],
)
def test_blanks_go_between_chinese_characters_and_marks_only(text, expected):
    assert unspaced(text) == expected


def test_blanks_of_people_stay():
    assert messages(["今天 天气不错啊，我们去公园", "好"], TurnStrings)[0].content == "今天 天气不错啊，我们去公园"
    assert messages(["你 好 吗", "很 好"], TurnStrings, spaced=False)[0].content == "你 好 吗"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["q", ""], "empty_message"),
        (["q", {"text": "a"}], "wrong_shape"),
        ({"input": ["q", "p", "o"], "output": ["a"]}, "wrong_shape"),
        ([], "no_turns"),
        ({"turns": None}, "no_turns"),
    ],
)
def test_lists_of_texts_that_are_none_say_so(value, reason):
    assert read(value, TurnStrings).reason == reason
