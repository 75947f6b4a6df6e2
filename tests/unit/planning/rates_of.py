"""Rates that are easy to reckon with: a sample of 1,000 pages of 20 kB, read in four files of which three were timed."""

from corpus_platform.planning.crawls import Crawl
from corpus_platform.planning.full import Order
from corpus_platform.planning.rates import MachineFacts, Rates, SampleFacts, StageRate

CRAWL = Crawl(pages=1_000_000, files=800, warc_bytes=20_000_000_000, wet_bytes=3_000_000_000)
METHOD = "resiliparse/web.minhash"


def stage(name, of="resiliparse", **known):
    figures = {
        "shards": 3,
        "records": 750,
        "bytes_in": 15_000_000,
        "seconds": 7.5,
        "rows_out": 750,
        "bytes_out": 1_500_000,
        "peak_memory": 500_000_000,
    }
    return StageRate(stage=name, of=of, **(figures | known))


def rates(*stages):
    return Rates(
        measured="2026-11-28T00:00:00+00:00",
        machine=MachineFacts(processor="one", cores=2, memory=8 << 30, python="3.11", platform_version="0.1.0"),
        sample=SampleFacts(
            kind="made", snapshots=2, files=4, records=1_000, pages=1_000, input_bytes=20_000_000, text_bytes=5_000_000
        ),
        base="resiliparse",
        log_bytes_per_file=400.0,
        stages=stages,
    )


def dedup_rates():
    """A dedup with 14 keys for each of all documents, a tenth of which are linked."""
    return rates(
        stage("web.dedup_documents", METHOD, counters={"records": 750, "kept": 750, "keys": 10_500}),
        stage("web.dedup_index", METHOD, shards=1, counters={"keys": 14_000, "edges": 1_400}),
        stage("web.duplicates", METHOD, shards=1, counters={"records": 1_000}),
    )


def order(**known):
    return Order(**({"crawl": CRAWL, "snapshots": 1, "cores": 10} | known))
