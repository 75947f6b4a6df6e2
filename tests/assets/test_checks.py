"""Checks: on sound data all pass that should; each one fails on data that it is there for; what blocks stops downstream, what warns does not."""

import uuid

import polars as pl
import pytest
from recorded import make_all, recorded
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_archive, write_settings

from assets import checks
from corpus_platform.definitions import make
from corpus_platform.errors import CheckFailed
from corpus_platform.home import Home

WHERE = {"variant": "wet", "snapshot": SNAPSHOT}


def plant(home, name, change, *, mode="overwrite", counters=None):
    """Commits a changed copy of a partition as if the stage had written it."""
    state, fence, run = home.lake.state(name, WHERE), home.lake.fence(name, WHERE), uuid.uuid4().hex
    writer = home.lake.writer(name, WHERE, 99, run)
    rows = change(home.lake.scan(name, version=None, **WHERE).collect().drop("variant", "snapshot"))
    if rows.height:
        writer.write(rows, None)
    metadata = {"fingerprint": state.fingerprint, "stage": name, "counters": counters or state.counters}
    home.lake.commit(name, WHERE, writer.close().get(name, []), fence, run=run, metadata=metadata, mode=mode)


def verdict(home, make_test, name, *more):
    """(passed, figures) of a check on the planted partition."""
    return make_test(name, *more)(home, WHERE)


def test_on_sound_data_only_the_missing_models_are_warned_of(built):
    _, found = built

    assert found.failed("en-20250101") == set()
    assert found.failed("en") == {("models/language_model", "model_was_made")}
    for snapshot in (SNAPSHOT, NEXT_SNAPSHOT):
        assert found.failed(snapshot) == {("web/wet/documents", "languages_have_models")}


def test_the_warning_of_missing_models_counts_documents_by_language(built):
    found = built[1].checks["web/wet/documents", "languages_have_models", SNAPSHOT]

    assert found.severity.value == "WARN"
    assert {name: value.value for name, value in found.metadata.items()} == {
        "documents_without_perplexity": 8,
        "by_language": "en 4, zh 4",
    }


def test_a_key_that_occurs_twice_stops_everything_downstream(home, instance):
    batch = next(b for b in home.batches(["corpora/ccnet"], [SNAPSHOT]) if b.key == SNAPSHOT)
    plant(home, "web.pages", lambda pages: pages.head(1), mode="append")

    with pytest.raises(CheckFailed, match=r"web/wet/pages keys_are_unique: .*keys_seen_twice 1"):
        make(home, instance, batch)

    found = recorded(instance)
    assert set(found.materialisations) == {("web/wet/pages", SNAPSHOT)}
    assert ("web/wet/pages", "keys_are_unique") in found.failed()
    assert found.checks["web/wet/pages", "keys_are_unique", SNAPSHOT].severity.value == "ERROR"


def test_too_many_broken_records_are_a_warning_that_stops_nothing(home, instance):
    make_archive(home.path / "own", pages=range(20, 24), clipped=True)
    settings = {"variants": ["resiliparse"], "reject_budget": 0.5}
    write_settings(home.path, source={"location": "crawl", "archives": {"own": "own"}}, **settings)

    make_all(Home.open(home.path), instance, ("own",))

    found = recorded(instance)
    check = found.checks["web/resiliparse/pages", "few_broken_records", "own"]
    assert not check.passed
    assert check.severity.value == "WARN"
    assert check.metadata["broken_records"].value == 1
    assert ("corpora/ccnet", "own") in found.materialisations


def test_keys_are_compared_in_parts_that_fit_memory(home, monkeypatch):
    monkeypatch.setattr(checks, "KEYS_AT_ONCE", 3)
    plant(home, "web.pages", lambda pages: pages.head(2), mode="append")

    passed, figures = verdict(home, checks._keys_are_unique, "web.pages")

    assert not passed
    assert figures["keys_seen_twice"] == 2
    assert [row["rows"] for row in figures["examples"]] == [2, 2]


def test_an_empty_partition_is_found(home):
    plant(home, "web.pages", lambda pages: pages.clear())

    assert verdict(home, checks._has_rows, "web.pages") == (False, {"rows": 0})


def test_a_document_that_vanished_is_found(home):
    plant(home, "web.documents", lambda documents: documents.head(7))

    passed, figures = verdict(home, checks._nothing_is_lost, "web.documents", "web.pages")

    assert not passed
    assert figures == {"read": 10, "kept": 7, "dropped_or_rejected": 2}


def test_a_record_that_vanished_is_found(home):
    plant(home, "web.pages", lambda pages: pages, counters={"records": 12, "kept": 10, "rejects:truncated": 1})

    passed, figures = verdict(home, checks._nothing_is_lost, "web.pages", None)

    assert not passed
    assert figures == {"read": 12, "kept": 10, "dropped_or_rejected": 1}


def test_documents_of_unsure_language_are_found(home):
    plant(home, "web.documents", lambda d: d.with_columns(language_score=pl.lit(0.3, pl.Float32)))

    passed, figures = verdict(home, checks._languages_are_sure, "web.documents")

    assert not passed
    assert (figures["unsure"], figures["documents"], figures["share"]) == (8, 8, 1.0)


@pytest.mark.parametrize(("tail", "passes"), [(1.0, False), (0.5, True)])
def test_cut_offs_that_fit_other_texts_are_found(home, tail, passes):
    def spread(documents):
        many = pl.concat([documents.filter(pl.col("language") == "en")] * 30)
        bucket = pl.when(pl.int_range(pl.len()) < tail * pl.len()).then(pl.lit("tail")).otherwise(pl.lit("head"))
        return many.with_columns(bucket=bucket)

    plant(home, "web.documents", spread)

    passed, figures = verdict(home, checks._buckets_are_spread, "web.documents")

    assert passed == passes
    assert figures["en"] == ("tail 120" if tail == 1 else "head 60, tail 60")
    assert figures["lopsided"] == ("" if passes else "en")


def test_a_snapshot_of_unusual_size_is_found_once_there_are_three_others(home):
    few = verdict(home, checks._size_is_usual, "web.pages")
    for number in range(3):
        copy_to(home, f"CC-MAIN-2025-1{number}")
    usual = verdict(home, checks._size_is_usual, "web.pages")
    plant(home, "web.pages", lambda pages: pages.head(3))
    small = verdict(home, checks._size_is_usual, "web.pages")

    assert few == (True, {"rows": 10, "other_snapshots": 1})
    assert usual[0] is True
    assert small[0] is False
    assert small[1]["median_of_others"] == 10


def copy_to(home, snapshot):
    """Commits the pages of the snapshot under another name."""
    there = {**WHERE, "snapshot": snapshot}
    fence, run = home.lake.fence("web.pages", there), uuid.uuid4().hex
    writer = home.lake.writer("web.pages", there, 0, run)
    writer.write(home.lake.scan("web.pages", version=None, **WHERE).collect().drop("variant", "snapshot"), None)
    home.lake.commit("web.pages", there, writer.close()["web.pages"], fence, run=run, metadata={})
