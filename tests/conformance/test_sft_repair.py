"""What repair, masking and measures make of real data sets: every dialogue in order, code and mathematics unharmed, languages told."""

from collections import Counter

import polars as pl
import pytest

from corpus_platform.catalogue.sft import data_set, layout_of
from corpus_platform.recipes.steps.sft_pii import SftPii
from corpus_platform.recipes.steps.sft_repair import SftRoles, SftText
from corpus_platform.sft.convert import convert, of_catalogue
from corpus_platform.sft.flat import MESSAGE_TYPE
from corpus_platform.sft.roles import ordered
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.subject import Subject

pytestmark = pytest.mark.samples

SETS = {
    "gsm8k.train": "gsm8k/train.jsonl",
    "code_alpaca": "code-alpaca/code_alpaca_2k.json",
    "chinese_medical_dialogue": "chinese-medical-dialogue/*.csv",
    "alpaca_gpt4_zh": "alpaca-gpt4-zh/*.jsonl",
    "lccc": "lccc/toy_data.json",
    "moss.plugins": "moss/calculator.jsonl",
    "oasst1.trees": "oasst/en_100_tree.jsonl",
    "flan_cot.chains": "flan-cot/*.tsv",
}


@pytest.fixture(scope="module")
def frames(samples, tmp_path_factory):
    """Dialogues of each data set."""
    made = {}
    for name, files in SETS.items():
        reading, facts = of_catalogue(name)
        out = tmp_path_factory.mktemp("sft") / "dialogues.jsonl"
        convert(sorted((samples / "sft").glob(files)), reading, facts, to=out)
        frame = pl.read_ndjson(out, infer_schema_length=None).with_columns(pl.col("messages").cast(MESSAGE_TYPE))
        made[name] = frame.with_columns(
            pl.col("system", "tools", "labels", "meta", "task_type", "kind").cast(pl.String)
        )
    return made


@pytest.mark.parametrize("name", SETS)
def test_every_dialogue_is_in_order_after_repair(frames, name):
    frame = frames[name]

    edit = SftRoles().edit(Subject.of(frame))

    again = ordered(edit.columns["messages"], edit.columns["system"])
    assert not (edit.dropped >= 0).any()
    assert not again.changed.any()
    assert (edit.removed.get("unanswered", 0) > 500) == (name == "lccc")


@pytest.mark.parametrize(
    ("name", "finds"),
    [
        ("gsm8k.train", {}),
        ("chinese_medical_dialogue", {}),
        ("flan_cot.chains", {}),
        ("moss.plugins", {}),
        ("code_alpaca", {"phone": 2, "secret": 2}),
    ],
)
def test_numbers_of_sums_measures_and_code_are_not_taken_for_personal_data(frames, name, finds):
    assert dict(SftPii().edit(Subject.of(frames[name])).removed) == finds


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("gsm8k.train", {"invisible"}),
        ("code_alpaca", set()),
        ("flan_cot.chains", {"literal_newline", "ftfy", "white_space"}),
        ("oasst1.trees", {"copy_button"}),
        ("moss.plugins", set()),
    ],
)
def test_texts_are_mended_where_they_show_a_mark_and_nowhere_else(frames, name, rules):
    edit = SftText().edit(Subject.of(frames[name]))

    assert set(edit.removed) <= rules
    assert not edit.text.str.contains(r"\\n-").any() or name != "flan_cot.chains"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("gsm8k.train", "en"),
        ("oasst1.trees", "en"),
        ("chinese_medical_dialogue", "zh"),
        ("lccc", "zh"),
        ("alpaca_gpt4_zh", "zh"),
    ],
)
def test_languages_of_both_sides_are_those_of_the_data_set(frames, name, language):
    found = annotate(frames[name], ["sft_prompt_language", "sft_answer_language", "sft_language_mismatch"])

    sides = Counter(found["sft_prompt_language"].drop_nulls()) + Counter(found["sft_answer_language"].drop_nulls())
    assert sides[language] >= 0.95 * sides.total()
    assert (found["sft_language_mismatch"].fill_null(0) > 0).mean() <= 0.015


def test_facts_of_the_catalogue_reach_the_steps(frames):
    assert layout_of("gsm8k.train").task_type == "maths"
    assert data_set("gsm8k").name == "gsm8k"
    assert set(frames["gsm8k.train"]["task_type"]) == {"maths"}
