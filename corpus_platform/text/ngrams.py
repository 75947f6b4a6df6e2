"""Repeated words and n-grams of documents, under each of the definitions that systems use.

An n-gram is repeated when it occurs at least twice in its document. A repeated (n+1)-gram is made of two repeated n-grams, so each length only looks at
what was repeated one word before: all lengths together cost little more than the first two.
Promise: equal to counting tuples of words in a `Counter`, but for words of equal hash (2^-64).

Not here: fractions and thresholds (signals/, recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.repeats import longest_range, place_of, room_for

if TYPE_CHECKING:
    from corpus_platform.text.words import Tokens

_U64 = np.uint64
_BASE = _U64(0xD6E8FEB86659FD93)
"""Multiplier of the hash of joined words: any large odd number."""
_POWERS = np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(63, _BASE)]), dtype=np.uint64)


_TIMES_LOG = np.array([0.0] + [times * math.log(times) for times in range(1, 1024)])
"""k ln k."""


@dataclass(frozen=True)
class Ngrams:
    """N-grams of n = 1 .. longest in d documents. Row n - 1 of an int64[longest, d] array is about n-grams; `characters` are without spaces."""

    count: np.ndarray
    """Occurrences of the most frequent n-gram, the first seen among equals; 0 where there are fewer than n words."""
    characters: np.ndarray
    """Characters of its words."""
    covered: np.ndarray
    """Characters of the words that some repeated n-gram covers, each word once (RedPajama-V2)."""
    duplicate: np.ndarray
    """Characters of all occurrences of repeated n-grams, overlaps counted (Dolma)."""
    every: np.ndarray
    """Characters of all n-grams."""
    unique: np.ndarray
    """Distinct words, int64[d]."""
    entropy: np.ndarray
    """Entropy of the words in nats, float64[d]; 0.0 where there are none."""

    @classmethod
    def of(cls, tokens: Tokens, longest: int) -> Ngrams:
        """All lengths up to `longest`, in one pass."""
        table = np.zeros((5, longest, tokens.documents), np.int64)
        unique, entropy = _ngrams(tokens.hash, tokens.characters, tokens.document_token, table)
        count, characters, covered, duplicate, every = table
        return cls(count, characters, covered, duplicate, every, unique, entropy)


def repeated_characters(tokens: Tokens, shortest: int, longest: int) -> np.ndarray:
    """Characters that datatrove's scan finds repeated, for n = shortest .. longest: int64[longest - shortest + 1, d].

    From left to right: an n-gram that was met before adds its characters, and the scan jumps over its n words; any other is remembered, and the scan goes
    on with the next word. Met before means equal as words joined without space. Source: datatrove, gopher_repetition_filter.py (find_all_duplicate).
    """
    spans = tokens.spans
    return _repeated_characters(
        spans.data, spans.start, spans.end, tokens.characters, tokens.document_token, shortest, longest
    )


@part
def _number(keys: np.ndarray, table: np.ndarray, distinct: np.ndarray, group: np.ndarray, count: np.ndarray) -> int:
    """Numbers keys in the order in which they are first seen: the `group` of each, how often a group occurs; returns the number of groups."""
    room = room_for(2 * keys.size)
    mask = _U64(room - 1)
    table[:room] = -1
    groups = 0
    for k in range(keys.size):
        key = keys[k]
        place = place_of(key, mask)
        while table[place] >= 0 and distinct[table[place]] != key:
            place = _U64(place + _U64(1)) & mask
        if table[place] < 0:
            table[place] = groups
            distinct[groups] = key
            count[groups] = 0
            groups += 1
        group[k] = table[place]
        count[group[k]] += 1
    return groups


@part
def _pair(place: np.ndarray, group: np.ndarray, keys: np.ndarray) -> int:
    """Joins neighbours: keys and places of the n-grams that start with one repeated (n-1)-gram and end with the next; returns their number."""
    candidates = 0
    for k in range(place.size - 1):
        keys[candidates] = _U64(_U64(group[k]) << _U64(32)) | _U64(group[k + 1])
        neighbours = place[k + 1] == place[k] + 1
        place[candidates] = place[k]
        candidates += neighbours
    return candidates


@kernel
def _ngrams(
    hashes: np.ndarray, characters: np.ndarray, document_token: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fills the rows of `Ngrams`; returns distinct words and entropy."""
    documents = document_token.size - 1
    unique, entropies = np.zeros(documents, np.int64), np.zeros(documents)
    longest = longest_range(document_token)
    table, keys, distinct = (
        np.empty(room_for(2 * longest), np.int32),
        np.empty(longest, np.uint64),
        np.empty(longest, np.uint64),
    )
    count, place, group = np.empty(longest, np.int32), np.empty(longest, np.int32), np.empty(longest, np.int32)
    prefix, sums = np.zeros(longest + 1, np.int64), np.zeros(longest + 2, np.int64)
    for d in range(documents):
        first, words = document_token[d], document_token[d + 1] - document_token[d]
        for w in range(words):
            prefix[w + 1] = prefix[w] + characters[first + w]
            sums[w + 1] = sums[w] + prefix[w]
            place[w], keys[w] = w, hashes[first + w]
        sums[words + 1] = sums[words] + prefix[words]
        left = words
        for n in range(1, min(found.shape[1], words) + 1):
            found[0, n - 1, d], found[1, n - 1, d] = 1, prefix[n]
            found[4, n - 1, d] = sums[words + 1] - sums[n] - sums[words - n + 1]
            if n > 1:
                left = _pair(place[:left], group, keys)
            if left:
                groups = _number(keys[:left], table, distinct, group, count)
                if n == 1:
                    unique[d], entropies[d] = groups, _entropy(count[:groups], words)
                left = _keep_repeated(place, group, count, left, n, prefix, found[:, n - 1, d])
    return unique, entropies


