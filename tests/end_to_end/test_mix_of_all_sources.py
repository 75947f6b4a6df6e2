"""A mix of all sources over real documents: released twice with the same bytes, a larger budget only adds, and every document is traced to its record.

Tokens and documents of each part are printed (`pytest -s`).
"""

import json
from collections import Counter

import polars as pl
import pytest
import yaml
from real_sources import COLLECTIONS, make_everything
from typer.testing import CliRunner

from corpus_platform.analytics import mixing
from corpus_platform.analytics.mix_release import Export, check, make
from corpus_platform.cli import app
from corpus_platform.home import Home
from corpus_platform.quality.run import run_suite, suites_of
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(900)]

MIX = {
    "name": "everything",
    "title": "All sources",
    "about": "Pages, books, papers, programs, posts, articles, pairs and records, by share and temperature.",
    "max_epochs": 2,
    "caps": {"domain": 0.6},
    "parts": [
        {"name": "web", "from": "corpora/ccnet", "share": 0.2, "quality": {"by": "bucket", "weights": {"head": 3, "otherwise": 1}}, "caps": {"domain": 0.1}},
        {"name": "books", "from": "corpora/books", "share": 0.25, "quality": {"by": "category", "weights": {"I": 1, "otherwise": 2}}},
        {"name": "papers", "from": "corpora/academic", "share": 0.1},
        {"name": "programs", "from": "corpora/code", "share": 0.15, "where": {"licence": ["MIT*", "BSD*", "Apache*"]}},
        {"name": "posts", "from": "corpora/social", "share": 0.1, "languages": {"en": 0.5, "zh": 0.5}},
        {"name": "articles", "from": "corpora/encyclopedia", "share": 0.1, "caps": {"language": {"en": 0.6}}},
        {"name": "pairs", "from": "corpora/parallel", "temperature": 2, "caps": {"category": 0.4}},
        {"name": "records", "from": "corpora/domain", "temperature": 2},
    ],
}  # fmt: skip
FEW, MORE = 5_000_000, 6_000_000
SOURCES = {*COLLECTIONS, "encyclopedia", "code", "domain"}


@pytest.fixture(scope="module")
def home(samples, tmp_path_factory):
    """Every corpus made, and the mix with the smaller budget."""
    folder = tmp_path_factory.mktemp("everything")
    make_everything(folder, samples)
    return made(folder, FEW)


def made(folder, budget):
    """The home with the mix made for a budget."""
    path = folder / "mixes" / "everything.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({**MIX, "budget": budget}))
    home = Home.open(folder)
    mixing.make(home, "everything")
    return home


@pytest.fixture(scope="module")
def released(home, tmp_path_factory):
    """Folders of two releases of the smaller mix, then of one of the larger."""
    place = tmp_path_factory.mktemp("released")
    make(home, "one", "everything", Export(place / "one", megatron=True))
    make(home, "two", "everything", Export(place / "two", megatron=True))
    make(made(home.path, MORE), "more", "everything", Export(place / "more", megatron=True))
    made(home.path, FEW)
    return place


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records(folder):
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / "data").glob("*.parquet"))])


def test_a_mix_of_all_sources_is_released_twice_with_the_same_bytes(home, released):
    one, two, rows = files_of(released / "one"), files_of(released / "two"), records(released / "one")
    by_part = (
        rows.group_by(pl.col("part").str.split("/").list.first()).agg(pl.len(), pl.col("tokens").sum()).sort("part")
    )
    print(by_part, rows["tokens"].sum(), sum(map(len, one.values())))  # noqa: T201

    assert {"manifest.json", "README.md", "card.html", "megatron/train_text_document.bin"} < set(one)
    assert one == two
    assert check(released / "one") == []
    assert set(rows["source"].unique()) == {f"corpora.{name}" for name in (*SOURCES, "ccnet")}
    given = mixing.given(home.lake.state(MIX_DOCUMENTS, {"mix": "everything"}), home.mixing.mix("everything"))
    assert sum(row.given for row in given) == FEW
    assert FEW <= rows["tokens"].sum() < FEW + sum(rows.group_by("part").agg(pl.col("tokens").max())["tokens"])


def test_a_larger_budget_only_adds(released):
    few, more = (
        Counter(records(released / name).select("part", "id", "epoch").iter_rows()) for name in ("one", "more")
    )

    assert few < more
    assert records(released / "more")["tokens"].sum() >= MORE


def test_every_document_is_traced_to_its_source_record(home, released):
    rows = records(released / "one").unique("id")
    drawn = mixing.origins_of(home, rows["id"], "everything")
    places = {(one.doc_id, one.file, one.position) for found in drawn.values() for one in found}

    there = set()
    for name in {one.read_table for found in drawn.values() for one in found}:
        columns = ("doc_id", "file", "position")
        there |= set(home.lake.scan(name).select(columns).collect().iter_rows())
    assert set(drawn) == set(rows["id"])
    assert places <= there
    assert {one[0] for one in places} == set(rows["id"])


def test_ten_documents_of_all_parts_are_explained_by_the_command(home, released):
    every = records(released / "one")
    rows = pl.concat([every.unique("part", keep="first", maintain_order=True), every.tail(1)])

    for row in rows.iter_rows(named=True):
        result = CliRunner().invoke(app, ["--home", str(home.path), "explain", row["id"], "--format", "json"])
        told = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
        assert result.exit_code == 0, result.output
        mixes = [one for one in told if one.get("mix") == "everything"]
        assert (row["source"], row["position"]) in {(one["table"], one["position"]) for one in mixes}


def test_every_record_says_who_wrote_it_in_which_language_and_its_suite_is_green(home, released):
    rows = records(released / "one")
    outcomes = [
        outcome
        for table, where in suites_of(home, MIX_DOCUMENTS, {"mix": "everything"})
        for outcome in run_suite(home, table, where).outcomes
    ]

    assert rows["origin"].null_count() == rows["language"].null_count() == 0
    assert set(rows.filter(source="corpora.ccnet")["origin"]) == {"unknown"}
    assert outcomes
    assert [one.figure for one in outcomes if one.is_broken and one.blocks] == []
