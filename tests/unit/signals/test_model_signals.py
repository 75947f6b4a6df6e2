"""Signals that models give: for the languages that they are for, and null without them."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.models.classifier import Predictions
from corpus_platform.models.importance import Counter, Importance, save_importance
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.models import MODEL_SIGNALS, signal_of_model
from corpus_platform.signals.registry import signals


class Lengths:
    """Scores a text by its length in thousands of characters and remembers what it was asked."""

    def __init__(self, labels=()):
        self.asked, self.labels = [], labels

    def score(self, texts):
        self.asked += list(texts)
        return np.array([len(text) / 1000 if text else np.nan for text in texts])

    def classify(self, texts):
        score = self.score(texts)
        return Predictions([self.labels[len(text) % len(self.labels)] for text in texts], score, score)


def signals_of(texts, languages, names, models=None, **settings):
    frame = pl.DataFrame({"text": texts, "language": languages})
    return annotate(frame, names, Environment(SignalSettings(**settings), models or {}))


def test_a_model_is_asked_about_documents_in_its_language_only():
    model = Lengths()
    models = {"quality/wikiref/en": model, "quality/wikipedia/de": Lengths()}
    names = ["rps_doc_ml_wikiref_score", "rps_doc_ml_wikipedia_score"]

    found = signals_of(["english", "deutsch!", "中文", ""], ["en", "de", "zh", "en"], names, models)

    assert found.rows() == [(0.007, None), (None, 0.008), (None, None), (None, None)]
    assert model.asked == ["english", ""]


def test_without_models_every_signal_of_a_model_is_null():
    names = [name for name, signal in signals().items() if set(signal.models) & set(MODEL_SIGNALS)]

    found = signals_of(["some text", "文字"], ["en", "zh"], names)

    assert len(names) >= 14
    assert all(found[name].null_count() == 2 for name in names)


def test_every_model_of_a_signal_is_told_by_its_signal():
    assert signal_of_model("quality/wikiref/en") == "rps_doc_ml_wikiref_score"
    assert signal_of_model("quality/wikiref") == "rps_doc_ml_wikiref_score"
    assert signal_of_model("quality/wikipedia") == "rps_doc_ml_wikipedia_score"
    assert signal_of_model("quality/zh_clean") == "ml_zh_clean_score"
    assert signal_of_model("safety/zh") == "ml_safety_score"
    assert signal_of_model("edu") is None
    assert all(set(signals()[signal].models) >= {model} for model, signal in MODEL_SIGNALS.items())


def test_topics_come_with_their_class_and_industry():
    models = {"topics/en": Lengths(["law", "medicine"]), "genres/en": Lengths(["news"])}
    names = ["ml_topic", "ml_topic_score", "ml_topic_clc", "ml_topic_industry", "ml_genre"]

    found = signals_of(["even", "odd", "x"], ["en", "en", "fr"], names, models)

    assert found.rows() == [
        ("law", 0.004, "D", "legal", "news"),
        ("medicine", 0.003, "R", "health", "news"),
        (None,) * 5,
    ]


@pytest.fixture
def importance(tmp_path):
    target, source = Counter(), Counter()
    target.add(["the river is long and wide"] * 60)
    source.add(["buy now"] * 60)
    save_importance(tmp_path, target, source, name="importance/books/en", languages=("en",))
    return Importance(tmp_path)


def test_importance_is_what_the_model_gives_and_its_correction_counts_words(importance):
    names = ["rps_doc_books_importance", "rps_doc_books_importance_length_correction", "rps_doc_wikipedia_importance"]
    texts, models = ["the river is", "", "le fleuve"], {"importance/books/en": importance}

    found = signals_of(texts, ["en", "en", "fr"], names, models)

    weight = importance.score(texts[:1])[0]
    assert found[names[0]].to_list() == [pytest.approx(weight, abs=1e-8), None, None]
    correction = importance.length_correction(np.array([3]))[0]
    assert found[names[1]].to_list() == [pytest.approx(weight + correction, abs=1e-8), None, None]
    assert found[names[2]].null_count() == 3


def test_the_reference_s_correction_counts_characters(importance):
    name, models = "rps_doc_books_importance_length_correction", {"importance/books/en": importance}

    found = signals_of(["the river is"], ["en"], [name], models, compat="reference")

    expected = importance.score(["the river is"])[0] + importance.length_correction(np.array([12]))[0]
    assert found[name][0] == pytest.approx(expected, abs=1e-8)
