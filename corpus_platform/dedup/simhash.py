r"""Keys of near-copies by SimHash: documents whose 64 bits differ in few places share one of them.

A *feature* is a run of n words or characters of a form of the text (forms.py), counted as often as it occurs. Each bit of a *SimHash* is what most
features have there; a tie gives 0. To find pairs within a distance of d bits the value is cut into b blocks: d bits lie in at most d of them, so the other
b - d agree, and there is a key for each choice of b - d blocks. More blocks make more keys, of more bits each, so of fewer chance candidates.

With `reference` features are hashed by MD5 and cut as the systems do it:
- `md5_64`: the last eight bytes, big-endian; a text shorter than n characters is one feature, an empty one too. RedPajama-1T's books and MNBVC.
- `md5`: the first eight bytes, big-endian; words lie between single spaces, and the last run is missing, so that a text of n units has none. ROOTS.
Without, features have the house's hash (text/hashing.py), a Chinese character or kana is a word, a shorter text is one feature, and an empty one has no key.
Promise: of two values within the distance at least one key is equal; keys depend on the document alone.
Source: Charikar 2002; Manku, Jain, Das Sarma 2007; RedPajama-Data (rp_v1), data_prep/book/dedup.py; aplmikex/deduplication_mnbvc; bigscience-workshop/
data-preparation, 01b_oscar_cleaning_and_filtering/deduplicate.

Not here: holding candidates against the distance (matching.py), MNBVC's distinct paragraphs, which are those of the text that it is given.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from math import comb
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from corpus_platform.dedup.forms import in_form
from corpus_platform.dedup.keys import Keys
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.hashing import SEED, mixed
from corpus_platform.text.kernel import kernel
from corpus_platform.text.md5 import md5_halves
from corpus_platform.text.minhash import pieces
from corpus_platform.text.shingles import (
    character_shingles,
    shingles,
    text_character_hashes,
    windows,
    word_shingle_hashes,
)
from corpus_platform.text.words import spaced_words, whitespace_words

if TYPE_CHECKING:
    import polars as pl

Unit = Literal["word", "character"]

_U64 = np.uint64
_HASHES = ("md5_64", "md5")
_OF_CHOICE = _U64(0xA0761D6478BD642F)
_AT_END = _U64(0x8EBC6AF09C88C6E3)
_LARGEST, _SPACE = 64, 32
_MOST_CHOICES = 60
_PIECE = 1 << 19
"""Bytes of text that are hashed together: their features take some twenty times as much."""


@dataclass(frozen=True)
class SimHashKeys:
    """Features of `n` units of a form; values of `bits` (8 to 64); `blocks` more than the `distance`, by default `default_blocks`.

    `hash` counts with `reference` only, and is then `md5_64` or `md5`. Raises `SettingsError` for anything else.
    """

    form: str = "lower"
    unit: Unit = "character"
    n: int = 6
    hash: str = "md5_64"
    bits: int = 64
    distance: int = 3
    blocks: int | None = None
    reference: bool = False

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise SettingsError(f"SimHash has no unit `{self.unit}`; it takes {', '.join(get_args(Unit))}")
        if self.reference and self.hash not in _HASHES:
            raise SettingsError(f"no system's SimHash is known to use `{self.hash}`; there are {', '.join(_HASHES)}")
        if self.n < 1 or not 0 <= self.distance < self.bits <= _LARGEST:
            raise SettingsError(
                f"SimHash takes features of 1 unit or more and a distance below its bits, at most {_LARGEST}: "
                f"n {self.n}, distance {self.distance} and {self.bits} bits were given"
            )
        if self.blocks is not None and not self.distance < self.blocks <= self.bits:
            raise SettingsError(
                f"SimHash takes more blocks than the distance and no more than bits: {self.blocks} blocks were given for "
                f"a distance of {self.distance} in {self.bits} bits"
            )

    @cached_property
    def masks(self) -> np.ndarray:
        """The bits of each choice of blocks: uint64[c]."""
        blocks = self.blocks or default_blocks(self.distance, self.bits)
        edges = [self.bits * block // blocks for block in range(blocks + 1)]
        masks = [(1 << high) - (1 << low) for low, high in pairwise(edges)]
        chosen = combinations(masks, blocks - self.distance)
        return np.array([sum(choice) for choice in chosen], np.uint64)

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  # all families are asked alike
        """A key for each choice of blocks of each document that has a feature, with the SimHash as its value."""
        values, has = self.values(batch)
        ends = np.cumsum(has, dtype=np.int64) * self.masks.size
        offset = np.concatenate([np.zeros(1, np.int64), ends])
        own = values[has]
        return Keys(self.choice_keys(own).ravel(), offset, np.repeat(own, self.masks.size))

    def choice_keys(self, values: np.ndarray) -> np.ndarray:
        """The keys of SimHashes (uint64[n]), one for each choice of blocks: uint64[n, c]."""
        return _choice_keys(values, self.masks)

    def values(self, batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
        """The SimHash of each document, uint64[n], and whether it has a feature, bool[n]; without one the value is 0."""
        found, has = np.zeros(len(batch), np.uint64), np.zeros(len(batch), np.bool_)
        start = batch.document_start
        for first, last in pieces(np.diff(start), _PIECE):
            piece = TextBatch(batch.data[start[first] : start[last]], start[first : last + 1] - start[first])
            hashes, offset = self._features(in_form(piece, self.form))
            found[first:last] = _majority(hashes, offset) & _U64((1 << self.bits) - 1)
            has[first:last] = offset[1:] > offset[:-1]
            if not self.reference:
                has[first:last] &= np.diff(piece.document_start) > 0
        return found, has

    def _features(self, texts: TextBatch) -> tuple[np.ndarray, np.ndarray]:
        """Hash of each feature of texts in their form, uint64, and their offsets by document."""
        if not self.reference:
            if self.unit == "word":
                return word_shingle_hashes(spaced_words(texts), self.n, one_at_least=True)
            return text_character_hashes(texts, self.n, one_at_least=True)
        if self.hash == "md5_64":
            spans, offset = _all_windows(texts, self.unit, self.n)
            return md5_halves(spans)[1], offset
        spans, offset = _windows_of_roots(texts, self.unit, self.n)
        return md5_halves(spans)[0], offset


def default_blocks(distance: int, bits: int = 64) -> int:
    """Blocks that are cut where nobody says how many: twice the distance, fewer where they would have more than 60 choices.

    At twice the distance a key has half of the bits, 32 of 64, enough to tell thousands of millions of documents apart; each choice costs a stored key for each
    document. Distance 3: 6 blocks and 20 choices of 32 bits; 4: 7 and 35 of 27; 5: 8 and 56 of 24. From 6 on keys have 16 bits and less, and candidates swell.
    """
    allowed = range(distance + 1, min(max(2 * distance, 1), bits) + 1)
    return max((blocks for blocks in allowed if comb(blocks, distance) <= _MOST_CHOICES), default=distance + 1)


def hamming(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Bits in which two values (uint64[n] each) differ: uint8[n]."""
    return np.bitwise_count(left ^ right)


