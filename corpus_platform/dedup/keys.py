"""Keys: what documents are compared by. Two documents that hold an equal key match, or are candidates of a match.

A family makes the keys of a batch: one key for exact copies, one for each band of a MinHash signature, one for each choice of blocks of a SimHash,
one for each line or window of a text. All that follows (matching.py, clusters.py) sees keys and places, and no text.

Not here: how a family makes its keys (exact.py, minhash.py, simhash.py, units.py), who else holds one (matching.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACE_BITS = 40
"""Bits of a place that are the offset of a document in its file: files of up to 1 TB, and up to 8 million of them."""


@dataclass(frozen=True)
class Keys:
    """Keys of a batch of n documents, k in all; those of document d are `offset[d]` to `offset[d + 1]`, exclusive.

    `key` uint64[k], spread evenly over 0..2^64; `offset` int64[n + 1]; `value` uint64[k] or None: the second half of what is compared, where one half is
    not enough (128-bit digests), or what a pair of candidates is held against (SimHashes).
    """

    key: np.ndarray
    offset: np.ndarray
    value: np.ndarray | None = None

    def __len__(self) -> int:
        return self.offset.size - 1

    def document(self) -> np.ndarray:
        """int64[k]: the document of each key."""
        return np.repeat(np.arange(len(self)), np.diff(self.offset))

    def ordinal(self) -> np.ndarray:
        """int64[k]: the number of each key among those of its document, from 0."""
        return np.arange(self.key.size) - np.repeat(self.offset[:-1], np.diff(self.offset))


def places(file_index: np.ndarray, position: np.ndarray) -> np.ndarray:
    """int64[n]: one number for each document of a snapshot, ascending in the order of documents (file, then position)."""
    return (file_index.astype(np.int64) << PLACE_BITS) | position.astype(np.int64)


def one_each(key: np.ndarray, value: np.ndarray | None = None, *, has: np.ndarray | None = None) -> Keys:
    """Keys of documents that have one each, or none where `has` (bool[n]) says so."""
    has = np.ones(key.size, np.bool_) if has is None else has
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(has, dtype=np.int64)])
    return Keys(key[has], offset, None if value is None else value[has])


def together(parts: Iterable[Keys]) -> Keys:
    """The keys of batches that follow each other as those of one."""
    parts = list(parts)
    if not parts:
        return Keys(np.empty(0, np.uint64), np.zeros(1, np.int64))
    ends = np.cumsum([0, *(part.key.size for part in parts)])
    offset = np.concatenate([[0], *(part.offset[1:] + end for part, end in zip(parts, ends, strict=False))])
    values = [part.value for part in parts if part.value is not None]
    value = np.concatenate(values) if len(values) == len(parts) else None
    return Keys(np.concatenate([part.key for part in parts]), offset.astype(np.int64), value)
