"""Estimates over shards and snapshots, and how they are printed."""

import polars as pl
import pytest
from typer.testing import CliRunner

from corpus_platform.analytics.counts import counts, counts_table
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import Lake
from corpus_platform.stages.sketches import NAMES, Sketch
from corpus_platform.text.hashing import hash_texts

A, B = "CC-MAIN-2024-10", "CC-MAIN-2024-18"
SETS = {A: (range(100), range(50, 150)), B: (range(100, 400),)}
"""Numbers of each snapshot and shard: 150 of the first, 300 of the second, 50 of them in both."""


def put(lake, snapshot, shards):
    """Commits sketches of some numbers, alike for all names but that domains are a tenth as many."""
    partition = {"variant": "wet", "snapshot": snapshot}
    fence = lake.fence("web.sketches", partition)
    files = []
    for shard, numbers in enumerate(shards):
        rows = []
        for name in sorted(NAMES):
            sketch = Sketch()
            sketch.add(hash_texts([str(n // 10 if name == "domains" else n) for n in numbers]))
            rows.append({"shard": shard, "name": name, **sketch.row()})
        writer = lake.writer("web.sketches", partition, shard, "0123456789")
        writer.write(pl.DataFrame(rows), None)
        files += writer.close()["web.sketches"]
    lake.commit("web.sketches", partition, files, fence, run="0123456789", metadata={"fingerprint": "1"})


@pytest.fixture
def home(tmp_path):
    """A home whose lake has sketches of two snapshots."""
    (tmp_path / "corpus.yaml").write_text("variants: [wet]\n")
    lake = Lake(tmp_path / "lake")
    for snapshot, shards in SETS.items():
        put(lake, snapshot, shards)
    return tmp_path


@pytest.fixture
def lake(home):
    return Lake(home / "lake")


@pytest.mark.parametrize(("snapshots", "expected"), [([A], 150), ([B], 300), ([A, B], 400), ([B, A, A], 400), ([], 0)])
def test_shards_and_snapshots_are_counted_together(lake, snapshots, expected):
    assert counts(lake, "wet", snapshots, "urls") == pytest.approx(expected, rel=0.01)


def test_a_snapshot_adds_what_those_above_it_lack(lake):
    found = counts_table(lake, "wet")

    urls = found.filter(name="urls").drop("name")
    assert urls["snapshot"].to_list() == [A, B]
    assert urls["rows"].to_list() == [200, 300]
    for column, expected in {"distinct": [150, 300], "new": [150, 250], "union": [150, 400]}.items():
        assert urls[column].to_list() == pytest.approx(expected, rel=0.02), column
    assert found.filter(name="domains")["union"].to_list() == pytest.approx([15, 40], rel=0.01)


def test_only_the_snapshots_that_are_named_are_merged(lake):
    found = counts_table(lake, "wet", [B])

    assert found["snapshot"].unique().to_list() == [B]
    assert found.filter(name="urls")["new"].to_list() == pytest.approx([300], rel=0.02)


def test_a_snapshot_without_sketches_is_told_with_those_that_there_are(lake):
    with pytest.raises(SourceError, match=f"of wet, CC-MAIN-2025-05; there are those of {A}, {B}: corpus run"):
        counts_table(lake, "wet", [A, "CC-MAIN-2025-05"])
    with pytest.raises(SourceError, match="no sketches of math: corpus run web/math/sketches"):
        counts_table(lake, "math")


def test_a_name_that_nobody_counts_is_told_with_the_nearest(lake):
    with pytest.raises(SettingsError, match="nobody counts `url`, nearest is `urls`"):
        counts(lake, "wet", [A], "url")


def test_the_command_prints_a_row_for_each_snapshot_and_one_for_all(home, monkeypatch):
    monkeypatch.setattr("corpus_platform.printing.out.width", 160)

    found = CliRunner().invoke(app, ["--home", str(home), "counts"])

    lines = [line.split() for line in found.output.splitlines()]
    assert found.exit_code == 0, found.output
    assert lines[0][2:] == ["urls", "new", "urls", "domains", "new", "domains", "paragraphs", "new", "paragraphs"]
    assert [line[0] for line in lines[1:]] == [A, B, "all"]


def test_the_command_gives_rows_to_programs(home):
    found = CliRunner().invoke(app, ["--home", str(home), "counts", "--snapshot", B, "--format", "csv"])

    assert found.exit_code == 0, found.output
    assert "CC-MAIN-2024-18" in found.output


def test_the_command_says_how_sketches_are_made(tmp_path):
    found = CliRunner().invoke(app, ["--home", str(tmp_path), "counts"])

    assert isinstance(found.exception, SourceError)
    assert "corpus run web/sketches" in str(found.exception)
