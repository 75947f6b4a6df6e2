"""Files of dialogues and recipes over them lose what evaluation sets have; sets are read whatever their records are."""

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.commands.sft import app
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.eval_sets import eval_items, read_eval_set
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.steps.sft_contamination import SftDecontaminate
from corpus_platform.signals.environment import Environment

WORDS = "A baker makes 36 loaves in the morning and 48 rolls at noon, and gives 15 of them to the school. How many are left for the shop?"
HANZI = "小红有42本故事书，送给同学15本，又从图书馆借来28本，现在小红手里一共有多少本书？"
CHOICE = "Which metal is liquid at the temperature of an ordinary room?"


def written(path, rows):
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def evals(tmp_path):
    """Evaluation sets of three kinds, by name."""
    maths = [
        {"question": WORDS, "answer": "36+48-15 = <<36+48-15=69>>69\n#### 69"},
        {"question": HANZI, "answer": "#### 55"},
    ]
    letters = dict(zip("ABCD", ("Iron", "Mercury", "Copper", "Gold"), strict=True))
    return {
        "sums": str(written(tmp_path / "sums.jsonl", maths)),
        "metals": str(written(tmp_path / "metals.jsonl", [{"Question": CHOICE, **letters, "Answer": "B"}])),
        "tasks": str(written(tmp_path / "tasks.jsonl", [{"prompt": "Write a poem on the winds of the northern sea."}])),
    }


def rows():
    asked = [
        (WORDS, "There are 69."),
        ("What is a baker?", "One who makes bread."),
        (f"请回答：{HANZI}", "五十五本。"),
        (f"{CHOICE}\n(A) Gold\n(B) Copper\n(C) Mercury\n(D) Iron", "(C)"),
        (WORDS.replace("36", "37"), "70"),
    ]
    return [
        {
            "messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}],
            "source": "made",
            "id": str(i),
        }
        for i, (q, a) in enumerate(asked)
    ]


def test_records_of_every_kind_are_items(evals, tmp_path):
    read = {name: read_eval_set(name, tmp_path / f"{name}.jsonl") for name in evals}

    assert {name: one.kind for name, one in read.items()} == {
        "sums": "verifiable",
        "metals": "choice",
        "tasks": "instruct",
    }
    assert [item.maths for item in read["sums"].items] == [True, True]
    assert read["metals"].items[0].prompt == (f"{CHOICE}\nA. Iron\nB. Mercury\nC. Copper\nD. Gold",)
    assert [one.unread for one in read.values()] == [0, 0, 0]


def test_a_set_of_the_catalogue_is_read_as_the_catalogue_says(tmp_path):
    file = written(tmp_path / "any.jsonl", [{"task_id": "t/0", "prompt": "def f():\n", "canonical_solution": "  pass", "entry_point": "f", "test": "f()"}])  # fmt: skip

    assert read_eval_set("humaneval", file).items[0].answer.strip() == "pass"


def test_a_set_that_is_not_there_is_named_with_the_nearest(evals):
    with pytest.raises(SettingsError, match="nearest is `sums`"):
        eval_items(evals, ("sum",))


def test_a_set_without_items_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="test set `none`"):
        read_eval_set("none", written(tmp_path / "none.jsonl", [{"a": 1}]))


def test_the_step_drops_what_holds_an_item_and_tells_the_evidence(evals):
    frame = pl.DataFrame(
        [{"doc_id": r["id"], "text": "\n\n".join(m["content"] for m in r["messages"])} for r in rows()]
    )
    recipe = Recipe(name="r", variant="sft", steps=(SftDecontaminate(),), title="t", about="a", reference="none")

    done = apply(recipe, frame, Environment(test_sets=evals))

    assert done.kept["doc_id"].to_list() == ["1", "4"]
    seen = dict(done.decisions.select("doc_id", "seen").iter_rows())
    assert seen["0"].startswith("sums#0 prompt: A baker makes 36 loaves")
    assert seen["2"].startswith("sums#1 prompt: 小红有42本故事书")
    assert seen["3"].startswith("metals#0 prompt: Which metal")
    assert set(done.decisions["rule"]) == {"contaminated"}
    assert set(done.decisions["threshold"]) <= {0.5, 0.8}


def test_without_evaluation_sets_the_step_drops_nothing():
    frame = pl.DataFrame({"doc_id": ["a"], "text": [WORDS]})
    recipe = Recipe(name="r", variant="sft", steps=(SftDecontaminate(),), title="t", about="a", reference="none")

    assert apply(recipe, frame, Environment()).kept.height == 1


def test_a_file_is_written_without_what_holds_an_item_and_a_report_says_why(evals, tmp_path):
    source = written(tmp_path / "in.jsonl", rows())
    out, gone, report = tmp_path / "out.jsonl", tmp_path / "gone.jsonl", tmp_path / "report.json"
    against = [option for name, file in evals.items() for option in ("--against", f"{name}={file}")]

    done = CliRunner().invoke(
        app,
        ["decontaminate", str(source), *against, "--out", str(out), "--dropped", str(gone), "--report", str(report)],
    )

    assert done.exit_code == 0, done.output
    assert [orjson.loads(line)["id"] for line in out.read_bytes().splitlines()] == ["1", "4"]
    assert [orjson.loads(line)["id"] for line in gone.read_bytes().splitlines()] == ["0", "2", "3"]
    told = orjson.loads(report.read_bytes())
    assert told["rows"] == told["kept"] + told["dropped"] == 5
    assert told["items_found"] == {"metals": 1, "sums": 2}
    assert {(b["benchmark"], b["source"], b["flagged"]) for b in told["by_benchmark_and_source"]} == {("sums", "made", 2), ("metals", "made", 1)}  # fmt: skip
    flagged = [hit for hit in told["hits"] if hit["flagged"]]
    assert all(hit["passage"] and hit["item_passage"] for hit in flagged)


def test_a_report_in_markdown_shows_both_passages(evals, tmp_path):
    source, report = written(tmp_path / "in.jsonl", rows()), tmp_path / "report.md"

    done = CliRunner().invoke(
        app, ["decontaminate", str(source), "--against", evals["sums"], "--out", str(tmp_path / "o.jsonl"), "--report", str(report)]
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    made = report.read_text(encoding="utf-8")
    assert "| sums | 2 | 2 | made | 2 |" in made
    assert "  - item: A baker makes 36 loaves" in made


def test_turns_whose_answer_is_left_empty_are_items_and_those_with_a_number_are_of_maths(tmp_path):
    asked = {"role": "user", "content": "Two hens lay three eggs each. How many eggs?"}
    rows = [{"messages": [asked, {"role": "assistant", "content": ""}], "answer": "6"}]

    found = read_eval_set("own", written(tmp_path / "own.jsonl", rows))

    assert [(item.prompt, item.maths) for item in found.items] == [((asked["content"],), True)]
