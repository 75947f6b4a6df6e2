"""Data sets of dialogues in Dagster: what is defined for them, what starts them, what a run of one records, and which checks stop it."""

import re
import shutil
import uuid

import dagster as dg
import pytest
from recorded import recorded
from tiny_sets import FIRST, NUMBER, SETS, make_sets, row, write_rows
from watched import Watch

from corpus_platform.definitions import build_defs, make
from corpus_platform.errors import CheckFailed
from corpus_platform.home import Home

OF_FILES = {"sft/raw", "sft/messages"}
AFTER = {"sft/signals", "sft/dedup_index", "sft/duplicates", "sft/selected", "sft/filtered"}
PICTURE = re.compile(r"!\[([^\]]+)\]\(data:image/svg\+xml;base64,")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A home with data sets, of which nothing is made."""
    return make_sets(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def definitions(folder):
    return build_defs(Home.open(folder))


@pytest.fixture(scope="module")
def nodes(definitions):
    found = {node.key.to_user_string(): node for node in definitions.resolve_asset_graph().asset_nodes}
    return {key: node for key, node in found.items() if key.startswith("sft/")}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A home with one data set made whole, and what Dagster recorded of it."""
    home = Home.open(make_sets(tmp_path_factory.mktemp("built")))
    with dg.DagsterInstance.ephemeral() as instance:
        for batch in home.batches(["sft/filtered"], []):
            if batch.key == "first":
                make(home, instance, batch)
        return home, recorded(instance)


@pytest.fixture
def home(built, tmp_path):
    """A copy of it, for tests that change it."""
    shutil.copytree(built[0].path, tmp_path / "home")
    return Home.open(tmp_path / "home")


def above(nodes, key):
    return {parent.to_user_string() for parent in nodes[key].parent_keys}


def parents_of(definitions, key, upstream, partition):
    """Partitions of an asset that one partition of another is made of."""
    graph = definitions.resolve_asset_graph()
    below, over = (dg.AssetKey(name.split("/")) for name in (key, upstream))
    mapping = graph.get_partition_mapping(below, over)
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(
        graph.get(below).partitions_def.subset_with_partition_keys([partition]),
        graph.get(below).partitions_def,
        graph.get(over).partitions_def,
    )
    return set(found.partitions_subset.get_partition_keys())


def test_a_table_has_the_data_sets_that_it_can_have(nodes):
    found = {key: set(node.partitions_def.get_partition_keys()) for key, node in nodes.items() if key != "sft/mixes"}

    read = {"first", "second", "sums"}
    assert found == {
        **dict.fromkeys(OF_FILES, read),
        "sft/constructed/rft": {"paths"},
        **{key: {*SETS} for key in AFTER},
    }
    assert {node.group_name for node in nodes.values()} == {"sft"}


def test_a_data_set_is_held_against_those_of_higher_priority(definitions):
    found = {key: parents_of(definitions, "sft/duplicates", "sft/dedup_index", key) for key in SETS}

    assert found == {
        "first": {"first"},
        "second": {"first", "second"},
        "paths": {"first", "second", "paths"},
        "sums": {*SETS},
    }


def test_what_is_built_depends_on_what_it_is_built_of(nodes, definitions):
    assert above(nodes, "sft/constructed/rft") == {"sft/messages"}
    assert parents_of(definitions, "sft/constructed/rft", "sft/messages", "paths") == {"sums"}
    assert {"sft/messages", "sft/constructed/rft"} <= above(nodes, "sft/signals")


def test_a_mix_depends_on_what_is_filtered_and_nothing_starts_it(nodes):
    assert above(nodes, "sft/mixes") == {"sft/filtered"}
    assert nodes["sft/mixes"].automation_condition is None


def test_two_jobs_bring_a_data_set_from_files_to_what_is_kept(definitions):
    jobs = {name: definitions.resolve_job_def(name) for name in ("data_set", "dialogues")}

    made = {name: {k.to_user_string() for k in job.asset_layer.executable_asset_keys} for name, job in jobs.items()}
    assert made == {"data_set": OF_FILES, "dialogues": AFTER}
    assert set(jobs["dialogues"].partitions_def.get_partition_keys()) == {*SETS}


def test_a_home_without_data_sets_has_none_of_it(tmp_path):
    (tmp_path / "corpus.yaml").write_text("engine: {kind: serial}\n")

    graph = build_defs(Home.open(tmp_path)).resolve_asset_graph()

    assert [key for key in graph.get_all_asset_keys() if key.path[0] == "sft"] == []


