"""Sets of documents that come one after the other: clusters, units and survivors against twins that see everything at once."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_clusters import clusters, near, share_a_key, share_key_and_value, units_that_go

from corpus_platform.dedup.cluster_rows import ByExpression
from corpus_platform.dedup.keys import Keys
from corpus_platform.dedup.local import cluster_set, match_sets
from corpus_platform.dedup.local_set import DocumentSet
from corpus_platform.dedup.matching import Equal, Near
from corpus_platform.dedup.unit_matching import Units, match_units
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import DamagedFile

MEMORY = 1 << 29
# A few keys that many documents share, from both ends of the range, and values that differ in a few bits.
KEYS = st.sampled_from([0, 1, 1 << 40, 5 << 61, (1 << 64) - 2, (1 << 64) - 1, *range(900, 930)])
VALUES = st.sampled_from([0, 1, 3, 7, 255, (1 << 64) - 1, 1 << 63])
DOCUMENT = st.lists(st.tuples(KEYS, VALUES), max_size=3, unique_by=lambda pair: pair[0])
SETS = st.lists(st.lists(DOCUMENT, max_size=12), min_size=1, max_size=4)


@pytest.fixture
def folder():
    made = Path(mkdtemp())
    yield made
    shutil.rmtree(made)


def named(sets):
    return [[(f"{s}-{d:03d}", keys) for d, keys in enumerate(own)] for s, own in enumerate(sets)]


def stored(folder, name, documents, *, has_values=False, parts=2):
    """A set in a folder, in some parts."""
    made = DocumentSet(folder / name, has_values)
    size = -(-max(len(documents), 1) // parts)
    for part in range(parts):
        own = documents[part * size : (part + 1) * size]
        offset = np.cumsum([0, *(len(keys) for _, keys in own)]).astype(np.int64)
        key = np.array([k for _, keys in own for k, _ in keys], np.uint64)
        value = np.array([v for _, keys in own for _, v in keys], np.uint64)
        frame = pl.DataFrame(
            {
                "doc_id": [doc_id for doc_id, _ in own],
                "place": [7 * (part * size + i) for i in range(len(own))],
                "preference": [0] * len(own),
                "domain": ["example.org"] * len(own),
            },
            schema={"doc_id": pl.String, "place": pl.Int64, "preference": pl.UInt64, "domain": pl.String},
        )
        made.add(part, frame, Keys(key, offset, value if has_values else None))
    return made


def deduplicated(folder, sets, rule, *, has_values=False, survivor="first", parts=2):
    """Rows of each set, made one after the other."""
    made, found = [], []
    for number, documents in enumerate(sets):
        own = stored(folder, str(number), documents, has_values=has_values, parts=parts)
        match_sets(own, made, rule, Serial())
        cluster_set(own, made, ByExpression("1.0"), survivor, MEMORY)
        made.append(own)
        found.append(pl.read_parquet(own.duplicates))
    return found


def told(rows):
    return {row["doc_id"]: (row["cluster"], row["size"]) for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("rule", "has_values", "matches"),
    [
        (Equal(), False, share_a_key),
        (Equal(), True, share_key_and_value),
        (Near(2), True, near(2)),
        (Near(2, every=True), True, near(2)),
    ],
)
@given(sets=SETS)
@settings(deadline=None, max_examples=12)
def test_clusters_of_a_set_are_those_of_all_documents_up_to_it(rule, has_values, matches, sets):
    folder, sets = Path(mkdtemp()), named(sets)

    rows = deduplicated(folder, sets, rule, has_values=has_values)

    shutil.rmtree(folder)
    assert [told(frame) for frame in rows] == [clusters(sets, upto, matches) for upto in range(len(sets))]


@given(sets=SETS)
@settings(deadline=None, max_examples=8)
def test_one_document_of_each_new_cluster_stays_and_what_was_published_stays_alone(sets):
    folder, sets = Path(mkdtemp()), named(sets)

    rows = deduplicated(folder, sets, Equal())

    shutil.rmtree(folder)
    for own in rows:
        kept = own.filter("kept")
        assert kept["cluster"].is_unique().all()
        assert kept["doc_id"].to_list() == kept["canonical"].to_list() == kept["cluster"].to_list()
        assert own.filter(pl.col("first_number").is_null())["cluster"].n_unique() == kept.height


def test_the_newest_stays_beside_what_was_published_and_none_stays_where_none_may(folder):
    sets = named([[[(1, 0)], [(1, 0)]], [[(1, 0)], [(1, 0)], [(2, 0)]]])

    newest = deduplicated(folder / "newest", sets, Equal(), survivor="newest")
    none = deduplicated(folder / "none", sets, Equal(), survivor="none")

    assert [frame.filter("kept")["doc_id"].to_list() for frame in newest] == [["0-000"], ["1-000"]]
    assert [frame["kept"].any() for frame in none] == [False, False]


def test_a_document_that_joins_two_earlier_clusters_merges_the_later_one(folder):
    sets = named([[[(1, 0)], [(1, 0)], [(2, 0)]], [[(2, 0)]], [[(1, 0), (2, 0)]], [[(2, 0)]]])

    rows = deduplicated(folder, sets, Equal())

    assert rows[1].select("cluster", "size").rows() == [("0-002", 2)]
    assert rows[2].select("cluster", "size", "merged").rows() == [("0-000", 5, ["0-002"])]
    assert rows[3].select("cluster", "size", "canonical", "kept").rows() == [("0-000", 6, "0-000", False)]


def test_parts_and_ranges_change_nothing(folder, monkeypatch):
    generator = np.random.default_rng(5)
    sets = named(
        [
            [
                [(int(k), 0) for k in set(generator.integers(0, 40, 3).astype(np.uint64) * np.uint64(1 << 58))]
                for _ in range(40)
            ]
            for _ in range(3)
        ]
    )
    whole = deduplicated(folder / "whole", sets, Equal(), parts=1)
    monkeypatch.setattr("corpus_platform.dedup.local.KEYS_OF_A_RANGE", 9)
    monkeypatch.setattr("corpus_platform.dedup.local._EARLIER_AT_ONCE", 3)

    cut = deduplicated(folder / "cut", sets, Equal(), parts=7)

    assert len(list((folder / "cut" / "0" / "index").glob("*.parquet"))) > 5
    assert all(a.equals(b) for a, b in zip(whole, cut, strict=True))


def test_components_on_disk_are_those_in_memory(folder, monkeypatch):
    generator = np.random.default_rng(6)
    sets = named([[[(int(k), 0) for k in set(generator.integers(0, 90, 2))] for _ in range(80)] for _ in range(2)])
    in_memory = deduplicated(folder / "memory", sets, Equal())
    monkeypatch.setattr("corpus_platform.dedup.cluster_rows.fits_in_memory", lambda *_: False)

    on_disk = deduplicated(folder / "disk", sets, Equal())

    assert all(a.equals(b) for a, b in zip(in_memory, on_disk, strict=True))


def test_a_long_chain_is_one_cluster_on_disk_too(folder, monkeypatch):
    monkeypatch.setattr("corpus_platform.dedup.cluster_rows.fits_in_memory", lambda *_: False)
    sets = named([[[(i, 0), (i + 1, 0)] for i in range(0, 600, 1)]])

    [rows] = deduplicated(folder, sets, Equal())

    assert rows["size"].unique().to_list() == [600]


def test_similarity_is_that_to_the_nearest_neighbour(folder):
    own = stored(folder, "0", [("a", [(k, 0) for k in range(9)]), ("b", [(k, 0) for k in range(9)]), ("c", [(0, 0)])])
    match_sets(own, [], Equal(), Serial())

    cluster_set(own, [], ByExpression("keys / 9.0"), "first", MEMORY)

    rows = pl.read_parquet(own.duplicates)
    assert rows.select("doc_id", "neighbour").rows() == [("a", None), ("b", "a"), ("c", "a")]
    assert rows["similarity"].to_list() == pytest.approx([1.0, 1.0, 1 / 9])


def test_a_run_goes_on_where_it_was_stopped(folder):
    own = stored(folder, "0", [("a", [(1, 0)]), ("b", [(1, 0)])])
    match_sets(own, [], Equal(), Serial())
    [edges] = own.files("edges")
    before = edges.stat().st_mtime_ns

    match_sets(own, [], Equal(), Serial())

    assert edges.stat().st_mtime_ns == before


def test_a_damaged_file_of_keys_is_found_when_it_is_read(folder):
    own = stored(folder, "0", [(f"d{i}", [(i << 50, 0)]) for i in range(2000)], parts=1)
    [keys] = own.files("keys")
    content = bytearray(keys.read_bytes())
    content[len(content) // 3] ^= 1
    keys.write_bytes(content)

    with pytest.raises(DamagedFile, match=keys.name):
        own.holders(0, (1 << 64) - 1)


def test_edges_to_documents_that_are_not_there_are_refused(folder):
    first = stored(folder, "0", [("a", [(1, 0)])])
    match_sets(first, [], Equal(), Serial())
    cluster_set(first, [], ByExpression("1.0"), "first", MEMORY)
    second = stored(folder, "1", [("b", [(1, 0)])])
    match_sets(second, [first], Equal(), Serial())
    for path in first.files("documents"):
        pl.read_parquet(path).clear().write_parquet(path)

    with pytest.raises(DamagedFile, match="lead to documents"):
        cluster_set(second, [first], ByExpression("1.0"), "first", MEMORY)


UNIT_SETS = st.lists(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6), min_size=1, max_size=3)


@pytest.mark.parametrize("keep", ["first", "none", "newest"])
@given(sets=UNIT_SETS)
@settings(deadline=None)
def test_units_that_go_are_those_that_the_sets_up_to_theirs_have_elsewhere(keep, sets):
    sets = [[(f"{s}-{d}", keys) for d, keys in enumerate(own)] for s, own in enumerate(sets)]
    indexes = []

    for upto, own in enumerate(sets):
        rows = [(key, d, o) for d, (_, keys) in enumerate(own) for o, key in enumerate(keys)]
        key, place, ordinal = (
            (np.array(column) for column in zip(*rows, strict=True)) if rows else [np.empty(0, np.int64)] * 3
        )
        found = match_units(Units.sorted(key.astype(np.uint64), place, ordinal), indexes, keep)
        indexes.append(found.index)

        gone = {(own[d][0], int(o)) for d, o in zip(found.place, found.ordinal, strict=True)}
        assert gone == units_that_go(sets, upto, keep)


def test_of_units_that_are_preferred_the_least_stays():
    key = np.array([4, 4, 4, 9], np.uint64)

    found = match_units(
        Units.sorted(key, np.array([0, 1, 2, 2]), np.array([0, 0, 1, 0]), np.array([7, 3, 5, 5], np.uint64)),
        [],
        "preferred",
    )

    assert list(zip(found.place.tolist(), found.ordinal.tolist(), strict=True)) == [(0, 0), (2, 1)]
