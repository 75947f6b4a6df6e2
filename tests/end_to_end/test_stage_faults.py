"""Runs of the real stages that are killed in mid-stage: what readers see, what is left, what the next run does, and what comes out of it.

Each lake holds an old revision of a crawl; a run brings the new one and is killed. The stages before the one that is hit hold the new revision
already. A small choice of cases is part of every test run; all stages with all kinds of death are marked e2e.
"""

import time
from functools import partial
from pathlib import Path

import psutil
import pytest
from stage_house import Houses, Parent, begun, differences, finished, run_chain, seen, tree, until
from stage_parent import CHAIN, partition_of, stages_of

from corpus_platform.lake import Lake

PAUSE = 0.4


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


def cases(*short):
    """All stages; those that are not in `short` are for the long run."""
    long = [pytest.param(name, "wet", marks=pytest.mark.e2e) for name in CHAIN if (name, "wet") not in short]
    return pytest.mark.parametrize(("name", "variant"), [*short, *long])


class Scene:
    """A lake before the run of one stage, and what must come of it."""

    def __init__(self, houses, tmp_path, name, variant):
        self.name, self.variant, self.folder = name, variant, tmp_path
        self.at = CHAIN.index(name)
        self.houses = houses
        for revision in ("old", "new"):
            houses.expected(variant, revision)  # made now, and not while a run is under way
        self.lake = houses.lake(tmp_path / "lake", variant, new=CHAIN[: self.at])
        self.stage = stages_of(houses.new)[name]
        self.unchanged = finished(self.lake, self.stage, variant)
        self.shards = {shard.index for shard in self.stage.shards(self.lake, partition_of(variant, name))}

    def parent(self, **order):
        order = {"pause": PAUSE} | order
        return Parent(self.folder / "run", self.lake, [self.houses.new], self.variant, [self.name], **order)

    def assert_old(self):
        """Readers, new and long-lived ones, see the old version of the stage and of what comes after it, and what was committed before."""
        for lake in (self.lake, Lake(self.lake.location)):
            for i, name in enumerate(CHAIN):
                revision = "new" if i < self.at else "old"
                assert not differences(seen(lake, name), self.houses.expected(self.variant, revision)[name])

    def assert_resumes(self):
        """The next run of all stages does the unfinished shards of this one and no other, and makes what an undisturbed run makes."""
        done = finished(self.lake, self.stage, self.variant)
        trace = self.folder / "again"
        trace.mkdir()

        reports = run_chain(Lake(self.lake.location), self.houses.new, self.variant, trace=trace)

        assert {shard for shard, _ in begun(trace, self.name)} == self.shards - done
        assert (reports[self.name].resumed, reports[self.name].ran) == (len(done), len(self.shards - done))
        for name in CHAIN[: self.at]:
            assert (reports[name].ran, reports[name].changed) == (0, False)
        self.assert_new()
        return done

    def assert_new(self):
        for name in CHAIN:
            assert not differences(seen(self.lake, name), self.houses.expected(self.variant, "new")[name])


@cases()
def test_a_killed_worker_costs_its_shard_a_try(houses, tmp_path, name, variant):
    scene = Scene(houses, tmp_path, name, variant)

    with scene.parent() as parent:
        psutil.Process(parent.amid(scene.lake, scene.stage, variant)[0]).kill()
        (report,) = parent.reports()

    assert report["retried"] == 1
    assert (report["ran"], report["resumed"]) == (len(scene.shards - scene.unchanged), len(scene.unchanged))
    assert not parent.left()
    assert not differences(seen(scene.lake, name), houses.expected(variant, "new")[name])
    run_chain(scene.lake, houses.new, variant)
    scene.assert_new()


