"""Dumps: what is an article, what is rejected, and what happens to broken files."""

import bz2
import gzip
import io
from datetime import UTC, datetime

import orjson
import pytest

from corpus_platform.documents import DOCUMENT_COLUMNS, SOURCE_COLUMNS
from corpus_platform.errors import SourceError
from corpus_platform.sources import mediawiki_xml
from corpus_platform.sources.mediawiki import MEDIAWIKI_REASONS, Article, read_dump
from corpus_platform.sources.mediawiki_xml import CHUNK, Broken, pages, wiki_of
from corpus_platform.sources.records import Reject

SITE = """<siteinfo><sitename>Wikipedia</sitename><dbname>enwiki</dbname><base>https://en.wikipedia.org/wiki/Main_Page</base>
<generator>MediaWiki 1.42</generator><namespaces><namespace key="0" /><namespace key="6">Datoteka</namespace>
<namespace key="14">Razred</namespace></namespaces></siteinfo>"""


def page(title="Bread", text="Bread is baked.", *, ns=0, number=7, inside="", model="wikitext"):
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>{number}</id>{inside}<revision><id>90{number}</id>"
        "<timestamp>2024-03-01T10:20:30Z</timestamp><contributor><username>A</username><id>5</id></contributor>"
        f'<model>{model}</model><text xml:space="preserve">{text}</text></revision></page>'
    )


def dump(*parts, site=SITE, root='<mediawiki xml:lang="en">'):
    return (root + site + "".join(parts) + "</mediawiki>").encode()


def read(data, file="enwiki-20240301-pages-articles.xml", **options):
    return list(read_dump(io.BytesIO(data), file, **options))


def reasons(items):
    return [(item.position, item.reason, item.broken) for item in items if isinstance(item, Reject)]


def test_an_article_has_every_column_of_a_document_but_those_that_the_stage_knows():
    (article,) = read(dump(page(title="Rye &amp; wheat", text="'''Rye''' is [[grain|a grain]].")))

    row = article.row()
    assert {*row, "shard", "file_index"} == {field.name for field in (*DOCUMENT_COLUMNS, *SOURCE_COLUMNS)}
    assert row["source"] == "wikipedia"
    assert row["title"] == "Rye & wheat"
    assert row["text"] == "Rye is a grain."
    assert row["url"] == "https://en.wikipedia.org/wiki/Rye_%26_wheat"
    assert row["domain"] == "en.wikipedia.org"
    assert row["language"] == "en"
    assert row["date"] == datetime(2024, 3, 1, 10, 20, 30, tzinfo=UTC)
    assert row["licence"] == "CC-BY-SA-4.0"
    assert orjson.loads(row["meta"]) == {
        "page_id": 7,
        "revision": 907,
        "namespace": 0,
        "dbname": "enwiki",
        "sitename": "Wikipedia",
        "generator": "MediaWiki 1.42",
        "categories": [],
        "disambiguation": False,
    }


def test_pages_that_are_no_articles_are_rejected_with_their_reason_and_are_no_damage():
    items = read(
        dump(
            page(),
            page(ns=1, number=8),
            page(number=9, inside='<redirect title="Bread" />'),
            page(number=10, text="#REDIRECT [[Bread]]"),
            page(number=11, model="json"),
            page(number=12, text="{{stub}}"),
        )
    )

    assert [item.title for item in items if isinstance(item, Article)] == ["Bread"]
    assert reasons(items) == [
        (1, "namespace", False),
        (2, "redirect", False),
        (3, "redirect", False),
        (4, "not_wikitext", False),
        (5, "no_text", False),
    ]


def test_headings_and_categories_are_kept_beside_the_text():
    (article,) = read(
        dump(page(text="Bread.\n== Kinds ==\n=== ''Rye'' bread ===\nDark.\n[[Razred:Food|b]]\n[[Category:Baking]]"))
    )

    row = article.row()
    assert row["text"] == "Bread.\nKinds\nRye bread\nDark."
    assert row["sections"] == [
        {"level": 1, "title": "Kinds", "start": 7},
        {"level": 2, "title": "Rye bread", "start": 13},
    ]
    assert all(row["text"][s["start"] :].startswith(s["title"]) for s in row["sections"])
    assert (row["category"], row["origin"], row["author"]) == ("Food", "human", None)
    assert article.meta["categories"] == ["Food", "Baking"]


