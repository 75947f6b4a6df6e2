"""Documents of a mix: drawn by hash, up to a budget, a larger one only adding to them; what they are and where they are from."""

import json
import re
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.analytics import mixing
from corpus_platform.dedup import contamination
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CheckFailed, ModelError, SettingsError, ShardFailed
from corpus_platform.lake import Lake
from corpus_platform.mixes.plan import leaves
from corpus_platform.stages.mix_sources import chosen, matches
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS, TOKEN_COUNTS
from corpus_platform.stages.run import plan_stage, run_stage

WEB = {"from": "corpora/ccnet", "share": 1.0}
SHAPES = {
    "plain": WEB,
    "by bucket": {**WEB, "quality": {"by": "bucket", "weights": {"head": 5, "otherwise": 1}}},
    "by quantile": {**WEB, "quality": {"by": "perplexity", "quantiles": [0.3, 0.6], "weights": [4, 2, 1]}},
    "by language": {**WEB, "languages": {"en": 0.4, "zh": 0.6}},
    "capped": {**WEB, "caps": {"domain": 0.3}},
    "epochs": {**WEB, "max_epochs": 3},
}


def drawn(frame):
    return set(frame.select("part", "doc_id", "epoch").iter_rows())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_budget_only_adds(house, shape):
    budgets = (700, 6000)
    for number, budget in enumerate(budgets):
        house.mix(f"m{number}", budget=budget, parts=[SHAPES[shape]])

    sets = [drawn(house.make(f"m{number}")) for number in range(len(budgets))]

    assert all(small < large or small == large for small, large in pairwise(sets))
    assert len(sets[0]) < len(sets[-1])


def test_every_part_draws_its_budget_and_less_than_one_document_more(house):
    house.mix(budget=2000, parts=[SHAPES["by language"]])

    rows = house.make()

    for part in ("ccnet/en", "ccnet/zh"):
        own = rows.filter(part=part).sort("rank")
        planned = house.counters[f"plan:all:{part}:given"]
        assert own["tokens"].sum() >= planned
        assert own["tokens"].sum() - own["tokens"][-1] < planned or planned == own["tokens"].sum()
    assert sum(house.counters[f"plan:all:ccnet/{code}:given"] for code in ("en", "zh")) == 2000


def test_files_partitions_and_their_order_change_nothing_of_what_is_drawn(house, tmp_path):
    other = type(house)(Lake(tmp_path / "other"), tmp_path / "elsewhere")
    other.folder.mkdir()
    second = {"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-08"}
    other.web(documents=20, files=5, partition=second, first=40)
    other.web(documents=40, files=1)
    # The tokenizer is that of the first: its texts are the same ones.
    for one in (house, other):
        one.mix(budget=1500, parts=[SHAPES["by bucket"]])

    first, then = house.make(), other.make()

    assert first.select("doc_id", "rank", "tokens").rows() == then.select("doc_id", "rank", "tokens").rows()


def test_a_second_mix_counts_no_tokens_again(house):
    house.mix("one", budget=500, parts=[WEB])
    house.mix("two", budget=900, parts=[WEB])
    house.make("one")
    version = house.lake.version(TOKEN_COUNTS)

    house.make("two")

    assert house.lake.version(TOKEN_COUNTS) == version
    assert house.lake.scan(TOKEN_COUNTS).collect().height == 60


def test_epochs_come_one_after_the_other_each_in_an_order_of_its_own(house):
    house.mix(budget=10**6, max_epochs=2.5, parts=[WEB])

    rows = house.make()

    by_epoch = rows.sort("rank").group_by("epoch", maintain_order=True).agg("doc_id")
    assert by_epoch["epoch"].to_list() == [0, 1, 2]
    first, second, last = by_epoch["doc_id"].to_list()
    assert set(first) == set(second)
    assert first != second
    assert len(first) == 60
    assert len(last) < 60


