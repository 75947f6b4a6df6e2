"""What is forgotten of a data set is gone from every table of dialogues, from what was built of it and from mixes, and does not come back."""

import polars as pl
import pytest
import yaml
from left_bytes import left
from tiny_sets import make_sets

from corpus_platform.analytics.forget import forget
from corpus_platform.forgetting.targets import target_of
from corpus_platform.home import Home

MIX = {
    "name": "small",
    "title": "All there is",
    "about": "Of the sets of a test.",
    "parts": [{"name": "everything"}],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with all data sets filtered, and a mix."""
    folder = make_sets(tmp_path_factory.mktemp("home"))
    (folder / "mixes" / "sft").mkdir(parents=True)
    (folder / "mixes" / "sft" / "small.yaml").write_text(yaml.safe_dump(MIX))
    made = Home.open(folder)
    run_all(made)
    return made


def run_all(home):
    for batch in home.batches(["sft/filtered"], []):
        for name, partition in batch.tables:
            home.run(name, partition)
    home.run("sft.mixes", {"mix": "small"})


def tables_with(home, doc_ids):
    """Tables of dialogues in which rows have these ids, or name them as what they were built of."""
    found = set()
    for spec in home.lake.tables():
        names = [name for name in ("doc_id", "canonical", "cluster", "parents") if name in spec.schema.names]
        frame = home.lake.scan(spec.name).select(names).collect() if names else pl.DataFrame()
        for name in names:
            values = frame[name].explode() if frame[name].dtype == pl.List(pl.String) else frame[name]
            if values.is_in(doc_ids).any():
                found.add(spec.name)
    return found


def test_a_dialogue_and_what_was_built_of_it_are_gone_and_stay_away(home):
    sums = home.lake.scan("sft.messages", set="sums").collect()
    right = sums.filter(pl.col("text").str.contains("#### 20"))
    ids = [right["doc_id"][0]]
    built = home.lake.scan("sft.constructed_rft").filter(pl.col("parents").list.contains(ids[0])).collect()
    had = tables_with(home, [*ids, *built["doc_id"]])
    others = home.lake.scan("sft.filtered", set="first").collect()

    told = forget(home, target_of(ids[0]))

    gone = [*ids, *built["doc_id"]]
    assert built.height == 1
    assert had >= {"sft.messages", "sft.constructed_rft", "sft.signals", "sft.filtered", "sft.mixes"}
    assert told.documents == 2
    assert set(told.rows) >= {"sft.messages", "sft.constructed_rft", "sft.signals", "sft.filtered", "sft.mixes"}
    assert tables_with(Home.open(home.path), gone) == set()
    assert {file for file in left(home.path, gone) if not file.startswith("sets/")} == set()
    assert home.lake.scan("sft.filtered", set="first").collect().equals(others)

    run_all(Home.open(home.path))

    again = Home.open(home.path)
    assert tables_with(again, gone) == set()
    assert again.lake.scan("sft.messages", set="sums").collect().height == sums.height - 1
    rejects = again.lake.scan("ops.rejects").filter(pl.col("reason") == "forgotten").collect()
    assert rejects.height >= 1
    assert set(rejects["partition"]) <= {"sums", "paths"}


def test_a_dialogue_that_nothing_was_built_of_is_gone_from_the_reasons_too(home):
    rejects = home.lake.scan("ops.rejects").filter(pl.col("reason") == "wrong_answer").collect()
    doc_id = rejects["record"][0]

    forget(home, target_of(doc_id))

    after = Home.open(home.path).lake.scan("ops.rejects").collect()
    assert after.filter(pl.col("record") == doc_id).height == 0
    assert after.filter(pl.col("reason") == "wrong_answer").height == rejects.height - 1
    assert {file for file in left(home.path, [doc_id]) if not file.startswith("sets/")} == set()
