"""Project Gutenberg's frame goes, the book stays: header, footer, small print, notes, pictures, contents, wrapped lines, chapters."""

from datetime import UTC, datetime

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.readers.book_lines import Block, is_heading
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of

PROSE = (
    "The miller had three sons, and when he died he left them his mill, his\n"
    "ass and his cat; the eldest took the mill, the second the ass, and the\n"
    "youngest had nothing but the cat, which looked at him and spoke of good-\n"
    "fortune--and he, who had never heard a cat speak, was so much astonished\n"
    "that he sat down upon a stone and listened.\n"
)
VERSE = "  The cat has boots,\n    The cat has gold,\n  And never shall\n    The cat grow old.\n"
HEADER = (
    "The Project Gutenberg EBook of The Miller's Cat, by A. N. Author\n\nThis eBook is for the use of anyone anywhere at no cost\n\n\n"
    "Title: The Miller's Cat\n       A Tale\n\nAuthor: A. N. Author\n\nTranslator: B. Other\n\nRelease Date: June 5, 2009 [EBook #4242]\n\n"
    "Language: German\n\nCharacter set encoding: {charset}\n\n*** START OF THIS PROJECT GUTENBERG EBOOK THE MILLER'S CAT ***\n\n\n\n"
)
FOOTER = (
    "\n\n\n\nEnd of the Project Gutenberg EBook of The Miller's Cat, by A. N. Author\n\n"
    "*** END OF THIS PROJECT GUTENBERG EBOOK THE MILLER'S CAT ***\n\n***** This file should be named 4242.txt *****\nUpdated editions will replace ...\n"
)


def read(
    tmp_path, body, *, name="4242.txt", charset="UTF-8", encoding="utf-8", header=HEADER, footer=FOOTER, **options
):
    path = tmp_path / name
    path.write_bytes((header.replace("{charset}", charset) + body + footer).encode(encoding))
    [found] = reader_of("gutenberg", options).read(Unit.of_path(path))
    return found


def book(*args, **options) -> SourceDocument:
    found = read(*args, **options)
    assert isinstance(found, SourceDocument)
    return found


def test_header_fields_become_columns(tmp_path):
    found = book(tmp_path, PROSE)

    assert found.identity == "gutenberg:4242"
    assert (found.title, found.author, found.language) == ("The Miller's Cat A Tale", "A. N. Author", "de")
    assert found.date == datetime(2009, 6, 5, tzinfo=UTC)
    assert found.url == "https://www.gutenberg.org/ebooks/4242"
    assert found.meta == {"translator": "B. Other", "charset": "utf-8", "gutenberg": 4242}


def test_another_file_of_the_same_number_is_another_document(tmp_path):
    assert book(tmp_path, PROSE, name="4242-0.txt").identity == "gutenberg:4242/4242-0"
    assert book(tmp_path, PROSE, name="pg4242.txt").identity == "gutenberg:4242"


def test_a_paragraph_is_one_line_and_its_hyphens_and_dashes_join_tightly(tmp_path):
    text = book(tmp_path, PROSE).text

    assert text.count("\n") == 0
    assert "spoke of good-fortune--and he, who" in text
    assert text.startswith("The miller had three sons, and when he died he left them his mill, his ass and")
    assert text.endswith("listened.")


def test_verse_keeps_its_lines_and_its_inner_indentation(tmp_path):
    text = book(tmp_path, f"{PROSE}\n{VERSE}\n{PROSE}").text

    assert "\n\nThe cat has boots,\n  The cat has gold,\nAnd never shall\n  The cat grow old.\n\nThe miller" in text


def test_paragraphs_that_only_their_indentation_tells_are_told_apart(tmp_path):
    first, *rest = PROSE.splitlines()
    indented = "\n".join([f"    {first}", *rest] * 3)
    hanging = "\n".join([first, *(f"    {line}" for line in rest)] * 3)

    assert [line[:10] for line in book(tmp_path, f"{indented}\n").text.split("\n")] == ["The miller"] * 3
    assert [line[:10] for line in book(tmp_path, f"{hanging}\n").text.split("\n")] == ["The miller"] * 3


def test_lines_stay_as_wrapped_where_that_is_wanted(tmp_path):
    assert book(tmp_path, PROSE, unwrap=False).text == PROSE.strip()


def test_chapters_are_sections_where_they_begin(tmp_path):
    body = f"CHAPTER I.\n\nThe Cat Speaks\n\n{PROSE}\n\n\nCHAPTER II. The Boots\n\n{PROSE}\n\n\nIII.\n\n{PROSE}\n\n\nEPILOGUE\n\n{PROSE}"

    found = book(tmp_path, body)

    assert [s.title for s in found.sections] == [
        "CHAPTER I. The Cat Speaks",
        "CHAPTER II. The Boots",
        "III.",
        "EPILOGUE",
    ]
    assert all(found.text[s.start :].startswith(s.title) for s in found.sections)
    assert {s.level for s in found.sections} == {1}


