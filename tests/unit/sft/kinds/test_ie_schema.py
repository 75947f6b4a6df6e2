"""Extraction: JSON within JSON, and annotated texts."""

import json

import pytest

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

ROWS = ColumnMap(columns={"instruction": "instruction", "output": "output", "task": "task"}, meta=("source",))
TEXTS = ColumnMap(columns={"text": "text", "entity": "entity", "relation": "relation", "event": "event"})
ASKED = {"instruction": "Find them.", "schema": ["person", "place"], "input": "Ada lived in Ealing."}
FOUND = {"person": ["Ada"], "place": ["Ealing"]}


def read(record, columns=ROWS, **options):
    (outcome,) = kind_of("ie_schema", options).read(Record(record, columns))
    return outcome


def row(**more):
    return {"task": "NER", "source": "made", "instruction": json.dumps(ASKED), "output": json.dumps(FOUND), **more}


def test_the_json_is_the_prompt_and_what_is_in_it_is_kept():
    dialogue = read(row())

    assert [m.content for m in dialogue.messages] == [json.dumps(ASKED), json.dumps(FOUND)]
    assert dialogue.meta == {"source": "made", "schema": ASKED["schema"], "input": ASKED["input"], "task": "NER"}
    assert dialogue.task_type == "extraction"


def test_the_prompt_may_be_prose():
    dialogue = read(row(), form="text")

    assert dialogue.messages[0].content == 'Find them.\n\nschema: ["person","place"]\n\nAda lived in Ealing.'


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (row(instruction="{not json"), "bad_inner_json"),
        (row(instruction=json.dumps({"instruction": "x"})), "bad_inner_json"),
        (row(instruction="[]"), "bad_inner_json"),
        (row(output="person: Ada"), "bad_inner_json"),
        (row(output=""), "no_answer"),
        (row(instruction=None), "no_prompt"),
    ],
)
def test_inner_json_that_can_not_be_read_is_told(broken, reason):
    outcome = read(broken)

    assert isinstance(outcome, Problem)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("record", "schema", "answer"),
    [
        (
            {"entity": [{"entity": "Ada", "entity_type": "person"}, {"entity": "Bob", "entity_type": "person"}]},
            ["person"],
            {"person": ["Ada", "Bob"]},
        ),
        (
            {"relation": [{"head": "Ada", "relation": "home", "tail": "Ealing", "head_type": "person"}]},
            ["home"],
            {"home": [{"subject": "Ada", "object": "Ealing"}]},
        ),
        (
            {
                "event": [
                    {"event_trigger": "moved", "event_type": "move", "arguments": [{"argument": "Ada", "role": "who"}]},
                    {"event_trigger": "left", "event_type": "move", "arguments": [{"argument": "May", "role": "when"}]},
                ]
            },
            [{"event_type": "move", "trigger": True, "arguments": ["who", "when"]}],
            {
                "move": [
                    {"trigger": "moved", "arguments": {"who": "Ada", "when": "NAN"}},
                    {"trigger": "left", "arguments": {"who": "NAN", "when": "May"}},
                ]
            },
        ),
    ],
)
def test_an_annotated_text_is_asked_for_what_is_in_it(record, schema, answer):
    dialogue = read({"text": "a text", **record}, TEXTS)

    asked = json.loads(dialogue.messages[0].content)
    assert (asked["schema"], asked["input"]) == (schema, "a text")
    assert json.loads(dialogue.messages[1].content) == answer
    assert dialogue.meta["annotations"] == next(iter(record.values()))


def test_a_chinese_text_is_asked_in_chinese():
    record = {"text": "艾达住在伦敦。", "entity": [{"entity": "艾达", "entity_type": "人物"}]}

    assert "实体" in json.loads(read(record, TEXTS).messages[0].content)["instruction"]


def test_a_text_without_annotations_and_one_with_others_have_reasons():
    nothing, other = read({"text": "a text", "entity": []}, TEXTS), read({"text": "a text", "entity": ["Ada"]}, TEXTS)

    assert (nothing.reason, nothing.broken) == ("nothing_found", False)
    assert (other.reason, other.broken) == ("wrong_shape", True)
