"""Candidates that are looked at again: true similarities, and links that turn out to be none, across sets too."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.dedup.keys import Keys
from corpus_platform.dedup.local import cluster_set, match_sets
from corpus_platform.dedup.local_set import DocumentSet
from corpus_platform.dedup.matching import Equal
from corpus_platform.dedup.verify import ByShingles, jaccards
from corpus_platform.engine.serial import Serial

SETS = st.lists(st.tuples(st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12))), max_size=8)


def flat(sets):
    values = [value for one in sets for value in sorted(one)]
    return np.array(values, np.uint64), np.cumsum([0, *map(len, sets)]).astype(np.int64)


@given(pairs=SETS)
@settings(deadline=None)
def test_similarities_are_those_of_the_sets(pairs):
    found = jaccards(*flat([a for a, _ in pairs]), *flat([b for _, b in pairs]))

    assert found.tolist() == pytest.approx([len(a & b) / len(a | b) if a | b else 0.0 for a, b in pairs])


def stored(folder, documents):
    """A set of documents (id, keys, shingles)."""
    made = DocumentSet(folder)
    frame = pl.DataFrame(
        {
            "doc_id": [doc_id for doc_id, _, _ in documents],
            "place": range(len(documents)),
            "preference": [0] * len(documents),
            "domain": [None] * len(documents),
            "shingles": [sorted(shingles) for _, _, shingles in documents],
        },
        schema_overrides={"preference": pl.UInt64, "domain": pl.String, "shingles": pl.List(pl.UInt64)},
    )
    key, offset = flat([keys for _, keys, _ in documents])
    made.add(0, frame, Keys(key, offset))
    return made


def test_candidates_that_are_not_alike_are_no_copies_and_others_are_found_through_their_neighbour(tmp_path):
    own = stored(
        tmp_path,
        [
            ("first", {1}, set(range(10))),
            ("chance", {1}, set(range(100, 110))),
            ("like chance", {1}, set(range(101, 111))),
            ("like first", {1, 2}, set(range(1, 11))),
        ],
    )
    match_sets(own, [], Equal(chained=True), Serial())

    cluster_set(own, [], ByShingles(0.8), "first", 1 << 29)

    rows = pl.read_parquet(own.duplicates)
    assert dict(rows.select("doc_id", "cluster").iter_rows()) == {
        "first": "first",
        "chance": "chance",
        "like chance": "chance",
        "like first": "first",
    }
    assert rows["similarity"].to_list() == pytest.approx([1.0, 1.0, 9 / 11, 9 / 11])


def test_a_candidate_of_an_earlier_set_is_looked_at_by_its_stored_shingles(tmp_path):
    first = stored(tmp_path / "0", [("old", {1, 2}, set(range(10))), ("other", {3}, {50})])
    match_sets(first, [], Equal(chained=True), Serial())
    cluster_set(first, [], ByShingles(0.8), "first", 1 << 29)
    second = stored(tmp_path / "1", [("copy", {1}, set(range(10))), ("chance", {2, 3}, {7, 50, 51, 52})])
    match_sets(second, [first], Equal(chained=True), Serial())

    cluster_set(second, [first], ByShingles(0.8), "first", 1 << 29)

    rows = pl.read_parquet(second.duplicates)
    assert rows.select("doc_id", "cluster", "kept").rows() == [("copy", "old", False)]
