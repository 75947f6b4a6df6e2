import hashlib

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_platform.text.batch import Spans
from corpus_platform.text.md5 import md5_halves, md5_words


def spans_of(messages):
    end = np.cumsum([len(m) for m in messages], dtype=np.int64)
    start = end - [len(m) for m in messages]
    return Spans(np.frombuffer(b"".join(messages), np.uint8), start.astype(np.int64), end)


def digests(messages):
    return [words.astype("<u4").tobytes() for words in md5_words(spans_of(messages))]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=80))
@example([])
@example([b""])
def test_md5_agrees_with_hashlib(messages):
    assert digests(messages) == [hashlib.md5(m).digest() for m in messages]


def test_md5_agrees_with_hashlib_at_every_length_around_the_padding():
    messages = [bytes(range(256)) * 3 + bytes([n % 251]) * n for n in range(200)] + [b"x" * n for n in range(300)]

    assert digests(messages) == [hashlib.md5(m).digest() for m in messages]


def test_md5_of_a_long_message_beside_short_ones():
    messages = [b"a", b"b" * 3_000_000, b"", b"c" * 64]

    assert digests(messages) == [hashlib.md5(m).digest() for m in messages]


def test_halves_are_big_endian_numbers():
    messages = [b"", b"abc", "中文".encode()]

    first, last = md5_halves(spans_of(messages))

    assert first.dtype == last.dtype == np.uint64
    assert first.tolist() == [int.from_bytes(hashlib.md5(m).digest()[:8], "big") for m in messages]
    assert last.tolist() == [int.from_bytes(hashlib.md5(m).digest()[8:], "big") for m in messages]
