"""Dedups over snapshots in a lake: what a later one reads of earlier ones, what makes which partition stale, and that tables depend on the pages alone."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from dedup_house import BLOOM, EXACT, MINHASH, S1, S2, S3, UNITS, House, near, same, text_of
from fsspec.implementations.local import LocalFileSystem

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.settings import EngineSettings
from corpus_platform.stages import duplicates
from corpus_platform.stages.dedup import DEDUP_EDGES, DEDUP_INDEX
from corpus_platform.stages.verdicts import DUPLICATES

EVERY = {
    "documents": [MINHASH],
    "weights": [{"soft_dedup": {"keep_one_in": 1, "scope": "snapshots"}}],
    "units": [UNITS],
    "filters": [BLOOM],
    "chained": [{"url_dedup": {}}, UNITS, EXACT],
}
"""Recipes of every way of matching."""
FEW = {"two": [MINHASH, UNITS]}
"""One of documents and one of lines after it; the others take the same ways, and are among the long tests."""
SEEING_EARLIER = {
    "chained.exact",
    "chained.line_dedup",
    "documents.minhash",
    "filters.bloom",
    "two.line_dedup",
    "two.minhash",
    "units.line_dedup",
    "weights.soft_dedup",
}
"""Their dedups that compare with earlier snapshots."""
few_or_every = pytest.mark.parametrize(
    "recipes", [pytest.param(FEW, id="few"), pytest.param(EVERY, id="every", marks=pytest.mark.e2e)]
)


def seeing_earlier(recipes):
    """Dedups of the recipes that compare with earlier snapshots."""
    return {method for method in SEEING_EARLIER if method.partition(".")[0] in recipes}


def pages(seed):
    """Two shards with copies of the same and of other seeds."""
    seeds = [seed, seed + 1, seed, 0, 1]
    return [
        [text_of(s) + f"\nline {s % 3}" for s in seeds],
        [near(s) + f"\nline {s % 4}" for s in seeds],
        [text_of(seed + 1)],
    ]


@pytest.fixture
def house(tmp_path):
    """Makes homes, each in a folder of its own."""

    def made(recipes, *, name="home", **settings):
        return House(tmp_path / name, recipes, **settings)

    return made


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    """Three snapshots, one after the other; made once for each set of recipes."""
    made = {}

    def of(recipes):
        if (key := tuple(recipes)) not in made:
            made[key] = home = House(tmp_path_factory.mktemp("in-order") / "home", recipes)
            for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
                home.put(snapshot, pages(seed))
                home.run(snapshot)
        return made[key]

    return of


@few_or_every
def test_small_ranges_make_what_one_range_makes(in_order, house, recipes):
    home = house(recipes, dedup={"keys_per_range": 40, "memory_mb": 64})
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))

    reports = home.run(S1, S2, S3)

    ranges = {r.shards for r in reports if r.stage == DEDUP_INDEX and r.partition["method"].endswith(".minhash")}
    assert min(ranges) > 2
    found, expected = home.all(), in_order(recipes).all()
    # A pair that shares keys of several ranges is a row for each.
    both = ("place", "other_snapshot", "other", "ordinal", "stage", "partition")
    for tables in (found, expected):
        edges = tables[DEDUP_EDGES].group_by(both).agg(pl.col("keys").sum(), pl.col("apart").min())
        tables[DEDUP_EDGES] = edges.sort(both)
    assert same(found, expected) == []


@pytest.mark.e2e
def test_processes_make_what_one_process_makes(house):
    one, two = (house({"own": [UNITS, MINHASH]}, name=kind) for kind in ("serial", "process"))
    two.home = replace(
        two.home,
        settings=two.home.settings.model_copy(
            update={"engine": EngineSettings.model_validate({"kind": "process", "workers": 2})}
        ),
    )
    assert isinstance(two.home.engine, Processes)
    for home in (one, two):
        for snapshot, seed in ((S1, 0), (S2, 1)):
            home.put(snapshot, pages(seed))
            home.run(snapshot)

    assert same(two.all(), one.all()) == []


@few_or_every
def test_a_later_snapshot_changes_no_earlier_partition(house, recipes):
    home = house(recipes)
    for snapshot, seed in ((S1, 0), (S2, 1)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2)
    parts = [part for snapshot in (S1, S2) for part in home.tables(snapshot)]
    before = {str(part): (home.lake.state(*part), home.lake.files(*part)) for part in parts}

    home.put(S3, pages(2))
    home.run(S3)

    assert {str(part): (home.lake.state(*part), home.lake.files(*part)) for part in parts} == before
    assert {state for s in (S1, S2, S3) for state in home.states(s).values()} == {"current"}


@few_or_every
def test_a_new_snapshot_opens_no_text_signal_or_key_of_an_earlier_one(in_order, house, monkeypatch, recipes):
    home = house(recipes)
    home.put(S1, pages(0))
    home.run(S1)
    home.put(S2, pages(1))
    place = Path(home.lake.location)
    gone = [path for path in place.rglob("*.parquet") if S1 in str(path) and kind_of(place, path) not in READ_AGAIN]
    assert {"web/pages", "web/dedup_keys", "web/dedup_edges"} <= {kind_of(place, path) for path in gone}
    for path in gone:
        path.unlink()
    opened = opened_in(monkeypatch)

    home.run(S2)

    monkeypatch.undo()
    earlier = [Path(path) for path in opened if S1 in path and path.endswith(".parquet")]
    assert {kind_of(place, path) for path in earlier} == READ_AGAIN
    assert same(home.all(S2), in_order(recipes).all(S2)) == []


READ_AGAIN = {"web/dedup_index", "web/dedup_documents", "web/duplicates"}
"""Tables of earlier snapshots that a new one reads: keys, ids, clusters."""


def kind_of(place, path):
    """Layer and table of a file of a lake."""
    return "/".join(path.relative_to(place).parts[:2])


def opened_in(monkeypatch):
    """Paths of the files that are opened from now on, by the lake's filesystem or by DuckDB."""
    opened, plain, read = [], LocalFileSystem._open, duplicates._read

    def opening(self, path, *args, **kwargs):
        opened.append(str(path))
        return plain(self, path, *args, **kwargs)

    def reading(files, *args):
        opened.extend(str(file.uri) for file in files)
        return read(files, *args)

    monkeypatch.setattr(LocalFileSystem, "_open", opening)
    monkeypatch.setattr(duplicates, "_read", reading)
    return opened


