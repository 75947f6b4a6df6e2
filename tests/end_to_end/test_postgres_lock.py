"""The lock of a lake in a real Postgres: one holder at a time, freed by every kind of end, never lost in silence."""

import pickle
import signal
import subprocess
import sys
from contextlib import contextmanager

import lock_holder
import postgres_server
import psycopg2
import pytest
from test_lake_concurrency import COMMITS, PROCESSES, ROWS, Committers, House

from corpus_platform.errors import CommitConflict, SettingsError
from corpus_platform.lake.postgres_lock import PostgresLock, key_of

pytestmark = [pytest.mark.e2e, pytest.mark.s3]


@pytest.fixture
def address(postgres, monkeypatch):
    """The server's address, where the lock looks for it."""
    monkeypatch.setenv("CORPUS_POSTGRES_URL", postgres.url)
    return postgres.url


@contextmanager
def holder(name):
    """Another process that holds the lock; it is gone when the block ends."""
    command = [sys.executable, lock_holder.__file__, name]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_held_by_another_process_is_waited_for_and_the_conflict_names_it(address):
    with holder("web.pages") as other:
        with (
            pytest.raises(
                CommitConflict, match=f"corpus web.pages {other.pid} .* has held the lock in Postgres for 0 s"
            ),
            PostgresLock(timeout=0.2).hold("web.pages"),
        ):
            pytest.fail("two hold it")
        with PostgresLock(timeout=0.2).hold("web.signals"):
            pass  # another table's lock is free

        other.stdin.write("go on\n")
        other.stdin.flush()

        with PostgresLock(timeout=20).hold("web.pages"):
            assert other.stdout.readline() == "released\n"


def test_a_holder_that_is_killed_frees_the_lock(address):
    with holder("web.pages") as other:
        other.send_signal(signal.SIGKILL)

        with PostgresLock(timeout=20).hold("web.pages"):
            pass


def test_an_error_under_the_lock_frees_it_and_is_raised(address):
    with pytest.raises(ZeroDivisionError), PostgresLock(timeout=1).hold("web.pages"):
        _ = 1 / 0

    with PostgresLock(timeout=1).hold("web.pages"):
        pass


def test_a_session_that_was_lost_during_a_commit_is_a_conflict(address):
    with pytest.raises(CommitConflict, match="was lost during the commit"), PostgresLock().hold("web.pages"):
        _cut_off(address, "web.pages")


def _cut_off(address, name):
    """Ends the session that holds the lock of a table, as a server that restarts does."""
    low = key_of(name) & 0xFFFFFFFF
    session = psycopg2.connect(address)
    with session, session.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = %s", (low,)
        )
        assert cursor.fetchall() == [(True,)]
    session.close()


def test_no_message_and_no_pickle_has_the_password(address, monkeypatch):
    secret = postgres_server.PASSWORD
    lock = PostgresLock(timeout=0.1)
    assert secret.encode() not in pickle.dumps(lock)
    assert secret not in repr(lock)

    for wrong in (
        f"postgresql//dagster:{secret}@127.0.0.1/dagster",
        address.replace("/dagster", "/nothing"),
        f"{secret}",
    ):
        monkeypatch.setenv("CORPUS_POSTGRES_URL", wrong)
        with pytest.raises(SettingsError) as caught, lock.hold("web.pages"):
            pass
        assert secret not in f"{caught.value}{caught.value.__cause__}"


def test_four_processes_on_a_store_without_conditions_lose_no_commit(address, juicefs_server, place):
    house = House(juicefs_server.storage(place), "postgres:")
    committers = Committers()
    try:
        committers.race(house, "overwrite", ["one"] * PROCESSES)
    finally:
        committers.end()

    rows = house.lake.scan("test.rows", part="one").collect()
    assert rows.height == ROWS
    assert rows["count"].unique().to_list() == [PROCESSES * COMMITS]
