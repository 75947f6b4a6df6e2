"""`corpus sft preferences` on files that were converted, and what it says of others."""

import json

import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.sft.convert import convert
from corpus_platform.sft.form import SetFacts
from corpus_platform.sft.reading import Reading

ROWS = [
    {"prompt": "q", "chosen": "good", "rejected": "bad"},
    {
        "prompt": "weather?",
        "tools": '[{"name": "get"}]',
        "chosen": 'Action: get\nAction Input: {"a": 1}',
        "rejected": "no",
    },
]


@pytest.fixture
def converted(tmp_path):
    def made(ending):
        (tmp_path / "raw.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
        columns = {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected", "tools": "tools"}
        reading = Reading.model_validate({"kind": "compare", "map": {"columns": columns}})
        convert([tmp_path / "raw.jsonl"], reading, SetFacts("made", "made", "compare"), to=tmp_path / f"made.{ending}")
        return tmp_path / f"made.preferences.{ending}"

    return made


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "jsonl.gz"])
def test_a_converted_file_is_written_in_every_form(converted, tmp_path, ending):
    done = CliRunner().invoke(app, ["sft", "preferences", str(converted(ending)), "--out", str(tmp_path / "out")])

    assert done.exit_code == 0, done.output
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert sorted(info) == ["made_llama_factory", "made_llama_factory_alpaca", "made_llama_factory_kto"]
    lines = (tmp_path / "out" / "made_trl_dpo.jsonl").read_text().splitlines()
    assert [json.loads(line)["rejected"][0]["content"] for line in lines] == ["bad", "no"]
    assert "tools 1" in done.output


def test_forms_may_be_named_and_unknown_ones_are_told(converted, tmp_path):
    file = str(converted("jsonl"))

    named = CliRunner().invoke(app, ["sft", "preferences", file, "--form", "trl_kto", "--out", str(tmp_path / "out")])
    unknown = CliRunner().invoke(app, ["sft", "preferences", file, "--form", "trl", "--out", str(tmp_path / "no")])

    assert named.exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["made_trl_kto.jsonl"]
    assert unknown.exit_code != 0
    assert not (tmp_path / "no").exists()


def test_a_file_of_something_else_is_told_with_its_line(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"messages": []}\n')

    done = CliRunner().invoke(app, ["sft", "preferences", str(tmp_path / "x.jsonl"), "--out", str(tmp_path / "out")])

    assert done.exit_code != 0
    assert "line 1" in f"{done.output}{done.exception}"
