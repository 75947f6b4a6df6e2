"""Tasks with instances: Natural Instructions, seeds, Unnatural Instructions, lines of CrossFit."""

import pytest

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of

NATURAL = ColumnMap(
    columns={
        "definition": "Definition",
        "instances": "Instances",
        "positive": "Positive Examples",
        "negative": "Negative Examples",
        "language": "Output_language",
    }
)
SEEDS = ColumnMap(
    columns={"definition": "instruction", "instances": "instances", "classification": "is_classification"}, meta=("id",)
)
UNNATURAL = ColumnMap(
    columns={"definition": "instruction", "instances": "instances", "reformulations": "reformulations"}
)


def read(record, columns, **options):
    return list(kind_of("task_file", options).read(Record(record, columns)))


def said(dialogue):
    return [m.content for m in dialogue.messages]


def natural(**more):
    return {
        "Definition": ["Name the colour."],
        "Positive Examples": [{"input": f"fruit {i}", "output": "red"} for i in range(5)],
        "Negative Examples": [],
        "Output_language": ["English"],
        "Instances": [{"id": "x-1", "input": "grass", "output": ["green", "dark green", "green"]}],
        **more,
    }


def test_an_instance_is_asked_with_the_definition_and_answered_with_its_first_output():
    (dialogue,) = read(natural(), NATURAL, examples=2)

    assert said(dialogue) == ["Name the colour.\n\ngrass", "green"]
    assert dialogue.language == "English"
    assert dialogue.meta["outputs"] == ["green", "dark green", "green"]
    assert [one["input"] for one in dialogue.meta["positive_examples"]] == ["fruit 0", "fruit 1"]
    assert "negative_examples" not in dialogue.meta
    assert dialogue.meta["instance_id"] == "x-1"


def test_a_definition_may_be_a_text_and_the_system_prompt():
    (dialogue,) = read(natural(Definition="Name the colour."), NATURAL, definition="system")

    assert (dialogue.system, said(dialogue)[0]) == ("Name the colour.", "grass")


def test_outputs_are_drawn_by_seed_and_input_or_all_taken():
    instances = [{"input": f"item {i}", "output": ["a", "b", "c"]} for i in range(60)]

    drawn = [said(d)[1] for d in read(natural(Instances=instances), NATURAL, output="seeded", seed=1)]
    again = [said(d)[1] for d in read(natural(Instances=instances), NATURAL, output="seeded", seed=1)]
    others = [said(d)[1] for d in read(natural(Instances=instances), NATURAL, output="seeded", seed=2)]
    every = [said(d)[1] for d in read(natural(), NATURAL, output="all")]

    assert drawn == again != others
    assert set(drawn) == {"a", "b", "c"}
    assert every == ["green", "dark green"]


@pytest.mark.parametrize("nothing", [None, "", "<noinput>", "N/A", "None", "无", "无。"])
def test_an_input_that_says_that_there_is_none_is_left_out(nothing):
    record = {
        "id": 1,
        "instruction": "写一首诗",
        "is_classification": False,
        "instances": [{"input": nothing, "output": "诗"}],
    }

    (dialogue,) = read(record, SEEDS)

    assert said(dialogue) == ["写一首诗", "诗"]


def test_a_task_that_classifies_says_so():
    record = {"instruction": "Which?", "is_classification": True, "instances": [{"input": "x", "output": "y"}]}

    assert read(record, SEEDS)[0].task_type == "classification"
    assert read({**record, "is_classification": False}, SEEDS)[0].task_type is None


def test_constraints_and_other_wordings_are_read():
    record = {
        "instruction": "Name a city.",
        "instances": [{"input": "in Spain", "constraints": "One word.", "output": "Seville"}],
        "reformulations": [{"instruction": "Tell me a city.", "input": "in Peru", "output": "Lima"}],
    }

    dialogues = read(record, UNNATURAL)

    assert list(map(said, dialogues)) == [
        ["Name a city.\n\nin Spain\n\nOne word.", "Seville"],
        ["Tell me a city.\n\nin Peru", "Lima"],
    ]


def test_a_line_is_an_input_with_one_or_more_outputs():
    (dialogue,) = read("who is he?\tthe king\ta king\n", ColumnMap())

    assert said(dialogue) == ["who is he?", "the king"]
    assert dialogue.meta["outputs"] == ["the king", "a king"]


@pytest.mark.parametrize(
    ("record", "reasons"),
    [
        (natural(Instances=[{"input": "x", "output": []}]), ["no_answer"]),
        (natural(Instances=[{"input": "x", "output": ["y"]}, "text"]), ["wrong_shape"]),
        (natural(Instances=[]), ["no_turns"]),
        (natural(Instances="text"), ["wrong_shape"]),
        (natural(Definition=None, Instances=[{"input": "", "output": "y"}]), ["no_prompt"]),
    ],
)
def test_what_can_not_be_asked_or_answered_has_a_reason(record, reasons):
    assert [o.reason for o in read(record, NATURAL) if isinstance(o, Problem)] == reasons
