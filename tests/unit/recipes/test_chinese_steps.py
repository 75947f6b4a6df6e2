"""Steps of the Chinese corpora: what they drop, what they change, and the spans that say so."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.recipes.step import steps
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

SENTENCE = "清晨的港口还很安静，渔船一艘接一艘地回到码头，船上的人互相打着招呼。"


def step(name, **parameters):
    return steps()[name].model_validate(parameters)


def edited(name, *texts, models=None, compat="sane", columns=None, trace=False, **parameters):
    environment = Environment(SignalSettings(compat=compat), models or {})
    frame = pl.DataFrame({"text": texts, **(columns or {})}, schema_overrides={"text": pl.String})
    return step(name, **parameters).edit(Subject.of(frame, environment), trace=trace)


def rules(name, compat="sane", **parameters):
    return step(name, **parameters).rules(Environment(SignalSettings(compat=compat)))


def pieces(edit, *texts):
    """What the spans of an edit cover, with their rules."""
    return [(texts[d][start:end], rule) for d, start, end, rule in edit.spans.iter_rows()]


def test_evalweb_drops_any_changed_text_only_in_reference():
    sane, reference = rules("evalweb_rules"), rules("evalweb_rules", compat="reference")

    assert [rule.name for rule in sane] == ["length", "length", "character", "character", "sensitive", "duplication"]
    assert sane[3].signal == "zh_traditional_fraction"
    assert reference[3].signal == "zh_traditional_changes"


def test_a_bound_that_is_not_given_is_not_asked():
    assert rules("chinese_quality") == ()
    assert [(r.name, r.signal, r.drop_when, r.threshold) for r in rules("chinese_quality", min_per_line=10)] == [
        ("per_line", "zh_characters_per_line", "<", 10.0)
    ]
    assert [r.name for r in rules("sensitive_words", max_count=3)] == ["count", "per_line"]
    assert len(rules("chinese_spam")) == 11


def test_simplify_says_which_lines_it_touched():
    text = "港口\n漢語\n打坏"

    edit = edited("simplify", text, "水", trace=True)

    assert edit.text.to_list() == ["港口\n汉语\n打坏", "水"]
    assert edit.changed.tolist() == [True, False]
    assert pieces(edit, text, "水") == [("漢語", "traditional")]
    assert edit.removed == {"converted": 1}


@pytest.mark.parametrize(
    ("policy", "after", "dropped"), [("drop", "漢語", 0), ("convert", "汉语", -1), ("keep", "漢語", -1)]
)
def test_a_traditional_page_is_dropped_converted_or_kept(policy, after, dropped):
    edit = edited("traditional", "漢語", policy=policy, columns={"zh_traditional_fraction": [1.0]})

    assert edit.text.to_list() == [after]
    assert edit.dropped.tolist() == [dropped]


def test_a_traditional_page_is_dropped_with_its_share():
    edit = edited("traditional", "漢語", "水", policy="drop", columns={"zh_traditional_fraction": [1.0, 0.05]})

    assert edit.dropped.tolist() == [0, -1]
    assert edit.value[0] == 1.0
    assert edit.threshold[0] == 0.05


def test_runs_of_good_segments_are_kept_whole():
    texts = ["好好坏好", "坏坏坏坏", "好好好好"]
    model = {"own": lambda segments: [1.0 if "好" in segment else 0.0 for segment in segments]}

    edit = edited("segments", *texts, models=model, scorer="own", threshold=0.5, longest=1, trace=True)

    assert edit.text.to_list() == ["好好\n好", "坏坏坏坏", "好好好好"]
    assert edit.dropped.tolist() == [-1, 0, -1]
    assert edit.changed.tolist() == [True, False, False]
    assert pieces(edit, *texts) == [("坏", "segment")] * 5
    assert edit.value[1] == 0.0


def test_a_score_at_the_threshold_is_not_good_and_none_is_bad():
    scores = {"own": lambda segments: np.array([0.5, np.nan])}

    edit = edited("segments", "水", "火", models=scores, scorer="own", threshold=0.5)

    assert edit.dropped.tolist() == [0, 0]


def test_reference_loses_segments_of_fewer_than_200_characters():
    text = "水" * 199

    sane = edited("segments", text, scorer="own", models={"own": lambda s: [1.0] * len(s)})
    reference = edited("segments", text, scorer="own", models={"own": lambda s: [1.0] * len(s)}, compat="reference")

    assert sane.dropped.tolist() == [-1]
    assert reference.dropped.tolist() == [0]


def test_segments_without_their_model_are_an_error_or_scored_by_prose():
    menu = "\n".join(["首页", "新闻"] * 100)

    edit = edited("segments", SENTENCE * 3, menu, scorer="quality/none", otherwise="prose")

    assert edit.dropped.tolist() == [-1, 0]
    with pytest.raises(ModelError, match="quality/none"):
        edited("segments", SENTENCE, scorer="quality/none")
    assert step("segments", scorer="quality/none").needed_models(Environment()) == ("quality/none",)
    assert step("segments", scorer="quality/none", otherwise="prose").needed_models(Environment()) == ()


def test_no_documents_are_no_trouble():
    for name in (
        "simplify",
        "segments",
        "mask_digits",
        "mnbvc_paragraphs",
        "cluecorpus_format",
        "chinese_lines",
        "tigerbot_clean",
    ):
        edit = edited(name, **({"scorer": "prose"} if name == "segments" else {}), trace=True)

        assert edit.text.to_list() == []


def test_empty_texts_are_no_trouble():
    for name in (
        "simplify",
        "segments",
        "mask_digits",
        "mnbvc_paragraphs",
        "cluecorpus_format",
        "chinese_lines",
        "tigerbot_clean",
    ):
        edit = edited(name, "", "", **({"scorer": "prose"} if name == "segments" else {}), trace=True)

        assert edit.text.to_list() == ["", ""]


def test_digits_from_eight_on_are_taken_out_where_they_stand():
    text = "电话😀12345678，1234567，٠١٢٣٤٥٦٧٨"

    edit = edited("mask_digits", text, trace=True)

    assert edit.text.to_list() == ["电话😀，1234567，"]
    assert pieces(edit, text) == [("12345678", "digits"), ("٠١٢٣٤٥٦٧٨", "digits")]
    assert edit.removed == {"digits": 2}


def test_mnbvc_sets_a_document_aside_that_mostly_repeats_itself():
    edit = edited("mnbvc_paragraphs", "水\n\n 水 \n火", "水\n水\n水", min_distinct=0.5)

    assert edit.text.to_list() == ["水\n水\n火", "水\n水\n水"]
    assert edit.dropped.tolist() == [-1, 0]
    assert edit.value[1] == pytest.approx(1 / 3)
    assert edit.removed == {"lines:blank": 1}


def test_mnbvc_can_leave_repeated_paragraphs_out():
    edit = edited("mnbvc_paragraphs", "水\n火\n水", drop_repeated=True)

    assert edit.text.to_list() == ["水\n火"]
    assert edit.removed == {"lines:repeated": 1}


def test_mnbvc_says_where_the_repeated_paragraphs_were():
    texts = ("😀水\n 火\n\n  😀水 \n火", "火\n漢", " \n ")

    edit = edited("mnbvc_paragraphs", *texts, drop_repeated=True, trace=True)

    assert edit.text.to_list() == ["😀水\n火", "火\n漢", ""]
    assert edit.removed["lines:repeated"] == 2
    assert [row for row in edit.spans.rows() if row[3] == "repeated"] == [
        (0, 9, 11, "repeated"),
        (0, 13, 14, "repeated"),
    ]
    assert pieces(edit, *texts)[:4] == [("\n ", "white"), ("\n\n  ", "white"), ("😀水", "repeated"), ("火", "repeated")]


def test_lines_go_by_the_first_rule_that_holds():
    text = f"首页\n钢材,木材,石材,板材,管材\nvar a = {{}}\n短\n{SENTENCE}\n\n版权所有"

    edit = edited("chinese_lines", text, programming=True, min_characters=3, trace=True)

    assert edit.text.to_list() == [f"{SENTENCE}\n"]
    assert pieces(edit, text) == [
        ("首页", "frame"),
        ("钢材,木材,石材,板材,管材", "keywords"),
        ("var a = {}", "programming"),
        ("短", "short"),
        ("版权所有", "frame"),
    ]


def test_lines_of_running_text_only_or_ended_ones_only():
    text = f"一个标题\n{SENTENCE}\n他说好"

    assert edited("chinese_lines", text, prose=True).text.to_list() == [SENTENCE]
    assert edited("chinese_lines", text, terminal=True).text.to_list() == [SENTENCE]


def test_a_document_of_which_little_is_left_is_dropped():
    edit = edited("chinese_lines", f"首页\n{SENTENCE}", "首页\n水", min_left=10)

    assert edit.dropped.tolist() == [-1, 0]
    assert edit.value[1] == 1.0
    assert edit.threshold[1] == 10.0


def test_tigerbot_takes_marks_out_and_drops_placeholders():
    text = "<p>漢\u200b語</p>"

    edit = edited("tigerbot_clean", text, "请总结<一段文本>", trace=True)

    assert edit.text[0] == "汉语"
    assert edit.dropped.tolist() == [-1, 0]
    assert pieces(edit, text, "") == [("<p>", "tag"), ("</p>", "tag"), ("\u200b", "invisible")]
    assert edit.removed == {"tag": 2, "invisible": 1, "converted": 1}


def test_spans_are_characters_of_the_text_before_even_after_wide_ones():
    text = "😀漢" * 3 + "123456789"

    edit = edited("mask_digits", text, trace=True)

    assert edit.spans.row(0) == (0, 6, 15, "digits")
