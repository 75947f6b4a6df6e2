"""What people write and say in Dagster: its assets, what starts them, and what runs of them record."""

import dagster as dg
import orjson
import pytest
from people import home_at
from recorded import recorded
from watched import Watch
from written import row

from corpus_platform.definitions import build_defs, make
from corpus_platform.home import Home


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return home_at(tmp_path_factory.mktemp("people")).path


@pytest.fixture(scope="module")
def nodes(folder):
    graph = build_defs(Home.open(folder)).resolve_asset_graph()
    return {node.key.to_user_string(): node for node in graph.asset_nodes if node.key.path[0] == "sft"}


def test_each_collection_has_the_assets_that_it_can_have_and_they_follow_each_other(nodes):
    sets = {key: set(node.partitions_def.get_partition_keys()) for key, node in nodes.items() if node.partitions_def}
    above = {key: {parent.to_user_string() for parent in node.parent_keys} for key, node in nodes.items()}

    assert sets["sft/collected/human"] == sets["sft/agreement"] == {"written"}
    assert sets["sft/collected/users"] == sets["sft/feedback"] == sets["sft/failing"] == {"chats"}
    assert sets["sft/signals"] == sets["sft/filtered"] == {"written", "chats"}
    assert above["sft/feedback"] == {"sft/collected/users"}
    assert above["sft/failing"] == {"sft/feedback"}
    assert {"sft/collected/users", "sft/collected/human"} <= above["sft/signals"]
    assert "sft/messages" not in nodes
    assert nodes["sft/collected/users"].automation_condition is None
    assert nodes["sft/feedback"].automation_condition is not None


def test_new_answers_and_chats_are_started_by_the_sensor_of_files_each_with_its_job(tmp_path, instance):
    home = home_at(tmp_path)
    watch = Watch(home.path, instance)

    first = [watch.asked("new_files") for _ in range(3)]
    (home.path / "data/written/more.jsonl").write_bytes(orjson.dumps(row(1)))
    second = [watch.asked("new_files") for _ in range(3)]

    both = {("written_answers", "written"), ("chats_of_users", "chats")}
    assert [{(job, key) for job, key, _ in found} for found in first] == [set(), both, set()]
    assert [[(job, key) for job, key, _ in found] for found in second] == [[], [("written_answers", "written")], []]


def test_a_run_is_green_and_its_preview_names_nobody(folder):
    home = Home.open(folder)
    with dg.DagsterInstance.ephemeral() as instance:
        for batch in home.batches(["sft/collected/users"], []):
            make(home, instance, batch)
        found = recorded(instance)

    assert found.failed("chats") == set()
    outcome = found.metadata("sft/collected/users", "chats")["outcome"]
    assert "no consent" in outcome
    told = str(list(found.materialisations.values()))
    assert not any(word in told for word in ("ann@firma-x.de", '"u2"', "203.0.113.9"))
