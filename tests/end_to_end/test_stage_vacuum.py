"""A vacuum that keeps nothing it may remove, again and again beside a run: it harms neither the run nor a pinned version nor a reader."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from stage_house import SIDE, Houses, Parent, begun, differences, finished, run_chain, seen
from stage_parent import CHAIN, Slowed, partition_of, stages_of

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError
from corpus_platform.lake import Lake, registry
from corpus_platform.stages.run import run_stage

GREEDY = {"retain_hours": 0, "keep_versions": 1, "min_age_hours": 0}


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


class Greedy(threading.Thread):
    """Vacuums the lake until it is told to stop."""

    def __init__(self, lake):
        super().__init__()
        self.removed, self.rounds, self.failed = [], 0, None
        self._lake = Lake(lake.location)
        self._told = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._told.set()
        self.join(60)
        assert not self.is_alive()

    def run(self):
        try:
            while not self._told.is_set():
                self.removed += self._lake.vacuum(**GREEDY).removed
                self.rounds += 1
                self._told.wait(0.05)
        except Exception as error:  # noqa: BLE001  (told by the test)
            self.failed = error


class Pinned:
    """Versions of the first revision of all tables, pinned; they must read the same for ever."""

    def __init__(self, houses, lake, variant):
        self._lake, self._expected, self._variant = lake, houses.expected(variant, "old"), variant
        self._versions = {name: lake.version(name) for name in CHAIN}
        for name, version in self._versions.items():
            lake.pin(name, version, "release 1")

    def assert_whole(self):
        for name, version in self._versions.items():
            found = {name: self._lake.scan(name, version=version).collect()}
            sides = self._lake.state(name, partition_of(self._variant, name), version).side
            for side in SIDE:
                rows = self._lake.scan(side, version=sides.get(side, 0), stage=name) if side in sides else None
                found[side] = rows.collect() if rows is not None else self._expected[name][side].clear()
            assert not differences(found, self._expected[name])


@pytest.mark.e2e
def test_a_greedy_vacuum_beside_runs_harms_neither_them_nor_pinned_versions(houses, tmp_path):
    lake = houses.lake(tmp_path / "lake", "resiliparse")
    houses.expected("resiliparse", "new")
    pinned = Pinned(houses, lake, "resiliparse")

    with (
        Greedy(lake) as vacuum,
        Parent(tmp_path / "run", lake, [houses.new], "resiliparse", CHAIN, pause=0.3) as parent,
    ):
        reports = parent.reports()

    assert vacuum.failed is None
    assert vacuum.rounds > 10
    assert all(report["changed"] and not report["retried"] for report in reports)
    for name in CHAIN:
        assert not differences(seen(lake, name), houses.expected("resiliparse", "new")[name])
    pinned.assert_whole()


class VacuumedAmid(Lake):
    """A lake that is vacuumed when a run makes its plan, and when a shard has published its files and not yet its marker."""

    def markers(self, name, partition):
        self.vacuum(**GREEDY)
        return super().markers(name, partition)


def test_a_vacuum_between_a_shards_files_and_its_marker_harms_neither_runs_nor_pinned_versions(houses, tmp_path):
    lake = VacuumedAmid(houses.lake(tmp_path / "lake", "wet").location)
    pinned = Pinned(houses, lake, "wet")

    for source in (houses.new, houses.old, houses.new):
        run_chain(lake, source, "wet", names=["web.pages"])

    assert not differences(seen(lake, "web.pages"), houses.expected("wet", "new")["web.pages"])
    pinned.assert_whole()
    with pytest.raises(SettingsError, match="was vacuumed"):
        lake.scan("web.pages", version=lake.version("web.pages") - 2)


class VacuumedWithin(Slowed):
    """A stage that vacuums the lake when a shard has written its first rows."""

    def run(self, lake, partition, shard, output):
        super().run(lake, partition, shard, output)
        lake.vacuum(**GREEDY)


def test_a_vacuum_spares_the_scratch_of_shards_in_the_making(houses, tmp_path, monkeypatch):
    # Each row goes to the scratch file at once.
    monkeypatch.setitem(registry._TABLES, "web.pages", replace(registry.table("web.pages"), row_group_bytes=1))
    lake = houses.lake(tmp_path / "lake", "wet")
    stage = VacuumedWithin.of(stages_of(houses.new)["web.pages"], tmp_path)

    report = run_stage(stage, lake, Serial(), partition_of("wet"))

    assert report.ran == 5
    assert not differences(seen(lake, "web.pages"), houses.expected("wet", "new")["web.pages"])


def test_what_a_dead_run_left_goes_when_its_note_is_too_old_to_count(houses, tmp_path, monkeypatch):
    lake = houses.lake(tmp_path / "lake", "wet")
    orphan = Path(lake.uri("web.pages")) / "variant=wet" / "00009-0123456789abcdef-deadbeef.parquet"
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"left behind")
    note = lake.under_way("deadbeef00", "web.pages")
    note.__enter__()  # and the process dies: it never leaves the block

    spared = lake.vacuum(**GREEDY).removed
    monkeypatch.setattr("corpus_platform.lake.runs.LONGEST", timedelta(0))
    removed = lake.vacuum(**GREEDY).removed

    assert not [path for path in spared if "deadbeef" in path]
    assert sorted(Path(path).name for path in removed if "deadbeef" in path) == [orphan.name, "deadbeef00.json"]


def test_results_that_were_removed_behind_a_runs_back_are_made_again(houses, tmp_path):
    """Not by our vacuum: by a bucket's clean-up rule, or by hand."""
    lake = houses.lake(tmp_path / "lake", "wet")
    stage = stages_of(houses.new)["web.pages"]
    with pytest.raises(InterruptedError):
        run_chain(CutOff(lake.location), houses.new, "wet", names=["web.pages"])
    done = finished(lake, stage, "wet")
    victim = next(
        path for path in Path(lake.uri("web.pages")).rglob("00004-*.parquet") if path.name not in old_files(lake)
    )
    victim.unlink()
    (tmp_path / "trace").mkdir()

    (report,) = run_chain(lake, houses.new, "wet", names=["web.pages"], trace=tmp_path / "trace").values()

    assert done == set(range(6))
    assert (report.ran, report.resumed) == (1, 5)
    assert [shard for shard, _ in begun(tmp_path / "trace", "web.pages")] == [4]
    assert not differences(seen(lake, "web.pages"), houses.expected("wet", "new")["web.pages"])


class CutOff(Lake):
    """A lake that is gone when the main table should be committed."""

    def commit(self, name, *arguments, **options):
        raise InterruptedError


def old_files(lake):
    return {file.path.rpartition("/")[2] for file in lake.files("web.pages")}


@pytest.mark.s3
def test_a_run_on_a_bucket_is_noted_and_what_it_makes_is_spared(moto_server, place):
    storage = moto_server.storage(place)
    lake = Lake(storage.location, storage=storage)
    made = storage.path("web/pages/variant=wet/snapshot=CC-MAIN-2024-10/00000-0123456789abcdef-12345678.parquet")
    storage.filesystem().pipe_file(made, b"published, not marked")

    with lake.under_way("1234567890", "web.pages [wet,CC-MAIN-2024-10]"):
        amid = lake.vacuum(**GREEDY).removed
    after = lake.vacuum(**GREEDY).removed

    assert amid == ()
    assert after == (storage.relative(made),)
