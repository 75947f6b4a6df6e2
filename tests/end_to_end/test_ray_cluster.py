"""A Ray cluster of two nodes: the tables of worker processes row for row, a node that goes amid a stage, drivers that are killed.

Nodes are real raylets on loopback, with a core each, so that two shards under way are on two of them. Drivers are processes of their own.
"""

import json
import shutil
import subprocess
import time

import dedup_pages
import psutil
import pytest
import test_dedup_faults as dedup_faults
from conftest import beside_python, free_port
from dedup_pages import FIRST, METHODS, SECOND, THIRD, put_snapshots
from ray_house import RayCluster, node_of, python
from stage_house import Houses, begun, differences, finished, run_chain, seen, seen_of_chain, tree, until
from test_stage_faults import Scene
from test_ui import ADD_PARTITION, LAUNCH
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_crawl, write_settings
from ui_server import serving

from corpus_platform.engine.cluster_worker import SILENCE
from corpus_platform.engine.processes import Processes
from corpus_platform.home import Home
from corpus_platform.lake import Lake

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAUSE = 3.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with RayCluster(tmp_path_factory.mktemp("ray")) as made:
        yield made


@pytest.fixture
def second(cluster):
    """The node beside the head: a new one where the last was killed."""
    alive = [node for node in cluster.nodes if node.process.poll() is None]
    return alive[0] if alive else cluster.add_node()


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


@pytest.fixture(scope="module")
def dedup_houses(tmp_path_factory):
    return dedup_faults.Houses(tmp_path_factory.mktemp("dedups"))


def test_two_nodes_make_the_tables_of_worker_processes_row_for_row(cluster, second, houses, dedup_houses, tmp_path):
    kinds = ("minhash", "lines", "filter")
    lakes = {name: Lake(tmp_path / name) for name in ("wet", *kinds)}
    for kind in kinds:
        put_snapshots(lakes[kind])
    order = {
        "ray": cluster.address,
        "trace": str(tmp_path / "trace"),
        "source": str(houses.new),
        "chains": {"wet": lakes["wet"].location},
        "dedups": {kind: lakes[kind].location for kind in kinds},
        "settings": dedup_faults.SETTINGS,
        "snapshots": [FIRST, SECOND, THIRD],
    }
    (tmp_path / "trace").mkdir()

    python(
        "import sys, json, ray_parent; ray_parent.main(json.loads(sys.argv[1]))", cluster.environment, json.dumps(order)
    )

    nodes = nodes_by_stage(tmp_path / "trace")
    assert len(set().union(*nodes.values())) == 2
    for name in ("web.dedup_documents", "web.dedup_index"):
        assert len(nodes[name]) == 2, name
    by_processes = Lake(tmp_path / "wet by processes")
    run_chain(by_processes, houses.new, "wet", engine=Processes(2))
    for name, expected in seen_of_chain(by_processes).items():
        assert not differences(seen(lakes["wet"], name), expected)
    by_processes = Lake(tmp_path / "dedup by processes")
    put_snapshots(by_processes)
    stages = dedup_pages.stages_of(METHODS["minhash"], **dedup_faults.SETTINGS)
    dedup_pages.run_all(by_processes, stages, METHODS["minhash"], FIRST, SECOND, THIRD, engine=Processes(2))
    assert dedup_pages.is_same(dedup_pages.seen(lakes["minhash"]), dedup_pages.seen(by_processes))
    # Those of the process engine and of one process are equal: test_dedup_faults.py.
    for kind in kinds[1:]:
        assert dedup_pages.is_same(dedup_pages.seen(lakes[kind]), dedup_houses.expected(kind))


def nodes_by_stage(trace):
    nodes = {}
    for path in trace.glob("begun-*"):
        nodes.setdefault(path.name.rsplit("-", 3)[1], set()).add(path.read_text())
    return nodes


def amid_on(node, folder, name, done):
    """Waits until a shard of the stage that is not done is under way on the node."""

    def is_there():
        raylets = {process.pid for process in node.processes}
        return [pid for shard, pid in begun(folder, name) if shard not in done() and raylet_of(pid) in raylets]

    return until(is_there, seconds=120)


def raylet_of(pid):
    try:
        return node_of(pid)
    except psutil.NoSuchProcess:
        return None


def test_a_node_that_goes_amid_a_stage_costs_its_shards_a_try(cluster, second, houses, tmp_path):
    name = "web.pages"
    scene = Scene(houses, tmp_path, name, "wet")

    with parent_of(scene, cluster, cluster.address) as parent:
        assert amid_on(second, parent.folder, name, lambda: finished(scene.lake, scene.stage, "wet")), parent.log
        second.kill()
        (report,) = parent.reports(240)

    assert report["retried"] == 1
    assert (report["ran"], report["resumed"]) == (len(scene.shards - scene.unchanged), len(scene.unchanged))
    assert not differences(seen(scene.lake, name), houses.expected("wet", "new")[name])
    assert scene.lake.verify().is_sound
    run_chain(scene.lake, houses.new, "wet")
    scene.assert_new()


