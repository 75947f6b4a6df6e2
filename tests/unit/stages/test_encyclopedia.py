"""Encyclopedias as a table: dumps of MediaWiki and files of configured readers, a partition each."""

import bz2
import json

import pytest
from pydantic import ValidationError

from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

PAGES = """<mediawiki xml:lang="en"><siteinfo><dbname>enwiki</dbname></siteinfo>
<page><title>Rye</title><ns>0</ns><id>1</id><revision><id>9</id><text>Rye is a grain.
== Use ==
{|
! Food !! Share
|-
| bread || most
|}
[[Category:Grains]]</text></revision></page>
<page><title>Rye (disambiguation)</title><ns>0</ns><id>2</id><revision><text>Rye may be:
* [[Rye]]
{{disambig}}</text></revision></page>
<page><title>Secale</title><ns>0</ns><id>3</id><redirect title="Rye" /><revision><text>#REDIRECT [[Rye]]</text></revision></page>
</mediawiki>"""


@pytest.fixture
def home(tmp_path):
    """A home with a dump of Wikipedia and one of a Baike-like encyclopedia."""
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "enwiki-20240301-pages-articles.xml.bz2").write_bytes(bz2.compress(PAGES.encode()))
    (tmp_path / "baike").mkdir()
    pages = [
        {"title": "黑麦", "summary": "谷物。", "sections": [{"title": "用途", "content": "面包。"}]},
        {"title": "空"},
    ]
    (tmp_path / "baike" / "a.jsonl").write_text("\n".join(map(json.dumps, pages)), encoding="utf-8")

    def of(**encyclopedia):
        settings = {
            "location": "dumps",
            "readers": {"baike_20240101": {"location": "baike", "format": "baike"}},
            **encyclopedia,
        }
        write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate({"encyclopedia": settings}))
        return Home.open(tmp_path)

    return of


def rows(home, language, dump):
    partition = {"language": language, "dump": dump}
    report = home.run("encyclopedia.articles", partition)
    return report, home.lake.scan("encyclopedia.articles", **partition).sort("position").collect().to_dicts()


def test_dumps_and_readers_are_partitions_by_language_and_dump(home):
    articles = home().stage("encyclopedia.articles")

    assert {key: len(files) for key, files in articles.dumps().items()} == {
        ("en", "20240301"): 1,
        ("zh", "baike_20240101"): 1,
    }


def test_a_dump_becomes_articles_with_headings_and_categories_and_redirects_are_counted(home):
    report, (rye, meanings) = rows(home(), "en", "20240301")

    assert (rye["text"], rye["category"], rye["sections"]) == ("Rye is a grain.", "Grains", [])
    assert (meanings["category"], json.loads(meanings["meta"])["disambiguation"]) == ("disambiguation", True)
    assert report.counters["dropped:redirect"] == 1
    assert report.counters["records"] == 3


def test_options_keep_tables_drop_disambiguation_pages_and_list_redirects(home):
    opened = home(tables="rows", disambiguation="drop", list_redirects=True)

    report, (rye,) = rows(opened, "en", "20240301")

    assert rye["text"] == "Rye is a grain.\nUse\nFood | Share\nbread | most"
    assert [(s["title"], s["start"]) for s in rye["sections"]] == [("Use", 16)]
    assert report.counters["dropped:disambiguation"] == 1
    rejects = opened.lake.scan("ops.rejects").collect().to_dicts()
    assert [(r["reason"], r["detail"], r["broken"]) for r in rejects] == [("redirect", "Secale -> Rye", False)]


def test_a_reader_fills_the_same_table_and_is_part_of_what_is_read(home):
    opened = home()

    report, (page,) = rows(opened, "zh", "baike_20240101")

    assert (page["text"], page["source"], page["language"]) == ("谷物。\n用途\n面包。", "encyclopedia", "zh")
    assert report.counters["rejects:no_text"] == 1
    changed = home(
        readers={"baike_20240101": {"location": "baike", "format": "baike", "options": {"infobox": "lines"}}}
    )
    partition = {"language": "zh", "dump": "baike_20240101"}
    assert opened.status_of("encyclopedia.articles", partition).state == "current"
    assert changed.status_of("encyclopedia.articles", partition).state == "stale"


@pytest.mark.parametrize(
    ("readers", "said"),
    [
        ({"baike-2024": {"location": "x", "format": "baike"}}, "names no dump"),
        ({"a": {"location": "x", "format": "baik"}}, "there is no reader `baik`"),
        ({"a": {"location": "x", "format": "tmx"}}, "is for parallel"),
        ({"a": {"location": "x", "format": "baike", "options": {"langage": "zh"}}}, "langage"),
    ],
)
def test_a_wrong_reader_is_refused_when_the_settings_are_read(readers, said):
    with pytest.raises(ValidationError, match=said):
        CorpusSettings.model_validate({"encyclopedia": {"readers": readers}})