@part
def _entropy(count: np.ndarray, words: int) -> float:
    """Entropy of a distribution given by counts."""
    total = 0.0
    for group in range(count.size):
        times = count[group]
        total += _TIMES_LOG[times] if times < _TIMES_LOG.size else times * math.log(times)
    return math.log(words) - total / words


@part
def _keep_repeated(
    place: np.ndarray,
    group: np.ndarray,
    count: np.ndarray,
    candidates: int,
    n: int,
    prefix: np.ndarray,
    row: np.ndarray,
) -> int:
    """Keeps the candidates that are repeated n-grams, and says of them what `Ngrams` says; returns their number."""
    left, until, best = 0, np.int64(0), 1
    covered, duplicate = np.int64(0), np.int64(0)
    for k in range(candidates):
        times, p = count[group[k]], np.int64(place[k])
        # Without a branch, for it would be guessed wrong as often as not.
        repeated = times > 1
        end = prefix[p + n]
        duplicate += repeated * (end - prefix[p])
        covered += repeated * (end - prefix[max(p, until)])
        until = p + n if repeated else until
        place[left], group[left] = p, group[k]
        left += repeated
        if times > best:
            best = times
            row[0], row[1] = times, end - prefix[p]
    row[2], row[3] = covered, duplicate
    return left


@part
def _word_polynomials(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, power: np.ndarray, value: np.ndarray
) -> None:
    """Hash of each word that can be joined, `hash(xy) = hash(x) * power(y) + hash(y)`: value and power."""
    for w in range(start.size):
        hashed, size = _U64(0), end[w] - start[w]
        for i in range(start[w], end[w]):
            hashed = _U64(_U64(hashed * _BASE) + _U64(data[i]) + _U64(1))
        scale = _POWERS[min(size, _POWERS.size - 1)]
        for _ in range(_POWERS.size - 1, size):
            scale = _U64(scale * _BASE)
        value[w], power[w] = hashed, scale


@kernel
def _repeated_characters(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    characters: np.ndarray,
    document_token: np.ndarray,
    shortest: int,
    longest: int,
) -> np.ndarray:
    """The jumping scan for each n and document."""
    documents = document_token.size - 1
    found = np.zeros((longest - shortest + 1, documents), np.int64)
    most = longest_range(document_token)
    table, prefix = np.empty(room_for(4 * most), np.int32), np.zeros(most + 1, np.int64)
    power, value, joined = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64)
    for d in range(documents):
        first, last = document_token[d], document_token[d + 1]
        words = last - first
        _word_polynomials(data, start[first:last], end[first:last], power, value)
        for w in range(words):
            prefix[w + 1] = prefix[w] + characters[first + w]
            joined[w] = value[w]
        for n in range(1, longest + 1):
            grams = words - n + 1
            if grams < 1:
                break
            if n > 1:
                for w in range(grams):
                    joined[w] = _U64(_U64(joined[w] * power[w + n - 1]) + value[w + n - 1])
            if n >= shortest:
                found[n - shortest, d] = _scan(joined[:grams], n, prefix, table)
    return found


@part
def _scan(joined: np.ndarray, n: int, prefix: np.ndarray, table: np.ndarray) -> int:
    """Characters of n-grams met before, jumping over each."""
    room = room_for(4 * joined.size)
    mask = _U64(room - 1)
    table[:room] = -1
    w = found = 0
    while w < joined.size:
        key = joined[w]
        place = place_of(key, mask)
        while table[place] >= 0 and joined[table[place]] != key:
            place = _U64(place + _U64(1)) & mask
        if table[place] >= 0:
            found += prefix[w + n] - prefix[w]
            w += n
        else:
            table[place] = w
            w += 1
    return found
