"""Roles of dialogues in order, whatever order they came in; and the flat form that all work on, there and back."""

import polars as pl
import pytest
from dialogue_frames import contents, edited, frame_of, reason, said
from hypothesis import given, settings
from hypothesis.strategies import booleans, builds, just, lists, none, one_of, sampled_from, text, tuples

from corpus_platform.errors import SchemaError
from corpus_platform.recipes.steps.sft_repair import SftRoles
from corpus_platform.sft.flat import flatten, fold
from corpus_platform.sft.flat import texts as texts_of
from corpus_platform.sft.form import Message, text_of
from corpus_platform.sft.pieces import Pieces
from corpus_platform.sft.roles import REASONS, ordered
from corpus_platform.signals.subject import Subject

CALL = Message("assistant", "", calls=({"name": "weather", "arguments": {"city": "Xi'an"}},))
TIME = Message("assistant", "", calls=({"name": "time", "arguments": {}},))
WORDS = text(alphabet="ab 好。\n\t", max_size=6)
MESSAGES = builds(
    Message,
    role=sampled_from(["user", "assistant", "tool", "system", "Human", "gpt", "observation", "narrator"]),
    content=WORDS,
    reasoning=one_of(none(), WORDS),
    calls=one_of(just(()), just(()), just(({"name": "f"},))),
    name=one_of(none(), just("f")),
    trained=one_of(none(), booleans()),
)
DIALOGUES = lists(tuples(lists(MESSAGES, max_size=7), one_of(none(), WORDS)), max_size=14)


def is_in_order(messages):
    """The slow twin: goes from message to message."""
    before = None
    for message in messages:
        role = message["role"]
        allowed = {
            None: {"user"},
            "user": {"assistant"},
            "assistant": {"user", "tool", "system"},
            "tool": {"tool", "assistant"},
            "system": {"user"},
        }
        if role not in allowed[before]:
            return False
        before = role
    return before == "assistant"


@pytest.mark.parametrize(
    ("given_", "made"),
    [
        (["u:a", "a:b"], [("user", "a"), ("assistant", "b")]),
        (["a:hi", "u:a", "a:b"], [("user", "a"), ("assistant", "b")]),
        (["u:a", "a:b", "u:c"], [("user", "a"), ("assistant", "b")]),
        (["u:请问", "u:现在几点", "a:三点"], [("user", "请问\n\n现在几点"), ("assistant", "三点")]),
        (["u:a", "a:b", "a:c"], [("user", "a"), ("assistant", "b\n\nc")]),
        (["u:a", "a:b", "s:be short", "u:c", "a:d"], [("user", "a"), ("assistant", "b"), ("system", "be short"), ("user", "c"), ("assistant", "d")]),
        (["u:a", CALL, "t:sun", "a:It is sunny"], [("user", "a"), ("assistant", ""), ("tool", "sun"), ("assistant", "It is sunny")]),
        (["u:a", CALL, TIME, "t:sun", "t:3", "a:b"], [("user", "a"), ("assistant", ""), ("tool", "sun"), ("tool", "3"), ("assistant", "b")]),
        ([Message("Human", "a"), Message("GPT", "b")], [("user", "a"), ("assistant", "b")]),
    ],
)  # fmt: skip
def test_a_dialogue_is_mended_and_stays_what_was_said(given_, made):
    edit = edited(SftRoles(), said(*given_))

    assert reason(edit) is None
    assert contents(edit) == made


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ([], "no_user"),
        (["a:hi"], "no_user"),
        (["u:hi"], "no_answer"),
        (["a:hi", "u:hi"], "no_answer"),
        ([Message("narrator", "Once"), "u:a", "a:b"], "unknown_role"),
        (["u:a", "t:sun", "a:b"], "tool_without_call"),
        (["u:a", CALL, "a:b"], "call_without_result"),
        (["u:a", "s:be short", "a:b"], "system_inside"),
        (["u:a", CALL, "t:sun", "u:b", "a:c"], "not_alternating"),
    ],
)
def test_what_cannot_be_mended_is_dropped_with_its_reason(given_, why):
    edit = edited(SftRoles(), said(*given_))

    assert reason(edit) == why
    assert not edit.changed[0]


def test_a_system_message_at_the_head_joins_the_system_prompt():
    edit = edited(
        SftRoles(), said("s:Be kind.", "u:a", "a:b"), said("s:Be kind.", "u:a", "a:b"), system=[None, "Be brief."]
    )

    assert edit.columns["system"].to_list() == ["Be kind.", "Be brief.\n\nBe kind."]
    assert edit.text.to_list() == ["Be kind.\n\na\n\nb", "Be brief.\n\nBe kind.\n\na\n\nb"]
    assert edit.removed == {"system_moved": 2}


