"""Commands on what people write and say: tasks out, answers in, a second round, failing requests, pseudonyms."""

import csv

import orjson
import pytest
import yaml
from people import CHATS, home_at
from typer.testing import CliRunner
from written import GOOD, row, task

from corpus_platform.commands.sft import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sft.collected.pseudonyms import Pseudonyms


@pytest.fixture
def run(tmp_path):
    """Runs a command in a home below the test's folder."""

    def invoke(*words, home=tmp_path / "home"):
        result = CliRunner().invoke(app, list(map(str, words)), obj=home, env={"COLUMNS": "200"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return invoke


def lines(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_sheets_are_listed_and_shown(run):
    assert "poetry.zh" in run("sheets", "list")
    shown = run("sheets", "show", "qa.en")
    assert task().text in shown
    assert "wordings:" in shown


def test_tasks_go_out_as_a_table_and_come_back_as_dialogues_with_agreement(run, tmp_path):
    out, filled = tmp_path / "tasks.csv", tmp_path / "filled.csv"
    run("sheets", "export", "qa.en", "--out", out)
    with out.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    rows[0] |= {**row(0)}
    rows[1] |= {**row(1, verdicts=("good", "bad"))}
    with filled.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    told = run("collect", filled, "--out", tmp_path / "d.jsonl", "--rejects", tmp_path / "r.jsonl")

    (made,), (turned,) = lines(tmp_path / "d.jsonl"), lines(tmp_path / "r.jsonl")
    assert made["messages"][1]["content"] == GOOD
    assert made["construction"] == "human"
    assert turned["reason"] == "reviewers_disagree"
    assert "qa.en" in told
    assert "0.50" in told


def test_a_second_round_hands_answers_to_reviewers(run, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(orjson.dumps(row(verdicts=())) + b"\n" + orjson.dumps(row(1, refused=True)))

    told = run("sheets", "review", tmp_path / "a.jsonl", "--out", tmp_path / "r.json")

    (record,) = orjson.loads((tmp_path / "r.json").read_bytes())
    assert record["fields"]["answer"] == GOOD
    assert record["metadata"]["task_id"] == task().id
    assert "1 answers for reviewers" in told
    assert "1 without an answer" in told


def test_chats_are_taken_in_from_plain_files_only_with_consent(run, tmp_path):
    (tmp_path / "c.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in CHATS))

    told = run("collect", tmp_path / "c.jsonl", "--from", "users", "--option", "most_of_user=1", "--out", tmp_path / "d.jsonl")  # fmt: skip

    assert [one["meta"] is not None for one in lines(tmp_path / "d.jsonl")] == [True] * 3
    assert "over_user_cap 2" in told
    assert "no_consent 1" in told


def test_failing_requests_are_listed_and_sheets_proposed_of_them(run, tmp_path):
    home = home_at(tmp_path)
    with pytest.raises(SourceError, match="corpus run sft/failing"):
        run("failing", home=tmp_path)
    for batch in home.batches(["sft/failing"], []):
        for name, partition in batch.tables:
            home.run(name, partition)

    listed = run("failing", home=tmp_path)
    made = run("sheets", "make", "--from-failing", "chats", home=tmp_path)

    assert "How do I cancel my subscription? I am <EMAIL_1>" in listed
    assert "67%" in listed
    proposed = yaml.safe_load((tmp_path / "sheets/chats.yaml").read_text())
    assert proposed["languages"]["zh"]["prompts"][0]["text"] == "怎么取消订阅"
    assert "chats.en, chats.zh" in made
    assert "chats.zh" in run("sheets", "list", home=tmp_path)
    with pytest.raises(SettingsError, match="is there already"):
        run("sheets", "make", "--from-failing", "chats", home=tmp_path)
    with pytest.raises(SettingsError, match="is no data set of chats"):
        run("failing", "written", home=tmp_path)


def test_a_pseudonym_is_what_the_tables_have(run, tmp_path):
    home_at(tmp_path)

    assert run("pseudonym", "chats", "u1", home=tmp_path).strip() == Pseudonyms.of_file(tmp_path / "people.key")("u1")
