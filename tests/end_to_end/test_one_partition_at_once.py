"""Two whole runs of a stage on one partition at once: one wins, the other is refused and names it, and readers see the winner's rows only.

Both have taken note of what the partition is before either commits: each waits in its first shard until the other is there too.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from stage_crawl import make_crawl
from stage_house import differences, run_chain, seen
from stage_parent import Slowed, partition_of, stages_of

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CommitConflict
from corpus_platform.lake import Lake
from corpus_platform.stages.run import run_stage

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

NAME = "web.pages"
MEETINGS = {}
"""Where the runs of a test wait for one another, by the test's place: a stage is frozen and holds no barrier."""


@dataclass(frozen=True)
class Meeting(Slowed):
    """The stage within, whose first shard waits until as many runs as the barrier asks for are at theirs."""

    def run(self, lake, partition, shard, output):
        if shard.index == 0:
            MEETINGS[self.trace].wait(60)
        self.inner.run(lake, partition, shard, output)


@pytest.fixture(params=["folder", "moto", "juicefs"])
def house(request, tmp_path, place):
    """Makes lakes at one place of a store, each with handles of its own, as two processes have them."""
    if request.param == "folder":
        return lambda: Lake(tmp_path / "lake")
    storage = request.getfixturevalue(f"{request.param}_server").storage(place)
    lock = f"file:{tmp_path}/locks" if request.param == "juicefs" else None
    return lambda: Lake(storage.location, storage=storage, lock=lock)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return make_crawl(tmp_path_factory.mktemp("crawl"), files=2)


@pytest.mark.parametrize("exists", [True, False], ids=["existing", "new"])
def test_of_two_runs_on_one_partition_one_wins_and_the_other_names_it(house, crawl, exists, tmp_path):
    place = str(tmp_path)
    if exists:
        run_chain(house(), crawl, "wet", names=[NAME])
    MEETINGS[place] = threading.Barrier(2)
    # Each makes other rows, so that it shows whose they are.
    limits = (900, 1_500)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda limit: attempt(house(), crawl, limit, place), limits))

    (winner,) = [end for end in ended if not isinstance(end, CommitConflict)]
    (refused,) = [end for end in ended if isinstance(end, CommitConflict)]
    won = limits[ended.index(winner)]
    alone = Lake(tmp_path / "alone")
    run_chain(alone, crawl, "wet", names=[NAME], pages={"max_body_bytes": won})
    assert f"run {winner.run} of stage {NAME}" in str(refused)
    assert "Nothing was committed; finished shards are kept" in str(refused)
    assert not differences(seen(house(), NAME), seen(alone, NAME))
    assert house().state(NAME, partition_of("wet", NAME)).run == winner.run

    # What the refused run had finished is there for the next one.
    lost = limits[ended.index(refused)]
    report = run_chain(house(), crawl, "wet", names=[NAME], pages={"max_body_bytes": lost})[NAME]
    assert (report.changed, report.ran, report.resumed) == (True, 0, 2)


def attempt(lake, crawl, limit, place):
    """The report of a run with a limit of its own, or its refusal."""
    stage = Meeting.of(stages_of(crawl, pages={"max_body_bytes": limit})[NAME], place)
    try:
        return run_stage(stage, lake, Serial(), partition_of("wet", NAME))
    except CommitConflict as conflict:
        return conflict
