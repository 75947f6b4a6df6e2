"""Sources other than the web through their stages: read, cleaned, compared and published, and recipes over several of them."""

import json
from pathlib import Path

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.readers.reader import Reader, Section, SourceDocument, register_reader
from corpus_platform.settings import CorpusSettings, write_settings
from corpus_platform.sources.location import InputLocation
from corpus_platform.stages.texts import of_texts, text_partition, text_table


class Lines(Reader):
    """A document a line; `!` begins one that can't be used."""

    minimum: int = 0

    def read(self, unit):
        for position, line in enumerate(unit.bytes_of().decode().splitlines()):
            if line.startswith("!"):
                yield unit.reject(position, "no_text", line[1:])
            elif len(line) >= self.minimum:
                sections = (Section(1, line[:5], 0),)
                yield SourceDocument(
                    f"{unit.name}#{position}", position, line, author="A", category="I", sections=sections
                )


@register_reader
class BookLines(Lines):
    name = "test_book_lines"
    source = "books"
    suffixes = (".txt",)


@register_reader
class PaperLines(Lines):
    name = "test_paper_lines"
    source = "academic"

    def part_of(self, name):
        return "2019-11" if name.startswith("1911") else None


LONG = "the quick brown fox jumps over the lazy dog and goes on to tell of it to every other fox in the wood"
RECIPE = {
    "name": "both",
    "title": "Books and papers",
    "reference": "ours",
    "about": "Books first, then papers.",
    "parts": [
        {"part": "papers", "variant": "academic.cleaned", "of": ["arxiv_2019*"]},
        {
            "part": "books",
            "variant": "books",
            "steps": [{"length": {"min": 30}}, {"exact": {"label": "own", "key": "text", "scope": "snapshot"}}],
        },
        {"part": "films", "missing": "no reader"},
    ],
    "steps": [{"exact": {"key": "text", "scope": "corpus", "survivor": "first"}}],
}


