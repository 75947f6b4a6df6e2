"""Exports are read by the trainers' own code, each package as it is published; PyTorch is not needed to read data."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from corpus_platform.analytics.sft_release import Export, export
from corpus_platform.sft.exports.formats import FORMATS
from corpus_platform.sft.exports.preferences import write_preferences
from corpus_platform.sft.form import Answer, Dialogue, Message, Preference, SetFacts, assistant, preference_row, user

from .conftest import said, with_tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
HERE = Path(__file__).parent
_ANSWERS = (Answer((assistant("Fine."),)), Answer((assistant("No."),)))
_CALL = Message("assistant", "", calls=({"name": "weather", "arguments": {"city": "Bergen"}},))
_FACTS = SetFacts("made", "made", "compare")
PREFERRED, CALLED = (
    preference_row(Preference(about, answers, choice=0), _FACTS, file="made", position=i, ordinal=0)
    for i, (about, answers) in enumerate(
        (
            (Dialogue((user("How are you?"),), system="Be kind."), _ANSWERS),
            (
                Dialogue((user("The weather?"),), tools=({"name": "weather", "parameters": {}},)),
                (Answer((_CALL,)), Answer((assistant("I guess."),))),
            ),
        )
    )
)
PREFERENCES = {"trl_dpo": 2, "trl_kto": 4, "llama_factory": 2, "llama_factory_kto": 4}
"""Forms of preferences, with the lines that two of them make."""


@pytest.fixture
def packages(tmp_path):
    """A folder with the trainers' packages, without what they depend on."""
    wanted = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path / "packages")]
    done = subprocess.run([*wanted, "-r", str(HERE / "trainers.txt")], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"the trainers' packages can't be installed: {done.stderr[-500:]}"
        pytest.fail(reason) if os.environ.get("CORPUS_E2E_REQUIRED") else pytest.skip(reason)
    return tmp_path / "packages"


@pytest.fixture
def exported(house, tmp_path):
    """An export in all forms of dialogues of every kind that forms differ about."""
    half = Dialogue(
        (user("a?"), Message("assistant", "not this", trained=False), user("b?"), assistant("but this")), language="en"
    )
    thought = Dialogue(
        (user("问？"), assistant("答。", reasoning="想。"), user("再问？"), assistant("再答。")), system="你是助手。"
    )
    other = with_tools(9)
    calls = (
        {"name": "clock", "arguments": {"zone": [1, {"name": "utc"}]}},
        {"name": "weather", "arguments": {"city": "Bergen"}},
    )
    both = Dialogue(
        (
            user("Both?"),
            Message("assistant", "", calls=calls),
            Message("tool", "1"),
            Message("tool", "2"),
            assistant("ok"),
        )
    )
    house.put("chat", [*(said(i, words=i + 1) for i in range(9)), half, thought])
    house.put("tools", [with_tools(1), other, both])
    house.mix(parts=[{"name": "a"}])
    house.make()
    export(house.lake, house.stage, "small", Export(tmp_path / "out", tuple(FORMATS), 64))
    for form in PREFERENCES:
        write_preferences([PREFERRED, CALLED], tmp_path / "out" / "preferences", form, form)
    return tmp_path / "out"


def test_every_trainer_reads_what_was_exported(exported, packages, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(packages), "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(HERE / "trainers_read.py"), str(exported), "small"]

    done = subprocess.run(command, capture_output=True, check=False, env=environment)

    assert done.returncode == 0, done.stderr.decode()[-3000:]
    read = orjson.loads(done.stdout)
    told = {row["id"]: row for row in map(orjson.loads, (exported / "messages.jsonl").read_bytes().splitlines())}
    _check_datasets(read["datasets"], orjson.loads((exported / "mix_report.json").read_bytes())["forms"])
    _check_trl(read["trl"], told)
    _check_preferences(read["preferences"])
    _check_llama_factory(read["llama_factory"], told)
    _check_axolotl(read["axolotl"], told)
    _check_ms_swift(read["ms_swift"], told)


def _check_datasets(read, forms):
    assert read["rows"] == {name: own["rows"] for name, own in forms.items()}
    assert read["same"]


def _check_trl(read, told):
    """All rows are conversations; texts have every content in order, and arguments as objects; completions are what is learnt."""
    learnt = {
        f"{row_id}:{i}" for row_id, row in told.items() for i, train in enumerate(row["trained"][_head(row) :]) if train
    }
    assert (read["conversations"], read["pairs"]) == (len(told), len(learnt))
    assert set(read["completions"]) == learnt
    assert all(read["texts"][row_id] == _rendered(row) for row_id, row in told.items())


def _check_preferences(read):
    """Each pair is a line, each answer one of KTO's; TRL takes its own for conversations."""
    assert {name.removesuffix(".jsonl"): one["rows"] for name, one in read.items()} == PREFERENCES
    assert all(one["conversations"] for name, one in read.items() if "trl" in name)


def _check_llama_factory(read, told):
    """Nothing is skipped; prompts and responses are the dialogue, calls are read by its formatter."""
    sharegpt, alpaca = read["llama_factory_sharegpt.jsonl"], read["llama_factory_alpaca.jsonl"]
    assert sharegpt["skipped"] == alpaca["skipped"] == 0
    for row_id, row in sharegpt["rows"].items():
        own = told[row_id]
        spoken = [m for m in own["messages"] if m["role"] in {"user", "assistant"} and not m.get("tool_calls")]
        found = [
            m["content"].split("</think>\n\n")[-1]
            for m in row["prompt"] + row["response"]
            if m["role"] in {"user", "assistant"}
        ]
        assert found == [m["content"] for m in spoken]
        assert row["tools"] == own.get("tools", "")
        assert row["system"] == (own["messages"][0]["content"] if _head(own) else "")
    assert sum("<tool_call>" in call for call in sharegpt["calls"]) == 3
    assert any('"city": "Bergen"' in call for call in sharegpt["calls"])
    assert set(alpaca["rows"]) < set(sharegpt["rows"])


def _check_axolotl(read, told):
    """The text is the whole dialogue; the labels are those messages that are learnt, each with its end."""
    for row_id, row in told.items():
        assert read[row_id]["text"] == _rendered(row)
        learnt = [m for m, train in zip(row["messages"], row["trained"], strict=True) if train]
        assert read[row_id]["learnt"] == "".join(_said(message) for message in learnt)


def _check_ms_swift(read, told):
    for row_id, row in told.items():
        contents = [m["content"] for m in row["messages"] if m["content"]]
        found = [content.split("</think>\n\n")[-1] for role, content in read[row_id] if role != "tool_call"]
        assert [content for content in found if content] == contents
        calls = [orjson.loads(content) for role, content in read[row_id] if role == "tool_call"]
        functions = [call["function"] for m in row["messages"] for call in m.get("tool_calls", ())]
        assert calls == [{"name": f["name"], "arguments": orjson.loads(f["arguments"])} for f in functions]


def _head(row):
    return int(row["messages"][0]["role"] == "system")


def _rendered(row):
    """The text of the child's chat template."""
    tools = f"<tools>{_json(orjson.loads(row['tools']))}</tools>" if row.get("tools") else ""
    return tools + "".join(f"<{message['role']}>{_said(message)}" for message in row["messages"])


def _said(message):
    thought = f"<think>{message['reasoning_content']}</think>" if message.get("reasoning_content") else ""
    functions = [call["function"] for call in message.get("tool_calls", ())]
    calls = "".join(f"<call>{f['name']} {_json(orjson.loads(f['arguments']))}</call>" for f in functions)
    return f"{thought}{message['content']}{calls}<end>"


def _json(value):
    """JSON as templates write it."""
    import json  # noqa: PLC0415

    return json.dumps(value, ensure_ascii=False)
