"""What `corpus verify` prints, and its exit code."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.lake import Lake

PARTITION = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}
NAME = "web.paragraphs"


@pytest.fixture
def home(tmp_path):
    """A home whose lake has two files of one table."""
    (tmp_path / "corpus.yaml").write_text("variants: [wet]\n")
    lake = Lake(tmp_path / "lake")
    fence, files = lake.fence(NAME, PARTITION), []
    for shard in range(2):
        with lake.writer(NAME, PARTITION, shard, "0123456789") as writer:
            writer.write(pl.DataFrame({"hash": [shard], "paragraph_group": [shard]}))
            files += writer.close()[NAME]
    lake.commit(NAME, PARTITION, files, fence, run="0123456789", metadata={"fingerprint": "1", "stage": NAME})
    return tmp_path


@pytest.fixture
def corpus(home, monkeypatch):
    monkeypatch.setattr("corpus_platform.printing.out.width", 220)
    return lambda *words: CliRunner().invoke(app, ["--home", str(home), "verify", *words])


def test_a_sound_lake_is_a_line(corpus):
    done = corpus()

    assert done.exit_code == 0, done.output
    assert done.output == "2 files, 0.0 MB: all as written\n"


def test_damage_is_a_row_of_a_table_and_the_exit_code_is_1_until_it_is_repaired(home, corpus):
    (path,) = Path(home, "lake").rglob("00001-*.parquet")
    path.unlink()

    found, repaired = corpus(NAME), corpus("--repair")

    assert (found.exit_code, repaired.exit_code) == (1, 0), repaired.output
    for done in (found, repaired):
        assert [NAME, "wet,CC-MAIN-2024-10", "1", path.name, "it", "is", "missing"] == done.output.split("\n")[
            1
        ].split()[:7]
        assert "2 files, 0.0 MB: 1 damaged or missing" in done.output
    assert "Next: corpus verify --repair" in found.output
    assert "its shard will be made anew" in repaired.output


def test_an_unknown_table_is_told(corpus):
    assert "there is no table `web.paragraph`, nearest is" in str(corpus("web.paragraph").exception)
