"""The Dagster web UI in a real browser: the asset graph, an asset's page with its pictures, a partition, a failed check, a backfill asked for
through it, and a run started with its own buttons. And the report of the lake, as the browser shows it.

Needs Debian's chromium. With CORPUS_E2E_REQUIRED=1 its absence is a failure, else a skip. Screenshots go to the folder CORPUS_SCREENSHOTS.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tiny_crawl import SNAPSHOT, make_crawl, make_dump, write_settings
from ui_server import Ui, free_port, processes_of, serving

from corpus_platform.analytics.report.page import write_report
from corpus_platform.definitions import instance_of, make
from corpus_platform.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

LOOPBACK = {"127.0.0.1", "localhost"}
CHROMIUM = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync"
SNAPSHOT_ASSETS = [f"web/resiliparse/{name}" for name in ("pages", "paragraph_hashes", "paragraphs", "documents")] + [
    "corpora/ccnet"
]
BACKFILL_SECONDS = 150
RUN_SECONDS = 90
SKETCHES = "web/resiliparse/sketches"
"""No part of the backfill: made by the buttons."""
PICTURE = "img[src^='data:image/svg+xml']"
PAGES, DOCUMENTS = "/assets/web/resiliparse/pages", "/assets/web/resiliparse/documents"

ADD_PARTITION = """
mutation Add($key: String!) {
  addDynamicPartition(
    repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "corpus_platform"}
    partitionsDefName: "cc_snapshot"
    partitionKey: $key
  ) { __typename }
}"""
LAUNCH = """
mutation Launch($assets: [AssetKeyInput!]!, $keys: [String!]!) {
  launchPartitionBackfill(backfillParams: {assetSelection: $assets, partitionNames: $keys}) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status }
  }
}"""
MADE = """
query Made($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      assetMaterializations { partition runId metadataEntries { label ... on IntMetadataEntry { intValue } } }
    }
  }
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home whose articles are made, from a dump that breaks off: more than the check allows and less than the budget. Titles of pages are hostile."""
    folder = tmp_path_factory.mktemp("ui")
    make_crawl(folder / "crawl", SNAPSHOT, title="![x](http://tracker.example/a.png) Town")
    make_dump(folder / "encyclopedia", clipped=True)
    engine = {"kind": "process", "workers": 2}
    write_settings(folder, variants=["resiliparse"], reject_budget=0.5, engine=engine)
    found = Home.open(folder)
    with instance_of(found) as instance:
        for batch in found.batches(["models/language_model"], []):
            make(found, instance, batch)
    return folder


@pytest.fixture(scope="module")
def ui(home) -> Iterator[Ui]:
    """The UI over the home; when it has ended, no process of it is left."""
    with serving(home, free_port()) as found:
        yield found
    assert processes_of(found.session) == []


@pytest.fixture(scope="module", autouse=True)
def backfill(ui) -> str:
    """Id of a backfill of one snapshot over the web and the corpora, asked for as the UI's button does. It runs while other tests look around."""
    added = ui.ask(ADD_PARTITION, key=SNAPSHOT)["addDynamicPartition"]
    assert added["__typename"] == "AddDynamicPartitionSuccess"
    keys = [{"path": key.split("/")} for key in SNAPSHOT_ASSETS]
    launched = ui.ask(LAUNCH, assets=keys, keys=[SNAPSHOT])["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return launched["backfillId"]


@pytest.fixture(scope="module")
def made(ui, backfill) -> None:
    """The corpus, last of the backfill's assets, is made."""
    _await(ui, lambda: bool(events_of(ui, SNAPSHOT_ASSETS[-1])))


def events_of(ui: Ui, asset: str) -> list[dict]:
    """Materialisations of an asset, newest first."""
    return ui.ask(MADE, key={"path": asset.split("/")})["assetNodeOrError"]["assetMaterializations"]


def _await(ui: Ui, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BACKFILL_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"not done in {BACKFILL_SECONDS} s: {ui.log.read_text()[-3000:]}"
        time.sleep(1)


@dataclass
class Visit:
    """A page of the browser, with what went wrong in it and which hosts it asked."""

    page: object
    address: str
    folder: Path
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def go(self, path: str, text: str | re.Pattern) -> None:
        """Opens a path and waits for a text on it."""
        self.page.goto(self.address + path)
        self.see(text)

    def see(self, text: str | re.Pattern) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=20_000)

    def text(self) -> str:
        """All that can be read on the page."""
        return " ".join(self.page.locator("body").inner_text().split())

    def verdict(self) -> str:
        """What a check's page says of its latest execution."""
        facts = self.page.get_by_text("Evaluation result").locator("xpath=../..")
        return " ".join(facts.inner_text().split())

    def open_markdown(self, label: str) -> None:
        """Opens a metadata entry that is too long to be shown in place."""
        self.page.get_by_role("row", name=label).get_by_text("[Show Markdown]").click()

    def expand(self) -> None:
        """Opens all groups of the graph. It listens to its key once it is drawn, which may be later than the names of its groups."""
        for _ in range(20):
            self.page.keyboard.press("Alt+KeyE")
            self.page.wait_for_timeout(1_000)
            if "expanded=" in self.page.url:
                return
        pytest.fail(f"the graph did not open its groups: {self.page.url}")

    def choose(self, text: str) -> None:
        """Clicks on an entry of an open list; the page measures its entries in a copy that is not seen."""
        self.page.get_by_text(text, exact=True).filter(visible=True).last.click()

    def shoot(self, name: str, *, whole: bool = False) -> None:
        """Saves a screenshot, of what is in view or of the whole page."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self.folder / f"{name}.png"), full_page=whole)

    def settle(self) -> None:
        """Waits until nothing is fetched and nothing moves any more."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(800)

    def images(self) -> list[tuple[int, int]]:
        """(natural width, width on the page) of the pictures with data of their own."""
        script = "images => images.map(i => [i.naturalWidth, i.getBoundingClientRect().width])"
        return [tuple(size) for size in self.page.locator(PICTURE).evaluate_all(script)]


@pytest.fixture(scope="module")
def chromium() -> Path:
    found = shutil.which("chromium")
    if found is None and os.environ.get("CORPUS_E2E_REQUIRED") == "1":
        pytest.fail("no chromium: apt-get install chromium")
    if found is None:
        pytest.skip("no chromium: apt-get install chromium")
    return Path(found)


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (starts a driver)

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(chromium), args=CHROMIUM.split())
        yield found
        found.close()


