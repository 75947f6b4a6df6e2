"""Records of files, whatever the files are."""

import bz2
import datetime as dt
import gzip
import io
import lzma
import tarfile
import zipfile
from decimal import Decimal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.readers.unpacking import Problem
from corpus_platform.sft import containers as module
from corpus_platform.sft.containers import Container, looked_at, pieces, records, records_of

ROWS = [{"q": "面包是什么？", "a": "一种食物，用面粉做。"}, {"q": "Salt?", "a": 'It is "NaCl".\nTwo lines.'}]
JSONL = b"".join(orjson.dumps(row) + b"\n" for row in ROWS)
JSON = orjson.dumps(ROWS, option=orjson.OPT_INDENT_2)
CSV = 'q,a\n面包是什么？,"一种食物，用面粉做。"\nSalt?,"It is ""NaCl"".\nTwo lines."\n'


@pytest.fixture
def read(tmp_path):
    """Writes a file and gives its records, problems by their reason."""

    def of(data, name="a.bin", shape=None, **options):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        found = records(Unit.of_path(path), shape=shape, options=Container(**options))
        return [value.reason if isinstance(value, Problem) else value for _, value in found]

    return of


@pytest.fixture
def form(tmp_path):
    """Writes a file and gives its layout."""

    def of(data):
        path = tmp_path / "a.bin"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return looked_at(next(iter(pieces(Unit.of_path(path)))))

    return of


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt", "a", "a.csv"])
@pytest.mark.parametrize("data", [JSONL, JSON, CSV.encode(), b"\xef\xbb\xbf" + JSONL, b"\xef\xbb\xbf" + CSV.encode()])
def test_a_file_is_what_its_bytes_are_and_not_what_its_name_says(read, name, data):
    assert read(data, name) == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_is_unpacked_by_its_bytes(read, pack):
    assert read(pack(JSONL)) == ROWS
    assert read(pack(JSON)) == ROWS


@pytest.mark.parametrize("charset", ["gb18030", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("text", [CSV + CSV[4:] * 3, JSON.decode(), JSONL.decode() * 3])
def test_charsets_are_found_out(read, charset, text):
    assert read(text.encode(charset))[:2] == ROWS


def test_blank_lines_are_no_records_and_a_broken_line_is_a_problem_at_its_place(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n\n{"a": "\\x"}\n{"a": 2}\n')

    found = list(records(Unit.of_path(path)))

    assert [position for position, _ in found] == [0, 2, 3]
    assert [value for _, value in found if not isinstance(value, Problem)] == [{"a": 1}, {"a": 2}]
    assert found[1][1].reason == "bad_json"
    assert found[1][1].detail.startswith("line 3: ")


def test_a_first_line_that_is_broken_does_not_make_another_file_of_it(read):
    assert read(b'{"a": "\\x"}\n{"a": 2}\n{"a": 3}\n') == ["bad_json", {"a": 2}, {"a": 3}]


def test_a_line_in_another_charset_is_a_problem_and_not_a_text_that_nobody_can_read(read):
    good = orjson.dumps({"a": "你好，世界"}) + b"\n"
    cut = good.replace("界".encode(), "界".encode()[:2])

    assert read(good * 5 + cut + good) == [{"a": "你好，世界"}] * 5 + ["bad_encoding", {"a": "你好，世界"}]
    assert read(b"[" + good.strip() + b"," + cut.strip() + b"]") == [{"a": "你好，世界"}, "not_unicode"]
    assert read("a,b\n你好，这是一句话,它比列名长得多\n".encode() * 3 + b"\xe4\xb8,x\n", form="csv", header=False)[-1] == "bad_encoding"  # fmt: skip


def test_lines_may_hold_lists_and_texts(read):
    assert read(b'["q", "a"]\n["p", "b"]\n') == [["q", "a"], ["p", "b"]]
    assert read(b'"q"\n"p"\n') == ["q", "p"]


def test_an_object_of_lists_is_split_and_says_which_split_a_record_is_of(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(orjson.dumps({"train": [["a", "b"], ["c"]], "valid": [["d", "e"]]}))
    [piece] = pieces(Unit.of_path(path))

    found = list(records_of(piece, Container(), ("row",)))
    only = list(records_of(piece, Container(splits=("valid",)), ("row",)))

    assert [(one.position, one.split) for one in found] == [(0, "train"), (1, "train"), (2, "valid")]
    assert [one.value for one in only] == [["d", "e"]]


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "[q], {x}"}, {"role": "assistant", "content": "a"}]},
        {"conversations": [{"value": "q", "from": "human"}, {"value": "a", "from": "gpt"}]},
        {"id": 7, "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}]},
    ],
)
def test_the_turns_of_the_one_dialogue_of_a_file_are_no_splits(read, record):
    assert read(orjson.dumps(record)) == [record]
    assert read(orjson.dumps(record, option=orjson.OPT_INDENT_2)) == [record]


