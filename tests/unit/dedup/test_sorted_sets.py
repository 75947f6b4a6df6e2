import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.dedup import sorted_sets
from corpus_platform.dedup.paragraphs import repeated
from corpus_platform.dedup.sorted_sets import FlaggedHashes, HashLookup, intersect, sorted_chunks

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20) | st.integers(2**63 - 5, 2**63 + 5), max_size=60)


def ascending(values):
    return np.array(sorted(set(values)), np.uint64)


def random_hashes(size, seed):
    return np.unique(np.random.default_rng(seed).integers(0, 2**64, size, np.uint64))


@settings(deadline=None)
@given(HASHES, HASHES)
def test_a_lookup_knows_exactly_its_hashes(members, asked):
    lookup = HashLookup.of(ascending(members))

    found = lookup.contains(np.array([*members, *asked], np.uint64))

    assert found.tolist() == [True] * len(members) + [h in members for h in asked]


@settings(deadline=None)
@given(HASHES, st.lists(HASHES, max_size=4))
def test_own_hashes_meet_the_chunks_of_a_larger_set(own, others):
    frames = [pl.DataFrame({"hash": ascending(other)}) for other in others]

    shared = intersect(ascending(own), sorted_chunks(frames, memory=500))

    assert shared.dtype == np.uint64
    assert shared.tolist() == sorted(set(own) & {h for other in others for h in other})


def test_chunks_follow_each_other_whatever_the_memory(tmp_path):
    files = []
    for i in range(3):
        files.append(tmp_path / f"{i}.parquet")
        flags = {"hash": random_hashes(5000, i % 2), "in_two_documents": False}
        pl.DataFrame(flags).write_parquet(files[-1], row_group_size=500)

    small, large = list(repeated(files, memory=60_000)), list(repeated(files))

    assert len(small) > 5
    assert len(large) == 1
    assert np.concatenate(small).tolist() == large[0].tolist() == random_hashes(5000, 0).tolist()


def test_files_and_frames_are_read_alike(tmp_path):
    frame = pl.DataFrame({"hash": ascending([1, 2]), "in_two_documents": [False, True], "paragraph_group": 7})
    frame.write_parquet(tmp_path / "set.parquet")

    forms = [frame, frame.lazy(), tmp_path / "set.parquet", str(tmp_path / "set.parquet")]

    assert [np.concatenate(list(repeated([form]))).tolist() for form in forms] == [[2]] * 4
    assert list(repeated([])) == []


def test_a_range_holds_no_more_than_its_share(monkeypatch):
    rows_per_range = []
    concatenate = pl.concat
    monkeypatch.setattr(
        sorted_sets.pl, "concat", lambda parts: rows_per_range.append(sum(map(len, parts))) or concatenate(parts)
    )
    frames = [pl.DataFrame({"hash": random_hashes(20_000, seed)}) for seed in range(4)]

    chunks = list(sorted_chunks(frames, memory=480_000))

    assert sum(map(len, chunks)) == 80_000
    assert len(chunks) == 8
    assert max(rows_per_range) < 1.1 * 10_000


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_a_stream_of_batches_gives_the_same_set_as_one(cut):
    rng = np.random.default_rng(1)
    documents = [rng.integers(0, 3000, 10).astype(np.uint64) for _ in range(1000)]
    stream = FlaggedHashes()

    for i in range(0, len(documents), cut):
        batch = documents[i : i + cut]
        stream.add(np.concatenate(batch), np.arange(len(batch) + 1) * 10)

    hashes, flags = stream.finish()
    of_documents = np.concatenate([np.unique(d) for d in documents])
    expected, counts = np.unique(of_documents, return_counts=True)
    assert hashes.tolist() == expected.tolist()
    assert flags.tolist() == (counts > 1).tolist()


def test_a_stream_of_nothing_gives_an_empty_set():
    hashes, flags = FlaggedHashes().finish()

    assert hashes.dtype == np.uint64
    assert flags.dtype == np.bool_
    assert len(hashes) == len(flags) == 0
