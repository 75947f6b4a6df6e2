"""`corpus run` over data sets of which one fails."""

import json

import pytest

from corpus_platform import definitions
from corpus_platform.commands.batches import SetsFailed, run_batches
from corpus_platform.errors import DiskFull
from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

SETS = {
    "gone": {"location": "gone", "kind": "verifiable"},
    "odd": {"location": "odd", "kind": "verifiable"},
    "of_gone": {"construct": "fobar", "from": ["gone", "whole"]},
    "whole": {"location": "whole", "kind": "verifiable"},
}
ROWS = {
    "odd": {"question": "How many?", "answer": "#### 7", "colour": "red"},
    "whole": {"question": "Ann has 3 hens and buys 4 more. How many has she?", "answer": "3 + 4 = 7\n#### 7"},
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name, row in ROWS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.jsonl").write_text(json.dumps(row) + "\n")
    settings = {"sft": {"sets": SETS}, "engine": {"kind": "serial"}, "language_model": {"languages": []}}
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    # The runs without Dagster's own time; with it they are in the end-to-end test of all data sets.
    monkeypatch.setattr(definitions, "instance_of", lambda home: None)
    monkeypatch.setattr(definitions, "make", lambda home, instance, batch: [home.run(*one) for one in batch.tables])
    return Home.open(tmp_path)


def run(home, asset):
    return run_batches(home, home.batches([asset], []))


def test_a_data_set_that_fails_stops_no_other_and_is_told_at_the_end(home):
    with pytest.raises(SetsFailed) as told:
        run(home, "sft/signals")
    first, gone, odd, left = str(told.value).splitlines()

    assert first == "2 of 4 data sets failed; 2 runs were made of the others:"
    assert gone.startswith("  gone: ")
    assert "column `colour` is not in the map" in odd
    assert left == "  of_gone: left out, for it is built of them"
    assert home.lake.state("sft.signals", {"set": "whole"}).rows == 1
    assert not home.lake.state("sft.signals", {"set": "odd"})


def test_what_was_mended_is_made_by_the_same_command(home):
    with pytest.raises(SetsFailed):
        run(home, "sft/raw")
    (home.path / "gone").mkdir()
    (home.path / "gone" / "rows.jsonl").write_text(json.dumps(ROWS["whole"]) + "\n")

    assert run(home, "sft/raw") == 1
    assert [state.partition["set"] for state in home.lake.states("sft.raw")] == ["gone", "odd", "whole"]


def test_what_would_fail_for_all_ends_the_command(home, monkeypatch):
    def full(*_):
        raise DiskFull("no byte is left")

    monkeypatch.setattr(definitions, "make", full)

    with pytest.raises(DiskFull):
        run(home, "sft/raw")
