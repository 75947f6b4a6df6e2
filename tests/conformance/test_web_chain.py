"""The web chain over real WET files gives CCNet's own result, document by document."""

import gzip
import json

import polars as pl
import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.lake import Lake
from corpus_platform.stages.documents import Documents, DocumentSettings
from corpus_platform.stages.pages import Pages, PagesSettings, SourceSettings
from corpus_platform.stages.paragraphs import ParagraphHashes, Paragraphs
from corpus_platform.stages.run import run_stage

SNAPSHOTS = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.e2e), 3], ids=lambda n: f"{n}-files-a-shard")
def lake(request, samples, tmp_path_factory):
    """A lake with both snapshots, from WET, without language models."""
    lake = Lake(tmp_path_factory.mktemp("chain") / "lake")
    pages = Pages(PagesSettings(shard_files=request.param), source=SourceSettings(location=str(samples / "web")))
    for snapshot in SNAPSHOTS:
        for stage in (pages, ParagraphHashes(), Paragraphs(), Documents(DocumentSettings())):
            run_stage(stage, lake, Serial(), {"variant": "wet", "snapshot": snapshot})
    return lake


@pytest.fixture(scope="module")
def expected(samples):
    with gzip.open(samples / "expected" / "ccnet_paragraphs.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def test_every_document_keeps_the_lines_that_ccnet_keeps(lake, expected):
    rows = lake.scan("web.documents").collect().iter_rows(named=True)
    found = {(row["snapshot"], row["url"]): row for row in rows}
    kept = [row for row in expected if row["decision"] == "kept"]

    assert len(found) == len(kept) == 628
    for row in kept:
        ours = found[row["snapshot"], row["url"]]
        assert ours["line_ids"] == row["line_ids"], row["url"]
        assert (ours["nlines"], ours["length"]) == (row["nlines"], row["length"])
        assert (ours["original_nlines"], ours["title"][:80]) == (row["original_nlines"], row["title"][:80])


def test_every_other_document_is_a_decision_with_ccnets_reason(lake, expected):
    names = {"dropped_min_len": "too_short", "dropped_all_lines_duplicate": "all_paragraphs_repeated"}
    wanted = {(row["snapshot"], row["url"], names[row["decision"]]) for row in expected if row["decision"] != "kept"}

    rows = lake.scan("ops.decisions").filter(pl.col("stage") == "web.documents").collect()

    snapshot = rows["partition"].str.split(",").list.get(1)
    assert set(zip(snapshot, rows["url"], rows["rule"], strict=True)) == wanted
    assert rows.height == 147


def test_a_page_has_one_identity_in_warc_and_wet(lake, samples):
    source = SourceSettings(location=str(samples / "web"))
    partition = {"variant": "resiliparse", "snapshot": SNAPSHOTS[0]}
    settings = PagesSettings(shard_files=4)
    run_stage(Pages(settings, source=source), lake, Serial(), partition)

    wet = lake.scan("web.pages", variant="wet", snapshot=SNAPSHOTS[0]).select("doc_id", "url").collect()
    warc = lake.scan("web.pages", variant="resiliparse", snapshot=SNAPSHOTS[0]).select("doc_id", "url").collect()

    assert wet.join(warc, on=["doc_id", "url"]).height == wet.height == 411


def test_wat_metadata_joins_wet_pages(lake, samples):
    source = SourceSettings(location=str(samples / "web"))
    partition = {"variant": "wet", "snapshot": SNAPSHOTS[1]}
    before = lake.scan("web.pages", version=None, **partition).collect()

    run_stage(Pages(PagesSettings(shard_files=4, wat=True), source=source), lake, Serial(), partition)

    after = lake.scan("web.pages", version=None, **partition).collect()
    assert before["title"].null_count() == 364
    assert after["title"].drop_nulls().len() > 300
    assert after["doc_id"].to_list() == before["doc_id"].to_list()
