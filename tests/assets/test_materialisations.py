"""What a run records: figures, pictures, a preview, versions; that a second run changes nothing; how a failed one is told."""

import base64
import re

import dagster as dg
import polars as pl
import pytest
from recorded import make_all, recorded
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_archive, write_settings

from assets.metadata import of_report
from corpus_platform.definitions import add_partitions, known_partitions, make, materialize
from corpus_platform.errors import RejectBudgetExceeded, SourceError
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import table_of

WEB = ["web/wet/pages", "web/wet/paragraph_hashes", "web/wet/paragraphs", "web/wet/documents", "corpora/ccnet"]
PICTURE = re.compile(r"!\[([^\]]+)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")


def test_a_run_makes_every_asset_of_both_snapshots(built):
    _, found = built

    assert set(found.materialisations) == {
        ("encyclopedia/articles", "en-20250101"),
        ("models/language_model", "en"),
        *((asset, snapshot) for asset in WEB for snapshot in (SNAPSHOT, NEXT_SNAPSHOT)),
    }


def test_every_materialisation_says_rows_size_place_version_and_shards(built):
    home, found = built

    for (asset, partition), metadata in found.materialisations.items():
        name = table_of(asset)
        where = next(
            s for s in home.lake.states(name) if partition in {"-".join(s.partition.values()), *s.partition.values()}
        )
        assert metadata["dagster/partition_row_count"] == where.rows
        assert metadata["size_mb"] == round(where.bytes / 1e6, 3)
        assert metadata["table_version"] == where.version
        assert metadata["lake_run"] == where.run
        assert metadata["dagster/uri"].startswith(home.lake.uri(name) + "/")
        rows = sum(state.rows for state in home.lake.states(name))
        assert metadata["dagster/row_count"] == (where.rows if partition == SNAPSHOT else rows)
        shards = FILES if asset.startswith(("web/", "corpora/")) and "paragraphs" not in asset else 1
        assert metadata["shards"] == metadata["shards_run"] == shards
        assert not {"shards_resumed", "shards_retried"} & metadata.keys()


def test_documents_are_counted_by_what_became_of_them(built):
    metadata = built[1].metadata("web/wet/documents")

    assert metadata["records"] == FILES * (PAGES + 1)
    assert metadata["dropped/too_short"] == FILES
    assert metadata["kept"] == FILES * PAGES
    assert metadata["lines_removed/repeated_in_group"] > 0
    assert metadata["outcome"].splitlines()[2:] == [
        "| read | 10 | 100.0% |",
        "| too short | 2 | 20.0% |",
        "| **kept** | 8 | 80.0% |",
    ]


def test_the_pictures_are_of_the_funnel_and_of_the_languages(built):
    pictures = PICTURE.findall(built[1].metadata("web/wet/documents")["pictures"])

    assert [title for title, _ in pictures] == [
        f"web.documents, wet, {SNAPSHOT}: records",
        f"web.documents, wet, {SNAPSHOT}: documents by language",
    ]
    assert all(base64.b64decode(data).startswith(b"<svg ") for _, data in pictures)


def test_the_preview_has_five_rows_cut_short(built):
    preview = built[1].metadata("web/wet/documents")["preview"]

    head, _, *rows = preview.splitlines()
    assert "| text |" in head
    assert len(rows) == 5
    assert "青石镇" in preview
    assert all(len(cell) < 90 for row in rows for cell in row.split(" | "))


def test_a_hostile_text_cannot_put_links_or_pictures_into_the_preview(home):
    report = home.run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    hostile = "![x](http://track.example/a) `</code>` | <img src=http://track.example> \x00 end"
    pages = home.lake.scan("web.pages", variant="wet", snapshot=SNAPSHOT).with_columns(text=pl.lit(hostile))
    home.lake.scan = lambda *_, **__: pages

    preview = of_report(home, report)["preview"].value

    shown = "`![x](http://track.example/a) '</code>' ¦ <img src=http://track.example> end`"
    assert preview.count(shown) == 5


def test_personal_data_is_masked_in_the_preview_and_ids_are_not(home):
    report = home.run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    said = (
        "Write to jane.doe@mail.example or call +44 20 7946 0958 from 81.2.69.142. " + "x" * 60 + " late@mail.example"
    )
    pages = home.lake.scan("web.pages", variant="wet", snapshot=SNAPSHOT)
    ids = pages.select("doc_id").head(5).collect()["doc_id"]
    home.lake.scan = lambda *_, **__: pages.with_columns(
        text=pl.lit(said), url=pl.lit("https://a.example/?to=x%40y.example")
    )

    preview = of_report(home, report)["preview"].value

    assert preview.count("`Write to ‹e-mail› or call ‹phone› from ‹IP›. xxx") == 5
    assert preview.count("`https://a.example/?to=‹e-mail›`") == 5
    assert not [part for part in ("jane", "7946", "81.2", "late@", "y.example") if part in preview]
    assert all(doc_id in preview for doc_id in ids)


