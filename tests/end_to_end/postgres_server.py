"""A Postgres server on a free loopback port, from the machine's own programs: made in a temporary folder, ended by its process id.

Postgres refuses to be root, so root runs it as the user `postgres`, which Debian's package makes.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

USER, PASSWORD, DATABASE = "dagster", "postgres-tests-secret", "dagster"
_START_SECONDS = 30


@dataclass(frozen=True)
class PostgresServer:
    """A running server and one database of it."""

    port: int
    process: int

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def environment(self) -> dict[str, str]:
        """What the files of deploy/ read."""
        parts = {"HOST": "127.0.0.1", "PORT": str(self.port), "USER": USER, "PASSWORD": PASSWORD, "DB": DATABASE}
        return {f"DAGSTER_POSTGRES_{name}": value for name, value in parts.items()}


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


def required_programs() -> Path:
    """The same; a skip where Postgres is not installed, a failure where all of the tests are required."""
    if (found := programs()) is not None:
        return found
    message = "Postgres is not installed: apt-get install postgresql"
    if os.environ.get("CORPUS_E2E_REQUIRED") == "1":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def serving(port: int) -> Iterator[PostgresServer]:
    """A new server with an empty database until the block ends."""
    found = required_programs()
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="corpus-postgres-"))
    if who:
        shutil.chown(folder, "postgres", "postgres")
    try:
        _make(found, folder, who)
        command = [str(found / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", env={"PATH": os.defpath}, start_new_session=True, **who
            )
        try:
            _wait(server, port, folder / "log")
            yield PostgresServer(port, server.pid)
        finally:
            # Fast shutdown: sessions are cut off.
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(found: Path, folder: Path, who: dict) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if who:
        shutil.chown(secret, "postgres", "postgres")
    command = [str(found / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256", "--no-sync"]
    made = subprocess.run(
        [*command, "--pwfile", str(secret)],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        timeout=120,
        check=False,
        **who,
    )
    secret.unlink()
    assert made.returncode == 0, made.stderr


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    """Waits until it takes sessions, and makes the database."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            session = psycopg2.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname="postgres")
        except psycopg2.OperationalError:
            time.sleep(0.1)
            continue
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(f"create database {DATABASE}")
        session.close()
        return
    raise AssertionError(f"no Postgres on port {port} after {_START_SECONDS} s: {log.read_text()[-2000:]}")
