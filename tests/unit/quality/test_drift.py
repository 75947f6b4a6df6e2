"""Drift against the snapshot before: what is alike says nothing, what has moved is a warning with what moved, and too few documents are not judged."""

import polars as pl
import pytest
from spoiling import partition_of, sound

from corpus_platform.lake import table
from corpus_platform.quality.counted import ENOUGH
from corpus_platform.quality.run import run_suite

SPEC = table("web.documents")
ROWS = 2 * ENOUGH
BEFORE = "CC-MAIN-2024-51"


def documents(*, rows=ROWS, english=0.5, perplexity=300.0, spread=1.0):
    """Documents of which a share is English; perplexities from a quarter of the given one to four times as much."""
    part = pl.int_range(rows, eager=True) / rows
    language = pl.Series("language", ["en" if share < english else "zh" for share in part])
    measured = perplexity * (4 ** (2 * part - 1)) ** spread
    return sound(SPEC, rows).with_columns(language, measured.cast(pl.Float32).alias("perplexity"))


def put(bench, frame, snapshot=None, **counters):
    """Commits documents as those of a snapshot."""
    partition = {**partition_of(SPEC), **({"snapshot": snapshot} if snapshot else {})}
    lake = bench.home.lake
    fence = lake.fence(SPEC.name, partition)
    with lake.writer(SPEC.name, partition, 0, "drifting00") as writer:
        writer.write(frame)
        files = writer.close()[SPEC.name]
    said = {"counters": {"records": frame.height, "kept": frame.height, **counters}}
    lake.commit(SPEC.name, partition, files, fence, run="drifting00", metadata=said)


def drifted(bench):
    """Outcomes of the comparison that are broken, by figure."""
    result = run_suite(bench.home, SPEC.name, partition_of(SPEC), {"is_like_before"})
    assert result.is_sound
    return {outcome.figure: outcome for outcome in result.outcomes if outcome.is_broken}


def test_a_snapshot_like_the_one_before_has_not_drifted(bench):
    put(bench, documents(), BEFORE, **{"dropped:too_short": 20})
    put(bench, documents(rows=ROWS + 30, english=0.45, perplexity=330.0), **{"dropped:too_short": 30})

    assert drifted(bench) == {}


@pytest.mark.parametrize(
    ("now", "counters", "figure", "first", "observed"),
    [
        ({"rows": 7 * ROWS}, {}, "rows against before", ("rows", "200", "1400"), 7.0),
        ({"english": 0.2}, {}, "shift of language", ("en", "0.5", "0.2"), 0.3),
        ({"perplexity": 600.0}, {}, "perplexity against before", None, 2.0),
        ({"spread": 0.3}, {}, "perplexity against before", None, None),
        (
            {},
            {"dropped:too_short": 40},
            "largest change of a rule",
            ("dropped:too_short", "0", "0.2"),
            0.2,
        ),
        ({}, {"rejects:truncated": 40}, "largest change of a rule", ("rejects:truncated", "0", "0.2"), 0.2),
    ],
)
def test_what_has_moved_is_named_with_what_it_was_and_is(bench, now, counters, figure, first, observed):
    put(bench, documents(), BEFORE)
    put(bench, documents(**now), **counters)

    found = drifted(bench)

    assert set(found) == {figure}
    row = found[figure].rows[0]
    assert set(row) == {"what", "before", "now"}
    if first:
        assert tuple(row.values()) == first
    if observed:
        assert found[figure].observed == pytest.approx(observed, rel=0.05)


def test_a_foreign_bucket_moves_the_shares_of_buckets(bench):
    put(bench, documents(), BEFORE)
    put(bench, documents().with_columns(bucket=pl.lit("tail")))

    found = drifted(bench)

    assert found["shift of bucket"].observed == 1.0
    assert {row["what"]: row["now"] for row in found["shift of bucket"].rows} == {"head": "0", "tail": "1"}


def test_too_few_documents_are_not_judged_and_it_says_why(bench):
    put(bench, documents(rows=ENOUGH - 1), BEFORE)
    put(bench, documents(rows=ENOUGH - 1, english=0.0))

    result = run_suite(bench.home, SPEC.name, partition_of(SPEC), {"is_like_before"})

    assert {outcome.state for outcome in result.outcomes} == {"not asked"}
    assert "fewer than 100" in " ".join(outcome.why for outcome in result.outcomes)


def test_later_snapshots_and_other_variants_are_not_before(bench):
    put(bench, documents(rows=9 * ROWS), "CC-MAIN-2026-01")
    put(bench, documents())

    result = run_suite(bench.home, SPEC.name, partition_of(SPEC), {"is_like_before"})

    whys = {outcome.why for outcome in result.outcomes}
    assert "there is no partition before this one" in whys
    assert result.is_green


def test_the_share_of_copies_is_compared(bench):
    spec = table("web.duplicates")
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)])], counters={"records": 1000, "dropped:copy": 250})
    there = {**partition_of(spec), "snapshot": BEFORE}
    lake = bench.home.lake
    said = {"counters": {"records": 1000, "dropped:copy": 20}}
    lake.commit(spec.name, there, [], lake.fence(spec.name, there), run="drifting00", metadata=said)

    result = run_suite(bench.home, spec.name, partition_of(spec), {"is_like_before"})

    [broken] = [outcome for outcome in result.outcomes if outcome.is_broken]
    assert broken.figure == "change of the share of copies"
    assert broken.observed == 0.23
