"""The lock in Postgres as a setting: which variable it reads, and what it says where there is none."""

import pickle

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.lake.postgres_lock import PostgresLock, key_of
from corpus_platform.lake.store import lock_from


@pytest.fixture(autouse=True)
def _no_address(monkeypatch):
    for name in ("CORPUS_POSTGRES_URL", "LOCKS_URL", *(f"DAGSTER_POSTGRES_{part}" for part in ("HOST", "USER", "DB"))):
        monkeypatch.delenv(name, raising=False)


def test_the_setting_names_the_variable_and_never_the_address():
    assert lock_from("postgres:") == PostgresLock("CORPUS_POSTGRES_URL")
    assert lock_from("postgres:LOCKS_URL") == pickle.loads(pickle.dumps(PostgresLock("LOCKS_URL")))


def test_without_an_address_the_variable_is_named():
    with (
        pytest.raises(SettingsError, match="set the environment variable LOCKS_URL to postgresql://"),
        PostgresLock("LOCKS_URL").hold("web.pages"),
    ):
        pass


def test_the_parts_of_a_dagster_instance_are_an_address_too(monkeypatch):
    monkeypatch.setenv("DAGSTER_POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("DAGSTER_POSTGRES_PORT", "1")
    monkeypatch.setenv("DAGSTER_POSTGRES_USER", "dagster")

    with (
        pytest.raises(SettingsError, match=r"can't be reached: .*127.0.0.1.* port 1 "),
        PostgresLock().hold("web.pages"),
    ):
        pass


def test_tables_have_numbers_of_their_own_which_stay():
    assert key_of("web.pages") == key_of("web.pages") != key_of("web.signals")
    assert -(2**63) <= key_of("web.pages") < 2**63
    assert key_of("test.rows") == 4919362652854078671
