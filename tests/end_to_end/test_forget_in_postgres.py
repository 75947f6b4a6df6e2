"""An event store in Postgres keeps its events, without the values that show what was forgotten."""

import json
import uuid

import psycopg2
import pytest

from corpus_platform.errors import CorpusError
from corpus_platform.forgetting.traces import REMOVED, Needles, scrub_postgres

pytestmark = pytest.mark.e2e

URL = "https://marrowby.example/x"
NAMES = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "DB": "dbname"}


@pytest.fixture
def address(postgres):
    """A new database, for other tests have tables of these names in the server's own."""
    own = {name: postgres.environment[f"DAGSTER_POSTGRES_{variable}"] for variable, name in NAMES.items()}
    name = f"events_{uuid.uuid4().hex[:8]}"
    server = psycopg2.connect(**own)
    server.autocommit = True  # A database can't be made in a transaction.
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    server.close()
    return {**own, "dbname": name}


@pytest.fixture
def needles():
    found = Needles()
    found.add_name(URL)
    return found


def test_values_that_show_it_are_replaced_and_the_table_is_written_anew(address, needles):
    with psycopg2.connect(**address) as store, store.cursor() as cursor:
        cursor.execute("CREATE TABLE event_logs (id serial PRIMARY KEY, event text, run_id varchar(255))")
        events = [
            {"metadata": {"url": URL, "rows": n}} if n % 3 == 0 else {"metadata": {"rows": n}} for n in range(1200)
        ]
        cursor.executemany(
            "INSERT INTO event_logs (event, run_id) VALUES (%s, 'r')", [(json.dumps(e),) for e in events]
        )
        cursor.execute("SELECT pg_relation_filenode('event_logs')")
        file = cursor.fetchone()

    assert scrub_postgres(address, needles) == 400

    with psycopg2.connect(**address) as store, store.cursor() as cursor:
        cursor.execute("SELECT event FROM event_logs ORDER BY id")
        found = [json.loads(event) for (event,) in cursor.fetchall()]
        cursor.execute("SELECT pg_relation_filenode('event_logs')")
        assert cursor.fetchone() != file
    assert [one["metadata"]["rows"] for one in found] == list(range(1200))
    assert {one["metadata"].get("url") for one in found} == {None, REMOVED}
    assert scrub_postgres(address, needles) == 0


def test_a_database_that_is_away_is_named_without_its_password(address, needles):
    with pytest.raises(CorpusError, match="can't be cleaned") as told:
        scrub_postgres({**address, "port": "1"}, needles)

    assert address["password"] not in str(told.value)
