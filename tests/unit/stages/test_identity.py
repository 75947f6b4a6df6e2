"""What belongs to a stage's identity, and what only steers which partitions there are."""

import pytest

from corpus_platform.settings import CorpusSettings
from corpus_platform.stages.documents import Documents, DocumentSettings
from corpus_platform.stages.language_model import LanguageModels, LanguageModelSettings


def models(**settings):
    return LanguageModels(LanguageModelSettings.model_validate(settings)).settings_hash()


@pytest.mark.parametrize(
    "settings", [{"languages": ["en", "zh", "de"]}, {"dumps": {"en": "20240301"}}], ids=["languages", "dumps"]
)
def test_a_language_model_does_not_depend_on_the_others(settings):
    assert models(**settings) == models()


def test_a_language_model_depends_on_how_it_is_trained_and_cut(tmp_path):
    snapshot = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}

    assert models(training={"vocabulary": 100}) != models()
    assert models(cutoffs_of=snapshot) != models()
    assert models(location=str(tmp_path), training={"vocabulary": 100}) == models(location=str(tmp_path / "other"))


def test_documents_do_not_depend_on_a_language_without_a_model():
    plain, more, joined = (
        Documents(DocumentSettings.model_validate(settings)).settings_hash()
        for settings in ({}, {"languages": ["de"]}, {"newlines": "delete"})
    )

    assert plain == more != joined


def test_languages_that_have_a_model_are_scored_unless_documents_say_others():
    both = CorpusSettings.model_validate({"language_model": {"languages": ["de", "fr"]}})
    one = CorpusSettings.model_validate(
        {"language_model": {"languages": ["de", "fr"]}, "documents": {"languages": ["fr"]}}
    )

    assert both.scored_languages == ("de", "fr")
    assert one.scored_languages == ("fr",)
