"""Packing: first fit by falling length, against its slow twin; nothing lost, nothing cut that fits."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import SettingsError
from corpus_platform.sft.exports.packing import pack, write


def slow_first_fit(lengths, most):
    """Sequence of each length, the longest first, each into the first sequence with room."""
    rooms, found = [], [0] * len(lengths)
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        place = next((k for k, room in enumerate(rooms) if room >= lengths[i]), len(rooms))
        if place == len(rooms):
            rooms.append(most)
        rooms[place] -= lengths[i]
        found[i] = place
    return found


@given(lengths=st.lists(st.integers(1, 30), max_size=60), most=st.integers(30, 50))
@settings(deadline=None, max_examples=50)
def test_packing_agrees_with_its_slow_twin(lengths, most):
    assert pack(lengths, most).sequence.tolist() == slow_first_fit(lengths, most)


@given(lengths=st.lists(st.integers(1, 200), min_size=1, max_size=40), most=st.integers(1, 64))
@settings(deadline=None, max_examples=50)
def test_every_token_is_in_one_sequence_and_only_what_is_too_long_is_cut(lengths, most):
    packed = pack(lengths, most)

    assert np.bincount(packed.sample, packed.length).tolist() == lengths
    assert np.bincount(packed.sequence, packed.length).max() <= most
    pieces = np.bincount(packed.sample)
    assert all((n > 1) == (length > most) for n, length in zip(pieces, lengths, strict=True))


def test_sequences_are_rows_with_the_samples_and_where_each_begins(tmp_path):
    write(pack([6, 25, 4, 5], 10), ["a", "b", "c", "d"], tmp_path / "packed.parquet")

    rows = pq.read_table(tmp_path / "packed.parquet").to_pylist()
    assert [(row["sample_ids"], row["lengths"], row["starts"], row["total"]) for row in rows] == [
        (["b"], [10], [0], 10),
        (["b"], [10], [10], 10),
        (["a", "c"], [6, 4], [0, 0], 10),
        (["b", "d"], [5, 5], [20, 0], 10),
    ]


def test_nothing_is_packed_into_nothing(tmp_path):
    packed = pack([], 10)

    write(packed, [], tmp_path / "packed.parquet")

    assert (packed.sequences, packed.filled, pq.read_table(tmp_path / "packed.parquet").num_rows) == (0, 0.0, 0)


def test_a_sequence_without_room_is_refused():
    with pytest.raises(SettingsError, match="one token at least"):
        pack([1], 0)