def test_the_list_under_data_is_read_where_other_keys_say_something_of_the_file(read):
    assert read(orjson.dumps({"version": 2, "tags": ["x"], "data": ROWS})) == ROWS


def test_a_list_within_objects_is_read_where_it_is_named(read):
    assert read(orjson.dumps({"a": {"b": ROWS, "c": 1}}), inside="a.b") == ROWS
    assert read(orjson.dumps({"a": 1}), inside="a.b") == ["wrong_shape"]


def test_entries_keep_their_key(read):
    data = orjson.dumps({"d-1": {"log": [1]}, "d-2": {"log": []}}, option=orjson.OPT_INDENT_2)

    assert read(data, shape="entry") == [{"_key": "d-1", "log": [1]}, {"_key": "d-2", "log": []}]


def test_an_object_that_is_neither_is_one_record(read):
    record = {"Definition": ["x"], "Instances": [{"input": "a", "output": ["b"]}], "Domains": [], "Source": "s"}

    assert read(orjson.dumps(record, option=orjson.OPT_INDENT_2)) == [record]
    assert read(orjson.dumps(record)) == [record]


def test_objects_over_several_lines_may_follow_each_other(read):
    data = b"\n".join(orjson.dumps(row, option=orjson.OPT_INDENT_2) for row in ROWS)

    assert read(data) == ROWS


def test_a_whole_file_of_rows_can_be_one_record_with_its_broken_lines_told(read):
    assert read(JSONL + b"{broken}\n", shape="file") == [ROWS, "bad_json"]
    assert read(JSON, shape="file") == [ROWS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q\ta\nHi\tHello there, how are you?\nBye\tSee you soon, I hope so\n", [("q", "Hi"), ("q", "Bye")]),
        ("Hi\tHello\tYes\nBye\tSo long\tNo\n", [("0", "Hi"), ("0", "Bye")]),
        ("q;a\nHi;Hello there how are you\nBye;See you soon I hope so\n", [("q", "Hi"), ("q", "Bye")]),
        ("1 ++$++ Hi ++$++ x\n2 ++$++ Bye ++$++ y\n", [("1", "Hi"), ("1", "Bye")]),
    ],
)
def test_tables_are_told_by_what_is_between_their_cells_and_headers_by_their_looks(read, text, expected):
    found = read(text)

    assert [row[column] for row, (column, _) in zip(found, expected, strict=True)] == [value for _, value in expected]


def test_a_csv_of_one_column_is_one_where_its_cells_are_in_quotes(read):
    assert read('text\n"Human: a\nAssistant: b"\n"Human: c, d"\n') == [
        {"text": "Human: a\nAssistant: b"},
        {"text": "Human: c, d"},
    ]


def test_names_by_place_take_the_place_of_a_tables_own(read):
    table = "| 问题 | 回答 |\n|---|---|\n| a | b |\n\nwords\n\n| Q | A |\n| :-- | --: |\n| c \\| d | e<br>f |\n| too | many | cells |\n"

    assert read(table) == [{"问题": "a", "回答": "b"}, {"Q": "c | d", "A": "e\nf"}, "bad_row"]
    assert read(table, columns=("q", "a"))[:2] == [{"q": "a", "a": "b"}, {"q": "c | d", "a": "e\nf"}]
    assert read("x,y\nHi,Hello there how are you\n", form="csv", header=True, columns=("q",)) == [
        {"q": "Hi", "y": "Hello there how are you"}
    ]
    assert read("Hi,Hello there\nBye,So long\n", form="csv", header=False, columns=("q", "a")) == [
        {"q": "Hi", "a": "Hello there"},
        {"q": "Bye", "a": "So long"},
    ]


@pytest.mark.parametrize(
    "text", ["[Human]: hi\n[AI]: ho\n", "{a} b, c\nd\n", "One sentence, and more.\nAnother one.\n"]
)
def test_text_that_begins_like_something_else_is_text(form, read, text):
    assert form(text).form == "text"
    assert read(text) == text.splitlines()


def test_records_of_a_text_end_where_its_mark_is(read):
    text = "User: a\n\nJoi: b<|endoftext|>\nUser: c\nJoi: d<|endoftext|>\n"

    assert read(text) == ["User: a\n\nJoi: b", "User: c\nJoi: d"]
    assert read("a\nb\n\nc\n\n\nd\n", between="\n\n", form="text") == ["a\nb", "c", "d"]


def test_a_text_can_be_one_record(read):
    assert read("One sentence, and more.\nAnother one.\n", shape="file") == ["One sentence, and more.\nAnother one.\n"]