@pytest.fixture
def visit(browser, ui, tmp_path) -> Iterator[Visit]:
    """A visit that ends well only if no script failed and nothing but loopback was asked."""
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    found = Visit(page, ui.address, Path(os.environ.get("CORPUS_SCREENSHOTS") or tmp_path))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("console", lambda said: found.errors.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: found.hosts.add(urlsplit(request.url).hostname or "127.0.0.1"))
    page.on("websocket", lambda socket: found.hosts.add(urlsplit(socket.url).hostname))
    yield found
    page.close()
    assert found.errors == []
    assert found.hosts <= LOOPBACK


def test_no_dialog_greets_the_first_visit(visit):
    visit.go("/overview", "Timeline")
    visit.settle()

    assert visit.page.get_by_role("dialog").count() == 0


def test_a_failed_check_is_shown_as_failed(visit):
    visit.go("/assets/encyclopedia/articles?view=checks&checkDetail=few_broken_records", "non-blocking")
    visit.see("broken_records")
    visit.settle()
    visit.shoot("failed-check")

    assert visit.verdict().startswith("Evaluation result Failed")
    assert visit.verdict().endswith("Partition en-20250101")


def test_checks_of_the_backfill_are_shown_with_their_partition(visit, made):
    visit.go(f"{PAGES}?view=checks&checkDetail=few_broken_records", "non-blocking")
    visit.see("Passed")

    assert visit.verdict().startswith("Evaluation result Passed")
    assert visit.verdict().endswith(f"Partition {SNAPSHOT}")
    assert "Skipped" not in visit.text()


def test_the_graph_shows_groups_and_assets(visit, made):
    visit.page.set_viewport_size({"width": 1500, "height": 2600})  # What is out of sight is not drawn.
    visit.go("/asset-groups", "corpora")
    visit.expand()
    for name in ("articles", "language_model", "pages", "paragraph_hashes", "paragraphs", "documents", "ccnet"):
        visit.see(name)
    visit.settle()
    visit.shoot("asset-graph")

    assert visit.page.title() == "Global asset lineage"
    expanded = visit.page.url.partition("expanded=")[2]
    assert all(group in expanded for group in ("encyclopedia", "models", "web_resiliparse", "corpora"))


def test_an_asset_s_page_shows_what_it_is_its_columns_and_its_checks(visit, made):
    visit.go(f"{DOCUMENTS}?view=overview", "A row is a page after paragraph dedup")
    for text in ("original_nlines", "Lines before paragraph deduplication", "corpus_platform", "fasttext", "snapshot"):
        visit.see(text)
    visit.settle()
    visit.shoot("asset")

    visit.go(f"{DOCUMENTS}?view=checks", "Checks (10)")
    for name in ("columns_are_filled", "has_rows", "keys_are_unique", "nothing_is_lost", "values_are_allowed"):
        visit.see(name)
    for name in ("buckets_are_spread", "is_like_before", "languages_are_sure", "languages_have_models"):
        visit.see(name)


