"""`corpus read`: units among files and folders, documents and rejects in one file, options from the command line."""

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.readers import reader as contract
from corpus_platform.readers.reader import Reader, SourceDocument


class Lines(Reader):
    """A document a line; an empty line is a reject."""

    name = "lines_of_a_test"
    source = "books"
    suffixes = (".txt",)
    least: int = 1
    titles: tuple[str, ...] = ()

    def read(self, unit):
        for file in unit.files:
            for number, line in enumerate(unit.bytes_of(file.path).decode().splitlines()):
                if len(line) < self.least:
                    yield unit.reject(number, "no_text", "too few letters")
                else:
                    yield SourceDocument(f"{file.path}:{number}", number, line, title=next(iter(self.titles), None))


class Folders(Lines):
    """The same, a folder a unit."""

    name = "folders_of_a_test"
    by = "folder"


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(contract, "MODULES", ())
    monkeypatch.setattr(contract, "_READERS", {Lines.name: Lines, Folders.name: Folders})


@pytest.fixture
def folder(tmp_path):
    for name, text in {"b/two.txt": "one\n\nthree\n", "a.txt": "first\n", "b/skipped.md": "no\n"}.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    return tmp_path / "in"


def run(*arguments):
    done = CliRunner().invoke(app, ["read", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_every_file_of_a_folder_is_read_in_order_and_rejects_are_counted_by_reason(folder, tmp_path):
    told = run(Lines.name, folder, "--out", tmp_path / "o.jsonl", "--rejects", tmp_path / "r.jsonl")
    rows = [orjson.loads(line) for line in (tmp_path / "o.jsonl").read_bytes().splitlines()]
    [reject] = [orjson.loads(line) for line in (tmp_path / "r.jsonl").read_bytes().splitlines()]

    assert [(row["file"], row["text"]) for row in rows] == [
        ("a.txt", "first"),
        ("b/two.txt", "one"),
        ("b/two.txt", "three"),
    ]
    assert {row["source"] for row in rows} == {"books"}
    assert (reject["file"], reject["position"], reject["reason"]) == ("b/two.txt", 1, "no_text")
    assert "no_text 1" in told
    assert "3 documents" in told


def test_parquet_has_the_columns_of_a_document_whatever_the_first_rows_lack(folder, tmp_path):
    run(Lines.name, folder / "a.txt", "--out", tmp_path / "o.parquet", "--option", "titles=[A title]")
    frame = pl.read_parquet(tmp_path / "o.parquet")

    assert frame.select("title", "text", "origin").row(0) == ("A title", "first", "human")
    assert frame.schema["date"] == pl.Datetime("us", "UTC")
    assert frame.schema["sections"] == pl.List(pl.Struct({"level": pl.Int16, "title": pl.String, "start": pl.Int64}))


def test_a_folder_is_a_unit_of_a_reader_of_folders_unless_each_folder_in_it_is(folder, tmp_path):
    run(Folders.name, folder / "b", "--out", tmp_path / "one.jsonl")
    told = run(Folders.name, folder, "--each", "--out", tmp_path / "each.jsonl")

    assert [orjson.loads(line)["file"] for line in (tmp_path / "one.jsonl").read_bytes().splitlines()] == ["b"] * 3
    assert {orjson.loads(line)["file"] for line in (tmp_path / "each.jsonl").read_bytes().splitlines()} == {
        "a.txt",
        "b",
    }
    assert "all 2" in told


def test_options_are_the_readers_own_and_a_wrong_one_is_told(folder, tmp_path):
    told = run(Lines.name, folder, "--out", tmp_path / "o.jsonl", "--option", "least=4")

    assert "no_text 2" in told
    with pytest.raises(SettingsError, match=r"option `leest`.*its options are least, titles"):
        run(Lines.name, folder, "--out", tmp_path / "o.jsonl", "--option", "leest=4")
    with pytest.raises(SettingsError, match="`least` is not of that form"):
        run(Lines.name, folder, "--out", tmp_path / "o.jsonl", "--option", "least")
    with pytest.raises(SettingsError, match="no list or mapping"):
        run(Lines.name, folder, "--out", tmp_path / "o.jsonl", "--option", "titles=[a")


def test_the_list_tells_readers_with_their_options(folder, tmp_path):
    told = run("--list")

    assert "lines_of_a_test" in told
    assert "least=1" in told


def test_what_is_not_there_or_holds_nothing_is_told_and_leaves_no_file(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()

    with pytest.raises(SourceError, match="no such file or folder"):
        run(Lines.name, tmp_path / "none", "--out", tmp_path / "o.jsonl")
    with pytest.raises(SourceError, match=r"has no files that end in \.txt"):
        run(Lines.name, empty, "--out", tmp_path / "o.jsonl")
    with pytest.raises(SettingsError, match="there is no reader `linse`"):
        run("linse", folder, "--out", tmp_path / "o.jsonl")
    with pytest.raises(SettingsError, match="takes FORMAT PATH"):
        run(Lines.name)

    assert not (tmp_path / "o.jsonl").exists()


def test_a_collection_that_the_catalogue_refuses_is_not_read(tmp_path):
    path = tmp_path / "books3.txt"
    path.write_text("a book")

    with pytest.raises(SettingsError, match="Books3 is refused: copies of books"):
        run(Lines.name, path, "--out", tmp_path / "o.jsonl")