def stale(house, *snapshots):
    """Partitions that are not current, by snapshot."""
    return {s: sorted(name for name, state in house.states(s).items() if state != "current") for s in snapshots}


@few_or_every
def test_an_older_snapshot_that_arrives_late_makes_later_ones_stale_and_then_all_is_as_if_it_came_first(
    in_order, house, recipes
):
    home = house(recipes | {"alone": [{"minhash": {"preset": "fineweb"}}]})
    for snapshot, seed in ((S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
        home.run(snapshot)
    assert stale(home, S2, S3) == {S2: [], S3: []}

    home.put(S1, pages(0))
    home.run(S1)

    later = stale(home, S2, S3)
    seeing = seeing_earlier(recipes)
    last = {"two.minhash", "documents.minhash", "chained.exact"} & seeing
    assert {f"{DEDUP_INDEX}/{method}" for method in seeing} <= {*later[S2]} & {*later[S3]}
    assert {f"{DUPLICATES}/{method}" for method in last} <= {*later[S2]} & {*later[S3]}
    assert not [name for names in later.values() for name in names if name.rpartition("/")[2] not in seeing]

    home.run(S2, S3)

    assert stale(home, S1, S2, S3) == {S1: [], S2: [], S3: []}
    home.recipes = tuple(recipes)
    found = {name: without(frame, "alone") for name, frame in home.all().items()}
    assert same(found, in_order(recipes).all()) == []


def without(frame, recipe):
    """Rows that are not of a recipe's own dedups."""
    for name in ("method", "partition"):
        if name in frame.columns:
            frame = frame.filter(~pl.col(name).str.starts_with(f"{recipe}."))
    return frame


@few_or_every
def test_another_text_of_an_old_snapshot_makes_the_later_ones_stale_and_no_earlier_one(house, recipes):
    home = house(recipes | {"alone": [{"minhash": {"preset": "fineweb"}}]})
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2, S3)

    home.put(S2, pages(7))
    home.run(S2)

    assert stale(home, S1, S2) == {S1: [], S2: []}
    assert {name.partition("/")[2] for name in stale(home, S3)[S3]} == seeing_earlier(recipes)
    home.run(S3)
    once = house(recipes | {"alone": [{"minhash": {"preset": "fineweb"}}]}, name="once")
    for snapshot, seed in ((S1, 0), (S2, 7), (S3, 2)):
        once.put(snapshot, pages(seed))
    once.run(S1, S2, S3)
    assert same(home.all(), once.all()) == []


@pytest.mark.parametrize("gone", [pytest.param(S1, marks=pytest.mark.e2e), S2])
@few_or_every
def test_a_snapshot_that_is_taken_away_leaves_the_later_ones_as_if_it_had_never_been(house, gone, recipes):
    home = house(recipes)
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2, S3)

    home.put(gone, [])
    reports = home.run(S1, S2, S3)

    once = house(recipes, name="once")
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        if snapshot != gone:
            once.put(snapshot, pages(seed))
            once.run(snapshot)
    assert {r.partition["snapshot"] for r in reports if r.changed} == {s for s in (S1, S2, S3) if s >= gone}
    assert {state for s in (S1, S2, S3) for state in home.states(s).values()} == {"current"}
    assert same(home.all(), once.all()) == []


@few_or_every
def test_a_snapshot_that_nothing_changes_in_is_no_work_and_no_later_one_is_stale(house, recipes):
    home = house(recipes)
    for snapshot, seed in ((S1, 0), (S2, 1)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2)

    again = home.run(S1, S2)

    assert {(report.ran, report.changed) for report in again} == {(0, False)}