def test_an_asset_s_pictures_are_drawn_and_its_outcome_is_a_table(visit, made):
    visit.go(f"{DOCUMENTS}?view=events&partition={SNAPSHOT}", "too short")
    visit.settle()
    visit.shoot("asset-outcome")
    visit.open_markdown("pictures")
    visit.page.locator(PICTURE).nth(1).wait_for()
    visit.settle()
    visit.shoot("asset-pictures")

    assert len(visit.images()) == 2
    assert all(natural == 640 and width > 300 for natural, width in visit.images())


def test_a_partition_s_page_shows_what_was_made_of_it(visit, made):
    visit.go(f"{PAGES}?view=partitions&partition={SNAPSHOT}", "read_on")
    for text in ("Materialized (1)", "partition_row_count", "corpus explain"):
        visit.see(text)
    visit.settle()
    visit.shoot("partition")

    assert f"{SNAPSHOT} Materialized Latest materialization" in visit.text()


def test_a_run_started_with_the_ui_s_own_buttons_succeeds(visit, ui, made):
    visit.go(f"/assets/{SKETCHES}?view=overview", "A row is a HyperLogLog++")
    visit.page.get_by_role("button", name="Materialize").first.click()
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    visit.choose(SNAPSHOT)
    dialog.get_by_text("Partition selection").click()  # Closes the list, which lies over the buttons.
    visit.settle()
    visit.shoot("launch-dialog")
    dialog.get_by_role("button", name="Launch 1 run").click()
    visit.page.get_by_role("link", name="View", exact=True).click()
    visit.page.wait_for_url("**/runs/*")
    visit.page.get_by_text("Success", exact=True).filter(visible=True).first.wait_for(timeout=1000 * RUN_SECONDS)
    visit.settle()
    visit.shoot("run")

    [event] = events_of(ui, SKETCHES)
    assert event["partition"] == SNAPSHOT
    assert event["runId"] in visit.page.url


def test_the_preview_of_a_hostile_page_asks_no_other_host(visit, made):
    visit.go(f"{PAGES}?view=events&partition={SNAPSHOT}", "not html")
    visit.see("tracker.example")  # Markdown of up to 1,000 characters is shown in place.
    visit.settle()
    visit.shoot("asset-preview")

    assert visit.images() == []
    assert visit.page.get_by_role("link", name="tracker.example").count() == 0


def test_the_backfill_made_the_snapshot_in_one_run_with_worker_processes(ui, home, backfill):
    def status() -> str:
        return ui.ask(STATUS, id=backfill)["partitionBackfillOrError"]["status"]

    # Its own status, which the daemon looks after every 30 s: the runs that are known may all have ended before.
    _await(ui, lambda: status() != "REQUESTED")

    assert status() == "COMPLETED_SUCCESS", ui.log.read_text()[-3000:]
    events = [event for asset in SNAPSHOT_ASSETS for event in events_of(ui, asset)]
    assert {event["partition"] for event in events} == {SNAPSHOT}
    assert len(events) == len(SNAPSHOT_ASSETS)
    assert len({event["runId"] for event in events}) == 1
    figures = {entry["label"]: entry.get("intValue") for entry in events[0]["metadataEntries"]}
    assert figures["shards_run"] == 2
    partition = {"variant": "resiliparse.ccnet", "snapshot": SNAPSHOT}
    assert Home.open(home).status_of("corpora.ccnet", partition).state == "current"


def test_the_server_talks_to_loopback_only_and_has_no_worker_after_the_run(ui, made):
    processes = ui.processes()

    there = {c.raddr.ip for process in processes for c in process.net_connections("inet") if c.raddr}
    assert there <= {"127.0.0.1", "::1"}
    assert not [command for p in processes if "corpus_platform.engine" in (command := " ".join(p.cmdline()))]


@pytest.fixture(scope="module")
def report(home, made) -> Path:
    """The report of the lake that the backfill made."""
    return write_report(Home.open(home), home / "reports" / "lake.html").path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_drawn_whole_and_asks_nobody(visit, report, scheme):
    visit.page.emulate_media(color_scheme=scheme)
    visit.page.goto(report.as_uri())
    visit.shoot(f"report-{scheme}")
    visit.shoot(f"report-{scheme}-whole", whole=True)

    assert visit.page.title() == f"Corpus report, {SNAPSHOT}"
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.page.locator("h2").count() >= 8
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 382) == (scheme == "light")
    assert visit.page.locator(".bars .bar i").first.bounding_box()["width"] > 100