@pytest.fixture
def home(tmp_path):
    files = {
        "books/one.txt": f"{LONG} one\n!broken\n{LONG} shared\n",
        "books/deep/two.txt": f"{LONG} two\n{LONG} one\n",
        "books/three.md": "not read\n",
        "papers/1911.1": f"{LONG} shared\n{LONG} paper\n",
        "papers/undated": f"{LONG} shared\n",
        "recipes/both.yaml": json.dumps(RECIPE),
        **{
            f"recipes/cleaning/{source}.yaml": json.dumps(
                {
                    "name": f"{source}_cleaning",
                    "title": "t",
                    "reference": "r",
                    "about": "a",
                    "variant": source,
                    "steps": [{"length": {"min": 10}}],
                }
            )
            for source in ("books", "academic")
        },
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = {
        "sources": {
            "books": {"shelf": {"location": "books", "format": "test_book_lines"}},
            "academic": {"arxiv": {"location": "papers", "format": "test_paper_lines"}},
        },
        "recipes": {"enabled": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
        "reject_budget": 0.5,
    }
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    return Home.open(tmp_path)


def make(home, *assets):
    for batch in home.batches(assets, []):
        for name, partition in batch.tables:
            home.run(name, partition)


def texts(home, name, **partition):
    rows = home.lake.scan(name, **partition).collect()
    return [text.removeprefix(LONG).strip() for text in rows["text"]]


def test_a_source_is_read_into_its_partitions_and_bad_records_are_rejects(home):
    make(home, "books/documents", "academic/documents")

    assert texts(home, "books.documents", collection="shelf") == ["two", "one", "one", "shared"]
    assert home.lake.partitions("academic.documents") == [
        {"collection": "arxiv", "month": "2019-11"},
        {"collection": "arxiv", "month": "undated"},
    ]
    rejects = home.lake.scan("ops.rejects").collect()
    assert rejects.select("file", "position", "reason", "detail").rows() == [("one.txt", 1, "no_text", "broken")]
    state = home.lake.state("books.documents", {"collection": "shelf"})
    assert (state.counters["records"], state.counters["kept"]) == (5, 4)


def test_places_follow_files_and_a_changed_file_makes_its_partition_stale(home):
    make(home, "books/documents")
    rows = home.lake.scan("books.documents").collect()
    where = {"collection": "shelf"}

    assert rows.select("file", "file_index", "position").rows() == [
        ("deep/two.txt", 0, 0),
        ("deep/two.txt", 0, 1),
        ("one.txt", 1, 0),
        ("one.txt", 1, 2),
    ]
    assert home.status_of("books.documents", where).state == "current"
    (home.path / "books/one.txt").write_text(f"{LONG} new\n", encoding="utf-8")
    assert home.status_of("books.documents", where).state == "stale"
    assert home.plan("books.documents", where).todo


def test_cleaned_texts_have_language_and_sections_and_what_goes_is_in_the_ledger(home):
    (home.path / "books/one.txt").write_text(f"short\n{LONG} stays\n", encoding="utf-8")

    make(home, "books/cleaned")

    rows = home.lake.scan("books.cleaned").collect()
    assert set(rows["language"]) == {"en"}
    assert rows["sections"].to_list()[0] == [{"level": 1, "title": LONG[:5], "start": 0}]
    assert not rows["edited"].any()
    assert rows["bucket"].unique().to_list() == ["all"]
    [(recipe, step, rule)] = home.lake.scan("ops.decisions").select("recipe", "step", "rule").collect().rows()
    assert (recipe, step) == ("books_cleaning", "length")
    assert rule


def test_a_recipe_of_parts_drops_copies_across_sources_by_priority(home):
    make(home, "corpora/both")

    rows = home.lake.scan("corpora.both").collect()
    kept = {
        (variant, key): [t.removeprefix(LONG).strip() for t in own["text"]]
        for (variant, key), own in rows.group_by("variant", "snapshot", maintain_order=True)
    }
    # Papers come first, so the book's copy goes; the undated papers belong to no part.
    assert kept == {("academic.cleaned", "arxiv_2019-11"): ["shared", "paper"], ("books", "shelf"): ["two", "one"]}
    assert dict(rows.select("variant", "part").unique().iter_rows()) == {"academic.cleaned": "papers", "books": "books"}
    drops = home.lake.scan("ops.decisions").filter(pl.col("recipe") == "both").collect()
    assert drops.height == 2


def test_a_part_that_changes_makes_those_of_lower_priority_stale_and_not_the_others(home):
    make(home, "corpora/both")
    (home.path / "papers/1911.1").write_text(f"{LONG} other\n", encoding="utf-8")

    make(home, "corpora/both")

    assert texts(home, "corpora.both", variant="books") == ["two", "one", "shared"]
    (home.path / "books/one.txt").write_text(f"{LONG} other\n", encoding="utf-8")
    make(home, "books/documents")
    papers = {"method": "both.exact", "variant": "academic.cleaned", "snapshot": "arxiv_2019-11"}
    assert home.status_of("web.duplicates", papers).state == "current"
    assert home.status_of("web.dedup_documents", {**papers, "variant": "books", "snapshot": "shelf"}).state == "stale"


def test_batches_come_source_after_source_and_recipes_of_parts_last(home):
    batches = home.batches(["corpora/both"], [])

    assert [(batch.source, batch.key) for batch in batches] == [
        ("books", "shelf"),
        ("academic", "arxiv_2019-11"),
        ("academic", "arxiv_2019-11"),
        ("books", "shelf"),
    ]
    assert batches[-1].assets == (
        "dedup/books/both.own.documents",
        "dedup/books/both.own.index",
        "dedup/books/both.own",
        "dedup/books/both.exact.documents",
        "dedup/books/both.exact.index",
        "dedup/books/both.exact",
        "corpora/both/books",
    )


@pytest.mark.parametrize(
    ("one", "says"),
    [
        ({"location": "x", "format": "test_book_line"}, "no reader `test_book_line`, nearest is `test_book_lines`"),
        ({"location": "x", "format": "test_book_lines", "options": {"least": 1}}, "option `least`"),
        ({"location": "x", "format": "test_paper_lines"}, "`test_paper_lines` reads academic"),
        ({"location": "https://example.org/x", "format": "test_book_lines"}, "does not list its files"),
    ],
)
def test_a_wrong_collection_is_told(tmp_path, one, says):
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate({"sources": {"books": {"a": one}}}))

    with pytest.raises(Exception, match=says):
        Home.open(tmp_path).batches(["books/documents"], [])


def test_a_collection_can_t_be_at_a_place_that_the_catalogue_refuses():
    one = {"location": "https://sci-hub.se/dump", "format": "jats"}

    with pytest.raises(ValueError, match="Sci-Hub is refused"):
        CorpusSettings.model_validate({"sources": {"academic": {"a": one}}})


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a/b"])
def test_a_collection_has_a_name_that_can_be_a_partition(name):
    with pytest.raises(ValueError, match="can't be a collection's name"):
        CorpusSettings.model_validate({"sources": {"books": {name: {"location": "x", "format": "y"}}}})


def test_texts_of_a_source_are_known_by_one_word():
    where = {"collection": "arxiv", "month": "2019-11"}

    of = of_texts("academic.cleaned", where)

    assert of == {"variant": "academic.cleaned", "snapshot": "arxiv_2019-11"}
    assert text_partition(of) == where
    assert (text_table("academic"), text_table("academic.cleaned")) == ("academic.documents", "academic.cleaned")
    assert text_partition({"variant": "encyclopedia", "snapshot": "zh-classical-20240301"}) == {
        "language": "zh-classical",
        "dump": "20240301",
    }
    with pytest.raises(SettingsError, match="names no partition of academic"):
        text_partition({"variant": "academic", "snapshot": "arxiv"})


def test_many_small_units_share_a_shard(home, tmp_path):
    for i in range(600):
        (tmp_path / f"books/{i:04}.txt").write_text(f"{LONG} {i}\n", encoding="utf-8")

    plan = home.plan("books.documents", {"collection": "shelf"})

    assert [len(shard.work.units) for shard in plan.shards] == [500, 102]
    assert [shard.work.first for shard in plan.shards] == [0, 500]


def test_what_is_made_of_a_partition_without_texts_is_empty_and_no_error(home):
    (home.path / "papers/1911.1").write_text("short\n", encoding="utf-8")

    make(home, "corpora/both")

    state = home.lake.state("corpora.both", {"variant": "academic.cleaned", "snapshot": "arxiv_2019-11"})
    assert state.rows == 0
    assert texts(home, "corpora.both", variant="books") == ["two", "one", "shared"]


def test_an_edited_text_keeps_the_language_that_it_was_in(home):
    recipe = json.loads((home.path / "recipes/cleaning/books.yaml").read_text())
    recipe["steps"] = [{"unicode_form": {"form": "NFC"}}]
    (home.path / "recipes/cleaning/books.yaml").write_text(json.dumps(recipe))
    (home.path / "books/one.txt").write_text(f"{LONG} cafe\u0301\n", encoding="utf-8")

    make(Home.open(home.path), "books/cleaned")

    rows = home.lake.scan("books.cleaned").collect()
    assert rows.filter(pl.col("edited"))["language"].to_list() == ["en"]


def test_files_of_one_name_in_two_collections_are_different_documents(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.txt").write_text(f"{LONG} {folder}\n", encoding="utf-8")
    settings = {
        "sources": {
            "books": {name: {"location": name, "format": "test_book_lines"} for name in ("a", "b")},
        },
        "engine": {"kind": "serial"},
    }
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    home = Home.open(tmp_path)

    make(home, "books/documents")

    assert home.lake.scan("books.documents").collect()["doc_id"].n_unique() == 2


def test_files_of_a_source_are_listed_once_for_an_order_and_of_one_collection_for_its_partition(home, monkeypatch):
    listed = []
    files = InputLocation.files
    monkeypatch.setattr(InputLocation, "files", lambda self, folder="": listed.append(self.base) or files(self, folder))

    home.batches(["corpora/both"], [])
    asked = [Path(base).name for base in listed]
    listed.clear()
    home.plan("books.documents", {"collection": "shelf"})

    assert sorted(asked) == ["books", "papers"]
    assert [Path(base).name for base in listed] == ["books"]