@pytest.mark.parametrize(
    ("wiki", "text"),
    [
        ("enwiki", "Rye may mean:\n* [[Rye (grain)]]\n{{disambiguation|geo}}"),
        ("enwiki", "Rye may mean:\n* [[Rye (grain)]]\n{{Human_name disambiguation}}"),
        ("dewiki", "Roggen steht für:\n* [[Roggen (Gattung)]]\n{{Begriffsklärung}}"),
        ("zhwiki", "黑麦可以指：\n* [[黑麦属]]\n{{消歧義}}"),
        ("zh_yuewiki", "黑麥可以指：\n* [[黑麥屬]]\n{{搞清楚}}"),
        ("ruwiki", "Рожь:\n* [[Рожь (род)]]\n{{неоднозначность}}"),
        ("arwiki", "قد يكون:\n* [[شيلم]]\n{{توضيح}}"),
        ("jawiki", "ライ\n* [[ライ麦]]\n{{aimai}}"),
        ("xxwiki", "Rye\n* [[Rye (grain)]]\n__DISAMBIG__"),
    ],
)
def test_disambiguation_pages_are_marked_in_many_languages_and_dropped_on_demand(wiki, text):
    data = dump(page(text=text))

    (article,) = read(data, file=f"{wiki}.xml")
    (dropped,) = read(data, file=f"{wiki}.xml", disambiguation="drop")

    assert (article.meta["disambiguation"], article.category) == (True, "disambiguation")
    assert (dropped.reason, dropped.broken) == ("disambiguation", False)


def test_a_template_of_another_wiki_marks_no_disambiguation():
    (article,) = read(dump(page(text="Rye is a grain. {{gren}}")), file="enwiki.xml")

    assert article.meta["disambiguation"] is False


def test_a_redirect_says_where_it_points():
    (reject,) = read(dump(page(title="Loaf", inside='<redirect title="Bread" />')))

    assert (reject.reason, reject.detail) == ("redirect", "Loaf -> Bread")


def test_tables_are_kept_as_rows_on_demand():
    table = "A.\n{| class=x\n|+ style=y | Grains\n! Name !! Height\n|-\n| a=1 | [[Rye|rye]] || 2 m\n|-\n|\n|}\nB."

    (without,), (with_rows,) = read(dump(page(text=table))), read(dump(page(text=table)), tables="rows")

    assert without.text == "A.\nB."
    assert with_rows.text == "A.\nGrains\nName | Height\nrye | 2 m\nB."


def test_other_namespaces_are_read_when_they_are_asked_for():
    items = read(dump(page(), page(ns=4, number=8)), namespaces=(0, 4))

    assert [item.position for item in items] == [0, 1]
    assert all(isinstance(item, Article) for item in items)


def test_the_wikis_own_names_of_files_and_categories_are_hidden():
    (article,) = read(dump(page(text="Kruh.[[Datoteka:Kruh|thumb|slika]]\n[[Razred:Hrana]]")))

    assert article.text == "Kruh."


@pytest.mark.parametrize("packed", [bytes, bz2.compress, gzip.compress], ids=["plain", "bz2", "gz"])
def test_compression_is_told_by_the_first_bytes(packed):
    (article,) = read(packed(dump(page())), file="dump")

    assert article.text == "Bread is baked."


def test_a_multistream_dump_is_read_to_its_end():
    data = dump(page(), page(number=8, title="Salt"))
    cut = data.index(b"<page>")

    items = read(bz2.compress(data[:cut]) + bz2.compress(data[cut:]))

    assert [item.title for item in items] == ["Bread", "Salt"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[:-40], "broken_xml"),
        (lambda data: data.replace(b"Salt</title>", b"Salt</tit\x01le>"), "broken_xml"),
        (lambda data: bz2.compress(data)[:-12], "broken_archive"),
        (lambda data: gzip.compress(data)[:-12], "broken_archive"),
    ],
)
def test_a_dump_that_breaks_off_gives_what_came_before_and_one_reject(spoil, reason):
    items = read(spoil(dump(page(), page(number=8, title="Salt"))))

    assert reasons(items)[-1][1:] == (reason, True)
    assert items[-1].position == len(items) - 1
    assert all(isinstance(item, Article) for item in items[:-1])