def test_system_messages_are_not_lost_where_no_column_would_hold_them():
    frame = frame_of(said("s:Be kind.", "u:a", "a:b")).drop("system")

    with pytest.raises(SchemaError, match="no column `system`"):
        SftRoles().edit(Subject.of(frame))


def test_calls_that_were_made_one_by_one_become_calls_made_together():
    edit = edited(SftRoles(), said("u:a", CALL, TIME, "t:sun", "t:3", "a:b"))

    calls = edit.columns["messages"].to_list()[0][1]["calls"]
    assert calls == '[{"name":"weather","arguments":{"city":"Xi\'an"}},{"name":"time","arguments":{}}]'
    assert edit.removed == {"joined": 1}


def test_joined_messages_are_trained_only_if_all_of_them_are():
    parts = [Message("user", "a"), Message("assistant", "b", trained=False), Message("assistant", "c", reasoning="hm")]

    edit = edited(SftRoles(), parts)

    joined = edit.columns["messages"].to_list()[0][1]
    assert (joined["content"], joined["reasoning"], joined["trained"]) == ("b\n\nc", "hm", False)


def test_any_order_keeps_several_users_in_a_row_and_an_assistant_who_begins():
    edit = edited(SftRoles(any_order=True), said("a:hi", "u:a", "u:b", "a:c"), said("u:a"))

    assert contents(edit) == [("assistant", "hi"), ("user", "a"), ("user", "b"), ("assistant", "c")]
    assert not edit.changed.any()
    assert reason(edit, 1) == "no_answer"


def test_without_repair_what_is_out_of_order_has_a_reason():
    edit = edited(SftRoles(trim=False, join=False), said("u:a", "u:b", "a:c"), said("u:a", "a:b", "u:c"))

    assert [reason(edit, row) for row in range(2)] == ["not_alternating", "no_answer"]


def test_further_names_of_roles_are_taken_from_the_step():
    edit = edited(SftRoles(names={"narrator": "user"}), [Message("Narrator", "Once"), Message("assistant", "upon")])

    assert contents(edit) == [("user", "Once"), ("assistant", "upon")]


@given(DIALOGUES)
@settings(max_examples=20, deadline=None)
def test_after_repair_every_dialogue_is_in_order_or_has_a_reason(dialogues):
    frame = frame_of(*(messages for messages, _ in dialogues), system=[system for _, system in dialogues])

    done = ordered(frame["messages"], frame["system"])

    for messages, why in zip(done.messages.to_list(), done.reason, strict=True):
        assert is_in_order(messages) if why < 0 else REASONS[why]
    again = ordered(done.messages, done.system)
    assert not again.changed[done.reason < 0].any()
    assert (again.reason[done.reason < 0] < 0).all()


@given(DIALOGUES)
@settings(max_examples=8, deadline=None)
def test_a_dialogue_in_order_is_left_alone(dialogues):
    frame = frame_of(*(messages for messages, _ in dialogues), system=[system for _, system in dialogues])

    done = ordered(frame["messages"], frame["system"])

    for row, messages in enumerate(frame["messages"].to_list()):
        if (
            is_in_order(messages)
            if all(m["role"] in {"user", "assistant", "tool", "system"} for m in messages)
            else False
        ):
            assert done.reason[row] < 0
            assert not done.changed[row]
            assert done.messages.to_list()[row] == messages


@given(DIALOGUES)
@settings(max_examples=8, deadline=None)
def test_messages_are_flattened_and_folded_without_loss(dialogues):
    frame = frame_of(*(messages for messages, _ in dialogues), system=[system for _, system in dialogues])

    flat = flatten(frame["messages"])

    assert flat.height == sum(len(messages) for messages, _ in dialogues)
    assert fold(flat, frame.height).to_list() == frame["messages"].to_list()
    assert texts_of(flat, frame["system"]).to_list() == [text_of(messages, system) for messages, system in dialogues]


@given(DIALOGUES)
@settings(max_examples=8, deadline=None)
def test_pieces_go_back_to_where_they_came_from(dialogues):
    frame = frame_of(*(messages for messages, _ in dialogues), system=[system for _, system in dialogues])
    pieces = Pieces.of(frame["messages"], frame["system"])

    same, upper = pieces.put(pieces.texts), pieces.put(pieces.texts.str.to_uppercase())

    assert not same.changed.any()
    assert same.messages.to_list() == frame["messages"].to_list()
    assert upper.text(frame["text"]).to_list() == [text.upper() for text in frame["text"]]
    size = pieces.texts.str.len_chars()
    numbered = pl.DataFrame({"end": size}).with_row_index("document").with_columns(start=pl.lit(0), rule=pl.lit("all"))
    for document, start, end, _ in pieces.places(numbered.filter(pl.col("end") > 0)).iter_rows():
        assert frame["text"][document][start:end] in pieces.texts.to_list()
