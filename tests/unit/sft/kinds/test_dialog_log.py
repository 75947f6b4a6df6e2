"""Logs of turns: dialogues, summaries and states of them."""

import pytest

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.dialog_log import SUMMARISE, TRACK
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

MAP = ColumnMap(
    columns={"log": "log", "info": "original dialog info", "prompts": "prompt", "knowledge": "external knowledge"},
    meta=("_key",),
)


def turn(asked, said, **more):
    return {"turn id": 1, "user utterance": asked, "system response": said, "dialog history": "", **more}


def read(log, info=None, columns=MAP, record=None, **options):
    value = {"_key": "x--1", "log": log, "original dialog info": info or {}, **(record or {})}
    return list(kind_of("dialog_log", options).read(Record(value, columns)))


def said(dialogue):
    return [(m.role, m.content) for m in dialogue.messages]


def test_turns_become_messages_with_a_wording_of_the_task_as_system_prompt():
    (dialogue,) = read([turn("Hi", "Hello"), turn("Bye", "")], record={"prompt": ["Help people.", "Be of help."]})

    assert said(dialogue) == [("user", "Hi"), ("assistant", "Hello"), ("user", "Bye")]
    assert dialogue.system == "Help people."
    assert dialogue.meta == {"_key": "x--1"}


def test_wordings_are_drawn_by_seed_and_dialogue_or_left_out():
    prompts = {"prompt": [f"wording {i}" for i in range(10)]}

    drawn = [read([turn(f"q{i}", "a")], record=prompts, prompt="seeded", seed=3)[0].system for i in range(30)]

    assert drawn == [read([turn(f"q{i}", "a")], record=prompts, prompt="seeded", seed=3)[0].system for i in range(30)]
    assert len(set(drawn)) > 3
    assert read([turn("q", "a")], record=prompts, prompt="none")[0].system is None


def test_a_log_may_be_one_turn_and_its_task_stand_in_the_info():
    (dialogue,) = read(turn("fly to Rome", "flight"), {"task": "Name the intent."})

    assert said(dialogue) == [("user", "fly to Rome"), ("assistant", "flight")]
    assert dialogue.system == "Name the intent."


def test_knowledge_stands_before_what_is_asked_once_until_it_changes():
    log = [
        turn(f"q{i}", f"a{i}", **{"external knowledge": k}) for i, k in enumerate(["table 1", "table 1", "table 2", ""])
    ]

    (prompt,), (meta,) = read(log), read(log, knowledge="meta")

    assert [t for r, t in said(prompt) if r == "user"] == ["table 1\n\nq0", "q1", "table 2\n\nq2", "q3"]
    assert [t for r, t in said(meta) if r == "user"] == ["q0", "q1", "q2", "q3"]


def test_what_is_known_of_turns_is_kept_and_commas_written_as_words_are_commas():
    log = [turn("well_comma_ yes", "ok", **{"original user side information": {"mood": "calm"}, "dst": ""})]

    (dialogue,) = read(log, {"domain": "hotel"})

    assert said(dialogue)[0] == ("user", "well, yes")
    assert dialogue.meta["info"] == {"domain": "hotel"}
    assert dialogue.meta["turns"] == [{"original user side information": {"mood": "calm"}}]


def test_a_dialogue_with_a_summary_is_summarised():
    speakers = {
        "original user side information": {"speaker": "Ann"},
        "original system side information": {"speaker": "Bo"},
    }
    log = [turn("Hi", "Hello", **speakers)]

    (summary,), (dialogue,) = (
        read(log, {"summary": "They greet."}),
        read(log, {"summary": "They greet."}, task="dialogue"),
    )

    assert said(summary) == [("user", f"{SUMMARISE['en']}\n\nAnn: Hi\nBo: Hello"), ("assistant", "They greet.")]
    assert summary.task_type == "summarisation"
    assert said(dialogue) == [("user", "Hi"), ("assistant", "Hello")]


def test_where_the_log_is_empty_the_dialogue_is_in_the_info():
    (dialogue,) = read("", {"summary": "他们打招呼。", "dialog history": "甲：你好。乙：你好。"})

    assert said(dialogue)[0] == ("user", f"{SUMMARISE['zh']}\n\n甲：你好。乙：你好。")


def test_each_turn_with_a_state_is_asked_with_the_dialogue_up_to_it():
    log = [turn("a room", "where?", dst="room"), turn("Rome", "fine"), turn("two nights", "ok", dst="room, Rome, 2")]

    dialogues = read(log, task="state")

    assert [m[1] for d in dialogues for m in said(d) if m[0] == "assistant"] == ["room", "room, Rome, 2"]
    assert said(dialogues[1])[0][1] == (
        f"{TRACK['en']}\n\nUser: a room\nSystem: where?\nUser: Rome\nSystem: fine\nUser: two nights"
    )


@pytest.mark.parametrize(
    ("log", "options", "reason"),
    [
        ("", {}, "no_turns"),
        (["text"], {}, "wrong_shape"),
        ([turn("a", "b")], {"task": "summary"}, "no_summary"),
        ([turn("a", "b")], {"task": "state"}, "no_state"),
        ([turn("", None)], {}, "no_turns"),
    ],
)
def test_what_can_not_be_made_has_a_reason(log, options, reason):
    (outcome,) = read(log, **options)

    assert isinstance(outcome, Problem)
    assert outcome.reason == reason


def test_signs_around_speakers_go():
    (dialogue,) = read([turn("#Person1# is here", "ok")], {"summary": "#Person1#'s late. See #1#."})

    assert [m.content for m in dialogue.messages] == [
        f"{SUMMARISE['en']}\n\nUser: Person1 is here\nSystem: ok",
        "Person1's late. See #1#.",
    ]
