"""Choices among the dialogues of a home's data set: what the ledger says of each, one choice behind the other, and files judged alike."""

import orjson
import polars as pl
import pytest

from corpus_platform.analytics.sft_explain import dialogue_stories
from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.recipes.recipe import Recipe, read_recipe
from corpus_platform.recipes.sft_file_verdicts import verdicts_of_file
from corpus_platform.recipes.sft_files import Source, filter_file
from corpus_platform.recipes.sft_selections import selections_of
from corpus_platform.recipes.steps.sft_dedup import DialoguesDedup
from corpus_platform.recipes.steps.sft_selection import SelectByTags
from corpus_platform.settings import CorpusSettings, write_settings
from corpus_platform.signals.environment import Environment

STEPS = [
    {"sft_structure": {}},
    {"dialogues_dedup": {"near": None}},
    {"sft_select_scores": {"factors": ["complexity", "quality"], "most": 0.7, "rows": 4}},
    {"sft_select_tags": {"label": "tags_of_ours", "labels": ["tags"]}},
]
ROWS = [
    # request, complexity, quality, tags
    ("Write a short poem about the sea in winter", [2, 3], [1, 2], ["poem", "sea"]),  # 2 + 6 = 8
    ("Write a short poem about the sea in winter please", 3, 3, ["poem"]),  # 9, and like the one before
    ("写一首关于山的诗", 4, 4, ["poem"]),  # 16
    ("List the prime numbers below thirty", 5, 5, ["maths", "list"]),  # 25
    ("List the prime numbers below thirty", 5, 5, ["maths", "list"]),  # a copy
    ("What is a verb?", 2, None, ["grammar"]),
    ("Name three rivers of Asia", 1, 1, ["list"]),  # 1
    ("Translate this into French: good morning", 2, 2, ["list", "maths"]),  # 4
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a data set that is chosen from, and one whose recipe has no choice, filtered."""
    tmp_path = tmp_path_factory.mktemp("chosen")
    (tmp_path / "data").mkdir()
    (tmp_path / "recipes/sft").mkdir(parents=True)
    lines = [
        {"instruction": q, "output": "This is what it is.", "c": c, "q": quality, "tags": tags}
        for q, c, quality, tags in ROWS
    ]
    (tmp_path / "data/a.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    recipe = {"name": "best", "title": "t", "reference": "r", "about": "a", "variant": "sft", "steps": STEPS}
    (tmp_path / "recipes/sft/best.yaml").write_bytes(orjson.dumps(recipe))
    labels = {"complexity": "c", "quality": "q", "tags": "tags"}
    one = {"location": "data", "kind": "instruct", "map": {"columns": {"prompt": "instruction", "answer": "output"}, "labels": labels}}  # fmt: skip
    settings = {
        "sft": {"recipe": "best", "sets": {"one": one, "plain": {**one, "recipe": "alpaca_cleaned"}}},
        "recipes": {"enabled": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
    }
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(tmp_path)
    for batch in made.batches(["sft/filtered"], []):
        for name, partition in batch.tables:
            made.run(name, partition)
    return made


def told_of(home):
    """Position -> step, rule, value, threshold of what goes."""
    place = dict(home.lake.scan("sft.messages", set="one").select("doc_id", "position").collect().iter_rows())
    gone = home.lake.scan("ops.decisions").collect().filter(pl.col("recipe") == "best")
    return {
        place[row["doc_id"]]: tuple(row[k] for k in ("step", "rule", "value", "threshold")) for row in gone.to_dicts()
    }


def test_each_dialogue_stays_or_has_a_rule_a_value_and_a_threshold(home):
    kept, told = home.lake.scan("sft.filtered", set="one").collect(), told_of(home)
    assert kept["position"].to_list() == [1, 3]
    assert sorted(told) == [0, 2, 4, 5, 6, 7]
    assert told[0][:2] == ("sft_select_scores", "like_a_better_one")
    assert told[0][3] == 0.7
    assert told[2] == ("tags_of_ours", "no_new_tag", 1.0, 1.0)
    assert told[4][:2] == ("dialogues_dedup", "exact_dialogue")
    assert told[5] == ("sft_select_scores", "no_score", None, None)
    assert told[6] == ("sft_select_scores", "over_budget", 1.0, 4.0)
    assert told[7] == ("tags_of_ours", "no_new_tag", 2.0, 1.0)


def test_a_choice_sees_what_the_one_before_it_leaves_and_counts_by_rule(home):
    state, rows = home.lake.state("sft.selected", {"set": "one"}), home.lake.scan("sft.selected", set="one").collect()
    assert dict(rows.group_by("step").len().iter_rows()) == {"sft_select_scores": 7, "tags_of_ours": 4}
    assert state.counters["dropped:sft_select_scores:no_score"] == 1
    assert state.counters["records"] == 11
    assert home.status_of("sft.filtered", {"set": "one"}).is_settled
    assert home.lake.state("sft.selected", {"set": "plain"}).rows == 0


def test_explain_names_the_choice_that_a_dialogue_went_by(home):
    doc_id = home.lake.scan("sft.messages", set="one").filter(pl.col("position") == 6).collect()["doc_id"].item()

    [story] = [one for one in dialogue_stories(home, doc_id) if one.recipe == "best"]

    assert (story.explanation.outcomes[2].result, story.explanation.outcomes[2].rule) == ("dropped", "over_budget")
    assert story.explanation.outcomes[3].result == "not reached"


def test_a_plain_file_is_chosen_from_as_a_set_of_a_home_is(home, tmp_path):
    rows = home.lake.scan("sft.messages", set="one").select("doc_id", "messages", "labels").collect()
    rows.write_parquet(tmp_path / "in.parquet")
    recipe, source = read_recipe(home.path / "recipes/sft/best.yaml"), Source(tmp_path / "in.parquet")

    verdicts = verdicts_of_file(recipe, source, Environment())
    done = filter_file(recipe, source, tmp_path / "kept.jsonl", tmp_path / "gone.jsonl", Environment(), verdicts)

    gone = map(orjson.loads, (tmp_path / "gone.jsonl").read_bytes().splitlines())
    assert {n["rule"] for n in gone} == {rule for _, rule, _, _ in told_of(home).values()}
    assert (done.kept, done.dropped) == (2, 6)


def test_a_choice_before_the_dedup_is_a_mistake_of_the_recipe():
    about = {"name": "r", "title": "t", "reference": "", "about": "a", "variant": "sft"}
    steps = (SelectByTags(), DialoguesDedup())

    with pytest.raises(SettingsError, match="put it behind"):
        selections_of(Recipe(**about, steps=steps))
