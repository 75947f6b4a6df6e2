"""Lines told by a model: which go, which stay, what is told of them."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models.classifier import Predictions
from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import steps
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import strings_of


class ByFirstWord:
    """Calls a line what its first word is, and is as sure as its second one says."""

    name, digest = "lines/en", "0"

    def classify_words(self, data, start):
        lines = [line.split() for line in strings_of(data, start).to_pylist()]
        labels = [(line[0] if line[0] in {"ad", "navigation", "legal"} else "text") if line else None for line in lines]
        sure = np.array([0.5 if line[1:2] == ["unsure"] else 0.99 if line else np.nan for line in lines])
        return Predictions(labels, sure, sure)


def edited(*texts, language="en", models=None, trace=False, **parameters):
    step = steps()["line_classifier"].model_validate(parameters)
    frame = pl.DataFrame({"text": texts, "language": [language] * len(texts)})
    models = {"lines/en": ByFirstWord()} if models is None else models
    return step.edit(Subject.of(frame, Environment(models=models)), trace=trace)


FRAME = "navigation home\nad buy\n\nOne line.\nTwo lines.\nad lone\nThree lines.\nlegal rights\nnavigation up"


def test_blocks_of_lines_go_and_a_lone_one_inside_text_stays():
    edit = edited(FRAME, "ad all\nlegal of it", "One.\nad at the end", trace=True)

    assert edit.text.to_list() == ["\nOne line.\nTwo lines.\nad lone\nThree lines.\n", "", "One.\n"]
    assert edit.changed.tolist() == [True, True, True]
    assert edit.removed == {"lines:ad": 3, "lines:navigation": 2, "lines:legal": 2}
    assert edit.spans.filter(pl.col("document") == 0).rows() == [
        (0, 0, 16, "navigation"),
        (0, 16, 23, "ad"),
        (0, 66, 79, "legal"),
        (0, 79, 92, "navigation"),
    ]


def test_lone_lines_of_the_classes_that_are_asked_for_go_too():
    assert "ad lone" not in edited(FRAME, lone=["ad"]).text[0]
    assert edited("One.\nlegal x\nTwo.", lone=["ad"]).text[0] == "One.\nlegal x\nTwo."


def test_an_unsure_line_and_a_class_that_is_not_asked_for_stay():
    assert edited("ad unsure\nad sure\n").text[0] == "ad unsure\n"
    assert edited("ad sure\nlegal sure\n", classes=["legal"]).text[0] == "ad sure\n"


def test_a_document_of_which_too_much_goes_is_dropped():
    edit = edited("ad a\nad b\nad c\nOne.", "One.\nTwo.\nad c", max_removed=0.5)

    assert edit.dropped.tolist() == [0, -1]
    assert edit.value[0] == 0.75
    assert edit.threshold[0] == 0.5


def test_lines_in_a_language_without_a_model_stay():
    assert edited("ad a\nad b", language="fr").text[0] == "ad a\nad b"
    assert edited("ad a", language=None).text[0] == "ad a"


def test_without_a_model_the_step_says_so_unless_it_is_optional():
    step = steps()["line_classifier"]
    [name] = step().needed_models(Environment())

    assert step(optional=True).needed_models(Environment()) == ()
    with pytest.raises(ModelError, match="lines/en=shipped"):
        need({}, name)
