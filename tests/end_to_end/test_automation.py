"""What runs by itself, through the daemon of `dagster dev`: a snapshot that appears at its source, a run whose code server and process are killed, and a
backfill of twenty snapshots, two at a time. Tables are compared with those of `corpus run`.

One server for all three, over a crawl on a web server. Screenshots go to the folder CORPUS_SCREENSHOTS, where that is set.
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import psutil
import pytest
import yaml
from playwright.sync_api import expect, sync_playwright
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_crawl, make_dump, write_settings
from typer.testing import CliRunner
from ui_server import Ui, free_port, processes_of, serving
from web_server import WebServer, web_server

from corpus_platform.cli import app
from corpus_platform.definitions import instance_of, make
from corpus_platform.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

THIRD, INTERRUPTED = "CC-MAIN-2025-13", "CC-MAIN-2025-18"
EARLIER = [f"CC-MAIN-2024-{week:02}" for week in range(1, 21)]
COMPARED = EARLIER[:1]
"""Of the twenty, those that the undisturbed home makes too."""
CORPUS = {"variant": "wet.ccnet"}
TABLES = ("web.pages", "web.paragraphs", "web.documents", "corpora.ccnet")
SIDE = ("ops.decisions",)
AT_ONCE = 2
SECONDS = 420

RUNS = """
query Backfill($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status numPartitions } }
}"""
PARTITIONS = """
query Partitions($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode { partitionStats { numMaterialized numFailed numPartitions numMaterializing } }
  }
}"""


@dataclass
class Crawl:
    """A crawl on a web server, whose list of snapshots grows. All of them lie ready in `whole`, for two makings of one have other bytes."""

    folder: Path
    server: WebServer
    whole: Path

    def publish(self, *names: str) -> None:
        """Makes snapshots appear at the source; the list comes last."""
        for name in names:
            shutil.copytree(self.whole / "crawl-data" / name, self.folder / "crawl-data" / name)
        write_list(self.folder)


def write_list(folder: Path) -> None:
    """Writes the list of the snapshots that are there, at once."""
    known = sorted(path.name for path in (folder / "crawl-data").iterdir())
    scratch = folder / "collinfo.new"
    scratch.write_text(json.dumps([{"id": name} for name in known]))
    scratch.rename(folder / "collinfo.json")


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Iterator[Crawl]:
    folder, whole = tmp_path_factory.mktemp("crawl"), tmp_path_factory.mktemp("whole")
    for number, name in enumerate([*EARLIER, SNAPSHOT, NEXT_SNAPSHOT, THIRD, INTERRUPTED]):
        make_crawl(whole, name, first_page=PAGES * FILES * number)
    write_list(whole)
    with web_server(folder) as server:
        found = Crawl(folder, server, whole)
        found.publish(SNAPSHOT, NEXT_SNAPSHOT)
        yield found


@pytest.fixture(scope="module")
def home(crawl, tmp_path_factory) -> Path:
    """A home with two snapshots made, automation on, and monitoring that looks every few seconds."""
    folder = tmp_path_factory.mktemp("home")
    make_dump(folder / "encyclopedia")
    automation = {"enabled": True, "every_seconds": 5, "runs_at_once": AT_ONCE}
    write_settings(folder, source={"location": crawl.server.address}, automation=automation)
    make_all(folder, SNAPSHOT, NEXT_SNAPSHOT)
    return folder


@pytest.fixture(scope="module")
def undisturbed(home, crawl, tmp_path_factory) -> Path:
    """A copy of the home, in which the other snapshots are made without a daemon, one after the other."""
    folder = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(home, folder)
    shutil.rmtree(folder / "dagster")
    with web_server(crawl.whole) as server:
        set_source(folder, server.address)
        make_all(folder, *COMPARED, THIRD, INTERRUPTED)
    return folder


def make_all(folder: Path, *snapshots: str) -> None:
    """What `corpus run corpora/ccnet` does."""
    found = Home.open(folder)
    with instance_of(found) as instance:
        for batch in found.batches(["corpora/ccnet"], snapshots):
            if not batch.is_current(found):
                make(found, instance, batch)


def set_source(folder: Path, address: str) -> None:
    file = folder / "corpus.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"source": {"location": address}}))


@pytest.fixture(scope="module")
def ui(home, undisturbed) -> Iterator[Ui]:
    """The UI and the daemon over the home; when it has ended, no process of it is left."""
    file = home / "dagster" / "dagster.yaml"
    values = yaml.safe_load(file.read_text())
    values["run_monitoring"]["poll_interval_seconds"] = 5
    file.write_text(yaml.safe_dump(values))
    with serving(home, free_port()) as found:
        yield found
    assert processes_of(found.session) == []


@pytest.fixture(scope="module")
def instance(home) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home / "dagster")) as found:
        yield found


def wait(ui: Ui, what: str, done: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Looks every second until it is so."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"no {what} in {seconds} s: {ui.log.read_text()[-3000:]}"
        time.sleep(1)


def runs_of(instance: dg.DagsterInstance, snapshot: str) -> list[dg.DagsterRun]:
    """The runs on a snapshot, oldest first."""
    return list(reversed(instance.get_runs(dg.RunsFilter(tags={"dagster/partition": snapshot}))))


def statuses(instance: dg.DagsterInstance, snapshot: str) -> list[str]:
    return [run.status.value for run in runs_of(instance, snapshot)]


def differences(one: Path, other: Path, snapshot: str) -> list[str]:
    """Tables of a snapshot that are not equal in two homes, row for row in their order."""
    here, there = (rows_of(Home.open(folder), snapshot) for folder in (one, other))
    assert all(frame.height for frame in here.values())
    return [name for name, frame in here.items() if not frame.equals(there[name])]


def rows_of(home: Home, snapshot: str) -> dict[str, pl.DataFrame]:
    """The rows of a snapshot in each table, in their order."""
    of_snapshot = pl.col("partition").str.contains(snapshot, literal=True)
    found = {name: home.lake.scan(name, snapshot=snapshot).collect() for name in TABLES}
    return found | {name: home.lake.scan(name).filter(of_snapshot).collect() for name in SIDE}


def test_a_snapshot_that_appears_is_found_and_made_to_the_corpora_unattended(ui, home, undisturbed, crawl, instance):
    crawl.publish(THIRD)

    wait(ui, "third snapshot", lambda: statuses(instance, THIRD) == ["SUCCESS"])

    (run,) = runs_of(instance, THIRD)
    assert run.job_name == "snapshot"
    assert run.tags["corpus/started-by"] == "new_snapshots"
    assert Home.open(home).status_of("corpora.ccnet", {**CORPUS, "snapshot": THIRD}).state == "current"
    assert Home.open(home).lake.scan("corpora.ccnet", snapshot=THIRD).collect().height > 0
    assert differences(home, undisturbed, THIRD) == []
    assert statuses(instance, SNAPSHOT) == statuses(instance, NEXT_SNAPSHOT) == ["SUCCESS"]


def test_a_run_whose_code_server_and_process_are_killed_is_started_again_and_loses_nothing(
    ui, home, undisturbed, crawl, instance
):
    reached, opened = threading.Event(), threading.Event()

    def hold(path: str) -> None:
        if INTERRUPTED in path and path.endswith("part-00001.wet.gz"):
            reached.set()
            opened.wait(SECONDS)

    crawl.server.before = hold
    crawl.publish(INTERRUPTED)
    wait(ui, "run at its second shard", reached.is_set)
    killed = kill(ui, "code-server start", "api grpc", "spawn_main")
    opened.set()
    wait(ui, "second run", lambda: statuses(instance, INTERRUPTED) == ["FAILURE", "SUCCESS"])

    first, second = runs_of(instance, INTERRUPTED)
    assert len(killed) >= 3
    assert second.tags["dagster/parent_run_id"] == first.run_id
    (failure,) = instance.all_logs(first.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert "is gone" in (failure.get_dagster_event().message or "")
    assert figures(instance, second)["web/wet/pages"]["shards_run"] == 1
    assert differences(home, undisturbed, INTERRUPTED) == []


def kill(ui: Ui, *words: str) -> list[psutil.Process]:
    """Kills the processes of the server's session whose commands hold one of the words; runs are children of the code server."""
    found = [p for p in ui.processes() if any(word in " ".join(p.cmdline()) for word in words)]
    for process in found:
        process.kill()
    psutil.wait_procs(found, 10)
    return found


