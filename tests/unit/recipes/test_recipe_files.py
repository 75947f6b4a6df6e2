"""Recipes in YAML: what is read, and how a mistake is told."""

import textwrap

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.recipe import SYSTEMS, complaints, read_recipe, recipe, recipes
from corpus_platform.recipes.step import FilterStep, Rule, steps

HEAD = """\
name: mine
title: Mine
reference: none
variant: wet
about: A test.
steps:
"""


@pytest.fixture
def read(tmp_path):
    def read(body, head=HEAD):
        path = tmp_path / "mine.yaml"
        path.write_text(head + textwrap.indent(textwrap.dedent(body), "  "), encoding="utf-8")
        return read_recipe(path)

    return read


def mistake(read, body, head=HEAD):
    with pytest.raises(SettingsError) as error:
        read(body, head)
    return str(error.value).replace("\\", "/")


def test_a_recipe_has_its_steps_in_order_each_with_its_parameters(read):
    made = read("- language: {keep: [en]}\n- length: {min: 200, max: 1000}\n- url_dedup")

    assert [step.name for step in made.steps] == ["language", "length", "url_dedup"]
    assert made.steps[1].min == 200
    assert made.compat == "sane"
    assert made.publish == "documents"


def test_an_unknown_step_is_told_with_file_line_and_the_nearest_one(read):
    told = mistake(read, "- language: {keep: [en]}\n- lenght: {min: 3}")

    assert "mine.yaml:8: there is no step `lenght`, nearest is `length`; there are " in told


def test_an_unknown_parameter_is_told_with_file_line_and_the_nearest_one(read):
    told = mistake(read, "- language:\n    keep: [en]\n    min_scor: 0.5")

    assert "mine.yaml:9: there is no parameter `min_scor`, nearest is `min_score`; step `language` takes " in told


def test_a_wrong_type_is_told_with_what_was_found(read):
    told = mistake(read, "- language:\n    min_score: high")

    assert "mine.yaml:8: `min_score`: Input should be a valid number" in told
    assert "(found 'high')" in told


def test_an_unknown_signal_is_told_and_does_not_silently_filter_nothing(read):
    told = mistake(read, "- signal: {signal: text_character, min: 3}")

    assert "mine.yaml:7: rule `text_character_below` of step `text_character` asks about `text_character`" in told
    assert "there is no such signal, nearest is `text_characters`" in told


def test_a_number_is_not_held_against_words_nor_a_word_against_numbers(read):
    assert "`language` has words, and is held against 3.0" in mistake(read, "- signal: {signal: language, min: 3}")
    assert "`text_characters` has numbers, and is held against ('a',)" in mistake(
        read, "- signal: {signal: text_characters, among: [a]}"
    )


def test_a_rule_over_lines_says_what_of_their_values_counts(read):
    told = mistake(read, "- signal: {signal: rps_lines_num_words, min: 3}")
    made = read("- signal: {signal: rps_lines_num_words, min: 3, lines: mean}")

    assert "which is of lines: say in `lines` which of mean, sum, max, min counts" in told
    assert made.steps[0].lines == "mean"


def test_all_mistakes_of_a_file_are_told_at_once(read):
    told = mistake(read, "- lenght: {min: 3}\n- language: {kep: [en]}", HEAD.replace("wet", "wat"))

    assert len(told.splitlines()) == 3
    assert "`variant`" in told.splitlines()[0]


def test_a_missing_key_of_the_recipe_is_told(read):
    assert "a recipe lacks the key `title`" in mistake(read, "- url_dedup", HEAD.replace("title: Mine\n", ""))


def test_a_key_that_stands_twice_is_refused(read):
    told = mistake(read, "- language:\n    min_score: 0.5\n    min_score: 0.6")

    assert "mine.yaml:9: `min_score` is given twice" in told


