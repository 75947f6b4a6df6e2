"""fastText's prediction as one compiled loop over the features of many texts: for lines it is many times as fast as a call for each.

Takes what `words_of` makes of texts, and models without subwords and without quantisation, trained with softmax: those that we train.
Promise: the probabilities are fastText's within 1e-5, without the 1e-5 that it adds to each.
Source: facebookresearch/fastText, dictionary.cc (hash, addWordNgrams), model.cc.

Not here: other models (classifier.py falls back on fastText itself).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus_platform.text.kernel import kernel

_END = "</s>"
_EMPTY = np.int32(-1)
_SPACE = 32
_FACTOR = np.uint64(116049371)


@dataclass(frozen=True)
class Network:
    """A fastText classifier as arrays: vectors of words and n-grams, class vectors, and a table from words to their rows."""

    vectors: np.ndarray
    classes: np.ndarray
    keys: np.ndarray
    rows: np.ndarray
    words: int
    buckets: int
    ngrams: int

    @classmethod
    def of(cls, model: Any) -> Network | None:
        """The arrays of an opened fastText model; None where it is of a kind that only fastText computes."""
        arguments = model.f.getArgs()
        if model.is_quantized() or arguments.maxn > 0 or "softmax" not in str(arguments.loss):
            return None
        words = model.get_words()
        vectors = np.ascontiguousarray(model.get_input_matrix(), np.float32)
        keys, rows = _table(words)
        buckets = vectors.shape[0] - len(words)
        ngrams = int(arguments.wordNgrams) if buckets > 0 else 1
        classes = np.ascontiguousarray(model.get_output_matrix(), np.float32)
        return cls(vectors, classes, keys, rows, len(words), buckets, ngrams)

    def probabilities(self, data: np.ndarray, start: np.ndarray) -> np.ndarray:
        """float64[n, classes] in fastText's order of labels, for n feature lines as bytes with offsets (int64[n + 1]); NaN for an empty line."""
        return _predict(
            data, start, self.vectors, self.classes, self.keys, self.rows, self.words, self.buckets, self.ngrams
        )


def _table(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Open addressing from a word's key to its row; the row of a free place is -1."""
    size = 1 << max(len(words) * 2, 8).bit_length()
    encoded = [word.encode("utf-8", "replace") for word in words]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    end = np.cumsum([len(word) for word in encoded], dtype=np.int64)
    return _fill(data, np.concatenate([np.zeros(1, np.int64), end]), size)


@kernel
def _key(data: np.ndarray, start: int, end: int) -> np.uint64:
    """FastText's 32-bit hash of a word in the low half, another one in the high half."""
    own, other = np.uint32(2166136261), np.uint32(5381)
    for i in range(start, end):
        byte = np.uint32(data[i])
        # fastText takes bytes as signed.
        signed = np.uint32(byte | np.uint32(0xFFFFFF00)) if byte >= 128 else byte
        own = np.uint32(np.uint32(own ^ signed) * np.uint32(16777619))
        other = np.uint32(np.uint32(other * np.uint32(33)) ^ byte)
    return np.uint64(other) << np.uint64(32) | np.uint64(own)


@kernel
def _place(keys: np.ndarray, rows: np.ndarray, key: np.uint64) -> int:
    """Where a key is, or the free place where it would be."""
    mask = np.uint64(keys.size - 1)
    at = (key ^ (key >> np.uint64(29))) & mask
    while rows[at] != _EMPTY and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.int64(at)


@kernel
def _fill(data: np.ndarray, start: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    keys, rows = np.zeros(size, np.uint64), np.full(size, _EMPTY, np.int32)
    for word in range(start.size - 1):
        key = _key(data, start[word], start[word + 1])
        at = _place(keys, rows, key)
        keys[at], rows[at] = key, word
    return keys, rows


@kernel
def _predict(
    data: np.ndarray,
    start: np.ndarray,
    vectors: np.ndarray,
    classes: np.ndarray,
    keys: np.ndarray,
    rows: np.ndarray,
    words: int,
    buckets: int,
    ngrams: int,
) -> np.ndarray:
    """Softmax of the class vectors with the mean vector of each line's words and n-grams."""
    found = np.full((start.size - 1, classes.shape[0]), np.nan)
    hidden = np.zeros(vectors.shape[1], np.float64)
    end_mark = np.array([60, 47, 115, 62], np.uint8)
    recent = np.zeros(max(ngrams, 1), np.uint64)
    for d in range(start.size - 1):
        i, last = start[d], start[d + 1]
        if i == last:
            continue
        hidden[:] = 0.0
        count, seen = 0, 0
        while i <= last:
            if i == last:
                # The end mark is the last word of a line.
                key = _key(end_mark, 0, 4)
                i += 1
            else:
                first = i
                while i < last and data[i] != _SPACE:
                    i += 1
                key = _key(data, first, i)
                i += i < last
            row = rows[_place(keys, rows, key)]
            if row >= 0:
                count += _add(hidden, vectors, row)
            value = np.uint64(np.int64(np.int32(np.uint32(key & np.uint64(0xFFFFFFFF)))))
            # The n-grams that end here, each hashed from its first word on.
            for back in range(min(seen, ngrams - 1)):
                h = recent[(seen - 1 - back) % ngrams]
                for j in range(seen - back, seen):
                    h = h * _FACTOR + recent[j % ngrams]
                h = h * _FACTOR + value
                count += _add(hidden, vectors, words + np.int64(h % np.uint64(buckets)))
            recent[seen % ngrams] = value
            seen += 1
        _softmax(hidden, count, classes, found[d])
    return found


@kernel
def _add(hidden: np.ndarray, vectors: np.ndarray, row: int) -> int:
    for k in range(hidden.size):
        hidden[k] += vectors[row, k]
    return 1


@kernel
def _softmax(hidden: np.ndarray, count: int, classes: np.ndarray, found: np.ndarray) -> None:
    """Probabilities of the classes from the sum of `count` vectors."""
    largest = -np.inf
    for c in range(classes.shape[0]):
        value = 0.0
        for k in range(hidden.size):
            value += classes[c, k] * hidden[k]
        found[c] = value / max(count, 1)
        largest = max(largest, found[c])
    total = 0.0
    for c in range(classes.shape[0]):
        found[c] = np.exp(found[c] - largest)
        total += found[c]
    for c in range(classes.shape[0]):
        found[c] /= total
