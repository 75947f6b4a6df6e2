"""Preferences as trainers read them."""

import json
from collections import Counter

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.sft.exports.preferences import FORMS, dataset_entry, examples, write_preferences
from corpus_platform.sft.form import Answer, Message, assistant, user

CALL = Message("assistant", "", calls=({"name": "get", "arguments": {"city": "Rome"}},))
RESULT = Message("tool", "sun", name="get")
TOOLS = '[{"name":"get"}]'


def row(prompt, answers, *, choice=0, **more):
    made = [a if isinstance(a, Answer) else Answer((assistant(a),)) for a in answers]
    return {
        "prompt": [m.row() for m in prompt],
        "answers": [a.row() for a in made],
        "choice": choice,
        "tie": False,
        **more,
    }


PLAIN = row([user("q"), assistant("a"), user("q2")], ["good", "bad"], system="Be kind.")
TOOL = row([user("weather?"), CALL, RESULT, RESULT], ["sunny", "rain"], tools=TOOLS)


def made(one, form, **options):
    skipped = Counter()
    return list(examples([one], form, skipped=skipped, **options)), dict(skipped)


def test_llama_factory_s_ranking_has_turns_and_two_answers():
    (line,), skipped = made(PLAIN, "llama_factory")

    assert line == {
        "conversations": [
            {"from": "human", "value": "q"},
            {"from": "gpt", "value": "a"},
            {"from": "human", "value": "q2"},
        ],
        "system": "Be kind.",
        "tools": "",
        "chosen": {"from": "gpt", "value": "good"},
        "rejected": {"from": "gpt", "value": "bad"},
    }
    assert skipped == {}


def test_calls_are_turns_of_their_own_and_answers_of_tools_in_a_row_are_one():
    (line,), _ = made(TOOL, "llama_factory")

    assert [turn["from"] for turn in line["conversations"]] == ["human", "function_call", "observation"]
    assert json.loads(line["conversations"][1]["value"]) == [{"name": "get", "arguments": {"city": "Rome"}}]
    assert line["conversations"][2]["value"].count("sun") == 2
    assert line["tools"] == TOOLS


def test_the_alpaca_form_has_earlier_turns_as_history_and_no_tools():
    (line,), _ = made(PLAIN, "llama_factory_alpaca")

    assert line == {
        "instruction": "q2", "input": "", "history": [["q", "a"]], "system": "Be kind.", "chosen": "good", "rejected": "bad",
    }  # fmt: skip
    assert made(TOOL, "llama_factory_alpaca") == ([], {"tools": 1})


def test_kto_has_a_line_for_each_answer_with_a_verdict():
    answers = [
        Answer((assistant("yes"),), good=True),
        Answer((assistant("no"),), good=False),
        Answer((assistant("?"),)),
    ]
    one = row([user("q")], answers, choice=None)

    ours, _ = made(one, "llama_factory_kto")
    trl, _ = made(one, "trl_kto")

    assert [(line["messages"][-1]["value"], line["label"]) for line in ours] == [("yes", True), ("no", False)]
    assert all(len(line["messages"]) % 2 == 0 for line in ours)
    assert trl[0] == {
        "prompt": [{"role": "user", "content": "q"}],
        "completion": [{"role": "assistant", "content": "yes"}],
        "label": True,
    }


def test_trl_s_pairs_are_conversational_with_the_system_prompt_first():
    (line,), _ = made(PLAIN, "trl_dpo")

    assert [m["role"] for m in line["prompt"]] == ["system", "user", "assistant", "user"]
    assert (line["chosen"], line["rejected"]) == (
        [{"role": "assistant", "content": "good"}],
        [{"role": "assistant", "content": "bad"}],
    )


def test_trl_s_calls_have_their_arguments_as_text_and_thoughts_stand_beside():
    one = row([user("q")], [Answer((CALL, RESULT, assistant("sunny", "hm"))), "rain"], tools=TOOLS)

    (line,), _ = made(one, "trl_dpo")

    assert line["chosen"][0]["tool_calls"][0]["function"] == {"name": "get", "arguments": '{"city":"Rome"}'}
    assert line["chosen"][2]["reasoning_content"] == "hm"
    assert line["tools"] == TOOLS


