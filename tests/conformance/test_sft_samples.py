"""Real files of data sets: every record of theirs is kept or has a reason, counted against a plain reader of the same file."""

import csv
import io
from collections import Counter

import orjson
import pytest

from corpus_platform.catalogue.sft import layout_of
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.kind import ColumnMap
from corpus_platform.sft.reading import Reading, read

pytestmark = pytest.mark.samples

FILES = {
    "alpaca/alpaca_random_2000.json": ("instruct", {}),
    "alpaca-chinese/zh-data-part-00.json": ("instruct", {"no_answer": 1}),
    "alpaca-gpt4-zh/alpaca_data_zh_51k_sample_1k.jsonl": ("instruct", {"no_answer": 1}),
    "alpagasus/dolly_3k.json": ("instruct", {}),
    "belle/eval_set.json": ("instruct", {"no_answer": 121}),
    "chinese-medical-dialogue/sample_im_gb18030.csv": ("instruct", {}),
    "code-alpaca/code_alpaca_2k.json": ("instruct", {"no_answer": 1}),
    "coig/COIG-CQIA-sample.json": ("instruct", {}),
    "med-chatglm/train.txt": ("instruct", {}),
    "tigerbot/medical_qa_6000.jsonl": ("instruct", {}),
    "llama-factory-demos/glaive_toolcall_en_demo.json": ("turns", {}),
    "llama-factory-demos/reason_tool_use_demo_50.jsonl": ("turns", {}),
    "llama-factory-demos/v1_sft_demo.jsonl": ("turns", {}),
    "sharegpt-zh/sharegpt_zh_1K_format.jsonl": ("turns", {}),
    "vicuna-dummy/dummy_conversation.json": ("turns", {}),
    "firefly/dummy_data.jsonl": ("pairs", {}),
    "guanaco-chat/chat_data_sample.jsonl": ("turn_strings", {}),
    "llama2-chinese/dev_sft.csv": ("marked_text", {}),
    "llama2-chinese/dev_sft_sharegpt.csv": ("marked_text", {}),
    "instruction-wild/user_1.jsonl": ("prompts_only", {"no_answer_given": 429}),
    "instruction-wild/user_2.jsonl": ("prompts_only", {"no_answer_given": 246, "bad_json": 2}),
    "instruction-wild/user_3.jsonl": ("prompts_only", {"no_answer_given": 198, "bad_json": 3}),
    "moss-prompts/helpful_complex_instruction_prompts.jsonl": ("prompts_only", {"no_answer_given": 100}),
}
"""Kind, and rejects by reason."""


def found(samples, file, kind, **reading):
    path = samples / "sft" / file
    return list(read(Unit.of_path(path), Reading(kind=kind, **({"map": ColumnMap(others="meta")} | reading))))


def counted(path):
    """Records of a file as a plain reader counts them: elements of a list, lines that are not blank, rows below the header."""
    data = path.read_bytes()
    if path.suffix == ".csv":
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("gb18030")
        return sum(1 for row in csv.reader(io.StringIO(text)) if row) - 1
    if data.lstrip()[:1] == b"[":
        return len(orjson.loads(data))
    return sum(1 for line in data.split(b"\n") if line.strip())


@pytest.mark.parametrize("file", FILES)
def test_every_record_of_a_file_is_kept_or_has_a_reason(samples, file):
    kind, rejects = FILES[file]

    outcomes = found(samples, file, kind)

    reasons = Counter(one.outcome.reason for one in outcomes if isinstance(one.outcome, Problem))
    assert len({one.position for one in outcomes}) == counted(samples / "sft" / file)
    assert reasons == rejects


def test_turns_are_the_files_own_in_their_order(samples):
    raw = [orjson.loads(line) for line in (samples / "sft/sharegpt-zh/sharegpt_zh_1K_format.jsonl").read_bytes().splitlines() if line.strip()]  # fmt: skip

    kept = [one.outcome for one in found(samples, "sharegpt-zh/sharegpt_zh_1K_format.jsonl", "turns")]

    assert len(kept) == len(raw)
    for record, dialogue in zip(raw, kept, strict=True):
        names = {"human": "user", "gpt": "assistant"}
        said = [(names[turn["from"]], turn["value"].strip()) for turn in record["conversations"]]
        assert [(message.role, message.content) for message in dialogue.messages] == said


def test_calls_of_tools_and_their_results_are_the_files_own(samples):
    raw = orjson.loads((samples / "sft/llama-factory-demos/glaive_toolcall_zh_demo.json").read_bytes())

    kept = [one.outcome for one in found(samples, "llama-factory-demos/glaive_toolcall_zh_demo.json", "turns")]

    for record, dialogue in zip(raw, kept, strict=True):
        calls = [orjson.loads(turn["value"]) for turn in record["conversations"] if turn["from"] == "function_call"]
        assert [call for message in dialogue.messages for call in message.calls] == calls
        assert [m.content for m in dialogue.messages if m.role == "tool"] == [t["value"] for t in record["conversations"] if t["from"] == "observation"]  # fmt: skip
        assert list(dialogue.tools) == orjson.loads(record["tools"])


def test_marks_of_formats_are_nowhere_in_what_is_said(samples):
    marks = ("### Instruction", "### Response", "<s>", "</s>", "Human:", "<|endoftext|>", "Joi:")
    files = ("tigerbot/medical_qa_6000.jsonl", "llama2-chinese/dev_sft.csv", "oig/training_text_example.txt")
    kinds = ("instruct", "marked_text", "marked_text")

    said = [m.content for file, kind in zip(files, kinds, strict=True) for one in found(samples, file, kind) for m in one.outcome.messages]  # fmt: skip

    assert len(said) > 850
    assert not [text for text in said if any(mark in text for mark in marks)]


def test_lcccs_characters_are_together_again(samples):
    layout = layout_of("lccc", "lines")

    kept = [one.outcome for one in found(samples, "lccc/toy_valid.txt", layout.kind, shape="line")]

    assert len(kept) == 2000
    assert [m.content for m in kept[2].messages] == ["一路平安～", "多谢"]
    assert not [m.content for one in kept for m in one.messages if "你 " in m.content]
