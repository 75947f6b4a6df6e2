"""Shingles of texts: runs of n words or characters, as byte ranges or as hashes.

Words of a shingle are joined by one space; its hash is the mixed sum of word hash * B^place (hashing.py), which costs the same for any n. Characters are those
of the text as it is, white space included, or of its words joined by one space.
Promise: equal to slicing in plain Python on any text; shingles may occur more than once.

Not here: normal forms and words (normalise.py, words.py), signatures (minhash.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.text.batch import Spans
from corpus_platform.text.hashing import SEED, measure_ranges, mixed, padded
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.wide import load8
from corpus_platform.text.words import classes_of, cut

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch
    from corpus_platform.text.words import Tokens

Unit = Literal["word", "character"]

_U64 = np.uint64
_OF_LENGTH, _AT_END = _U64(0xA0761D6478BD642F), _U64(0x8EBC6AF09C88C6E3)
_ALL = _U64(0xFFFFFFFFFFFFFFFF)
_BASE = _U64(0x9FB21C651E98DF25)
"""Multiplier of the sum of word hashes: any large odd number."""


def shingles(tokens: Tokens, shingle: int, unit: Unit = "word") -> tuple[Spans, np.ndarray]:
    """All shingles of joined words in a buffer of their own (they overlap in it), and their offsets by document (int64[n + 1])."""
    spans = tokens.spans
    data, start, end = _joined(spans.data, spans.start, spans.end)
    data.flags.writeable = False
    document = tokens.document_token
    if unit == "character":
        start, end, document = _characters(data, start, end, document)
    first, last, offset = windows(start, end, document, shingle, one_at_least=False)
    return Spans(data, first, last), offset


def character_shingles(batch: TextBatch, shingle: int, *, one_at_least: bool = False) -> tuple[Spans, np.ndarray]:
    """All runs of that many characters of each text, and their offsets by document (int64[n + 1]).

    A shorter text has none; with `one_at_least` it is one shingle as a whole, be it empty.
    """
    texts = batch.documents
    start, end, document = _characters(texts.data, texts.start, texts.end, np.arange(len(batch) + 1))
    first, last, offset = windows(start, end, document, shingle, one_at_least)
    return Spans(batch.data, first, last), offset


def word_shingle_hashes(tokens: Tokens, shingle: int, *, one_at_least: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each run of that many words (uint64[s]), and their offsets by document (int64[n + 1]). `one_at_least`: as for characters."""
    return _word_shingles(tokens.hash, tokens.document_token, shingle, one_at_least)


