"""N-grams of texts as hashes: what Bloom filters, document frequencies and test sets are asked for.

A *unit* is a word or a character of a *form* of the text; an *n-gram* is n units in a row. Words are runs of letters, digits, marks and the low line; a
Chinese character or kana is a word of its own, and so is any mark of punctuation, but for the form `words`, which has none. Characters are those that
are no white space. Invisible format characters (category Cf, soft hyphens among them) are no part of any unit.
Promise: the same units have the same hash in every process and release; others have another one but for a chance of 2^-64.

Not here: MinHash's shingles (text/minhash.py), what is done with the n-grams (bloom.py, commonness.py, contamination.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.hashing import SEED, mixed
from corpus_platform.text.kernel import inlined, kernel
from corpus_platform.text.normalise import lower, norm_dt, norm_rp
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

Unit = Literal["word", "character"]
Form = Literal["raw", "lower", "norm_rp", "norm_dt", "words"]
"""What is compared: the text itself, its lower case, RedPajama-V2's or datatrove's normal form, or the words of the lower case without punctuation."""

_U64 = np.uint64
_BASE = _U64(0x9FB21C651E98DF25)
"""Multiplier of the sum of unit hashes: any large odd number."""
_AT_END = _U64(0x8EBC6AF09C88C6E3)
_BETWEEN, _RUN, _ALONE, _NOTHING = 0, 1, 2, 3
"""What a character is: a gap; part of a run; a unit of its own; not there."""


@dataclass(frozen=True)
class UnitHashes:
    """Units of n documents, u in all: `hash` uint64[u], and `offset` int64[n + 1]: those of document d are `offset[d]` to `offset[d + 1]`, exclusive."""

    hash: np.ndarray
    offset: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Units of each document, int64[n]."""
        return np.diff(self.offset)


def units(batch: TextBatch, unit: Unit, form: Form) -> UnitHashes:
    """The units of each text, in their order."""
    made = _form(batch, form)
    return UnitHashes(*_units(made.data, made.document_start, _classes(unit, form == "words")))


def grams(hashes: np.ndarray, offset: np.ndarray, n: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """All n-grams of ranges of units, in their order: uint64[g], and offsets int64 by range.

    A range of fewer than n units is one n-gram of its own length if it has at least `least`, and has none otherwise.
    """
    return _grams(hashes, offset, n, max(least, 1))


def _form(batch: TextBatch, form: Form) -> TextBatch:
    if form == "raw":
        return batch
    return {"norm_rp": norm_rp, "norm_dt": norm_dt}.get(form, lower)(batch)


@cache
def _classes(unit: Unit, words_only: bool) -> np.ndarray:
    """What each code point is: uint8 of size 0x110000."""
    facts = unicode.facts()
    word = (facts & (unicode.WORD | unicode.LETTER_OR_MARK)) != 0
    classes = np.where(word, _RUN, _BETWEEN if words_only else _ALONE).astype(np.uint8)
    classes[word & ((facts & (unicode.HAN | unicode.KANA)) != 0)] = _ALONE
    if unit == "character":
        classes[classes == _RUN] = _ALONE
    classes[(facts & unicode.SPACE) != 0] = _BETWEEN
    classes[[c for c in range(unicode.CODE_POINTS) if unicodedata.category(chr(c)) == "Cf"]] = _NOTHING
    classes.flags.writeable = False
    return classes


@inlined
def spread(state: np.uint64) -> np.uint64:
    """A 64-bit value spread evenly, so that its lowest and its highest bits may be looked at alone; no two become one."""
    state = _U64(mixed(_U64(0), state) * _AT_END)
    return _U64(state ^ (state >> _U64(29)))


@kernel
def _units(data: np.ndarray, document_start: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each unit, and offsets by document."""
    found, offset = np.empty(data.size, np.uint64), np.zeros(document_start.size, np.int64)
    u = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        open_run, state = False, SEED
        while i < last:
            code, size = decode(data, i)
            kind = classes[code]
            i += size
            if kind == _NOTHING:
                continue
            if kind != _RUN and open_run:
                found[u] = spread(state)
                u += 1
                open_run, state = False, SEED
            if kind == _RUN:
                open_run, state = True, mixed(state, _U64(code) + _U64(1))
            elif kind == _ALONE:
                found[u] = spread(mixed(SEED, _U64(code) + _U64(1)))
                u += 1
        if open_run:
            found[u] = spread(state)
            u += 1
        offset[d + 1] = u
    return found[:u].copy(), offset


@kernel
def _grams(hashes: np.ndarray, offset: np.ndarray, n: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each run of n units, by a sum that rolls on, and offsets by range."""
    first = np.zeros(offset.size, np.int64)
    for r in range(offset.size - 1):
        size = offset[r + 1] - offset[r]
        first[r + 1] = first[r] + (size - n + 1 if size >= n else np.int64(size >= least))
    found = np.empty(first[-1], np.uint64)
    leaving = _U64(1)
    for _ in range(n):
        leaving = _U64(leaving * _BASE)
    for r in range(offset.size - 1):
        g, total = first[r], _U64(0)
        if g == first[r + 1]:
            continue
        for t in range(offset[r], offset[r + 1]):
            total = _U64(_U64(total * _BASE) + hashes[t])
            if t - offset[r] >= n:
                total = _U64(total - _U64(hashes[t - n] * leaving))
            if t - offset[r] >= n - 1:
                found[g] = spread(total)
                g += 1
        if offset[r + 1] - offset[r] < n:
            found[g] = spread(total)
    return found, first
