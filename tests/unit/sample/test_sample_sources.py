"""The sample of the other sources: each is in the form that its reader reads, and has what the demo is to show."""

import pytest

from corpus_platform.readers.reader import SourceDocument, reader_of
from corpus_platform.sample.sources import FOLDER, PLACES, SITE
from corpus_platform.sources.location import InputLocation

PLANTED = ("harbourmouse@wendlemouth.example", "7946 0958", "Old Tom Barley")
READERS = {
    "gutenberg": ("gutenberg", {}),
    "ebooks": ("epub", {}),
    "arxiv": ("latex", {}),
    "repositories": ("repository", {}),
    "questions": ("stackexchange", {"comments": True}),
    "sentences": ("pairs_tsv", {}),
    "baike": ("baike", {}),
    "records": ("records_table", {"set": "textbooks"}),
}


@pytest.fixture(scope="session")
def read(report):
    """Documents and rejects of a collection, in order."""

    def of(source, collection):
        reader = reader_of(*READERS[collection])
        location = InputLocation(str(report.directory / FOLDER / source / collection))
        return [found for unit in reader.units(location, list(location.files())) for found in reader.read(unit)]

    return of


def documents(found):
    return [one for one in found if isinstance(one, SourceDocument)]


@pytest.mark.parametrize(("source", "collection"), [(s, c) for s, names in PLACES.items() for c in names])
def test_each_collection_has_documents_and_nothing_broken(read, source, collection):
    found = read(source, collection)

    assert documents(found)
    assert [one for one in found if not isinstance(one, SourceDocument) and one.broken] == []


def test_books_have_their_chapters_and_nothing_of_the_frame(read):
    clerk, again, notes = documents(read("books", "gutenberg"))
    [kites] = documents(read("books", "ebooks"))

    assert clerk.text != again.text
    assert [section.title for section in clerk.sections] == [section.title for section in again.sections]
    assert notes.text.startswith("第一章 摆渡的人")
    assert [section.title for section in kites.sections] == [
        "The Paper Hawk",
        "The Letter Carrier",
        "The Kite That Measures",
    ]
    for book in (clerk, again, notes, kites):
        assert not any(
            word in book.text for word in ("PROJECT GUTENBERG", "Contents", "CONTENTS", "Copyright", "Credits")
        )


def test_the_parts_and_macros_of_a_paper_are_put_in(read):
    found = read("academic", "arxiv")

    paper, chinese = documents(found)

    assert [section.title for section in paper.sections][:3] == ["Abstract", "Introduction", "Method"]
    assert "the catchment of the Wend has seen snow" in paper.text
    assert not any(
        mark in paper.text + chinese.text for mark in (r"\level", r"\decay", r"\thecatchment", r"\half", r"\input")
    )
    assert [one.reason for one in found if not isinstance(one, SourceDocument)] == ["no_latex"]


def test_questions_have_their_answers_by_score_and_nobody_is_named(report, read):
    raw = "".join(
        path.read_text() for path in sorted((report.directory / FOLDER / "social" / "questions" / SITE).iterdir())
    )

    found = documents(read("social", "questions"))

    assert [one.meta["answer_scores"] for one in found][:3] == [[21, 9, 2], [40, 12, 10], [17, 3]]
    assert all(planted in raw for planted in PLANTED)
    assert not any(planted in one.text for planted in PLANTED for one in found)
    assert {"<EMAIL>", "<PHONE>", "<USER>"} <= set("\n".join(one.text for one in found).replace(",", " ").split())


def test_code_is_taken_by_its_licence(read):
    found = read("code", "repositories")

    assert {one.licence for one in documents(found)} == {"MIT"}
    assert {one.category for one in documents(found)} == {"Python", "JavaScript", "Markdown"}
    assert "heron-watch" not in {one.meta["repository"] for one in documents(found)}
