"""Many phrases looked for at once in bytes: a trie, walked from every place where one may begin.

Each phrase has a bit; a phrase may ask for its neighbours (`Flank`). Texts and phrases are compared as they are: lower-case both before.
Promise: equal to trying every phrase at every place.

Not here: which phrases a system looks for (c4_lines.py, signals/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.utf8 import before, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.text.batch import Spans

ANYWHERE, BETWEEN_OTHER_LETTERS, WORD = 0, 1, 2
"""What must stand beside a phrase: anything; a character on each side that is none of a-z, so neither end of the text (C4's code); on each side an
end of the text or a character that is no word character (`\\W`)."""

_WORD_CHARACTER = np.uint32(unicode.WORD)


@dataclass(frozen=True)
class Phrases:
    """A trie over bytes.

    `edges` int32[nodes, 256]: the next node, 0 where there is none; `bits` and `flanked` uint32[nodes]: of the phrases that end there, those that may
    stand anywhere and those that ask for their neighbours.
    """

    edges: np.ndarray
    bits: np.ndarray
    flanked: np.ndarray
    flank: int

    @classmethod
    def of(cls, phrases: Mapping[str, int], flanked: Mapping[str, int] | None = None, flank: int = ANYWHERE) -> Phrases:
        """A trie of phrases with their bits; those of `flanked` ask for `flank`. Empty phrases are left out."""
        return _phrases(tuple(phrases.items()), tuple((flanked or {}).items()), flank)


def count_phrases(spans: Spans, phrases: Phrases) -> np.ndarray:
    """Places in each span where a phrase stands: int64[n]."""
    return _count(
        spans.data, spans.start, spans.end, phrases.edges, phrases.bits, phrases.flanked, phrases.flank, unicode.facts()
    )


@lru_cache(maxsize=64)
def _phrases(anywhere: tuple[tuple[str, int], ...], flanked: tuple[tuple[str, int], ...], flank: int) -> Phrases:
    edges: list[dict[int, int]] = [{}]
    found: list[list[int]] = [[0, 0]]
    for group, entries in enumerate((anywhere, flanked)):
        for phrase, bit in entries:
            node = 0
            for byte in phrase.encode():
                if byte not in edges[node]:
                    edges[node][byte] = len(edges)
                    edges.append({})
                    found.append([0, 0])
                node = edges[node][byte]
            if node:
                found[node][group] |= bit
    table = np.zeros((len(edges), 256), np.int32)
    for node, next_nodes in enumerate(edges):
        for byte, target in next_nodes.items():
            table[node, byte] = target
    bits = np.array(found, np.uint32)
    return Phrases(table, bits[:, 0].copy(), bits[:, 1].copy(), flank)


@part
def phrases_at(
    data: np.ndarray,
    start: int,
    i: int,
    end: int,
    edges: np.ndarray,
    bits: np.ndarray,
    flanked: np.ndarray,
    flank: int,
    facts: np.ndarray,
) -> np.uint32:
    """Bits of the phrases that begin at byte i of the range from `start` to `end`."""
    found = np.uint32(0)
    node = edges[0, data[i]]
    j = i + 1
    while node:
        found |= bits[node]
        if flanked[node] and _stands_alone(data, start, i, j, end, flank, facts):
            found |= flanked[node]
        if j == end:
            break
        node = edges[node, data[j]]
        j += 1
    return found


@part
def _stands_alone(data: np.ndarray, start: int, i: int, j: int, end: int, flank: int, facts: np.ndarray) -> bool:
    """Are the neighbours of the bytes i to j as `flank` asks."""
    if flank == ANYWHERE:
        return True
    if flank == BETWEEN_OTHER_LETTERS:
        return i > start and j < end and not (97 <= data[i - 1] <= 122 or 97 <= data[j] <= 122)
    if i > start and facts[decode(data, before(data, i))[0]] & _WORD_CHARACTER:
        return False
    return j == end or not facts[decode(data, j)[0]] & _WORD_CHARACTER


@kernel
def _count(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    edges: np.ndarray,
    bits: np.ndarray,
    flanked: np.ndarray,
    flank: int,
    facts: np.ndarray,
) -> np.ndarray:
    """Places in each range where a phrase begins."""
    count = np.zeros(start.size, np.int64)
    for row in range(start.size):
        for i in range(start[row], end[row]):
            if edges[0, data[i]]:
                count[row] += phrases_at(data, start[row], i, end[row], edges, bits, flanked, flank, facts) != 0
    return count
