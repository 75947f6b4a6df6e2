"""FlagData's pruners: our steps give with `compat: reference` what its own code gave."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from corpus_platform.clean.edits import of_places
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import steps
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

_FOLDER = Path(os.environ.get("CORPUS_SAMPLES", Path(__file__).parents[3] / "shared" / "data"))
_FILE = _FOLDER / "expected" / "flagdata_pruners.json"
CASES = json.loads(_FILE.read_text(encoding="utf-8")) if _FILE.is_file() else []
STEPS = {step.peer: step for step in steps().values() if issubclass(step, CleaningStep) and step.peer}

REPLACING = {"ReplacePruner", "UnicodePruner", "PunctuationNormalizationPruner", "LatexMacroExpanderPruner"}
REPLACING |= {"ConsecutiveNewlinesPruner"}


def edited(case, compat, *, trace=False):
    step = STEPS[case["operator"]].model_validate(case["params"])
    subject = Subject.of(pl.DataFrame({"text": [case["input"]]}), Environment(SignalSettings(compat=compat)))
    return step.edit(subject, trace=trace)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["operator"])
def test_a_pruner_gives_in_reference_what_flagdata_gives(case):
    edit = edited(case, "reference")

    assert edit.text[0] == case["output"]
    assert edit.changed[0] == (case["output"] != case["input"])


@pytest.mark.parametrize("compat", ["sane", "reference"])
@pytest.mark.parametrize(
    "case", [c for c in CASES if c["operator"] not in REPLACING], ids=lambda case: case["operator"]
)
def test_the_text_without_the_places_of_a_pruner_is_its_output(case, compat):
    edit = edited(case, compat, trace=True)

    text = pl.Series("text", [case["input"]])
    if compat == "sane" and case["operator"] == "ControlCharPruner":
        text = text.str.replace_all("\x85", "\n")
        assert edit.text[0] == "tab\therenulbell\nnew\nnel\u200bzwspesc"
    else:
        assert of_places(text, edit.spans)[0] == edit.text[0]


def test_every_operator_of_the_survey_has_a_case_and_a_step():
    if not CASES:
        pytest.skip("no sample corpus: set CORPUS_SAMPLES")

    assert {case["operator"] for case in CASES} | {"ChineseConversionPruner"} == set(STEPS)
    assert len(STEPS) == 18