def test_a_weight_of_the_corpus_and_one_by_quality_decide_who_comes_early(house):
    house.mix(
        budget=10**6, parts=[{**WEB, "quality": {"by": "bucket", "weights": {"head": 50, "middle": 0, "otherwise": 1}}}]
    )

    rows = house.make().sort("rank")

    assert "middle" not in set(rows["bucket"])
    heads = rows["bucket"].to_list()[: int((rows["bucket"] == "head").sum())]
    assert heads.count("head") > 0.7 * len(heads)


def test_a_partition_without_documents_gives_nothing_and_stops_no_mix(house):
    house.put("books.cleaned", {"collection": "nothing"}, [])
    house.mix(parts=[{"from": "corpora/ccnet"}, {"from": "books/cleaned"}])

    report = mixing.make(house.home(), "small")

    assert report.counters["records"] == 60


def test_who_wrote_a_page_is_unknown_and_can_be_asked_for_and_capped(house):
    house.books()
    parts = [
        {"from": ["corpora/ccnet", "books/cleaned"], "name": "some", "caps": {"origin": {"unknown": 0.25}}},
        {"from": ["corpora/ccnet", "books/cleaned"], "name": "pages", "where": {"origin": "unknown"}},
    ]
    house.mix(parts=parts)

    rows = house.make()

    assert set(rows.filter(part="pages")["table"]) == {"corpora.ccnet"}
    assert set(rows.filter(part="some", table="books.cleaned")["origin"]) == {"human", "mixed"}
    some = rows.filter(part="some")
    pages = some.filter(table="corpora.ccnet")
    assert set(pages["origin"]) == {"unknown"}
    assert pages["tokens"].sum() < 0.25 * some["tokens"].sum() + pages["tokens"].max()


def test_a_fixed_number_of_documents_is_exact(house):
    house.mix(
        budget=3000,
        parts=[
            {"from": "corpora/ccnet", "count": 7, "where": {"language": "en"}},
            {**WEB, "name": "zh", "where": {"language": "zh"}},
        ],
    )

    rows = house.make()

    assert rows.filter(part="ccnet").height == 7
    assert set(rows.filter(part="zh")["language"]) == {"zh"}


def test_a_part_without_a_table_gives_its_share_to_the_others(house):
    house.mix(budget=1000, parts=[{"from": "corpora/ccnet", "share": 0.5}, {"from": "corpora/c4", "share": 0.5}])

    house.make()

    assert house.counters["plan:all:c4:wanted"] == 500
    assert house.counters["plan:all:c4:given"] == 0
    assert house.counters["plan:all:ccnet:given"] == 1000


def test_a_new_snapshot_makes_a_mix_stale_and_nothing_is_made_by_itself(house):
    house.mix(budget=1000, parts=[WEB])
    house.make()
    assert plan_stage(house.stage(), house.lake, {"mix": "small"}).is_current

    house.web(partition={"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-08"}, first=60)

    assert not plan_stage(house.stage(), house.lake, {"mix": "small"}).is_current
    with pytest.raises(ShardFailed, match="not counted by `default` as the table is now"):
        run_stage(house.stage(), house.lake, Serial(), {"mix": "small"})
    assert house.lake.scan(MIX_DOCUMENTS).select("table_partition").unique().collect().height == 1


def test_test_items_are_kept_out_with_evidence_and_a_planted_one_is_found(house):
    pages = house.lake.scan("corpora.ccnet").collect()
    leaked = pages["raw_content"][5]
    sets = house.folder / "exam.jsonl"
    sets.write_text(json.dumps({"id": "q1", "text": leaked}) + "\n", encoding="utf-8")
    house.test_sets = {"exam": str(sets)}
    house.mix(budget=10**6, parts=[WEB], decontaminate={"against": ["exam"]})

    rows = house.make()

    gone = set(pages["doc_id"]) - set(rows["doc_id"])
    assert pages["doc_id"][5] in gone
    evidence = house.lake.scan("ops.decisions").filter(recipe="small").collect()
    assert set(evidence["doc_id"]) == gone
    assert all(seen.startswith("exam#0 at ") for seen in evidence["seen"])
    assert house.counters["canaries:found"] == 1


