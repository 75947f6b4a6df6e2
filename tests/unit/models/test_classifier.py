"""Classifiers: training, scores, figures on rows held back."""

import pickle
import random

import numpy as np
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models.classifier import Classifier, FastTextSettings, from_file, metrics, train_classifier
from corpus_platform.models.features import feature_lines
from corpus_platform.models.training_sets import TrainingSet, training_set

WORDS = {"cc": "buy cheap click now offer price sale", "wiki": "river born century species city 中 国 历 史"}


def sentence(label, rng):
    both = ["the", "of", "and", "in", "a"]
    return " ".join(rng.choice(both + 2 * WORDS[label].split()) for _ in range(12)) + "."


def texts_of(label, count=300):
    rng = random.Random(label)
    return [sentence(label, rng) for _ in range(count)]


@pytest.fixture(scope="module")
def rows() -> TrainingSet:
    return training_set({label: texts_of(label) for label in WORDS})


@pytest.fixture(scope="module", params=["lines", "words"])
def trained(request, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    settings = FastTextSettings(dim=8, word_ngrams=2, bucket=500)
    info = train_classifier(
        rows, folder, name="test", positive=("wiki",), features=request.param, settings=settings, languages=("en",)
    )
    return Classifier(folder), info


def test_texts_held_back_are_told_apart(trained, rows):
    _, info = trained

    assert [one.label for one in info.classes] == ["cc", "wiki"]
    assert sum(one.support for one in info.classes) == len(rows.held_texts)
    assert sum(one.training_rows for one in info.classes) == len(rows.train_texts)
    assert all(one.precision > 0.9 and one.recall > 0.9 for one in info.classes)


def test_the_score_is_the_probability_of_the_positive_class(trained):
    model, _ = trained

    found = model.classify(["century species city", "buy cheap sale now"])

    assert found.labels == ["wiki", "cc"]
    assert found.score[0] == pytest.approx(found.probability[0])
    assert found.score[1] == pytest.approx(1 - found.probability[1])
    assert found.score[0] > 0.5 > found.score[1]


def test_a_text_without_features_has_no_score(trained):
    model, _ = trained

    found = model.classify(["", " \n "])

    assert found.labels == [None, None]
    assert np.isnan(found.score).all()
    assert len(model.score([])) == 0


def test_training_twice_makes_the_same_model(rows, tmp_path):
    infos = [
        train_classifier(rows, tmp_path / name, name="test", positive=("wiki",), settings=FastTextSettings(dim=8))
        for name in ("first", "second")
    ]

    assert infos[0] == infos[1]
    assert infos[0].digest


@pytest.mark.parametrize("word_ngrams", [1, 2, 3])
def test_compiled_prediction_is_that_of_fasttext(word_ngrams, tmp_path):
    rows = training_set(
        {label: texts_of(label, 100) for label in WORDS}
        | {"other": ["zz yy xx"] * 2 + [f"zz {i} é" for i in range(80)]}
    )
    settings = FastTextSettings(dim=8, word_ngrams=word_ngrams, bucket=300, lr=0.5)
    train_classifier(rows, tmp_path, name="test", positive=("wiki",), features="words", settings=settings)
    model = Classifier(tmp_path)
    texts = [*texts_of("wiki", 40), "unknown words 𠀀", "zz", "", "é中国 city", "Buy NOW!"]

    ours, theirs = model.classify(texts), model._ask(feature_lines(texts, "words"))

    assert model._network[0] is not None
    assert ours.labels == theirs.labels
    np.testing.assert_allclose(ours.probability, theirs.probability, atol=2e-5)
    np.testing.assert_allclose(ours.score, theirs.score, atol=2e-5)


def test_a_model_pickles_as_its_place(trained):
    model, _ = trained

    again = pickle.loads(pickle.dumps(model))

    assert again.digest == model.digest
    assert again.score(["river century"]) == model.score(["river century"])


def test_a_published_file_is_taken_with_its_labels(trained, tmp_path):
    model, _ = trained

    taken = from_file(model.folder / "model.bin", tmp_path / "taken", name="quality/wikiref/en")

    assert taken.info.positive == ("wiki",)
    assert taken.info.origin == str(model.folder / "model.bin")
    assert taken.score(["river century"]) == pytest.approx(model.score(["river century"]), abs=2e-5)


def test_a_positive_class_that_the_file_lacks_is_refused(trained, tmp_path):
    model, _ = trained

    with pytest.raises(ModelError, match="the positive class good is none of its labels cc, wiki: set `positive`"):
        from_file(model.folder / "model.bin", tmp_path, name="x", positive=("good",))


@pytest.mark.parametrize("content", [b"no model", b""])
def test_a_file_that_is_no_model_is_refused_by_name(content, tmp_path):
    (tmp_path / "broken.bin").write_bytes(content)

    with pytest.raises(ModelError, match=r"broken\.bin: fastText can't read it"):
        from_file(tmp_path / "broken.bin", tmp_path / "taken", name="x")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no classifier there"):
        Classifier(tmp_path)


def test_too_few_rows_make_no_model(tmp_path):
    info = train_classifier(training_set({"a": ["x"], "b": ["y"]}), tmp_path / "none", name="test", positive=("a",))

    assert info.digest is None
    assert "a class needs 50 texts" in info.reason
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "epoch", "lr"),
    [(0, 50, 0.5), (100_000, 50, 0.5), (1_000_000, 15, 0.5), (3_000_000, 5, 0.1), (10**9, 5, 0.1)],
)
def test_few_words_are_seen_more_often(words, epoch, lr):
    decided = FastTextSettings().on(words)

    assert (decided.epoch, decided.lr) == (epoch, lr)
    assert FastTextSettings(epoch=3, lr=0.2).on(words) == FastTextSettings(epoch=3, lr=0.2)


def test_precision_and_recall_are_counted_by_class():
    found = metrics(["a", "a", "b", "b"], ["a", "b", "b", None], ["a", "b", "c"])

    assert [(one.precision, one.recall, one.support) for one in found] == [
        (1.0, 0.5, 2),
        (0.5, 0.5, 2),
        (None, None, 0),
    ]
