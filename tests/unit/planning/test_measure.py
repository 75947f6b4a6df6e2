"""Rates are measured by the stages themselves, on a sample of the home's own input, in a lake that is gone afterwards."""

import pytest
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_crawl

from corpus_platform.engine.settings import EngineSettings
from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.planning.crawls import figures
from corpus_platform.planning.full import Order, plan_full
from corpus_platform.planning.measure import measure
from corpus_platform.planning.shape import SHAPES
from corpus_platform.settings import CorpusSettings

SERIAL = EngineSettings(kind="serial")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    for number, snapshot in enumerate((SNAPSHOT, NEXT_SNAPSHOT)):
        make_crawl(folder / "crawl", snapshot, first_page=number)
    values = {"variants": ["wet"], "source": {"location": "crawl"}, "recipes": {"enabled": ["ccnet"]}}
    values |= {"dedup": {"presets": ["minhash/fineweb"], "variants": ["wet"]}}
    home = Home(folder, CorpusSettings.model_validate(values))
    return home, measure(home, files=2, engine=SERIAL)


def test_every_stage_of_the_chain_has_a_rate_of_the_last_snapshot(measured):
    _, rates = measured

    stages = {rate.stage for rate in rates.stages}
    assert stages == {*SHAPES, "corpora.ccnet"} - {"web.signals"}
    pages = next(rate for rate in rates.stages if rate.stage == "web.pages")
    # The first of two files loads what is needed and is not counted.
    assert pages.shards == FILES - 1
    assert pages.records == PAGES + 1
    assert pages.bytes_in > 0
    assert pages.bytes_out > 0
    assert 0 < pages.seconds < 60
    documents = next(rate for rate in rates.stages if rate.stage == "web.dedup_documents")
    assert documents.counters["kept"] == PAGES + 1
    # A short page has too few words for a signature.
    assert documents.counters["keys"] == 14 * PAGES


def test_the_sample_is_described_and_nothing_of_it_stays(measured):
    home, rates = measured

    assert rates.sample.files == FILES
    assert rates.sample.snapshots == 2
    assert rates.sample.pages == FILES * (PAGES + 1)
    assert rates.sample.text_bytes > rates.sample.pages * 100
    assert rates.machine.cores >= 1
    assert rates.log_bytes_per_file > 100
    assert not (home.path / "lake").exists()


def test_a_plan_by_measured_rates_has_every_stage(measured):
    _, rates = measured

    plan = plan_full(rates, Order(crawl=figures().snapshot, snapshots=2, cores=96))

    assert [stage.stage for stage in plan.stages] == [rate.stage for rate in rates.stages]
    assert plan.total("core_hours") > 0
    assert any("web.duplicates [wet/web.minhash-fineweb]: one shard" in line for line in plan.bottlenecks)


def test_a_home_without_input_is_told_of_the_made_sample(tmp_path):
    (tmp_path / "crawl").mkdir()
    home = Home(tmp_path, CorpusSettings.model_validate({"source": {"location": "crawl"}}))

    with pytest.raises(SettingsError, match=r"no input to measure with.*--made 20"):
        measure(home, engine=SERIAL)
