"""`corpus clean` over plain files: operators with parameters, what they took out, what can't be read or is no operator."""

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import CorpusError, SettingsError
from corpus_platform.recipes.clean_files import operator_of, operators

ROWS = [
    {"id": "a", "text": "See https://例子.com/x，谢谢。Mail a@b.com!!!!\nnext line", "n": 1, "dj_text_length": 3},
    {"id": "b", "text": "nothing to do", "kept": {"as": ["it", "is"]}},
    {"id": "b", "text": "我们去公园散步".encode("gbk").decode("latin-1")},
    {"text": 5},
    {"text": ""},
]


@pytest.fixture
def documents(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, ROWS)) + b"\n{broken\n")
    return path


def run(*arguments):
    done = CliRunner().invoke(app, ["clean", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def read(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_operators_clean_a_file_and_tell_what_they_took(documents, tmp_path):
    out, spans = tmp_path / "out.jsonl", tmp_path / "spans.jsonl"

    done = run(
        documents,
        "--op",
        "LinkPruner",
        "--op",
        "remove_emails:replacement=<x>",
        "--op",
        "fix_mojibake",
        "--out",
        out,
        "--spans",
        spans,
    )

    rows = read(out)
    assert [row["text"] for row in rows] == [
        "See ，谢谢。Mail <x>!!!!\nnext line",
        "nothing to do",
        "我们去公园散步",
        "",
    ]
    assert rows[0] == {"id": "a", "text": rows[0]["text"], "n": 1}
    assert rows[1] == ROWS[1]
    assert read(spans) == [
        {"id": "a", "step": "remove_links", "rule": "link", "start": 4, "end": 20, "text": "https://例子.com/x"},
        {"id": "a", "step": "remove_emails", "rule": "email", "start": 13, "end": 20, "text": "a@b.com"},
        {
            "id": "b",
            "step": "fix_mojibake",
            "rule": "gbk_read_as_latin",
            "start": 0,
            "end": 14,
            "text": ROWS[2]["text"],
        },
    ]
    assert "4 rows, 2 of them changed" in done.stdout
    assert "taken out: link 1" in done.stdout
    assert "no_text" in done.stdout
    assert "bad_json" in done.stdout


def test_parquet_and_another_field_in_the_peers_own_form(tmp_path):
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pl.DataFrame({"content": ["a\tb\n\n\nc", "d"], "n": [1, 2]}).write_parquet(source)

    run(
        source,
        "--op",
        "ControlCharPruner",
        "--op",
        "consecutive_newlines:most=1",
        "--out",
        out,
        "--text",
        "content",
        "--compat",
        "reference",
    )

    assert pl.read_parquet(out).to_dict(as_series=False) == {"content": ["ab\nc", "d"], "n": [1, 2]}


def test_rows_that_an_operator_drops_are_told(tmp_path):
    source, out, gone = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "gone.jsonl"))
    source.write_bytes(b'{"id":"x","text":"1 2 3 4 word"}\n{"id":"y","text":"good words here"}')

    done = run(source, "--op", "text_cleaner_ratios", "--out", out, "--dropped", gone)

    assert [row["id"] for row in read(out)] == ["y"]
    [row] = read(gone)
    assert (row["id"], row["step"], row["rule"], row["value"]) == ("x", "text_cleaner_ratios", "many_numbers", 4.0)
    assert "1 rows dropped" in done.stdout


def test_the_edits_of_a_recipe_come_first(documents, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: x.\nsteps:\n  - remove_links\n  - length: {min: 5}\n"
    )
    out = tmp_path / "out.jsonl"

    done = run(documents, "--recipe", mine, "--op", "repeated_marks", "--out", out)

    assert read(out)[0]["text"] == "See ，谢谢。Mail a@b.com!\nnext line"
    assert "mine: 1 edits; its 1 other steps are left out" in done.stdout


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ("remove_lines_with:patterns=[one, 'two: three']", {"patterns": ("one", "two: three")}),
        ("remove_lines_with:patterns=Click here", {"patterns": ("Click here",)}),
        ("remove_lines_with:patterns='a,b'", {"patterns": ("a,b",)}),
        ('replace_patterns:pattern="a{1,2}:[b]",repl=x:y', {"pattern": "a{1,2}:[b]", "repl": "x:y"}),
        (r"replace_patterns:pattern=\d+", {"pattern": r"\d+", "repl": ""}),
        ("replace_patterns:pattern=[a, b],repl=[c, '']", {"pattern": ("a", "b"), "repl": ("c", "")}),
        ("TablePruner:min_col=4,max_col=6", {"min_col": 4, "max_col": 6}),
        ("remove_emails:replacement=", {"replacement": ""}),
        ("remove_invisible:joiners=false", {"joiners": False}),
        ("remove_repeated_sentences:min_repeat_sentence_length=null,lowercase=true", {"lowercase": True}),
    ],
)
def test_parameters_are_read_as_they_are_written(asked, values):
    step = operator_of(asked)

    assert {name: getattr(step, name) for name in values} == values


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("remove_link", "no operator `remove_link`, nearest is `remove_links`"),
        ("LinkPrunner", "nearest is `LinkPruner`"),
        ("length:min=3", "no operator `length`"),
        ("remove_tables:mincol=3", "remove_tables has no `mincol`, nearest is `min_col`; it takes min_col, max_col"),
        ("join_hyphenated:x=1", "it takes no parameters"),
        ("remove_tables:min_col=many", "operator `remove_tables`: `min_col`: Input should be a valid integer"),
        ("remove_tables:3", "not of the form param=value"),
        ("replace_patterns:pattern='(", "quote a value"),
        ("replace_patterns:pattern=(", "no regular expression"),
        ("remove_lines_with", "`patterns`: Field required"),
    ],
)
def test_a_mistake_is_told_with_the_nearest_name(asked, said):
    with pytest.raises(SettingsError) as error:
        operator_of(asked)

    assert said in str(error.value)


def test_files_must_differ_and_something_must_be_asked_for(documents, tmp_path):
    with pytest.raises(CorpusError, match="a file each"):
        run(documents, "--op", "repeated_marks", "--out", documents)
    with pytest.raises(CorpusError, match="corpus clean IN --op"):
        run(documents, "--out", tmp_path / "out.jsonl")


def test_the_list_has_every_operator_and_its_parameters():
    shown = run("--list").stdout
    detail = run("--list", "--op", "TablePruner").stdout

    assert [name for name in operators() if name not in shown] == []
    assert "min_col=3" in shown
    assert "remove_tables (FlagData's TablePruner)" in detail
    assert "min_col=3: Fewest cells of a row" in detail
    assert all(operator.about for operator in operators().values())


def test_no_option_has_two_meanings():
    shown = run("--help").stdout

    options = [line.split()[1] for line in shown.splitlines() if line.startswith("│ --")]
    assert sorted(set(options)) == sorted(options)
    assert "--word-list" in options
