"""Where the words of a document are those of a list: one table for the lists of all languages.

A phrase is a row of word hashes; the table holds each phrase's beginnings (a trie in a hash table), under a key that starts from its list's number, so
that documents in many languages are looked up in one pass. A word that begins no phrase costs one look.
Promise: equal to comparing the words themselves, but for hashes that happen to be equal (2^-64).

Not here: which lists there are (lists/), how entries and texts become words (rpv2_lists.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corpus_platform.text.kernel import kernel
from corpus_platform.text.repeats import room_for

if TYPE_CHECKING:
    from collections.abc import Sequence

_U64 = np.uint64
_MIX, _SPREAD = _U64(0xE7037ED1A0B428DB), _U64(0x9E3779B97F4A7C15)


class Found(NamedTuple):
    """`places` int64[d]: where phrases stand, each once for each phrase; `covered` int64[d]: words that lie in one, each once."""

    places: np.ndarray
    covered: np.ndarray


@dataclass(frozen=True)
class WordPhrases:
    """The phrases of several lists, in a power of two of places: `keys` uint64; `kind` uint8: 0 free, 1 a phrase goes on after this word, 2 one ends there."""

    keys: np.ndarray
    kind: np.ndarray

    @classmethod
    def of(cls, lists: Sequence[Sequence[Sequence[int]]]) -> WordPhrases:
        """The table of some lists; a phrase is the hashes (uint64) of its words. Empty phrases are left out."""
        found: dict[int, bool] = {}
        for number, phrases in enumerate(lists):
            for phrase in phrases:
                key = _list_key(number)
                for k, word in enumerate(phrase, 1):
                    key = int(_step(_U64(key), _U64(word)))
                    found[key] = found.get(key, False) or k == len(phrase)
        # Most words begin no phrase: with much room and a byte for each place they find that out at the first look, inside the processor's cache.
        room = room_for(8 * len(found))
        keys, kind = np.zeros(room, np.uint64), np.zeros(room, np.uint8)
        for key, end in found.items():
            place = key & (room - 1)
            while kind[place]:
                place = (place + 1) & (room - 1)
            keys[place], kind[place] = key, 1 + end
        return cls(keys, kind)

    def find(self, hashes: np.ndarray, document_token: np.ndarray, list_number: np.ndarray) -> Found:
        """Counts the phrases of list `list_number[d]` (int64; -1: none) among the words of document d."""
        places, covered = _find(hashes, document_token, list_number.astype(np.int64, copy=False), self.keys, self.kind)
        return Found(places, covered)


def _list_key(number: int) -> int:
    return (number + 1) * int(_SPREAD) & 0xFFFFFFFFFFFFFFFF


@kernel
def _step(key: np.uint64, word: np.uint64) -> np.uint64:
    """Key of a phrase that is longer by a word."""
    key = _U64(_U64(key ^ word) * _MIX)
    return _U64(key ^ (key >> _U64(32)))


@kernel
def _find(
    hashes: np.ndarray, document_token: np.ndarray, list_number: np.ndarray, keys: np.ndarray, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Places and covered words of each document."""
    documents = document_token.size - 1
    places, covered = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    mask = _U64(keys.size - 1)
    for d in range(documents):
        if list_number[d] < 0:
            continue
        root = _U64(_U64(list_number[d] + 1) * _SPREAD)
        until, last = document_token[d], document_token[d + 1]
        found = inside = 0
        for t in range(document_token[d], last):
            key, k = root, t
            while k < last:
                key = _step(key, hashes[k])
                place = key & mask
                while kind[place] and keys[place] != key:
                    place = _U64(place + _U64(1)) & mask
                if not kind[place]:
                    break
                k += 1
                if kind[place] == 2:
                    found += 1
                    inside += max(k - max(until, t), 0)
                    until = max(until, k)
        places[d], covered[d] = found, inside
    return places, covered
