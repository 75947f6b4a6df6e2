"""Real books of every kind: what a reader makes of them begins and ends as the book does, and holds nothing of its wrapping."""

import re
from collections import Counter

import polars as pl
import pytest

from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.recipes.dedup_files import Outputs, dedup_files, preset_recipe
from corpus_platform.recipes.file_verdicts import FileSet

pytestmark = pytest.mark.samples

GUTENBERG = {
    "11-0.txt": (12, "CHAPTER I. Down the Rabbit-Hole\n\nAlice was beginning", "THE END"),
    "11.txt": (12, "CHAPTER I. Down the Rabbit-Hole\n\nAlice was beginning", "THE END"),
    "3261.txt": (
        33,
        "CHAPTER I: DISCUSSION AND BED\n\nUp at the League",
        "{3} Cirencester and Burford he must have meant.",
    ),
    "old_nwsnw10.txt": (
        33,
        "CHAPTER I: DISCUSSION AND BED\n\nUp at the League",
        "{3} Cirencester and Burford he must have meant.",
    ),
    "972.txt": (28, "AUTHOR'S PREFACE\n\nThe Devil's Dictionary was begun", "cow sheds its horn every two years."),
    "44157-8.txt": (86, "PRÉFACE.\n\nInspirée par les si jolis ouvrages", "la lecture,                     het lezen."),
}
EPUB = {
    "childrens-literature.epub": ("SECTION IV FAIRY STORIES", "The Black Brothers."),
    "epub30-spec.epub": ("Terminology\n\nAuthor", "in favor of the new EPUB 3 meta element"),
    "georgia-cfi.epub": ("GEORGIA\n\nGEORGIA, a southern state", "15 Provisional."),
    "hefty-water.epub": ("Hefty Water\n\nThis document serves", "-epub-ruby-position : under;\n}"),
    "kusamakura-preview.epub": ("一\n\n山路を登りながら、こう考えた。", "非人情がちと強過ぎたようだ。"),
    "regime-anticancer-arabic.epub": ("الفصل الثاني\n\nما هو السرطان؟", "2003."),
    "trees.epub": ("Classification\n\nA tree is a plant form", "all spruces are trees."),
    "wasteland.epub": ('"Nam Sibyllam quidem Cumis', "the content of this word."),
}
WRAPPING = re.compile(
    r"Project Gutenberg|(?i:transcriber['’]?s? note)|pgdp\.net|^Produced by|All rights reserved|\[Illustration|\[Footnote|</?[a-z]+>.*</p>",
    re.MULTILINE,
)


def books(reader, folder, pattern, **options):
    for path in sorted(folder.glob(pattern)):
        yield path.name, list(reader_of(reader, options).read(Unit.of_path(path)))


def test_books_of_project_gutenberg(samples):
    found = dict(books("gutenberg", samples / "books" / "gutenberg", "*.txt"))

    assert set(found) == set(GUTENBERG)
    for name, (sections, start, end) in GUTENBERG.items():
        [book] = found[name]
        assert isinstance(book, SourceDocument)
        assert (name, len(book.sections), book.text[: len(start)], book.text[-len(end) :]) == (
            name,
            sections,
            start,
            end,
        )
        assert not WRAPPING.search(book.text)
        assert all(book.text[s.start :].startswith(s.title) for s in book.sections)
        assert not re.search(r"(?<!\w)_\w", book.text)


def test_epubs(samples):
    found = dict(books("epub", samples / "books" / "epub", "*.epub"))

    assert set(found) == set(EPUB)
    for name, (start, end) in EPUB.items():
        [book] = found[name]
        assert isinstance(book, SourceDocument)
        assert book.text.startswith(start), name
        assert name == "epub30-spec.epub" or book.text.endswith(end), name
        assert name in {"epub30-spec.epub", "hefty-water.epub"} or not WRAPPING.search(book.text), name
        assert book.sections
    [vertical], [arabic] = found["kusamakura-preview.epub"], found["regime-anticancer-arabic.epub"]
    assert (vertical.meta["writing_mode"], vertical.meta["direction"], arabic.meta["direction"]) == (
        "vertical-rl",
        "rtl",
        "rtl",
    )
    assert "やまみち" not in vertical.text


def test_chapters_of_chinese_classics(samples):
    found = dict(books("book_text", samples / "books" / "zh_classical", "*.txt", language="zh"))

    classes = Counter(book.category for [book] in found.values())
    assert len(found) == 30
    assert classes == {"K": 15, "I": 12, "B": 2, "T": 1}
    assert not any(re.search(r"</?[a-z]\w*/?>|&\w+;", book.text) for [book] in found.values())


def test_poems_and_classics_in_json(samples):
    found = dict(books("book_json", samples / "books" / "zh_poetry", "*.json", language="zh", category="I"))

    counts = {name: Counter(getattr(one, "reason", "document") for one in rows) for name, rows in found.items()}
    assert counts == {
        "全唐诗_poet.song.97000.json": {"document": 1000},
        "蒙学_guwenguanzhi.json": {"document": 222},
        "strains_json_poet.tang.21000.json": {"tone_pattern": 1000},
    }


@pytest.mark.e2e
def test_editions_of_one_book_are_found_and_nothing_else(samples, tmp_path):
    rows = [
        {"id": name, "text": one.text}
        for reader, folder, pattern in (
            ("gutenberg", "gutenberg", "*.txt"),
            ("epub", "epub", "*.epub"),
            ("book_text", "zh_classical", "*.txt"),
        )
        for name, found in books(reader, samples / "books" / folder, pattern)
        for one in found
    ]
    pl.DataFrame(rows).write_ndjson(tmp_path / "books.jsonl")

    outputs = Outputs(tmp_path / "kept.jsonl", clusters=tmp_path / "clusters.jsonl")
    dedup_files(preset_recipe("simhash/redpajama_1t_books"), FileSet((tmp_path / "books.jsonl",)), outputs)

    clusters = pl.read_ndjson(tmp_path / "clusters.jsonl").group_by("cluster").agg(pl.col("id").sort())
    assert sorted(clusters["id"].to_list()) == [["11-0.txt", "11.txt"], ["3261.txt", "old_nwsnw10.txt"]]
