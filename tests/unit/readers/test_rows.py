"""Rows and lines of plain files, whatever they are packed in and written in."""

import bz2
import gzip
import lzma
import zipfile
from unittest.mock import patch

import orjson
import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.readers import rows as module
from corpus_platform.readers.reader import Unit
from corpus_platform.readers.rows import RowOptions, kind_of, lines, rows
from corpus_platform.readers.unpacking import Problem

ROWS = [{"title": "面包是用面粉做的食物", "text": "a, b"}, {"title": "Salt", "text": 'c "d"'}]
LINES = b"".join(orjson.dumps(row) + b"\n" for row in ROWS)


def zstd(data):
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(data)
    return packed.getvalue().to_pybytes()


@pytest.fixture
def read(tmp_path):
    """Writes a file and gives its rows, and its problems as (number, reason)."""

    def of(name, data, **options):
        path = tmp_path / name
        path.write_bytes(data)
        found = list(rows(Unit.of_path(path), RowOptions(**options)))
        good = [row for _, row in found if not isinstance(row, Problem)]
        return good, [(number, row.reason) for number, row in found if isinstance(row, Problem)]

    return of


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_json_lines_are_read_whatever_packs_them(read, pack, name):
    assert read(name, pack(LINES)) == (ROWS, [])


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (orjson.dumps(ROWS), {}),
        (orjson.dumps(ROWS, option=orjson.OPT_INDENT_2), {}),
        (orjson.dumps({"data": {"rows": ROWS}}), {"inside": "data.rows"}),
        (b"\xef\xbb\xbf" + orjson.dumps(ROWS), {}),
    ],
)
def test_a_json_value_gives_the_rows_in_it(read, data, options):
    assert read("a.json", data, **options) == (ROWS, [])


def test_one_object_over_several_lines_is_one_row(read):
    assert read("a.json", orjson.dumps(ROWS[0], option=orjson.OPT_INDENT_2)) == (ROWS[:1], [])


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a.csv", 'title,text\n面包是用面粉做的食物,"a, b"\nSalt,"c ""d"""\n', {}),
        ("a.tsv", 'title\ttext\n面包是用面粉做的食物\ta, b\nSalt\tc "d"\n', {}),
        ("a.csv", '面包是用面粉做的食物;"a, b"\nSalt;"c ""d"""\n', {"delimiter": ";", "columns": ("title", "text")}),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_tables_of_text_are_read_in_any_charset(read, name, text, options, charset):
    assert read(name, text.encode(charset), **options) == (ROWS, [])


def test_cells_without_a_header_are_numbered(read):
    assert read("a.tsv", b"x\ty\n", header=False) == ([{"0": "x", "1": "y"}], [])


def test_a_row_of_another_width_is_told_and_the_next_is_read(read):
    good, problems = read("a.tsv", b"a\tb\n1\t2\n3\n4\t5\n")

    assert good == [{"a": "1", "b": "2"}, {"a": "4", "b": "5"}]
    assert problems == [(1, "bad_row")]


def test_parquet_and_spreadsheets_are_read(read, tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "x.parquet")
    sheet = tmp_path / "x.xlsx"
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr(
            "xl/sharedStrings.xml",
            "<sst><si><t>title</t></si><si><t>text</t></si><si><r><t>面包是</t></r><r><t>用面粉做的食物</t></r></si></sst>",
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            '<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
            '<row><c r="A2" t="s"><v>2</v></c><c r="B2" t="inlineStr"><is><t>a, b</t></is></c></row><row/></sheetData></worksheet>',
        )

    assert read("b.parquet", (tmp_path / "x.parquet").read_bytes()) == (ROWS, [])
    assert read("b.xlsx", sheet.read_bytes()) == (ROWS[:1], [])


@pytest.mark.parametrize(
    ("name", "data", "problems"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": \n[1]\n{"a": 2}\n', [(1, "bad_json"), (2, "bad_json")]),
        ("a.json", b'[{"a": 1}', [(0, "bad_json")]),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)[:-9], [(2, "broken_archive")]),
        ("a.parquet", b"PAR1 nothing", [(0, "broken_table")]),
        ("a.xlsx", b"no zip", [(0, "broken_archive")]),
        ("a.csv", b'a,b\n"1,2\n', [(0, "bad_row")]),
    ],
)
def test_damage_is_a_problem_where_it_is(read, name, data, problems):
    assert read(name, data)[1] == problems


def test_a_line_that_is_too_long_is_skipped_and_told(read):
    with patch.object(module, "LINE", 1000):
        good, problems = read("a.jsonl", b'{"a": "' + b"x" * 5000 + b'"}\n{"a": 1}\n')

    assert (good, problems) == ([{"a": 1}], [(0, "line_too_long")])


def test_lines_that_are_in_no_charset_are_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"good\n\xff\xff\xff\n\xe9\x9d\xa2\n")

    with path.open("rb") as stream:
        found = [line if isinstance(line, str) else line.reason for _, line in lines(stream)]

    assert found == ["good", "bad_encoding", "面"]


def test_the_kind_of_a_file_is_told_without_its_packing():
    assert [kind_of(name) for name in ("a/b.CSV.gz", "x.json.zst", "txt.parquet", "noname")] == [
        "csv",
        "json",
        "parquet",
        "noname",
    ]
