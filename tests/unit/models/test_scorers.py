"""BERT-class scorers: an optional extra, tried with a stand-in for it."""

import pickle
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models.scorers import Transformer
from corpus_platform.models.shelf import Scorer, take


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


class NoGradient:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def stand_in(monkeypatch, logits):
    """Modules `torch` and `transformers` whose model gives these logits for a text's length."""
    torch, transformers = ModuleType("torch"), ModuleType("transformers")
    torch.no_grad = NoGradient
    model = SimpleNamespace(eval=lambda: lambda lengths: SimpleNamespace(logits=[logits(n) for n in lengths]))
    transformers.AutoTokenizer = SimpleNamespace(
        from_pretrained=lambda *_, **__: lambda texts, **___: {"lengths": [len(text) for text in texts]}
    )
    transformers.AutoModelForSequenceClassification = SimpleNamespace(from_pretrained=lambda *_, **__: model)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)


def test_without_the_extra_the_error_names_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(ModelError, match="needs transformers and torch, an optional extra: pip install"):
        Transformer(folder, name="edu").score(["text"])


def test_one_output_is_the_score_itself(folder, monkeypatch):
    stand_in(monkeypatch, lambda n: [n / 10])

    found = Transformer(folder, name="edu", batch=2).score(["ab", "", "abcd", "abc"])

    np.testing.assert_allclose(found, [0.2, np.nan, 0.4, 0.3])


def test_of_more_outputs_it_is_the_probability_of_the_positive_one(folder, monkeypatch):
    stand_in(monkeypatch, lambda n: [0.0, float(n)])

    found = Transformer(folder, name="clean").score(["a"])

    assert found == pytest.approx([1 / (1 + np.exp(-1))])


def test_it_is_a_scorer_that_is_taken_by_its_folder_and_pickles(folder, tmp_path):
    model = take("edu", folder, tmp_path / "cache")

    again = pickle.loads(pickle.dumps(model))

    assert isinstance(model, Scorer)
    assert (again.name, again.digest) == ("edu", model.digest)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        Transformer(tmp_path, name="x")
