"""Checks: on sound data all pass that should; each one fails on data that it is there for; what blocks stops downstream, what warns does not.

Every expectation of every table is spoiled in tests/unit/quality; here it is what people and Dagster see of it.
"""

import uuid

import dagster as dg
import polars as pl
import pytest
from recorded import make_all, recorded
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_archive, write_settings

from corpus_platform.definitions import build_defs, make
from corpus_platform.errors import CheckFailed
from corpus_platform.home import Home
from corpus_platform.quality import run, suite
from corpus_platform.quality.expectation import Expectation
from corpus_platform.quality.figures import SuiteError
from corpus_platform.quality.run import run_suite

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


def verdict(home, check, name):
    """(passed, figures) of a check on the planted partition."""
    outcomes = run_suite(home, name, WHERE, {check}).outcomes
    figures = {key: value for outcome in outcomes for key, value in outcome.more.items()}
    figures |= {outcome.id: outcome.observed for outcome in outcomes if outcome.id}
    return not any(outcome.is_broken for outcome in outcomes), figures


def batch_of(home, assets=("corpora/ccnet",)):
    """The run that makes some assets of the snapshot."""
    return next(b for b in home.batches(assets, [SNAPSHOT]) if b.key == SNAPSHOT)


def test_on_sound_data_only_the_missing_models_are_warned_of(built):
    _, found = built

    assert found.failed("en-20250101") == set()
    assert found.failed("en") == {("models/language_model", "model_was_made")}
    for snapshot in (SNAPSHOT, NEXT_SNAPSHOT):
        assert found.failed(snapshot) == {("web/wet/documents", "languages_have_models")}


def test_the_warning_of_missing_models_counts_documents_by_language(built):
    found = built[1].checks["web/wet/documents", "languages_have_models", SNAPSHOT]

    assert found.severity.value == "WARN"
    figures = {name: value.value for name, value in found.metadata.items()}
    assert figures["documents_without_perplexity"] == 8
    assert figures["by_language"] == "en 4, zh 4"
    assert "| `en` | `4` |" in figures["failing_rows"]


def test_a_key_that_occurs_twice_stops_everything_downstream(home, instance):
    plant(home, "web.pages", lambda pages: pages.head(1), mode="append")

    with pytest.raises(CheckFailed, match=r"web/wet/pages keys_are_unique: .*keys_seen_twice 1"):
        make(home, instance, batch_of(home))

    found = recorded(instance)
    assert set(found.materialisations) == {("web/wet/pages", SNAPSHOT)}
    assert ("web/wet/pages", "keys_are_unique") in found.failed()
    assert found.checks["web/wet/pages", "keys_are_unique", SNAPSHOT].severity.value == "ERROR"


def test_a_failed_check_shows_the_rows_that_fail_and_nothing_of_them_is_live(home, instance):
    hostile = "](http://track.example) <img src=x> | ` mail@person.example " + "x" * 500
    spoil = pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(hostile)).otherwise("charset_source")
    plant(home, "web.pages", lambda pages: pages.with_columns(charset_source=spoil))

    with pytest.raises(CheckFailed, match=r"values_are_allowed: .*charset_source: not one of"):
        make(home, instance, batch_of(home, ["web/wet/pages"]))

    metadata = recorded(instance).checks["web/wet/pages", "values_are_allowed", SNAPSHOT].metadata
    head, *rows = metadata["failing_rows"].value.split("\n\n")[1].splitlines()
    assert head == "| `lake_file` | `row` | `doc_id` | `found` |"
    assert len(rows) == 2
    assert "| `3` |" in rows[1]
    assert "charset_source = ](http://track.example) <img src=x> ¦ ' ‹e-mail› xxx" in rows[1]
    assert len(rows[1]) < 300
    assert rows[1].count("`") == 8


def test_what_fails_is_on_a_page_beside_the_home(home, instance):
    plant(home, "web.pages", lambda pages: pages.head(1), mode="append")

    with pytest.raises(CheckFailed):
        make(home, instance, batch_of(home, ["web/wet/pages"]))

    [run_] = instance.get_runs()
    page = recorded(instance).checks["web/wet/pages", "keys_are_unique", SNAPSHOT].metadata["page"].value
    assert page == str(home.path / "quality" / f"{run_.run_id}.html")
    text = (home.path / "quality" / f"{run_.run_id}.html").read_text()
    assert "keys seen twice" in text
    assert text.count('<span class="name">') == 1


