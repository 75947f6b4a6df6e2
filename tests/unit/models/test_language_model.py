"""Training: the minimum of text, what is held out, and that it can be repeated."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from corpus_platform.errors import SettingsError
from corpus_platform.models.language_model import TrainingSettings, train_language_model
from corpus_platform.models.perplexity import LanguageModel, Perplexity

SMALL = TrainingSettings(vocabulary=150, order=3, min_characters=1_000, min_articles=20, min_held_out=10)


def test_a_trained_model_is_a_folder_of_three_files_that_say_what_they_are(articles, tmp_path):
    info = train_language_model("en", articles, tmp_path / "model", SMALL)

    model = LanguageModel.open(tmp_path / "model")
    said = json.loads((tmp_path / "model" / "model.json").read_text())
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["model.arpa.gz", "model.json", "spm.model"]
    assert model.info == info
    assert info.reason is None
    assert (info.articles, info.held_out_articles, info.order, len(info.ngrams)) == (50, 10, 3, 3)
    assert info.tokens > 1_000
    assert info.cutoffs is not None
    assert info.cutoffs.source == "held_out"
    assert 1 < info.cutoffs.head <= info.cutoffs.tail
    assert said["settings"]["vocabulary"] == 150
    assert "sentencepiece" in said["versions"]
    assert "model" not in said


def test_training_again_gives_the_same_digest_and_other_text_another(articles, tmp_path):
    first, again, other = (
        train_language_model("en", texts, tmp_path / name, SMALL)
        for name, texts in (("a", articles), ("b", list(articles)), ("c", articles[1:]))
    )

    assert first.digest == again.digest != other.digest
    assert first.data == again.data != other.data


def test_the_held_out_articles_do_not_depend_on_order(articles, tmp_path):
    forth, back = (
        train_language_model("en", texts, tmp_path / name, SMALL)
        for name, texts in (("a", articles), ("b", articles[::-1]))
    )

    assert forth.data == back.data
    assert forth.ngrams[0] == pytest.approx(back.ngrams[0], rel=0.05)
    assert forth.articles == back.articles


def test_the_cutoffs_are_percentiles_of_articles_that_the_model_has_not_seen(articles, tmp_path):
    settings = SMALL.model_copy(update={"held_out": 0.5})

    info = train_language_model("en", articles, tmp_path, settings)

    scores = Perplexity(tmp_path).score(articles)
    assert info.held_out_articles == 30
    assert info.cutoffs is not None
    # The 30 that were held out surprise the model more than those that it was trained on.
    assert info.cutoffs.head > np.percentile(scores, 30)


def test_one_article_is_too_little_for_a_model_and_the_reason_is_said(tmp_path):
    info = train_language_model("zh", ["面包是一种食品。"], tmp_path / "model")

    assert info.model is None
    assert info.digest is None
    assert info.reason == "`zh` has 1 article of 8 characters in all; a model needs 50 articles and 200,000 characters"
    assert info.articles == 1
    assert not (tmp_path / "model").exists()


def test_no_text_at_all_is_too_little_too(tmp_path):
    info = train_language_model("zh", iter(()), tmp_path / "model")

    assert (info.model, info.articles) == (None, 0)


def test_many_articles_of_few_characters_are_too_little(articles, tmp_path):
    info = train_language_model("en", articles, tmp_path, SMALL.model_copy(update={"min_characters": 10**6}))

    assert info.model is None
    assert info.reason is not None
    assert "60 articles" in info.reason


def test_the_published_cutoffs_are_refused_for_a_model_of_our_own(articles, tmp_path):
    with pytest.raises(SettingsError, match=r"published cut-offs fit its published models only"):
        train_language_model("en", articles, tmp_path, TrainingSettings(cutoffs="published"))


def test_explicit_cutoffs_are_taken_as_they_are(articles, tmp_path):
    settings = TrainingSettings.model_validate(SMALL.model_dump() | {"cutoffs": "explicit", "head": 10, "tail": 20})

    info = train_language_model("en", articles, tmp_path, settings)

    assert info.cutoffs is not None
    assert (info.cutoffs.head, info.cutoffs.tail, info.cutoffs.source) == (10, 20, "explicit")


@pytest.mark.parametrize("wrong", [{"cutoffs": "explicit", "head": 10}, {"head": 10, "tail": 20}, {"vocabulry": 5}])
def test_settings_that_do_not_fit_together_are_refused(wrong):
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate(wrong)


def test_newlines_may_be_kept_as_spaces_in_training_and_in_scoring(articles, tmp_path):
    train_language_model("en", articles, tmp_path, SMALL.model_copy(update={"newlines": "space"}))

    model = Perplexity(tmp_path)

    lines, line = model.score(["the baker\nsells rye flour.", "the baker sells rye flour."])
    assert model.info.newlines == "space"
    assert lines == line


def test_a_text_larger_than_sentence_piece_is_to_see_is_sampled(articles, tmp_path):
    info = train_language_model(
        "en", articles, tmp_path, SMALL.model_copy(update={"sentence_piece_characters": 15_000})
    )

    assert info.vocabulary is not None
    assert info.characters > 30_000


def test_training_over_an_old_model_leaves_nothing_of_it(articles, tmp_path):
    train_language_model("en", articles, tmp_path, SMALL)

    train_language_model("en", articles, tmp_path, SMALL.model_copy(update={"compress": False}))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.arpa", "model.json", "spm.model"]


def test_progress_names_the_steps(articles, tmp_path):
    steps = []

    train_language_model("en", articles, tmp_path, SMALL, progress=steps.append)

    assert steps == ["normalise", "sentence pieces", "n-grams", "cut-offs"]