def parent_of(scene, cluster, address, **order):
    return scene.parent(ray=address, environment=cluster.environment, **({"pause": PAUSE} | order))


def test_a_node_that_goes_amid_the_ranges_of_a_dedup_costs_them_a_try(cluster, second, dedup_houses, tmp_path):
    kind, name = "minhash", "web.dedup_index"
    lake = dedup_houses.lake(tmp_path / "lake", kind, name)

    with dedup_faults.Parent(
        tmp_path / "run", lake, kind, name, pause=2 * PAUSE, ray=cluster.address, environment=cluster.environment
    ) as parent:
        assert amid_on(second, parent.folder, name, set)
        second.kill()
        report = parent.report(240)

    assert report["retried"] >= 1
    dedup_faults.run_rest(lake, kind)
    assert dedup_pages.is_same(dedup_pages.seen(lake), dedup_houses.expected(kind))


@pytest.mark.parametrize("way", ["direct", "client"])
def test_nothing_outlives_a_killed_driver_and_the_next_run_goes_on(cluster, second, houses, tmp_path, way):
    """A client's cluster keeps its tasks for a while, in case it comes back: what they make meanwhile does not count."""
    scene = Scene(houses, tmp_path, "web.pages", "wet")
    address = {"direct": cluster.address, "client": cluster.client_address}[way]
    environment = cluster.environment | {"RAY_CLIENT_RECONNECT_GRACE_PERIOD": "20"}
    pause = {"direct": PAUSE, "client": 2 * SILENCE}[way]

    with scene.parent(ray=address, environment=environment, pause=pause, held=max(scene.shards)) as parent:
        hands = until(lambda: [pid for _, pid in begun(parent.folder, "web.pages")], seconds=120)
        assert hands, parent.log
        scene.assert_old()
        parent.kill()
        left_behind = tree(scene.lake)
        gone = until(lambda: not any(map(psutil.pid_exists, hands)), seconds=60)

    assert gone
    time.sleep(1)
    assert tree(scene.lake) == left_behind
    scene.assert_old()
    scene.assert_resumes()


def test_a_driver_outside_the_cluster_makes_the_same_tables(cluster, second, houses, tmp_path):
    scene = Scene(houses, tmp_path, "web.pages", "wet")

    with parent_of(scene, cluster, cluster.client_address, pause=0.0) as parent:
        parent.reports(240)

    assert not differences(seen(scene.lake, "web.pages"), houses.expected("wet", "new")["web.pages"])
    nodes = {path.read_text() for path in parent.folder.glob("begun-*")}
    assert nodes
    assert "" not in nodes


def test_runs_of_dagster_have_their_shards_done_by_the_cluster(cluster, second, tmp_path, monkeypatch):
    """In the process that asks for them (`corpus run`), and in one that `dagster dev` launches."""
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_USAGE_STATS_ENABLED"):
        monkeypatch.setenv(name, cluster.environment[name])
    home, alone = tmp_path / "home", tmp_path / "alone"
    for snapshot in (SNAPSHOT, NEXT_SNAPSHOT):
        make_crawl(home / "crawl", snapshot)
    shutil.copytree(home, alone)
    write_settings(home, engine={"kind": "ray", "address": cluster.address})
    write_settings(alone, engine={"kind": "serial"})

    command = [str(beside_python("corpus")), "--home", str(home), "run", "web/wet/pages", "--snapshot", SNAPSHOT]
    told = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    with serving(home, free_port()) as ui:
        ui.ask(ADD_PARTITION, key=NEXT_SNAPSHOT)
        launched = ui.ask(LAUNCH, assets=[{"path": ["web", "wet", "pages"]}], keys=[NEXT_SNAPSHOT])
        assert launched["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess", launched
        wanted = {"variant": "wet", "snapshot": NEXT_SNAPSHOT}
        made = until(lambda: Home.open(home).lake.state("web.pages", wanted), seconds=240)
        assert made, ui.log.read_text()[-3000:]

    assert told.returncode == 0, told.stdout + told.stderr
    for snapshot in (SNAPSHOT, NEXT_SNAPSHOT):
        Home.open(alone).run("web.pages", {"variant": "wet", "snapshot": snapshot})
    rows = [Home.open(folder).lake.scan("web.pages").collect() for folder in (home, alone)]
    assert rows[0].height > 0
    assert rows[0].equals(rows[1])
