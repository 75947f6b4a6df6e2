"""Classifiers and importance models as tables of the lake."""

import gzip
import json
import random
from dataclasses import dataclass
from typing import ClassVar

import polars as pl
import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import Lake
from corpus_platform.models.training_sets import RowSettings
from corpus_platform.stages.classifiers import (
    ClassifierRecipe,
    Classifiers,
    ClassifierSettings,
    ImportanceModels,
    ImportanceRecipe,
    ImportanceSettings,
    default_classifiers,
    partition_of,
    shelf_of,
    stored_models,
)
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.stage import Shard, Stage
from corpus_platform.stages.training_rows import Rows, RowsOf

NAME = "quality/wikiref/en"


def some_texts(word, count=120):
    rng = random.Random(word)
    return [f"{word} number {rng.randrange(10**6)} and {word}" for _ in range(count)]


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


@pytest.fixture
def files(tmp_path):
    """Texts of two classes in every form that is read."""
    place = tmp_path / "texts"
    place.mkdir()
    wiki, junk = some_texts("river"), some_texts("bargain")
    with gzip.open(place / "both.jsonl.gz", "wt", encoding="utf-8") as file:
        for label, texts in (("wiki", wiki[:60]), ("cc", junk[:60])):
            file.writelines(json.dumps({"text": text, "label": label}) + "\n" for text in texts)
    (place / "lines.txt").write_text("".join(f"__label__cc {text}\n" for text in junk[60:]) + "\n")
    pl.DataFrame({"text": wiki[60:]}).write_parquet(place / "wiki.parquet")
    return place


def stage_of(recipe, name=NAME):
    return Classifiers(ClassifierSettings(models={name: recipe}))


def recipe_of(files, **more):
    rows = {
        "wiki": (Rows(location=str(files / "both.jsonl.gz"), label="wiki"), Rows(location=str(files / "wiki.parquet"))),
        "cc": (
            Rows(location=str(files / "both.jsonl.gz"), label="cc"),
            Rows(location=str(files / "lines.txt"), label="cc"),
        ),
    }
    return ClassifierRecipe(languages=("en",), positive=("wiki",), rows=rows, **more)


def test_a_classifier_is_trained_from_files_and_found_by_its_name(lake, files):
    stage, where = stage_of(recipe_of(files)), partition_of(NAME)

    report = run_stage(stage, lake, Serial(), where)

    row = lake.scan("models.classifier").collect().row(0, named=True)
    assert row["model"] == "quality.wikiref.en"
    assert row["labels"] == ["wiki", "cc"]
    assert sum(row["training_rows"]) + sum(row["held_back_rows"]) == 240
    assert row["precision"] == row["recall"] == [1.0, 1.0]
    assert report.counters["held_out"] == sum(row["held_back_rows"])
    assert shelf_of(lake)[NAME].score(["river river", "bargain"]).round().tolist() == [1.0, 0.0]
    assert stored_models(lake) == {NAME: {"path": row["path"], "digest": row["digest"]}}


def test_a_second_run_finds_it_current_until_a_file_or_the_recipe_changes(lake, files):
    stage, where = stage_of(recipe_of(files)), partition_of(NAME)
    run_stage(stage, lake, Serial(), where)

    assert plan_stage(stage, lake, where).is_current
    assert not plan_stage(stage_of(recipe_of(files, features="words")), lake, where).is_current
    (files / "lines.txt").write_text("__label__cc other\n")
    assert not plan_stage(stage, lake, where).is_current


def test_another_model_s_settings_make_no_model_stale(lake, files):
    where = partition_of(NAME)
    run_stage(stage_of(recipe_of(files)), lake, Serial(), where)
    both = ClassifierSettings(models={NAME: recipe_of(files), "safety/zh": default_classifiers()["safety/zh"]})

    assert plan_stage(Classifiers(both), lake, where).is_current


def test_too_few_texts_leave_a_row_that_says_why(lake, files):
    stage = stage_of(recipe_of(files, sizes=RowSettings(min_rows=1_000)))

    run_stage(stage, lake, Serial(), partition_of(NAME))

    row = lake.scan("models.classifier").collect().row(0, named=True)
    assert row["digest"] is None
    assert row["reason"].startswith("a class needs 1,000 texts to learn from, and `wiki` has")
    assert not stored_models(lake)


def test_a_published_model_is_taken_from_its_place(lake, files, tmp_path):
    run_stage(stage_of(recipe_of(files)), lake, Serial(), partition_of(NAME))
    published = shelf_of(lake)[NAME].folder / "model.bin"
    stage = stage_of(ClassifierRecipe(location=str(published), positive=("wiki",)), "dclm")

    run_stage(stage, lake, Serial(), partition_of("dclm"))

    assert sorted(stored_models(lake)) == ["dclm", NAME]
    assert shelf_of(lake)["dclm"].info.origin == str(published)


def test_nothing_is_planned_before_the_tables_have_rows(lake):
    stage = Classifiers()

    assert stage.shards(lake, partition_of(NAME)) == []
    assert len(stage.shards(lake, partition_of("safety/zh"))) == 1
    assert {"safety/en", "safety/zh", "topics/en", "topics/zh", NAME} <= set(stage.names())


def test_a_model_that_the_settings_lack_is_refused(lake):
    with pytest.raises(SettingsError, match=r"the settings have no model `lost\.model`"):
        Classifiers().shards(lake, {"model": "lost.model"})


