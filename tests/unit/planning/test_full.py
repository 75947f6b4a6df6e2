"""The arithmetic of plans of whole crawls, on rates that are easy to reckon with."""

from dataclasses import replace

import pytest
from rates_of import CRAWL, METHOD, dedup_rates, order, rates, stage

from corpus_platform.home import Home
from corpus_platform.planning.crawls import figures
from corpus_platform.planning.full import keys_of, plan_full
from corpus_platform.planning.shape import SHAPES
from corpus_platform.settings import CorpusSettings
from corpus_platform.stages import dedup_estimates as dedup


def test_reading_grows_with_the_compressed_bytes_of_the_crawl():
    found = plan_full(rates(stage("web.pages")), order()).stages[0]

    # 15 MB took 7.5 s: 20 GB take 10,000 s of a core, in 100 shards, ten rounds on ten cores.
    assert found.core_hours == pytest.approx(10_000 / 3600)
    assert found.shards == 100
    assert found.hours == pytest.approx(1_000 / 3600)
    assert found.disk == 2_000_000_000
    assert found.memory == 500_000_000


def test_wet_files_are_fewer_bytes_than_warc_files():
    warc, wet = (plan_full(rates(stage("web.pages", of)), order()).stages[0] for of in ("resiliparse", "wet"))

    assert wet.core_hours / warc.core_hours == pytest.approx(3 / 20)


def test_what_reads_texts_grows_with_the_pages_of_the_part_that_was_timed():
    found = plan_full(rates(stage("web.signals")), order()).stages[0]

    # Three of four files, 750 of 1,000 pages, took 7.5 s.
    assert found.core_hours == pytest.approx(10_000 / 3600)
    assert found.disk == 2_000_000_000


def test_cores_beyond_the_shards_save_nothing_and_a_last_round_is_paid_whole():
    slow, fast, faster = (plan_full(rates(stage("web.pages")), order(cores=n)) for n in (60, 100, 1_000))

    assert slow.stages[0].hours == pytest.approx(2 * fast.stages[0].hours)
    assert faster.stages[0].hours == fast.stages[0].hours
    assert faster.compute == pytest.approx(10 * fast.compute)


def test_money_is_cores_storage_and_requests():
    plan = plan_full(
        rates(stage("web.pages")), order(core_hour=0.1, gb_month=0.02, months=3, put_1000=1.0, get_1000=0.5)
    )

    assert plan.compute == pytest.approx(10 * 1_000 / 3600 * 0.1)
    assert plan.storage == pytest.approx(2 * 0.02 * 3)
    assert plan.requests == pytest.approx(plan.total("puts") / 1e3 + plan.total("gets") / 2e3)
    assert plan.total("puts") == 100 * SHAPES["web.pages"].puts + 24


def test_keys_are_those_of_the_samples_documents():
    assert keys_of(dedup_rates(), METHOD, order()) == 14_000_000


def test_matching_costs_the_new_keys_once_and_the_earlier_ones_for_each_pair():
    one = plan_full(dedup_rates(), order()).stages[1]
    three = plan_full(dedup_rates(), order(snapshots=3)).stages[1]
    later = plan_full(dedup_rates(), order(earlier=3)).stages[1]

    new, old = 14e6 * dedup.SECONDS_OF_KEY / 3600, 14e6 * dedup.SECONDS_OF_EARLIER_KEY / 3600
    assert one.core_hours == pytest.approx(new)
    assert three.core_hours == pytest.approx(3 * new + 3 * old)
    assert later.core_hours == pytest.approx(new + 3 * old)
    assert three.earlier_core_hours == later.earlier_core_hours == pytest.approx(3 * old)
    assert one.shards == 2


def test_clusters_are_one_shard_and_spill_by_documents_and_links():
    plan = plan_full(dedup_rates(), order())

    clusters = plan.stages[2]
    assert clusters.shards == 1
    assert clusters.hours == clusters.core_hours
    assert clusters.spill == 1_000_000 * dedup.DOCUMENT_SPILLED + 1_400_000 * dedup.LINK_SPILLED


def test_each_range_of_addresses_looks_through_all_pages():
    rate = stage("web.url_history", shards=1, records=1_000, seconds=0.0)
    few, many = (plan_full(rates(rate), order(shard_addresses=n)).stages[0] for n in (2_000_000, 200_000))

    assert (few.shards, many.shards) == (1, 10)
    assert many.core_hours == pytest.approx(10 * few.core_hours)
    assert many.read == 10 * few.read
    assert many.gets > 10 * 100


def test_what_is_short_names_clusters_memory_and_snapshots_before():
    large = replace(order(snapshots=100, cores=1_000, core_gb=0.4), crawl=CRAWL.scaled(3_000_000_000))

    quick = dedup_rates()
    quick = quick.model_copy(
        update={"stages": (quick.stages[0].model_copy(update={"seconds": 0.075}), *quick.stages[1:])}
    )

    said = "\n".join(plan_full(quick, large).bottlenecks)

    assert f"web.duplicates [{METHOD}]: one shard a snapshot on 1,000 cores" in said
    assert "for 4,950 pairs of snapshots" in said
    assert "a worker takes 1.4 GB, a core has 0.4 GB" in said


def test_every_stage_of_the_web_has_a_shape(tmp_path):
    stages = Home(tmp_path, CorpusSettings()).stages

    of_the_web = {name for name in stages if name.startswith("web.")}
    assert of_the_web == set(SHAPES)


def test_the_figures_of_common_crawl_are_of_one_size():
    known = figures()

    assert known.all.pages / known.all.snapshots == pytest.approx(known.snapshot.pages, rel=0.1)
    assert 20_000 < known.snapshot.warc_bytes / known.snapshot.pages < 40_000
