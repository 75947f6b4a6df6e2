"""Two snapshots of real pages in three orders of arrival: the same dedups and corpora, row for row, and what is stale on the way."""

import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from corpus_platform.home import Home
from corpus_platform.recipes.population import methods_of
from corpus_platform.stages.dedup import DEDUP_EDGES, DEDUP_KEYS, OF_METHOD

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(900)]

FIRST, SECOND = "CC-MAIN-2024-10", "CC-MAIN-2024-18"
RECIPES = {
    "c4": "wet",
    "dolma_cc": "wet.ccnet",
    "fineweb": "wet",
    "redpajama_v2": "wet.ccnet",
    "refinedweb": "wet",
    "slimpajama_cc": "wet.ccnet",
    "tigerbot_web": "wet",
}
"""Recipes whose dedups are of every kind, all from WET, so that no page is extracted."""
OF_DEDUPS = (*OF_METHOD, DEDUP_KEYS, DEDUP_EDGES)


@pytest.fixture(scope="module")
def texts(samples, tmp_path_factory):
    """A home with the texts and signals of both snapshots, and no dedup or corpus."""
    folder = tmp_path_factory.mktemp("texts")
    settings = {
        "source": {"location": str(samples / "web")},
        "variants": ["wet"],
        "engine": {"kind": "serial"},
        "encyclopedia": {"location": str(samples / "encyclopedia")},
        "language_model": {"languages": ["en"], "cutoffs_of": {"variant": "wet", "snapshot": FIRST}},
        "recipes": {"enabled": list(RECIPES), "variants": RECIPES},
    }
    (folder / "corpus.yaml").write_text(yaml.safe_dump(settings))
    home = Home.open(folder)
    for name, partition in parts_of(home, FIRST, SECOND):
        if not is_of_dedup(name):
            home.run(name, partition)
    return folder


def parts_of(home, *snapshots):
    """All that the corpora of some snapshots are made of, and they, upstream first, with models."""
    batches = home.batches([f"corpora/{name}" for name in RECIPES], snapshots)
    return [part for batch in batches for part in batch.tables]


def is_of_dedup(name):
    return name in OF_METHOD or name.startswith("corpora.")


def run(home, *snapshots):
    """Makes the dedups and corpora of some snapshots, as one run does."""
    return [home.run(*part) for part in parts_of(home, *snapshots) if is_of_dedup(part[0])]


@pytest.fixture(scope="module")
def arrived(texts, tmp_path_factory):
    """Homes by the order in which their snapshots came, with their states before each run."""
    orders = {
        "at once": [(FIRST, SECOND)],
        "in order": [(FIRST,), (SECOND,)],
        "late": [(SECOND,), (FIRST,), (SECOND,)],
    }
    made = {}
    for order, runs in orders.items():
        folder = tmp_path_factory.mktemp("order") / "home"
        shutil.copytree(texts, folder)
        home = Home.open(folder)
        before = []
        for snapshots in runs:
            before.append(states(home))
            run(home, *snapshots)
        made[order] = (home, before)
    return made


def states(home):
    """Where the dedups and corpora stand, by snapshot."""
    found = {FIRST: {}, SECOND: {}}
    for name, partition in parts_of(home, FIRST, SECOND):
        if is_of_dedup(name):
            found[partition["snapshot"]][name, partition.get("method", "")] = home.status_of(name, partition).state
    return found


def rows(home, name, **where):
    """A table as readers see it, partition by partition."""
    frames = [
        home.lake.scan(name, **part).collect() for part in home.lake.partitions(name) if where.items() <= part.items()
    ]
    return pl.concat(frames) if frames else pl.DataFrame()


@pytest.mark.parametrize("order", ["in order", "late"])
def test_snapshots_give_the_same_tables_in_whatever_order_they_come(arrived, order):
    (one, _), (other, _) = arrived["at once"], arrived[order]

    for name in OF_DEDUPS:
        assert rows(other, name).equals(rows(one, name)), name
    for recipe in RECIPES:
        name = f"corpora.{recipe}"
        assert rows(one, name).height
        assert rows(other, name).equals(rows(one, name)), name
        assert rows(other, "ops.decisions", stage=name).equals(rows(one, "ops.decisions", stage=name)), name
    assert {state for by in states(other).values() for state in by.values()} == {"current"}


def test_a_snapshot_that_comes_late_makes_the_next_one_stale_where_dedups_compare_snapshots(arrived):
    home, before = arrived["late"]
    methods = [method for name in RECIPES for method in methods_of(home.recipe(name))]
    # A filter that leaves the newest copy begins anew with each snapshot.
    compared = {m.name: m.step.sees_earlier and not (m.is_filter and m.survivor == "newest") for m in methods}

    # Before the third run: the first snapshot has come, and the second is as it was made alone.
    found = before[2][SECOND]

    index = {method: state for (name, method), state in found.items() if name == "web.dedup_index"}
    assert index == {method: "stale" if sees else "current" for method, sees in compared.items()}
    assert set(before[2][FIRST].values()) == {"current"}
    assert {state for (name, _), state in found.items() if name == "web.dedup_documents"} <= {"current", "stale"}


def test_dedups_of_every_kind_have_found_copies(arrived):
    home, _ = arrived["at once"]
    found = rows(home, "web.duplicates")

    gone = set(found.filter(~pl.col("kept"))["method"])
    assert {
        "fineweb.minhash",
        "slimpajama_cc.exact",
        "dolma_cc.url_bloom",
        "refinedweb.url_dedup",
    } <= gone
    assert found.filter(pl.col("units").list.len() > 0)["method"].unique().len() >= 2
    assert found.filter(pl.col("method") == "tigerbot_web.soft_dedup")["weight"].null_count() == 0


def test_the_second_snapshot_needs_no_text_signal_or_key_of_the_first(texts, arrived, tmp_path):
    folder = tmp_path / "home"
    shutil.copytree(texts, folder)
    home = Home.open(folder)
    run(home, FIRST)
    place = Path(home.lake.location)
    kept = {f"web/{name.partition('.')[2]}" for name in OF_METHOD}
    gone = [
        p for p in place.rglob("*.parquet") if FIRST in str(p) and "/".join(p.relative_to(place).parts[:2]) not in kept
    ]
    for path in gone:
        path.unlink()

    run(home, SECOND)

    assert len(gone) > 20
    for name in [*OF_METHOD, *(f"corpora.{recipe}" for recipe in RECIPES)]:
        assert rows(home, name, snapshot=SECOND).equals(rows(arrived["at once"][0], name, snapshot=SECOND)), name
