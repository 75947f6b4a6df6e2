"""Data sets without a dialogue, or without a dedup: what is made of them is made and empty, beside sets that are built."""

import json

import pytest

from corpus_platform.home import Home
from corpus_platform.quality.run import run_suite
from corpus_platform.settings import CorpusSettings, write_settings

SETS = {
    "wishes": {"location": "wishes", "kind": "prompts_only"},
    "liked": {"location": "liked", "kind": "compare"},
    "maths": {"location": "maths", "kind": "verifiable"},
    "alone": {"location": "maths", "kind": "verifiable", "recipe": "lima"},
    "backwards": {"construct": "fobar", "from": ["maths"]},
}
ROWS = {
    "wishes": [{"instruction": "Write a poem on rain."}],
    "liked": [{"prompt": "Which is larger?", "chosen": "The sun.", "rejected": "The moon."}],
    "maths": [{"question": "Ann has 3 hens and buys 4 more. How many has she?", "answer": "3 + 4 = 7\n#### 7"}],
}
AFTER = ("sft.signals", "sft.dedup_index", "sft.duplicates", "sft.selected", "sft.filtered")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    for name, rows in ROWS.items():
        (folder / name).mkdir()
        (folder / name / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"sft": {"sets": SETS}, "engine": {"kind": "serial"}, "language_model": {"languages": []}}
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(folder)
    for batch in made.batches(["sft/filtered", "sft/preferences"], []):
        for name, partition in batch.tables:
            made.run(name, partition)
    return made


@pytest.mark.parametrize("name", ["wishes", "liked"])
def test_a_set_without_dialogues_is_made_and_empty_to_its_end(home, name):
    rows = {table: home.lake.state(table, {"set": name}).rows for table in ("sft.messages", *AFTER)}

    assert rows == dict.fromkeys(rows, 0)
    assert [batch.key for batch in home.batches(["sft/filtered"], []) if not batch.is_current(home)] == []


@pytest.mark.parametrize("name", SETS)
def test_the_suites_of_every_set_are_green(home, name):
    broken = [
        (table, one.figure, one.rows)
        for table in AFTER
        for one in run_suite(home, table, {"set": name}).outcomes
        if one.is_broken and one.blocks
    ]

    assert broken == []


def test_what_is_built_goes_the_same_way(home):
    assert home.lake.state("sft.constructed_fobar", {"set": "backwards"}).rows == 2
    assert home.lake.state("sft.filtered", {"set": "maths"}).rows == 1


def test_a_set_whose_recipe_has_no_dedup_is_compared_with_none(home):
    assert home.lake.state("sft.dedup_index", {"set": "alone"}).rows == 0
    assert home.lake.state("sft.signals", {"set": "alone"}).rows == 1