def test_thoughts_stand_before_the_answer_where_the_form_has_one_text():
    (line,), _ = made(row([user("q")], [Answer((assistant("a", "hm"),)), "b"]), "llama_factory")

    assert line["chosen"]["value"] == "<think>\nhm\n</think>\n\na"


def test_the_preferred_answer_meets_each_other_or_the_worst():
    answers = [Answer((assistant(t),), score=s) for t, s in (("mid", 2.0), ("best", 3.0), ("worst", 1.0))]
    one = row([user("q")], answers, choice=1)

    every, worst = made(one, "trl_dpo")[0], made(one, "trl_dpo", pairs="one")[0]

    assert [line["rejected"][0]["content"] for line in every] == ["mid", "worst"]
    assert [line["rejected"][0]["content"] for line in worst] == ["worst"]


@pytest.mark.parametrize(
    ("one", "form", "reason"),
    [
        (row([user("q")], ["a", "b"], choice=None), "trl_dpo", "no_choice"),
        (row([user("q")], ["a", "b"], choice=None) | {"tie": True}, "llama_factory", "tie"),
        (row([user("q")], ["a"], choice=None), "trl_kto", "no_verdict"),
        (row([user("q"), user("q2")], ["a", "b"]), "llama_factory", "not_by_turns"),
        (row([user("q")], [Answer((assistant("a"), user("q2"), assistant("a2"))), "b"]), "llama_factory", "several_messages"),
        (row([user("q")], [Answer((Message("assistant", "I call.", calls=CALL.calls),)), "b"]), "llama_factory", "words_beside_calls"),
        (row([user("q")], [Answer((CALL,)), "b"]), "llama_factory_alpaca", "tools"),
        (row([user("q"), assistant("a")], ["b", "c"]), "llama_factory_kto", "not_by_turns"),
    ],
)  # fmt: skip
def test_what_a_form_can_not_say_is_counted_by_reason(one, form, reason):
    lines, skipped = made(one, form)

    assert lines == []
    assert set(skipped) == {reason}


@pytest.mark.parametrize("form", FORMS)
def test_rows_and_a_frame_of_them_give_the_same_bytes_each_time(tmp_path, form):
    rows = [PLAIN | {"tools": None}, TOOL | {"system": None}]

    of_rows = write_preferences(rows, tmp_path / "a", "made", form)
    of_frame = write_preferences(pl.DataFrame(rows), tmp_path / "b", "made", form)

    assert of_rows.file.read_bytes() == of_frame.file.read_bytes()
    assert of_rows.rows + sum(of_rows.skipped.values()) >= 2
    assert of_rows.rows == len(of_rows.file.read_text().splitlines())


def test_llama_factory_finds_every_file_in_dataset_info(tmp_path):
    forms = [form for form in FORMS if dataset_entry("x", form)]
    for form in forms:
        write_preferences([PLAIN], tmp_path, form, form)

    info = json.loads((tmp_path / "dataset_info.json").read_text())

    assert sorted(info) == sorted(forms)
    for form, entry in info.items():
        line = json.loads((tmp_path / entry["file_name"]).read_text().splitlines()[0])
        assert set(entry["columns"].values()) <= set(line), form
        assert entry.get("ranking", False) == ("chosen" in entry["columns"])


def test_a_file_that_did_not_come_to_its_end_is_not_there(tmp_path):
    def rows():
        yield PLAIN
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        write_preferences(rows(), tmp_path, "made", "trl_dpo")

    assert list(tmp_path.iterdir()) == []


def test_an_unknown_form_is_told_with_the_nearest(tmp_path):
    with pytest.raises(SettingsError, match="nearest is `trl_dpo`"):
        write_preferences([], tmp_path, "x", "trl_dop")
