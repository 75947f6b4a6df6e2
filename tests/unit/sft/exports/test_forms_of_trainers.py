"""What each trainer's record says of a dialogue, and what a form can't say."""

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from corpus_platform.errors import SettingsError
from corpus_platform.sft.exports import axolotl, hugging_face, llama_factory, ms_swift, plain_pairs
from corpus_platform.sft.exports.formats import FORMATS, Writer, chosen_formats, settings_files
from corpus_platform.sft.exports.sample import CannotSay, Sample
from corpus_platform.sft.form import Message, assistant, user

TOOLS = '[{"type":"function","function":{"name":"weather"}}]'
CALL = {"name": "weather", "arguments": {"city": "Oslo"}}
PLAIN = Sample(
    "1", (user("Hi"), assistant("Hello"), user("你好"), assistant("您好", reasoning="They greet.")), "Be kind."
)
TOOL = Sample(
    "2",
    (
        user("Weather?"),
        Message(
            "assistant", "", reasoning="Ask.", calls=(CALL, {"name": "clock", "arguments": '{"zone":1}', "id": "c7"})
        ),
        Message("tool", "12 degrees", name="weather"),
        Message("tool", "noon", name="clock"),
        assistant("12 degrees at noon."),
    ),
    tools=TOOLS,
)
UNTRAINED = Sample("3", (user("a"), Message("assistant", "b", trained=False), user("c"), assistant("d")))
TALKING = Sample(
    "4", (user("a"), Message("assistant", "Let me see.", calls=(CALL,)), Message("tool", "x"), assistant("y"))
)
TWO_USERS = Sample("5", (user("a"), user("b"), assistant("c")))


def only(records):
    """The one record."""
    [record] = records
    return record


def test_messages_have_calls_as_openai_writes_them_with_arguments_as_text():
    record = only(hugging_face.messages(TOOL))

    assert record["messages"][1] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "Ask.",
        "tool_calls": [
            {"id": "call_1_0", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
            {"id": "c7", "type": "function", "function": {"name": "clock", "arguments": '{"zone":1}'}},
        ],
    }
    assert record["messages"][2] == {"role": "tool", "content": "12 degrees", "name": "weather"}
    assert record["tools"] == TOOLS
    assert record["trained"] == [False, True, False, False, True]


def test_tools_are_wrapped_as_openai_has_them_where_they_are_not():
    bare = Sample("7", TOOL.messages, tools='[{"name":"weather","parameters":{}},"text"]')

    wrapped = [orjson.loads(only(form(bare))["tools"]) for form in (hugging_face.messages, axolotl.messages)]

    assert wrapped == [[{"type": "function", "function": {"name": "weather", "parameters": {}}}, "text"]] * 2
    assert only(hugging_face.messages(TOOL))["tools"] == TOOLS


def test_each_message_that_is_learnt_is_a_completion_of_what_stands_before_it():
    records = list(hugging_face.prompt_completion(PLAIN))

    assert [[m["role"] for m in r["prompt"]] for r in records] == [
        ["system", "user"],
        ["system", "user", "assistant", "user"],
    ]
    assert [r["completion"][0]["content"] for r in records] == ["Hello", "您好"]
    assert [r["id"] for r in hugging_face.prompt_completion(UNTRAINED)] == ["3:3"]


def test_llama_factorys_sharegpt_joins_answers_of_tools_and_puts_thoughts_before_calls():
    record = only(llama_factory.sharegpt(TOOL))

    assert [turn["from"] for turn in record["conversations"]] == ["human", "function_call", "observation", "gpt"]
    before, _, calls = record["conversations"][1]["value"].partition("</think>\n\n")
    assert before == "<think>\nAsk.\n"
    assert orjson.loads(calls) == [CALL, {"name": "clock", "arguments": {"zone": 1}}]
    assert record["conversations"][2]["value"] == "12 degrees\n</tool_response>\n<tool_response>\nnoon"


def test_llama_factorys_alpaca_has_earlier_pairs_as_history():
    record = only(llama_factory.alpaca(PLAIN))

    assert record["instruction"] == "你好"
    assert record["output"] == "<think>\nThey greet.\n</think>\n\n您好"
    assert (record["system"], record["history"]) == ("Be kind.", [["Hi", "Hello"]])


def test_axolotl_is_told_message_by_message_what_is_learnt():
    record = only(axolotl.messages(UNTRAINED))

    assert [message["train"] for message in record["messages"]] == [False, False, False, True]
    [told] = axolotl.fragment()["datasets"]
    assert (told["message_field_training"], told["roles_to_train"], told["path"]) == ("train", [], "axolotl.jsonl")


