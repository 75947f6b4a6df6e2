"""Templates over records: forms of files, one template or all, languages, caps, and what is left out."""

import json

import pytest
from built import build, record, said

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.template_files import shipped, template_file
from corpus_platform.sft.construct.way import way_of
from corpus_platform.sft_tables import TASK_TYPES

NLI = """
dataset: nli
templates:
  1: !Template
    name: follows
    answer_choices: "yes ||| no"
    jinja: "{{ premise }} Does it follow that {{ hypothesis }}? ||| {{ answer_choices[label] }}"
    metadata: !TemplateMetadata
      original_task: true
      languages: [en]
  2: !Template
    name: say
    jinja: "Say what follows from: {{ premise }} ||| {% if label == 0 %}{{ hypothesis }}{% endif %}"
    metadata: !TemplateMetadata
      original_task: false
      languages: [en]
"""


@pytest.fixture
def nli(tmp_path):
    file = tmp_path / "nli.yaml"
    file.write_text(NLI, encoding="utf-8")
    return str(file)


def pairs(n):
    return [record(f"r{i}", premise=f"It rains {i}.", hypothesis=f"It is wet {i}.", label=i % 2) for i in range(n)]


def test_a_file_in_promptsources_form_gives_prompt_target_and_checkable_answer(nli):
    (dialogue,), reasons = build("templates", pairs(1), templates=[nli], only=["follows"])

    assert said(dialogue) == ("It rains 0. Does it follow that It is wet 0.?", "yes")
    assert (dialogue.verifiable_answer, dialogue.language, dialogue.construction) == ("yes", "en", "rewritten")
    assert dialogue.labels == {"template": "follows", "original_task": True}
    assert dialogue.parents == ("r0",)
    assert not reasons


def test_an_empty_target_gives_no_dialogue(nli):
    dialogues, reasons = build("templates", pairs(4), templates=[nli], only=["say"])

    assert len(dialogues) == 2
    assert reasons == {"empty_target": 2}


def test_a_row_gets_one_template_by_its_own_draw_whatever_stands_beside_it(nli):
    many, _ = build("templates", pairs(50), templates=[nli])
    few, _ = build("templates", pairs(50)[20:30], templates=[nli])

    assert {d.labels["template"] for d in many} == {"follows", "say"}
    assert [said(d) for d in many[20:30]] == [said(d) for d in few]


def test_all_templates_give_a_dialogue_each(nli):
    dialogues, reasons = build("templates", pairs(10), templates=[nli], per_row="all")

    assert len(dialogues) == 10 + 5
    assert not reasons


def test_flans_cap_keeps_so_many_rows_and_a_grown_set_keeps_most_of_them(nli):
    cap = {"templates": [nli], "only": ["follows"], "cap": 20}

    small, reasons = build("templates", pairs(60), **cap)
    grown, _ = build("templates", pairs(70), **cap)

    assert len(small) == len(grown) == 20
    assert reasons == {"over_cap": 40}
    assert len({d.parents for d in small} & {d.parents for d in grown}) >= 15


def test_t0s_rule_gives_each_template_its_share_of_a_large_set_on_rows_of_its_own(tmp_path):
    file = tmp_path / "four.yaml"
    names = "".join(f"  {n}: {{name: t{n}, jinja: 'Q{n} {{{{ premise }}}} ||| A'}}\n" for n in range(4))
    file.write_text(f"dataset: d\ntemplates:\n{names}")

    dialogues, _ = build("templates", pairs(100), templates=[str(file)], per_row="all", cap=40)
    below, _ = build("templates", pairs(30), templates=[str(file)], per_row="all", cap=40)

    by_template = {
        name: [d.parents for d in dialogues if d.labels["template"] == name] for name in ("t0", "t1", "t2", "t3")
    }
    assert [len(rows) for rows in by_template.values()] == [10] * 4
    assert len({row for rows in by_template.values() for row in rows}) == 40
    assert len(below) == 120


def test_a_template_is_told_in_the_rows_language_unless_languages_are_mixed():
    rows = [
        record("zh", text="这家店的菜很好吃", label=1),
        record("en", text="A fine meal, and a kind waiter", label=1),
    ]

    own, _ = build("templates", rows, templates=["sentiment"], per_row="all")
    mixed, _ = build("templates", rows, templates=["sentiment"], per_row="all", mixed=True)

    assert {(d.parents[0], d.language) for d in own} == {("zh", "zh"), ("en", "en")}
    assert len(own) == 6
    assert len(mixed) == 12


