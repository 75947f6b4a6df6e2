"""The sample of dialogues: each data set is in the form that its kind reads, and has what the demo is to show."""

from collections import Counter

import orjson
import pytest

from corpus_platform import demo
from corpus_platform.readers.reader import Unit
from corpus_platform.sample.dialogues import EVALUATION, FOLDER, PLANTED, SETS, write_dialogues
from corpus_platform.sft.form import Dialogue, Preference, Problem
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sources.location import InputLocation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data sets, made once."""
    made = tmp_path_factory.mktemp("dialogues")
    write_dialogues(made)
    return made / FOLDER


@pytest.fixture(scope="module")
def outcomes(folder):
    """What each data set gives with the demo's settings."""

    def of(name):
        how = {key: value for key, value in demo.DATA_SETS[name].items() if key in Reading.model_fields}
        reading = Reading.model_validate(how)
        location = InputLocation(str(folder / name))
        files = tuple(sorted(location.files(), key=lambda file: file.path))
        return [one.outcome for one in read(Unit(name, files, location), reading)]

    return of


@pytest.mark.parametrize("name", SETS)
def test_each_data_set_gives_dialogues(outcomes, name):
    found = Counter(type(one) for one in outcomes(name))

    assert found[Dialogue] >= 16


def test_what_can_not_be_read_is_told_with_its_reason(outcomes):
    problems = {name: [one.reason for one in outcomes(name) if isinstance(one, Problem)] for name in SETS}

    assert {name: reasons for name, reasons in problems.items() if reasons} == {
        "chats": ["no_reply", "bad_json"],
        "preferred": ["same_answers"],
    }


def test_preferences_are_beside_the_dialogues_of_what_was_preferred(outcomes):
    found = Counter(type(one).__name__ for one in outcomes("preferred"))

    assert found == {Preference.__name__: 16, "Dialogue": 16, "Problem": 1}


def test_a_sum_of_the_evaluation_set_is_in_the_training_set_and_the_others_are_not(folder):
    asked = {row["problem"] for row in map(orjson.loads, (folder / "sums" / "sums.jsonl").read_bytes().splitlines())}
    items = [orjson.loads(line) for line in (folder.parent / EVALUATION).read_bytes().splitlines()]

    assert [item["question"] in asked for item in items] == [True] + [False] * (len(items) - 1)


def test_the_clinic_s_table_is_in_gb18030_and_nobody_in_it_is_named(folder):
    raw = (folder / "clinic" / "clinic.csv").read_bytes()

    assert raw.decode("gb18030").startswith("department,title,ask,answer")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    assert PLANTED not in raw.decode("gb18030")


def test_the_same_texts_give_the_same_bytes(folder, tmp_path):
    write_dialogues(tmp_path)

    made = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert made == {
        path.relative_to(tmp_path / FOLDER): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }
