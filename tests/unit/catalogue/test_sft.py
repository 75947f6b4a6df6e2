"""The catalogue of data sets: it is whole, mistakes are told with their line, the page is current, and the command filters and shows."""

from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from corpus_platform.catalogue.reference import descriptions, rows
from corpus_platform.catalogue.sft import data_set, data_sets, layout_of, read_data_sets
from corpus_platform.catalogue.sft_reference import settings_of, sft_markdown
from corpus_platform.commands.sft.catalogue import app
from corpus_platform.errors import SettingsError

PAGE = Path(__file__).parents[3] / "docs" / "sft-catalogue.md"

A_SET = """
- name: mine
  title: Mine
  listed: [beside]
  languages: [en]
  count: 3
  construction: human
  origin: human
  licence_claimed: MIT
  licence_seen: null
  commercial: "yes"
  why: permissive licence
  layouts:
    default:
      kind: instruct
      evidence: sample
"""


@pytest.fixture
def written(tmp_path):
    def write(text, key="sft"):
        path = tmp_path / "file.yaml"
        path.write_text(f"{key}:{text}")
        return path

    return write


def run(*arguments):
    done = CliRunner().invoke(app, list(arguments))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_surveys_tables_and_the_list_have_their_entries():
    named = [place for one in data_sets().values() for place in one.listed]
    tables = {place: named.count(place) for place in set(named)}

    assert tables["table_9"] == 6
    assert tables["table_10"] == 12
    assert tables["table_12"] == 19
    assert tables["table_13"] == 17
    assert tables["table_14"] == 12
    assert tables["list"] >= 35


def test_what_was_not_released_says_what_there_is_and_all_else_can_be_read():
    unreleased = {name for name, one in data_sets().items() if not one.released}

    assert unreleased == {"opt_iml_bench", "promptsource", "insuranceqa_zh"}
    with pytest.raises(SettingsError, match="`opt_iml_bench` was not released as data: a union of eight collections"):
        layout_of("opt_iml_bench")


def test_wrong_licences_are_told_as_such():
    wrong = {name for name, one in data_sets().items() if one.licence_is_wrong}

    assert wrong == {
        "alpaca", "alpaca_gpt4", "alpaca_gpt4_zh", "code_alpaca", "instruction_wild", "belle", "belle_generated_chat", "wildchat", "dynosaur", "lccc",
    }  # fmt: skip
    assert {data_set(name).commercial for name in wrong} <= {"no", "unknown"}


def test_doubles_name_each_other():
    assert data_set("openo1_sft_copy").same_as == ("openo1_sft",)
    assert data_set("moss_003_pairs").same_as == ("moss",)
    assert data_set("alpagasus").part_of == ("alpaca", "dolly_15k")


def test_an_entry_is_found_by_name_title_other_name_and_id_on_a_hub():
    assert data_set("Databricks-Dolly-15K").name == "dolly_15k"
    assert data_set("BelleGroup/multiturn_chat_0.8M").name == "belle"
    assert data_set("ai-modelscope/alpaca-gpt4-data-zh").name == "alpaca_gpt4_zh"
    with pytest.raises(
        SettingsError, match="has no data set `alpacca`, nearest is `alpaca`; corpus sft catalogue list"
    ):
        data_set("alpacca")


