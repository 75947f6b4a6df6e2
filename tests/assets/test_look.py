"""Commands that look at corpora: why a page is in or out, what steps did, how corpora and signals lie to each other."""

import csv
import io
import json
import re

import polars as pl
import pytest
from looked import EDITS, STEPS, THIRD, looked
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.analytics.explain import stories
from corpus_platform.cli import app
from corpus_platform.definitions import build_defs
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.stages.asset_names import asset_of

TOWN, CHINESE_TOWN, SHORT = "https://town0.example/", "https://town1.example/", "https://short0.example/"
LONG_PAGES, SHORT_PAGES = FILES * PAGES, FILES
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def seen(built, tmp_path_factory):
    """A home with recipes of its own made, for tests that only look."""
    return looked(built[0].path, tmp_path_factory.mktemp("looked") / "home")


def corpus(home, *words):
    """Runs a command; an error of the platform is raised."""
    result = CliRunner().invoke(app, ["--home", str(home.path), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def told(home, page, *words):
    """What `explain` says, by recipe and snapshot."""
    lines = corpus(home, "explain", page, "--format", "json", *words).splitlines()
    return {(row["recipe"], row["snapshot"]): row for row in map(json.loads, lines)}


# Explaining


def test_a_page_is_kept_or_dropped_by_a_rule_with_value_and_threshold(seen):
    found = told(seen, CHINESE_TOWN)

    assert found["chinese", SNAPSHOT]["verdict"] == "kept"
    plain = found["plain", SNAPSHOT]
    assert (plain["verdict"], plain["step"], plain["rule"]) == ("dropped", "language", "language_not_wanted")
    assert plain["value"] == "zh"
    assert plain["threshold"] == ["en"]
    edited = found["edited", SNAPSHOT]
    assert (edited["rule"], edited["value"], edited["threshold"]) == ("too_few_sentences", 0.0, 2.0)


def test_a_page_that_the_paragraph_dedup_dropped_is_explained_by_it(seen):
    found = told(seen, SHORT)["after", SNAPSHOT]

    assert found["verdict"] == "dropped before"
    assert (found["step"], found["rule"], found["value"], found["threshold"]) == (
        "paragraphs",
        "too_short",
        0.0,
        300.0,
    )
    assert found["published"] == "not kept"
    assert "0 < 300" in found["reason"]


def test_a_page_that_could_not_be_used_is_explained_by_its_reject(seen):
    found = told(seen, "https://picture0.example/a.png")

    assert found["extracted", SNAPSHOT]["verdict"] == "rejected"
    assert "not_html" in found["extracted", SNAPSHOT]["reason"]
    assert found["plain", SNAPSHOT]["verdict"] == "not there"


def test_a_text_that_is_not_made_is_said_with_what_to_type(seen):
    found = told(seen, TOWN)

    assert found["extracted", THIRD]["verdict"] == "not made"
    assert f"corpus run corpora/extracted --snapshot {THIRD}" in found["extracted", THIRD]["reason"]


def test_a_page_of_two_snapshots_is_explained_in_both_by_address_and_by_id(seen):
    found = told(seen, TOWN)
    doc_id = found["plain", SNAPSHOT]["doc_id"]
    record = seen.lake.scan("web.pages").filter(pl.col("url") == TOWN).select("record_id").collect().item(0, 0)

    assert {snapshot for _, snapshot in found} == {SNAPSHOT, THIRD}
    assert found["plain", SNAPSHOT]["published"] == "kept"
    assert found["plain", THIRD]["verdict"] == "kept"
    assert found["plain", THIRD]["published"] is None
    assert told(seen, doc_id) == told(seen, record) == found


@pytest.mark.parametrize("recipe", STEPS)
def test_every_document_of_a_run_is_explained_as_the_ledger_has_it(seen, recipe):
    variant, _ = STEPS[recipe]
    where = {"variant": variant, "snapshot": SNAPSHOT}
    pages = seen.lake.scan("web.pages", variant=variant.removesuffix(".ccnet"), snapshot=SNAPSHOT).collect()
    ledger = seen.lake.scan("ops.decisions", stage=f"corpora.{recipe}", partition=f"{variant},{SNAPSHOT}").collect()
    decided = {row["doc_id"]: row for row in ledger.to_dicts()}
    kept = set(seen.lake.scan(f"corpora.{recipe}", **where).collect()["doc_id"])

    for doc_id in pages["doc_id"]:
        [story] = [one for one in stories(seen, doc_id, [recipe]) if one.snapshot == SNAPSHOT]

        assert story.is_current
        assert story.is_kept == (doc_id in kept)
        if story.verdict == "dropped":
            row = decided.pop(doc_id)
            seen_value = row["seen"] if row["value"] is None else row["value"]
            assert (story.step, story.rule) == (row["step"], row["rule"])
            assert story.value == seen_value
            assert row["threshold"] is None or story.threshold == row["threshold"]
    assert not decided


def test_details_tell_every_step_and_the_passages_that_an_edit_took_out(seen):
    steps = told(seen, TOWN, "--details", "--recipe", "edited")["edited", SNAPSHOT]["steps"]
    printed = corpus(seen, "explain", TOWN, "--details", "--recipe", "edited", "--recipe", "plain")

    text = (
        seen.lake.scan("web.pages", variant="wet", snapshot=SNAPSHOT).filter(pl.col("url") == TOWN).collect()["text"][0]
    )
    [passage] = steps[0]["passages"]
    assert passage["rule"] == "too_few_words"
    assert (
        text[passage["start"] : passage["end"]]
        == passage["text"]
        == "Subscribe to our letter, read our terms, and tell a friend about this page today."
    )
    assert "c4: changed" in printed
    assert f"[{passage['start']}, {passage['end']}] 'Subscribe to our letter" in printed
    assert "language_not_wanted: language en in [en]" in printed


def test_a_table_has_a_line_for_each_recipe_below_its_page(seen):
    printed = corpus(seen, "explain", CHINESE_TOWN, "--recipe", "plain", "--recipe", "chinese")

    lines = [line.split() for line in printed.splitlines()]
    assert lines.count([CHINESE_TOWN]) == 2
    assert ["chinese", "wet", "kept"] in lines
    assert any(line[:4] == ["plain", "wet", "dropped", "language/language_not_wanted:"] for line in lines)


def test_an_unknown_page_is_answered_with_those_of_its_host_and_an_unknown_recipe_with_the_nearest(seen):
    with pytest.raises(SourceError, match=f"of its host there are {TOWN}"):
        corpus(seen, "explain", "https://town0.example/other")
    with pytest.raises(SourceError, match="give its address, doc_id or record id"):
        corpus(seen, "explain", "nonsense")
    with pytest.raises(SettingsError, match="nearest is `plain`"):
        corpus(seen, "explain", TOWN, "--recipe", "plane")


# Funnel


def test_a_funnel_counts_what_each_step_did(seen, tmp_path):
    printed = corpus(seen, "funnel", "edited", "--snapshot", SNAPSHOT, "--picture", str(tmp_path / "funnel.png"))
    rows = [json.loads(line) for line in corpus(seen, "funnel", "edited", "--format", "json").splitlines()]

    assert [row["step"] for row in rows] == ["c4", "language"]
    assert rows[0]["rules"] == {"too_few_sentences": LONG_PAGES // 2 + SHORT_PAGES}
    assert rows[0]["documents"] - sum(rows[0]["rules"].values()) == rows[1]["documents"] == LONG_PAGES // 2
    assert f"{LONG_PAGES // 2} of {LONG_PAGES + SHORT_PAGES} documents kept (40.0%)" in printed
    assert (tmp_path / "funnel.png").read_bytes().startswith(PNG)


def test_a_funnel_is_of_the_newest_snapshot_and_dedups_are_in_it(seen):
    assert f"plain, {NEXT_SNAPSHOT}:" in corpus(seen, "funnel", "plain")
    of_dedups = [line.split() for line in corpus(seen, "funnel", "masked").splitlines() if "minhash" in line]
    assert of_dedups == [["minhash", "dedup", str(LONG_PAGES), "0"]]


def test_a_funnel_that_is_not_there_says_what_to_type(seen):
    with pytest.raises(
        SourceError, match=f"there is: {SNAPSHOT}.*corpus run corpora/edited --snapshot {NEXT_SNAPSHOT}"
    ):
        corpus(seen, "funnel", "edited", "--snapshot", NEXT_SNAPSHOT)
    with pytest.raises(SourceError, match="no corpus of c4 was made yet"):
        corpus(seen, "funnel", "c4")
    with pytest.raises(SettingsError, match="nearest is `edited`"):
        corpus(seen, "funnel", "editted")


# Comparing


def test_two_corpora_are_compared_with_reasons_and_examples(seen):
    printed = corpus(seen, "recipes", "compare", "masked", "chinese")
    found = json.loads(corpus(seen, "recipes", "compare", "masked", "chinese", "--format", "json"))

    half = LONG_PAGES // 2
    assert (found["both"], found["only_a"], found["only_b"]) == (half, half, 0)
    assert found["reasons"] == [{"kept_by": "a", "step": "language", "rule": "language_not_wanted", "documents": half}]
    assert all(one["seen"] == "en" and one["excerpt"] for one in found["examples"])
    assert "Only in masked: why chinese does not have them" in printed
    assert "Only in chinese" not in printed
    assert "en: https://town0.example/" in printed


def test_corpora_of_two_texts_say_what_dropped_a_page_before_the_recipe(seen):
    found = json.loads(corpus(seen, "recipes", "compare", "extracted", "after", "--format", "json"))

    reasons = {(one["step"], one["rule"]) for one in found["reasons"] if one["kept_by"] == "a"}
    assert reasons == {("size", "too_short")}
    assert found["both"] == LONG_PAGES // 2


def test_corpora_of_snapshots_that_only_one_has_are_refused(seen):
    with pytest.raises(SourceError, match=f"corpora.edited: there is none of {NEXT_SNAPSHOT}"):
        corpus(seen, "recipes", "compare", "plain", "edited", "--snapshot", NEXT_SNAPSHOT)
    assert SNAPSHOT in corpus(seen, "recipes", "compare", "plain", "edited")


def test_an_overlap_is_a_matrix_a_table_and_a_picture(seen, tmp_path):
    printed = corpus(seen, "recipes", "overlap", "--snapshot", SNAPSHOT, "--picture", str(tmp_path / "overlap.png"))
    rows = csv.DictReader(io.StringIO(corpus(seen, "recipes", "overlap", "--snapshot", SNAPSHOT, "--format", "csv")))

    found = {(row["a"], row["b"]): row for row in rows}
    assert {a for a, _ in found} == {"ccnet", *STEPS}
    assert int(found["plain", "chinese"]["documents"]) == 0
    assert float(found["plain", "masked"]["share_of_a"]) == 1
    assert float(found["masked", "plain"]["share_of_a"]) == float(found["masked", "plain"]["jaccard"]) == 0.5
    numbers = {name: line.split()[2:] for line in printed.splitlines() for name in STEPS if f" {name} " in line}
    assert numbers["masked"][0] == str(LONG_PAGES)
    assert "50" in numbers["masked"]
    assert (tmp_path / "overlap.png").read_bytes().startswith(PNG)


def test_a_matrix_that_is_too_wide_goes_on_below(seen, monkeypatch):
    monkeypatch.setattr("corpus_platform.commands.look.out.width", 44)

    printed = corpus(seen, "recipes", "overlap", "--snapshot", SNAPSHOT)

    assert len(re.findall(r"^\d masked ", printed, re.MULTILINE)) == 2
    assert max(map(len, printed.splitlines()[1:])) <= 44


def test_an_overlap_of_one_says_what_to_make(seen):
    with pytest.raises(SourceError, match=f"corpus run corpora/chinese .*--snapshot {NEXT_SNAPSHOT}"):
        corpus(seen, "recipes", "overlap", "plain", "chinese", "--snapshot", NEXT_SNAPSHOT)


# Signals


def test_a_distribution_shows_what_each_threshold_drops(seen, tmp_path):
    printed = corpus(
        seen, "signals", "distribution", "text_characters", "--snapshot", SNAPSHOT, "--variant", "wet",
        "--recipe", "plain", "--recipe", "after", "--picture", str(tmp_path / "picture.png"),
    )  # fmt: skip

    assert f"text_characters: {LONG_PAGES + SHORT_PAGES} documents of wet, {SNAPSHOT}" in printed
    lines = [line.split() for line in printed.splitlines()]
    assert ["<", "100", "20.0%", "10", "plain/too_short"] in lines
    assert ["<", "250", "20.0%", "10", "after/too_short", "*"] in lines
    assert (tmp_path / "picture.png").read_bytes().startswith(PNG)


def test_a_distribution_can_be_of_a_language_and_of_lines(seen):
    chinese = corpus(seen, "signals", "distribution", "text_characters", "--snapshot", SNAPSHOT, "--language", "zh")
    lines = corpus(seen, "signals", "distribution", "rps_lines_num_words", "--snapshot", SNAPSHOT, "--lines", "max")

    assert f"{LONG_PAGES // 2} documents in zh" in chinese
    assert f"rps_lines_num_words: {LONG_PAGES + SHORT_PAGES} documents" in lines


def test_a_signal_that_is_not_stored_is_measured(seen):
    printed = corpus(seen, "signals", "distribution", "roots_word_count", "--snapshot", SNAPSHOT, "--variant", "wet")

    assert f"roots_word_count: {LONG_PAGES + SHORT_PAGES} documents of wet" in printed
    assert "roots_oscar/number_words" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["text_character"], "nearest is `text_characters`"),
        (["language"], "`language` is no number"),
        (
            ["text_characters", "--variant", "math"],
            r"there is none of math yet \(there is: resiliparse, wet, wet.ccnet\)",
        ),
        (["text_characters", "--language", "de", "--snapshot", SNAPSHOT], "no document in de of resiliparse"),
        (["rps_lines_num_words", "--lines", "middle"], "--lines takes mean, sum, max, min"),
    ],
)
def test_a_distribution_that_can_t_be_drawn_says_why(seen, words, message):
    with pytest.raises((SettingsError, SourceError), match=message):
        corpus(seen, "signals", "distribution", *words)


# Recipes of one's own, without the crawl


def test_recipes_with_edits_were_made_with_nothing_raw_to_open(seen):
    assert not (seen.path / "crawl").exists()
    for name in EDITS:
        made = seen.lake.state(f"corpora.{name}", {"variant": "wet", "snapshot": SNAPSHOT})
        assert made.counters["kept"] > 0
        assert any(counter.startswith("edited:") for counter in made.counters)


def test_a_yaml_in_the_home_s_folder_is_an_asset_and_a_corpus(seen):
    keys = {key.to_user_string() for key in build_defs(seen).resolve_asset_graph().get_all_asset_keys()}

    assert {asset_of(f"corpora.{name}") for name in STEPS} <= keys
    listed = corpus(seen, "recipes", "list")
    assert all(re.search(rf"^ {name} .*yes", listed, re.MULTILINE) for name in STEPS)
    counted = corpus(seen, "sql", "select count(*) as n from corpora.trimmed", "--format", "json")
    assert json.loads(counted)["n"] == LONG_PAGES // 2
