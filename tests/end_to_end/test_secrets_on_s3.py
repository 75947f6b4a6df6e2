"""Planted credentials (key id, secret, session token) are nowhere in what a run on S3 leaves or says; nor in what it says when the server refuses.

What it leaves: every object of the bucket (tables with their rows, logs of tables, markers, compute logs), every file of the home (Dagster's event
store, dagster.yaml, corpus.yaml written back, warehouse.duckdb, logs), and what the commands print.
"""

import base64
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote_plus

import dagster as dg
import polars as pl
import pytest
from conftest import beside_python
from faulty_s3 import Trouble, proxy
from stage_crawl import SNAPSHOT, make_crawl

from corpus_platform.definitions import instance_of
from corpus_platform.home import Home
from corpus_platform.lake.storage import Storage
from corpus_platform.settings import write_settings

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

PLANTED = {
    "AWS_ACCESS_KEY_ID": "PLANTEDKEYID4711ABCD",
    "AWS_SECRET_ACCESS_KEY": "planted/Secret+4711/abcdefghijklmnopqrstu",
    "AWS_SESSION_TOKEN": "PlantedToken4711//////////wEaCXVzLWVhc3QtMSJH",
}
REFUSAL = (
    b"<Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not fit.</Message>"
    b"<AWSAccessKeyId>PLANTEDKEYID4711ABCD</AWSAccessKeyId><StringToSign>HEADERS</StringToSign></Error>"
)
SETTINGS = """
s3: {{location: 's3://corpus/{place}', endpoint: '{endpoint}', region: us-east-1, retry_seconds: 20}}
source: {{location: 's3://corpus/{place}/input'}}
variants: [wet]
pages: {{shard_files: 1}}
reject_budget: 1.0
engine: {{kind: process, workers: 2}}
recipes: {{enabled: []}}
"""


@pytest.fixture
def bucket(moto_server, place, monkeypatch):
    """A place in the bucket, reached with the planted credentials, which are in the environment only."""
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    return Storage(f"s3://corpus/{place}", endpoint=moto_server.endpoint, region="us-east-1")


def forms(secret):
    """How a secret may be written."""
    return {secret.encode(), quote_plus(secret).encode(), base64.b64encode(secret.encode()).rstrip(b"=")}


SPELLINGS = {name: forms(value) for name, value in PLANTED.items()}


def leaks(texts):
    """(where, which credential) of all that is found in {where: bytes}."""
    return [
        (where, name)
        for where, text in texts.items()
        for name, spelt in SPELLINGS.items()
        for one in spelt
        if one in text
    ]


def files_below(folder):
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def objects_below(storage):
    """Every object, and for those that compress the rows of tables also the rows."""
    fs, found = storage.filesystem(), {}
    for path in fs.find(storage.path()):
        found[path] = fs.cat_file(path)
        if path.endswith(".parquet"):
            found[f"rows of {path}"] = pl.read_parquet(found[path], hive_partitioning=False).write_json().encode()
    return found


def corpus(home, *words):
    """What a command prints, and how it ends."""
    command = [str(beside_python("corpus")), "--home", str(home), *words]
    done = subprocess.run(command, capture_output=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


def test_no_byte_of_a_credential_is_left_or_said_by_a_run(bucket, place, tmp_path):
    crawl = make_crawl(tmp_path / "crawl", files=2)
    bucket.filesystem().put(f"{crawl}/", f"corpus/{place}/input/", recursive=True)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "corpus.yaml").write_text(SETTINGS.format(place=place, endpoint=bucket.endpoint))

    said = {
        " ".join(words): corpus(folder, *words)
        for words in (
            ("run", "corpora/ccnet", "--snapshot", SNAPSHOT),
            ("status",),
            ("sql", "select count(*) n from corpora.ccnet"),
            ("warehouse",),
        )
    }
    write_settings(folder / "again.yaml", Home.open(folder).settings)

    assert {words: code for words, (code, _) in said.items()} == dict.fromkeys(said, 0), said
    left, stored = files_below(folder), objects_below(bucket)
    assert any(path.endswith("warehouse.duckdb") for path in left)
    assert any(path.endswith(".db") for path in left)
    assert any("/logs/" in path for path in stored)
    assert any(path.startswith("rows of") for path in stored)
    assert leaks({words: text for words, (_, text) in said.items()} | left | stored) == []


@pytest.mark.parametrize("denied_path", ["", "_delta_log"], ids=["files", "commits"])
def test_no_byte_of_a_credential_is_said_when_the_server_refuses(bucket, place, tmp_path, denied_path):
    """The server's answer holds all that the request said of who asks, as AWS's hold the key id and the string that was signed.

    The client that commits puts the whole answer into its error.
    """
    crawl = make_crawl(tmp_path / "crawl", files=2)
    bucket.filesystem().put(f"{crawl}/", f"corpus/{place}/input/", recursive=True)
    folder = tmp_path / "home"
    folder.mkdir()
    trouble = Trouble(denied=REFUSAL, denied_path=denied_path)

    with proxy(bucket.endpoint, trouble) as endpoint:
        (folder / "corpus.yaml").write_text(SETTINGS.format(place=place, endpoint=endpoint))
        code, text = corpus(folder, "run", "corpora/ccnet", "--snapshot", SNAPSHOT)

    assert trouble.done["denied"] > 0
    assert code == 1
    assert (
        f"the lake at s3://corpus/{place}/lake can't be reached: check the bucket, the endpoint ({endpoint})".encode()
        in text
    )
    assert b"Traceback" not in text
    assert leaks({"said": text} | files_below(folder) | objects_below(bucket)) == []


def test_a_planted_leak_is_found(bucket, place, tmp_path):
    """Else the tests above would prove nothing."""
    (tmp_path / "a").write_text(f"x {PLANTED['AWS_SESSION_TOKEN']} y")
    pl.DataFrame({"a": [PLANTED["AWS_SECRET_ACCESS_KEY"]] * 1000}).write_parquet(tmp_path / "b.parquet")
    bucket.filesystem().put_file(str(tmp_path / "b.parquet"), bucket.path("b.parquet"))

    found = leaks(files_below(tmp_path) | objects_below(bucket))

    assert {name for _, name in found} == {"AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY"}


def test_what_a_step_prints_is_kept_in_the_bucket(s3_server, place, tmp_path, monkeypatch):
    storage = s3_server.storage(place)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", storage.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage.secret)
    (tmp_path / "corpus.yaml").write_text(
        f"s3: {{location: 's3://corpus/{place}', endpoint: '{s3_server.endpoint}', region: us-east-1}}\n"
    )

    @dg.asset
    def talks() -> None:
        sys.stdout.write("what it printed\n")
        sys.stderr.write("what it complained of\n")

    with instance_of(Home.open(tmp_path)) as instance:
        run = dg.materialize([talks], instance=instance).run_id
        (event,) = instance.all_logs(run, of_type=dg.DagsterEventType.LOGS_CAPTURED)
        captured = event.dagster_event.logs_captured_data
        logs = instance.compute_log_manager
        shown = logs.get_log_data(logs.build_log_key_for_run(run, captured.file_key))

    objects = {path.rpartition(".")[2]: path for path in storage.filesystem().find(storage.path("logs"))}
    kept = {kind: storage.read(path).decode() for kind, path in objects.items()}
    assert "what it printed" in kept["out"]
    assert "what it complained of" in kept["err"]
    assert b"what it printed" in (shown.stdout or b"")
    assert captured.external_stdout_url is None
