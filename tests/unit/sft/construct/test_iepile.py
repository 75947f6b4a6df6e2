"""Batches of schemas: what is asked, in which sizes and order, and what is answered."""

import json
from collections import defaultdict

import pytest
from built import build, record, row
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.way import way_of

KINDS = [f"kind{n}" for n in range(20)]


def entities(doc_id, text, **found):
    notes = [{"entity": one, "entity_type": kind} for kind, ones in found.items() for one in ones]
    return record(doc_id, text=text, entity=notes)


def asked(dialogue):
    prompt = json.loads(dialogue.messages[0].content)
    return prompt["schema"], prompt["input"], json.loads(dialogue.messages[1].content)


@pytest.fixture
def all_kinds(tmp_path):
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(KINDS))
    return str(file)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.sampled_from(KINDS), max_size=8), min_size=1, max_size=12), st.integers(0, 12))
def test_each_text_is_asked_for_what_it_has_and_more_in_batches_of_the_sizes_that_were_asked_for(all_found, others):
    rows = [
        entities(f"r{n}", f"text {n}", **{kind: [f"{kind} of {n}"] for kind in found})
        for n, found in enumerate(all_found)
    ]

    dialogues, _ = build("iepile", rows, others=others, by_parts=False, all_negative=0.3)

    known = set().union(*all_found)
    by_text = defaultdict(list)
    for dialogue in dialogues:
        schema, text, answer = asked(dialogue)
        assert list(answer) == schema
        assert len(schema) <= 6
        assert len(schema) >= min(4, len(known)) or len(known) < 8
        by_text[text].append((schema, answer))
    for n, found in enumerate(all_found):
        batches = by_text[f"text {n}"]
        labels = [label for schema, _ in batches for label in schema]
        assert len(labels) == len(set(labels))
        assert found <= set(labels) <= known
        assert all(
            answer[label] == ([f"{label} of {n}"] if label in found else [])
            for schema, answer in batches
            for label in schema
        )
    empty = sum(not any(answer.values()) for batches in by_text.values() for _, answer in batches)
    assert empty <= 0.3 * len(dialogues)


def test_hard_negatives_of_a_dictionary_come_with_what_they_are_taken_for(tmp_path):
    file = tmp_path / "hard.json"
    file.write_text(json.dumps({"kind1": ["kind7", "kind8"], "kind2": ["kind1", "kind9"]}))
    row = entities("r", "a text", kind1=["a"], kind2=["b"])

    dialogues, _ = build("iepile", [row], hard_negatives=str(file), others=0)

    assert {label for d in dialogues for label in asked(d)[0]} == {"kind1", "kind2", "kind7", "kind8", "kind9"}


def test_labels_that_share_a_part_are_hard_negatives_where_there_is_no_dictionary():
    rows = [
        entities("a", "one", **{"city-old": ["Ur"]}),
        entities("b", "two", **{"city-new": ["Oslo"], "metal": ["tin"]}),
    ]

    dialogues, _ = build("iepile", rows, others=0, least=1, all_negative=0.5)

    schemas = {asked(d)[1]: set(asked(d)[0]) for d in dialogues}
    assert schemas == {"one": {"city-old", "city-new"}, "two": {"city-old", "city-new", "metal"}}


def test_batches_with_nothing_in_them_keep_to_their_share(all_kinds):
    rows = [entities(f"r{n}", f"text {n}", kind1=["x"]) for n in range(30)]

    none, reasons = build("iepile", rows, others=None, schema_file=all_kinds, all_negative=0)
    some, _ = build("iepile", rows, others=None, schema_file=all_kinds, all_negative=0.25)

    assert len(none) == 30
    assert all(any(asked(d)[2].values()) for d in none)
    assert reasons == {"all_negative": 90}
    assert len(some) == 40


def test_relations_with_types_are_asked_as_triples_and_answered_by_predicate():
    notes = [{"head": "Emma", "head_type": "book", "relation": "author", "tail": "Austen", "tail_type": "person"}]

    (dialogue,), _ = build("iepile", [record(text="Emma is by Austen.", relation=notes)])

    schema, _, answer = asked(dialogue)
    assert schema == [{"subject_type": "book", "predicate": "author", "object_type": "person"}]
    assert answer == {"author": [{"subject": "Emma", "object": "Austen"}]}


