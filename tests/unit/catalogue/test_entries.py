"""The catalogue: its files are whole, mistakes are told with their line, the page is current, and the command filters."""

from pathlib import Path
from typing import get_args

import orjson
import pytest
from typer.testing import CliRunner

from corpus_platform.catalogue.entries import (
    Corpus,
    Source,
    corpora,
    dangling,
    find,
    named_recipes,
    read_entries,
    sources,
)
from corpus_platform.catalogue.reference import catalogue_markdown, rows
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError
from corpus_platform.readers.reader import readers
from corpus_platform.recipes.recipe import recipes

PAGE = Path(__file__).parents[3] / "docs" / "catalogue.md"

OF_THE_SURVEY = [
    "cc_stories",
    "cc100",
    "cluecorpus2020",
    "culturax",
    "c4",
    "mc4",
    "oscar",
    "realnews",
    "redpajama_v2",
    "refinedweb",
    "wudaocorpora",
    "anc",
    "bnc",
    "news_crawl",
    "annas_archive",
    "bookcorpusopen",
    "pg19",
    "project_gutenberg",
    "smashwords",
    "bookcorpus",
    "arxiv",
    "s2orc",
    "bigquery",
    "github",
    "phi_1",
    "the_stack",
    "mtp",
    "multi_un",
    "paracrawl",
    "un_corpus",
    "openwebtext",
    "pushshift_reddit",
    "reddit",
    "stackexchange",
    "webtext",
    "zhihu",
    "baidu_baike",
    "tigerbot_wiki",
    "wikipedia",
    "arabictext_2022",
    "mnbvc",
    "redpajama_1t",
    "roots",
    "the_pile",
    "tigerbot_pretrain_en",
    "tigerbot_pretrain_zh",
    "wanjuan",
    "dolma",
    "bbt_fincorpus",
    "fincorpus",
    "finglm",
    "tigerbot_earning",
    "tigerbot_research",
    "medical_pt",
    "pubmed_central",
    "tigerbot_law",
    "transgpt_pt",
    "proof_pile_2",
]
"""Rows of its tables of general and of domain corpora; its row Common Crawl is among the sources."""

A_CORPUS = """
- name: mine
  title: Mine
  group: webpages
  publisher: Us
  year: 2024
  size: 3 GB
  openness: full
  licence: null
  languages: [en]
  sources: [web]
  of: pages
  processing: null
  homepage: null
  hub: null
  recipes: [c4]
"""


@pytest.fixture
def written(tmp_path):
    def write(text, key="pretraining"):
        path = tmp_path / "file.yaml"
        path.write_text(f"{key}:{text}")
        return path

    return write


def run(*arguments):
    done = CliRunner().invoke(app, ["catalogue", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_every_corpus_of_the_surveys_tables_has_an_entry():
    assert [name for name in OF_THE_SURVEY if name not in corpora()] == []
    assert "common_crawl" in sources()


def test_every_recipe_and_reader_that_is_named_exists_and_every_shipped_recipe_is_named():
    assert dangling(recipes(), readers()) == []
    assert sorted(set(recipes()) - named_recipes()) == []


def test_a_name_that_does_not_exist_is_told_with_the_nearest():
    assert "sources.yaml: arxiv: there is no reader `latex`, nearest is `latexx`" in dangling(recipes(), ["latexx"])
    assert "pretraining.yaml: c4: there is no recipe `c4`" in dangling([], readers())


def test_every_kind_of_source_has_entries_and_three_risks_are_in_use():
    kinds = set(get_args(Source.model_fields["kind"].annotation))

    assert {one.kind for one in sources().values()} == kinds
    assert {one.risk for one in sources().values()} == {"open", "permission", "refused"}


def test_sizes_are_numbers_where_they_are_of_bytes_or_tokens():
    assert corpora()["oscar"].gigabytes == pytest.approx(8410)
    assert corpora()["medical_pt"].gigabytes == pytest.approx(0.63278)
    assert corpora()["redpajama_1t"].tokens == 1.2e12
    assert (corpora()["bookcorpusopen"].gigabytes, corpora()["bookcorpusopen"].tokens) == (None, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("size: 3 GB", "size: large"), "file.yaml:7: `size`: a size is a number and a unit"),
        (("year: 2024", "yaer: 2024"), "file.yaml:6: there is no field `yaer`, nearest is `year`"),
        (("openness: full", "openness: open"), "file.yaml:8: `openness`: Input should be 'full', 'part' or 'closed'"),
        (("languages: [en]", "languages: [English]"), "file.yaml:10: `languages`: `English` is no code of a language"),
        (("sources: [web]", "sources: [book]"), "there is no layer `book`, nearest is `books`"),
        (
            ("recipes: [c4]", "recipes: []"),
            "file.yaml:2: a corpus has `recipes`, or says in `without` why there is none",
        ),
        (("recipes: [c4]", "recipes: [c4]\n  from_memory: [sise]"), "there is no field `sise`, nearest is `size`"),
    ],
)
def test_a_mistake_is_told_with_its_line(written, change, complaint):
    path = written(A_CORPUS.replace(*change))

    with pytest.raises(SettingsError) as told:
        read_entries(path, "pretraining", Corpus)

    assert complaint in str(told.value)


