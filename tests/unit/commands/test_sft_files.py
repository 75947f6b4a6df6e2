"""`corpus sft sniff` and `corpus sft convert`, and what they write."""

import orjson
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from corpus_platform.commands.sft import app
from corpus_platform.errors import SchemaError, SettingsError, SourceError
from corpus_platform.sft.convert import convert, of_catalogue
from corpus_platform.sft.form import SetFacts
from corpus_platform.sft.reading import Reading

ROWS = [
    {"instruction": "What is salt?", "input": "", "output": "A mineral."},
    {"instruction": "盐是什么？", "input": None, "output": "一种矿物。"},
    {"instruction": "And pepper?", "input": "", "output": ""},
]


@pytest.fixture
def folder(tmp_path):
    """A folder with a file of three rows, one of them without an answer, and one of preferences."""
    (tmp_path / "rows.json").write_bytes(b"\n".join(map(orjson.dumps, ROWS)))
    pair = {"prompt": "q", "chosen": "a", "rejected": "b"}
    (tmp_path / "pairs.jsonl").write_bytes(orjson.dumps(pair))
    return tmp_path


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows_of(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_a_file_is_told_and_the_proposal_can_be_given_back(folder):
    result = run("sniff", folder / "rows.json", "--yaml")
    (folder / "map.yaml").write_text(result.output, encoding="utf-8")

    converted = run("convert", folder / "rows.json", "--kind", "instruct", "--map", folder / "map.yaml", "--out", folder / "o.jsonl")  # fmt: skip

    assert yaml.safe_load(result.output)["kind"] == "instruct"
    assert converted.exit_code == 0
    assert len(rows_of(folder / "o.jsonl")) == 2


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
def test_dialogues_and_rejects_are_all_that_was_read(folder, ending):
    result = run("convert", folder / "rows.json", "--set", "alpaca", "--out", folder / f"o.{ending}", "--rejects", folder / "r.jsonl")  # fmt: skip

    frame = pl.read_parquet(folder / "o.parquet") if ending == "parquet" else pl.read_ndjson(folder / f"o.{ending}")
    [reject] = rows_of(folder / "r.jsonl")

    assert result.exit_code == 0
    assert "no_answer 1" in result.output
    assert frame["position"].to_list() == [0, 1]
    assert frame["messages"][1][0]["content"] == "盐是什么？"
    assert frame["licence"][0] == of_catalogue("alpaca")[1].licence
    assert reject == {"file": "rows.json", "position": 2, "ordinal": 0, "reason": "no_answer", "detail": "And pepper?", "broken": False}  # fmt: skip


def test_preferences_are_written_beside_the_dialogues(folder):
    result = run("convert", folder / "pairs.jsonl", "--kind", "compare", "--option", "dialogues=chosen", "--out", folder / "o.jsonl")  # fmt: skip

    assert result.exit_code == 0
    assert [len(row["answers"]) for row in rows_of(folder / "o.preferences.jsonl")] == [2]
    assert [row["messages"][1]["content"] for row in rows_of(folder / "o.jsonl")] == ["a"]


def test_a_map_can_be_given_word_by_word(folder):
    (folder / "own.csv").write_text("title,ask,level,reply,id\nT,A question,3,An answer to it,7\n", encoding="utf-8")
    words = ("prompt=title+ask", "answer=reply", "labels.level=level", "ignore=id")

    run("convert", folder / "own.csv", "--kind", "instruct", *(x for word in words for x in ("--map", word)), "--container", "form=csv", "--container", "header=true", "--out", folder / "o.jsonl")  # fmt: skip

    [row] = rows_of(folder / "o.jsonl")
    assert row["messages"][0]["content"] == "T\n\nA question"
    assert (row["labels"], row["meta"]) == ('{"level":"3"}', None)


def test_nothing_but_damage_is_a_failure_and_seeds_are_none(folder):
    (folder / "words.txt").write_text("Just words.\nMore of them.\n", encoding="utf-8")

    damaged = run("convert", folder / "words.txt", "--kind", "instruct", "--out", folder / "o.jsonl")
    seeds = run("convert", folder / "words.txt", "--kind", "prompts_only", "--out", folder / "o.jsonl")

    assert (damaged.exit_code, seeds.exit_code) == (1, 0)
    assert "wrong_shape 2" in damaged.output
    assert "no_answer_given 2" in seeds.output


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (("rows.json",), SettingsError, "convert takes --set or --kind; this tells which: corpus sft sniff "),
        (("rows.json", "--kind", "instuct"), SettingsError, "nearest is `instruct`"),
        (("rows.json", "--set", "alpacca"), SettingsError, "no data set `alpacca`"),
        (("rows.json", "--kind", "instruct", "--option", "betwen=x"), SettingsError, "`betwen`: Extra inputs"),
        (("rows.json", "--kind", "instruct", "--container", "sheet=0"), SettingsError, "`container.sheet`: "),
        (("rows.json", "--kind", "instruct", "--option", "x"), SettingsError, "--option takes NAME=VALUE"),
        (("none.json", "--kind", "instruct"), SourceError, "no such file or folder"),
        (("rows.json", "--kind", "pairs"), SchemaError, "are not in the map of the kind `pairs`"),
    ],
)  # fmt: skip
def test_mistakes_are_told_and_leave_no_file(folder, words, error, says):
    with pytest.raises(error, match=says):
        run("convert", folder / words[0], *words[1:], "--out", folder / "o.jsonl")

    assert not (folder / "o.jsonl").exists()


def test_batches_keep_the_order(folder, monkeypatch):
    monkeypatch.setattr("corpus_platform.sft.convert._BATCH_ROWS", 7)
    rows = [{"instruction": f"q{n}", "output": "a" if n % 3 else ""} for n in range(100)]
    (folder / "many.json").write_bytes(orjson.dumps(rows))

    report = convert([folder / "many.json"], Reading(kind="instruct"), SetFacts("s", "s"), to=folder / "o.jsonl", rejects=folder / "r.jsonl")  # fmt: skip

    assert (report.read, report.dialogues, report.rejected) == (100, 66, {"no_answer": 34})
    assert [row["position"] for row in rows_of(folder / "o.jsonl")] == [n for n in range(100) if n % 3]
    assert [row["position"] for row in rows_of(folder / "r.jsonl")] == [n for n in range(100) if n % 3 == 0]
