"""Tables of code in the layouts of The Stack, CodeParrot, CodeSearchNet, BigQuery and Project CodeNet; pairs of docstring and function."""

import gzip
import json

import polars as pl
import pytest

from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.sources.location import InputLocation

CODE = "def turn(n):\n    return n\n"
STACK = {
    "hexsha": "a1",
    "content": CODE,
    "lang": "Python",
    "ext": "py",
    "max_stars_repo_path": "a/turn.py",
    "max_stars_repo_name": "anna/wheels",
    "max_stars_repo_licenses": ["MIT", "Apache-2.0"],
    "max_stars_count": 12,
    "avg_line_length": 12.5,
}


def documents_and_reasons(reader, unit):
    found = list(reader.read(unit))
    documents = [one for one in found if isinstance(one, SourceDocument)]
    assert [one.position for one in found] == sorted({one.position for one in found})
    return documents, [one.reason for one in found if not isinstance(one, SourceDocument)]


def table(tmp_path, rows, name="t.jsonl", **options):
    path = tmp_path / name
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if name.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(path)
    elif name.endswith(".csv"):
        pl.DataFrame(rows).write_csv(path)
    else:
        path.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    return documents_and_reasons(reader_of("code_table", options), Unit.of_path(path))


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.parquet"])
def test_a_row_of_the_stack_is_a_document(tmp_path, name):
    (document,), reasons = table(tmp_path, [STACK], name, layout="the_stack")

    assert reasons == []
    assert (document.identity, document.title, document.category) == ("anna/wheels:a/turn.py", "a/turn.py", "Python")
    assert document.licence == "MIT AND Apache-2.0"
    assert document.meta["stars"] == 12
    assert document.meta["hexsha"] == "a1"


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"max_stars_count": 3}, {"min_stars": 10}, "too_few_stars"),
        ({"max_stars_count": None}, {"min_stars": 10}, "too_few_stars"),
        ({"max_stars_repo_licenses": ["MIT", "GPL-3.0-only"]}, {}, "licence_not_allowed"),
        ({"max_stars_repo_licenses": []}, {}, "licence_unknown"),
        ({"lang": "JSON", "max_stars_repo_path": "a.json"}, {}, "kind_not_wanted"),
        ({}, {"languages": ["Go"]}, "language_not_wanted"),
        ({}, {"max_bytes": 5}, "file_too_large"),
        ({"content": None}, {}, "no_text"),
    ],
)
def test_gates_give_reasons(tmp_path, change, options, reason):
    documents, reasons = table(tmp_path, [{**STACK, **change}], layout="the_stack", **options)

    assert (documents, reasons) == ([], [reason])


def test_codeparrot_states_licences_in_the_hosts_words(tmp_path):
    row = {
        "repo_name": "anna/wheels",
        "path": "b.py",
        "copies": "2",
        "content": CODE,
        "license": "apache-2.0",
        "hash": 5,
        "line_max": 12,
    }

    (document,), _ = table(tmp_path, [row], "t.csv", layout="codeparrot")

    assert (document.licence, document.category, document.meta["copies"]) == ("Apache-2.0", "Python", "2")


def test_codesearchnet_gives_functions_with_their_docstrings(tmp_path):
    row = {
        "repo": "anna/wheels",
        "path": "a.go",
        "func_name": "Turn",
        "original_string": "func Turn() int {\n\treturn 1\n}",
        "code": "func Turn() int {\n\treturn 1\n}",
        "docstring": "Turn turns.",
        "language": "go",
        "url": "https://example.org/a.go#L1",
        "partition": "train",
    }

    (document,), _ = table(tmp_path, [row], "t.jsonl.gz", layout="codesearchnet", licences="all")

    assert (document.category, document.meta["docstring"], document.meta["function"]) == ("Go", "Turn turns.", "Turn")


