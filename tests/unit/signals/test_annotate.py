"""Documents in, signals out: languages first, unknown names refused, given languages kept."""

import polars as pl
import pytest

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.signals.annotate import annotate, compute, default_signals
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import Family, Signal, families, register, signals
from corpus_platform.signals.subject import Subject

ENGLISH = "This is a sentence in the English language, and here is another one."
GERMAN = "Dies ist ein Satz in deutscher Sprache, und hier ist noch einer."


def test_languages_are_identified_where_they_are_not_given():
    frame = pl.DataFrame({"text": [ENGLISH, GERMAN, "", GERMAN], "language": [None, None, None, "la"]})

    found = annotate(frame, ["language", "language_score"])

    assert found["language"].to_list() == ["en", "de", None, "la"]
    assert (found["language_score"][:2] > 0.8).all()
    assert found["language_score"][2:].to_list() == [None, None]


def test_a_given_score_is_kept_with_its_language():
    frame = pl.DataFrame({"text": [ENGLISH], "language": ["la"], "language_score": [0.25]})

    assert annotate(frame, ["language", "language_score"]).row(0) == ("la", 0.25)


def test_language_can_be_identified_on_the_first_characters():
    text = ENGLISH + "\n" + 20 * GERMAN
    short = Environment(SignalSettings(language_characters=len(ENGLISH)))

    assert annotate(pl.DataFrame({"text": [text]}), ["language"]).item() == "de"
    assert annotate(pl.DataFrame({"text": [text]}), ["language"], short).item() == "en"


def test_no_language_model_is_needed_where_all_languages_are_given(tmp_path):
    missing = Environment(SignalSettings(language_id=str(tmp_path / "missing.ftz")))
    frame = pl.DataFrame({"text": [ENGLISH], "language": ["en"]})

    assert annotate(frame, ["rps_doc_stop_word_fraction"], missing).item() > 0
    with pytest.raises(ModelError):
        annotate(frame.drop("language"), ["rps_doc_stop_word_fraction"], missing)
    assert annotate(frame.drop("language"), ["rps_doc_word_count"], missing).item() == 13


def test_columns_come_in_the_order_of_the_registry_and_each_once():
    frame = pl.DataFrame({"text": ["a b"], "language": ["en"]})

    found = annotate(frame, ["line_ends", "rps_doc_word_count", "language", "line_ends"])

    assert found.columns == [name for name in signals() if name in set(found.columns)]
    assert set(found.columns) == {"line_ends", "rps_doc_word_count", "language"}


def test_the_texts_can_be_in_another_column():
    frame = pl.DataFrame({"content": ["a b"], "text": [1]})

    assert annotate(frame, ["rps_doc_word_count"], text="content").item() == 2


def test_a_subject_keeps_its_views_where_its_languages_are_known():
    subject = Subject.of(pl.DataFrame({"text": ["a b"], "language": ["en"]}))
    view = subject.normalised_words

    compute(subject, ["rps_doc_word_count", "rps_doc_ldnoobw_words"])

    assert subject.normalised_words is view


def test_an_unknown_signal_is_refused_with_the_nearest_name():
    with pytest.raises(
        SettingsError, match="there is no signal `rps_doc_word_cuont`; did you mean `rps_doc_word_count`"
    ):
        annotate(pl.DataFrame({"text": ["a"]}), ["rps_doc_word_cuont"])


def test_a_name_belongs_to_one_family():
    with pytest.raises(ValueError, match="already one of rpv2"):
        register(Family("another", "1", (Signal("rps_doc_word_count", "d", "s"),), lambda _subject, _wanted: {}))


def test_every_signal_says_what_it_is():
    for signal in signals().values():
        assert signal.definition, signal.name
        assert signal.source, signal.name
        assert signal.range, signal.name
        assert signal.empty, signal.name


def test_default_signals_are_those_of_the_default_families():
    names = default_signals()

    assert "language" in names
    assert len(names) == len(set(names))
    assert set(names) == {
        signal.name for family in families() if family.default and family.of == "texts" for signal in family.signals
    }