def test_names_differ_and_the_file_has_one_key(written):
    with pytest.raises(SettingsError, match=r"file.yaml:17: there is an entry `mine` already"):
        read_entries(written(A_CORPUS + A_CORPUS.lstrip()), "pretraining", Corpus)
    with pytest.raises(SettingsError, match="a list under the one key `pretraining`"):
        read_entries(written(A_CORPUS, "corpora"), "pretraining", Corpus)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("access: none\n  risk: refused", "what is refused says `why`"),
        ("access: dump\n  risk: refused\n  why: so\n  hosts: [a.example]", "no reader and no recipe"),
        ("access: dump\n  risk: open\n  why: so", "are of sources with `risk: refused`"),
    ],
)
def test_a_refused_source_says_why_and_has_no_reader(written, more, complaint):
    text = f"\n- name: a\n  title: A\n  kind: web\n  languages: [en]\n  address: null\n  terms: none\n  licence: null\n  {more}\n"

    with pytest.raises(SettingsError, match=complaint):
        read_entries(written(text, "sources"), "sources", Source)


def test_an_entry_is_found_by_name_title_and_other_names():
    assert [entry.name for entry in find("the pile")] == ["the_pile"]
    assert [entry.name for entry in find("RedPajama-V1")] == ["redpajama_1t"]
    assert [type(entry).__name__ for entry in find("wikipedia")] == ["Source", "Corpus"]
    with pytest.raises(SettingsError, match="the catalogue has no `the_pil`, nearest is `the_pile`"):
        find("the_pil")


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == catalogue_markdown(), (
        "run: corpus catalogue list --markdown > docs/catalogue.md"
    )


def test_the_command_filters_and_shows():
    listed = run("list", "--risk", "refused")
    closed = [
        orjson.loads(line) for line in run("list", "--openness", "closed", "--language", "zh", "--json").splitlines()
    ]
    [source, corpus] = [orjson.loads(line) for line in run("show", "arxiv", "--json").splitlines()]

    assert "sci_hub" in listed
    assert "common_crawl" not in listed
    assert "0 corpora" in listed
    assert [one["name"] for one in closed] == ["pangu"]
    assert (source["kind of entry"], source["risk"]) == ("source", "open")
    assert (corpus["kind of entry"], corpus["recipes"]) == ("corpus", ["academic"])
    assert "known by" in run("list", "pretraining", "--language", "ar")
    with pytest.raises(SettingsError, match="--risk free: choose one of open, permission, refused"):
        run("list", "--risk", "free")
    with pytest.raises(SettingsError, match="there is no list `source`"):
        run("list", "source")


def test_rows_for_sql_are_the_entries_with_their_figures():
    found = rows("catalogue.pretraining")
    row = next(row for row in found.to_pylist() if row["name"] == "oscar")

    assert (row["gigabytes"], row["tokens"], row["languages"]) == (8410.0, None, ["mul"])
    assert found.num_rows == len(corpora())
    assert rows("catalogue.sources").num_rows == len(sources())
