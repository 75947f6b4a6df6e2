"""The web chain from bucket to bucket through Dagster, and what happens to it when the server goes wrong: each time the tables of an undisturbed run.

The undisturbed run is one of local folders, without Dagster. Tables are compared whole: all of the lake's, all columns, row for row.
"""

import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from conftest import KEY, SECRET, beside_python
from faulty_s3 import Gateway, Trouble, proxy
from stage_crawl import SNAPSHOT, make_crawl

from corpus_platform.definitions import instance_of, make
from corpus_platform.home import Home
from corpus_platform.lake import Lake
from corpus_platform.lake.storage import Storage

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

NEXT = "CC-MAIN-2024-18"
OUTAGE = 20
"""Seconds."""
COMMON = """
variants: [wet]
pages: {shard_files: 1}
reject_budget: 1.0
recipes: {enabled: []}
"""
SERIAL, WORKERS = "engine: {kind: serial}\n", "engine: {kind: process, workers: 2}\n"
"""Starting workers costs more than these shards do: only where it matters that requests come from several processes."""


@dataclass(frozen=True)
class Bucket:
    """A real server with two buckets, and the lock that its lack of conditional writes asks for."""

    endpoint: str
    lock: str | None

    def storage(self, place):
        return Storage(f"s3://{place}", endpoint=self.endpoint, region="us-east-1", key=KEY, secret=SECRET)

    def home(self, folder, place, *, endpoint=None, engine=SERIAL):
        """A home whose lake and logs are in the bucket `corpus`, and whose input is in the bucket `commoncrawl`."""
        folder.mkdir(parents=True, exist_ok=True)
        s3 = f"s3: {{location: 's3://corpus/{place}', endpoint: '{endpoint or self.endpoint}', region: us-east-1, retry_seconds: 60}}\n"
        lock = f"lake: {{lock: 'file:{self.lock}'}}\n" if self.lock else ""
        (folder / "corpus.yaml").write_text(f"{s3}{lock}source: {{location: 's3://commoncrawl'}}\n{COMMON}{engine}")
        return Home.open(folder)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """Two snapshots in Common Crawl's layout."""
    base = make_crawl(tmp_path_factory.mktemp("crawl"), files=5)
    return make_crawl(base, files=3, snapshot=NEXT)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("gateway"), buckets=("commoncrawl", "corpus")) as found:
        yield found


@pytest.fixture(scope="module")
def juicefs(gateway, crawl, tmp_path_factory):
    found = Bucket(gateway.endpoint, str(tmp_path_factory.mktemp("locks")))
    return filled(found, crawl, ("commoncrawl", "corpus"))


@pytest.fixture(scope="module")
def moto(moto_server, crawl):
    return filled(Bucket(moto_server.endpoint, None), crawl, ("commoncrawl",))


def filled(bucket, crawl, missing):
    fs = bucket.storage("commoncrawl").filesystem()
    for name in missing:
        fs.call_s3("create_bucket", Bucket=name)
    fs.put(f"{crawl}/crawl-data", "commoncrawl/crawl-data", recursive=True)
    return bucket