def figures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, dict]:
    """Metadata of what a run made, by asset."""
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = [e.get_dagster_event().step_materialization_data.materialization for e in entries]
    return {m.asset_key.to_user_string(): {name: value.value for name, value in m.metadata.items()} for m in made}


@pytest.fixture(scope="module")
def backfill(ui, home, crawl, instance) -> str:
    """Id of a backfill of twenty snapshots that is done, asked for as an operator does. They are older than the newest, so no sensor takes them."""
    crawl.publish(*EARLIER)
    asked = CliRunner().invoke(app, ["--home", str(home), "backfill", "--all"], catch_exceptions=False)
    assert asked.exit_code == 0, asked.output
    found = asked.output.split()[1].rstrip(":")

    def status() -> str:
        return ui.ask(RUNS, id=found)["partitionBackfillOrError"]["status"]

    wait(ui, "end of the backfill", lambda: status() not in {"REQUESTED", "COMPLETING"}, 1200)
    assert status() == "COMPLETED_SUCCESS", ui.log.read_text()[-3000:]
    # Dagster's cache of states can miss a partition whose event is written while another run is being planned.
    instance.wipe_asset_cached_status([dg.AssetKey(["corpora", "ccnet"])])
    return found


def test_a_backfill_of_twenty_snapshots_goes_two_at_a_time_and_ends_green(ui, home, undisturbed, backfill, instance):
    runs = instance.get_run_records(dg.RunsFilter(tags={"dagster/backfill": backfill}))

    assert sorted(record.dagster_run.tags["dagster/partition"] for record in runs) == EARLIER
    assert {record.dagster_run.status.value for record in runs} == {"SUCCESS"}
    assert most_at_once([(record.start_time, record.end_time) for record in runs]) == AT_ONCE
    assert [statuses(instance, name) for name in EARLIER] == [["SUCCESS"]] * len(EARLIER)
    stats = ui.ask(PARTITIONS, key={"path": ["corpora", "ccnet"]})["assetNodeOrError"]["partitionStats"]
    assert stats == {"numMaterialized": 24, "numFailed": 0, "numPartitions": 24, "numMaterializing": 0}
    found = Home.open(home)
    states = [found.status_of("corpora.ccnet", {**CORPUS, "snapshot": name}) for name in EARLIER]
    assert {(state.state, state.rows) for state in states} == {("current", states[0].rows)}
    assert [differences(home, undisturbed, name) for name in COMPARED] == [[]]


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """How many spans of time overlap at most. One that ends as another starts does not overlap it."""
    steps = sorted(
        [(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans], key=lambda step: (step[0], step[1])
    )
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def test_the_ui_s_partition_page_shows_the_backfill(ui, backfill):
    chromium = shutil.which("chromium")
    if chromium is None and os.environ.get("CORPUS_E2E_REQUIRED") != "1":
        pytest.skip("no chromium: apt-get install chromium")
    folder = os.environ.get("CORPUS_SCREENSHOTS")
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path, name, text in (
            ("/assets/corpora/ccnet?view=partitions", "backfill-partitions", "Materialized (24)"),
            (f"/runs/b/{backfill}", "backfill", "Succeeded"),
        ):
            page.goto(ui.address + path)
            expect(page.get_by_text(text).first).to_be_visible(timeout=30_000)
            page.wait_for_timeout(1500)
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=str(Path(folder) / f"{name}.png"))
        browser.close()

    assert errors == []
