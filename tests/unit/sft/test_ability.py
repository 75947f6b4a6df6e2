"""The model of abilities: what it tells of requests, what data sets say themselves, and a model of one's own."""

import numpy as np
import orjson
import polars as pl
import pytest
from dialogue_frames import frame_of, said

from corpus_platform.errors import ModelError
from corpus_platform.models.training_sets import RowSettings, training_set
from corpus_platform.sft.ability import ABILITIES, AbilityModel, model_at, shipped, train
from corpus_platform.sft.ability_labels import abilities, told
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings


@pytest.mark.parametrize(
    ("request_", "ability"),
    [
        ("Please translate this letter into Spanish.", "translation"),
        ("把这封信翻译成英文。", "translation"),
        ("Implement binary search in Python.", "code"),
        ("用Python实现二分查找。", "code"),
        ("Write a poem about my grandmother.", "poetry"),
        ("写一首关于外婆的诗。", "poetry"),
        ("Summarize the article below in three sentences.", "summarisation"),
        ("用三句话概括下面的文章。", "summarisation"),
        ("Who was the first king of Portugal?", "knowledge"),
        ("唐朝的第一位皇帝是谁？", "knowledge"),
        ("A shop has 12 pears and sells 5. How many are left?", "maths"),
        ("商店有12个梨，卖了5个，还剩几个？", "maths"),
    ],
)
def test_plain_requests_are_told_in_both_languages(request_, ability):
    found = shipped().predict(pl.Series([request_]))

    assert found["ability"].item() == ability


def test_of_the_requests_held_back_four_in_five_are_told_and_every_ability_is_learnt():
    classes = shipped().classes

    assert [one.label for one in classes] == list(ABILITIES)
    assert all(one.training_rows >= 40 for one in classes)
    assert all((one.recall or 0) >= 0.4 and (one.precision or 0) >= 0.4 for one in classes)
    assert sum((one.recall or 0) * one.support for one in classes) / sum(one.support for one in classes) > 0.75


def test_a_request_of_which_nothing_is_known_has_no_ability():
    found = shipped().predict(pl.Series(["", None, "qzxv 𐍈𐍈", "你好"]))

    assert found["ability"].to_list() == [None, None, None, "chat"]
    assert found["score"].null_count() == 3


def test_the_score_is_larger_where_more_is_right_of_it():
    found = shipped().predict(pl.Series(["Translate the following sentence into French.", "the of a"]))

    assert found["score"][0] > 0.8 > found["score"][1]


@pytest.mark.parametrize(
    ("labels", "task", "ability"),
    [
        ({"task_category": "Coding & Debugging"}, None, "code"),
        ({"task_category": "Information seeking"}, "chat", "knowledge"),
        ({"category": "closed_qa"}, "qa", "extraction"),
        ({"category": "brainstorming"}, None, "ideas"),
        ({"categories_zh": ["数学能力", "逻辑推理"]}, None, "maths"),
        ({"kind": "AncientPoem"}, None, "poetry"),
        ({"ability": "role_play"}, None, "role_play"),
        ({"quality": "good", "category": "misc"}, "translation", "translation"),
        ({}, "chat", None),
        (None, None, None),
    ],
)
def test_what_data_sets_say_is_read_of_labels_then_of_the_task_type(labels, task, ability):
    text = None if labels is None else orjson.dumps(labels).decode()

    found = told(pl.Series([text], dtype=pl.String), pl.Series([task], dtype=pl.String))

    assert found.to_list() == [ability]


def test_what_is_said_counts_more_than_the_model_and_has_no_score():
    frame = frame_of(said("u:Translate this into French", "a:oui"), said("u:Translate this into French", "a:oui"), labels=['{"category": "creative_writing"}', None])  # fmt: skip

    found = abilities(frame, shipped())

    assert found["ability"].to_list() == ["writing", "translation"]
    assert found["score"].is_null().to_list() == [True, False]


def test_a_model_of_ones_own_is_kept_with_its_figures_and_is_what_signals_go_by(tmp_path):
    texts = {
        "knots": [f"tie the rope {i} times" for i in range(60)],
        "sails": [f"hoist sail number {i}" for i in range(60)],
    }

    made = train(training_set(texts, RowSettings(min_rows=20, held_back=0.2)))
    made.save(tmp_path / "model")
    again = AbilityModel.open(tmp_path / "model")
    settings = SignalSettings(ability_model=str(tmp_path / "model"))
    signals = annotate(frame_of(said("u:hoist the sail", "a:done")), ["sft_ability"], Environment(settings))

    assert (again.digest, again.classes) == (made.digest, made.classes)
    assert np.array_equal(again.weight, made.weight)
    assert all(one.precision == one.recall == 1.0 and one.support >= 5 for one in again.classes)
    assert signals["sft_ability"].to_list() == ["sails"]
    assert model_at(str(tmp_path / "model")).labels == ("knots", "sails")


def test_too_few_requests_and_a_folder_without_a_model_are_named(tmp_path):
    with pytest.raises(ModelError, match="needs 50 texts"):
        train(training_set({"a": ["one"], "b": ["two"]}))
    with pytest.raises(ModelError, match="no model of abilities there"):
        AbilityModel.open(tmp_path)
