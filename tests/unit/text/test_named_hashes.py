import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_platform.text.batch import Spans
from corpus_platform.text.named_hashes import murmur_32, xx64

P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
LENGTHS = [bytes(range(n % 251)) + b"x" * n for n in range(80)]


def spans_of(messages):
    end = np.cumsum([len(m) for m in messages], dtype=np.int64)
    start = end - [len(m) for m in messages]
    return Spans(np.frombuffer(b"".join(messages), np.uint8), start.astype(np.int64), end)


def rotated(value, by, bits):
    value %= 2**bits
    return (value << by | value >> bits - by) % 2**bits


def slow_xx64(data):
    def turn(state, word):
        return rotated(state + word * P2, 31, 64) * P1 % 2**64

    def word(i, size):
        return int.from_bytes(data[i : i + size], "little")

    i, state = 0, P5
    if len(data) >= 32:
        lanes = [P1 + P2, P2, 0, -P1]
        while len(data) - i >= 32:
            lanes = [turn(lane, word(i + 8 * k, 8)) for k, lane in enumerate(lanes)]
            i += 32
        state = sum(rotated(lane, by, 64) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True))
        for lane in lanes:
            state = (state ^ turn(0, lane)) * P1 + P4
            state %= 2**64
    state = (state + len(data)) % 2**64
    while len(data) - i >= 8:
        state = (rotated(state ^ turn(0, word(i, 8)), 27, 64) * P1 + P4) % 2**64
        i += 8
    if len(data) - i >= 4:
        state = (rotated(state ^ word(i, 4) * P1 % 2**64, 23, 64) * P2 + P3) % 2**64
        i += 4
    for byte in data[i:]:
        state = rotated(state ^ byte * P5 % 2**64, 11, 64) * P1 % 2**64
    state = (state ^ state >> 33) * P2 % 2**64
    state = (state ^ state >> 29) * P3 % 2**64
    return state ^ state >> 32


def slow_murmur_32(data):
    state = 0
    for i in range(0, len(data), 4):
        word = rotated(int.from_bytes(data[i : i + 4], "little") * 0xCC9E2D51, 15, 32) * 0x1B873593 % 2**32
        state ^= word
        if i + 4 <= len(data):
            state = (rotated(state, 13, 32) * 5 + 0xE6546B64) % 2**32
    state ^= len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B % 2**32
    state = (state ^ state >> 13) * 0xC2B2AE35 % 2**32
    return state ^ state >> 16


@pytest.mark.parametrize(("fast", "slow"), [(xx64, slow_xx64), (murmur_32, slow_murmur_32)])
@settings(deadline=None)
@given(messages=st.lists(st.binary(max_size=100), max_size=20))
@example(messages=[])
@example(messages=[b"a"])
@example(messages=LENGTHS)
def test_a_named_hash_is_that_of_the_slow_twin(fast, slow, messages):
    assert fast(spans_of(messages)).tolist() == [slow(m) for m in messages]


FOX = b"The quick brown fox jumps over the lazy dog"


@pytest.mark.parametrize(
    ("fast", "message", "value"),
    [
        (xx64, b"", 0xEF46DB3751D8E999),
        (xx64, b"a", 0xD24EC4F1A98C6E5B),
        (xx64, b"abc", 0x44BC2CF5AD770999),
        (xx64, FOX, 0x0B242D361FDA71BC),
        (murmur_32, b"", 0),
        (murmur_32, b"hello", 0x248BFA47),
        (murmur_32, b"hello, world", 0x149BBB7F),
        (murmur_32, FOX, 0x2E4FF723),
    ],
)
def test_a_named_hash_is_that_of_the_reference_implementation(fast, message, value):
    assert fast(spans_of([message])).tolist() == [value]
