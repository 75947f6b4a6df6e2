"""Preferences: chosen and rejected, battles, answers by writer, verdicts, scores."""

import pytest

from corpus_platform.sft.form import Dialogue, Preference, Problem
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

PAIR = ColumnMap(columns={"prompt": "prompt", "chosen": "chosen", "rejected": "rejected", "system": "system"})
ARENA = ColumnMap(
    columns={
        "a": "conversation_a", "b": "conversation_b", "model_a": "model_a", "model_b": "model_b",
        "winner": "winner", "judge": "judge", "language": "language",
    },
    labels={"flagged": "openai_moderation.flagged"},
)  # fmt: skip
HC3 = ColumnMap(columns={"prompt": "question", "human": "human_answers", "machine": "chatgpt_answers"})
KTO = ColumnMap(columns={"prompt": "messages", "good": "label"})
SCORED = ColumnMap(columns={"prompt": "prompt", "answers": "responses"})


def read(record, columns, **options):
    return list(kind_of("compare", options).read(Record(record, columns)))


def answers(preference):
    return [[m.content for m in answer.messages] for answer in preference.answers]


def turns(*said, keys=("role", "content")):
    roles = ("user", "assistant") if keys[0] == "role" else ("human", "gpt")
    return [{keys[0]: roles[i % 2], keys[1]: text} for i, text in enumerate(said)]


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"prompt": turns("q"), "chosen": turns("q", "good"), "rejected": turns("q", "bad")},
        {"prompt": "q", "chosen": turns("q", "good"), "rejected": turns("q", "bad")},
        {"chosen": turns("q", "good"), "rejected": turns("q", "bad")},
        {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"},
        {
            "prompt": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": {"from": "gpt", "value": "bad"},
        },
        {
            "prompt": "q",
            "chosen": [{"role": "assistant", "content": "good"}],
            "rejected": [{"role": "assistant", "content": "bad"}],
        },
    ],
)
def test_chosen_and_rejected_of_all_forms_give_the_same(record):
    (preference,) = read(record, PAIR)

    assert [(m.role, m.content) for m in preference.about.messages] == [("user", "q")]
    assert answers(preference) == [["good"], ["bad"]]
    assert (preference.choice, preference.tie) == (0, False)
    assert [a.good for a in preference.answers] == [True, False]


def test_several_answers_may_be_rejected_and_a_system_turn_is_the_system_prompt():
    prompt = [{"role": "system", "content": "Be kind."}, *turns("q", "a", "q2")]

    (preference,) = read({"prompt": prompt, "chosen": "good", "rejected": ["bad", "worse"]}, PAIR)

    assert preference.about.system == "Be kind."
    assert [m.content for m in preference.about.messages] == ["q", "a", "q2"]
    assert answers(preference) == [["good"], ["bad"], ["worse"]]


def test_calls_and_thoughts_are_read():
    prompt = [
        {"from": "human", "value": "weather?"},
        {"from": "function_call", "value": '{"name": "get", "arguments": {"city": "Rome"}}'},
        {"from": "observation", "value": "sun"},
    ]

    (preference,) = read({"prompt": prompt, "chosen": "<think>hm</think>Sunny.", "rejected": "Rain."}, PAIR)

    assert [m.role for m in preference.about.messages] == ["user", "assistant", "tool"]
    assert preference.about.messages[1].calls == ({"name": "get", "arguments": {"city": "Rome"}},)
    assert (preference.answers[0].messages[0].reasoning, answers(preference)[0]) == ("hm", ["Sunny."])


def arena(winner, a=("q", "one", "q2", "two"), b=("q", "eins", "q2", "zwei")):
    return {
        "conversation_a": turns(*a), "conversation_b": turns(*b), "model_a": "alpha", "model_b": "beta", "winner": winner,
        "judge": "someone", "language": "English", "openai_moderation": {"flagged": False},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("winner", "choice", "tie", "good"),
    [
        ("model_a", 0, False, [True, False]),
        ("model_b", 1, False, [False, True]),
        ("tie", None, True, [None, None]),
        ("tie (bothbad)", None, True, [False, False]),
    ],
)
def test_a_battle_says_who_won(winner, choice, tie, good):
    (preference,) = read(arena(winner), ARENA)

    assert (preference.choice, preference.tie, [a.good for a in preference.answers]) == (choice, tie, good)
    assert [m.content for m in preference.about.messages] == ["q"]
    assert answers(preference) == [["one", "q2", "two"], ["eins", "q2", "zwei"]]
    assert [a.model for a in preference.answers] == ["alpha", "beta"]
    assert preference.judge == "someone"
    assert (preference.about.labels, preference.about.language) == ({"flagged": False}, "English")