def test_pages_before_the_break_in_the_same_chunk_are_kept():
    items = read(dump(page(), page(number=8, title="Salt"))[:-40])

    assert [item.title for item in items[:-1]] == ["Bread"]


def test_a_document_type_is_refused_so_that_no_entity_is_ever_expanded():
    bomb = b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>' + dump(page(text="&b;"))

    assert reasons(read(bomb)) == [(0, "doctype", True)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"<html><body/></html>", "not_mediawiki"), (b"", "broken_xml"), (b"\x00\xff junk", "broken_xml")],
)
def test_files_that_are_no_dump_are_rejected(data, reason):
    assert reasons(read(data)) == [(0, reason, True)]


def test_the_file_name_says_which_wiki_it_is_where_the_siteinfo_is_anothers():
    (article,) = read(dump(page(title="面包")), file="dumps/zhwiki-20240301-pages-articles1.xml-p1p10.bz2")

    assert article.language == "zh"
    assert article.url == "https://zh.wikipedia.org/wiki/%E9%9D%A2%E5%8C%85"
    assert article.meta["dbname"] == "zhwiki"


def test_the_same_page_number_of_two_wikis_gives_two_ids_and_a_rerun_the_same():
    ids = [read(dump(page()), file=file)[0].doc_id for file in ("enwiki.xml", "dewiki.xml", "enwiki-20250101.xml")]

    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


@pytest.mark.parametrize(
    ("file", "wiki", "language"),
    [
        ("zh_yuewiki-latest.xml", "zh_yuewiki", "yue"),
        ("simplewiki.xml.bz2", "simplewiki", "en"),
        ("dewiktionary-20240301.xml", "dewiktionary", "de"),
        ("/a/b/hsbwiki.xml", "hsbwiki", "hsb"),
        ("commonswiki.xml", "commonswiki", None),
        ("wikilinks.xml", None, "fr"),
    ],
)
def test_wiki_and_language_are_known_from_the_file_name_else_from_the_siteinfo(file, wiki, language):
    french = SITE.replace("enwiki", "frwiki").replace("en.wiki", "fr.wiki")

    (article,) = read(dump(page(), site=french), file=file)

    assert wiki_of(file) == wiki
    assert article.language == language


def test_a_dump_without_siteinfo_and_name_still_has_a_language_and_no_address():
    (article,) = read(dump(page(), site="", root='<mediawiki xml:lang="it">'), file="dump.xml")

    assert (article.language, article.url) == ("it", None)


def test_the_caller_may_say_language_and_wiki():
    (article,) = read(dump(page()), file="x.xml", language="als", wiki="alswiki")

    assert (article.language, article.meta["dbname"]) == ("als", "alswiki")


def test_a_page_longer_than_the_limit_is_rejected_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(mediawiki_xml, "MAX_CHARACTERS", 50)

    items = read(dump(page(text="x" * 60), page(number=8)))

    assert reasons(items) == [(0, "page_too_long", True)]
    assert isinstance(items[1], Article)


def test_a_dump_is_read_as_far_as_it_is_asked_for():
    stream = io.BytesIO(dump(*[page(number=n, text="word " * 2000) for n in range(1000)]))

    next(pages(stream, file="enwiki.xml"))

    assert stream.tell() <= 3 * CHUNK


def test_a_stream_that_fails_is_an_error_and_never_taken_for_a_broken_dump():
    class Failing(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("connection reset")

    with pytest.raises(SourceError, match=r"enwiki.xml: the dump can't be read: connection reset"):
        list(pages(Failing(), file="enwiki.xml"))


def test_odd_numbers_and_dates_do_not_stop_the_reader():
    odd = page().replace("<id>7</id>", "<id>x</id>").replace("2024-03-01T10:20:30Z", "yesterday")

    (only,) = pages(io.BytesIO(dump(odd)), file="enwiki.xml")

    assert not isinstance(only, Broken)
    assert (only.id, only.timestamp) == (0, None)


def test_every_reason_is_explained():
    assert all(meaning for meaning in MEDIAWIKI_REASONS.values())