def test_importance_is_counted_from_target_and_source(lake, files):
    name = "importance/books/en"
    recipe = ImportanceRecipe(
        target=(Rows(location=str(files / "wiki.parquet")),),
        source=(Rows(location=str(files / "lines.txt"), label="cc"),),
    )
    stage = ImportanceModels(ImportanceSettings(models={name: recipe}))

    run_stage(stage, lake, Serial(), partition_of(name))

    row = lake.scan("models.importance").collect().row(0, named=True)
    assert (row["target_documents"], row["source_documents"], row["hash"], row["buckets"]) == (60, 60, "sha256", 10_000)
    assert shelf_of(lake)[name].score(["river"])[0] > 0 > shelf_of(lake)[name].score(["bargain"])[0]


def test_relative_places_are_below_the_home(tmp_path):
    rows = Rows(location="texts/a.jsonl", urls="urls.txt")
    recipe = ClassifierRecipe(rows={"a": (rows,), "b": (Rows(location="s3://bucket/x"),)})

    made = ClassifierSettings(models={"x": recipe}).below(tmp_path).models["x"]

    assert made.rows["a"][0].location == str(tmp_path / "texts/a.jsonl")
    assert made.rows["a"][0].urls == str(tmp_path / "urls.txt")
    assert made.rows["b"][0].location == "s3://bucket/x"


@pytest.mark.parametrize("given", [{}, {"table": "web.pages", "location": "x"}])
def test_texts_have_one_origin(given):
    with pytest.raises(ValueError, match="from a `table` or from a `location`"):
        Rows(**given)


def test_a_row_without_a_text_is_named(lake, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "fine"}\n{"body": "no"}\n')

    with pytest.raises(SourceError, match=r"rows\.jsonl:2: not a row of training text"):
        RowsOf(lake).texts((Rows(location=str(tmp_path / "rows.jsonl")),), 10)


@dataclass(frozen=True)
class Given(Stage):
    """Writes rows that are given into a table."""

    name: ClassVar[str] = "web.documents"
    version: ClassVar[str] = "1"
    rows: tuple[dict, ...] = ()

    def shards(self, lake, partition):
        return [Shard(0, ("given",), None)]

    def run(self, lake, partition, shard, output):
        output.write(pl.DataFrame(self.rows, infer_schema_length=None))


def document(number, text, **more):
    place = {"doc_id": f"{number:032x}", "source": "test", "shard": 0, "file": "f", "file_index": 0, "position": number}
    return {**place, "text": text, "language": "en", **more}


def fill(lake, snapshot, rows, variant="wet"):
    run_stage(Given(rows=tuple(rows)), lake, Serial(), {"variant": variant, "snapshot": snapshot})


def test_the_web_s_rows_are_mixed_by_bucket_from_the_oldest_snapshot(lake):
    buckets = ("head", "middle", "tail")
    fill(lake, "CC-MAIN-2024-10", [document(i, f"old {b} {i}", bucket=b) for b in buckets for i in range(100)])
    fill(lake, "CC-MAIN-2024-18", [document(1, "new", bucket="head")])
    rows = Rows(table="web.documents", language="en", ccnet_mix=True)

    texts = RowsOf(lake).texts((rows,), 50)

    assert [sum(f"old {b} " in text for text in texts) for b in buckets] == [5, 10, 35]
    assert len(texts) == 50
    assert (
        RowsOf(lake).inputs(rows).reads
        == RowsOf(lake).inputs(rows.model_copy(update={"snapshots": ("CC-MAIN-2024-10",)})).reads
    )


def test_snapshots_give_equal_parts_and_only_pages_that_are_wanted(lake, tmp_path):
    for snapshot in ("CC-MAIN-2024-10", "CC-MAIN-2024-18"):
        pages = [document(i, f"{snapshot} page {i}", url=f"https://example.org/{i}") for i in range(20)]
        fill(
            lake,
            snapshot,
            [*pages, document(99, "anders", language="de", url="https://example.org/1"), document(98, "x")],
        )
    (tmp_path / "urls.txt").write_text("https://example.org/1\nhttps://example.org/2\n")
    both = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")

    some = RowsOf(lake).texts((Rows(table="web.documents", language="en", snapshots=both, min_characters=5),), 10)
    wanted = RowsOf(lake).texts((Rows(table="web.documents", language="en", urls=str(tmp_path / "urls.txt")),), 10)

    assert [sum(snapshot in text for text in some) for snapshot in both] == [5, 5]
    assert sorted(wanted) == ["CC-MAIN-2024-10 page 1", "CC-MAIN-2024-10 page 2"]


def test_pages_of_listed_hosts_are_a_class(lake, tmp_path):
    hosts = ("casino.example", "news.example", "casino.example")
    fill(lake, "CC-MAIN-2024-10", [document(i, f"{host} {i}", domain=host) for i, host in enumerate(hosts)])
    (tmp_path / "domains").write_text("casino.example\nother.example\n")
    rows = Rows(table="web.documents", domains=str(tmp_path / "domains"))

    texts = RowsOf(lake).texts((rows,), 10)

    assert sorted(texts) == ["casino.example 0", "casino.example 2"]
    assert any(read.startswith("domains ") for read in RowsOf(lake).inputs(rows).reads)


def test_a_snapshot_that_is_not_there_is_named(lake):
    fill(lake, "CC-MAIN-2024-10", [document(1, "text")])

    with pytest.raises(SourceError, match="no snapshot CC-MAIN-2020-05 of `wet`; there are CC-MAIN-2024-10"):
        RowsOf(lake).inputs(Rows(table="web.documents", snapshots=("CC-MAIN-2020-05",)))
