import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.models.ngram_estimation.arpa import _write_number
from corpus_platform.models.ngram_estimation.discounts import discounts_of
from corpus_platform.models.ngram_estimation.packing import Packing
from corpus_platform.models.ngram_estimation.sorting import Sorter, in_order
from corpus_platform.models.ngram_estimation.vocabulary import Vocabulary

KEYS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**64 - 1) | st.integers(0, 3)), max_size=300)


def rows_of(keys, payload=1):
    return np.array([(*key, payload) for key in keys], dtype=np.uint64).reshape(-1, 3)


@settings(deadline=None)
@given(keys=KEYS)
def test_rows_are_sorted_and_added_up(keys):
    rows = in_order(rows_of(keys), add_up=True)

    assert rows.tolist() == [[*key, keys.count(key)] for key in sorted(set(keys))]


@pytest.mark.parametrize("runs", [0, 1, 2, 70, 200])
def test_runs_on_disk_come_back_as_one_sorted_stream(tmp_path, runs):
    keys = [(i * 7919 % 101, i * 104729 % 1009) for i in range(256 * runs)]
    sorter = Sorter(tmp_path, "t", 3, memory=1, add_up=True)

    for start in range(0, len(keys), 1000):
        sorter.add(rows_of(keys[start : start + 1000]))
    blocks = list(sorter.blocks())

    found = np.concatenate([rows_of([]), *blocks]).tolist()
    assert found == in_order(rows_of(keys), add_up=True).tolist()
    assert not list(tmp_path.iterdir())


@settings(deadline=None)
@given(words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\t\n\r "), min_size=1)))
def test_a_growing_vocabulary_keeps_its_ids(words):
    vocabulary = Vocabulary(words=4)
    expected = {}
    for word in words:
        expected.setdefault(word, len(expected) + 3)

    ids = [int(vocabulary.ids(f"{word} ".encode())[0]) for word in words]

    assert ids == [expected[word] for word in words]
    assert len(vocabulary) == len(expected) + 3
    spelled = [
        vocabulary.letters[vocabulary.starts[i] : vocabulary.starts[i + 1]].tobytes().decode()
        for i in range(len(vocabulary))
    ]
    assert spelled == ["<unk>", "<s>", "</s>", *expected]


@pytest.mark.parametrize("bits", [2, 17, 21, 31, 32])
def test_prefix_masks_hold_the_first_words_of_a_sequence(bits):
    packing = Packing(5, bits)
    where, shifts = packing.places()

    masks = packing.prefix_masks(3, packing.columns(5))

    row = np.zeros(packing.columns(5), dtype=np.uint64)
    for position, word in enumerate((1, 2, 3, 1, 1)):
        row[where[position]] |= np.uint64(word) << shifts[position]
    kept = row & masks
    words = [int((kept[where[p]] >> shifts[p]) & packing.mask) for p in range(5)]
    assert words == [1, 2, 3, 0, 0]


@settings(deadline=None)
@given(value=st.floats(-999, 0) | st.sampled_from([0.0, -1e-8, -0.5e-7, -0.99999996, -10.0, -99.0, -1.5]))
def test_numbers_are_written_with_seven_decimals(value):
    out = np.zeros(32, dtype=np.uint8)

    end = _write_number(value, out, 0)

    written = out[:end].tobytes().decode()
    assert float(written) == pytest.approx(value, abs=0.51e-7)
    assert written == f"{float(written):.7f}".rstrip("0").rstrip(".")


def test_discounts_are_those_of_the_formula():
    found, fell_back = discounts_of(1, [2, 1246, 445, 236, 137], None)

    assert found == pytest.approx((0.5833333, 1.0719101, 1.6454802))
    assert not fell_back


def test_discounts_out_of_range_fall_back():
    found, fell_back = discounts_of(1, [0, 10, 1, 10, 1], (0.5, 1.0, 1.5))

    assert (found, fell_back) == ((0.5, 1.0, 1.5), True)