def test_a_layout_has_the_sets_own_values_where_it_has_none():
    multiturn, seeds = layout_of("belle.multiturn"), layout_of("belle", "seeds")

    assert (multiturn.kind, multiturn.hub, multiturn.origin) == (
        "marked_text",
        ("BelleGroup/multiturn_chat_0.8M",),
        "model",
    )
    assert (multiturn.languages, multiturn.licence) == (("zh",), "ODC-By-1.0, research only (README)")
    assert (seeds.origin, seeds.construction, seeds.role) == ("human", "human", "training")
    assert layout_of("gsm8k.test").role == "evaluation"
    with pytest.raises(SettingsError, match="`belle` has no layout `multi`, nearest is `multiturn`; it has instruct"):
        layout_of("belle", "multi")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("count: 3", "cuont: 3"), "file.yaml:6: there is no field `cuont`, nearest is `count`"),
        (('commercial: "yes"', "commercial: yes"), "put it in quotes"),
        (("languages: [en]", "languages: [English]"), "file.yaml:5: `languages.0`"),
        (("kind: instruct", "knid: instruct"), "file.yaml:15: there is no field `knid`, nearest is `kind`; a layout takes"),
        (("why: permissive licence", "why: x\n  same_as: [mein]"), "file.yaml:13: there is no entry `mein`, nearest is `mine`"),
        (("why: permissive licence", "why: x\n  released: false"), "file.yaml:2: a set that was not released has no `layouts`"),
        (("evidence: sample", "evidence: sample\n    other:\n      kind: turns\n      evidence: sample"), "layout `other` says by"),
        (("origin: human", "origin: people"), "file.yaml:8: `origin`: Input should be 'human', 'model' or 'mixed'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(written, change, complaint):
    path = written(A_SET.replace(*change))

    with pytest.raises(SettingsError) as told:
        read_data_sets(path)

    assert complaint in str(told.value)


def test_names_differ_and_the_file_has_one_key(written):
    with pytest.raises(SettingsError, match=r"file.yaml:17: there is an entry `mine` already"):
        read_data_sets(written(A_SET + A_SET.lstrip()))
    with pytest.raises(SettingsError, match="a list under the one key `sft`"):
        read_data_sets(written(A_SET, "sets"))


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == sft_markdown(), (
        "run: corpus sft catalogue list --markdown > docs/sft-catalogue.md"
    )


def test_rows_for_sql_are_the_entries_each_column_with_its_description():
    found = rows("sft.catalogue")
    row = next(row for row in found.to_pylist() if row["name"] == "alpaca")

    assert found.num_rows == len(data_sets())
    assert set(found.column_names) == set(descriptions("sft.catalogue"))
    assert all(descriptions("sft.catalogue").values())
    assert (row["licence_claimed"], row["licence_seen"], row["licence_is_wrong"]) == (
        "Apache-2.0",
        "CC-BY-NC-4.0",
        True,
    )
    assert (row["count"], row["kinds"], row["listed"]) == (52_002, ["instruct", "task_file"], ["table_13"])
    assert orjson.loads(row["layouts"])["seeds"]["origin"] == "human"


def test_the_command_filters():
    listed = run("list", "--kind", "moss_chat")
    free = [
        orjson.loads(line)
        for line in run(
            "list", "--commercial", "yes", "--language", "en", "--construction", "human", "--json"
        ).splitlines()
    ]

    assert "1 data sets, 0 with a wrong licence" in listed
    assert "moss" in listed
    assert {"dolly_15k", "gsm8k"} <= {one["name"] for one in free}
    assert {one["commercial"] for one in free} == {"yes"}
    assert "sft.yaml" in run("list", "--markdown")
    with pytest.raises(SettingsError, match="--kind turn, nearest is `turns`: choose one of instruct, turns"):
        run("list", "--kind", "turn")


def test_the_command_shows_licences_layouts_and_settings_to_paste():
    shown = run("show", "alpaca")
    of_layout = run("show", "belle.multiturn")
    pasted = yaml.safe_load(of_layout[of_layout.index("sft:") :])
    [entry] = [orjson.loads(line) for line in run("show", "alpaca", "--json").splitlines()]

    assert "Apache-2.0 (wrong)" in shown
    assert "CC-BY-NC-4.0" in shown
    assert "layout seeds task_file, known by sample" in shown
    assert pasted["sft"]["sets"]["belle_multiturn"] == {
        "location": "hf://datasets/BelleGroup/multiturn_chat_0.8M",
        "like": "belle.multiturn",
        "kind": "marked_text",
        "map": {"columns": {"text": "instruction", "more": "input", "answer": "output"}},
        "options": {"style": "human_assistant"},
    }
    assert entry["licence_is_wrong"] is True
    assert "was not released" not in run("show", "opt_iml_bench")


def test_settings_of_every_layout_are_settings_and_those_of_evaluation_sets_name_a_test_set():
    from corpus_platform.stages.sft_sets import DataSetSettings  # noqa: PLC0415

    for name, one in data_sets().items():
        for layout in one.layouts:
            pasted = yaml.safe_load(settings_of(one, layout))
            if one.layout(layout).role == "evaluation":
                assert list(pasted["recipes"]["test_sets"].values()) == ["/path/to/its/file"]
                continue
            [values] = pasted["sft"]["sets"].values()

            assert DataSetSettings.model_validate(values).reading().kind == one.layouts[layout].kind, name