def test_bigquerys_tables_are_joined_by_content_and_repository(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    tables = {
        "contents-000.json.gz": [
            {"id": "1", "content": CODE, "binary": False, "copies": 3},
            {"id": "2", "content": "x", "binary": False},
            {"id": "3", "content": None, "binary": True},
        ],
        "files-000.json.gz": [
            {"id": "1", "repo_name": "anna/wheels", "path": "a.py"},
            {"id": "1", "repo_name": "bob/copy", "path": "b.py"},
            {"id": "3", "repo_name": "anna/wheels", "path": "c.py"},
        ],
        "licenses.json": [{"repo_name": "anna/wheels", "license": "mit"}],
    }
    for name, rows in tables.items():
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    location = InputLocation(str(tmp_path))
    reader = reader_of("code_table", {"layout": "bigquery"})

    (unit,) = reader.units(location, location.files())
    documents, reasons = documents_and_reasons(reader, unit)

    assert [(one.identity, one.licence) for one in documents] == [("anna/wheels:a.py", "MIT")]
    assert reasons == ["no_file", "not_text"]


def test_columns_can_have_other_names(tmp_path):
    row = {"body": CODE, "where": "a.py", "license": "mit"}

    (document,), _ = table(tmp_path, [row], layout="codeparrot", columns={"text": "body", "path": "where"})

    assert (document.title, document.text) == ("a.py", CODE)


def test_answers_of_codenet_are_kept_by_their_status_and_never_name_a_user(tmp_path):
    for path, text in {
        "data/p00001/Python/s000000001.py": CODE,
        "data/p00001/C++/s000000002.cpp": "int main() {}\n",
        "metadata/p00001.csv": "submission_id,problem_id,user_id,date,language,original_language,filename_ext,status,cpu_time,memory,code_size,accuracy\n"
        "s000000001,p00001,u7,1400000000,Python,Python3,py,Accepted,20,8000,27,1/1\n"
        "s000000002,p00001,u8,1400000001,C++,C++,cpp,Wrong Answer,10,100,14,0/1\n",
    }.items():
        file = tmp_path / "codenet" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    location = InputLocation(str(tmp_path / "codenet"))
    reader = reader_of("project_codenet")

    (unit,) = reader.units(location, location.files())
    documents, reasons = documents_and_reasons(reader, unit)

    assert [(one.category, one.licence, one.meta["problem"]) for one in documents] == [
        ("Python", "CDLA-Permissive-2.0", "p00001")
    ]
    assert reasons == ["status_not_wanted"]
    assert "u7" not in json.dumps(documents[0].meta)


PAIRS = '''class Wheel:
    def turn(self, n):
        """Turns the wheel n times.

        And back.
        """
        self.n += n
        return self.n

    def __init__(self):
        """Makes a new wheel."""
        self.n = 0
        self.m = 0

    def short(self):
        """Gives nothing at all."""
        return 0

    def few(self, a):
        """Few."""
        a += 1
        return a

    def test_turn(self):
        """Tests that it turns."""
        self.turn(1)
        return 1


def turn(self, n):
    """Another docstring for the same code."""
    self.n += n
    return self.n
'''


def test_pairs_follow_the_rules_of_codesearchnet(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "a.py").write_text(PAIRS)
    (folder / "tests").mkdir()
    (folder / "tests" / "b.py").write_text(PAIRS)
    (folder / "c.py").write_text("print 'two'\n")

    documents, reasons = documents_and_reasons(reader_of("code_pairs", {"licences": "all"}), Unit.of_path(folder))

    assert [(one.meta["function"], one.meta["docstring"]) for one in documents] == [
        ("Wheel.turn", "Turns the wheel n times.")
    ]
    assert documents[0].meta["code"] == "    def turn(self, n):\n        self.n += n\n        return self.n\n"
    assert sorted(reasons) == [
        "docstring_short",
        "function_short",
        "function_special",
        "function_test",
        "function_test",
        "function_twice",
        "not_parsed",
    ]
