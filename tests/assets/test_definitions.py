"""What Dagster is told: the whole set of assets, checks and jobs, and that telling it needs neither network nor secrets nor heavy packages."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tiny_crawl import write_settings

from corpus_platform.definitions import build_defs, instance_of
from corpus_platform.home import Home
from corpus_platform.mixes.mix import mixes
from corpus_platform.stages.classifiers import default_classifiers, default_importance
from resources.instance import INSTANCE_SETTINGS

ROOT = Path(__file__).parents[2]
CLASSIFIERS = sorted(name.replace("/", ".") for name in default_classifiers())
IMPORTANCE = sorted(name.replace("/", ".") for name in default_importance())

ASSETS = {
    "encyclopedia/articles": ("encyclopedia", "wiki_dump", {"parquet", "wikipedia"}, set()),
    "models/language_model": ("models", ["en", "zh"], {"kenlm", "sentencepiece"}, {"encyclopedia/articles"}),
    "models/classifier": ("models", CLASSIFIERS, {"fasttext"}, {"encyclopedia/articles", "web/wet/documents"}),
    "models/importance": ("models", IMPORTANCE, {"numpy"}, {"encyclopedia/articles", "web/wet/documents"}),
    "web/wet/pages": ("web_wet", "cc_snapshot", {"parquet", "warc"}, set()),
    "web/wet/url_history": ("web_wet", "cc_snapshot", {"parquet", "polars"}, {"web/wet/pages"}),
    "web/wet/sketches": ("web_wet", "cc_snapshot", {"parquet", "numba"}, {"web/wet/pages"}),
    "web/wet/paragraph_hashes": ("web_wet_ccnet", "cc_snapshot", {"parquet", "numba"}, {"web/wet/pages"}),
    "web/wet/paragraphs": ("web_wet_ccnet", "cc_snapshot", {"parquet"}, {"web/wet/paragraph_hashes"}),
    "web/wet/documents": (
        "web_wet_ccnet",
        "cc_snapshot",
        {"parquet", "fasttext"},
        {"web/wet/pages", "web/wet/paragraphs", "models/language_model"},
    ),
    "corpora/ccnet": ("corpora", "cc_snapshot", {"parquet"}, {"web/wet/documents"}),
    "models/tokenizer": ("mixes", ["default"], {"sentencepiece"}, set()),
    "mixes/documents": (
        "mixes",
        sorted(mixes()),
        {"parquet", "duckdb"},
        {"corpora/ccnet", "encyclopedia/articles", "models/tokenizer"},
    ),
    "reports/lake": ("reports", None, {"html", "duckdb"}, {"corpora/ccnet"}),
}
"""Group, partitions, kinds and upstream of each asset."""

MODEL = {"has_rows", "columns_are_declared", "columns_are_filled", "keys_are_unique", "values_are_allowed"}
MAY_BE_EMPTY = (MODEL - {"has_rows"}) | {"nothing_is_lost"}
ALL = MODEL | MAY_BE_EMPTY
BLOCKING = {
    "encyclopedia/articles": ALL,
    "models/language_model": MODEL,
    "models/classifier": MODEL,
    "models/importance": MODEL,
    "web/wet/pages": ALL,
    "web/wet/url_history": ALL,
    "web/wet/sketches": ALL,
    "web/wet/paragraph_hashes": MAY_BE_EMPTY,
    "web/wet/paragraphs": MAY_BE_EMPTY,
    "web/wet/documents": ALL,
    "corpora/ccnet": MAY_BE_EMPTY,
    "models/tokenizer": MODEL,
    "mixes/documents": ALL,
}
WARNING = {
    "encyclopedia/articles": {"few_broken_records", "is_like_before"},
    "models/language_model": {"model_was_made"},
    "models/classifier": {"model_was_made"},
    "models/importance": {"model_was_made"},
    "web/wet/pages": {"few_broken_records", "is_like_before"},
    "web/wet/url_history": {"is_like_before"},
    "web/wet/sketches": {"is_like_before"},
    "web/wet/paragraph_hashes": {"is_like_before"},
    "web/wet/paragraphs": {"is_like_before"},
    "web/wet/documents": {"languages_are_sure", "languages_have_models", "buckets_are_spread", "is_like_before"},
    "corpora/ccnet": {"is_like_before", "a_part_is_kept", "rules_see_values"},
    "mixes/documents": {"shares_are_kept"},
}


@pytest.fixture
def folder(tmp_path) -> Path:
    write_settings(tmp_path)
    return tmp_path


def nodes(folder: Path) -> dict:
    """All assets but the marts, which test_marts.py is about."""
    graph = build_defs(Home.open(folder)).resolve_asset_graph()
    return {node.key.to_user_string(): node for node in graph.asset_nodes if node.group_name != "marts"}


def test_these_are_all_the_assets_with_their_groups_partitions_kinds_and_upstream(folder):
    found = {
        key: (
            node.group_name,
            node.partitions_def
            and (getattr(node.partitions_def, "name", None) or list(node.partitions_def.get_partition_keys())),
            set(node.kinds),
            {parent.to_user_string() for parent in node.parent_keys},
        )
        for key, node in nodes(folder).items()
    }

    assert found == ASSETS


def test_every_asset_has_an_owner_a_description_a_schema_and_dagster_s_own_backfill_policy(folder):
    for key, node in nodes(folder).items():
        about = node.description
        assert about.startswith("A row is "), key
        partitions = "One partition is one " if node.partitions_def else "It has no partitions"
        assert partitions in " ".join(about.split()), key
        assert node.owners == ["team:corpus"], key
        assert node.backfill_policy is None, key
        # The report only reads, and would wait for hours behind a snapshot.
        assert node.pools == ({"cpu_heavy"} if node.partitions_def else set()), key
        assert node.code_version, key
        schema = node.metadata["dagster/column_schema"]
        assert schema.columns, key
        assert all(column.description for column in schema.columns), key


def test_these_are_all_the_checks_and_what_blocks(folder):
    definitions = build_defs(Home.open(folder))

    specs = [spec for check in definitions.asset_checks for spec in check.check_specs]

    def by_asset(*, blocking: bool) -> dict[str, set[str]]:
        chosen = [spec for spec in specs if spec.blocking == blocking]
        keys = {spec.asset_key.to_user_string() for spec in chosen}
        return {key: {s.name for s in chosen if s.asset_key.to_user_string() == key} for key in keys}

    assert by_asset(blocking=True) == BLOCKING
    assert by_asset(blocking=False) == WARNING
    assert all(spec.description for spec in specs)
    assert all(spec.partitions_def == definitions.get_assets_def(spec.asset_key).partitions_def for spec in specs)


def test_each_text_variant_has_its_own_web_assets(tmp_path):
    write_settings(tmp_path, variants=["resiliparse", "trafilatura"])

    web = {key for key in nodes(tmp_path) if key.startswith("web/")}

    names = ("pages", "url_history", "sketches", "paragraph_hashes", "paragraphs", "documents")
    assert web == {f"web/{variant}/{name}" for name in names for variant in ("resiliparse", "trafilatura")}


def test_each_dedup_is_three_assets_between_the_texts_and_the_corpus(tmp_path):
    write_settings(
        tmp_path, recipes={"enabled": ["mnbvc_web"], "variants": {"mnbvc_web": "wet"}}, dedup={"presets": ["url_dedup"]}
    )

    found = nodes(tmp_path)

    above = {key: {parent.to_user_string() for parent in node.parent_keys} for key, node in found.items()}
    of_dedup = {key: above[key] for key, node in found.items() if node.group_name == "dedup"}
    methods = ("mnbvc_web.exact", "mnbvc_web.simhash", "web.url_dedup")
    assert set(of_dedup) == {f"dedup/wet/{name}{part}" for name in methods for part in ("", ".documents", ".index")}
    assert above["dedup/wet/mnbvc_web.exact"] == {
        "dedup/wet/mnbvc_web.exact.documents",
        "dedup/wet/mnbvc_web.exact.index",
    }
    assert above["dedup/wet/mnbvc_web.exact.index"] == {"dedup/wet/mnbvc_web.exact.documents"}
    assert "dedup/wet/mnbvc_web.exact" in above["dedup/wet/mnbvc_web.simhash.documents"]
    assert {"dedup/wet/mnbvc_web.exact", "dedup/wet/mnbvc_web.simhash"} <= above["corpora/mnbvc_web"]
    assert above["dedup/wet/web.url_dedup.documents"] == {"web/wet/pages"}


def test_cut_offs_from_a_snapshot_s_pages_make_the_models_depend_on_them(tmp_path):
    cutoffs = {"snapshot": "CC-MAIN-2025-05", "variant": "wet"}
    write_settings(tmp_path, language_model={"cutoffs_of": cutoffs})

    model = nodes(tmp_path)["models/language_model"]

    assert {key.to_user_string() for key in model.parent_keys} == {"encyclopedia/articles", "web/wet/pages"}


def test_a_setting_changes_the_code_version_of_its_own_stage_only(folder):
    before = {key: node.code_version for key, node in nodes(folder).items()}

    write_settings(folder, pages={"shard_files": 1, "time_limit": 3.5}, recipes={"decisions": "sample"})

    after = {key: node.code_version for key, node in nodes(folder).items()}
    assert {key for key in before if before[key] != after[key]} == {"web/wet/pages", "corpora/ccnet"}


def test_the_job_snapshot_makes_the_web_and_the_corpora(folder):
    job = build_defs(Home.open(folder)).resolve_job_def("snapshot")

    made = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert made == {key for key, (group, *_) in ASSETS.items() if group.startswith(("web_", "corpora"))}
    assert job.partitions_def.name == "cc_snapshot"
    assert job.description


def test_definitions_load_without_network_secrets_and_heavy_packages(tmp_path):
    write_settings(tmp_path, lake={"location": "s3://corpus/lake"}, source={"location": "https://data.crawl.example"})
    program = """
        import socket, sys

        def refuse(*_):
            raise AssertionError("definitions asked the network")

        socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
        from corpus_platform.definitions import defs

        assert len(list(defs().assets)) == 16
        heavy = "matplotlib trafilatura great_expectations kenlm sentencepiece fasttext pandas duckdb boto3 s3fs dbt dagster_dbt"
        print(*sorted({name for name in heavy.split() if name in sys.modules}))
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]

    ended = subprocess.run(
        command,
        env={"CORPUS_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == []


def test_a_new_home_gets_an_instance_that_tells_nobody_and_limits_its_runs(tmp_path):
    with instance_of(Home.open(tmp_path)) as instance:
        assert (tmp_path / "dagster" / "dagster.yaml").read_text().endswith(INSTANCE_SETTINGS.read_text())
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.get_settings("concurrency")["pools"] == {"default_limit": 1, "granularity": "run"}
        assert instance.run_retries_enabled


def test_the_workspace_file_loads_the_definitions(tmp_path):
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"]

    ended = subprocess.run(
        command,
        env={"CORPUS_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All code locations passed validation" in ended.stdout + ended.stderr
