"""The sample's encyclopedia dumps: well-formed MediaWiki exports, large enough in two languages and too small in the others."""

import bz2
import hashlib

import pytest
from lxml import etree

SPACE = "{http://www.mediawiki.org/xml/export-0.11/}"


@pytest.fixture(scope="module")
def dump(report):
    """The parsed dump of a language."""

    def parsed(language):
        data = bz2.decompress((report.encyclopedia / f"{language}wiki-sample-pages-articles.xml.bz2").read_bytes())
        return etree.fromstring(data)

    return parsed


def pages(root):
    return [
        {
            "title": page.findtext(f"{SPACE}title"),
            "ns": page.findtext(f"{SPACE}ns"),
            "redirect": page.find(f"{SPACE}redirect") is not None,
            "text": page.find(f"{SPACE}revision/{SPACE}text"),
            "sha1": page.findtext(f"{SPACE}revision/{SPACE}sha1"),
        }
        for page in root.iter(f"{SPACE}page")
    ]


@pytest.mark.parametrize("language", ["en", "zh", "de", "fr", "ja"])
def test_a_dump_is_well_formed_and_its_titles_are_unique(report, dump, language):
    root = dump(language)

    found = pages(root)

    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert root.findtext(f"{SPACE}siteinfo/{SPACE}dbname") == f"{language}wiki"
    assert len({page["title"] for page in found}) == len(found)
    assert next(d.pages for d in report.dumps if d.language == language) == len(found)


def test_sizes_and_digests_of_texts_are_right(dump):
    for page in pages(dump("zh")):
        data = page["text"].text.encode()

        assert page["text"].get("bytes") == str(len(data))
        assert int(page["sha1"], 36) == int(hashlib.sha1(data).hexdigest(), 16)


@pytest.mark.parametrize(("language", "least"), [("en", 300_000), ("zh", 60_000)])
def test_two_languages_have_text_for_a_model(report, dump, language, least):
    articles = [page for page in pages(dump(language)) if page["ns"] == "0" and not page["redirect"]]

    characters = sum(len(page["text"].text) for page in articles)

    assert characters >= least
    assert characters == next(d.characters for d in report.dumps if d.language == language)
    assert len(articles) >= 200


def test_the_other_languages_are_too_small_for_a_model(report):
    assert all(dump.characters < 2_000 for dump in report.dumps if dump.language not in {"en", "zh"})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_dumps_have_redirects_talk_pages_and_markup(dump, language):
    found = pages(dump(language))
    text = "\n".join(page["text"].text for page in found)

    assert any(page["redirect"] for page in found)
    assert {"0", "1", "14"} <= {page["ns"] for page in found}
    assert all(markup in text for markup in ("'''", "== ", "[[", "{{", "<ref>", '{| class="wikitext"', "[[Category:"))
