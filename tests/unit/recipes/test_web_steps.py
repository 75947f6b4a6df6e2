"""Steps of Dolma, ROOTS, OSCAR, Data-Juicer and NeMo Curator: what each edit does to a text, and which rules a filter asks."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.recipes.steps.data_juicer import DataJuicer, DataJuicerMapper
from corpus_platform.recipes.steps.dolma import DolmaC4, DolmaGopher, Sentences
from corpus_platform.recipes.steps.nemo import NemoHeuristic
from corpus_platform.recipes.steps.oscar import GoclassyLines, OscarAnnotations, OscarLanguage, OscarTrim
from corpus_platform.recipes.steps.roots import Roots, RootsModify, Thresholds
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

REFERENCE = Environment(SignalSettings(compat="reference"))
LONG = "a long line " * 9


def subject_of(texts, environment=None, language="en"):
    return Subject.of(pl.DataFrame({"text": texts, "language": [language] * len(texts)}), environment)


def test_dolma_drops_code_and_removes_lines_without_end():
    texts = [
        "Menu\nA line of prose.\nToo few.\nAnother line of prose!\n",
        "a { b",
        "Lorem Ipsum dolor sit.",
        "Menu",
        "",
    ]

    edited = DolmaC4(naughty_words=False).edit(subject_of(texts), trace=True)

    assert edited.text[0] == "A line of prose.\nAnother line of prose!\n"
    assert [edited.rules[i] if i >= 0 else None for i in edited.dropped] == [
        None,
        "curly_brace",
        "lorem_ipsum",
        "nothing_left",
        "nothing_left",
    ]
    assert edited.spans.filter(pl.col("document") == 0).select("start", "end").rows() == [(0, 5), (22, 31), (54, 54)]


def test_dolma_says_of_each_removed_line_the_rule_that_took_it():
    texts = ["Menu\nA line of prose.\nToo few.\nMenu", "漢\nA line of prose."]

    edited = DolmaC4(naughty_words=False).edit(subject_of(texts), trace=True)

    assert edited.removed == {"lines:no_ending_punctuation": 3, "lines:too_few_words": 1}
    assert edited.spans.rows() == [
        (0, 0, 5, "no_ending_punctuation"),
        (0, 22, 31, "too_few_words"),
        (0, 31, 35, "no_ending_punctuation"),
        (1, 0, 2, "no_ending_punctuation"),
    ]


def test_dolma_leaves_lines_alone_that_no_rule_is_asked_about():
    step = DolmaC4(naughty_words=False, ending_punctuation=False, too_few_words=False)

    edited = step.edit(subject_of(["Menu"]), trace=True)

    assert (edited.text.item(), edited.removed, edited.spans.rows()) == ("Menu", {}, [])


def test_the_rules_on_top_ngrams_are_lost_to_the_reference():
    names = [{rule.signal for rule in DolmaGopher().rules(env)} for env in (Environment(), REFERENCE)]

    assert names[0] - names[1] == {f"dolma_gopher_v1_fraction_of_characters_in_most_common_{n}grams" for n in (2, 3, 4)}


class Judge:
    """A classifier that finds sentences with `bad` in them toxic."""

    def classify(self, texts):
        score = np.array([0.9 if "bad" in text else 0.1 for text in texts])
        return SimpleNamespace(score=score, labels=["hate" if s > 0.5 else "safe" for s in score])


def test_sentences_that_a_model_finds_toxic_are_removed():
    environment = Environment(models={"safety/en": Judge()})
    texts = ["A fine sentence. A bad sentence here. The end of it.", "Only a bad sentence.", "bad."]

    edited = Sentences(models={"en": "safety/en"}, labels=("hate",)).edit(subject_of(texts, environment), trace=True)

    assert edited.text.to_list() == ["A fine sentence. The end of it.", "", "bad."]
    assert edited.dropped.tolist() == [-1, 0, -1]
    assert edited.spans.rows()[0] == (0, 17, 38, "sentences")
    assert edited.removed == {"sentences": 2}


def test_a_missing_model_is_an_error_unless_the_step_is_optional():
    step = Sentences(models={"en": "safety/en"})

    assert step.needed_models(Environment()) == ("safety/en",)
    with pytest.raises(ModelError, match="there is no model `safety/en`"):
        step.edit(subject_of(["A sentence."]))
    optional = Sentences(models={"en": "safety/en"}, optional=True).edit(subject_of(["A sentence."]))
    assert not optional.changed.any()


def test_roots_takes_links_and_long_words_out_where_a_language_is_named():
    text = "\u00a0see http://x.org now\u3000and\t(www.y.com)\nverylongwordindeed ok  \n\nend."
    step = RootsModify(max_word_length={"en": 10})

    english, chinese = (step.edit(subject_of([text], language=language)) for language in ("en", "zh"))

    assert english.text.item() == "see now and\nok\nend."
    assert english.removed == {"incorrect_substring": 2, "long_word": 1}
    assert chinese.text.item() == "see http://x.org now and\t(www.y.com)\nverylongwordindeed ok  \n\nend."


def test_each_language_has_its_thresholds_and_the_rest_the_default():
    step = Roots(default=Thresholds(min_words=10), languages={"en": Thresholds(min_words=20, max_perplexity=1500)})

    rules = [(rule.name, rule.threshold, rule.languages, rule.but_languages) for rule in step.rules(Environment())]

    assert rules == [
        ("number_words", 20, ("en",), ()),
        ("number_words", 10, (), ("en",)),
        ("perplexity", 1500, ("en",), ()),
    ]


def test_oscar_cuts_short_lines_off_the_ends_only():
    text = f"Menu\r\n{LONG}\r\nshort\r\n{LONG}\r\nFooter\r\n"

    edited = OscarTrim().edit(subject_of([text, "Menu\nFooter", ""]), trace=True)

    assert edited.text[0] == f"{LONG}\nshort\n{LONG}"
    assert edited.dropped.tolist() == [-1, 0, 0]
    assert edited.value[1] == 6
    np.testing.assert_array_equal(edited.threshold, [np.nan, 100, 100])
    assert edited.spans.rows()[:2] == [(0, 0, 4, "no_long_line"), (0, 233, 239, "no_long_line")]


def test_goclassy_keeps_long_lines_wherever_they_are():
    edited = GoclassyLines().edit(subject_of([f"Menu\n{LONG}\nshort\n{LONG}", "a" * 100, "a" * 101]))

    assert edited.text[0] == f"{LONG}\n{LONG}"
    assert edited.dropped.tolist() == [-1, 0, -1]


def test_goclassy_keeps_lines_of_the_own_language_by_request():
    english = "The harbour was quiet in the early morning, and the boats came back one by one while the gulls were still asleep."
    french = "Le port était calme au petit matin, et les bateaux revenaient un par un pendant que les mouettes dormaient encore."

    edited = GoclassyLines(own_language=True).edit(subject_of([f"{english}\n{french}"]))

    assert edited.text.item() == english


def test_oscar_keeps_pages_of_many_languages_and_asks_for_annotations_by_name():
    rules = [
        *OscarLanguage(keep=("en", "multi")).rules(Environment()),
        *OscarAnnotations(drop=("header",)).rules(Environment()),
    ]

    assert [rule.signal for rule in rules] == [
        "oscar_language",
        "oscar_language_confidence",
        "oscar_language",
        "oscar_only_noisy_and_tiny",
        "oscar_header",
    ]


@pytest.mark.parametrize(
    ("op", "text", "expected"),
    [
        ("clean_email_mapper", "to a.b@mail.com!", "to !"),
        (
            "clean_links_mapper",
            "see https://x.org/a_b?c=1. And www.y.com/z，好 note:this x.io/p",
            "see . And ，好 note:this ",
        ),
        ("fix_unicode_mapper", "e\u0301 a", "é a"),
        ("punctuation_normalization_mapper", "你好，“世界”。", '你好,"世界".'),
        ("whitespace_normalization_mapper", " a\u3000b\u200bc\td\n", "a b c d"),
        ("remove_long_words_mapper", f"ok {'x' * 51}. {'y' * 50}... end", f"ok {'y' * 50}... end"),
        ("remove_words_with_incorrect_substrings_mapper", "see www.x.com\tor here", "see\tor here"),
    ],
)
def test_a_mapper_of_data_juicer_cleans_a_text(op, text, expected):
    edited = DataJuicerMapper(op=op).edit(subject_of([text, ""]))

    assert edited.text.to_list() == [expected, ""]
    assert edited.changed.tolist() == [True, False]


def test_a_filter_of_data_juicer_needs_an_end_of_its_range():
    with pytest.raises(ValueError, match="give `min`, `max`, or both"):
        DataJuicer(op="text_length_filter")


def test_a_threshold_of_null_leaves_a_rule_of_nemo_out():
    every, fewer = (NemoHeuristic(max_digits=most).rules(Environment()) for most in (0.15, None))

    assert len(every) - len(fewer) == 1
    assert every[0].name == "non_alphanumeric_fraction_above"
    assert every[-1].name == "bullet_line_fraction_above"
