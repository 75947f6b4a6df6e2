"""Files of sources other than the web that appear, change and are added to, by simulated ticks: what the sensor starts, and what the conditions make of it."""

import dagster as dg
import pytest
from source_house import RECIPE, make_home, prose, write, write_inputs
from watched import Watch

from assets.partitions import of_source
from corpus_platform.definitions import build_defs
from corpus_platform.home import Home

pytestmark = pytest.mark.e2e

SITE = "beer.stackexchange.com"


@pytest.fixture
def watch(tmp_path):
    """A home with files of books and threads in it, of which nothing is made."""
    write_inputs(tmp_path / "in")
    make_home(tmp_path, "in", sources=("books", "social"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watch(tmp_path, instance)


def started(watch):
    """(job, partition) of the runs that a look asks for."""
    return [(job, key) for job, key, _ in watch.asked("new_files")]


def known(watch, source):
    return set(watch.instance.get_dynamic_partitions(str(of_source(source).name)))


def test_files_are_started_when_they_have_settled_again_when_they_change_and_new_ones_are_new_partitions(watch):
    first = [started(watch) for _ in range(3)]
    write(watch.home / "in/books/notes/walks/3.txt", prose("another note"))
    changed = [started(watch) for _ in range(3)]
    posts = (watch.home / "in/social/exchange/beer/Posts.xml").read_bytes()
    write(watch.home / "in/social/exchange/coffee/Posts.xml", posts)
    added = [started(watch) for _ in range(3)]

    assert first == [[], [("books", "gutenberg"), ("books", "notes"), ("social", SITE)], []]
    assert changed == [[], [("books", "notes")], []]
    assert added == [[], [("social", "coffee.stackexchange.com")], []]
    assert known(watch, "books") == {"gutenberg", "notes"}
    assert known(watch, "social") == {SITE, "coffee.stackexchange.com"}


def test_a_partition_that_is_added_is_made_once_step_by_step_and_no_other_source_is(watch):
    definitions = build_defs(Home.open(watch.home))
    chosen = dg.AssetSelection.key_prefixes("books", "social", "dedup", "corpora")
    looks = []

    def look(cursor):
        """What a look asks for; it is told to be made, for the conditions look at nothing else."""
        result = dg.evaluate_automation_conditions(
            defs=definitions, instance=watch.instance, asset_selection=chosen, cursor=cursor
        )
        keys = [key for key in definitions.resolve_all_asset_keys() if result.get_requested_partitions(key)]
        for key in keys:
            assert result.get_requested_partitions(key) == {"notes"}
            watch.instance.report_runless_asset_event(dg.AssetMaterialization(key, partition="notes"))
        looks.append({key.to_user_string() for key in keys})
        return result.cursor

    cursor = look(None)
    watch.instance.add_dynamic_partitions(str(of_source("books").name), ["notes"])
    for _ in range(7):
        cursor = look(cursor)

    asked = [asset for found in looks for asset in found]
    dedups = [f"dedup/books.cleaned/{name}" for name in ("books.editions", f"{RECIPE}.exact")]
    made = [one + part for one in dedups for part in (".documents", ".index", "")]
    corpora = {"corpora/books", f"corpora/{RECIPE}/books.cleaned"}
    assert sorted(asked) == sorted(["books/documents", "books/cleaned", *made, *corpora])
    assert [found for found in looks if found][-1] == corpora
    assert looks[:2] == [set(), set()]
    assert looks[-1] == set()
