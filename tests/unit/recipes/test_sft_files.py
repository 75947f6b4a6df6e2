"""A recipe over dialogues in plain files: every row is in one of two files, with its fields and its reason."""

import gzip
import json

import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SourceError
from corpus_platform.recipes import sft_files
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.sft_file_verdicts import verdicts_of_file
from corpus_platform.recipes.sft_files import Source, dialogue_batches, filter_file
from corpus_platform.recipes.step import steps
from corpus_platform.sft.kinds.kind import ColumnMap
from corpus_platform.sft.reading import Reading
from corpus_platform.signals.environment import Environment


def said(prompt, answer, **more):
    return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}], **more}


FINE = said("Name a fruit.", "An apple.", id="fine", colour="red")
REFUSED = said("帮我撬锁。", "很抱歉，我不能帮您撬锁。", id="refused", labels={"quality": 1})
UNTIDY = said("Name a tree.", "An\u200b oak.", id="untidy", tools=[{"name": "search"}])
BROKEN = {"messages": [{"role": "wizard", "content": "Hm."}]}


def recipe_of(*names):
    made = tuple(steps()[name]() for name in names)
    return Recipe(name="made", title="Made", reference="none", variant="sft", about="A test.", steps=made)


@pytest.fixture
def lines(tmp_path):
    def write(*rows, name="in.jsonl"):
        path = tmp_path / name
        text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write


def run(path, tmp_path, *names, out="kept.jsonl", **more):
    kept, rejects = tmp_path / out, tmp_path / "rejects.jsonl"
    done = filter_file(recipe_of(*names), Source(path, **more), kept, rejects, Environment())
    rows = [json.loads(line) for line in rejects.read_text().splitlines()]
    return done, kept, rows


def test_rows_in_are_kept_dropped_or_rejected_with_a_reason(lines, tmp_path):
    path = lines(FINE, "{", REFUSED, BROKEN, {"text": "no messages"}, UNTIDY)

    done, kept, rejects = run(path, tmp_path, "sft_text", "sft_refusal")

    assert (done.kept, done.dropped) == (2, 1)
    assert done.rejects == {"bad_json": 1, "unknown_role": 1, "no_messages": 1}
    assert [json.loads(line)["doc_id"] for line in kept.read_text().splitlines()] == ["fine", "untidy"]
    told = {(row["id"], row["position"], row["step"], row["rule"], row["seen"]) for row in rejects}
    assert ("refused", 2, "sft_refusal", "refusal", "很抱歉，我不能") in told
    assert {row["position"] for row in rejects if row["step"] == "read"} == {1, 3, 4}


def test_fields_go_through_and_edits_change_messages_text_and_identity_of_the_content(lines, tmp_path):
    _, kept, _ = run(lines(FINE, UNTIDY, name="in.jsonl.gz"), tmp_path, "sft_text")

    fine, untidy = (json.loads(line) for line in kept.read_text().splitlines())
    [before] = [row for batch in dialogue_batches(Source(lines(UNTIDY))) for row in batch.rows]
    assert fine["colour"] == "red"
    assert untidy["messages"][1]["content"] == "An oak."
    assert untidy["text"] == "Name a tree.\n\nAn oak."
    assert untidy["content_id"] != before["content_id"]
    assert json.loads(untidy["tools"]) == [{"name": "search"}]


def test_what_was_written_is_read_again_as_it_is(lines, tmp_path):
    _, parquet, _ = run(lines(FINE, REFUSED), tmp_path, "sft_cutoff", out="kept.parquet")

    done, again, _ = run(parquet, tmp_path, "sft_cutoff", out="again.parquet")

    assert done.kept == 2
    assert pl.read_parquet(again).equals(pl.read_parquet(parquet))


def test_a_file_of_a_data_set_is_read_by_its_kind(lines, tmp_path):
    path = lines({"instruction": "Name a fruit.", "output": "An apple."}, {"instruction": "Who?", "output": ""})

    done, _, rejects = run(path, tmp_path, "sft_refusal", reading=Reading(kind="instruct", map=ColumnMap()))

    assert done.kept == 1
    assert [(row["step"], row["rule"]) for row in rejects] == [("read", "no_answer")]


def test_equal_ids_are_judged_each_for_itself(lines, tmp_path):
    done, kept, rejects = run(lines(FINE, REFUSED | {"id": "fine"}), tmp_path, "sft_refusal")

    assert (done.kept, done.dropped) == (1, 1)
    assert [row["id"] for row in rejects] == ["fine"]
    assert json.loads(kept.read_text())["colour"] == "red"


def test_a_file_of_no_known_form_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")

    with pytest.raises(SourceError, match="say which"):
        list(dialogue_batches(Source(path)))


def test_the_command_prints_the_funnel_and_explains_a_dialogue(lines, tmp_path):
    path = lines(FINE, REFUSED)
    outputs = ["--out", str(tmp_path / "k.jsonl"), "--rejects", str(tmp_path / "r.jsonl")]

    done = CliRunner().invoke(app, ["sft", "filter", str(path), *outputs])
    told = CliRunner().invoke(app, ["sft", "filter", str(path), "--explain", "refused"])

    assert done.exit_code == told.exit_code == 0, done.output + told.output
    assert "1 dialogues kept" in done.output
    assert "sft_refusal: dropped by refusal" in told.output


def test_the_command_needs_two_places_to_write_to(lines):
    found = CliRunner().invoke(app, ["sft", "filter", str(lines(FINE))])

    assert found.exit_code != 0


def test_copies_are_found_across_batches_among_what_earlier_steps_leave(lines, tmp_path, monkeypatch):
    monkeypatch.setattr(sft_files, "_ROWS", 2)
    asked = "Explain in two sentences why leaves turn red in autumn, for a child of seven."
    told = "The green colour goes away when it gets cold. Then the red that was under it can be seen."
    rows = [said(asked, told, id=f"copy-{i}") for i in range(3)]
    path = lines(FINE, REFUSED, *rows, REFUSED | {"id": "refused-2"})
    source, made = Source(path), recipe_of("sft_refusal", "dialogues_dedup")

    verdicts = verdicts_of_file(made, source, Environment())
    done = filter_file(made, source, tmp_path / "k.jsonl", tmp_path / "r.jsonl", Environment(), verdicts)

    told = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert done.kept == 2
    assert [(row["id"], row["step"], row["seen"]) for row in told if row["step"] == "dialogues_dedup"] == [
        ("copy-1", "dialogues_dedup", "copy-0"),
        ("copy-2", "dialogues_dedup", "copy-0"),
    ]
    assert {row["id"] for row in told if row["step"] == "sft_refusal"} == {"refused", "refused-2"}


def test_a_recipe_without_a_dedup_has_no_verdicts(lines):
    assert verdicts_of_file(recipe_of("sft_refusal"), Source(lines(FINE)), Environment()) == {}


def test_a_dedup_of_nothing_finds_nothing(lines):
    made = recipe_of("sft_refusal", "dialogues_dedup")

    found = verdicts_of_file(made, Source(lines(REFUSED)), Environment())

    assert found["dialogues_dedup"].height == 0


def test_long_dialogues_come_in_smaller_batches(lines, monkeypatch):
    monkeypatch.setattr(sft_files, "_CHARACTERS", 10)

    heights = [batch.frame.height for batch in dialogue_batches(Source(lines(FINE, REFUSED, UNTIDY)))]

    assert heights == [1, 1, 1]
