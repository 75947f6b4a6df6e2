"""`corpus dedup` and the dedups of `corpus apply` on the command line: no home, no lake."""

import orjson
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError

GOOD = "The ferry was late again, and the children counted the gulls on the pier until it came round the point. "
ROWS = [
    {"id": "a", "text": GOOD * 3, "url": "https://example.org/a"},
    {"id": "b", "text": "今天天气很好，我们去公园散步。\n公园里有很多花。"},
    {"id": "c", "text": GOOD * 3},
]


@pytest.fixture
def documents(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, ROWS)) + b"\n{broken\n")
    return path


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows_of(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_copies_go_and_every_row_is_told(documents, tmp_path):
    kept, clusters, dropped = (tmp_path / f"{name}.jsonl" for name in ("kept", "clusters", "dropped"))

    told = run("dedup", documents, "--preset", "exact", "--out", kept, "--clusters", clusters, "--dropped", dropped)

    assert rows_of(kept) == ROWS[:2]
    assert rows_of(clusters) == [
        {"id": "a", "cluster": "a", "canonical": "a", "similarity": 1.0, "size": 2, "kept": True},
        {"id": "c", "cluster": "a", "canonical": "a", "similarity": 1.0, "size": 2, "kept": False},
    ]
    assert [(row["id"], row["line"], row["step"], row["rule"]) for row in rows_of(dropped)] == [
        ("c", None, "exact", "copy"),
        (None, 4, "read", "bad_json"),
    ]
    assert [row["seen"] for row in rows_of(dropped)][:1] == ["a"]
    assert "Plan: about 3 documents" in told
    assert "MB free" in told
    assert "4 rows: 2 kept" in told
    assert "1 dropped" in told
    assert "1 could not be read" in told


def test_what_an_earlier_file_has_goes_too(documents, tmp_path):
    earlier, kept = tmp_path / "earlier.jsonl", tmp_path / "kept.jsonl"
    earlier.write_bytes(orjson.dumps({"id": "old", "text": ROWS[1]["text"]}))

    run("dedup", documents, "--preset", "minhash/fineweb", "--against", earlier, "--out", kept)

    assert [row["id"] for row in rows_of(kept)] == ["a"]


def test_parameters_of_the_preset_can_be_changed(documents, tmp_path):
    kept = tmp_path / "kept.jsonl"

    run("dedup", documents, "--preset", "minhash", "--threshold", "0.6", "--survivor", "none", "--out", kept)

    assert [row["id"] for row in rows_of(kept)] == ["b"]


def test_documents_without_anything_to_compare_are_told(documents, tmp_path):
    told = run("dedup", documents, "--preset", "url_dedup", "--out", tmp_path / "kept.jsonl")

    assert "2 documents have nothing to be compared by and stay" in told


@pytest.mark.e2e
def test_workers_give_what_one_process_gives(documents, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"

    run("dedup", documents, documents, "--preset", "exact", "--out", one)
    run("dedup", documents, documents, "--preset", "exact", "--out", two, "--workers", 2)

    assert one.read_bytes() == two.read_bytes()
    assert len(rows_of(one)) == 2


def test_the_presets_are_listed(monkeypatch):
    monkeypatch.setattr("corpus_platform.printing.out.width", 200)

    told = run("dedup", "--list")

    for name in (
        "exact",
        "minhash/fineweb",
        "simhash/mnbvc",
        "line_dedup/c4",
        "substring/lee_bytes",
        "bloom/dclm",
        "soft_dedup",
    ):
        assert name in told
    assert "permutations 112" in told


def test_what_is_missing_is_told(documents, tmp_path):
    with pytest.raises(SettingsError, match="corpus dedup --list"):
        run("dedup", documents, "--preset", "exact")
    with pytest.raises(SettingsError, match="All presets: exact"):
        run("dedup", documents, "--preset", "same", "--out", tmp_path / "kept.jsonl")


def test_apply_runs_the_dedups_of_its_recipe(documents, tmp_path):
    recipe, kept = tmp_path / "mine.yaml", tmp_path / "kept.jsonl"
    recipe.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: One of each.\nsteps:\n  - exact: {}\n"
    )

    told = run("apply", recipe, documents, "--out", kept, "--dropped", tmp_path / "dropped.jsonl")

    assert rows_of(kept) == ROWS[:2]
    assert "copy 1" in told


def test_apply_holds_documents_against_test_sets_and_says_so_where_there_is_none(documents, tmp_path):
    recipe, kept, dropped = (tmp_path / name for name in ("mine.yaml", "kept.jsonl", "dropped.jsonl"))
    recipe.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: Nothing of tests.\nsteps:\n  - decontaminate: {}\n"
    )
    tests = tmp_path / "tests.jsonl"
    tests.write_bytes(orjson.dumps({"id": 1, "text": GOOD}))

    without = run("apply", recipe, documents, "--out", kept, "--dropped", dropped)
    every = rows_of(kept)
    held = run("apply", recipe, documents, "--out", kept, "--dropped", dropped, "--test-set", f"ferry={tests}")

    assert every == ROWS
    assert "no test set is named" in without
    assert "no test set is named" not in held
    assert [row["id"] for row in rows_of(kept)] == ["b"]
    assert [row["rule"] for row in rows_of(dropped)] == ["contaminated", "contaminated", "bad_json"]