def test_parts_are_above_chapters(tmp_path):
    body = f"PART I\n\n\n\nCHAPTER I\n\n{PROSE}\n\n\nCHAPTER II\n\n{PROSE}\n\n\nPART II\n\n\n\nCHAPTER I\n\n{PROSE}"

    levels = [(s.title, s.level) for s in book(tmp_path, body).sections]

    assert levels == [("PART I", 1), ("CHAPTER I", 2), ("CHAPTER II", 2), ("PART II", 1), ("CHAPTER I", 2)]


@pytest.mark.parametrize(
    "note",
    [
        "Produced by Ann Example and the Online Distributed\nProofreading Team at https://www.pgdp.net",
        "This etext was produced from the 1908 edition by D. P., email x@example.org",
        "Transcribed from the 1908 Longmans edition by D. P.",
        "E-text prepared by Ann Example",
        "[Transcriber's Note: Obvious errors were corrected.\n\nItalics are marked with underscores.]",
        "Transcriber's Note\n\nThe spelling of the original is kept.\n\nIllustrations were moved.",
        "Anmerkungen zur Transkription\n\nOffensichtliche Fehler wurden berichtigt.",
        "  Au lecteur.\n\n    Le texte en italiques dans l'original est _ainsi_.",
        "+------------------+\n| Transcriber's Note: |\n| Errors are kept. |\n+------------------+",
        "Note: Project Gutenberg also has an HTML version of this file",
        "E-text prepared by Ann Example\nfrom page images generously made available by the Internet Archive\n\n\n\nImages of the original pages are available.",
    ],
)
def test_notes_of_those_who_made_the_text_go(tmp_path, note):
    assert book(tmp_path, f"{note}\n\n\n\n\n{PROSE}").text.startswith("The miller had three sons")
    assert book(tmp_path, f"{note}\n\n\n\n\n{PROSE}").text.endswith("listened.")


def test_a_note_at_the_end_goes_with_all_below_it(tmp_path):
    body = f"{(PROSE + chr(10)) * 12}\n\n       *       *       *       *       *\n\n\nTranscriber's Notes\n\nPage 11: dan -> dans.\n\nPage 38: x -> y.\n"

    assert book(tmp_path, body).text.endswith("listened.")


def test_a_word_to_the_reader_that_is_of_the_author_stays(tmp_path):
    assert book(tmp_path, f"TO THE READER\n\n{PROSE}").text.startswith("TO THE READER\n\nThe miller")


def test_pictures_go_and_captions_stay_where_that_is_wanted(tmp_path):
    body = f"{PROSE}\n[Illustration]\n\n{PROSE}\n[Illustration: THE CAT\nAND ITS BOOTS]\n\n[Pg 12]{PROSE}"

    assert "[" not in book(tmp_path, body).text
    assert "THE CAT" not in book(tmp_path, body).text
    assert "\n\nTHE CAT\nAND ITS BOOTS\n\n" in book(tmp_path, body, illustrations="caption").text


def test_footnotes_lose_the_word_or_go_with_their_marks(tmp_path):
    body = f"The cat[1] spoke to him.\n\n[Footnote 1: A cat of Perrault's.\n\nIt wore boots.]\n\n{PROSE}"

    kept, dropped = book(tmp_path, body).text, book(tmp_path, body, footnotes="drop").text

    assert kept.startswith("The cat[1] spoke to him.\n\n[1] A cat of Perrault's.\n\nIt wore boots.\n\nThe miller")
    assert dropped.startswith("The cat spoke to him.\n\nThe miller")


def test_a_list_of_footnotes_at_the_end_goes_too(tmp_path):
    body = f"The cat {{1}} spoke.\n\n{PROSE}\n\n\nFOOTNOTES:\n\n{{1}}  A cat of Perrault's.\n"

    assert book(tmp_path, body, footnotes="drop").text.endswith("listened.")
    assert "{1}" not in book(tmp_path, body, footnotes="drop").text


def test_marks_of_emphasis_go_and_names_with_underscores_stay(tmp_path):
    body = "He was _very_ angry, and _mis_managed it; =bold= he was, but a = b and snake_case_name stay.\n"

    assert (
        book(tmp_path, body).text
        == "He was very angry, and mismanaged it; bold he was, but a = b and snake_case_name stay."
    )
    assert "_very_" in book(tmp_path, body, emphasis="keep").text


def test_lists_of_contents_and_the_title_page_go(tmp_path):
    contents = "CONTENTS\n\n    I. The Cat Speaks      1\n   II. The Boots          9\n"
    body = f"THE MILLER'S CAT\n\nBY\n\nA. N. AUTHOR\n\n1899\n\n\n\n\n{contents}\n\n\n\nI. The Cat Speaks\n\n{PROSE}\n\n\nII. The Boots\n\n{PROSE}"

    found = book(tmp_path, body)

    assert found.text.startswith("I. The Cat Speaks\n\nThe miller")
    assert [s.title for s in found.sections] == ["I. The Cat Speaks", "II. The Boots"]
    kept = book(tmp_path, body, contents="keep", title_page="keep").text
    assert kept.startswith("THE MILLER'S CAT")
    assert "The Boots          9" in kept