def text_shingle_hashes(
    batch: TextBatch, shingle: int, words: str = "spaced", dtype: type[np.uint32 | np.uint64] = np.uint64
) -> tuple[np.ndarray, np.ndarray]:
    """`word_shingle_hashes` of the words of each text, without making them: uint64[s], or their high halves for uint32; and their offsets.

    `words`: how they are cut (`classes_of` of words.py), `spaced` or `whitespace`.
    """
    longest = int(np.diff(batch.document_start).max(initial=0)) + 1
    scratch = np.empty(longest, np.int64), np.empty(longest, np.int64), np.empty(longest, np.int32)
    # A word has two bytes with the space behind it, or the three of its Chinese character.
    found, offset = np.empty(batch.data.size // 2 + len(batch), dtype), np.zeros(len(batch) + 1, np.int64)
    shift = 64 - 8 * found.itemsize
    hashes = np.empty(longest, np.uint64)
    data = padded(batch.data)
    _text_shingles(
        batch.data, data, batch.document_start, classes_of(words), *scratch, hashes, shingle, shift, found, offset
    )
    return found[: offset[-1]], offset


def text_character_hashes(
    batch: TextBatch, shingle: int, *, one_at_least: bool = False, dtype: type[np.uint32 | np.uint64] = np.uint64
) -> tuple[np.ndarray, np.ndarray]:
    """`hash_spans` of `character_shingles` without making these: uint64[s], or the high halves for uint32; and their offsets."""
    found, offset = np.empty(batch.data.size + len(batch), dtype), np.zeros(len(batch) + 1, np.int64)
    shift, data = 64 - 8 * found.itemsize, padded(batch.data)
    _text_characters(data, batch.document_start, shingle, one_at_least, shift, found, offset)
    return found[: offset[-1]], offset


@kernel
def _joined(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words one after the other with a space behind each: bytes, and where each word is in them."""
    first, last = np.empty_like(start), np.empty_like(end)
    to = 0
    for t in range(start.size):
        first[t], last[t] = to, to + end[t] - start[t]
        to = last[t] + 1
    together = np.full(to, 32, np.uint8)
    for t in range(start.size):
        to = first[t]
        for i in range(start[t], end[t]):
            together[to] = data[i]
            to += 1
    return together, first, last


@kernel
def _characters(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, document_token: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each character from the first to the last token of each document: start, end, and offsets by document."""
    first, last = np.empty(data.size, np.int64), np.empty(data.size, np.int64)
    offset = np.zeros(document_token.size, np.int64)
    count = 0
    for d in range(document_token.size - 1):
        if document_token[d] < document_token[d + 1]:
            stop = end[document_token[d + 1] - 1]
            for i in range(start[document_token[d]], stop):
                if (data[i] & 0xC0) != 0x80:
                    first[count] = i
                    count += 1
                last[count - 1] = i + 1
        offset[d + 1] = count
    return first[:count], last[:count], offset


@inlined
def _shingles_of(units: int, size: int, one_at_least: bool) -> int:
    """How many shingles so many units have."""
    return max(units - size + 1, np.int64(one_at_least))


@kernel
def windows(
    start: np.ndarray, end: np.ndarray, document: np.ndarray, size: int, one_at_least: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each run of `size` neighbours inside one document, and their offsets by document; all but the size are int64 arrays.

    `one_at_least`: a document with fewer units has one of all of them, and an empty one at byte 0 where it has none.
    """
    offset = np.zeros(document.size, np.int64)
    for d in range(document.size - 1):
        offset[d + 1] = offset[d] + _shingles_of(document[d + 1] - document[d], size, one_at_least)
    first, last = np.zeros(offset[-1], np.int64), np.zeros(offset[-1], np.int64)
    for d in range(document.size - 1):
        units = document[d + 1] - document[d]
        for k in range(offset[d + 1] - offset[d] if units else 0):
            first[offset[d] + k] = start[document[d] + k]
            last[offset[d] + k] = end[document[d] + min(k + size, units) - 1]
    return first, last, offset


@part
def _roll(hashes: np.ndarray, first: int, last: int, size: int, shift: int, found: np.ndarray, to: int) -> np.uint64:
    """Writes the hash of each run of `size` words among `first` to `last` from `to` on, without its low `shift` bits; returns the sum of the last run."""
    leaving, total = _U64(1), _U64(0)
    for _ in range(size):
        leaving = _U64(leaving * _BASE)
    for t in range(first, last):
        total = _U64(_U64(total * _BASE) + hashes[t])
        if t - first >= size:
            total = _U64(total - _U64(hashes[t - size] * leaving))
        if t - first >= size - 1:
            found[to + t - first - size + 1] = mixed(_U64(0), total) >> _U64(shift)
    return total


@kernel
def _word_shingles(
    hashes: np.ndarray, document_token: np.ndarray, size: int, one_at_least: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each run of `size` words, and their offsets by document."""
    offset = np.zeros(document_token.size, np.int64)
    for d in range(document_token.size - 1):
        offset[d + 1] = offset[d] + _shingles_of(document_token[d + 1] - document_token[d], size, one_at_least)
    found = np.empty(offset[-1], np.uint64)
    for d in range(document_token.size - 1):
        first, last = document_token[d], document_token[d + 1]
        total = _roll(hashes, first, last, size, 0, found, offset[d])
        if one_at_least and last - first < size:
            found[offset[d]] = mixed(_U64(0), total)
    return found, offset


@kernel
def _text_shingles(
    data: np.ndarray,
    padded_data: np.ndarray,
    document_start: np.ndarray,
    classes: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    characters: np.ndarray,
    hashes: np.ndarray,
    size: int,
    shift: int,
    found: np.ndarray,
    offset: np.ndarray,
) -> None:
    """Cuts, hashes and rolls one text after the other, in room for the words of one, which stays in the processor's cache."""
    for d in range(document_start.size - 1):
        words = cut(data, document_start[d], document_start[d + 1], classes, start, end, 0)
        measure_ranges(padded_data, start, end, characters, hashes, 0, words)
        _roll(hashes, 0, words, size, shift, found, offset[d])
        offset[d + 1] = offset[d] + max(words - size + 1, 0)


@inlined
def _hash(data: np.ndarray, i: int, stop: int, last_word: int) -> np.uint64:
    """The hash of a range, as hashing.py has it, without a count of its characters."""
    state = _U64(SEED ^ _U64(_U64(stop - i) * _OF_LENGTH))
    while stop - i > 8:
        state = mixed(state, load8(data, i))
        i += 8
    if stop > i:
        # Read where eight bytes are left, moved to the front, and without what follows.
        at = min(i, last_word)
        state = mixed(state, (load8(data, at) >> _U64(8 * (i - at))) & (_ALL >> _U64(64 - 8 * (stop - i))))
    state = _U64(state * _AT_END)
    return _U64(state ^ (state >> _U64(29)))


@inlined
def _size_at(data: np.ndarray, i: int) -> int:
    """Bytes of the character that starts at i."""
    byte = data[i]
    return 1 + np.int64(byte >= 0xC0) + np.int64(byte >= 0xE0) + np.int64(byte >= 0xF0)


@kernel
def _text_characters(
    data: np.ndarray,
    document_start: np.ndarray,
    size: int,
    one_at_least: bool,
    shift: int,
    found: np.ndarray,
    offset: np.ndarray,
) -> None:
    """Hashes of the runs of `size` characters, without their low `shift` bits, and their offsets by document. `data` has at least eight bytes."""
    last_word, to = data.size - 8, 0
    for d in range(document_start.size - 1):
        i, end = document_start[d], document_start[d + 1]
        stop, characters = i, 0
        while stop < end and characters < size:
            stop += _size_at(data, stop)
            characters += 1
        if characters == size or one_at_least:
            found[to] = _hash(data, i, stop, last_word) >> _U64(shift)
            to += 1
        while stop < end:
            i, stop = i + _size_at(data, i), stop + _size_at(data, stop)
            found[to] = _hash(data, i, stop, last_word) >> _U64(shift)
            to += 1
        offset[d + 1] = to
