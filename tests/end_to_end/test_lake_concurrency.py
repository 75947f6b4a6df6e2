"""Four processes commit again and again to one table: nothing is lost, nothing is doubled, readers see whole versions.

Every kind of lake, with ten commits each, is among the long tests; some of them, with a few, are part of every test run.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import committer
import pytest

from corpus_platform.lake import Lake
from corpus_platform.lake.storage import Storage

pytestmark = pytest.mark.s3

PROCESSES, COMMITS, FEW = 4, 10, 4
KINDS = ("folder", "folder with a lock", "moto", "juicefs with a lock")
ROWS = 2 * committer.ROWS_PER_FILE


@dataclass(frozen=True)
class House:
    """A lake that several processes may write: where, and under which lock."""

    storage: Storage
    lock: str | None = None
    commits: int = COMMITS
    """How many each process makes."""

    @property
    def lake(self) -> Lake:
        return Lake(self.storage.location, storage=self.storage, lock=self.lock)


class Committers:
    """Processes that run `committer.py` and answer line by line."""

    def __init__(self):
        command = [sys.executable, str(Path(committer.__file__))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.processes = [subprocess.Popen(command, **pipes) for _ in range(PROCESSES)]

    def race(self, house: House, mode: str, partitions: list[str]) -> list[dict]:
        start = time.time() + 0.2
        for index, (process, part) in enumerate(zip(self.processes, partitions, strict=True)):
            order = {"storage": asdict(house.storage), "lock": house.lock, "mode": mode, "partition": {"part": part}}
            order |= {"writer": index, "commits": house.commits, "start": start}
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        with ThreadPoolExecutor(PROCESSES) as pool:
            answers = list(pool.map(lambda process: json.loads(process.stdout.readline()), self.processes))
        assert [answer.get("error") for answer in answers] == [None] * PROCESSES
        return answers

    def end(self) -> None:
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def committers():
    found = Committers()
    yield found
    found.end()


def lakes(*short):
    """Lakes of all kinds; those that are `short` with a few commits in every test run."""
    few = [pytest.param((kind, FEW), id=f"{kind}, few") for kind in short]
    return [*few, *(pytest.param((kind, COMMITS), id=kind, marks=pytest.mark.e2e) for kind in KINDS)]


@pytest.fixture
def house(request, tmp_path, place) -> House:
    named, commits = request.param
    kind, _, locked = named.partition(" ")
    lock = f"file:{tmp_path}/locks" if locked else None
    if kind == "folder":
        return House(Storage(str(tmp_path / "lake")), lock, commits)
    return House(request.getfixturevalue(f"{kind}_server").storage(place), lock, commits)


@pytest.mark.parametrize("house", lakes("folder", "moto"), indirect=True)
def test_appends_all_land_once(committers, house):
    before = made(house, ["shared"])

    answers = committers.race(house, "append", ["shared"] * PROCESSES)

    assert_all_landed(house, answers, before)
    assert house.lake.scan("test.rows").collect().height == (PROCESSES * house.commits + 1) * ROWS
    assert refusals(answers) == []


@pytest.mark.parametrize("house", lakes("folder", "juicefs with a lock"), indirect=True)
def test_overwrites_of_different_partitions_do_not_disturb_each_other(committers, house):
    parts = [f"p{index}" for index in range(PROCESSES)]
    before = made(house, parts)

    answers = committers.race(house, "overwrite", parts)

    assert_all_landed(house, answers, before)
    assert [counters(house, part) for part in parts] == [[house.commits + 1] * ROWS] * PROCESSES
    assert refusals(answers) == []


@pytest.mark.parametrize("house", lakes("folder", "moto", "juicefs with a lock"), indirect=True)
def test_overwrites_of_one_partition_land_one_after_the_other_or_name_the_other_run(committers, house):
    overwrites(committers, house, made(house, ["shared"]))


@pytest.mark.parametrize("house", lakes("folder"), indirect=True)
def test_so_do_those_of_a_partition_that_is_new(committers, house):
    overwrites(committers, house, 0)


def overwrites(committers, house, before):
    """All processes overwrite one partition while it is read."""
    with watched(house) as views:
        answers = committers.race(house, "overwrite", ["shared"] * PROCESSES)

    assert_all_landed(house, answers, before)
    assert counters(house, "shared") == [PROCESSES * house.commits + (before > 0)] * ROWS
    assert all(": run w" in text and "(version " in text for text in refusals(answers))
    assert all(len(view) in {0, ROWS} and len(set(view)) <= 1 for view in views)


def test_the_race_is_a_race(committers, tmp_path):
    """Without refusals the tests above would prove nothing about them."""
    house = House(Storage(str(tmp_path / "lake")))

    answers = committers.race(house, "overwrite", ["shared"] * PROCESSES)

    assert refusals(answers) != []


def made(house: House, parts: list[str]) -> int:
    """Makes partitions with a first commit each; the version of the table then."""
    for part in parts:
        committer.overwrite(house.lake, {"part": part}, "first")
    return house.lake.version("test.rows")


def assert_all_landed(house: House, answers: list[dict], before: int) -> None:
    """Each commit has a version of its own, and its own entry in the log."""
    versions = sorted(version for answer in answers for version in answer["versions"])
    assert versions == list(range(before + 1, before + 1 + PROCESSES * house.commits))
    runs = [state.run for state in house.lake.history("test.rows") if state.version > before]
    assert len(runs) == len(set(runs)) == PROCESSES * house.commits


def refusals(answers: list[dict]) -> list[str]:
    return [text for answer in answers for text in answer["refusals"]]


def counters(house: House, part: str) -> list[int]:
    return house.lake.scan("test.rows", part=part).collect()["count"].to_list()


class watched:  # noqa: N801
    """Reads the partition again and again while the block runs; what was seen."""

    def __init__(self, house: House):
        self.house, self.views, self.going = house, [], True
        self.pool = ThreadPoolExecutor(1)

    def __enter__(self) -> list[list[int]]:
        self.reading = self.pool.submit(self.read)
        return self.views

    def __exit__(self, *error):
        self.going = False
        self.reading.result(timeout=60)
        self.pool.shutdown()

    def read(self) -> None:
        lake = self.house.lake
        while self.going:
            self.views.append(lake.scan("test.rows", part="shared").collect()["count"].to_list())
            time.sleep(0.2)
