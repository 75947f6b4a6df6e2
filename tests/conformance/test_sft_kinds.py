"""Kinds of records on real files: every record is accounted for, and what comes of it is what the file says, found here by other means."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Preference, Problem
from corpus_platform.sft.reading import Reading, read

pytestmark = pytest.mark.samples

TASKS = {"definition": "instruction", "instances": "instances", "classification": "is_classification"}
MOSS = {
    "kind": "moss_chat",
    "map": {
        "columns": {"chat": "chat", "system": "meta_instruction"},
        "meta": ["conversation_id", "num_turns", "category"],
    },
}
LOGS = {
    "kind": "dialog_log",
    "map": {
        "columns": {
            "log": "log",
            "info": "original dialog info",
            "prompts": "prompt",
            "knowledge": "external knowledge",
        },
        "others": "meta",
    },
}
PAIRS = {
    "kind": "compare",
    "map": {"columns": {"prompt": "conversations", "chosen": "chosen", "rejected": "rejected", "tools": "tools"}},
}
SAMPLED = {
    "kind": "verifiable",
    "map": {
        "columns": {
            "question": "question",
            "solution": "ground_truth",
            "samples": ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"],
        }
    },
}
AGIEVAL = {
    "kind": "choice",
    "map": {
        "columns": {"question": "question", "context": "passage", "options": "options", "answer": "label"},
        "meta": ["other"],
        "ignore": ["answer"],
    },
}
CMMLU = {
    "kind": "choice",
    "options": {"evaluation": True},
    "map": {"columns": {"question": "Question", "options": ["A", "B", "C", "D"], "answer": "Answer"}, "ignore": ["0"]},
}
IEPILE = {
    "kind": "ie_schema",
    "map": {"columns": {"instruction": "instruction", "output": "output", "task": "task"}, "meta": ["source"]},
}
ANNOTATED = {
    "kind": "ie_schema",
    "map": {
        "columns": {"text": "text", "entity": "entity", "relation": "relation", "event": "event"},
        "others": "meta",
    },
}

CASES = [
    ("moss", 125, MOSS, {"dialogue": 125}),
    ("oasst/en_100_tree.jsonl", 28, {"kind": "tree", "map": {"columns": {"root": "prompt", "tree": "message_tree_id"}, "others": "meta"}}, {"dialogue": 28}),
    ("oasst/en_100_tree.jsonl", 28, {"kind": "tree", "options": {"paths": "all"}, "map": {"columns": {"root": "prompt"}, "others": "meta"}}, {"dialogue": 146}),
    ("oasst/en_100_message.jsonl", 11, {"kind": "tree", "map": {"others": "meta"}}, {"dialogue": 11}),
    (
        "natural-instructions",
        12,
        {"kind": "task_file", "map": {"columns": {"definition": "Definition", "instances": "Instances"}, "others": "meta"}},
        {"dialogue": 12},
    ),
    ("self-instruct/seed_tasks.jsonl", 175, {"kind": "task_file", "map": {"columns": TASKS, "meta": ["id", "name"]}}, {"dialogue": 175}),
    ("self-instruct/user_oriented_instructions.jsonl", 252, {"kind": "task_file", "map": {"columns": TASKS, "meta": ["id", "motivation_app"]}}, {"dialogue": 252}),
    ("belle/zh_seed_tasks.json", 175, {"kind": "task_file", "map": {"columns": TASKS, "meta": ["id", "name"]}}, {"dialogue": 175}),
    ("dialogstudio", 75, LOGS, {"dialogue": 75}),
    ("dialogstudio", 75, {**LOGS, "options": {"task": "summary"}}, {"dialogue": 10, "no_summary": 65}),
    ("gsm8k/train.jsonl", 803, {"kind": "verifiable", "map": {"columns": {"question": "question", "solution": "answer"}}}, {"dialogue": 803}),
    ("gsm8k/test.jsonl", 1319, {"kind": "verifiable", "options": {"evaluation": True}}, {"evaluation_set": 1319}),
    ("gsm8k-samples", 124, SAMPLED, {"dialogue": 188, "wrong_answer": 308}),
    ("gsm8k-samples", 124, {**SAMPLED, "options": {"wrong": "label", "reference": True}}, {"dialogue": 620}),
    (
        "math",
        391,
        {
            "kind": "verifiable",
            "map": {"columns": {"question": "question", "gold": "answer", "solution": "other.solution"}, "ignore": ["passage", "options", "label"]},
        },
        {"dialogue": 391},
    ),
    ("agieval", 458, AGIEVAL, {"dialogue": 458}),
    ("cmmlu", 577, CMMLU, {"evaluation_set": 577}),
    ("iepile/*_train.json", 166, IEPILE, {"dialogue": 166}),
    ("iepile/*_sample.json", 40, ANNOTATED, {"dialogue": 36, "nothing_found": 4}),
    ("llama-factory-demos/dpo_zh_demo.json", 31, PAIRS, {"preference": 31}),
    ("llama-factory-demos/kto_en_demo.json", 18, {"kind": "compare", "map": {"columns": {"prompt": "messages", "good": "label"}}}, {"preference": 18}),
    ("medical-gpt/*dpo*.jsonl", 65, PAIRS, {"preference": 65}),
    (
        "firefly/dummy_dpo.jsonl",
        16,
        {"kind": "compare", "options": {"dialogues": "chosen"}, "map": {"columns": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}, "others": "meta"}},
        {"preference": 16, "dialogue": 16},
    ),
    ("dialogue-rewriter", 4358, {"kind": "rewrite_tsv", "shape": "line"}, {"dialogue": 4358}),
]  # fmt: skip


def files(samples, pattern):
    root = samples / "sft"
    found = sorted(root.glob(pattern))
    return found if found[0].is_file() else sorted(path for path in found[0].iterdir())


def found_of(paths, reading):
    return [(path, one) for path in paths for one in read(Unit.of_path(path), Reading.model_validate(reading))]


def what(outcome):
    if isinstance(outcome, Problem):
        return outcome.reason
    return "preference" if isinstance(outcome, Preference) else "dialogue"


@pytest.mark.parametrize(
    ("pattern", "records", "reading", "expected"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_record_is_accounted_for(samples, pattern, records, reading, expected):
    found = found_of(files(samples, pattern), reading)

    assert Counter(what(one.outcome) for _, one in found) == expected
    places = {(path, one.file, one.position) for path, one in found}
    # The instances of a task are all of the one record of its file.
    assert len(places) == (1 if pattern == "natural-instructions" else records)
    assert len({(path, one.file, one.position, one.ordinal) for path, one in found}) == len(found)


def lines(path: Path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def test_moss_s_messages_say_what_its_slots_hold(samples):
    for path in files(samples, "moss"):
        for raw, (_, one) in zip(lines(path), found_of([path], MOSS), strict=True):
            dialogue = one.outcome
            turns = [raw["chat"][f"turn_{n}"] for n in range(1, raw["num_turns"] + 1)]
            held = {
                name: [re.fullmatch(r"<\|[^|]+\|>:\s*(.*?)\s*<eo.>\s*", turn[name], re.DOTALL)[1] for turn in turns]
                for name in turns[0]
            }
            answers = [m.content for m in dialogue.messages if m.role == "assistant" and not m.calls]
            assert [m.content for m in dialogue.messages if m.role == "user"] == held["Human"]
            assert answers == held["MOSS"]
            assert [m.reasoning for m in dialogue.messages if m.reasoning] == [
                t for t in held["Inner Thoughts"] if t != "None"
            ]
            said_by_tools = "".join(m.content for m in dialogue.messages if m.role == "tool")
            assert re.sub(r"\s", "", said_by_tools) == re.sub(
                r"\s", "", "".join(t for t in held["Tool Responses"] if t != "None")
            )
            assert len(dialogue.tools) == raw["meta_instruction"].count("API:")


def test_gsm8k_s_answers_are_what_stands_behind_the_hashes(samples):
    (path,) = files(samples, "gsm8k/train.jsonl")
    for raw, (_, one) in zip(lines(path), found_of([path], CASES[10][2]), strict=True):
        dialogue = one.outcome
        assert dialogue.verifiable_answer == raw["answer"].rpartition("#### ")[2].replace(",", "")
        assert "<<" not in dialogue.messages[1].content
        # Each mark repeats what stands behind it, so that without the marks nothing is lost.
        assert dialogue.messages[1].content == re.sub(r"<<.*?>>", "", raw["answer"])
        assert dialogue.meta.get("equations", []) == re.findall(r"<<(.*?)>>", raw["answer"])


def test_math_s_own_answers_are_those_in_the_boxes(samples):
    found = [one.outcome for _, one in found_of(files(samples, "math"), CASES[14][2])]
    boxed = [o for o in found if "\\boxed" in o.messages[1].content]
    by_box = found_of(files(samples, "math"), {"kind": "verifiable", "map": {"columns": {"question": "question", "solution": "other.solution"}, "others": "ignore"}})  # fmt: skip

    assert len(boxed) == 391
    same = sum(
        re.sub(r"\s|\\!|,", "", a.verifiable_answer) == re.sub(r"\s|\\!|,", "", b.outcome.verifiable_answer)
        for a, (_, b) in zip(found, by_box, strict=True)
    )
    assert same >= 375


def test_sampled_solutions_have_the_verdict_of_their_source(samples):
    (path,) = files(samples, "gsm8k-samples")
    right = sum(one["is_correct"] for raw in lines(path) for one in raw.values() if isinstance(one, dict))
    found = [one.outcome for _, one in found_of([path], SAMPLED)]

    assert sum(isinstance(o, Dialogue) for o in found) == right
    assert all(o.labels == {"correct": True} and o.origin_model for o in found if isinstance(o, Dialogue))


def test_options_are_those_of_the_file_and_the_answer_is_the_right_one(samples):
    for path in files(samples, "agieval"):
        for raw, (_, one) in zip(lines(path), found_of([path], AGIEVAL), strict=True):
            dialogue = one.outcome
            letters = raw["label"].replace(" ", "")
            # In some records the options are out of order: (A), (C), (B), (D).
            options = {
                option.strip("(（ ")[0]: re.sub(r"^\(?[A-E](\s*[):.、．]| )", "", option).strip()
                for option in raw["options"]
            }
            right = [options[letter] for letter in letters]
            assert dialogue.verifiable_answer == letters
            assert dialogue.messages[1].content == "\n".join(f"{a}. {b}" for a, b in zip(letters, right, strict=True))
            assert dialogue.meta["options"] == dict(sorted(options.items()))


def test_annotations_and_rows_of_iepile_ask_in_the_same_form(samples):
    rows = [one.outcome for _, one in found_of(files(samples, "iepile/*_train.json"), IEPILE)]
    texts = [one.outcome for _, one in found_of(files(samples, "iepile/*_sample.json"), ANNOTATED)]

    for dialogue in [*rows, *(o for o in texts if isinstance(o, Dialogue))]:
        asked = json.loads(dialogue.messages[0].content)
        assert list(asked) == ["instruction", "schema", "input"]
        assert dialogue.meta["input"] == asked["input"]
        json.loads(dialogue.messages[1].content)


def test_best_paths_of_oasst_follow_rank_0(samples):
    (path,) = files(samples, "oasst/en_100_tree.jsonl")
    for raw, (_, one) in zip(lines(path), found_of([path], CASES[1][2]), strict=True):
        best = min(raw["prompt"]["replies"], key=lambda reply: reply.get("rank", 99))
        assert [m.content for m in one.outcome.messages][:2] == [raw["prompt"]["text"].strip(), best["text"].strip()]


def test_logs_say_what_their_turns_say(samples):
    for path in files(samples, "dialogstudio"):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for value, (_, one) in zip(
            raw.values(), found_of([path], {**LOGS, "options": {"task": "dialogue", "knowledge": "meta"}}), strict=True
        ):
            turns = value["log"] if isinstance(value["log"], list) else [value["log"]] if value["log"] else []
            said = [
                text.strip().replace("_comma_", ",")
                for t in turns
                for text in (t["user utterance"], t["system response"])
                if text.strip()
            ]
            if said:
                assert [m.content for m in one.outcome.messages] == said
            else:
                assert one.outcome.reason == "no_turns"


def test_lines_of_the_rewriter_keep_their_cells(samples):
    for path in files(samples, "dialogue-rewriter"):
        raw = path.read_text(encoding="utf-8").splitlines()
        for line, (_, one) in zip(raw, found_of([path], CASES[-1][2]), strict=True):
            first, second, question, rewrite = line.split("\t")
            assert one.outcome.messages[1].content == rewrite.strip()
            assert one.outcome.meta == {"history": [first.strip(), second.strip()], "question": question.strip()}
