"""What people type: plan, make, release, list, explain; and the check that tells of shifted shares."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.quality.expectation import NotAsked
from corpus_platform.quality.mixed import SHARES_ARE_KEPT
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS

PARTS = [{"from": "corpora/ccnet", "share": 0.6}, {"from": "books/cleaned", "share": 0.4}]


@pytest.fixture
def corpus(house):
    """Types a command; what it prints. Its exit code must be 0."""
    house.books()
    house.mix(budget=9000, parts=PARTS)
    house.home()

    def run(*words, fails=False):
        result = CliRunner().invoke(app, ["--home", str(house.folder), *map(str, words)])
        assert (result.exit_code != 0) == fails, result.output
        return result.output + (str(result.exception) if fails else "")

    return run


def test_a_mix_is_planned_made_released_and_explained(house, corpus, tmp_path):
    planned = corpus("mix", "plan", "small")
    made = corpus("mix", "make", "small")
    released = corpus(
        "release", "make", "first", "--mix", "small", "--out", tmp_path / "first", "--licences", "permissive"
    )
    listed = corpus("release", "list")
    doc_id = house.lake.scan(MIX_DOCUMENTS).filter(part="books_cleaned").collect()["doc_id"][0]
    told = json.loads(corpus("explain", doc_id, "--format", "json").splitlines()[-1])

    assert [line.split()[2] for line in planned.splitlines()[1:3]] == ["5,400", "3,600"]
    assert "corpus release make RELEASE --mix small --out FOLDER" in made
    assert "is current" in corpus("mix", "make", "small")
    assert "that are not under `permissive`" in released
    assert "mix small" in listed
    assert "stale" not in listed
    assert (told["table"], told["partition"]) == ("books.cleaned", {"collection": "pg"})
    assert told["file"].startswith("books/")
    assert "is as its manifest says" in corpus("release", "verify", "first", "--out", tmp_path / "first")

    house.web(partition={"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-08"}, first=60)

    assert "stale" in corpus("release", "list")
    assert "stale" in corpus("mix", "list")


def test_mistakes_say_what_to_type(corpus, tmp_path):
    assert "nearest is `small`" in corpus("mix", "make", "smal", fails=True)
    assert "--mix NAME --out FOLDER" in corpus("release", "make", "first", "--mix", "small", fails=True)
    assert "there is no format `csv`" in corpus(
        "release", "make", "first", "--mix", "small", "--out", tmp_path / "x", "--format", "csv", fails=True
    )
    assert "name assets, and snapshots" in corpus("release", "make", "first", fails=True)


def test_a_tokenizer_is_trained_once_and_again_only_when_that_is_asked_for(house, corpus):
    house.web(partition={"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-08"}, first=60)

    before = house.lake.state("models.tokenizer", {"tokenizer": "default"}).version
    assert "is current" in corpus("tokenizer", "train")
    assert house.lake.state("models.tokenizer", {"tokenizer": "default"}).version == before
    assert "made" in corpus("tokenizer", "train", "--again")
    assert house.lake.state("models.tokenizer", {"tokenizer": "default"}).version > before
    assert "unigram" in corpus("tokenizer", "list")


def facts(**counters):
    return SimpleNamespace(
        counters=lambda start: {name.removeprefix(start): n for name, n in counters.items() if name.startswith(start)}
    )


def test_the_check_warns_when_cleaning_shifts_shares_and_not_when_it_keeps_them():
    name = "corpora.x:language"
    kept = facts(
        **{f"before:{name}:en": 500, f"before:{name}:zh": 500, f"after:{name}:en": 200, f"after:{name}:zh": 210}
    )
    moved = facts(
        **{f"before:{name}:en": 500, f"before:{name}:zh": 500, f"after:{name}:en": 390, f"after:{name}:zh": 20}
    )
    few = facts(**{f"before:{name}:en": 9, f"after:{name}:en": 1})

    assert SHARES_ARE_KEPT.find(kept).value < SHARES_ARE_KEPT.most
    assert SHARES_ARE_KEPT.find(moved).value > SHARES_ARE_KEPT.most
    assert SHARES_ARE_KEPT.find(moved).rows[0]["most"].startswith(("en +", "zh -"))
    assert isinstance(SHARES_ARE_KEPT.find(few), NotAsked)
