"""Sources other than the web whose workers or runs are killed, whose records are broken, and whose partitions come in another order: the same tables in the end.

Each lake holds all that is made before the stage that is hit.
"""

import shutil
from pathlib import Path

import psutil
import pytest
from source_house import RECIPE, different, make_home, run_all, seen, tables, write_inputs
from source_parent import UNITS
from stage_house import OwnSession, begun, until
from stage_parent import Slowed

from corpus_platform.engine.processes import Processes
from corpus_platform.errors import RejectBudgetExceeded
from corpus_platform.home import Home
from corpus_platform.lake import table
from corpus_platform.stages import source_documents
from corpus_platform.stages.run import run_stage

pytestmark = pytest.mark.e2e

ASSETS = (f"corpora/{RECIPE}",)
DEDUP = {"keys_per_range": 2, "check_room": False}
SHELF = {"collection": "gutenberg"}
SHARED = {"method": f"{RECIPE}.exact", "variant": "books.cleaned", "snapshot": "gutenberg"}
STAGES = {
    "books.documents": SHELF,
    "books.cleaned": SHELF,
    "web.dedup_documents": SHARED,
    "web.dedup_index": SHARED,
}
PAUSE = 0.6


@pytest.fixture(scope="module", autouse=True)
def few_files_a_shard():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_documents, "_SHARD_UNITS", UNITS)
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    """A home in which everything is made by one process, and copies of it as it was before each stage that is hit."""
    home = make_home(tmp_path_factory.mktemp("undisturbed"), inputs, dedup=DEDUP)
    kept = tmp_path_factory.mktemp("before")
    for name, partition in tables(home, ASSETS):
        if STAGES.get(name) == partition:
            shutil.copytree(home.path, kept / name)
        home.run(name, partition)
    return home, kept


class Run(OwnSession):
    """A run of one stage (see source_parent.py)."""

    def __init__(self, folder, home, name, *, held=None):
        self.name = name
        order = {"home": str(home.path), "stage": name, "partition": STAGES[name], "pause": PAUSE, "held": held}
        super().__init__(folder, "source_parent.py", order)

    def amid(self, done):
        """Waits until a shard is finished and another one under way; the worker of that."""

        def workers():
            assert self.process.poll() is None, self.log
            finished = done()
            return finished and [pid for shard, pid in begun(self.folder, self.name) if shard not in finished]

        found = until(workers, seconds=120)
        assert found, self.log
        return found[0]

    def report(self):
        return self.ended("report.json")


@pytest.fixture
def scene(undisturbed, tmp_path):
    """A home of its own as it was before a stage, its shards, and a function that says which of them are finished."""

    def of(name):
        shutil.copytree(undisturbed[1] / name, tmp_path / "home")
        home = Home.open(tmp_path / "home")
        stage = home.stage(name)
        shards = {shard.index: stage.fingerprint(shard) for shard in stage.shards(home.lake, STAGES[name])}
        folder = Path(home.lake.location) / "_markers" / name / table(name).partition_string(STAGES[name])
        return (
            home,
            set(shards),
            lambda: {i for i, mark in shards.items() if (folder / f"{i:05d}-{mark}.json").exists()},
        )

    return of


def assert_made(home, undisturbed):
    """Everything that is left is made, and the tables are those of the undisturbed home: all, all columns, row for row."""
    run_all(home, ASSETS)
    assert different(seen(Home.open(home.path).lake), seen(undisturbed[0].lake)) == []


@pytest.mark.parametrize("name", STAGES)
def test_a_run_that_is_killed_amid_a_source_goes_on_where_it_was(undisturbed, scene, tmp_path, name):
    home, shards, done = scene(name)

    with Run(tmp_path / "run", home, name, held=max(shards)) as run:
        run.amid(done)
        run.process.kill()
        run.process.wait(20)
        assert until(lambda: not run.left(), seconds=5)
    assert home.lake.state(name, STAGES[name]) is None
    finished, trace = done(), tmp_path / "again"
    trace.mkdir()
    stage = Slowed.of(home.stage(name), trace)
    report = run_stage(stage, home.lake, home.engine, STAGES[name])

    assert finished
    assert {shard for shard, _ in begun(trace, name)} == shards - finished
    assert (report.resumed, report.ran) == (len(finished), len(shards - finished))
    assert_made(home, undisturbed)


