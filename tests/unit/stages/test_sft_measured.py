"""Measures of a home's sets and mixes, mixes that balance abilities, and a model of abilities of one's own."""

import orjson
import pytest
from typer.testing import CliRunner

from corpus_platform.analytics.sft_abilities import trained
from corpus_platform.analytics.sft_measures import of_file, of_home, sections
from corpus_platform.analytics.sft_release import Export, export
from corpus_platform.cli import app
from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.home import Home
from corpus_platform.recipes.sft_files import Source
from corpus_platform.settings import CorpusSettings, write_settings

SAID = "This is one of the many things that can be said of it."
ROWS = [
    *(("code", f"Write a Python function number {i} that sorts a list") for i in range(12)),
    *(("maths", f"What is {i} times {i + 3} plus 4?") for i in range(12)),
    *((None, f"Translate sentence {i} into French") for i in range(6)),
]
MIX = {
    "name": "even",
    "title": "t",
    "about": "a",
    "rows": 9,
    "tokenizer": "estimate",
    "label_balance": {"by": "ability", "shares": {"code": 1 / 3, "maths": 1 / 3, "translation": 1 / 3}},
    "parts": [{"name": "all", "weight": 1}],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    path = tmp_path_factory.mktemp("measured")
    for folder in ("data", "recipes/sft", "mixes/sft"):
        (path / folder).mkdir(parents=True)
    lines = [{"instruction": q, "output": SAID, "category": said, "difficulty": "easy"} for said, q in ROWS]
    (path / "data/a.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    recipe = {
        "name": "all",
        "title": "t",
        "reference": "r",
        "about": "a",
        "variant": "sft",
        "steps": [{"sft_structure": {}}],
    }
    (path / "recipes/sft/all.yaml").write_bytes(orjson.dumps(recipe))
    (path / "mixes/sft/even.yaml").write_bytes(orjson.dumps(MIX))
    columns = {"columns": {"prompt": "instruction", "answer": "output"}, "labels": {"category": "category", "difficulty": "difficulty"}}  # fmt: skip
    one = {"location": "data", "kind": "instruct", "map": columns, "language": "en", "construction": "human"}
    settings = {
        "sft": {"recipe": "all", "sets": {"one": one}},
        "recipes": {"enabled": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
    }
    write_settings(path / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(path)
    for batch in made.batches(["sft/filtered"], []):
        for name, partition in batch.tables:
            made.run(name, partition)
    made.run("sft.mixes", {"mix": "even"})
    return made


def test_a_mix_has_equal_shares_of_abilities_that_are_said_or_told(home):
    rows = home.lake.scan("sft.mixes", mix="even").collect()

    assert dict(rows.group_by("label").len().iter_rows()) == {"code": 3, "maths": 3, "translation": 3}


def test_a_set_is_measured_as_it_is_filtered_and_a_mix_by_its_own_rows(home):
    told, mixed = of_home(home, "one"), of_home(home, "even")

    assert (told["table"], told["rows"], mixed["rows"]) == ("sft.filtered", 30, 9)
    assert told["language"] == {"en": {"rows": 30, "share": 1.0}}
    assert told["labels"]["category"] == {"rows": 24, "share": 0.8}
    assert told["difficulty"] == {"easy": {"rows": 30, "share": 1.0}}
    assert {name: own["rows"] for name, own in told["abilities"].items()} == {"code": 12, "maths": 12, "translation": 6}
    assert told["verbs"]["top"]["write"]["rows"] == 12
    assert told["distinct_1"]["answers"] < told["distinct_1"]["requests"] < told["distinct_3"]["requests"]
    with pytest.raises(SettingsError, match="nearest is `one`"):
        of_home(home, "onee")


def test_the_report_of_an_export_tells_how_varied_its_dialogues_are(home, tmp_path):
    export(home.lake, home.mixing.stages["sft.mixes"], "even", Export(tmp_path / "out"))

    told = orjson.loads((tmp_path / "out/mix_report.json").read_bytes())
    assert told["measures"] == {key: value for key, value in of_home(home, "even").items() if key != "mix"}
    assert "## Variety, each dialogue once" in (tmp_path / "out/mix_report.md").read_text("utf-8")


def test_a_file_is_measured_and_what_cant_be_read_of_it_is_counted(tmp_path):
    file = tmp_path / "a.jsonl"
    messages = [{"role": "user", "content": "写一首诗"}, {"role": "assistant", "content": "春风"}]
    file.write_bytes(orjson.dumps({"messages": messages}) + b"\n{}\n")

    told = of_file(Source(file))

    assert (told["rows"], told["unread"], told["verbs"]["top"]["写"]["objects"]) == (1, 1, {"诗": 1})
    assert any("`distinct-1`" in section for section in sections(told))


def test_the_commands_print_figures_and_keep_a_model(home, tmp_path):
    runner = CliRunner()

    measured = runner.invoke(app, ["--home", str(home.path), "sft", "measure", "one", "--format", "json"])
    made = runner.invoke(app, ["--home", str(home.path), "sft", "ability", "train", "--out", str(tmp_path / "m"), "--min-rows", "10"])  # fmt: skip
    shown = runner.invoke(app, ["--home", str(home.path), "sft", "ability", "show", str(tmp_path / "m")])

    assert orjson.loads(measured.stdout)["rows"] == 30
    assert "signals.ability_model" in made.stdout
    assert "translation" in shown.stdout


def test_a_model_of_a_home_is_made_of_what_its_sets_say(home):
    made = trained(home, [], per_class=100, min_rows=5, also_shipped=False)

    assert made.labels == ("maths", "code")
    assert sum(one.training_rows + one.support for one in made.classes) == 24
    with pytest.raises(ModelError, match="maths 12, code 12"):
        trained(home, ["one"], per_class=100, min_rows=50)
