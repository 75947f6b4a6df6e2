"""`corpus annotate`, `apply` and `extract` over plain files: no home, no lake."""

import gzip

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import CorpusError
from corpus_platform.signals.annotate import default_signals
from corpus_platform.signals.registry import families

GOOD = "The ferry was late again, and the children counted the gulls on the pier until it came round the point. "
ROWS = [
    {"id": "a", "text": GOOD * 8, "url": "https://example.org/a", "kept": {"as": "it is"}},
    {"id": "b", "text": "", "url": None},
    {"text": "今天天气很好，我们去公园散步。\n公园里有很多花。", "language": "zh"},
]


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def documents(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, ROWS)) + b"\n{broken\n")
    return path


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: Long ones.\nsteps:\n"
        "  - signal: {label: words, signal: rps_doc_word_count, min: 30, rule: too_few_words}\n"
    )
    return path


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows_of(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [orjson.loads(line) for line in data.splitlines()]


def test_every_row_comes_out_with_its_signals_and_all_it_had(documents, tmp_path):
    out = tmp_path / "out.jsonl"

    told = run("annotate", documents, "--out", out, "--signals", "rps_doc_word_count,rps_lines_*,language")
    rows = rows_of(out)

    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
    assert rows[0]["kept"] == {"as": "it is"}
    assert rows[0]["rps_doc_word_count"] == 160
    assert rows[0]["language"] == "en"
    assert rows[2]["language"] == "zh"
    assert len(rows[2]["id"]) == 32
    assert rows[2]["rps_lines_ending_with_terminal_punctution_mark"] == [1.0, 1.0]
    assert rows[1]["rps_lines_num_words"] == []
    assert "rejected" in told
    assert "in.jsonl:4: bad_json" in told


def test_the_reference_is_an_option(documents, tmp_path):
    out = tmp_path / "out.jsonl.gz"

    run("annotate", documents, "--out", out, "--signals", "rps_lines_*", "--compat", "reference")

    assert rows_of(out)[2]["rps_lines_ending_with_terminal_punctution_mark"] == [0.0, 0.0]


def test_all_signals_go_into_a_parquet_file(documents, tmp_path):
    out = tmp_path / "out.parquet"

    run("annotate", documents, "--out", out, "--signals", "all")
    frame = pl.read_parquet(out)

    assert {s.name for family in families() if family.of == "texts" for s in family.signals} <= set(frame.columns)
    assert frame.height == 3
    assert frame["minhash_signature_0.7"].list.len().to_list()[0] == 14


def test_default_signals_can_be_written_as_json(documents, tmp_path):
    out = tmp_path / "out.jsonl"

    run("annotate", documents, "--out", out)

    assert set(default_signals()) <= set(rows_of(out)[0])


def test_an_unknown_signal_is_told_with_the_nearest_name(documents, tmp_path):
    with pytest.raises(CorpusError, match="rps_doc_word_count"):
        run("annotate", documents, "--out", tmp_path / "out.jsonl", "--signals", "rps_doc_word_cuont")


def test_a_recipe_parts_a_file_in_two_and_loses_no_row(documents, recipe, tmp_path):
    kept, dropped = tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl"

    told = run("apply", recipe, documents, "--out", kept, "--dropped", dropped)

    assert rows_of(kept) == [ROWS[0]]
    assert [(r["id"], r["line"], r["step"], r["rule"], r["value"], r["threshold"]) for r in rows_of(dropped)] == [
        ("b", None, "words", "too_few_words", 0.0, 30.0),
        (rows_of(dropped)[1]["id"], None, "words", "too_few_words", 20.0, 30.0),
        (None, 4, "read", "bad_json", None, None),
    ]
    assert "too_few_words 2" in told


def test_signals_that_were_stored_are_used(recipe, tmp_path):
    source, kept = tmp_path / "in.jsonl", tmp_path / "kept.jsonl"
    source.write_bytes(orjson.dumps({"id": "a", "text": "short", "rps_doc_word_count": 500}))

    run("apply", recipe, source, "--out", kept, "--dropped", tmp_path / "dropped.jsonl")

    assert len(rows_of(kept)) == 1


def test_rows_with_the_same_identity_are_judged_each(recipe, tmp_path):
    source, kept, dropped = tmp_path / "in.jsonl", tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl"
    rows = [{"id": "a", "text": GOOD * 8}, {"id": "a", "text": "short"}, {"id": "a", "text": GOOD * 9}]
    source.write_bytes(b"\n".join(map(orjson.dumps, rows)))

    run("apply", recipe, source, "--out", kept, "--dropped", dropped)

    assert rows_of(kept) == [rows[0], rows[2]]
    assert [row["id"] for row in rows_of(dropped)] == ["a"]


def test_a_page_becomes_a_row_of_text(tmp_path):
    page, out = tmp_path / "a.html", tmp_path / "out.jsonl"
    page.write_text(f"<html><title>Late</title><body><main><p>{GOOD * 3}</p></main></body></html>")

    run("extract", page, "--out", out, "--extractor", "trafilatura")

    assert rows_of(out)[0]["title"] == "Late"
    assert rows_of(out)[0]["text"].startswith("The ferry was late")


def test_an_unknown_extractor_is_told(tmp_path):
    with pytest.raises(CorpusError, match="resiliparse, trafilatura, justext, math"):
        run("extract", tmp_path / "a.html", "--out", tmp_path / "out.jsonl", "--extractor", "readability")


def test_a_file_is_held_against_one_part_of_a_recipe_over_several_sources(documents, tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text(
        "name: several\ntitle: Several\nreference: none\nabout: Both.\nsteps:\n  - exact: {scope: corpus}\nparts:\n"
        "  - {part: books, variant: books.cleaned, steps: [length: {min: 100}]}\n  - {part: films, missing: nobody has any}\n"
    )
    files = (documents, "--out", tmp_path / "kept.jsonl", "--dropped", tmp_path / "dropped.jsonl")

    run("apply", path, *files, "--part", "books")

    assert [row["id"] for row in rows_of(tmp_path / "kept.jsonl")] == ["a"]
    with pytest.raises(
        CorpusError, match=r"nothing reads `films` \(nobody has any\); the parts of `several` are books"
    ):
        run("apply", path, *files, "--part", "films")
