"""Personal data that is left in texts of social media stops what depends on them: one address is enough, wherever it stands."""

import orjson
import polars as pl
import pytest
from spoiling import partition_of, sound

from corpus_platform.lake import table
from corpus_platform.quality.run import run_suite

CHECK = "no_personal_data"


def outcome_of(bench, name, *changes):
    """The outcome for sound rows and one more for each change."""
    spec = table(name)
    frame = sound(spec, 20 + len(changes)).with_columns(source=pl.lit("social"))
    for at, change in enumerate(changes, 20):
        place = pl.int_range(pl.len()) == at
        frame = frame.with_columns(pl.when(place).then(pl.lit(v)).otherwise(n).alias(n) for n, v in change.items())
    bench.commit(spec, [bench.write(spec, [frame])])
    [outcome] = run_suite(bench.home, name, partition_of(spec), {CHECK}).outcomes
    return outcome


@pytest.mark.parametrize("name", ["social.documents", "social.cleaned", "corpora.fineweb"])
def test_texts_without_any_are_green(bench, name):
    outcome = outcome_of(bench, name, {"text": "# Why?\n\n<USER> wrote to <EMAIL>: `@property` is no name"})

    assert (outcome.state, outcome.observed, outcome.blocks) == ("met", 0, True)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"text": "a word\nand somebody@somewhere.org"}, "email"),
        ({"title": "ask @somebody"}, "user"),
        ({"meta": orjson.dumps({"turns": [{"speaker": 0, "text": "电话 13800138000"}]}).decode()}, "phone"),
    ],
)
def test_one_planted_address_is_red_and_its_row_is_named_without_it(bench, change, kind):
    outcome = outcome_of(bench, "social.cleaned", {}, change)

    assert (outcome.state, outcome.observed) == ("broken", 1)
    assert outcome.more == {f"found_{kind}": 1}
    [row] = outcome.rows
    assert (row["row"], row["column"], row["kind"]) == ("21", next(iter(change)), kind)
    assert row["doc_id"] == "21".zfill(32)
    assert "somebody" not in str(row)


def test_a_corpus_of_web_pages_is_not_asked_and_its_addresses_are_its_recipe_s_affair(bench):
    spec = table("corpora.fineweb")
    frame = sound(spec, 5).with_columns(text=pl.lit("somebody@somewhere.org"))
    bench.commit(spec, [bench.write(spec, [frame])])

    [outcome] = run_suite(bench.home, spec.name, partition_of(spec), {CHECK}).outcomes

    assert outcome.state == "not asked"


def test_rows_of_social_media_in_a_corpus_of_several_sources_are_looked_at(bench):
    outcome = outcome_of(
        bench, "corpora.fineweb", {"text": "somebody@somewhere.org", "source": "common_crawl"}, {"text": "@somebody"}
    )

    assert (outcome.state, outcome.more) == ("broken", {"found_user": 1})
