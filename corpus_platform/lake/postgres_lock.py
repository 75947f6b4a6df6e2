"""A lock in Postgres: for a lake on a store without conditional writes that several machines write.

The setting `lake: {lock: "postgres:"}` takes the address (a URL, `postgresql://user:password@host/database`) from the environment variable
CORPUS_POSTGRES_URL; `postgres:NAME` from the variable NAME. Where CORPUS_POSTGRES_URL is not set, the parts that a Dagster instance in Postgres
has (DAGSTER_POSTGRES_HOST, _PORT, _USER, _PASSWORD, _DB) are taken. So no address is in the settings, in a pickle or in a message.

It is an advisory lock of a session of its own: the server frees it when the session ends, however it ends. A holder that is killed loses it at
once, one whose machine is gone after half a minute without an answer.

Promise: a commit during which the session was lost is reported as a conflict, and never as done.

Sources: PostgreSQL's documentation, "Explicit Locking: Advisory Locks"; "Connections and Authentication: TCP Settings".

Not here: the lock in a folder, and when a lock is needed (store.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from corpus_platform.errors import CommitConflict, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "CORPUS_POSTGRES_URL"
_OF_DAGSTER = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DB"}
_IS_THERE = (
    "set lock_timeout = %s; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4"
)
_HOLDER = (
    "select pid, coalesce(host(client_addr), 'this machine'), application_name from pg_locks join pg_stat_activity using (pid) "
    "where locktype = 'advisory' and granted and objsubid = 1 and (classid::bigint << 32 | objid::bigint) = %s"
)


@dataclass(frozen=True)
class PostgresLock:
    """An advisory lock per table, by a session of its own. A value: it pickles, and holds no address."""

    variable: str = VARIABLE
    """Environment variable with the address."""
    timeout: float = 600.0
    """Seconds to wait before giving up."""

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Waits for the lock of a table. Raises CommitConflict when another run holds it too long, or when the session was lost meanwhile."""
        key = key_of(name)
        session = self._session(name)
        with contextlib.closing(session):
            self._take(session, name, key)
            yield
            self._check_held(session, name, key)

    def _session(self, name: str) -> Any:
        """A new session. Raises SettingsError where there is no driver, no address, or no server."""
        try:
            import psycopg2  # noqa: PLC0415  (an extra)
        except ImportError:
            raise SettingsError(
                'the lock `postgres:` needs the Postgres driver: pip install "corpus-platform[postgres]"'
            ) from None
        patience: dict[str, Any] = {
            "connect_timeout": 20,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
        }
        try:
            session = psycopg2.connect(
                **self._address(), application_name=f"corpus {name} {os.getpid()}"[:63], **patience
            )
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(_IS_THERE, (f"{int(self.timeout * 1000)}ms",))
        except psycopg2.ProgrammingError:
            # Its message repeats the address, and the address has a password.
            raise SettingsError(f"the environment variable {self.variable} holds no address of Postgres") from None
        except psycopg2.Error as error:
            raise SettingsError(f"{name}: the lock in Postgres can't be reached: {_line(error)}") from None
        return session

    def _address(self) -> dict[str, Any]:
        if address := os.environ.get(self.variable):
            return {"dsn": address}
        parts = {name: os.environ.get(f"DAGSTER_POSTGRES_{part}") for name, part in _OF_DAGSTER.items()}
        if self.variable == VARIABLE and parts["host"]:
            return {name: value for name, value in parts.items() if value}
        raise SettingsError(
            f"the lock `postgres:` needs an address: set the environment variable {self.variable} to postgresql://USER:PASSWORD@HOST/DATABASE"
        )

    def _take(self, session: Any, name: str, key: int) -> None:
        import psycopg2.errors  # noqa: PLC0415

        try:
            with session.cursor() as cursor:
                cursor.execute("select pg_advisory_lock(%s)", (key,))
        except psycopg2.errors.LockNotAvailable:
            who = _holder(session, key)
            raise CommitConflict(
                f"{name}: {who} has held the lock in Postgres for {self.timeout:.0f} s; see what it does, then run again"
            ) from None
        except psycopg2.Error as error:
            raise CommitConflict(
                f"{name}: the session with Postgres ended before the lock was had ({_line(error)}); run again"
            ) from None

    def _check_held(self, session: Any, name: str, key: int) -> None:
        import psycopg2  # noqa: PLC0415

        try:
            with session.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", (key,))
                held = cursor.fetchone() == (True,)
            reason = "it was not held"
        except psycopg2.Error as error:
            held, reason = False, _line(error)
        if not held:
            raise CommitConflict(
                f"{name}: the lock in Postgres was lost during the commit ({reason}), so another run may have committed over it; run again"
            )


def key_of(name: str) -> int:
    """The number of a table's lock, in the signed 64 bits that Postgres takes."""
    return int.from_bytes(hashlib.sha256(f"corpus_platform lake {name}".encode()).digest()[:8], "big", signed=True)


def _holder(session: Any, key: int) -> str:
    with session.cursor() as cursor:
        cursor.execute(_HOLDER, (key,))
        found = cursor.fetchone()
    return f"{found[2] or 'a session'} (process {found[0]} of the server, from {found[1]})" if found else "another run"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
