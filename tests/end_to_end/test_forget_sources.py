"""What is forgotten of books and threads is gone from every table, mix and file of a home, and is kept out; what is another's stays, and so do the sources."""

import polars as pl
import pytest
import yaml
from left_bytes import left
from source_house import AUTHOR, RECIPE, make_home, prose, run_all, write, write_inputs

from corpus_platform.analytics import mix_release, mixing
from corpus_platform.analytics.forget import forget
from corpus_platform.forgetting.targets import target_of
from corpus_platform.home import Home

pytestmark = pytest.mark.e2e

ASSETS = (f"corpora/{RECIPE}",)
URL = "https://beer.stackexchange.com/questions/1"
NOTE = "own note"
MIX = {
    "name": "small",
    "title": "Some of each",
    "about": "Books and threads.",
    "budget": 100_000,
    "max_epochs": 1,
    "parts": [{"name": source, "from": f"{source}/cleaned", "share": 0.5} for source in ("books", "social")],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose sources are in it, with a corpus of parts, a mix and its release; then the author, a thread and a note are forgotten.

    A collection of books is called as the site is, and its first file has the first thread's place; files of two collections have one name.
    """
    folder = tmp_path_factory.mktemp("home")
    write_inputs(folder / "in")
    write(folder / "in/books/beer.stackexchange.com/a.txt", prose("another source's"))
    write(folder / "in/books/notes/4200.txt", bytes(range(256)) * 20)
    tokenizer = {"vocabulary": 300, "tables": ["books.cleaned"]}
    made = make_home(
        folder,
        "in",
        sources=("books", "social"),
        more={"beer.stackexchange.com": "book_text"},
        tokenizers={"models": {"default": tokenizer}},
        automation={"enabled": False},
    )
    write(folder / "mixes/small.yaml", yaml.safe_dump(MIX))
    run_all(made, ASSETS)
    mixing.make(made, "small")
    mix_release.make(made, "first", "small", mix_release.Export(folder / "given/first", form="jsonl.zst"))
    return made


def tables_with(home, doc_ids):
    """Tables in which documents have rows of their own."""
    specs = (spec for spec in home.lake.tables() if "doc_id" in spec.schema.names)
    return {
        spec.name
        for spec in specs
        if home.lake.scan(spec.name).filter(pl.col("doc_id").is_in(doc_ids)).collect().height
    }


def ids_of(home, name, condition):
    return home.lake.scan(name).filter(condition).collect()["doc_id"].to_list()


@pytest.fixture(scope="module")
def forgotten(home):
    """What was there before: (ids by target, tables that had them, rows of the tables), and what each forgetting has told."""
    note = next(iter(ids_of(home, "books.documents", pl.col("text") == prose(NOTE))))
    targets = {
        AUTHOR: ids_of(home, "books.documents", pl.col("author") == AUTHOR),
        URL: ids_of(home, "social.documents", pl.col("url") == URL),
        note: [note],
    }
    had = {target: tables_with(home, ids) for target, ids in targets.items()}
    before = {spec.name: home.lake.scan(spec.name).collect() for spec in home.lake.tables()}
    told = {target: forget(home, target_of(target)) for target in targets}
    return targets, had, before, told


def test_it_was_in_every_table_that_documents_are_in(forgotten):
    _, had, _, _ = forgotten

    books = {"books.documents", "books.cleaned", f"corpora.{RECIPE}", "web.dedup_documents", "mixes.documents"}
    assert had[AUTHOR] >= books | {"web.duplicates", "ops.decisions"}
    assert had[URL] >= {name.replace("books", "social") for name in books}


def test_nothing_of_it_is_in_any_table(home, forgotten):
    targets, had, _, told = forgotten
    gone = [doc_id for ids in targets.values() for doc_id in ids]

    assert len(gone) == 5
    assert tables_with(Home.open(home.path), gone) == set()
    assert {target: set(one.rows) >= had[target] for target, one in told.items()} == dict.fromkeys(targets, True)
    lake_and_logs = {
        f: n for f, n in left(home.path, [*gone, prose(NOTE)[:60]]).items() if not f.startswith(("in/", "given/"))
    }
    assert lake_and_logs == {}


def test_rows_of_other_sources_with_the_same_word_and_place_stay(home, forgotten):
    targets, _, before, _ = forgotten
    gone = [doc_id for ids in targets.values() for doc_id in ids]

    for name in ("books.documents", "books.cleaned", "social.cleaned", f"corpora.{RECIPE}", "web.dedup_documents"):
        kept = before[name].filter(~pl.col("doc_id").is_in(gone)).drop("shard", strict=False)
        assert home.lake.scan(name).collect().drop("shard", strict=False).equals(kept), name
    keys = (
        home.lake.scan("web.dedup_keys")
        .filter(pl.col("partition").str.ends_with("books.cleaned,beer.stackexchange.com"))
        .collect()
    )
    was = before["web.dedup_keys"].filter(pl.col("partition").str.ends_with("books.cleaned,beer.stackexchange.com"))
    assert keys.height == was.height > 0
    rejects = home.lake.scan("ops.rejects").filter(pl.col("partition") == "notes").collect()
    assert (
        rejects.filter(pl.col("file") == "4200.txt")["reason"].to_list()
        == before["ops.rejects"].filter(pl.col("partition") == "notes")["reason"].to_list()
    )


def test_input_stays_and_released_files_are_told_of(home, forgotten):
    targets, _, _, told = forgotten
    files = home.path / "given/first"

    assert (home.path / "in/books/notes/walks/1.txt").read_text() == prose(NOTE)
    assert mix_release.check(files) == []
    for target in targets:
        assert told[target].releases == ("first",)
        assert any(f"release first of mix small, {files}:" in line for line in told[target].left), told[target].left
        assert not any("in/books" in line and "names it" in line for line in told[target].left)


def test_it_is_kept_out_when_everything_is_made_anew(home, forgotten):
    targets, _, _, _ = forgotten
    gone = [doc_id for ids in targets.values() for doc_id in ids]
    mix_was_stale = mixing.is_stale(home, "small", home.lake.state("mixes.documents", {"mix": "small"}).fingerprint)

    for source in ("books", "social"):
        for where in home.lake.partitions(f"{source}.documents"):
            home.lake.unfinish(f"{source}.documents", where)
    run_all(Home.open(home.path), ASSETS)
    mixing.make(Home.open(home.path), "small")

    found = Home.open(home.path)
    assert mix_was_stale
    assert tables_with(found, gone) == set()
    rejects = found.lake.scan("ops.rejects").filter(pl.col("reason") == "forgotten").collect()
    assert sorted(rejects["file"]) == ["4200.txt", "4202.txt", "4204.txt", "beer", "walks/1.txt"]
    assert found.lake.scan("mixes.documents").collect().height > 0
