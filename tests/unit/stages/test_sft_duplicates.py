"""Copies among data sets of a home: who takes part, whose row stays, and what later sets change."""

import orjson
import polars as pl
import pytest

from corpus_platform.analytics.sft_overlap import overlaps_of
from corpus_platform.errors import SourceError
from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

WORDS = [f"{a}{b}" for a in ("ba", "co", "di", "fu", "ge") for b in ("ra", "se", "ti", "vo", "zu", "la", "me", "no")]
SAID = " ".join(WORDS)
RECIPE = {
    "name": "small",
    "title": "t",
    "reference": "r",
    "about": "a",
    "variant": "sft",
    "steps": [{"sft_structure": {}}, {"dialogues_dedup": {}}],
}
FIRST = [("Tell me of the fields", SAID), ("How are you", "I am quite well, and you?"), ("Nobody answers", "")]
SECOND = [("tell me of the FIELDS!", SAID), ("Tell me of the fields", f"{SAID} indeed"), ("What is new", "This row of the set is"), ("What is new?", "this row of the set is.")]  # fmt: skip


def rows(path, pairs):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [orjson.dumps({"instruction": q, "output": a}) + b"\n" for q, a in pairs]
    path.write_bytes(b"".join(lines))


@pytest.fixture
def home(tmp_path):
    rows(tmp_path / "data/first/a.jsonl", FIRST)
    rows(tmp_path / "data/second/a.jsonl", SECOND[:2])
    rows(tmp_path / "data/second/b.jsonl", SECOND[2:])
    (tmp_path / "recipes/sft").mkdir(parents=True)
    (tmp_path / "recipes/sft/small.yaml").write_bytes(orjson.dumps(RECIPE))
    one = {"kind": "instruct", "construction": "human"}
    sets = {"second": {"location": "data/second", **one}, "first": {"location": "data/first", **one}}
    settings = {
        "sft": {"recipe": "small", "priority": ["first"], "sets": sets},
        "recipes": {"enabled": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
        "reject_budget": 0.5,
    }
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    return Home.open(tmp_path)


def make(home, *assets):
    for batch in home.batches(assets, []):
        for name, partition in batch.tables:
            home.run(name, partition)


def verdicts(home, name):
    return home.lake.scan("sft.duplicates", set=name).collect()


def test_a_set_is_compared_with_itself_and_with_what_stays_of_those_before_it(home):
    make(home, "sft/duplicates")

    first, second = verdicts(home, "first"), verdicts(home, "second")
    assert first["kept"].to_list() == [True, True]
    assert second["rule"].to_list() == ["exact_dialogue", "near", None, "exact_dialogue"]
    assert second["canonical_set"].to_list() == ["first", "first", None, None]
    assert second["canonical"].to_list()[:2] == [first["doc_id"][0]] * 2
    assert second["canonical"][3] == second["doc_id"][2]
    state = home.lake.state("sft.duplicates", {"set": "second"})
    assert state.counters["records"] == 4
    assert state.counters["kept"] == 1
    assert state.counters["dropped:exact_dialogue"] == 2


def test_what_an_earlier_step_drops_is_not_compared(home):
    make(home, "sft/dedup_index")

    index = home.lake.scan("sft.dedup_index", set="first").collect()

    assert index.height == 2
    read = home.lake.scan("sft.messages", set="first").collect()
    assert set(index["doc_id"]) <= set(read["doc_id"])


def test_the_recipe_drops_what_has_a_copy_and_the_ledger_says_by_which_rule(home):
    make(home, "sft/filtered")

    kept = home.lake.scan("sft.filtered", set="second").collect()
    decisions = home.lake.scan("ops.decisions").filter(pl.col("step") == "dialogues_dedup").collect()
    assert kept.height == 1
    assert decisions.height == 3
    assert sorted(decisions["rule"]) == ["exact_dialogue", "exact_dialogue", "near"]
    assert decisions["seen"].null_count() == 0


def test_a_changed_set_of_higher_priority_makes_the_others_stale_and_not_the_other_way_round(home, tmp_path):
    make(home, "sft/duplicates")

    rows(tmp_path / "data/second/c.jsonl", [("One more", "row of the second set")])
    make(home, "sft/messages", "sft/signals", "sft/dedup_index")
    of = {name: home.status_of("sft.duplicates", {"set": name}).is_settled for name in ("first", "second")}
    assert of == {"first": True, "second": False}

    make(home, "sft/duplicates")
    rows(tmp_path / "data/first/b.jsonl", [("What is new", "This row of the set is")])
    make(home, "sft/messages", "sft/signals", "sft/dedup_index")
    of = {name: home.status_of("sft.duplicates", {"set": name}).is_settled for name in ("first", "second")}
    assert of == {"first": False, "second": False}

    make(home, "sft/duplicates")
    assert verdicts(home, "second")["kept"].to_list() == [False, False, False, False, True]


def test_a_set_whose_recipe_compares_otherwise_is_compared_word_for_word(home, tmp_path):
    other = {**RECIPE, "name": "other", "steps": [{"dialogues_dedup": {"shingle": 3}}]}
    (tmp_path / "recipes/sft/other.yaml").write_bytes(orjson.dumps(other))
    sets = {"first": home.settings.sft.sets["first"].model_copy(update={"recipe": "other"})}
    sft = home.settings.sft.model_copy(update={"sets": {**home.settings.sft.sets, **sets}})
    write_settings(tmp_path / "corpus.yaml", home.settings.model_copy(update={"sft": sft}))
    again = Home.open(tmp_path)

    make(again, "sft/duplicates")

    assert verdicts(again, "second")["rule"].to_list() == ["exact_dialogue", None, None, "exact_dialogue"]


def test_the_overlap_of_sets_is_read_from_their_indexes(home):
    with pytest.raises(SourceError, match="first has no index"):
        overlaps_of(home, ["first"])
    make(home, "sft/dedup_index")

    found = overlaps_of(home)

    shares = {(row["set"], row["other"]): row["alike"] for row in found.to_dicts()}
    assert shares == {("second", "first"): 0.5, ("first", "second"): 0.5}
