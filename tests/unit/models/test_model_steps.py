"""The steps of recipes that ask models."""

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from corpus_platform.models.classifier import Predictions
from corpus_platform.recipes.step import Rule
from corpus_platform.recipes.steps.models import ClassifierStep, ImportanceStep, SafetyLines, SafetyStep, Score
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import strings_of


class Stars:
    """A classifier of safety: a star in a text is gambling, a hash hate."""

    def classify(self, texts):
        texts = list(texts)
        labels = ["gambling" if "*" in t else "hate" if "#" in t else "safe" if t.strip() else None for t in texts]
        score = np.array([np.nan if label is None else float(label != "safe") for label in labels])
        return Predictions(labels, score, score)

    def classify_words(self, data, start):
        return self.classify(strings_of(data, start).to_pylist())

    def score(self, texts):
        return self.classify(texts).score


@pytest.fixture(autouse=True)
def lines_as_they_are(monkeypatch):
    """Stars and hashes are no words: the lines' own bytes stand for their features."""
    monkeypatch.setattr("corpus_platform.models.safety.word_bytes", lambda batch: (batch.data, batch.document_start))


def subject_of(texts, languages=None, **models):
    frame = pl.DataFrame({"text": texts, "language": languages or ["en"] * len(texts)})
    return Subject.of(frame, Environment(models={name.replace("_", "/"): model for name, model in models.items()}))


def test_a_classifier_s_model_is_judged_by_its_signal():
    step = ClassifierStep(model="quality/wikiref/en", min_score=0.25, null="drop")

    assert step.name == "quality/wikiref/en"
    assert step.rules(Environment()) == (
        Rule("rps_doc_ml_wikiref_score_below", "rps_doc_ml_wikiref_score", "<", 0.25, null="drop"),
    )


def test_bounds_are_asked_in_their_order():
    rules = ClassifierStep(signal="ml_dclm_score", above=0.02, max_score=0.9).rules(Environment())

    assert [(rule.drop_when, rule.threshold) for rule in rules] == [("<=", 0.02), (">", 0.9)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_score": 1}, "name a `model` or a `signal`"),
        ({"model": "dclm", "signal": "ml_dclm_score", "min_score": 1}, "name a `model` or a `signal`"),
        ({"model": "dclm"}, "at least one of min_score, above, max_score"),
        ({"model": "edu", "min_score": 3}, "use the step `score`, which asks any model"),
    ],
)
def test_a_classifier_step_that_can_t_be_meant_is_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        ClassifierStep(**values)


def test_one_language_s_model_is_enough():
    step = ClassifierStep(model="quality/wikipedia", min_score=0.5)

    assert step.needed_models(Environment()) == ("quality/wikipedia/fr",)
    assert step.needed_models(Environment(models={"quality/wikipedia/de": None})) == ()
    assert step.model_copy(update={"optional": True}).needed_models(Environment()) == ()


def test_importance_is_judged_with_or_without_the_length():
    assert ImportanceStep(target="books").rules(Environment())[0].signal == "rps_doc_books_importance"
    corrected = ImportanceStep(target="wikipedia", length_correction=True, min=2)
    assert corrected.rules(Environment())[0].signal == "rps_doc_wikipedia_importance_length_correction"
    assert corrected.needed_models(Environment()) == ("importance/wikipedia/en",)


def test_safety_is_judged_by_the_score_or_by_classes():
    assert SafetyStep(max_score=0.7).rules(Environment()) == (Rule("unsafe", "ml_safety_score", ">", 0.7),)
    assert SafetyStep(labels=("porn",)).rules(Environment()) == (
        Rule("unsafe_label", "ml_safety_label", "in", ("porn",)),
    )
    assert SafetyStep().needed_models(Environment()) == ("safety/en",)
    assert SafetyStep().needed_models(Environment(models={"safety/zh": None})) == ()


def test_unsafe_lines_go_and_the_others_stay_as_they_are():
    texts = ["good line\n*bad*\r\nlast #", "", "fine\n", "*all\n*bad\n", "*other language*"]

    edited = SafetyLines().edit(subject_of(texts, ["en", "en", "en", "en", "de"], safety_en=Stars()), trace=True)

    assert edited.text.to_list() == ["good line\n", "", "fine\n", "", "*other language*"]
    assert edited.changed.tolist() == [True, False, False, True, False]
    assert edited.removed == {"lines:unsafe": 4}
    assert [(texts[d][s:e], rule) for d, s, e, rule in edited.spans.rows()] == [
        ("*bad*\r\n", "unsafe_lines"),
        ("last #", "unsafe_lines"),
        ("*all\n", "unsafe_lines"),
        ("*bad\n", "unsafe_lines"),
    ]
    assert (edited.dropped == -1).all()


def test_only_named_classes_of_lines_go_and_too_many_drop_the_document():
    texts = ["one\n*two\n#three", "*one\ntwo"]

    edited = SafetyLines(labels=("gambling",), max_removed=0.4).edit(subject_of(texts, safety_en=Stars()))

    assert edited.text.to_list() == ["one\n#three", "two"]
    assert edited.dropped.tolist() == [-1, 0]
    assert edited.value[1] == 0.5
    assert edited.threshold[1] == 0.4


def test_no_document_is_no_work():
    assert SafetyLines().edit(subject_of([], safety_en=Stars())).text.to_list() == []


def test_any_model_scores_the_documents_that_it_is_asked_about():
    texts, languages = ["plain", "*star", "", "*anders"], ["en", "en", "en", "de"]

    edited = Score(model="edu", max_score=0.5, languages=("en",)).edit(subject_of(texts, languages, edu=Stars()))

    assert edited.text.to_list() == texts
    assert edited.dropped.tolist() == [-1, 1, -1, -1]
    assert edited.rules[1] == "score_above"
    assert (edited.value[1], edited.threshold[1]) == (1.0, 0.5)


def test_a_model_that_is_missing_is_named_unless_it_is_optional():
    assert Score(model="edu", min_score=3).needed_models(Environment()) == ("edu",)
    optional = Score(model="edu", min_score=3, optional=True)
    assert optional.needed_models(Environment()) == ()
    assert optional.edit(subject_of(["text"])).dropped.tolist() == [-1]
    assert SafetyLines().needed_models(Environment()) == ("safety/en",)