def test_arguments_that_are_not_there_are_nan_and_several_are_a_list():
    full = [{"event_type": "buy", "event_trigger": "bought", "arguments": [
        {"role": "who", "argument": "Ann"}, {"role": "what", "argument": "tea"}, {"role": "what", "argument": "milk"}]}]  # fmt: skip
    bare = [{"event_type": "buy", "event_trigger": "sale", "arguments": []}]

    dialogues, _ = build(
        "iepile", [record("a", text="Ann bought tea, milk.", event=full), record("b", text="A sale.", event=bare)]
    )

    found = {asked(d)[1]: asked(d)[2]["buy"][0] for d in dialogues}
    assert found["Ann bought tea, milk."] == {"trigger": "bought", "arguments": {"who": "Ann", "what": ["tea", "milk"]}}
    assert found["A sale."] == {"trigger": "sale", "arguments": {"who": "NAN", "what": "NAN"}}


def test_rows_of_one_text_are_one_record_with_all_of_them_as_parents():
    rows = [entities("a", "one text", kind1=["x"]), entities("b", "one text", kind2=["y"], kind1=["x"])]

    (dialogue,), _ = build("iepile", rows)

    assert dialogue.parents == ("a", "b")
    assert asked(dialogue)[2] == {"kind1": ["x"], "kind2": ["y"]} or asked(dialogue)[2] == {
        "kind2": ["y"],
        "kind1": ["x"],
    }


def test_rows_of_one_text_that_are_annotated_for_other_tasks_stay_apart():
    meta = {"input": "Ann bought a shop."}
    found = {"sale": [{"trigger": "bought", "arguments": {"who": "Ann"}}]}
    types = row("types", "{}", json.dumps({"sale": ["bought"]}), meta=meta | {"task": "EET", "schema": ["sale"]})
    schema = [{"event_type": "sale", "trigger": ["bought"], "arguments": ["who"]}]
    arguments = row("arguments", "{}", json.dumps(found), meta=meta | {"task": "EEA", "schema": schema})

    dialogues, _ = build("iepile", [types, arguments])

    assert {d.parents: asked(d)[2] for d in dialogues} == {("types",): {"sale": ["bought"]}, ("arguments",): found}


def test_rows_of_the_kind_ie_schema_are_batched_anew():
    row = {
        "doc_id": "r", "set": "s", "meta": {"schema": ["city", "river"], "input": "Bonn am Rhein", "task": "NER"},
        "messages": [{"role": "user", "content": "{}"}, {"role": "assistant", "content": '{"city": ["Bonn"], "river": ["Rhein"]}'}],
    }  # fmt: skip

    dialogues, _ = build("iepile", [row], most=1, least=1)

    assert sorted(json.dumps(asked(d)[2]) for d in dialogues) == ['{"city": ["Bonn"]}', '{"river": ["Rhein"]}']


def test_words_are_in_the_language_of_the_text_and_prose_is_a_form():
    rows = [entities("a", "柏林在德国", 地名=["柏林"]), entities("b", "Bonn is old", place=["Bonn"])]

    dialogues, _ = build("iepile", rows, form="text", all_negative=0.9)

    assert {d.language: d.messages[0].content.split("\n\n")[0][:4] for d in dialogues} == {
        "zh": "请找出文",
        "en": "Find",
    }


def test_rows_without_annotations_and_files_that_are_not_there_are_told(tmp_path):
    _, reasons = build("iepile", [record(text="x"), record("2", text="y", entity=[{"wrong": 1}])])

    assert reasons == {"no_annotation": 2}
    with pytest.raises(SettingsError, match=r"none\.json"):
        list(way_of("iepile", {"schema_file": str(tmp_path / "none.json")}).make([entities("a", "b", c=["d"])]))


def test_every_row_is_a_parent_or_has_a_reason():
    rows = [entities(f"r{n}", f"text {n % 7}", **({f"kind{n % 5}": ["x"]} if n % 3 else {})) for n in range(40)]

    made = list(way_of("iepile").make(rows))

    assert {parent for one in made for parent in one.parents} == {row["doc_id"] for row in rows}
