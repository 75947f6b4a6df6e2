"""Real dumps: none crashes the reader, and every page is an article or a reject with a reason."""

from functools import cache

import pytest

from corpus_platform.sources.mediawiki import MEDIAWIKI_REASONS, Article, read_dump
from corpus_platform.sources.wiki_names import wiki_names
from corpus_platform.sources.wikitext import plain_page, wikitext_to_text

pytestmark = pytest.mark.samples
LEFTOVERS = ("[[", "]]", "{{", "}}", "{|", "|}", "<ref", "</ref", "'''", "|thumb|", "px|")


@cache
def read(path):
    """What the reader makes of a dump, read once; tests only look."""
    with path.open("rb") as stream:
        return list(read_dump(stream, path.name))


def test_the_english_sample_has_its_106_articles_and_100_other_pages(samples):
    (path,) = (samples / "encyclopedia").glob("enwiki-latest-pages-articles1*.bz2")

    items = read(path)

    articles = [item for item in items if isinstance(item, Article)]
    assert [item.position for item in items] == list(range(206))
    assert (len(articles), sum(item.reason == "redirect" for item in items if not isinstance(item, Article))) == (
        106,
        99,
    )
    assert len({article.doc_id for article in articles}) == 106
    assert articles[0].title == "Anarchism"
    assert articles[0].text.startswith(
        "Anarchism is a political philosophy that advocates self-governed societies based on"
    )
    assert [mark for article in articles for mark in LEFTOVERS if mark in article.text] == []


def test_tables_leave_nothing_behind(samples):
    items = read(samples / "encyclopedia" / "enwiki-table-markup.xml.bz2")

    assert [type(item) for item in items] == [Article] * 5
    assert [item.title for item in items if "\n|" in item.text or "||" in item.text or "{|" in item.text] == []


def test_every_page_of_63_languages_is_an_article_or_is_rejected_with_a_reason(samples):
    dumps = sorted((samples / "encyclopedia" / "minidumps").glob("*.bz2"))

    items = {path.name: read(path) for path in dumps}

    flat = [item for of_dump in items.values() for item in of_dump]
    assert len(dumps) == 63
    assert len(flat) == 68
    assert {item.reason for item in flat if not isinstance(item, Article)} <= {"redirect"} <= set(MEDIAWIKI_REASONS)
    assert {
        name
        for name, of_dump in items.items()
        for a in of_dump
        if isinstance(a, Article) and a.language != name.split("wiki")[0]
    } == set()
    assert [mark for a in flat if isinstance(a, Article) for mark in LEFTOVERS if mark in a.text] == []


def test_headings_begin_where_they_say_and_categories_are_known_in_every_language(samples):
    dumps = sorted((samples / "encyclopedia").rglob("*.bz2"))

    articles = [item for path in dumps for item in read(path) if isinstance(item, Article)]

    assert len(articles) > 170
    assert [
        (a.title, h)
        for a in articles
        for h in a.headings
        if a.text[h.start : h.start + len(h.title) + 1].rstrip("\n") != h.title
    ] == []
    assert sum(bool(a.meta["categories"]) for a in articles) > 150
    starts = {line.partition(":")[0].lower() for a in articles for line in a.text.split("\n") if ":" in line}
    assert starts & wiki_names().categories == {"categoria"}  # the Latin article shows a link to one


def test_the_eight_disambiguation_pages_of_the_english_sample_are_marked(samples):
    (path,) = (samples / "encyclopedia").glob("enwiki-latest-pages-articles1*.bz2")

    marked = [item.title for item in read(path) if isinstance(item, Article) and item.meta["disambiguation"]]

    assert marked == [
        "Alien",
        "Austin (disambiguation)",
        "Ada",
        "Aberdeen (disambiguation)",
        "Argument (disambiguation)",
        "Animal (disambiguation)",
        "Asia Minor (disambiguation)",
        "Aa River",
    ]


def test_the_chinese_article_keeps_its_sentences(samples):
    (article,) = read(samples / "encyclopedia" / "minidumps" / "zhwiki.xml.bz2")

    assert article.title == "柏林"
    assert article.text.startswith("柏林（Berlin）是德意志聯邦共和國首都，也是德国最大的城市")
    assert len(article.text) > 8_000


def test_raw_wikitext_of_tables_and_quotes_is_read(samples):
    texts = [path.read_text("utf-8") for path in sorted((samples / "encyclopedia" / "wikitext").glob("*.txt"))]

    assert len(texts) == 2
    assert all("{|" not in wikitext_to_text(text) for text in texts)
    assert all(mark not in plain_page(text, tables="rows").text for text in texts for mark in LEFTOVERS)
