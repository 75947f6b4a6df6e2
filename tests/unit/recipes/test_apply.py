"""Recipes over documents: nothing is lost, rules are asked in order, an edit makes only what it changes be measured anew."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import ENVIRONMENT, Cut, frame_of, recipe_of, step

from corpus_platform.errors import ModelError, SchemaError
from corpus_platform.recipes.apply import DECISION_SCHEMA, apply
from corpus_platform.recipes.plan import compile_recipe
from corpus_platform.recipes.step import FilterStep, Rule
from corpus_platform.signals.environment import Environment, SignalSettings


def decisions_of(applied):
    return [tuple(row) for row in applied.decisions.sort("doc_id").iter_rows()]


def test_the_first_rule_that_holds_drops_a_document_and_is_in_the_ledger_with_value_and_threshold():
    applied = apply(recipe_of(step("length", min=3, max=5)), frame_of("ab", "abc", "abcdef"), ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d1"]
    assert decisions_of(applied) == [
        ("d0", "length", "too_short", 2.0, 3.0, None),
        ("d2", "length", "too_long", 6.0, 5.0, None),
    ]
    assert applied.decisions.schema == pl.Schema(DECISION_SCHEMA)


def test_a_rule_over_words_has_what_it_saw_in_the_ledger():
    frame = frame_of("a", "b", language=["zh", "en"], language_score=[0.9, 0.9])

    applied = apply(recipe_of(step("language", keep=("en",))), frame, ENVIRONMENT)

    assert decisions_of(applied) == [("d0", "language", "language_not_wanted", None, None, "zh")]


def test_a_value_on_the_threshold_is_kept_by_min_and_max_and_dropped_by_above_and_below():
    frame = frame_of("abc")

    def kept(**bounds):
        return apply(recipe_of(step("signal", signal="text_characters", **bounds)), frame, ENVIRONMENT).kept.height

    assert [kept(min=3), kept(max=3), kept(above=3), kept(below=3)] == [1, 1, 0, 0]
    assert [kept(above=2), kept(below=4), kept(min=4), kept(max=2)] == [1, 1, 0, 0]


def test_a_rule_for_some_languages_leaves_the_others_alone():
    frame = frame_of("ab", "ab", "ab", language=["en", "zh", None], language_score=[1.0, 1.0, None])

    applied = apply(recipe_of(step("signal", signal="text_bytes", min=3, languages=("zh",))), frame, ENVIRONMENT)

    assert applied.decisions["doc_id"].to_list() == ["d1"]


def test_a_document_without_a_value_is_kept_unless_the_rule_says_otherwise_and_counted_as_not_judged():
    frame = frame_of("a", "b", perplexity=[None, 300.0])

    kept = apply(recipe_of(step("perplexity", max=500)), frame, ENVIRONMENT)
    dropped = apply(recipe_of(step("perplexity", max=500, null="drop")), frame, ENVIRONMENT)

    assert kept.kept.height == 2
    assert kept.funnel[0].unknown == {"perplexity_above": 1}
    assert decisions_of(dropped) == [("d0", "perplexity", "perplexity_above", None, 500.0, None)]


def test_perplexity_may_be_held_against_a_language_own_threshold():
    frame = frame_of("a", "b", "c", perplexity=[600.0, 600.0, 600.0], language=["zh", "en", "de"])

    applied = apply(recipe_of(step("perplexity", max=500, by_language={"zh": 1000})), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d0"]


def test_a_stored_signal_is_used_and_not_computed():
    frame = frame_of("ab", "abcdef", text_characters=[100, 1])

    applied = apply(recipe_of(step("length", min=3)), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d0"]
    assert applied.computed == {}


def test_a_missing_signal_is_computed_from_the_text():
    applied = apply(recipe_of(step("length", min=3)), frame_of("ab", "abcdef"), ENVIRONMENT)

    assert applied.computed == {"text_characters": 2}


def test_after_an_edit_only_changed_documents_and_only_signals_that_are_asked_for_are_measured_anew():
    frame = frame_of("abxx", "abcd", "abcdx", text_characters=[4, 4, 5], text_bytes=[4, 4, 5])
    recipe = recipe_of(step("length", min=4), Cut(), step("length", min=4, label="again"))

    applied = apply(recipe, frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d1", "d2"]
    assert applied.computed == {"text_characters": 2}
    assert decisions_of(applied) == [("d0", "again", "too_short", 2.0, 4.0, None)]


def test_a_kept_document_has_the_edited_text_and_no_signal_that_is_not_true_of_it():
    frame = frame_of("abxx", "abcd", text_bytes=[4, 4], text_characters=[4, 4], url=["u", "v"])

    applied = apply(recipe_of(Cut(), step("length", min=1)), frame, ENVIRONMENT)

    assert applied.kept.rows() == [("d0", "ab", None, 2, "u"), ("d1", "abcd", 4, 4, "v")]
    assert applied.changed.tolist() == [True, False]


def test_an_edit_may_drop_documents_and_counts_what_it_took_out():
    applied = apply(recipe_of(Cut()), frame_of("xx", "ax", "b", ""), ENVIRONMENT)

    assert applied.kept["text"].to_list() == ["a", "b", ""]
    assert decisions_of(applied) == [("d0", "cut", "nothing_left", 0.0, 1.0, None)]
    assert applied.removed == {"cut:letters": 3}
    assert applied.funnel[0].changed == 1


def test_a_language_before_an_edit_serves_the_rules_for_a_language_after_it():
    frame = frame_of("abx", language=["zh"], language_score=[1.0])

    applied = apply(
        recipe_of(Cut(), step("signal", signal="text_characters", min=3, languages=("zh",))), frame, ENVIRONMENT
    )

    assert applied.decisions.height == 1
    assert "language" not in applied.computed


def test_a_rule_about_the_language_after_an_edit_identifies_it_anew_where_the_text_has_changed():
    english = "The old bridge over the river was closed last winter because of the floods."
    frame = frame_of(english + " x", english, language=["zh", "zh"], language_score=[1.0, 1.0])

    applied = apply(recipe_of(Cut(), step("language", keep=("en",))), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d0"]
    assert applied.computed["language"] == 1


def test_what_cannot_be_measured_anew_is_judged_by_its_old_value_and_that_is_told():
    frame = frame_of("ax", "b", perplexity=[900.0, 100.0])

    applied = apply(recipe_of(Cut(), step("perplexity", max=500)), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d1"]
    assert applied.stale == {"perplexity": 1}


def test_a_document_that_an_edit_leaves_alone_is_measured_with_all_that_is_stored_of_it():
    frame = frame_of("ax", "b", perplexity=[900.0, 100.0])
    asks = step("signal", signal="ccnet_perplexity", max=500, null="drop")

    applied = apply(recipe_of(Cut(), asks), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d1"]
    assert decisions_of(applied) == [("d0", "ccnet_perplexity", "ccnet_perplexity_above", None, 500.0, None)]


def test_the_score_of_a_language_is_that_of_the_edited_text():
    english = "The old bridge over the river was closed last winter because of the floods."
    frame = frame_of(english + " x", english, language=["zh", "zh"], language_score=[0.1, 0.1])

    applied = apply(recipe_of(Cut(), step("signal", signal="language_score", min=0.5)), frame, ENVIRONMENT)

    assert applied.kept["doc_id"].to_list() == ["d0"]


def test_a_signal_that_the_reference_computes_otherwise_is_computed_anew_for_a_recipe_of_the_other_kind():
    text = "今天天气很好。我们去公园玩。"
    asks = step("signal", signal="rps_doc_frac_no_alph_words", max=2)
    frame = frame_of(text, rps_doc_frac_no_alph_words=[0.5])

    same = apply(recipe_of(asks), frame, ENVIRONMENT)
    other = apply(recipe_of(asks, compat="reference"), frame, ENVIRONMENT)
    stored = apply(recipe_of(asks, compat="reference"), frame, Environment(SignalSettings(compat="reference")))

    assert same.computed == {}
    assert other.computed == {"rps_doc_frac_no_alph_words": 1}
    assert stored.computed == {}


def test_a_dedup_without_verdicts_is_reported_and_drops_nothing():
    within = step("paragraph_dedup", preset="ccnet", within="variant")
    recipe = recipe_of(step("url_dedup"), within, variant="wet.ccnet")

    applied = apply(recipe, frame_of("a", "b"), ENVIRONMENT)

    assert applied.pending == ["url_dedup"]
    assert [(row.step, row.kind, row.documents, row.dropped, row.pending) for row in applied.funnel] == [
        ("url_dedup", "dedup", 2, 0, True),
        ("paragraph_dedup", "dedup", 2, 0, False),
    ]


def test_the_funnel_has_a_row_per_step_in_order_and_what_one_leaves_the_next_one_gets():
    recipe = recipe_of(step("length", min=2), Cut(), step("signal", signal="text_bytes", max=3))

    funnel = apply(recipe, frame_of("", "a", "xx", "abx", "abcde"), ENVIRONMENT).funnel

    assert [(row.step, row.documents, row.dropped) for row in funnel] == [
        ("length", 5, 2),
        ("cut", 3, 1),
        ("text_bytes", 2, 1),
    ]
    assert funnel[0].rules == {"too_short": 2}


def test_a_line_signal_is_summarised_before_it_is_judged():
    frame = frame_of("a", "b", rps_lines_num_words=[[1, 5], [9, 9]])

    def kept(summary, most):
        part = step("signal", signal="rps_lines_num_words", max=most, lines=summary)
        return apply(recipe_of(part), frame, ENVIRONMENT).kept["doc_id"].to_list()

    assert kept("mean", 3) == ["d0"]
    assert kept("max", 4) == []
    assert kept("sum", 6) == ["d0"]
    assert kept("min", 1) == ["d0"]


def test_a_value_may_be_rounded_before_it_is_judged():
    frame = frame_of("a", "b", language=["en", "en"], language_score=[0.496, 0.494])

    applied = apply(recipe_of(step("language", min_score=0.5, decimals=2)), frame, ENVIRONMENT)

    assert decisions_of(applied) == [("d1", "language", "language_below_threshold", 0.49, 0.5, None)]


def test_a_sample_is_the_same_whatever_is_beside_a_document_and_two_ranges_have_none_in_common():
    frame = pl.DataFrame({"doc_id": [f"{i:032x}" for i in range(2000)], "text": [""] * 2000})

    def kept(rows, **values):
        return set(apply(recipe_of(step("sample", **values)), rows, ENVIRONMENT).kept["doc_id"])

    first, second = kept(frame, share=0.3), kept(frame, share=0.7, start=0.3)

    assert 500 < len(first) < 700
    assert first.isdisjoint(second)
    assert first | second == set(frame["doc_id"])
    assert kept(frame[::7], share=0.3) == first & set(frame["doc_id"][::7])


def test_a_text_in_another_unicode_form_is_changed_and_others_are_not():
    applied = apply(recipe_of(step("unicode_form", form="NFC")), frame_of("e\u0301", "abc", ""), ENVIRONMENT)

    assert applied.kept["text"].to_list() == ["\u00e9", "abc", ""]
    assert applied.changed.tolist() == [True, False, False]


def test_no_documents_give_no_documents():
    frame = frame_of().cast({"doc_id": pl.String, "text": pl.String})

    applied = apply(recipe_of(step("length", min=3), Cut(), step("language", keep=("en",))), frame, ENVIRONMENT)

    assert (applied.kept.height, applied.decisions.height) == (0, 0)
    assert [row.documents for row in applied.funnel] == [0, 0, 0]


def test_documents_without_id_or_text_are_refused():
    with pytest.raises(SchemaError, match="documents need the columns doc_id and text; these have text"):
        apply(recipe_of(Cut()), pl.DataFrame({"text": ["a"]}), ENVIRONMENT)
    with pytest.raises(SchemaError, match="1 of 2 documents have no `text`"):
        apply(recipe_of(Cut()), frame_of("a", None), ENVIRONMENT)


class NeedsModel(FilterStep):
    step = "needs_model"

    def needed_models(self, environment):
        return () if "m" in environment.models else ("m",)

    def rules(self, environment):
        return (Rule("r", "text_bytes", "<", 2),)


class EditNeedsModel(Cut):
    def needed_models(self, environment):
        return () if "m" in environment.models else ("m",)


def test_a_step_that_needs_a_model_needs_none_for_what_is_stored():
    with pytest.raises(ModelError, match="there is no model `m`"):
        apply(recipe_of(NeedsModel()), frame_of("abc"), ENVIRONMENT)

    assert apply(recipe_of(NeedsModel()), frame_of("abc", text_bytes=[1]), ENVIRONMENT).kept.height == 0
    assert apply(recipe_of(NeedsModel()), frame_of("abc"), Environment(models={"m": 1})).kept.height == 1


def test_an_edit_that_needs_a_model_does_not_leave_texts_as_they_are_without_it():
    with pytest.raises(ModelError, match="there is no model `m`"):
        apply(recipe_of(EditNeedsModel()), frame_of("abc"), ENVIRONMENT)


def test_a_plan_has_a_segment_up_to_each_edit_and_dedup():
    recipe = recipe_of(
        step("language", keep=("en",)),
        step("length", min=3),
        Cut(),
        step("length", min=2, of="text_bytes", label="again"),
        step("url_dedup"),
        step("sample", share=0.5),
    )

    plan = compile_recipe(recipe, ENVIRONMENT)

    assert [(s.first, s.last, s.ends, s.signals) for s in plan.segments] == [
        (0, 2, "edit", ("language", "text_characters")),
        (3, 4, "dedup", ("text_bytes",)),
        (5, 5, "recipe", ("sample_position",)),
    ]
    assert plan.stored == ("language", "text_characters", "text_bytes", "sample_position")


STEPS = st.sampled_from(
    [
        step("length", min=2),
        step("length", max=4, label="long"),
        step("signal", signal="text_bytes", max=5),
        step("signal", signal="slimpajama_length", min=1),
        step("unicode_form", form="NFD"),
        step("url_dedup"),
        Cut(),
        Cut(label="cut_a", letter="a"),
        step("sample", share=0.5),
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=1, max_size=6), st.lists(st.text("ax\u00e9\u4eca \n", max_size=6), max_size=8))
def test_every_document_is_kept_or_dropped_once_and_its_verdict_does_not_depend_on_the_others(parts, texts):
    recipe, frame = recipe_of(*parts), frame_of(*texts).cast({"doc_id": pl.String, "text": pl.String})

    applied = apply(recipe, frame, ENVIRONMENT)
    alone = [apply(recipe, frame[i : i + 1], ENVIRONMENT) for i in range(frame.height)]

    ids = [*applied.kept["doc_id"], *applied.decisions["doc_id"]]
    assert sorted(ids) == sorted(frame["doc_id"])
    assert sum(row.dropped for row in applied.funnel) == applied.decisions.height
    assert applied.kept.rows() == [row for one in alone for row in one.kept.rows()]
    assert decisions_of(applied) == sorted(row for one in alone for row in one.decisions.iter_rows())


@settings(deadline=None, max_examples=40)
@given(st.lists(STEPS, min_size=1, max_size=6), st.lists(st.text("ax\u00e9\u4eca \n", max_size=6), max_size=8))
def test_stored_signals_give_the_same_as_computed_ones(parts, texts):
    recipe, frame = recipe_of(*parts), frame_of(*texts).cast({"doc_id": pl.String, "text": pl.String})
    sizes = pl.Series("text_bytes", [len(text.encode()) for text in texts], pl.Int64)

    computed, stored = (apply(recipe, rows, ENVIRONMENT) for rows in (frame, frame.with_columns(sizes)))

    assert computed.kept.rows() == stored.kept.drop("text_bytes").rows()
    assert decisions_of(computed) == decisions_of(stored)
