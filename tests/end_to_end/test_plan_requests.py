"""Requests that a plan tells, against those that a real S3 server was sent."""

import re
from collections import Counter

import pytest
from conftest import BUCKET, KEY, SECRET, beside_python, free_port, server
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_crawl

from corpus_platform.engine.settings import EngineSettings
from corpus_platform.home import Home
from corpus_platform.lake.storage import Storage
from corpus_platform.planning import measure as measuring
from corpus_platform.planning.crawls import Crawl
from corpus_platform.planning.full import Order, plan_full
from corpus_platform.settings import CorpusSettings

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

_LINE = re.compile(r'"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP')


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A server of its own, whose log is read: what gives the requests so far, of those that are paid as PUT and as GET."""
    log, port = tmp_path / "log", free_port()
    with server([str(beside_python("moto_server")), "-H", "127.0.0.1", "-p", str(port)], port, log) as endpoint:
        for name, value in (
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_ENDPOINT_URL", endpoint),
        ):
            monkeypatch.setenv(name, value)
        Storage(f"s3://{BUCKET}").filesystem().call_s3("create_bucket", Bucket=BUCKET)

        def so_far():
            found = Counter()
            for method, path in _LINE.findall(log.read_text(errors="replace")):
                # Lists are paid like puts; deletions are free.
                is_put = method in {"PUT", "POST"} or "list-type=2" in path
                found["puts" if is_put else "gets"] += method != "DELETE"
            return found

        yield so_far


def test_a_plan_tells_the_requests_of_a_chain_within_a_factor_of_two(counted, tmp_path, monkeypatch):
    make_crawl(tmp_path / "crawl", SNAPSHOT)
    make_crawl(tmp_path / "crawl", NEXT_SNAPSHOT, first_page=4)
    values = {"variants": ["wet"], "source": {"location": "crawl"}, "recipes": {"enabled": ["ccnet"]}}
    home = Home(tmp_path, CorpusSettings.model_validate(values))
    real, sent = measuring.run_stage, {}

    def watched(stage, lake, engine, partition, **others):
        before = counted()
        report = real(stage, lake, engine, partition, **others)
        sent[stage.name] = counted() - before
        return report

    monkeypatch.setattr(measuring, "run_stage", watched)
    rates = measuring.measure(home, files=2, lake=f"s3://{BUCKET}/rates", engine=EngineSettings(kind="serial"))
    crawl = Crawl(pages=rates.sample.pages, files=2, warc_bytes=1, wet_bytes=rates.sample.input_bytes)

    plan = plan_full(rates, Order(crawl=crawl, snapshots=1, cores=1, shard_files=1, earlier=1))

    for kind in ("puts", "gets"):
        told, was = plan.total(kind), sum(found[kind] for found in sent.values())
        assert was / 2 <= told <= was * 2, (kind, told, was, sent)