@pytest.mark.parametrize("name", ["books.cleaned", "web.dedup_documents"])
def test_a_killed_worker_costs_its_shard_a_try(undisturbed, scene, tmp_path, name):
    home, shards, done = scene(name)

    with Run(tmp_path / "run", home, name) as run:
        psutil.Process(run.amid(done)).kill()
        report = run.report()
        left = run.left()

    assert (report["retried"], report["ran"]) == (1, len(shards))
    assert left == []
    found, expected = (rows_of(one.lake, name) for one in (home, undisturbed[0]))
    assert found[name].height
    assert different(found, expected) == []


def rows_of(lake, name):
    """The rows of a stage's partition, in its table and the side tables."""
    of = lake.side_partition(name, STAGES[name])
    sides = ("ops.rejects", "ops.decisions", "web.dedup_keys")
    return {
        name: lake.scan(name, **STAGES[name]).collect(),
        **{side: lake.scan(side, **of).collect() for side in sides},
    }


def test_readers_of_every_kind_give_the_same_in_worker_processes(inputs, undisturbed, tmp_path):
    home = make_home(tmp_path, inputs)
    expected = seen(undisturbed[0].lake)

    for name, partition in tables(
        home, [f"{source}/documents" for source in ("code", "academic", "social", "parallel")]
    ):
        run_stage(home.stage(name), home.lake, Processes(1), partition)

    found = seen(home.lake)
    assert set(found) == {
        "code.documents",
        "academic.documents",
        "social.documents",
        "parallel.documents",
        "ops.rejects",
    }
    for name in ("code.documents", "academic.documents", "social.documents"):
        assert found[name].equals(expected[name]), name
    stages = expected["ops.rejects"]["stage"].is_in(["code.documents", "social.documents"])
    assert found["ops.rejects"].equals(expected["ops.rejects"].filter(stages))


def test_too_many_broken_records_fail_loudly_and_are_not_read_again_when_the_budget_is_raised(inputs, tmp_path):
    shutil.copytree(inputs, tmp_path / "in")
    (tmp_path / "in/academic/arxiv/1911.99999.gz").write_bytes(b"\x1f\x8bnot an archive at all")
    home = make_home(tmp_path / "home", tmp_path / "in", reject_budget=0.4)
    where = {"collection": "arxiv", "month": "2019-11"}

    with pytest.raises(
        RejectBudgetExceeded, match=r"academic.documents \[arxiv,2019-11\]: 1 of 2 records are broken"
    ) as told:
        home.run("academic.documents", where)

    assert "1911.99999.gz at 0: " in str(told.value)
    assert home.lake.state("academic.documents", where) is None
    report = make_home(tmp_path / "home", tmp_path / "in", reject_budget=0.5).run("academic.documents", where)
    assert (report.rows, report.ran, report.rejects()["broken_archive"]) == (1, 0, 1)


def test_parts_give_the_same_tables_in_whatever_order_their_sources_come(inputs, undisturbed, tmp_path):
    """Books and threads come first, and are a corpus; papers and code, which have priority, come later: what is stale is made anew."""
    late = ("academic", "code")
    for source in late:
        (tmp_path / "in" / source).mkdir(parents=True)
        (tmp_path / "in" / source / {"academic": "arxiv", "code": "own"}[source]).mkdir()
    for source in ("books", "social", "parallel"):
        shutil.copytree(inputs / source, tmp_path / "in" / source)
    home = make_home(tmp_path / "home", tmp_path / "in", dedup=DEDUP)
    name, notes = f"corpora.{RECIPE}", {"variant": "books.cleaned", "snapshot": "notes"}

    run_all(home, ASSETS)
    first = home.lake.state(name, notes)
    for source in late:
        shutil.copytree(inputs / source, tmp_path / "in" / source, dirs_exist_ok=True)
    run_all(home, ASSETS)

    assert (first.rows, home.lake.state(name, notes).rows) == (2, 1)
    assert different(seen(home.lake), seen(undisturbed[0].lake)) == []