def test_bars_in_a_field_are_no_end_of_the_prompt(nli):
    row = record(premise="a ||| b", hypothesis="c", label=0)

    (dialogue,), _ = build("templates", [row], templates=[nli], only=["follows"])

    assert said(dialogue) == ("a ||| b Does it follow that c?", "yes")


def test_slots_of_promptcblue_are_filled(tmp_path):
    file = tmp_path / "templates.json"
    file.write_text(
        json.dumps({"NER": ["找出{{实体}}：\\n[INPUT_TEXT]\\n选项：[LIST_LABELS]\\n答："]}, ensure_ascii=False)
    )
    row = record(input="头痛三天", answer_choices=["疾病", "症状"], target="症状：头痛")

    (dialogue,), _ = build("templates", [row], templates=[f"{file}#NER"])

    assert said(dialogue) == ("找出{{实体}}：\n头痛三天\n选项：疾病，症状\n答：", "症状：头痛")


def test_a_row_without_the_fields_says_which_it_lacks(nli):
    made = list(way_of("templates", {"templates": [nli]}).make([record(premise="x")]))

    assert [(one.outcome.reason, "hypothesis" in one.outcome.detail) for one in made] == [("lacks_field", True)]


@pytest.mark.parametrize(
    ("label", "word"),
    [(1, "positive"), ("0", "negative"), ("positive", "positive"), (-1, None), ("-1", None), (7, None)],
)
def test_a_label_is_a_place_in_the_choices_a_text_of_one_or_a_word_and_none_where_nobody_labelled(label, word):
    dialogues, reasons = build(
        "templates", [record(text="Fine!", label=label)], templates=["sentiment"], only=["what_feeling"]
    )

    assert [said(d)[1] for d in dialogues] == ([word] if word else [])
    assert [d.verifiable_answer for d in dialogues] == ([word] if word else [])
    assert sum(reasons.values()) == (word is None)


def test_columns_of_other_names_are_renamed(nli):
    row = record(sentence1="A.", sentence2="B.", gold={"index": 1})

    (dialogue,), _ = build(
        "templates", [row], templates=[nli], only=["follows"],
        columns={"premise": "sentence1", "hypothesis": "sentence2", "label": "gold.index"},
    )  # fmt: skip

    assert said(dialogue)[1] == "no"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nothere", None, "there are no templates `nothere`"),
        ("sentimentt", None, "nearest is `sentiment`"),
        ("x.yaml", "templates: [", "not a YAML file"),
        ("x.yaml", "templates: {a: {name: n, jinja: x}}", "`dataset`: Field required"),
        ("x.yaml", "dataset: d\ntemplates: {a: {name: evil, jinja: '{{ x|center(9) }}'}}", "template `evil` of d"),
        ("x.json#NO", '{"NER": []}', "has no templates of `NO`"),
    ],
)
def test_a_file_that_is_not_right_is_told(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name.partition("#")[0]).write_text(text)
        name = str(tmp_path / name)

    with pytest.raises(SettingsError, match=message):
        list(way_of("templates", {"templates": [name]}).make([record(text="x")]))


def test_there_are_templates_of_our_own_for_every_task_in_both_languages():
    files = [template_file(name) for name in shipped()]
    languages = [language for file in files for one in file.templates.values() for language in one.metadata.languages]

    assert len(files) >= 20
    assert languages.count("en") >= 24
    assert languages.count("zh") >= 24
    assert all(file.task_type in TASK_TYPES for file in files)
    assert all(
        {"en", "zh"} == {word for one in file.templates.values() for word in one.metadata.languages} for file in files
    )


VALUES = {
    "label": 1,
    "entities": [{"entity": "Ada", "type": "person"}, {"entity": "Bath", "type": "place"}],
    "keywords": ["tea", "milk"],
    "answer_choices": ["alpha", "beta"],
    "state": {"area": "north"},
}


@pytest.mark.parametrize("name", shipped())
def test_each_of_our_own_templates_makes_a_request_and_an_answer_of_the_fields_that_it_names(name):
    file = template_file(name)
    fields = {field: VALUES.get(field, f"some {field}") for field in file.fields}

    for template in file.templates.values():
        rendered = template.apply(fields)

        assert rendered.prompt
        assert rendered.target
        assert "{{" not in rendered.prompt + rendered.target