@cases(("web.pages", "resiliparse"))
def test_nothing_outlives_a_killed_parent_and_the_next_run_goes_on(houses, tmp_path, name, variant):
    scene = Scene(houses, tmp_path, name, variant)

    with scene.parent(held=max(scene.shards)) as parent:
        parent.amid(scene.lake, scene.stage, variant)
        scene.assert_old()
        parent.kill()
        left_behind = tree(scene.lake)
        ended = until(lambda: not parent.left(), seconds=5)
        time.sleep(PAUSE)  # as long as a shard takes

    # A worker for whom no shard is left is let go, so one of the two may have ended by then.
    assert any("engine.worker" in command for command in parent.commands)
    assert any("extract.helper" in command for command in parent.commands) == (
        variant == "resiliparse" and name == "web.pages"
    )
    assert ended
    assert tree(scene.lake) == left_behind
    scene.assert_old()
    done = scene.assert_resumes()
    assert scene.unchanged < done < scene.shards


@cases()
def test_a_run_goes_on_after_its_parent_and_workers_were_killed_at_once(houses, tmp_path, name, variant):
    scene = Scene(houses, tmp_path, name, variant)

    with scene.parent(held=max(scene.shards)) as parent:
        parent.amid(scene.lake, scene.stage, variant)
        for process in [*parent.descendants, psutil.Process(parent.process.pid)]:
            process.kill()
        parent.process.wait(20)
        ended = until(lambda: not parent.left(), seconds=5)

    assert ended
    scene.assert_old()
    done = scene.assert_resumes()
    assert scene.unchanged < done < scene.shards


@cases()
def test_side_rows_of_a_run_that_died_between_two_commits_are_not_shown(houses, tmp_path, name, variant):
    scene = Scene(houses, tmp_path, name, variant)
    sides = {side: scene.lake.version(side) for side in ("ops.rejects", "ops.decisions")}

    with scene.parent(dies=(name, "before")) as parent:
        parent.process.wait(120)
        ended = until(lambda: not parent.left(), seconds=5)

    assert parent.process.returncode == -9, parent.log
    assert ended
    moved = {side for side, version in sides.items() if scene.lake.version(side) != version}
    assert moved == {
        "web.pages": {"ops.rejects"},
        "web.documents": {"ops.decisions"},
        "corpora.ccnet": {"ops.decisions"},
    }.get(name, set())
    scene.assert_old()
    assert scene.assert_resumes() == scene.shards


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["web.pages", "web.documents"])
def test_a_run_that_died_after_its_commit_has_nothing_left_to_do(houses, tmp_path, name):
    scene = Scene(houses, tmp_path, name, "wet")

    with scene.parent(dies=(name, "after")) as parent:
        parent.process.wait(120)

    assert parent.process.returncode == -9, parent.log
    assert not differences(seen(scene.lake, name), houses.expected("wet", "new")[name])
    before = scene.lake.version(name)
    assert scene.assert_resumes() == scene.shards
    assert scene.lake.version(name) == before


@pytest.mark.e2e
def test_a_run_that_is_killed_again_and_again_gets_there(houses, tmp_path):
    """Each attempt at the whole chain is killed after it has finished a few shards; none does a shard that an earlier one had finished."""
    lake = houses.lake(tmp_path / "lake", "resiliparse")
    old, done = set(marked(lake)), set()

    for attempt in range(60):
        before = len(marked(lake))
        with Parent(tmp_path / f"run-{attempt}", lake, [houses.new], "resiliparse", CHAIN, pause=PAUSE) as parent:
            until(partial(has_gone_on, parent, lake, before + 5))
            is_over = parent.process.poll() is not None
            parent.kill()
            assert until(lambda parent=parent: not parent.left(), seconds=5)
        assert not {(name, shard) for name in CHAIN for shard, _ in begun(parent.folder, name)} & done
        done = {shard for marker, shard in marked(lake).items() if marker not in old}
        if is_over:
            break

    assert parent.process.returncode == 0, parent.log
    assert attempt > 2
    for name in CHAIN:
        assert not differences(seen(lake, name), houses.expected("resiliparse", "new")[name])


def marked(lake):
    """{marker: (stage, shard)}."""
    folder = Path(lake.location) / "_markers"
    return {
        path: (path.relative_to(folder).parts[0], int(path.name.partition("-")[0])) for path in folder.rglob("*-*.json")
    }


def has_gone_on(parent, lake, markers):
    return parent.process.poll() is not None or len(marked(lake)) >= markers