def test_a_materialisation_says_what_to_type_next_about_its_own_partition(built):
    pages, corpus = (built[1].metadata(asset)["read_on"] for asset in ("web/wet/pages", "corpora/ccnet"))

    assert f"`corpus sql \"from web.pages where snapshot = '{SNAPSHOT}' limit 5\"`" in pages
    assert re.search(r"`corpus explain [0-9a-f]{32}`", pages)
    assert f"`corpus funnel ccnet --snapshot {SNAPSHOT}`" in corpus
    assert all("`docs/tables.md`" in text and len(text) <= 1000 for text in (pages, corpus))


def test_what_a_materialisation_leaves_in_the_event_store_is_bounded(built):
    sizes = {key: len(str(metadata)) for key, metadata in built[1].materialisations.items()}

    assert max(sizes.values()) < 20_000, max(sizes, key=lambda key: sizes[key])


def test_the_data_version_is_the_fingerprint_of_the_commit(home, instance):
    make_all(home, instance)

    event = instance.get_latest_materialization_event(dg.AssetKey(["corpora", "ccnet"]))

    state = home.lake.state("corpora.ccnet", {"variant": "wet.ccnet", "snapshot": SNAPSHOT})
    assert event.asset_materialization.tags["dagster/data_version"] == state.fingerprint


def test_a_second_run_computes_no_shard_and_commits_nothing(home, instance, built):
    make_all(home, instance)

    found = recorded(instance)

    for (asset, partition), metadata in found.materialisations.items():
        assert metadata["changed"] is False
        assert metadata["shards_run"] == 0
        assert metadata["shards_resumed"] == metadata["shards"]
        assert metadata["table_version"] == built[1].metadata(asset, partition)["table_version"]
        assert metadata["outcome"] == built[1].metadata(asset, partition)["outcome"]


def test_a_run_makes_its_partition_known_and_carries_it_as_a_tag(home, instance):
    add_partitions(instance, snapshots=["another"])
    (batch,) = home.batches(["web/pages"], [SNAPSHOT], upstream=False)

    result = make(home, instance, batch)

    assert known_partitions(instance) == [SNAPSHOT, "another"]
    assert result.dagster_run.tags["corpus/partition"] == SNAPSHOT


def test_text_is_taken_from_archives_by_worker_processes(home, instance):
    write_settings(home.path, variants=["resiliparse"], engine={"kind": "process", "workers": 1})
    add_partitions(instance, snapshots=[SNAPSHOT])

    materialize(Home.open(home.path), instance, ["web/resiliparse/pages"], SNAPSHOT)

    metadata = recorded(instance).metadata("web/resiliparse/pages")
    assert metadata["rejects/not_html"] == FILES
    assert metadata["kept"] == FILES * (PAGES + 1)
    assert "| not html | 2 | 16.7% |" in metadata["outcome"]


def test_a_stage_that_gives_up_fails_without_a_traceback_and_says_what_is_unfinished(home, instance):
    make_archive(home.path / "own", pages=range(20, 24), clipped=True)
    write_settings(home.path, variants=["resiliparse"], source={"location": "crawl", "archives": {"own": "own"}})
    spoilt = Home.open(home.path)
    add_partitions(instance, snapshots=["own"])

    with pytest.raises(RejectBudgetExceeded, match="1 of 5 records are broken"):
        materialize(spoilt, instance, ["web/resiliparse/pages"], "own")

    (run,) = instance.get_runs()
    (failure,) = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    data = failure.dagster_event.step_failure_data.user_failure_data
    assert "more than the budget of 5%" in data.description
    assert {name: value.value for name, value in data.metadata.items()} == {
        "error": "RejectBudgetExceeded",
        "shards": 1,
        "shards_failed": 0,
    }


def test_a_snapshot_that_is_not_there_fails_with_the_source_s_own_words(home, instance):
    add_partitions(instance, snapshots=["CC-MAIN-1999-01"])

    with pytest.raises(SourceError, match="CC-MAIN-1999-01"):
        materialize(home, instance, ["web/wet/pages"], "CC-MAIN-1999-01")
