"""The production settings on real servers: Dagster's instance in Postgres, logs in a bucket, a code server, a web server and a daemon as compose.yaml starts them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import dagster as dg
import pytest
import yaml
from conftest import BUCKET, KEY, SECRET, free_port
from tiny_crawl import SNAPSHOT, make_crawl
from ui_server import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

ROOT = Path(__file__).parents[2]
_PATIENCE = 150
_LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_LOCATION = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"


@pytest.fixture
def environment(postgres, moto_server, tmp_path, place, monkeypatch):
    """What .env and compose.yaml give to the containers, for these servers; a home with a tiny crawl and the production settings."""
    home = tmp_path / "home"
    (home / "dagster").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "dagster.prod.yaml", home / "dagster" / "dagster.yaml")
    make_crawl(tmp_path / "crawl", SNAPSHOT)
    settings = {"s3": {"location": f"s3://{BUCKET}/{place}"}, "source": {"location": str(tmp_path / "crawl")}}
    settings |= {"variants": ["wet"], "engine": {"kind": "serial"}, "recipes": {"enabled": ["ccnet"]}}
    (home / "corpus.yaml").write_text(yaml.safe_dump(settings))
    given = {
        **postgres.environment,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_server.endpoint,
        "CORPUS_LOGS_BUCKET": f"logs-{free_port()}",
        "CORPUS_LOGS_DIR": str(tmp_path / "logs"),
        "CORPUS_CODE_HOST": "127.0.0.1",
        "CORPUS_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    made = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "make_buckets.py")], check=True, capture_output=True, text=True
    )
    assert made.stdout == f"{BUCKET}: there\n{given['CORPUS_LOGS_BUCKET']}: made\n"
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@contextmanager
def program(name, command, environment, folder):
    """A program of the deployment in a session of its own; nothing of it is left when the block ends."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        leader = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        yield leader
    finally:
        leader.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and processes_of(leader.pid):
            leader.poll()
            time.sleep(0.2)
        for process in processes_of(leader.pid):
            process.kill()
        leader.wait(10)


def commands(service):
    """What compose.yaml has a service run."""
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"][service]["command"]


def until(found, what, logs):
    """Waits until `found` gives something."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            if (value := found()) is not None:
                return value
        except OSError:
            pass
        time.sleep(0.5)
    told = "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs.glob("*.log"))
    raise AssertionError(f"{what} did not come in {_PATIENCE} s\n{told}")


def test_a_run_is_recorded_in_postgres_and_its_log_is_in_the_bucket(environment):
    @dg.op
    def speaks(context):
        print("a line of the run")  # noqa: T201

    @dg.job
    def one_op():
        speaks()

    with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
        run = one_op.execute_in_process(instance=instance).run_id

    with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as again:
        assert again.get_run_by_id(run).status == dg.DagsterRunStatus.SUCCESS
    bucket = boto3.resource("s3").Bucket(os.environ["CORPUS_LOGS_BUCKET"])
    logs = {entry.key: entry.get()["Body"].read() for entry in bucket.objects.all() if run in entry.key}
    assert any(b"a line of the run" in text for text in logs.values()), logs.keys()


def test_a_run_that_the_ui_launches_is_queued_and_made_beside_the_daemon(environment, tmp_path):
    code, ui = free_port(), free_port()
    place = {"host": {"env": "CORPUS_CODE_HOST"}, "port": code, "location_name": "corpus_platform"}
    shown = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text())
    assert shown == {"load_from": [{"grpc_server": place | {"port": 4000}}]}
    (tmp_path / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": place}]}))
    ports = {
        "4000": str(code),
        "3000": str(ui),
        "0.0.0.0": "127.0.0.1",
        "deploy/workspace.yaml": str(tmp_path / "workspace.yaml"),
    }

    def ask(query, **variables):
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"http://127.0.0.1:{ui}/graphql", body, {"Content-Type": "application/json"})
        answer = json.load(urlopen(request, timeout=30))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    with ExitStack() as stack:
        started = {
            name: stack.enter_context(
                program(name, [ports.get(word, word) for word in commands(name)], environment, tmp_path)
            )
            for name in ("code", "webserver", "daemon")
        }
        nodes = until(lambda: ask(_LOCATION)["repositoriesOrError"].get("nodes") or None, "the code location", tmp_path)
        assert [node["location"]["name"] for node in nodes] == ["corpus_platform"]
        with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
            instance.add_dynamic_partitions("cc_snapshot", [SNAPSHOT])
        selector = {"repositoryLocationName": "corpus_platform", "repositoryName": nodes[0]["name"]}
        selector |= {"pipelineName": "__ASSET_JOB", "assetSelection": [{"path": ["web", "wet", "pages"]}]}
        tags = {"tags": [{"key": "dagster/partition", "value": SNAPSHOT}]}
        params = {"selector": selector, "mode": "default", "executionMetadata": tags}

        launched = ask(_LAUNCH, params=params)["launchPipelineExecution"]

        assert launched["__typename"] == "LaunchRunSuccess", launched
        run = launched["run"]["runId"]
        status = until(lambda: _ended(ask(_RUN, id=run)["runOrError"]["status"]), "the end of the run", tmp_path)
        assert status == "SUCCESS"
        with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
            said = [
                e.get_dagster_event().engine_event_data.metadata.get("pid")
                for e in instance.all_logs(run, of_type=dg.DagsterEventType.ENGINE_EVENT)
            ]
        assert [value for value in said if value is not None]
        assert started["daemon"].poll() is None
    assert [name for name, leader in started.items() if processes_of(leader.pid)] == []


def _ended(status):
    return status if status in {"SUCCESS", "FAILURE", "CANCELED"} else None
