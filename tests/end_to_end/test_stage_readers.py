"""Readers beside a run that overwrites: each look at a table, from Polars or from SQL, is the whole old or the whole new version of it."""

import threading
from collections import Counter

import polars as pl
import pytest
from stage_house import SIDE, Houses, Parent, run_chain
from stage_parent import CHAIN

from corpus_platform.analytics.sql import connect, query
from corpus_platform.lake import Lake, table

TABLES = (*CHAIN, *SIDE)


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


class Reader:
    """Looks at all tables in turn and notes which version it saw: of a side table, for each stage that writes to it."""

    def __init__(self, houses, lake, variant):
        self._location = lake.location
        self._known = {revision: pieces(houses.expected(variant, revision)) for revision in ("old", "new")}
        self._own = Lake(lake.location)
        self.saw = Counter()

    def look(self):
        for lake, kind in ((self._own, "long-lived"), (Lake(self._location), "new")):
            for name in TABLES:
                self._note(name, kind, lake.scan(name).collect())
        connection = connect(self._own)
        try:
            for name in TABLES:
                columns = self._own.scan(name).collect_schema()
                listed = ", ".join(f'"{column}"' for column in columns)
                found = pl.from_arrow(query(connection, f"SELECT {listed} FROM {name}"))
                self._note(name, "sql", found.cast(dict(columns)))  # a SQL session has the machine's time zone
        finally:
            connection.close()

    def _note(self, table_name, kind, frame):
        for name in CHAIN if table_name in SIDE else [table_name]:
            found = ordered(table_name, frame.filter(pl.col("stage") == name) if table_name in SIDE else frame)
            matching = [revision for revision, known in self._known.items() if known[name, table_name].equals(found)]
            assert matching, f"{kind} reader of {table_name} ({name}): {found.height} rows that are of no one version"
            self.saw.update((table_name, kind, revision) for revision in matching)


def ordered(name, frame):
    return frame.sort(list(table(name).key))


def pieces(frames):
    """{(stage, table): rows}, from what is seen of the stages of a chain."""
    return {(stage, name): ordered(name, frame) for stage, tables in frames.items() for name, frame in tables.items()}


def saw_both(reader, tables=CHAIN):
    return all(
        reader.saw[name, kind, revision]
        for name in tables
        for kind in ("long-lived", "new", "sql")
        for revision in ("old", "new")
    )


def test_readers_beside_a_thread_that_overwrites_see_whole_versions(houses, tmp_path):
    lake = houses.lake(tmp_path / "lake", "wet")
    reader, stop, failed = Reader(houses, lake, "wet"), threading.Event(), []

    def overwrite():
        try:
            for turn in range(200):
                if stop.is_set():
                    break
                run_chain(lake, (houses.new, houses.old)[turn % 2], "wet")
        except Exception as error:  # noqa: BLE001  (told by the test)
            failed.append(error)

    writer = threading.Thread(target=overwrite)
    writer.start()
    try:
        for _ in range(100):
            reader.look()
            if saw_both(reader):
                break
    finally:
        stop.set()
        writer.join(60)

    assert not failed
    assert not writer.is_alive()
    assert saw_both(reader)


@pytest.mark.e2e
def test_readers_beside_a_run_on_worker_processes_see_whole_versions(houses, tmp_path):
    lake = houses.lake(tmp_path / "lake", "resiliparse")
    reader = Reader(houses, lake, "resiliparse")

    with Parent(tmp_path / "run", lake, [houses.new, houses.old] * 2, "resiliparse", CHAIN) as parent:
        while parent.process.poll() is None:
            reader.look()
        reports = parent.reports()

    assert sum(report["changed"] for report in reports) == 4 * len(CHAIN)
    assert saw_both(reader, CHAIN[:1])  # the first stage takes long enough to be seen before and after
    assert not parent.left()
