"""Words to ids: the vocabulary of a language model, numbered by first appearance.

Ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`; every sentence ends with id 2. Words are compared byte by byte, so two words never share an id.
Memory grows with the number of different words, not with the text.

Not here: where the text comes from and what separates words (text.py), n-grams (counting.py).
"""

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import kernel

UNKNOWN, BEGIN, END = 0, 1, 2

_OFFSET_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_HALF = np.uint64(32)


@kernel
def _separates(byte: int) -> bool:
    return byte in (0, 9, 10, 13, 32)


@kernel
def _hash(text: np.ndarray, start: int, end: int) -> np.uint64:
    """FNV-1a of 64 bits, folded so that its low bits depend on all others."""
    value = _OFFSET_BASIS
    for position in range(start, end):
        value = (value ^ np.uint64(text[position])) * _PRIME
    return value ^ (value >> _HALF)


@kernel
def _slot_of(
    text: np.ndarray,
    start: int,
    end: int,
    value: np.uint64,
    table: np.ndarray,
    hashes: np.ndarray,
    starts: np.ndarray,
    letters: np.ndarray,
) -> np.int64:
    """Slot of the open table where the word text[start:end] is, or the empty slot where it would be."""
    last = len(table) - 1
    slot = np.int64(value & np.uint64(last))
    while table[slot] >= 0:
        word = table[slot]
        if hashes[word] == value and starts[word + 1] - starts[word] == end - start:
            offset = 0
            while offset < end - start and letters[starts[word] + offset] == text[start + offset]:
                offset += 1
            if offset == end - start:
                return slot
        slot = (slot + 1) & last
    return slot


@kernel
def _tokenise(
    text: np.ndarray,
    position: int,
    known: int,
    table: np.ndarray,
    hashes: np.ndarray,
    starts: np.ndarray,
    letters: np.ndarray,
    out: np.ndarray,
) -> tuple[int, int, int]:
    """Writes the ids of text[position:] to `out`; returns (position reached, words known, ids written).

    Stops before a new word for which `hashes`, `starts`, `letters` or half of the table have no room left.
    """
    written = 0
    while position < len(text):
        if _separates(text[position]):
            if text[position] == 10:
                out[written] = END
                written += 1
            position += 1
            continue
        end = position + 1
        while not _separates(text[end]):
            end += 1
        value = _hash(text, position, end)
        slot = _slot_of(text, position, end, value, table, hashes, starts, letters)
        if table[slot] < 0:
            full = starts[known] + end - position
            if known == len(hashes) or full > len(letters) or 2 * known >= len(table):
                break
            letters[starts[known] : full] = text[position:end]
            starts[known + 1] = full
            hashes[known] = value
            table[slot] = known
            known += 1
        out[written] = table[slot]
        written += 1
        position = end
    return position, known, written


@kernel
def _fill_table(table: np.ndarray, hashes: np.ndarray, known: int) -> None:
    last = len(table) - 1
    for word in range(known):
        slot = np.int64(hashes[word] & np.uint64(last))
        while table[slot] >= 0:
            slot = (slot + 1) & last
        table[slot] = word


def _grown(array: np.ndarray, size: int) -> np.ndarray:
    bigger = np.zeros(size, dtype=array.dtype)
    bigger[: len(array)] = array
    return bigger


class Vocabulary:
    """All words seen so far. `letters[starts[i] : starts[i + 1]]` are the UTF-8 bytes of word i."""

    def __init__(self, words: int = 1 << 16) -> None:
        """Makes room for `words` words; the room grows by itself."""
        self.letters = np.zeros(8 * words, dtype=np.uint8)
        self.starts = np.zeros(words + 1, dtype=np.int64)
        self._hashes = np.zeros(words, dtype=np.uint64)
        self._table = np.full(_table_size(words), -1, dtype=np.int32)
        self._known = 0
        self.ids(b"<unk> <s> </s> ")

    def __len__(self) -> int:
        return self._known

    def ids(self, block: bytes) -> np.ndarray:
        """Ids of the block's words, `</s>` for each newline: uint32, in order. The block must end with a separator."""
        text = np.frombuffer(block, dtype=np.uint8)
        out = np.empty(len(text), dtype=np.uint32)
        position = written = 0
        while True:
            position, self._known, count = _tokenise(
                text, position, self._known, self._table, self._hashes, self.starts, self.letters, out[written:]
            )
            written += count
            if position == len(text):
                return out[:written]
            self._grow(len(block))

    def longest(self) -> int:
        """Bytes of the longest word."""
        return int(np.diff(self.starts[: self._known + 1]).max())

    def _grow(self, room: int) -> None:
        words = 2 * len(self._hashes)
        self.letters = _grown(self.letters, 2 * len(self.letters) + room)
        self.starts = _grown(self.starts, words + 1)
        self._hashes = _grown(self._hashes, words)
        self._table = np.full(_table_size(words), -1, dtype=np.int32)
        _fill_table(self._table, self._hashes, self._known)


def _table_size(words: int) -> int:
    """A power of two, at least twice the number of words."""
    return 1 << (2 * words - 1).bit_length()
