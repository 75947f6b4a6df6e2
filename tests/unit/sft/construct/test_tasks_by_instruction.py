"""Natural Instructions' encoding and Dynosaur's recipes."""

import json

import pytest
from built import build, record, row, said

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.way import way_of

TASK = {
    "definition": "Give the capital.",
    "input": "France",
    "outputs": ["Paris"],
    "positive_examples": [{"input": i, "output": o, "explanation": f"It is {o}."} for i, o in (("Spain", "Madrid"), ("Italy", "Rome"), ("France", "Paris"))],
    "negative_examples": [{"input": "Spain", "output": "Bonn", "explanation": "Bonn is in Germany."}],
}  # fmt: skip


def instance(doc_id="i", **more):
    return row(doc_id, "Give the capital.\n\nFrance", "Paris", meta=TASK | more)


def test_a_task_is_told_by_definition_examples_and_the_instance():
    (one,), _ = build("natural_instructions", [instance()], examples=[2], negative=1, explanations=True)

    asked, answer = said(one)
    assert answer == "Paris"
    assert asked.startswith("Definition: Give the capital.\n\nPositive Example 1 -\nInput: ")
    assert asked.endswith(
        "Negative Example 1 -\nInput: Spain\nOutput: Bonn\nExplanation: Bonn is in Germany.\n\n"
        "Now complete the following example -\nInput: France\nOutput:"
    )
    assert one.labels == {"examples": 2, "negative_examples": 1}


def test_an_example_with_the_instances_own_input_is_left_out():
    dialogues, _ = build("natural_instructions", [instance(f"i{n}") for n in range(30)], examples=[3])

    assert all(d.labels["examples"] == 2 and "Output: Paris" not in said(d)[0] for d in dialogues)


def test_the_number_of_examples_is_drawn_for_each_instance():
    dialogues, _ = build("natural_instructions", [instance(f"i{n}") for n in range(60)])
    again, _ = build("natural_instructions", [instance(f"i{n}") for n in range(60)])

    assert {d.labels["examples"] for d in dialogues} == {0, 1, 2}
    assert dialogues == again


def test_a_chinese_definition_is_told_in_chinese_and_no_negative_example_stands_alone():
    (one,), _ = build("natural_instructions", [instance(definition="写出首都。")], examples=[0], negative=1)

    assert said(one)[0] == "任务说明：写出首都。\n\n请完成下面的例子：\n输入：France\n输出："


def test_an_instance_without_definition_input_or_output_is_left_out():
    rows = [instance(definition=""), instance(input=None), row("x", "a", "", meta=TASK)]

    assert build("natural_instructions", rows) == ([], {"lacks_field": 2, "empty_target": 1})


RECIPES = [
    {"task_name": "made", "instruction": "Are they equal?", "input_fields": ["a", "b"], "output_field": ["label"]},
    {"task_name": "made", "instruction": "Write b for a.", "input_fields": ["a"], "output_field": ["b"]},
    {"task_name": "made", "instruction": "write b  for A.", "input_fields": ["a"], "output_field": ["b"]},
    {"task_name": "made", "instruction": "Overlap.", "input_fields": ["a", "b"], "output_field": ["b"]},
    {"task_name": "made", "instruction": "Unknown.", "input_fields": ["nothing"], "output_field": ["b"]},
    {"task_name": "made", "instruction": "No output.", "input_fields": ["a"], "output_field": []},
    {"task_name": "made", "instruction": "", "input_fields": ["a"], "output_field": ["b"]},
    {"task_name": "other", "instruction": "Not for us.", "input_fields": ["a"], "output_field": ["b"]},
]


@pytest.fixture
def recipes(tmp_path):
    file = tmp_path / "recipes.json"
    file.write_text(json.dumps(RECIPES))
    return str(file)


def test_recipes_are_applied_or_refused_by_the_rules(recipes):
    dialogues, reasons = build(
        "dynosaur", [record(a="x", b="y", label=1)], recipes=recipes, per_row="all", names={"label": ["no", "yes"]}
    )

    assert [said(d) for d in dialogues] == [("Are they equal?\n\na: x\n\nb: y", "yes"), ("Write b for a.\n\nx", "y")]
    assert reasons == {"repeated_instruction": 1, "overlapping_fields": 1, "unknown_field": 1, "empty_recipe": 2}


def test_a_row_gets_one_recipe_by_its_own_draw(recipes):
    dialogues, _ = build("dynosaur", [record(f"r{n}", a="x", b="y", label="no") for n in range(40)], recipes=recipes)

    assert len(dialogues) == 40
    assert {said(d)[0].partition("\n")[0] for d in dialogues} == {"Are they equal?", "Write b for a."}


def test_rows_without_a_field_or_a_recipe_are_left_out(recipes):
    rows = [record("1", a="x", b="", label="no"), record("2", a="", b="y", label="no")]

    _, reasons = build("dynosaur", rows, recipes=recipes, per_row="all")
    _, no_recipe = build("dynosaur", [record(a="x")], recipes=recipes, tasks={"made": "nothing"})

    assert (reasons["empty_target"], reasons["lacks_field"]) == (1, 3)
    assert no_recipe == {"no_recipe": 1}


def test_a_file_of_recipes_that_is_none_is_told(tmp_path):
    (tmp_path / "r.json").write_text("{}")

    with pytest.raises(SettingsError, match="not a list of recipes"):
        list(way_of("dynosaur", {"recipes": str(tmp_path / "r.json")}).make([record(a="x")]))
