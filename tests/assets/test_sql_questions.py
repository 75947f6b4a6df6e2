"""Marts are built green by dbt through Dagster, and every question of docs/sql.md is answered over a made home, five also in Polars."""

import json
import re
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from looked import FAMILIES, THIRD, looked
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, write_settings
from tiny_sets import SETS, write_sets

from corpus_platform.analytics.dbt_project import marts, models
from corpus_platform.analytics.sql import Analyst
from corpus_platform.definitions import add_partitions, make_marts, materialize
from corpus_platform.errors import CheckFailed
from corpus_platform.home import Home
from corpus_platform.stages.dedup import OF_METHOD
from resources.dbt import build
from resources.home import HomeResource

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^### (\d+\. .*?)\n(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL)
OF_SNAPSHOTS = [f"marts/{model.name}" for model in marts() if model.is_of_snapshots]
COLUMNS = {
    1: "table_name variant documents_read documents_dropped records_rejected documents_kept share_kept",
    2: "step rule documents share",
    3: "url value seen threshold",
    4: "recipe step rule threshold documents least median most",
    5: "reason broken records files for_example",
    6: "recipe snapshot language documents share_of_documents share_of_characters",
    7: "domain documents share place",
    8: "recipe snapshot documents characters about_billions_of_english_tokens",
    9: "language documents tenth median ninetieth",
    10: "recipe_a recipe_b documents_a documents_b documents_both share_of_a jaccard",
    11: "step rule documents for_example",
    12: "language bucket documents characters",
    13: "edited documents characters_taken_out",
    14: "charset_source charset pages",
    15: "domain pages rights_reserved no_ai",
    16: "of_what licence documents share",
    17: "variant pages characters empty",
    18: "variant documents least median most",
    19: "threshold kept documents",
    20: "domain documents paragraphs share_removed",
    21: "snapshot status addresses",
    22: "snapshot status times_seen first_seen last_seen changed",
    23: "method snapshot documents copies copies_of_earlier_snapshots share_of_copies",
    24: "cluster documents began snapshots domain",
    25: "table_name partition seconds peak_memory_mb rows made_at version run",
    26: "data_set table_name dialogues_read dialogues_kept dialogues_elsewhere dialogues_dropped records_rejected share_kept",
    27: "data_set step rule dialogues seen for_example",
    28: "outcome data_set of_set rows",
}
FIRST_ROWS = {
    1: {
        "table_name": "web.pages",
        "variant": "resiliparse",
        "documents_read": 12,
        "records_rejected": 2,
        "documents_kept": 10,
    },
    2: {"step": "language", "rule": "language_not_wanted", "documents": 4, "share": 0.4},
    3: {"url": "https://town1.example/", "value": None, "seen": "zh", "threshold": None},
    5: {"reason": "not_html", "broken": False, "records": 2, "files": 2},
    6: {"snapshot": SNAPSHOT, "language": "en", "documents": 4, "share_of_documents": 0.5},
    11: {"step": "language", "rule": "language_not_wanted", "documents": 4, "for_example": "https://town1.example/"},
    13: {"edited": True, "documents": 4},
    19: {"threshold": 10, "kept": 8, "documents": 10},
    21: {"snapshot": SNAPSHOT, "status": "new", "addresses": 10},
    22: {"snapshot": SNAPSHOT, "status": "new", "times_seen": 1},
    24: {"documents": 6, "began": SNAPSHOT, "snapshots": 3},
    26: {
        "data_set": "first",
        "table_name": "sft.messages",
        "dialogues_read": 6,
        "dialogues_kept": 5,
        "records_rejected": 1,
    },
    27: {
        "data_set": "sums",
        "rule": "exact_dialogue",
        "dialogues": 3,
        "for_example": "A net holds 4 herrings. How many do 5 nets hold?",
    },
    28: {"outcome": "built", "data_set": "paths", "of_set": "sums", "rows": 3},
}


@pytest.fixture(scope="module")
def asked(built, tmp_path_factory):
    """A home with corpora of several recipes, the histories and copies of three snapshots, the last of which has the pages of the first again, and data sets."""
    folder = tmp_path_factory.mktemp("asked") / "home"
    shutil.copytree(looked(built[0].path, tmp_path_factory.mktemp("looked") / "home").path, folder)
    presets = {"presets": [{"exact": {"scope": "snapshots"}}]}
    write_sets(folder / "sets")
    sft = {"sets": SETS, "priority": ["first", "second", "paths"]}
    signals = {"families": FAMILIES}
    write_settings(folder, recipes={"enabled": ["ccnet"]}, signals=signals, dedup=presets, sft=sft, reject_budget=0.5)
    home = HomeResource(path=str(folder)).open()
    for snapshot in (SNAPSHOT, NEXT_SNAPSHOT, THIRD):
        where = {"variant": "wet", "snapshot": snapshot}
        home.run("web.url_history", where)
        for table in OF_METHOD:
            home.run(table, {"method": "web.exact", **where})
    for batch in home.batches(["sft/filtered"], []):
        for name, partition in batch.tables:
            home.run(name, partition)
    return home