def test_two_steps_of_one_name_need_a_label_for_the_ledger_tells_them_apart(read):
    told = mistake(read, "- length: {min: 3}\n- length: {max: 9}")
    made = read("- length: {min: 3}\n- length: {max: 9, label: too_long}")

    assert "mine.yaml:8: a step of line 7 is called `length` too: give one of them a `label`" in told
    assert [step.name for step in made.steps] == ["length", "too_long"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("- language: {keep: [en, no]}", "YAML takes a bare `no` or `yes` for a truth value: put it in quotes"),
        ("- 3", "a step is `name: {parameters}` or just its name (found 3)"),
        ("- {language: {}, length: {min: 1}}", "a step is `name: {parameters}` or just its name"),
        ("- language: en", "parameters of `language` are `key: value` (found 'en')"),
        ("- signal: {signal: text_characters}", "give at least one of min, max, above, below, among, not_among"),
        ("- minhash: {bands: 14}", "`bands` and `rows` go together"),
        ("- minhash: {bands: 20, rows: 13}", "20 bands of 13 rows need 260 permutations, and there are 128"),
        ("- minhash: {preset: finweb}", "there is no preset `finweb` of `minhash`, nearest is `fineweb`"),
        ("- sample: {share: 0.5, start: 0.6}", "a range must end at 1 or before"),
    ],
)
def test_what_does_not_make_sense_is_refused_in_words(read, body, told):
    assert told in mistake(read, body)


def test_a_variant_has_no_paragraph_dedup_that_it_is_not_made_with(read):
    part = "- paragraph_dedup: {preset: ccnet, within: variant}"

    assert "and wet is not a variant `.ccnet`" in mistake(read, part)
    assert read(part, HEAD.replace("wet", "wet.ccnet")).steps[0].is_done_before


def test_an_unknown_variant_is_told_with_the_nearest_one(read):
    told = mistake(read, "- url_dedup", HEAD.replace("wet", "trafilature"))

    assert "mine.yaml:4: `variant`: there is no text variant `trafilature`, nearest is `trafilatura`" in told


def test_a_file_without_steps_is_refused(read):
    assert "`steps` is a list of steps" in mistake(read, "", HEAD)


def test_a_users_recipe_stands_beside_the_shipped_ones(tmp_path):
    (tmp_path / "mine.yaml").write_text(HEAD + "  - url_dedup\n", encoding="utf-8")

    found = recipes(tmp_path)

    assert "mine" in found
    assert "ccnet" in found
    assert recipe("mine", tmp_path).title == "Mine"


def test_a_users_recipe_may_not_take_a_shipped_ones_name(tmp_path):
    (tmp_path / "mine.yaml").write_text(HEAD.replace("mine", "ccnet") + "  - url_dedup\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="there is a recipe `ccnet` already"):
        recipes(tmp_path)


def test_two_of_a_users_recipes_may_not_have_one_name(tmp_path):
    for file in ("a", "b"):
        (tmp_path / f"{file}.yaml").write_text(HEAD + "  - url_dedup\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"b\.yaml: there is a recipe `mine` already, in .*a\.yaml"):
        recipes(tmp_path)


def test_an_unknown_recipe_is_told_with_the_nearest_one():
    with pytest.raises(SettingsError, match="there is no recipe `slimpyjama`, nearest is `slimpajama`"):
        recipe("slimpyjama")


def test_a_shipped_file_is_called_as_its_recipe():
    assert [read_recipe(path).name for path in sorted(SYSTEMS.glob("*.yaml"))] == [
        path.stem for path in sorted(SYSTEMS.glob("*.yaml"))
    ]


@pytest.mark.parametrize("name", sorted(path.stem for path in SYSTEMS.glob("*.yaml")))
def test_a_shipped_recipe_writes_every_threshold_of_its_filters_and_edits_out(name):
    for step in (step for step in recipe(name).steps if step.kind != "dedup"):
        fields = type(step).model_fields.items()
        numbers = {
            key for key, info in fields if isinstance(info.default, int | float) and not isinstance(info.default, bool)
        }
        left_out = numbers - step.model_fields_set
        assert not left_out, f"{name}: step `{step.name}` leaves out {left_out}"


def test_every_step_has_a_sentence_and_every_parameter_a_description():
    for name, step in steps().items():
        assert step.__doc__, name
        assert all(info.description for info in step.model_fields.values()), name


class Asks(FilterStep):
    step = "asks"
    rule: object

    def rules(self, environment):
        return (self.rule,)


def test_a_rule_with_one_word_is_not_held_against_a_set():
    assert complaints(Asks(rule=Rule("r", "language", "in", "en"))) == [
        "rule `r` of step `asks`: `in` does not go with 'en'"
    ]
    assert complaints(Asks(rule=Rule("r", "language", "==", ("en",)))) != []
    assert complaints(Asks(rule=Rule("r", "language", "in", ("en",)))) == []
