"""`corpus sft construct`: what it lists, tells, makes and refuses."""

import orjson
import pytest
from typer.testing import CliRunner

from corpus_platform.commands.sft import app
from corpus_platform.errors import SettingsError
from corpus_platform.sft_tables import WAYS


def run(*words):
    result = CliRunner().invoke(app, ["construct", *map(str, words)], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture
def questions(tmp_path):
    file = tmp_path / "questions.jsonl"
    rows = [
        {
            "doc_id": "a",
            "messages": [{"role": "user", "content": "Tom has 3 hats. How many?"}],
            "verifiable_answer": "3",
        },
        {"doc_id": "b", "messages": [{"role": "user", "content": "How many?"}], "verifiable_answer": "3"},
    ]
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    return file


def test_ways_and_their_options_are_told():
    assert all(way in run("list") for way in WAYS)
    assert "MetaMath" in run("fobar")
    assert "sentiment" in run("templates")


def test_dialogues_and_what_was_left_out_are_written(questions, tmp_path):
    told = run(
        "fobar", questions, "--option", "form=sv", "--out", tmp_path / "o.jsonl", "--rejects", tmp_path / "r.jsonl"
    )

    (made,) = map(orjson.loads, (tmp_path / "o.jsonl").read_bytes().splitlines())
    (left,) = map(orjson.loads, (tmp_path / "r.jsonl").read_bytes().splitlines())
    assert made["parents"] == ["a"]
    assert made["verifiable_answer"] == "3"
    assert left == {"parents": ["b"], "reason": "no_number", "detail": ""}
    assert "no_number 1" in told


def test_one_value_stands_for_a_list_of_it(tmp_path):
    (tmp_path / "in.csv").write_text("question,answer\nWho?,Me\n")

    run(
        "templates",
        tmp_path / "in.csv",
        "--option",
        "templates=open_qa",
        "--container",
        "header=true",
        "--out",
        tmp_path / "o.jsonl",
    )

    assert orjson.loads((tmp_path / "o.jsonl").read_bytes())["construction"] == "rewritten"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["foobar", "IN"], "there is no way `foobar` of building, nearest is `fobar`"),
        (["fobar", "IN", "--option", "frm=sv"], "`fobar` has no option `frm`, nearest is `form`; it takes seed, form"),
        (["fobar", "IN", "--option", "form=xx"], "option `form` of `fobar`: Input should be"),
        (["fobar", "IN", "--option", "form"], "--option takes NAME=VALUE"),
        (["fobar", "IN", "--option", "form=[x"], "not a value in YAML"),
        (["fobar", "IN", "--container", "header=perhaps"], "option `header` of --container: Input should be"),
        (["dynosaur", "IN"], "option `recipes` of `dynosaur`: Field required"),
    ],
)
def test_what_is_not_right_is_told(questions, tmp_path, words, message):
    words = [questions if word == "IN" else word for word in words]

    with pytest.raises(SettingsError) as error:
        run(*words, "--out", tmp_path / "o.jsonl")

    assert message in str(error.value)


def test_input_and_output_are_different_files(questions):
    with pytest.raises(SettingsError, match="different files"):
        run("fobar", questions, "--out", questions)
    with pytest.raises(SettingsError, match="--out OUT"):
        run("fobar", questions)
