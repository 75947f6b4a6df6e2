"""What may stand in a mix of dialogues, and how mistakes are told."""

import pytest
from pydantic import ValidationError

from corpus_platform.catalogue.sft import data_sets
from corpus_platform.errors import SettingsError
from corpus_platform.mixes.sft.mix import mix_of, mixes, read_mix

from .conftest import mix

PART = {"name": "a"}
WRONG = {
    "a part says one of": {"budget": 9, "parts": [{"name": "a", "share": 0.5, "weight": 1}]},
    "shares make 0.5": {"budget": 9, "parts": [{"name": "a", "share": 0.5}]},
    "leave nothing": {"budget": 9, "parts": [{"name": "a", "share": 1.0}, {"name": "b"}]},
    "weights are not compared": {"budget": 9, "parts": [{"name": "a", "weight": 1}, {"name": "b"}]},
    "divide a `budget`": {"parts": [{"name": "a", "weight": 1}]},
    "give one": {"parts": [PART], "shares": {"language": {"en": 1.0}}},
    "not both": {"budget": 9, "rows": 9, "parts": [PART]},
    "should make 1, none below": {"budget": 9, "parts": [PART], "shares": {"language": {"en": 0.5}}},
    "can't share by `languages`, nearest is `language`": {
        "budget": 9,
        "parts": [PART],
        "shares": {"languages": {"en": 1}},
    },
    "can't be capped": {"budget": 9, "parts": [PART], "caps": {"url": 0.1}},
    "share above 0": {"budget": 9, "parts": [PART], "caps": {"set": 1.5}},
    "needs `label_balance`": {"budget": 9, "parts": [PART], "caps": {"label": 0.5}},
    "two parts are called": {"parts": [PART, PART]},
    "there is room for 9": {"budget": 9, "parts": [{"name": "a", "tokens": 10}, {"name": "b"}]},
    "a part of fixed size says `count`": {"rows": 9, "parts": [{"name": "a", "tokens": 5}, {"name": "b"}]},
    "make 2 buckets": {"budget": 9, "parts": [PART], "lengths": {"edges": [5], "shares": [1.0]}},
    "`edges` rise": {"budget": 9, "parts": [PART], "lengths": {"edges": [5, 5], "shares": [0.2, 0.4, 0.4]}},
    "not chosen by `licences`, nearest is `licence`": {"parts": [{"name": "a", "where": {"licences": "MIT"}}]},
    "not chosen by `tongue`": {"parts": [{"name": "a", "sets": {"tongue": "en"}}]},
}


@pytest.mark.parametrize("told", WRONG)
def test_a_mix_that_does_not_agree_with_itself_is_refused(told):
    with pytest.raises(ValidationError, match=told):
        mix(**WRONG[told])


def test_a_mistake_is_told_with_file_line_and_the_nearest_key(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("name: own\ntitle: t\nabout: a\nbudget: 5\nparts:\n  - name: a\n    wieght: 2\n")

    with pytest.raises(SettingsError) as told:
        read_mix(path)

    assert f"{path}:7: there is no key `wieght`, nearest is `weight`; a part takes name, from," in str(told.value)


def test_mixes_of_a_folder_are_known_beside_the_shipped_ones(tmp_path):
    (tmp_path / "own.yaml").write_text("name: own\ntitle: t\nabout: a\nparts: [{name: a}]\n")

    known = mixes(tmp_path)

    assert {"own", "general_bilingual", "maths_code", "chinese_medical"} <= set(known)
    with pytest.raises(SettingsError, match="nearest is `maths_code`"):
        mix_of("math_code", known)


def test_a_name_that_is_shipped_is_not_taken_twice(tmp_path):
    (tmp_path / "own.yaml").write_text("name: maths_code\ntitle: t\nabout: a\nparts: [{name: a}]\n")

    with pytest.raises(SettingsError, match="there is a mix `maths_code` already"):
        mixes(tmp_path)


@pytest.mark.parametrize("name", ["general_bilingual", "maths_code", "chinese_medical"])
def test_sets_that_a_shipped_mix_names_are_in_the_catalogue(name):
    named = {one for part in mixes()[name].parts for one in part.sources if "*" not in one}

    assert named <= set(data_sets())
    assert mixes()[name].max_epochs <= 4


def test_a_cap_of_safety_stands_beside_other_caps():
    asked = mix(rows=5, safety_cap=0.1, caps={"task_type": {"chat": 0.5, "safety": 0.2}, "set": 0.3}, parts=[PART])

    assert asked.all_caps == {"task_type": {"chat": 0.5, "safety": 0.1}, "set": 0.3}