def test_parquet_gives_lists_and_objects_and_nothing_that_json_has_no_form_for(tmp_path):
    columns = {
        "messages": pa.array([[{"role": "user", "content": "Hi"}]]),
        "price": pa.array([Decimal("1.5")]),
        "when": pa.array([dt.datetime(2024, 1, 2)]),  # noqa: DTZ001  (as files have them)
        "image": pa.array([{"bytes": b"\x00\xff"}]),
        "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    [(position, row)] = records(Unit.of_path(tmp_path / "a.parquet"))

    assert position == 0
    assert row["messages"] == [{"role": "user", "content": "Hi"}]
    assert row["price"] == 1.5
    assert row["image"] == {"bytes": "AP8="}
    assert row["map"] == {"a": 1}
    assert orjson.loads(orjson.dumps(row))["when"].startswith("2024-01-02")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2"])
def test_members_of_archives_are_files_with_their_path(tmp_path, kind):
    members = {"x/a.json": JSON, "x/b.csv": CSV.encode(), "y/c.jsonl.gz": gzip.compress(JSONL)}
    path = tmp_path / "all.bin"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:" + kind.partition(".")[2]) as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    found = {
        piece.file: [read.value for read in records_of(piece, Container(), ("row",))]
        for piece in pieces(Unit.of_path(path), lambda name: "b.csv" not in name)
    }

    assert list(found) == ["all.bin/x/a.json", "all.bin/y/c.jsonl.gz/c.jsonl"]
    assert all(values == ROWS for values in found.values())


def test_a_folder_is_read_file_by_file(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for number, row in enumerate(ROWS):
        (folder / f"{number}.json").write_bytes(orjson.dumps(row))

    assert [value for _, value in records(Unit.of_path(folder))] == ROWS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b" \n \n", "empty_file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "unknown_container"),
        (b"PK\x03\x04rubbish", "broken_archive"),
        (b"PAR1rubbish", "broken_table"),
        (gzip.compress(JSONL * 50)[:-20], "broken_archive"),
    ],
)
def test_files_that_can_not_be_read_say_why(read, data, reason):
    assert read(data)[-1] == reason


def test_a_line_that_is_too_long_is_told_and_the_next_is_read(read, monkeypatch):
    monkeypatch.setattr("corpus_platform.readers.rows.LINE", 100)

    assert read(b'{"a": 1}\n{"a": "' + b"x" * 300 + b'"}\n{"a": 2}\n') == [{"a": 1}, "line_too_long", {"a": 2}]


def test_a_long_first_line_is_told_from_a_file_of_one_line(read, monkeypatch):
    monkeypatch.setattr(module, "_HEAD", 64)
    rows = [{"text": "x" * 500, "n": n} for n in range(3)]

    assert read(b"".join(orjson.dumps(row) + b"\n" for row in rows)) == rows
    assert read(orjson.dumps({"train": rows, "test": rows[:1]})) == [*rows, rows[0]]
    assert read(orjson.dumps(rows)) == rows


def test_what_a_set_says_of_its_files_counts_more_than_what_they_look_like(read):
    assert read("a|b\nc|d\n", form="csv", delimiter="|", header=False) == [{"0": "a", "1": "b"}, {"0": "c", "1": "d"}]
    assert read(CSV.encode("big5", "ignore"), encoding="big5")[0]["q"] == "面包是什么？".encode(
        "big5", "ignore"
    ).decode("big5")


def workbook(path, *sheets):
    """An .xlsx of sheets of rows of texts."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for number, rows in enumerate(sheets, 1):
            cells = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
                for row in rows
            )
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
            )
    return path


def test_a_workbook_is_a_table_by_whatever_name_and_a_sheet_can_be_named(read, tmp_path):
    data = workbook(tmp_path / "x", [("q", "a"), ("Hi", "Hello")], [("Bye", "So long"), ("Yes", "No")]).read_bytes()

    assert read(data, "a.zip") == [{"q": "Hi", "a": "Hello"}]
    assert read(data, sheet=2, header=False) == [{"0": "Bye", "1": "So long"}, {"0": "Yes", "1": "No"}]
    assert read(data, sheet=2, header=False, columns=("q", "a"))[0] == {"q": "Bye", "a": "So long"}
    assert read(data, sheet=3) == ["broken_table"]


def test_a_workbook_in_an_archive_is_read_there(tmp_path):
    workbook(tmp_path / "x.xlsx", [("q", "a"), ("Hi", "Hello")])
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "x.xlsx", "sub/x.xlsx")

    assert [value for _, value in records(Unit.of_path(tmp_path / "all.tar.gz"))] == [{"q": "Hi", "a": "Hello"}]
