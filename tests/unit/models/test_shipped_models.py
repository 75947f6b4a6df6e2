"""The models whose training texts are shipped: the texts themselves, and that what they make tells texts apart."""

import pickle

import numpy as np
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models import templates
from corpus_platform.models.classifier import Predictions
from corpus_platform.models.safety import LABELS, judge_safety
from corpus_platform.models.shelf import Labeller, Scorer, Shelf, Shipped, need, open_model, take, train_shipped
from corpus_platform.models.taxonomy import taxonomy
from corpus_platform.text.batch import TextBatch


@pytest.fixture(scope="module")
def shipped(model_cache) -> Shipped:
    return Shipped(model_cache)


def test_these_models_are_shipped():
    expected = [
        f"{kind}/{code}" for kind in ("books/clc", "genres", "lines", "safety", "topics") for code in ("en", "zh")
    ]

    assert set(templates.names()) == {*expected, "math", "quality/zh_clean"}


@pytest.mark.parametrize("name", templates.names())
def test_every_slot_is_filled_and_nothing_held_back_is_learnt(name):
    kit = templates.kit(name)

    rows = kit.rows()

    slots = {f"{{{slot}}}" for of in (kit.values, *kit.values["classes"].values()) for slot in of.get("slots", {})}
    assert not any(slot in text for text in rows.train_texts for slot in slots)
    assert rows.reason is None
    assert not set(rows.train_texts) & set(rows.held_texts)
    assert min(rows.held_labels.count(label) for label in rows.labels) >= 2


def test_a_slot_that_nothing_fills_is_named():
    kit = templates.Kit("x", "", {"rows_per_class": 3, "classes": {"a": {"sentences": ["{lost}"], "held_back": []}}})

    with pytest.raises(ModelError, match=r"has the slot \{lost\}, which nothing fills"):
        kit.rows()


def test_classes_are_those_of_the_taxonomy():
    known = taxonomy()

    for code in ("en", "zh"):
        assert set(templates.kit(f"topics/{code}").values["classes"]) == set(known.topics) - {"general"}
        assert set(templates.kit(f"genres/{code}").values["classes"]) == set(known.genres)
        assert set(templates.kit(f"safety/{code}").values["classes"]) == set(LABELS)
        assert set(templates.kit(f"books/clc/{code}").values["classes"]) == set(known.clc)


def test_the_taxonomy_reaches_all_classes_of_the_chinese_library_classification():
    known = taxonomy()

    reached = {letter for topic in known.topics.values() for letter in topic.clc}

    assert len(known.clc) == 22
    assert reached == set(known.clc)
    assert {topic.industry for topic in known.topics.values()} == set(known.industries)


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [
        ("topics/zh", 0.9, 0.85),
        ("topics/en", 0.9, 0.85),
        ("genres/zh", 0.75, 0.75),
        ("lines/zh", 0.9, 0.88),
        ("safety/zh", 0.85, 0.75),
        ("safety/en", 0.85, 0.7),
        ("books/clc/en", 0.9, 0.85),
        ("books/clc/zh", 0.85, 0.85),
    ],
)
def test_texts_held_back_are_told_apart(name, precision, recall, shipped):
    classes = shipped.made(name).info.classes

    assert np.mean([one.precision or 0 for one in classes]) >= precision
    assert np.mean([one.recall for one in classes]) >= recall


def test_no_safe_text_that_was_held_back_is_called_unsafe(shipped):
    for name in ("safety/zh", "safety/en"):
        safe = next(one for one in shipped.made(name).info.classes if one.label == "safe")

        assert safe.recall >= 0.95


def test_a_spam_page_is_told_though_half_of_it_is_menus(shipped):
    text = (
        "首页 新闻 联系我们\n澳门赌场百家乐娱乐城开户送彩金\n公司简介 产品中心\n六合彩开奖结果 香港马会资料\n版权所有"
    )

    judged = judge_safety(shipped["safety/zh"], TextBatch.of([text, "今天天气很好，我们去公园散步。\n", ""]))

    assert judged.label == ["gambling", "safe", None]
    assert judged.score[0] > 0.8 > 0.2 > judged.score[1]
    assert np.isnan(judged.score[2])
    assert judged.document_line.tolist() == [0, 5, 6, 6]
    assert [label for label in judged.line_label if label == "gambling"] == ["gambling"] * 2


def test_a_shipped_model_is_trained_once_and_kept(shipped, monkeypatch):
    first = shipped["topics/zh"]
    monkeypatch.setattr("corpus_platform.models.shelf.train_shipped", None)

    again = pickle.loads(pickle.dumps(shipped))["topics/zh"]

    assert again.digest == first.digest
    assert "quality/wikiref/en" not in shipped
    assert len(shipped) == len(list(shipped)) == len(templates.unasked())


def test_shipped_models_are_the_same_wherever_they_are_made(shipped, tmp_path):
    info = train_shipped("topics/zh", tmp_path / "model")

    assert info.digest == shipped["topics/zh"].digest


def test_a_shelf_opens_what_it_is_asked_for(shipped, tmp_path):
    folder = shipped["topics/zh"].folder
    shelf = Shelf({"topics/zh": folder, "lost": tmp_path})

    assert isinstance(shelf["topics/zh"], Labeller)
    assert isinstance(shelf["topics/zh"], Scorer)
    assert isinstance(shelf["topics/zh"].classify(["水稻"]), Predictions)
    assert sorted(shelf) == ["lost", "topics/zh"]
    assert len(pickle.loads(pickle.dumps(shelf))) == 2
    with pytest.raises(ModelError, match="no model there"):
        shelf["lost"]


def test_a_model_is_taken_from_a_folder_or_a_fasttext_file(shipped, tmp_path):
    folder = shipped.made("math").folder

    assert take("math", folder, tmp_path).digest == shipped.made("math").digest
    assert open_model(folder).name == "math"
    with pytest.raises(ModelError, match="set `positive`"):
        take("topics/zh", shipped["topics/zh"].folder / "model.bin", tmp_path)


def test_a_shipped_model_is_taken_by_that_word(shipped):
    assert take("topics/zh", "shipped", shipped.cache).digest == shipped["topics/zh"].digest
    with pytest.raises(ModelError, match="no training texts are shipped for `dclm`, only for books/clc/en"):
        take("dclm", "shipped", shipped.cache)
    with pytest.raises(ModelError, match="--model safety/zh=shipped"):
        need({}, "safety/zh")


def test_a_missing_model_says_how_to_get_one():
    with pytest.raises(
        ModelError, match=r"there is no model `dclm` \(there are: math\).*--model dclm=PATH.*optional: true"
    ):
        need({"math": None}, "dclm")
