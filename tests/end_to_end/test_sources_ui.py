"""Sources other than the web and data sets of dialogues in the Dagster web UI, in a real browser: the graph's groups, pages of assets, checks, partitions, a run.

Needs Debian's chromium, as test_ui.py does. Screenshots go to the folder CORPUS_SCREENSHOTS.
"""

import pytest
from source_house import RECIPE, make_home, write_inputs
from test_ui import RUN_SECONDS, Visit, browser, chromium, events_of, visit  # noqa: F401  (fixtures)
from tiny_sets import NUMBER, SETS, write_sets
from ui_server import free_port, processes_of, serving

from corpus_platform.definitions import add_partitions, instance_of, make

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

GROUPS = ["books", "academic", "code", "social", "parallel", f"corpora_{RECIPE}", "dedup_books_cleaned", "sft"]
CLEANED = "/assets/books/cleaned"
FILTERED = "/assets/sft/filtered"
SITE = "beer.stackexchange.com"


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """The UI over a home whose books and a data set are made, and whose threads are known and not made."""
    folder = tmp_path_factory.mktemp("ui")
    write_inputs(folder / "in")
    write_sets(folder / "sets")
    home = make_home(folder, "in", sft={"sets": SETS})
    with instance_of(home) as instance:
        for batch in home.batches(["books/cleaned"], []):
            make(home, instance, batch)
        for batch in home.batches(["sft/filtered"], []):
            if batch.key == "first":
                make(home, instance, batch)
        add_partitions(instance, sources={"social": [SITE]})
    with serving(folder, free_port()) as found:
        yield found
    assert processes_of(found.session) == []


def test_the_graph_shows_a_group_for_each_source_and_for_a_recipe_of_parts(visit):  # noqa: F811
    visit.page.set_viewport_size({"width": 3000, "height": 2600})  # What is out of sight is not drawn.
    visit.go("/asset-groups", "books")
    for group in GROUPS:
        visit.see(group)
    visit.page.wait_for_timeout(1_500)  # Statuses of all assets are fetched for long: what is asserted is drawn by now.
    visit.shoot("sources-graph")

    cut = visit.page.evaluate(
        "names => [...document.querySelectorAll('div')].filter(d => names.includes(d.textContent.trim()) && d.scrollWidth > d.clientWidth + 1)"
        ".map(d => d.textContent)",
        GROUPS,
    )
    assert cut == []


def test_an_asset_of_a_source_says_what_it_is_and_shows_its_checks_and_partition(visit):  # noqa: F811
    visit.go(f"{CLEANED}?view=overview", "A row is a book or a part of one")
    for text in ("books_cleaning", "bad_scan", "Description", "perplexity", "ops.decisions"):
        visit.see(text)
    visit.settle()
    visit.shoot("sources-asset")
    visit.go(f"{CLEANED}?view=checks", "keys_are_unique")
    visit.see("nothing_is_lost")
    visit.settle()
    visit.shoot("sources-checks")
    assert "Failed" not in visit.text()
    visit.go(f"{CLEANED}?view=partitions&partition=gutenberg", "partition_row_count")
    visit.see("Materialized (2)")
    visit.settle()
    visit.shoot("sources-partition")

    assert "gutenberg Materialized Latest materialization" in visit.text()


def test_what_a_data_set_s_recipe_keeps_is_shown_with_its_funnel_and_nobody_s_number(visit):  # noqa: F811
    visit.go(f"{FILTERED}?view=partitions&partition=first", "partition_row_count")
    for text in ("sft refusal: refusal", "preview", "pictures"):
        visit.see(text)
    visit.settle()
    visit.shoot("dialogues-partition")

    assert "first Materialized Latest materialization" in visit.text()
    assert NUMBER not in visit.text()


def test_a_run_on_a_site_started_with_the_ui_s_own_buttons_succeeds(visit, ui):  # noqa: F811
    visit.go("/assets/social/documents?view=overview", "A row is a thread of a site")
    visit.page.get_by_role("button", name="Materialize").first.click()
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    visit.choose(SITE)
    visit.settle()  # The list moves while it is laid out.
    visit.page.keyboard.press("Escape")  # Closes the list, which lies over the buttons and perhaps over the heading.
    visit.settle()
    dialog.get_by_role("button", name="Launch 1 run").click()
    visit.page.get_by_role("link", name="View", exact=True).click()
    visit.page.wait_for_url("**/runs/*", timeout=120_000)
    visit.page.get_by_text("Success", exact=True).filter(visible=True).first.wait_for(timeout=2000 * RUN_SECONDS)
    visit.settle()
    visit.shoot("sources-run")

    [event] = events_of(ui, "social/documents")
    assert event["partition"] == SITE
    assert event["runId"] in visit.page.url