@pytest.fixture(params=["moto", "juicefs"])
def bucket(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture(scope="module")
def undisturbed(crawl, tmp_path_factory):
    """The tables that local folders give: of the first snapshot, and of both."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "corpus.yaml").write_text(f"source: {{location: '{crawl}'}}\n{COMMON}{SERIAL}")
    home, found = Home.open(folder), {}
    for snapshot in (SNAPSHOT, NEXT):
        for name, partition in batch_of(home, snapshot).tables:
            home.run(name, partition)
        found[snapshot] = tables_of(home.lake)
    return found


def batch_of(home, snapshot=SNAPSHOT):
    (batch,) = home.batches(["corpora/ccnet"], [snapshot])
    return batch


def run_all(home, snapshot=SNAPSHOT):
    return [home.run(name, partition) for name, partition in batch_of(home, snapshot).tables]


def tables_of(lake):
    """Every table that has rows, whole."""
    frames = {spec.name: lake.scan(spec.name).collect() for spec in lake.tables()}
    return {name: frame for name, frame in frames.items() if frame.height}


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    assert "corpora.ccnet" in found
    assert [name for name in wanted if not found[name].equals(wanted[name])] == []


def test_the_web_chain_goes_from_bucket_to_bucket_and_a_second_run_makes_nothing(juicefs, undisturbed, place, tmp_path):
    home = juicefs.home(tmp_path, place)
    fs = juicefs.storage("corpus").filesystem()
    before = fs.find("commoncrawl", detail=True)

    with instance_of(home) as instance:
        first = make(home, instance, batch_of(home))
        versions = {spec.name: home.lake.version(spec.name) for spec in home.lake.tables()}
        second = make(home, instance, batch_of(home))

    checks = first.get_asset_check_evaluations()
    assert first.success
    assert second.success
    assert {check.check_name for check in checks} >= {"keys_are_unique", "columns_are_filled"}
    assert [check for check in checks if not check.passed and check.blocking] == []
    assert_same(tables_of(Home.open(tmp_path).lake), undisturbed[SNAPSHOT])
    assert batch_of(home).is_current(Home.open(tmp_path))
    assert {spec.name: home.lake.version(spec.name) for spec in home.lake.tables()} == versions
    assert {path.split("/")[2] for path in fs.find(f"corpus/{place}")} == {"lake", "logs"}
    assert fs.find(f"corpus/{place}/logs/storage/{first.run_id}/compute_logs")
    assert {name: facts["ETag"] for name, facts in before.items()} == {
        name: facts["ETag"] for name, facts in fs.find("commoncrawl", detail=True).items()
    }
    assert not (tmp_path / "lake").exists()


def test_a_server_that_is_away_for_twenty_seconds_is_waited_for(gateway, juicefs, undisturbed, place, tmp_path):
    home = juicefs.home(tmp_path, place, engine=WORKERS)
    storage = juicefs.storage(f"corpus/{place}/lake")

    with outage(gateway, lambda: has_markers(storage)) as times, instance_of(home) as instance:
        result = make(home, instance, batch_of(home))
        times["ended"] = time.monotonic()

    assert result.success
    assert times["killed"] + OUTAGE < times["back"] < times["ended"]
    assert_same(tables_of(Home.open(tmp_path).lake), undisturbed[SNAPSHOT])


def has_markers(storage):
    """Whether the first shard of the first stage is finished, and so more are under way."""
    lake = Lake(storage.location, storage=storage)
    return bool(lake.markers("web.pages", {"variant": "wet", "snapshot": SNAPSHOT}).stored())


@contextmanager
def outage(gateway, amid):
    """While the block runs: once `amid` holds the server is killed, and it is started again `OUTAGE` seconds later."""
    times, over = {}, threading.Event()

    def stop_and_start():
        while not over.is_set() and not amid():
            time.sleep(0.05)
        gateway.kill()
        times["killed"] = time.monotonic()
        time.sleep(OUTAGE)
        gateway.start()
        times["back"] = time.monotonic()

    thread = threading.Thread(target=stop_and_start, daemon=True)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join(OUTAGE + 60)


def test_slow_down_resets_and_lost_answers_are_waited_out(bucket, undisturbed, place, tmp_path):
    made = Trouble(slow_down=0.15, reset=0.04, lost=0.04)

    with proxy(bucket.endpoint, made) as endpoint:
        home = bucket.home(tmp_path, place, endpoint=endpoint, engine=WORKERS)
        reports = run_all(home)
        again = run_all(Home.open(tmp_path))

    done = made.done.total()
    for fate, share in (("slow down", made.slow_down), ("reset", made.reset), ("lost", made.lost)):
        assert 0.4 * share * done <= made.done[fate] <= 2 * share * done
    assert all(report.changed for report in reports)
    assert not any(report.changed or report.ran for report in again)
    assert_same(tables_of(bucket.home(tmp_path, place).lake), undisturbed[SNAPSHOT])


def test_two_runs_on_two_snapshots_at_once_make_what_they_make_alone(bucket, undisturbed, place, tmp_path):
    runs = {}
    for snapshot in (SNAPSHOT, NEXT):
        home = bucket.home(tmp_path / snapshot, place)
        command = [
            str(beside_python("corpus")),
            "--home",
            str(home.path),
            "run",
            "corpora/ccnet",
            "--snapshot",
            snapshot,
        ]
        runs[snapshot] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = {snapshot: run.communicate(timeout=240)[0] for snapshot, run in runs.items()}

    assert {snapshot: run.returncode for snapshot, run in runs.items()} == dict.fromkeys(runs, 0), said
    assert_same(tables_of(bucket.home(tmp_path, place).lake), undisturbed[NEXT])
