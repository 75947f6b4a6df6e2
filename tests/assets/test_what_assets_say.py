"""What a person reads in the web UI before anything was made: held for every asset, check, job, schedule and sensor, with every recipe enabled."""

import re
from pathlib import Path

import pytest
from tiny_crawl import write_settings
from tiny_sets import SETS

from corpus_platform.definitions import build_defs
from corpus_platform.home import Home
from corpus_platform.sft.construct.way import way_class
from corpus_platform.sft_tables import WAYS

ROOT = Path(__file__).parents[2]
SENTENCE = re.compile(r"[.!?](?=\s|$)")
PAGE = re.compile(r"`(docs/[a-z]+\.md)`")
UNPARTITIONED = "It has no partitions"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("all")
    presets = ["minhash/redpajama_v2_0.8", {"exact": {"scope": "snapshots"}}]
    sft = {"sets": {**SETS, "preferred": {"location": "sets/preferred", "kind": "compare"}, **built()}}
    write_settings(
        folder, variants=["wet", "resiliparse"], recipes={"enabled": ["all"]}, dedup={"presets": presets}, sft=sft
    )
    return build_defs(Home.open(folder))


def built():
    """A data set of each way of building, of dialogues or of a source's documents."""
    ways = {name: way_class(name) for name in WAYS}
    return {
        f"by_{name}": {"construct": name, "from": ["first" if way.source is None else "boats"]}
        for name, way in ways.items()
    }


@pytest.fixture(scope="module")
def nodes(definitions):
    found = {node.key.to_user_string(): node for node in definitions.resolve_asset_graph().asset_nodes}
    assert len(found) > 150
    return {key: node for key, node in found.items() if node.is_materializable}


def test_every_asset_says_in_two_sentences_what_a_row_is_and_what_a_partition_is(nodes):
    for key, node in nodes.items():
        first = " ".join(node.description.partition("\n\n")[0].split())
        assert len(SENTENCE.findall(first)) == 2, (key, first)
        assert first.endswith("."), key
        row, _, partition = first.partition(". ")
        if node.partitions_def is None:
            assert partition.startswith(UNPARTITIONED), (key, partition)
        else:
            assert row.startswith("A row is "), (key, row)
            assert partition.startswith("One partition is one "), (key, partition)
        assert len(row) < 190, (key, row)


def test_every_asset_has_an_owner_kinds_tags_a_group_and_a_version(nodes):
    for key, node in nodes.items():
        assert node.owners, key
        assert 1 <= len(node.kinds) <= 3, key
        assert node.tags.get("domain"), key
        assert re.fullmatch(r"[a-z][a-z0-9_]{1,40}", node.group_name), key
        assert node.code_version, key


def test_every_asset_has_a_schema_whose_columns_are_told_of(nodes):
    for key, node in nodes.items():
        schema = node.metadata.get("dagster/column_schema")
        assert schema, key
        assert schema.columns, key
        assert [column.name for column in schema.columns if not (column.description or "").strip()] == [], key
        assert all(column.type for column in schema.columns), key


def test_every_table_s_asset_says_what_to_type_and_which_page_to_read(nodes):
    for key, node in nodes.items():
        if name := node.metadata.get("dagster/table_name"):
            said = node.metadata["read_on"].value
            assert f"from {name} " in said, key
            pages = PAGE.findall(said)
            assert pages, key
            assert all((ROOT / page).is_file() for page in pages), key


def test_commands_that_assets_name_are_commands(nodes):
    from typer.main import get_command  # noqa: PLC0415

    from corpus_platform.cli import app  # noqa: PLC0415

    known = get_command(app)
    said = {text for node in nodes.values() for text in re.findall(r"`corpus ([a-z]+(?: [a-z]+)?)", _texts(node))}

    assert len(said) > 5
    for words in said:
        first, _, second = words.partition(" ")
        assert first in known.commands, words
        if second and hasattr(known.commands[first], "commands"):
            assert second in known.commands[first].commands, words


def _texts(node) -> str:
    return f"{node.description} {getattr(node.metadata.get('read_on'), 'value', '')}"


def test_within_a_group_the_last_parts_of_keys_differ_for_the_graph_shows_no_more(nodes):
    seen = {}
    for key, node in nodes.items():
        seen.setdefault((node.group_name, node.key.path[-1]), []).append(key)

    assert [keys for keys in seen.values() if len(keys) > 1] == []


def test_every_check_job_schedule_and_sensor_says_what_it_is_for(definitions):
    checks = [spec for checks in definitions.asset_checks or () for spec in checks.check_specs]
    runners = [*(definitions.jobs or ()), *(definitions.schedules or ()), *(definitions.sensors or ())]

    assert len(checks) > 300
    assert [spec.name for spec in checks if not _is_a_sentence(spec.description)] == []
    assert runners
    assert [one.name for one in runners if not _is_a_sentence(one.description)] == []


def _is_a_sentence(text: str | None) -> bool:
    return bool(text) and text[0].isupper() and text.rstrip()[-1] in ".!?" and len(text.split()) > 3