def test_a_suite_that_can_t_be_evaluated_is_an_error_with_its_reason_and_no_verdict(home, instance, monkeypatch):
    real = suite.suite_of("web.pages")
    # Great Expectations compares it with a text, which raises inside of its evaluation.
    broken = Expectation("rows", "has_rows", "The partition has rows", find=lambda _: run.Found("many"), least=1)
    others = tuple(e for e in real.expectations if e.figure != "rows")
    monkeypatch.setattr(run, "suite_of", lambda _: suite.Suite(real.spec, (broken, *others), real.profile))

    with pytest.raises(SuiteError, match=r"the suite of web.pages could not be evaluated: expectation `rows`: .*str"):
        make(home, instance, batch_of(home))

    [run_] = instance.get_runs()
    (failure,) = instance.all_logs(run_.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    found = recorded(instance)
    assert "could not be evaluated" in failure.dagster_event.step_failure_data.user_failure_data.description
    assert [key for key in found.checks if key[0] == "web/wet/pages"] == []
    assert set(found.materialisations) == {("web/wet/pages", SNAPSHOT)}


def test_one_check_can_be_run_without_the_others(home, instance):
    instance.add_dynamic_partitions("cc_snapshot", [SNAPSHOT])
    pages = dg.AssetKey(["web", "wet", "pages"])
    job = build_defs(home).resolve_implicit_global_asset_job_def()
    chosen = job.get_subset(
        asset_selection={pages}, asset_check_selection={dg.AssetCheckKey(pages, "few_broken_records")}
    )

    chosen.execute_in_process(instance=instance, partition_key=SNAPSHOT)

    assert set(recorded(instance).checks) == {("web/wet/pages", "few_broken_records", SNAPSHOT)}


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


def test_an_empty_partition_is_found(home):
    plant(home, "web.pages", lambda pages: pages.clear())

    assert verdict(home, "has_rows", "web.pages") == (False, {"rows": 0})


def test_a_document_that_vanished_is_found(home):
    plant(home, "web.documents", lambda documents: documents.head(7))

    passed, figures = verdict(home, "nothing_is_lost", "web.documents")

    assert not passed
    assert figures == {"read": 10, "kept": 7, "dropped_or_rejected": 2}


def test_a_record_that_vanished_is_found(home):
    plant(home, "web.pages", lambda pages: pages, counters={"records": 12, "kept": 10, "rejects:truncated": 1})

    passed, figures = verdict(home, "nothing_is_lost", "web.pages")

    assert not passed
    assert figures == {"read": 12, "kept": 10, "dropped_or_rejected": 1}


def test_documents_of_unsure_language_are_found(home):
    plant(home, "web.documents", lambda d: d.with_columns(language_score=pl.lit(0.3, pl.Float32)))

    passed, figures = verdict(home, "languages_are_sure", "web.documents")

    assert not passed
    assert (figures["unsure"], figures["documents"], figures["share"]) == (8, 8, 1.0)


@pytest.mark.parametrize(("tail", "passes"), [(1.0, False), (0.5, True)])
def test_cut_offs_that_fit_other_texts_are_found(home, tail, passes):
    def spread(documents):
        many = pl.concat([documents.filter(pl.col("language") == "en")] * 30)
        bucket = pl.when(pl.int_range(pl.len()) < tail * pl.len()).then(pl.lit("tail")).otherwise(pl.lit("head"))
        return many.with_columns(bucket=bucket)

    plant(home, "web.documents", spread)

    passed, figures = verdict(home, "buckets_are_spread", "web.documents")

    assert passed == passes
    assert figures["en"] == ("tail 120" if tail == 1 else "head 60, tail 60")
    assert figures["lopsided"] == ("" if passes else "en")


def test_a_snapshot_of_unusual_size_is_found_once_there_are_three_others(home):
    few = verdict(home, "is_like_before", "web.pages")
    for number in range(3):
        copy_to(home, f"CC-MAIN-2025-1{number}")
    usual = verdict(home, "is_like_before", "web.pages")
    plant(home, "web.pages", lambda pages: pages.head(3))
    small = verdict(home, "is_like_before", "web.pages")

    assert few[0] is True
    assert "size_against_the_others" not in {name for name, value in few[1].items() if value is not None}
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
