import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow import slow_hash

from corpus_platform.text.batch import Spans
from corpus_platform.text.hashing import hash_spans, hash_texts, measure


@settings(deadline=None)
@given(st.binary(max_size=60), st.data())
def test_a_range_is_hashed_as_its_slow_twin_does_it(content, data):
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))

    hashes = hash_spans(Spans(np.frombuffer(content, np.uint8), np.array([start, 0]), np.array([end, len(content)])))

    assert hashes.tolist() == [slow_hash(content[start:end]), slow_hash(content)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0xDA1470C8E28FC2EE),
        ("the", 0xF6A367E5F301E009),
        ("internationalisation", 0x388286CE1D752510),
        ("语料库", 0xD7760E67EAE3D5C8),
    ],
)
def test_hashes_stay_the_same_from_release_to_release(text, expected):
    assert hash_texts([text])[0] == expected


def test_zeros_at_the_end_count():
    assert len(set(hash_texts(["", "\0", "\0\0", "a", "a\0", "a\0\0\0\0\0\0\0", "a\0\0\0\0\0\0\0\0"]).tolist())) == 7


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_characters_are_counted_on_the_way(text):
    data = np.frombuffer(text.encode(), np.uint8)

    characters, _ = measure(Spans(data, np.array([0]), np.array([data.size])))

    assert characters[0] == len(text)