def within(left: np.ndarray, right: np.ndarray, distance: int) -> np.ndarray:
    """Do two values (uint64[n] each) differ in at most so many bits: bool[n]."""
    return hamming(left, right) <= distance


def _all_windows(texts: TextBatch, unit: Unit, n: int) -> tuple[Spans, np.ndarray]:
    """All runs of n units, at least one for each text."""
    if unit == "character":
        return character_shingles(texts, n, one_at_least=True)
    return shingles(whitespace_words(texts), n)


def _windows_of_roots(texts: TextBatch, unit: Unit, n: int) -> tuple[Spans, np.ndarray]:
    """The runs of n units but the last of each text; words lie between single spaces, so that some are empty and a run is a piece of the text."""
    if unit == "word":
        start, end, document = _pieces_at_spaces(texts.data, texts.document_start)
        first, last, offset = windows(start, end, document, n, one_at_least=False)
    else:
        spans, offset = character_shingles(texts, n)
        first, last = spans.start, spans.end
    keep = np.ones(first.size, np.bool_)
    keep[offset[1:][offset[1:] > offset[:-1]] - 1] = False
    kept = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])
    return Spans(texts.data, first[keep], last[keep]), kept[offset]


@kernel
def _pieces_at_spaces(data: np.ndarray, document_start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`text.split(" ")` of each text: start and end of each piece, and their offsets by document."""
    total = document_start.size - 1
    for i in range(data.size):
        total += data[i] == _SPACE
    start, end = np.empty(total, np.int64), np.empty(total, np.int64)
    document = np.zeros(document_start.size, np.int64)
    t = 0
    for d in range(document_start.size - 1):
        start[t] = document_start[d]
        for i in range(document_start[d], document_start[d + 1]):
            if data[i] == _SPACE:
                end[t] = i
                t += 1
                start[t] = i + 1
        end[t] = document_start[d + 1]
        t += 1
        document[d + 1] = t
    return start, end, document


@kernel
def _majority(hashes: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """The bits that more than half of the hashes of each range have: uint64."""
    found, count = np.zeros(offset.size - 1, np.uint64), np.empty(_LARGEST, np.uint32)
    for d in range(offset.size - 1):
        count[:] = 0
        for k in range(offset[d], offset[d + 1]):
            hashed = hashes[k]
            for bit in range(_LARGEST):
                count[bit] += np.uint32((hashed >> _U64(bit)) & _U64(1))
        features = offset[d + 1] - offset[d]
        for bit in range(_LARGEST):
            if 2 * np.int64(count[bit]) > features:
                found[d] |= _U64(1) << _U64(bit)
    return found


@kernel
def _choice_keys(values: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """A hash of the number of each choice and the bits that it covers: a row for each value."""
    found = np.empty((values.size, masks.size), np.uint64)
    for row in range(values.size):
        for choice in range(masks.size):
            state = mixed(_U64(SEED ^ _U64(_U64(choice + 1) * _OF_CHOICE)), values[row] & masks[choice])
            state = _U64(state * _AT_END)
            found[row, choice] = _U64(state ^ (state >> _U64(29)))
    return found
