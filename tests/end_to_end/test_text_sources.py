"""Encyclopedias, parallel texts and domain data of real samples, from their files to their corpora by the stages."""

import shutil

import pytest

from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

pytestmark = [pytest.mark.e2e, pytest.mark.samples]
MARKUP = ("{{", "[[", "|}", "{|", "<ref", "'''")


@pytest.fixture
def home(tmp_path):
    """A home over the samples with the recipes of these sources enabled."""

    def of(**settings):
        every = {
            "engine": {"kind": "serial"},
            "language_model": {"training": {"min_articles": 10_000_000}},  # no model is made: none is asked for here
            "recipes": {"enabled": ["encyclopedia", "parallel", "domain"]},
            **settings,
        }
        write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(every))
        return Home.open(tmp_path)

    return of


def made(home, *assets):
    for batch in home.batches(assets, []):
        for name, partition in batch.tables:
            home.run(name, partition)


def rows(home, name):
    return home.lake.scan(name).collect()


def counters(home, name):
    return {tuple(state.partition.values()): state.counters for state in home.lake.states(name)}


def test_wikipedia_in_63_languages_becomes_articles_without_markup(home, samples):
    home = home(encyclopedia={"location": str(samples / "encyclopedia" / "minidumps"), "disambiguation": "drop"})

    made(home, "encyclopedia/articles")

    articles = rows(home, "encyclopedia.articles")
    assert len(counters(home, "encyclopedia.articles")) == 63
    assert articles["language"].n_unique() == 62  # the page of siwiki is a redirect
    assert [mark for text in articles["text"] for mark in MARKUP if mark in text] == []
    headings = articles.select("text", "sections").iter_rows()
    assert [s for text, own in headings for s in own if not text[s["start"] :].startswith(s["title"])] == []


def test_a_dump_and_questions_become_a_corpus_of_an_encyclopedia(home, samples, tmp_path):
    (dump,) = (samples / "encyclopedia").glob("enwiki-latest*")
    (tmp_path / "dumps").mkdir()
    shutil.copy(dump, tmp_path / "dumps" / "enwiki-20200101-pages-articles.xml.bz2")
    baike = {"location": str(samples / "sft" / "baidu-qa-100w"), "format": "baike"}
    home = home(encyclopedia={"location": "dumps", "readers": {"baidu_qa": baike}})

    made(home, "corpora/encyclopedia")

    read, kept = rows(home, "encyclopedia.articles"), rows(home, "corpora.encyclopedia")
    assert {dump: own.height for (dump,), own in read.group_by("dump")} == {"20200101": 106, "baidu_qa": 6_176}
    assert counters(home, "encyclopedia.articles")["en", "20200101"]["dropped:redirect"] == 99
    assert kept.filter(snapshot="en-20200101").height == 98
    assert kept.filter(snapshot="zh-baidu_qa").height > 5_000
    assert "disambiguation" not in kept["category"].to_list()


def test_parallel_texts_of_every_format_become_a_corpus_without_copies_of_either_side(home, samples):
    place = samples / "parallel"
    formats = {"memories": ("tmx", "tmx"), "wmt22": ("wmt22", "pairs_tsv"), "newssample": ("wmt_xml", "wmt_xml"), "classical": ("zh_classical_modern", "pairs_zh")}  # fmt: skip
    home = home(
        sources={"parallel": {n: {"location": str(place / folder), "format": f} for n, (folder, f) in formats.items()}}
    )

    made(home, "corpora/parallel")

    read, kept = rows(home, "parallel.documents"), rows(home, "corpora.parallel")
    assert read.height == 10_977
    pairs = {pair: own.height for (pair,), own in read.group_by("pair")}
    assert (pairs["en-zh"], pairs["ru-en"], pairs["de-fr"], pairs["lzh-zh"], pairs["newssample"]) == (
        2037,
        2015,
        1984,
        3641,
        1000,
    )
    assert kept.height > 10_000
    for side in (0, 1):
        sides = kept.select("snapshot", side=kept["text"].str.split("\n").list.get(side).str.to_lowercase())
        assert sides.n_unique() == sides.height


def test_domain_data_of_several_sets_become_a_corpus(home, samples):
    sft = samples / "sft"
    sets = {"dialogue": ("chinese-medical-dialogue", "toyhom_medical_dialogue"), "cmmlu": ("cmmlu", "exams_choice"), "agieval": ("agieval", "exams_choice")}  # fmt: skip
    home = home(
        sources={
            "domain": {
                name: {"location": str(sft / folder), "format": "records_table", "options": {"set": one}}
                for name, (folder, one) in sets.items()
            }
        }
    )

    made(home, "corpora/domain")

    read, kept = rows(home, "domain.documents"), rows(home, "corpora.domain")
    assert {name: own.height for (name,), own in read.group_by("set")} == {
        "dialogue": 1099,
        "cmmlu": 577,
        "agieval": 458,
    }
    assert 0.8 * read.height < kept.height <= read.height
    assert set(kept["category"]) >= {"exams", "心血管科"}
