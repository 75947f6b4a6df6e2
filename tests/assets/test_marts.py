"""The marts as Dagster's graph shows them, and as dbt's project says they are; neither needs dbt to be told."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from tiny_crawl import write_settings

from assets.marts import POOL
from corpus_platform.analytics.dbt_project import PROJECT, marts, models
from corpus_platform.definitions import build_defs
from corpus_platform.documents import SOURCES
from corpus_platform.errors import SettingsError
from corpus_platform.home import Home

MARTS = {
    "snapshot_funnel",
    "drops_by_rule",
    "language_share",
    "domain_share",
    "licence_share",
    "duplicates_over_time",
    "recipe_overlap",
    "cost_per_stage",
    "source_funnel",
    "source_share",
    "sft_funnel",
}
WHOLE = {"cost_per_stage", "source_funnel", "source_share", "sft_funnel"}


def graph(folder: Path, **settings):
    write_settings(folder, **settings)
    found = build_defs(Home.open(folder)).resolve_asset_graph()
    return {node.key.to_user_string(): node for node in found.asset_nodes}


def above(nodes, mart):
    return {key.to_user_string() for key in nodes[f"marts/{mart}"].parent_keys}


def test_every_mart_is_an_asset_of_each_snapshot_or_of_all(tmp_path):
    nodes = graph(tmp_path)

    found = {key.removeprefix("marts/"): node for key, node in nodes.items() if node.group_name == "marts"}
    assert set(found) == MARTS
    partitions = {name: node.partitions_def and node.partitions_def.name for name, node in found.items()}
    assert partitions == {**dict.fromkeys(MARTS, "cc_snapshot"), **dict.fromkeys(WHOLE)}
    assert all(node.pools == {POOL} for node in found.values())
    assert all(set(node.kinds) == {"dbt", "duckdb"} for node in found.values())


def test_a_mart_comes_from_the_assets_that_write_what_it_reads_in_every_variant_dedup_and_recipe(tmp_path):
    nodes = graph(
        tmp_path,
        variants=["wet", "resiliparse"],
        recipes={"enabled": ["ccnet", "mnbvc_web"], "variants": {"mnbvc_web": "wet"}},
        dedup={"presets": ["url_dedup"]},
    )

    corpora = {"corpora/ccnet", "corpora/mnbvc_web"}
    dedups = {"dedup/wet/mnbvc_web.exact", "dedup/wet/mnbvc_web.simhash", "dedup/wet/web.url_dedup"}
    pages = {"web/wet/pages", "web/resiliparse/pages"}
    assert above(nodes, "language_share") == above(nodes, "recipe_overlap") == corpora
    assert above(nodes, "licence_share") == corpora | pages
    assert dedups < above(nodes, "duplicates_over_time")
    assert corpora | pages | dedups | {"web/wet/documents"} <= above(nodes, "cost_per_stage")


def test_marts_of_sources_come_from_their_tables_and_from_each_part_of_a_corpus(tmp_path):
    collection = {"location": "books", "format": "gutenberg"}
    nodes = graph(
        tmp_path,
        recipes={"enabled": ["slimpajama"]},
        sources={"books": {"mine": collection}},
        classifiers={"models": {}},
    )

    assert {"books/documents", "books/cleaned", "corpora/books"} <= above(nodes, "source_funnel")
    parts = {"corpora/slimpajama/books.cleaned", "corpora/slimpajama/wet.ccnet", "corpora/books"}
    assert parts <= above(nodes, "source_share")
    assert above(nodes, "source_share") <= set(nodes)


def test_the_sources_that_marts_know_are_all_of_them():
    macro = (PROJECT / "macros" / "snapshots.sql").read_text()

    assert all(f"'{source}'" in macro for source in SOURCES)


def test_without_dedups_and_with_recipes_disabled_the_marts_are_still_there(tmp_path):
    nodes = graph(tmp_path, recipes={"enabled": []})

    assert {key for key in nodes if key.startswith("marts/")} == {f"marts/{name}" for name in MARTS}
    assert above(nodes, "recipe_overlap") == set()


def test_tests_of_dbt_are_checks_of_the_mart_that_they_are_about(tmp_path):
    write_settings(tmp_path)
    definitions = build_defs(Home.open(tmp_path))

    found = {key for key in definitions.resolve_asset_graph().asset_check_keys if key.asset_key.path[0] == "marts"}
    of_funnel = {key.name for key in found if key.asset_key == dg.AssetKey(["marts", "snapshot_funnel"])}
    assert of_funnel == {"documents_add_up", "keys_are_filled", "keys_are_unique", "shares_are_shares"}
    assert len(found) == sum(len(model.tests) for model in marts())


def test_every_model_has_a_description_and_so_has_each_of_its_columns():
    assert set(models()) > MARTS
    for model in models().values():
        assert model.description.startswith("A row is "), model.name
        assert model.columns, model.name
        assert all(column.description for column in model.columns), model.name
        assert model.tests, model.name
    assert all(column.kind for model in marts() for column in model.columns)


def test_exposures_name_marts_that_there_are():
    exposures = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())["exposures"]

    named = {ref.removeprefix("ref('").removesuffix("')") for one in exposures for ref in one["depends_on"]}
    assert named == MARTS


@pytest.mark.parametrize(
    ("sql", "about", "complaint"),
    [
        ("select * from {{ ref('nothing') }}", {"name": "new"}, "the model `new` reads `nothing`, which there is not"),
        ("select 1", {"name": "other"}, "describes the model `new`"),
        ("select 1", {"name": "new", "data_tests": ["unique"]}, "its test unique needs a `name` that begins with new_"),
    ],
)
def test_a_mistake_in_the_project_is_told(tmp_path, sql, about, complaint):
    folder = tmp_path / "models" / "marts"
    folder.mkdir(parents=True)
    (folder / "new.sql").write_text(sql)
    (folder / "marts.yml").write_text(yaml.safe_dump({"models": [about]}))

    with pytest.raises(SettingsError, match=complaint):
        models(tmp_path)