def test_ms_swift_has_a_message_for_each_call_and_its_own_roles():
    record = only(ms_swift.messages(TOOL))
    talking = only(ms_swift.messages(TALKING))

    roles = ["user", "assistant", "tool_call", "tool_call", "tool_response", "tool_response", "assistant"]
    assert [message["role"] for message in record["messages"]] == roles
    assert orjson.loads(record["messages"][2]["content"]) == CALL
    assert [m["role"] for m in talking["messages"]][1:3] == ["assistant", "tool_call"]
    assert only(ms_swift.messages(UNTRAINED))["messages"][1]["loss"] is False


def test_forms_of_pairs_have_questions_and_answers_by_turns():
    firefly, juicer = only(plain_pairs.firefly(PLAIN)), only(plain_pairs.data_juicer(PLAIN))
    nemo = only(plain_pairs.nemo(Sample("9", PLAIN.messages[:2], "Be kind.")))

    assert firefly["conversation"][0] == {"human": "Hi", "assistant": "Hello"}
    assert (juicer["query"], juicer["history"]) == ("你好", [["Hi", "Hello"]])
    assert (nemo["input"], nemo["output"]) == ("Be kind.\n\nHi", "Hello")


@pytest.mark.parametrize(
    ("form", "sample", "why"),
    [
        (llama_factory.sharegpt, TWO_USERS, "not_by_turns"),
        (llama_factory.sharegpt, UNTRAINED, "untrained_turns"),
        (llama_factory.sharegpt, TALKING, "words_beside_calls"),
        (llama_factory.alpaca, TOOL, "tools"),
        (plain_pairs.firefly, TWO_USERS, "no_pairs"),
        (plain_pairs.firefly, Sample("6", (user("a"), assistant("b"), user("c"))), "no_pairs"),
        (plain_pairs.data_juicer, UNTRAINED, "untrained_turns"),
        (plain_pairs.nemo, PLAIN, "several_turns"),
    ],
)
def test_what_a_form_cannot_say_has_a_reason(form, sample, why):
    with pytest.raises(CannotSay, match=why):
        list(form(sample))


def test_files_of_all_forms_are_written_and_what_they_leave_out_is_told(tmp_path):
    with Writer(tmp_path, tuple(FORMATS)) as writer:
        for sample in (PLAIN, TOOL, UNTRAINED, TALKING, TWO_USERS):
            writer.write(sample)

    assert writer.rows["messages.jsonl"] == writer.rows["messages.parquet"] == 5
    assert writer.rows["axolotl.jsonl"] == writer.rows["ms_swift.jsonl"] == 5
    assert writer.left_out["llama_factory_sharegpt.jsonl"] == {
        "not_by_turns": 1,
        "untrained_turns": 1,
        "words_beside_calls": 1,
    }
    assert writer.left_out["firefly.jsonl"] == {"no_pairs": 1, "tools": 2, "untrained_turns": 1}
    assert all(
        len((tmp_path / name).read_bytes().splitlines()) == n for name, n in writer.rows.items() if name.endswith("l")
    )


def test_parquet_and_json_lines_say_the_same(tmp_path):
    with Writer(tmp_path, ("messages",)) as writer:
        for sample in (PLAIN, TOOL):
            writer.write(sample)

    lines = [orjson.loads(line) for line in (tmp_path / "messages.jsonl").read_bytes().splitlines()]
    rows = pq.read_table(tmp_path / "messages.parquet").to_pylist()
    assert [_bare(row) for row in rows] == lines


def _bare(value):
    """Without what is null."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if one is not None}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def test_the_same_dialogues_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with Writer(tmp_path / name, tuple(FORMATS)) as writer:
            for sample in (PLAIN, TOOL, UNTRAINED):
                writer.write(sample)

    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


def test_settings_of_trainers_name_the_files_that_are_written():
    made = settings_files("mix_small", ("messages", "llama_factory", "axolotl"))

    info = orjson.loads(made["dataset_info.json"])
    assert {one["file_name"] for one in info.values()} == set(FORMATS["llama_factory"])
    assert yaml.safe_load(made["axolotl.yaml"])["datasets"][0]["field_messages"] == "messages"


def test_forms_are_chosen_by_name():
    assert chosen_formats("trl, firefly") == ("messages", "trl", "firefly")
    assert chosen_formats("all") == tuple(FORMATS)
    with pytest.raises(SettingsError, match="nearest is `axolotl`"):
        chosen_formats("axoltl")