def test_a_search_that_finds_no_planted_item_stops_the_mix(house, monkeypatch):
    sets = house.folder / "exam.jsonl"
    sets.write_text(
        json.dumps({"text": "One two three four five six seven eight nine ten eleven twelve thirteen."}) + "\n"
    )
    house.test_sets = {"exam": str(sets)}
    house.mix(budget=1000, parts=[WEB], decontaminate={})
    honest = contamination.TestItems.find

    def blind(self, batch, by="share", *, evidence=True):
        found = honest(self, batch, by, evidence=evidence)
        return type(found)(
            found.ids, found.item * 0 - 1, found.matched, found.share * 0, found.jaccard, found.start, found.end
        )

    monkeypatch.setattr(contamination.TestItems, "find", blind)

    with pytest.raises(CheckFailed, match="planted"):
        house.make()


def test_what_a_mix_lacks_is_told(house):
    house.mix(budget=1000, parts=[{**WEB, "where": {"langauge": "en"}}])
    with pytest.raises(SettingsError, match=r"corpora\.ccnet has no column `langauge`, nearest is `language`"):
        house.make()
    house.mix(budget=1000, parts=[WEB], decontaminate={})
    with pytest.raises(SettingsError, match=r"`recipes.test_sets` names no test set"):
        house.make()
    house.mix(budget=1000, tokenizer="other", parts=[WEB])
    with pytest.raises(SettingsError, match="there is no tokenizer `other`"):
        house.make()
    with pytest.raises(ModelError, match="corpus tokenizer train other"):
        house.stage().shards(house.lake, {"mix": "small"})


@given(st.text("ab*!.", max_size=4), st.text("ab.", max_size=4))
@settings(deadline=None, max_examples=60)
def test_a_pattern_is_equal_or_has_stars(pattern, value):
    text, turned = (pattern[1:], True) if pattern.startswith("!") else (pattern, False)
    wanted = re.fullmatch(".*".join(map(re.escape, text.split("*"))), value, re.DOTALL) is not None

    assert matches(value, (pattern,)) == (wanted != turned)


def test_what_is_null_is_asked_for_by_nobody_and_left_by_a_not():
    frame = pl.DataFrame({"licence": ["MIT", None, "CC-BY-4.0"]})

    assert chosen(frame, {"licence": ("*",)}).height == 2
    assert chosen(frame, {"licence": ("!MIT",)})["licence"].to_list() == [None, "CC-BY-4.0"]
    assert chosen(frame, {"licence": ("CC-*", "MIT")}).height == 2


def test_leaves_are_parts_or_their_languages(house):
    mix = house.mix(budget=10, parts=[SHAPES["by language"]])

    assert [str(leaf) for leaf in leaves(mix)] == ["ccnet/en", "ccnet/zh"]


def test_the_language_of_a_page_that_its_corpus_does_not_repeat_is_that_of_its_signals(house):
    pages = house.lake.scan("corpora.ccnet").collect()
    where = {"variant": "resiliparse", "snapshot": "CC-MAIN-2025-05"}
    own = pages.select("doc_id", "file_index", "position", "url", pl.col("raw_content").alias("text"))
    house.put(
        "corpora.fineweb",
        where,
        [
            own.with_columns(
                source=pl.lit("common_crawl"), shard=pl.lit(0, pl.Int32), file=pl.lit("a.warc"), edited=False
            )
        ],
    )
    house.put(
        "web.signals",
        where,
        [
            pages.select(
                "doc_id", "file_index", "position", "language", pl.lit(0.75, pl.Float32).alias("language_score")
            )
        ],
    )
    house.mix(budget=10**6, parts=[{"from": "corpora/fineweb", "languages": {"en": 0.5, "zh": 0.5}}])

    rows = house.make()

    assert dict(rows.select("doc_id", "language").iter_rows()) == dict(pages.select("doc_id", "language").iter_rows())
    assert set(rows["language_score"]) == {0.75}
