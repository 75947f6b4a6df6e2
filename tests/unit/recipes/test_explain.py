"""What is told of a document: every step's outcome, rules with values and thresholds, and passages that edits took out."""

import polars as pl
import pytest
from golden import FIXTURES, environment, frame_of, known, rows_of
from making import ENVIRONMENT, Cut, recipe_of, step
from making import frame_of as documents

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.explain import explain


def test_each_step_tells_what_it_did_and_those_behind_a_drop_were_not_reached():
    recipe = recipe_of(step("length", min=2), Cut(), step("url_dedup"), step("signal", signal="text_bytes", max=3))

    dropped, kept = explain(recipe, documents("a", "axb"), ENVIRONMENT)

    assert [o.result for o in dropped.outcomes] == ["dropped", "not reached", "not reached", "not reached"]
    assert [o.result for o in kept.outcomes] == ["passed", "changed", "pending", "passed"]
    assert (dropped.kept, kept.kept) == (False, True)
    assert dropped.reason == "length/too_short: text_characters 1 < 2"
    assert kept.reason == "kept"


def test_all_rules_of_a_filter_are_told_with_what_they_saw():
    [told] = explain(recipe_of(step("length", min=2, max=9)), documents("abc"), ENVIRONMENT)

    asked = told.outcomes[0].rules
    assert [(a.rule, a.value, a.threshold, a.holds) for a in asked] == [
        ("too_short", 3.0, 2.0, False),
        ("too_long", 3.0, 9.0, False),
    ]


def test_rules_for_other_languages_are_not_told():
    frame = documents("abc").with_columns(language=pl.lit("en"), language_score=pl.lit(1.0))
    part = step("signal", signal="text_bytes", min=9, languages=("zh",))

    [told] = explain(recipe_of(part), frame, ENVIRONMENT)

    assert told.outcomes[0].rules == ()


def test_a_passage_that_an_edit_took_out_is_told_with_its_place_and_text():
    [told] = explain(recipe_of(Cut()), documents("\u4eca axb x"), ENVIRONMENT)

    assert [(p.start, p.end, p.rule, p.text) for p in told.outcomes[0].passages] == [
        (3, 4, "letter", "x"),
        (6, 7, "letter", "x"),
    ]
    assert told.text == "\u4eca ab "


def test_a_document_that_an_edit_drops_is_told_with_value_and_threshold():
    [told] = explain(recipe_of(Cut()), documents("xx"), ENVIRONMENT)

    assert told.dropped.rule == "nothing_left"
    assert told.lines()[0] == "cut: dropped by nothing_left"
    assert (told.dropped.rules[0].value, told.dropped.rules[0].threshold) == (0.0, 1.0)


def test_a_line_signal_is_told_with_what_of_its_values_was_asked_about():
    frame = documents("abc").with_columns(rps_lines_num_words=pl.lit(pl.Series([[1, 5]])))

    [told] = explain(recipe_of(step("signal", signal="rps_lines_num_words", max=2, lines="mean")), frame, ENVIRONMENT)

    assert told.reason == "rps_lines_num_words/rps_lines_num_words_above: mean of rps_lines_num_words 3 > 2"


def test_words_are_told_as_words():
    frame = documents("abc").with_columns(language=pl.lit("zh"), language_score=pl.lit(1.0))

    [told] = explain(recipe_of(step("language", keep=("en", "de"))), frame, ENVIRONMENT)

    assert told.reason == "language/language_not_wanted: language zh not in [en, de]"


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.jsonl")))
def test_an_explanation_agrees_with_the_run_for_every_fixture_document(name):
    groups = {}
    for row in rows_of(name):
        groups.setdefault((row.compat, tuple(sorted(row.columns))), []).append(row)

    for (compat, _), rows in groups.items():
        frame = frame_of(rows)
        applied = apply(known(name, compat), frame, environment(compat))
        told = explain(known(name, compat), frame, environment(compat))

        decided = {row[0]: row[1:] for row in applied.decisions.iter_rows()}
        for one in told:
            assert one.kept == (one.doc_id not in decided)
            if not one.kept:
                assert (one.dropped.step, one.dropped.rule) == decided[one.doc_id][:2]
        assert [one.text for one in told if one.kept] == applied.kept["text"].to_list()
