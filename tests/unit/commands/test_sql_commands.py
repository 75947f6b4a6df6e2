"""`corpus sql`, `shell` and `warehouse` over a lake that is still empty, as a person or a pipe types them."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from corpus_platform.analytics.shell import is_whole
from corpus_platform.analytics.statements import SqlError
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError

ROOT = Path(__file__).parents[3]


def corpus(home, *words, typed=None):
    return CliRunner().invoke(app, ["--home", str(home), *words], input=typed)


def shell(home, *lines):
    """What the prompt answers to lines, on standard output and standard error, and whether it ended well."""
    result = corpus(home, "shell", "--format", "csv", typed="\n".join(lines))
    return result.stdout.splitlines(), result.stderr, result.exit_code


def test_a_query_may_only_read(tmp_path):
    with pytest.raises(SqlError, match="this session only reads"):
        CliRunner().invoke(app, ["--home", str(tmp_path), "sql", "drop view web.pages"], catch_exceptions=False)


def test_a_statement_spans_lines_and_several_stand_in_one(tmp_path):
    answers, errors, ended = shell(tmp_path, "select", "  1 as a", ";", "", "select 2 as b; select ';' as c;")

    assert answers == ['"a"', "1", '"b"', "2", '"c"', '";"']
    assert (errors, ended) == ("", 0)


def test_what_is_left_at_the_end_of_the_pipe_is_run_too(tmp_path):
    assert shell(tmp_path, "select 1 as a")[0] == ['"a"', "1"]


def test_mistakes_are_told_and_the_prompt_goes_on(tmp_path):
    answers, errors, ended = shell(
        tmp_path,
        "selec 1;",
        "select * from web.page;",
        "drop view web.pages;",
        ".tabels",
        ".format xml",
        "select 1 as a;",
    )

    assert answers == ['"a"', "1"]
    assert errors.count("error:") == 5
    for told in (
        "syntax error",
        'Did you mean "pages"',
        "this session only reads",
        "nearest is `.tables`",
        "there is no format `xml`",
    ):
        assert told in errors
    assert ended == 1


def test_dots_list_tables_columns_and_help(tmp_path):
    answers, errors, _ = shell(
        tmp_path, ".tables", ".schema web.sketches", ".help", ".format lines", "select 1 as a, null as b;"
    )

    assert '"web.pages",27' in answers
    assert '"corpora.published",13' in answers
    assert '"registers","BLOB"' in answers
    assert any(line.lstrip().startswith(".schema TABLE") for line in answers)
    assert [line.rstrip() for line in answers[-3:]] == ["-- 1", "a: 1", "b:"]
    assert errors == ""


def test_quit_ends_it(tmp_path):
    assert shell(tmp_path, ".quit", "select 1 as a;") == ([], "", 0)


def test_an_unknown_format_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(SettingsError, match="there is no format `xml`; there are table, lines, csv, json"):
        CliRunner().invoke(app, ["--home", str(tmp_path), "shell", "--format", "xml"], catch_exceptions=False)


def test_a_large_result_is_cut_in_a_table_and_whole_in_csv(tmp_path):
    cut = corpus(tmp_path, "shell", typed="select range from range(1000);").stdout
    whole = corpus(tmp_path, "shell", "--format", "csv", typed="select range from range(1000);").stdout

    assert "800 rows more" in cut
    assert len(whole.splitlines()) == 1001


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        *(
            ("select 1;", True),
            ("select 1", False),
            ("select 1; \n", True),
            ("select ';", False),
            ("select ';';", True),
        ),
        *(("select 1 -- ;", False), ("select 1 /* ; */", False), ("select 1; -- done\n", True), ('select "a;', False)),
        *(("select $$;", False), ("select $$;$$;", True), ("select 'it''s;", False), ("/* ;", False), ("", False)),
    ],
)
def test_a_statement_is_whole_at_a_semicolon_that_is_no_part_of_a_string_or_comment(text, whole):
    assert is_whole(text) is whole


def test_ctrl_c_stops_the_statement_and_not_the_prompt(tmp_path):
    program = "import sys; from corpus_platform.cli import main; sys.argv[0] = 'corpus'; main()"
    command = [sys.executable, "-c", program, "--home", str(tmp_path), "shell", "--format", "csv"]
    prompt = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    told = []
    reader = threading.Thread(target=lambda: told.extend(iter(prompt.stderr.readline, "")))
    reader.start()
    try:
        prompt.stdin.write("select 1 as a;\n")
        prompt.stdin.flush()
        first = [prompt.stdout.readline() for _ in range(2)]
        prompt.stdin.write(
            "select sum(a.range * b.range % 7) from range(10000000) a, range(10000000) b;\nselect 2 as b;\n"
        )
        prompt.stdin.flush()
        while not any("stopped" in line for line in told) and prompt.poll() is None:
            time.sleep(0.2)
            os.kill(prompt.pid, signal.SIGINT)
        prompt.stdin.close()
        rest = prompt.stdout.read()
    finally:
        prompt.kill()
        reader.join(timeout=60)

    assert first == ['"a"\n', "1\n"]
    assert rest.strip() == '"b"\n2'


def test_the_warehouse_is_published_on_demand(tmp_path):
    found = corpus(tmp_path, "warehouse")

    assert found.stdout.strip() == str(tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from web.pages").fetchall() == [(0,)]
