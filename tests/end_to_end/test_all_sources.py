"""Every source other than the web over real documents: read, cleaned, compared and published, with nothing lost, its suites green, and texts clean.

The table of documents, rejects and drops per partition is printed (`pytest -s`).
"""

import re
from collections import Counter

import polars as pl
import pytest
from real_sources import COLLECTIONS, sources_of

from corpus_platform.documents import SOURCES
from corpus_platform.home import Home
from corpus_platform.quality.run import run_suite, suites_of
from corpus_platform.settings import CorpusSettings, write_settings
from corpus_platform.stages.texts import cleaned_table, read_table

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(1200)]

LEFT = {
    "books": re.compile(r"Project Gutenberg(?:-tm)? (?:License|EBook)|START OF TH(?:E|IS) PROJECT", re.IGNORECASE),
    "academic": re.compile(
        r"\\(?:documentclass|usepackage|bibliography|maketitle|newcommand)\b|(?<!\\)%[ \t]*TODO|<xref\b"
    ),
    "social": re.compile(r"<(?:p|li|ul|code|pre|blockquote)\b[^>]*>|&(?:amp|lt|gt|quot);|展开阅读全文"),
    "encyclopedia": re.compile(r"\{\{|\[\[|\|\}|\{\||<ref\b"),
}
"""Remnants of markup, headers and menus that the rules of a source take out."""


@pytest.fixture(scope="module")
def home(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    settings = {
        "encyclopedia": {"location": str(samples / "encyclopedia")},
        "sources": sources_of(samples, COLLECTIONS),
        "language_model": {"languages": []},
        # A partition takes a second or less: starting workers would cost more.
        "engine": {"kind": "serial"},
        "recipes": {"enabled": ["encyclopedia"]},
        "reject_budget": 0.5,
    }
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(folder)
    for batch in made.batches([f"corpora/{name}" for name in made.enabled], []):
        for name, partition in batch.tables:
            made.run(name, partition)
    return made


@pytest.mark.parametrize("source", [*COLLECTIONS, "encyclopedia"])
def test_every_record_is_a_document_a_reject_or_a_drop_with_a_reason(home, source):
    total = Counter()
    for name in (read_table(source), cleaned_table(source), f"corpora.{source}"):
        for state in home.lake.states(name):
            counters = state.counters
            gone = {n: c for n, c in counters.items() if n.startswith(("rejects:", "dropped:"))}
            print(name, *state.partition.values(), f"records {counters.get('records', 0)} rows {state.rows}", gone)  # noqa: T201
            assert state.rows + sum(gone.values()) == counters.get("records", 0), (name, state.partition)
            total[name] += state.rows
    assert all(total[name] for name in (read_table(source), cleaned_table(source), f"corpora.{source}")), total


@pytest.mark.parametrize("source", [*COLLECTIONS, "encyclopedia"])
def test_the_suites_of_a_source_are_green(home, source):
    broken = []
    for name in (read_table(source), cleaned_table(source)):
        for partition in home.lake.partitions(name)[:12]:
            for table, where in suites_of(home, name, partition):
                outcomes = run_suite(home, table, where).outcomes
                broken += [(table, where, one.figure, one.rows) for one in outcomes if one.is_broken and one.blocks]
    assert broken == []


@pytest.mark.parametrize("source", LEFT)
def test_nothing_is_left_that_the_rules_of_a_source_take_out(home, source):
    rows = home.lake.scan(cleaned_table(source)).select("doc_id", "title", "text").collect()

    left = [
        (title, match[0], text[max(0, match.start() - 60) : match.end() + 60])
        for _, title, text in rows.iter_rows()
        if (match := LEFT[source].search(text))
    ]

    assert left == []


def test_all_that_can_be_done_is_done_and_a_second_run_makes_nothing(home):
    batches = home.batches([f"corpora/{name}" for name in home.enabled], [])

    assert {batch.source for batch in batches} - {None} == {*COLLECTIONS, "encyclopedia"} <= set(SOURCES)
    assert [batch.key for batch in batches if not batch.is_current(home)] == []


def test_documents_know_where_they_are_from(home):
    for source in COLLECTIONS:
        rows = home.lake.scan(cleaned_table(source)).collect()
        assert rows["language"].null_count() == 0
        assert rows["origin"].null_count() == 0
        assert rows["doc_id"].n_unique() >= rows.select("file", "position").n_unique() - 1
        assert rows.filter(pl.col("text").str.strip_chars() == "").height == 0