def test_answers_of_people_and_of_a_model_are_told_apart_and_nobody_prefers_one():
    (preference,) = read({"question": "q", "human_answers": ["h1", "h2"], "chatgpt_answers": ["m"]}, HC3)

    assert answers(preference) == [["h1"], ["h2"], ["m"]]
    assert [a.model for a in preference.answers] == [None, None, "chatgpt"]
    assert (preference.choice, preference.about.origin) == (None, "mixed")


def test_one_side_may_be_preferred_and_all_answers_be_dialogues_too():
    record = {"question": "q", "human_answers": ["h1", "h2"], "chatgpt_answers": ["m"]}

    preference, *dialogues = read(record, HC3, prefer="machine", dialogues="all")

    assert preference.choice == 2
    assert [d.messages[-1].content for d in dialogues] == ["h1", "h2", "m"]
    assert [(d.origin, d.origin_model) for d in dialogues] == [("human", None), ("human", None), ("model", "chatgpt")]


@pytest.mark.parametrize(("label", "good"), [(True, True), (False, False), ("false", False), (1, True)])
def test_one_answer_has_a_verdict(label, good):
    whole = read({"messages": turns("q", "a"), "label": label}, KTO)[0]
    parted = read(
        {"prompt": "q", "completion": "a", "label": label},
        ColumnMap(columns={"prompt": "prompt", "completion": "completion", "good": "label"}),
    )[0]

    for preference in (whole, parted):
        assert [m.content for m in preference.about.messages] == ["q"]
        assert (answers(preference), preference.answers[0].good, preference.choice) == ([["a"]], good, None)


@pytest.mark.parametrize(
    ("responses", "choice", "tie"),
    [
        ([{"response": "a", "score": 1}, {"response": "b", "score": 4.5}], 1, False),
        ([{"answer": "a", "rank": 2}, {"answer": "b", "rank": 1}], 1, False),
        ([{"text": "a", "score": 3}, {"text": "b", "score": 3}], None, True),
        ([{"text": "a", "score": 3}, {"text": "b", "score": 3}, {"text": "c", "score": 1}], None, False),
        (["a", "b"], None, False),
    ],
)
def test_scores_and_ranks_say_which_is_best(responses, choice, tie):
    (preference,) = read({"prompt": "q", "responses": responses}, SCORED)

    assert (preference.choice, preference.tie) == (choice, tie)


def test_the_preferred_answer_may_be_a_dialogue_too():
    preference, dialogue = read({"prompt": "q", "chosen": "good", "rejected": "bad"}, PAIR, dialogues="chosen")

    assert isinstance(preference, Preference)
    assert isinstance(dialogue, Dialogue)
    assert [m.content for m in dialogue.messages] == ["q", "good"]
    assert len(read(arena("tie"), ARENA, dialogues="chosen")) == 1


@pytest.mark.parametrize(
    ("record", "columns", "reason"),
    [
        ({"prompt": "", "chosen": "a", "rejected": "b"}, PAIR, "no_prompt"),
        ({"prompt": "q", "chosen": "", "rejected": "b"}, PAIR, "no_answer"),
        ({"prompt": "q", "chosen": "a", "rejected": None}, PAIR, "one_answer"),
        ({"prompt": "q", "chosen": "a", "rejected": "a"}, PAIR, "same_answers"),
        ({"prompt": [{"role": "ghost", "content": "q"}], "chosen": "a", "rejected": "b"}, PAIR, "unknown_role"),
        ({"prompt": ["q"], "chosen": "a", "rejected": "b"}, PAIR, "wrong_shape"),
        ({"question": "q", "human_answers": ["h"], "chatgpt_answers": []}, HC3, "one_answer"),
        ({"question": "q", "human_answers": [], "chatgpt_answers": []}, HC3, "no_answer"),
        ({"messages": turns("q", "a"), "label": None}, KTO, "one_answer"),
        ({"messages": turns("q"), "label": True}, KTO, "no_answer"),
    ],
)
def test_what_can_not_be_compared_has_a_reason(record, columns, reason):
    (outcome,) = read(record, columns)

    assert isinstance(outcome, Problem)
    assert outcome.reason == reason


def test_an_answer_in_react_s_form_is_a_call_where_there_are_tools():
    record = {
        "prompt": "weather?",
        "chosen": 'Action: get\nAction Input: {"city": "Rome"}\n',
        "rejected": "Action: get\nAction Input: {",
    }
    columns = ColumnMap(columns={**PAIR.columns, "tools": "tools"})

    (called,) = read({**record, "tools": '[{"name": "get"}]'}, columns)
    (plain,) = read(record, columns)

    assert called.answers[0].messages[0].calls == ({"name": "get", "arguments": {"city": "Rome"}},)
    assert answers(called) == [[""], ["Action: get\nAction Input: {"]]
    assert plain.answers[0].messages[0].calls == ()
