import hashlib

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_platform.text.batch import Spans
from corpus_platform.text.sha1 import sha1_prefix, sha1_words


def spans_of(messages):
    end = np.cumsum([len(m) for m in messages], dtype=np.int64)
    start = end - [len(m) for m in messages]
    return Spans(np.frombuffer(b"".join(messages), np.uint8), start.astype(np.int64), end)


def digests(messages):
    return [words.astype(">u4").tobytes() for words in sha1_words(spans_of(messages))]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=80))
@example([])
@example([b""])
def test_sha1_agrees_with_hashlib(messages):
    assert digests(messages) == [hashlib.sha1(m).digest() for m in messages]


def test_sha1_agrees_with_hashlib_at_every_length_around_the_padding():
    messages = [bytes(range(256)) * 3 + bytes([n % 251]) * n for n in range(200)] + [b"x" * n for n in range(300)]

    assert digests(messages) == [hashlib.sha1(m).digest() for m in messages]


def test_sha1_of_a_long_message_beside_short_ones():
    messages = [b"a", b"b" * 5_000_000, b"", b"c" * 64]

    assert digests(messages) == [hashlib.sha1(m).digest() for m in messages]


def test_the_prefix_is_the_first_eight_bytes_little_endian():
    messages = [b"", b"abc", "今天0000年".encode()]

    prefix = sha1_prefix(spans_of(messages))

    assert prefix.dtype == np.uint64
    assert prefix.tolist() == [int.from_bytes(hashlib.sha1(m).digest()[:8], "little") for m in messages]