def test_an_index_at_the_end_goes_and_what_follows_stays(tmp_path):
    entries = "\n".join(f"Cat, the, {page}, {page + 9}" for page in range(30))
    chapters = "\n\n\n".join(f"CHAPTER {n}\n\n{PROSE}" for n in range(1, 20))

    found = book(tmp_path, f"{chapters}\n\n\n\nINDEX\n\n{entries}\n\n\n\nAPPENDIX\n\n{PROSE}")

    assert "Cat, the" not in found.text
    assert [s.title for s in found.sections][-2:] == ["CHAPTER 19", "APPENDIX"]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("CHAPTER I", True),
        ("Chapter the First", True),
        ("Chapitre premier", True),
        ("Erstes Kapitel", True),
        ("ERSTER AKT", True),
        ("Book Two: The Cat", True),
        ("XII. The Boots", True),
        ("第十二回 猫说话", True),
        ("Part of the reason was the cat.", False),
        ("Letters came every day", False),
        ("I am the cat", False),
        ("BY ANN AUTHOR", False),
        ("THE END.", False),
        ("第二天，他走了。", False),
        ("第二天早上", False),
        ("卷八·孟子", True),
        ("12,", False),
    ],
)
def test_what_reads_like_a_heading(line, is_one):
    assert is_heading(Block((line,))) is is_one


def test_the_title_page_ends_where_verse_begins(tmp_path):
    verse = "The cat sat down upon a stone,\nAnd looked at him, and was alone,\nAnd nobody was there to see.\n"
    body = f"FAUST\n\nDer Tragödie\n\nLEIPZIG\nINSEL\n1899\n\n\n\n\nZUEIGNUNG\n\n{verse}\n\nNACHT\n\n{PROSE}"

    assert book(tmp_path, body).text.startswith("ZUEIGNUNG\n\nThe cat sat down upon a stone,\nAnd")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("ISO-8859-1", "latin-1"),
        ("UTF-8", "utf-8-sig"),
        ("ISO Latin-1", "cp1252"),
        ("ASCII", "utf-8"),
        ("UTF-8", "utf-16"),
    ],
)
def test_any_charset_is_read_whatever_is_declared(tmp_path, charset, encoding):
    sentence = "Der Müller hörte die Mühle größer klappern, und die Kätzin hieß Zoë.\n"

    assert book(tmp_path, sentence * 1, charset=charset, encoding=encoding).text == sentence.strip()


SMALL_PRINT = (
    "Project Gutenberg Etext of The Miller's Cat, by A. N. Author\n#8 in our series\n\nCopyright laws are changing all over the world\n\n"
    "Title: The Miller's Cat\n\nAuthor: A. N. Author\n\nRelease Date: June, 2002  [Etext #4242]\n[The actual date this file first posted = 03/02/01]\n\n"
    "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nWhy is this here? You know: lawyers.\n"
    "*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.12.12.00*END*\n\n\n\n"
)


def test_the_small_print_of_old_editions_goes(tmp_path):
    footer = "\n\n\nEnd of Project Gutenberg Etext of The Miller's Cat, by A. N. Author\n\n"

    found = book(tmp_path, PROSE, name="mcat10.txt", header=SMALL_PRINT, footer=footer)

    assert found.text.startswith("The miller")
    assert found.text.endswith("listened.")
    assert found.identity == "gutenberg:4242/mcat10"
    assert found.date == datetime(2002, 6, 1, tzinfo=UTC)


def test_a_book_without_its_end_says_so(tmp_path):
    assert book(tmp_path, PROSE, footer="").meta["cut_off"] is True


@pytest.mark.parametrize(
    ("body", "options", "reason", "broken"),
    [
        (b"", {}, "empty_file", True),
        (bytes(range(256)) * 40, {}, "binary", True),
        (PROSE.encode(), {}, "not_gutenberg", False),
        ((HEADER + FOOTER).encode(), {}, "no_book", True),
        (
            HEADER.replace("This eBook", "** This is a COPYRIGHTED Project Gutenberg eBook **\nThis eBook").encode()
            + PROSE.encode(),
            {},
            "copyrighted",
            False,
        ),
        ((HEADER + PROSE + FOOTER).encode(), {"max_bytes": 100}, "file_too_large", False),
    ],
)
def test_what_is_no_book_is_a_reject(tmp_path, body, options, reason, broken):
    path = tmp_path / "x.txt"
    path.write_bytes(body)

    [found] = reader_of("gutenberg", options).read(Unit.of_path(path))

    assert (found.reason, found.broken) == (reason, broken)


def test_a_wrong_option_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"option `footnotes`.*its options are unwrap, illustrations"):
        reader_of("gutenberg", {"footnotes": "end"})
