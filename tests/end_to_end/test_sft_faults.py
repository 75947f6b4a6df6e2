"""Data sets of dialogues on a bucket, and with runs and workers that are killed: the same tables as an undisturbed home of local folders."""

import shutil
from pathlib import Path

import psutil
import pytest
from conftest import BUCKET, KEY, SECRET
from source_house import different, seen
from stage_house import OwnSession, begun, until
from stage_parent import Slowed
from tiny_sets import MADE_OF, row, write_home, write_rows, write_sets

from corpus_platform.home import Home
from corpus_platform.lake import table
from corpus_platform.stages import sft_messages
from corpus_platform.stages.run import run_stage

pytestmark = pytest.mark.e2e

STAGE, WHERE = "sft.filtered", {"set": "first"}
FILES = 5
"""Files of `first`, each a shard."""


def run_all(home):
    """Makes all data sets; the reports."""
    batches = home.batches(["sft/filtered"], [])
    return [home.run(name, partition) for batch in batches for name, partition in batch.tables]


def without_versions(tables):
    """Tables without what a store says of when a file has changed."""
    return {name: frame.drop("version", strict=False) for name, frame in tables.items()}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The data sets, of which `first` has several files."""
    folder = tmp_path_factory.mktemp("inputs")
    write_sets(folder)
    for number in range(1, FILES):
        rows = [{**row(place), "output": f"{row(place)['output']} So says letter {number}."} for place in (3, 4, 5)]
        write_rows(folder / "first", rows, f"letter-{number}.jsonl")
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    """A home with everything made by one process, and a copy of it as it was before the stage that is hit."""
    folder = tmp_path_factory.mktemp("undisturbed") / "home"
    folder.mkdir()
    write_home(folder, str(inputs))
    home, before = Home.open(folder), tmp_path_factory.mktemp("before") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sft_messages, "_SHARD_FILES", 1)
        for batch in home.batches(["sft/filtered"], []):
            for name, partition in batch.tables:
                if (name, partition) == (STAGE, WHERE):
                    shutil.copytree(folder, before)
                home.run(name, partition)
    return home, before


class Run(OwnSession):
    """A run of the stage in worker processes (see source_parent.py)."""

    def __init__(self, folder, home, *, held=None):
        order = {"home": str(home.path), "stage": STAGE, "partition": WHERE, "pause": 0.5, "held": held}
        super().__init__(folder, "source_parent.py", order)

    def amid(self, done):
        """Waits until a shard is finished and another one under way; the worker of that."""

        def workers():
            assert self.process.poll() is None, self.log
            finished = done()
            return finished and [pid for shard, pid in begun(self.folder, STAGE) if shard not in finished]

        found = until(workers, seconds=120)
        assert found, self.log
        return found[0]


@pytest.fixture
def scene(undisturbed, tmp_path):
    """A home of its own as it was before the stage, its shards, and a function that says which of them are finished."""
    shutil.copytree(undisturbed[1], tmp_path / "home")
    home = Home.open(tmp_path / "home")
    stage = home.stage(STAGE)
    marks = {shard.index: stage.fingerprint(shard) for shard in stage.shards(home.lake, WHERE)}
    folder = Path(home.lake.location) / "_markers" / STAGE / table(STAGE).partition_string(WHERE)
    return home, set(marks), lambda: {i for i, mark in marks.items() if (folder / f"{i:05d}-{mark}.json").exists()}


def assert_made(home, undisturbed):
    for name in (STAGE, "ops.decisions"):
        where = WHERE if name == STAGE else home.lake.side_partition(STAGE, WHERE)
        found, expected = (one.lake.scan(name, **where).collect() for one in (home, undisturbed[0]))
        assert found.height
        assert found.equals(expected), name


def test_a_run_of_filters_that_is_killed_goes_on_where_it_was(undisturbed, scene, tmp_path):
    home, shards, done = scene

    with Run(tmp_path / "run", home, held=max(shards)) as run:
        run.amid(done)
        run.process.kill()
        run.process.wait(20)
        assert until(lambda: not run.left(), seconds=5)
    finished, trace = done(), tmp_path / "again"
    trace.mkdir()
    report = run_stage(Slowed.of(home.stage(STAGE), trace), home.lake, home.engine, WHERE)

    assert len(shards) == FILES
    assert finished
    assert (report.resumed, report.ran) == (len(finished), len(shards - finished))
    assert_made(home, undisturbed)


def test_a_killed_worker_costs_its_shard_of_filters_a_try(undisturbed, scene, tmp_path):
    home, shards, done = scene

    with Run(tmp_path / "run", home) as run:
        psutil.Process(run.amid(done)).kill()
        report = run.ended("report.json")
        left = run.left()

    assert (report["retried"], report["ran"]) == (1, len(shards))
    assert left == []
    assert_made(home, undisturbed)


@pytest.mark.s3
def test_data_sets_go_from_bucket_to_bucket_and_a_second_run_makes_nothing(
    juicefs_server, inputs, undisturbed, place, tmp_path, monkeypatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    juicefs_server.storage(place).filesystem().put(f"{inputs}/", f"{BUCKET}/{place}/in/", recursive=True)
    lock = {} if juicefs_server.honours_conditions else {"lock": f"file:{tmp_path}/locks"}
    write_home(
        tmp_path,
        f"s3://{BUCKET}/{place}/in",
        s3={"endpoint": juicefs_server.endpoint, "region": "us-east-1", "retry_seconds": 60},
        lake={"location": f"s3://{BUCKET}/{place}/lake", **lock},
    )
    monkeypatch.setattr(sft_messages, "_SHARD_FILES", 1)

    first = run_all(Home.open(tmp_path))
    again = run_all(Home.open(tmp_path))

    found, expected = (without_versions(seen(home.lake)) for home in (Home.open(tmp_path), undisturbed[0]))
    assert different(found, expected) == []
    assert {one.name for one in inputs.iterdir()} == set(MADE_OF)
    assert sum(report.changed for report in first) > len(MADE_OF)
    assert [report.stage for report in again if report.changed or report.ran] == []
    assert not (tmp_path / "lake").exists()