@pytest.fixture(scope="module")
def first_run(asked):
    """What a Dagster run that built the marts of the first snapshot recorded, and the marts as they were published then."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_partitions(instance, snapshots=[SNAPSHOT])
        ended = materialize(asked, instance, OF_SNAPSHOTS, SNAPSHOT)
        return ended, {model.name: published(asked, model.name) for model in marts() if model.is_of_snapshots}


@pytest.fixture(scope="module")
def whole(asked, first_run):
    """A build of all marts of all snapshots."""
    return build(asked, [model.name for model in marts()], None)


def published(home, mart):
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{home.warehouse}' AS published (READ_ONLY)")
        return connection.sql(f"select * from published.marts.{mart} order by all").pl()


def test_runs_have_published_what_they_committed_and_what_it_cost(asked):
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{asked.warehouse}' AS published (READ_ONLY)")
        counted = dict(
            connection.execute("select snapshot, count(*) from published.web.duplicates group by 1").fetchall()
        )
        [(commits, seconds)] = connection.execute(
            "select count(*), min(seconds) from published.ops.commits where table_name = 'web.duplicates' and method = 'web.exact'"
        ).fetchall()

    assert counted == {
        where["snapshot"]: asked.lake.state("web.duplicates", where).rows
        for where in asked.lake.partitions("web.duplicates")
        if where["method"] == "web.exact"
    }
    assert commits == 3
    assert seconds > 0


def test_dagster_builds_the_marts_of_a_snapshot_green_with_dbt_s_tests_as_checks(first_run):
    ended, there = first_run

    checks = {
        (found.asset_key.path[-1], found.check_name): found.passed for found in ended.get_asset_check_evaluations()
    }
    made = {
        event.asset_key.path[-1]: event.materialization.metadata for event in ended.get_asset_materialization_events()
    }
    assert ended.success
    assert set(made) == set(there)
    assert len(checks) == sum(len(model.tests) for model in marts() if model.is_of_snapshots)
    assert all(checks.values())
    assert all(set(rows["snapshot"]) == {SNAPSHOT} for rows in there.values())
    assert all(made[name]["dagster/row_count"].value == rows.height > 0 for name, rows in there.items())


def test_without_a_snapshot_all_of_them_are_built_and_the_first_one_s_rows_are_as_they_were(asked, first_run, whole):
    _, there = first_run

    after = {name: published(asked, name) for name in there}
    assert whole.is_good
    assert {one.status for one in whole.results.values()} == {"success", "pass"}
    assert {
        name: rows.filter(pl.col("snapshot") == SNAPSHOT).equals(there[name]) for name, rows in after.items()
    } == dict.fromkeys(there, True)
    assert set(after["snapshot_funnel"]["snapshot"]) == {SNAPSHOT, NEXT_SNAPSHOT, THIRD}


def test_models_columns_and_tests_are_read_from_the_project_as_dbt_reads_them(asked, whole):
    manifest = json.loads((asked.path / "dbt" / "manifest.json").read_bytes())
    nodes = [node for node in manifest["nodes"].values() if node["package_name"] == "corpus_platform"]

    of_dbt = {node["name"]: node for node in nodes if node["resource_type"] == "model"}
    tests = {
        node["name"]: node["attached_node"].rpartition(".")[2] for node in nodes if node["resource_type"] == "test"
    }
    assert set(of_dbt) == set(models())
    for name, model in models().items():
        above = of_dbt[name]["depends_on"]["nodes"]
        assert model.refs == {one.rpartition(".")[2] for one in above if one.startswith("model.")}
        assert model.sources == {".".join(one.split(".")[2:]) for one in above if one.startswith("source.")}
        assert model.description == of_dbt[name]["description"]
        assert set(model.tests) == {test for test, of in tests.items() if of == name}
    for model in marts():
        assert [column.name for column in model.columns] == published(asked, model.name).columns


def test_there_are_twenty_eight_questions():
    assert [int(title.partition(".")[0]) for title, _ in QUESTIONS] == list(range(1, 29)) == list(COLUMNS)
    assert len([body for _, body in QUESTIONS if "```python" in body]) == 5


@pytest.mark.parametrize(("title", "body"), QUESTIONS, ids=[title.partition(".")[0] for title, _ in QUESTIONS])
def test_a_question_is_answered(asked, whole, title, body):
    number = int(title.partition(".")[0])
    [sql] = re.findall(r"```sql\n(.*?)```", body, re.DOTALL)

    with Analyst(asked.lake, published=asked.warehouse) as session:
        rows = session.query(sql)

    assert rows.column_names == COLUMNS[number].split()
    assert rows.num_rows > 0
    first = rows.slice(0, 1).to_pylist()[0]
    assert {name: first[name] for name in FIRST_ROWS.get(number, {})} == FIRST_ROWS.get(number, {})
    for code in re.findall(r"```python\n(.*?)```", body, re.DOTALL):
        names = {"lake": asked.lake, "pl": pl}
        exec(code, names)
        assert names["answer"].collect().to_dicts() == pl.from_arrow(rows).to_dicts()


def test_a_snapshot_is_made_anew_alone_and_a_failed_test_publishes_nothing(asked, whole):
    before = published(asked, "language_share")
    with duckdb.connect(str(asked.marts)) as connection:
        for snapshot in (SNAPSHOT, NEXT_SNAPSHOT):
            connection.execute(
                f"insert into marts.language_share select * from marts.language_share where snapshot = '{snapshot}'"
            )

    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(CheckFailed, match="marts/language_share keys_are_unique: rows_that_fail"),
    ):
        make_marts(asked, instance, [NEXT_SNAPSHOT])

    with duckdb.connect(str(asked.marts), read_only=True) as connection:
        built = connection.sql("select * from marts.language_share").pl()
    assert published(asked, "language_share").equals(before)
    for snapshot, times in ((SNAPSHOT, 2), (NEXT_SNAPSHOT, 1)):
        assert (
            built.filter(pl.col("snapshot") == snapshot).height
            == times * before.filter(pl.col("snapshot") == snapshot).height
        )


def test_an_empty_lake_without_recipes_builds_empty_marts(tmp_path):
    write_settings(tmp_path, recipes={"enabled": []})
    home = Home.open(tmp_path)

    found = build(home, [model.name for model in marts()], None)

    assert found.error == ""
    assert {one.status for one in found.results.values()} == {"success", "pass"}
    assert {published(home, model.name).height for model in marts()} == {0}