def test_a_data_set_whose_files_are_new_is_started_once_and_again_when_there_are_more(folder, tmp_path, instance):
    shutil.copytree(folder, tmp_path / "home")
    watch = Watch(tmp_path / "home", instance)

    first = [watch.asked("new_files") for _ in range(3)]
    write_rows(watch.home / "sets" / "second", [row(5)], "more.jsonl")
    second = [watch.asked("new_files") for _ in range(3)]

    assert [{(job, key) for job, key, _ in found} for found in first] == [
        set(),
        {("data_set", name) for name in ("first", "second", "sums")},
        set(),
    ]
    assert [[(job, key) for job, key, _ in found] for found in second] == [[], [("data_set", "second")], []]


def test_what_follows_a_data_set_s_messages_is_asked_for_once_one_after_the_other(definitions, instance):
    say_made(instance, "second", "sft/raw", "sft/messages")
    quiet, cursor = asked_of(definitions, instance, None)
    say_made(instance, "first", "sft/raw", "sft/messages")
    looks = []
    for _ in range(7):
        found, cursor = asked_of(definitions, instance, cursor)
        looks.append(found)
        for key, partitions in found.items():
            for partition in partitions:
                say_made(instance, partition, key)

    chain = ("signals", "dedup_index", "duplicates", "selected", "filtered")
    assert quiet == {}
    assert looks == [*({f"sft/{name}": {"first"}} for name in chain), {}, {}]


def asked_of(definitions, instance, cursor):
    """Partitions that the conditions of data sets ask for at a look, by asset; and the cursor after it."""
    dialogues = dg.AssetSelection.groups("sft")
    look = dg.evaluate_automation_conditions(definitions, instance, asset_selection=dialogues, cursor=cursor)
    keys = {
        result.key.to_user_string(): set(result.true_subset.expensively_compute_partition_keys())
        for result in look.results
    }
    return {key: partitions for key, partitions in keys.items() if partitions}, look.cursor


def say_made(instance, partition, *keys):
    """Tells Dagster that something was made."""
    for key in keys:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))


def test_a_run_of_a_data_set_is_green_and_says_what_became_of_its_records(built):
    home, found = built

    outcome = found.metadata("sft/messages", "first")["outcome"].splitlines()[2:]
    assert outcome == ["| read | 6 | 100.0% |", "| no answer | 1 | 16.7% |", "| **kept** | 5 | 83.3% |"]
    assert "| sft refusal: refusal | 1 |" in found.metadata("sft/filtered", "first")["outcome"].replace("`", "")
    assert found.metadata("sft/filtered", "first")["dagster/partition_row_count"] == 4
    assert found.failed("first") <= {("sft/messages", "few_broken_records")}
    assert home.lake.scan("sft.filtered", set="first").collect().height == 4


def test_a_run_of_dialogues_has_pictures_and_a_preview_in_which_nobody_is_named(built):
    home, found = built

    metadata = found.metadata("sft/messages", "first")
    titles = [title for title in PICTURE.findall(metadata["pictures"]) if "dialogues by" in title]
    assert [title.rpartition(": ")[2] for title in titles] == [
        "dialogues by turns of the user",
        "dialogues by characters of the answers",
        "dialogues by what they ask for",
    ]
    raw = home.lake.scan("sft.messages", set="first").select("text").collect()["text"]
    assert any(NUMBER in text for text in raw)
    previews = [values["preview"] for values in found.materialisations.values() if "preview" in values]
    assert previews
    assert not any(NUMBER in preview for preview in previews)
    assert "What is there to say of the harbour?" in metadata["preview"]


def test_a_dialogue_that_is_lost_stops_what_follows(home, instance):
    name, where = "sft.messages", {"set": "first"}
    state, fence, run = home.lake.state(name, where), home.lake.fence(name, where), uuid.uuid4().hex
    writer = home.lake.writer(name, where, 0, run)
    writer.write(home.lake.scan(name, version=None, **where).collect().drop("set").head(3), None)
    metadata = {"fingerprint": state.fingerprint, "stage": name, "counters": state.counters}
    home.lake.commit(name, where, writer.close()[name], fence, run=run, metadata=metadata)
    batch = next(b for b in home.batches(["sft/messages"], []) if b.key == "first")

    with pytest.raises(CheckFailed, match=r"sft/messages nothing_is_lost: "):
        make(home, instance, batch)

    assert ("sft/messages", "nothing_is_lost") in recorded(instance).failed("first")
    assert len(FIRST) == 6
