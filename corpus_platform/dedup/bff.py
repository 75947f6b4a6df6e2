r"""Paragraphs and documents that are mostly made of n-grams seen before, by a Bloom filter: DCLM's BFF, mode `old-both`.

A *paragraph* is what stands between newlines. One after the other, its n-grams are looked up: where the share of known ones is above the threshold, the
paragraph goes; else its n-grams are added at once, so that the next paragraph of the document sees them. After the last one, a document of which the
share of known n-grams, as they were found, is above the threshold goes whole; what its paragraphs have added stays. A paragraph without an n-gram stays.
Promise: documents in the same order give the same result; another order may give another one, as the first copy of each paragraph stays.
Source: mlfoundations/dclm, dedup/bff (remove type OldBoth: 13-grams, threshold 0.8, error 0.01).

Not here: the filter (bloom.py), how paragraphs are taken out (units.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.dedup.bloom import holds, insert
from corpus_platform.dedup.grams import UnitHashes, grams, units
from corpus_platform.text.batch import TextBatch, gather, share, totals
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    import regex

    from corpus_platform.dedup.bloom import BloomFilter
    from corpus_platform.dedup.grams import Form, Unit

_U64 = np.uint64


@dataclass(frozen=True)
class ParagraphGrams:
    """The n-grams of a batch: `gram` uint64[g]; those of paragraph p are `paragraph_gram[p]` to `[p + 1]`, the paragraphs of document d likewise."""

    gram: np.ndarray
    paragraph_gram: np.ndarray
    document_paragraph: np.ndarray


@dataclass(frozen=True)
class NgramUnits:
    """How paragraphs become n-grams: `n` units in a row, or all units of a paragraph of `least` to n - 1 units, of a form of the text.

    `reference`: the units are Unicode's words (UAX 29) of the text itself, as BFF has them, marks of punctuation among them; `unit` and `form` say
    nothing then. Without it they are those of grams.py, which differ in `can't`, `3.14` and joined Katakana, and are found some twenty times as fast.
    """

    n: int = 13
    least: int = 13
    unit: Unit = "word"
    form: Form = "raw"
    reference: bool = False

    def of(self, batch: TextBatch) -> ParagraphGrams:
        """The n-grams of the paragraphs of each text."""
        lines = batch.lines
        paragraphs = TextBatch(*gather(lines.data, lines.start, lines.end))
        own = _unicode_words(paragraphs) if self.reference else units(paragraphs, self.unit, self.form)
        return ParagraphGrams(*grams(own.hash, own.offset, self.n, self.least), batch.document_line)


@dataclass(frozen=True)
class Removed:
    """What goes of a batch of n documents: the paragraphs (`document`, `ordinal`: int64[r]), and whole documents (`dropped`: bool[n]).

    `known` and `grams` int64[n] count n-grams of each document; paragraphs of dropped documents are told too.
    """

    document: np.ndarray
    ordinal: np.ndarray
    dropped: np.ndarray
    known: np.ndarray
    grams: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """Share of known n-grams of each document, float64[n]; NaN without one."""
        return share(self.known, self.grams)


def remove_old_both(
    known: BloomFilter, found: ParagraphGrams, threshold: float = 0.8, *, learn: bool = True
) -> Removed:
    """Paragraphs and documents of a batch that go, after all batches that the filter has seen. Without `learn` nothing is added to it."""
    removed, count, added = _old_both(
        known.bits,
        known.hashers,
        _U64(known.seed),
        found.gram,
        found.paragraph_gram,
        found.document_paragraph,
        threshold,
        learn,
    )
    known.added += int(added)
    paragraph = np.flatnonzero(removed)
    document = np.searchsorted(found.document_paragraph, paragraph, side="right") - 1
    every = totals(np.diff(found.paragraph_gram), found.document_paragraph)
    dropped = share(count, every, empty=0.0) > threshold
    return Removed(document, paragraph - found.document_paragraph[document], dropped, count, every)


@cache
def _breaks() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    """Where Unicode has a word break, and what is white space to it."""
    import regex  # noqa: PLC0415  (for the reference only)

    return regex.compile(r"(?wV1)\b"), regex.compile(r"\p{White_Space}*")


def _unicode_words(batch: TextBatch) -> UnitHashes:
    """The words between Unicode's word breaks, as the `regex` module finds them, without those of white space."""
    at_break, blank = _breaks()
    words = [[w for w in at_break.split(text) if not blank.fullmatch(w)] for text in batch.texts]
    offset = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return UnitHashes(hash_texts([word for own in words for word in own]), offset)


@kernel
def _old_both(
    bits: np.ndarray,
    hashers: int,
    seed: np.uint64,
    gram: np.ndarray,
    paragraph_gram: np.ndarray,
    document_paragraph: np.ndarray,
    threshold: float,
    learn: bool,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Does each paragraph go; known n-grams of each document; the n-grams that were new to the filter."""
    removed = np.zeros(paragraph_gram.size - 1, np.bool_)
    known, added = np.zeros(document_paragraph.size - 1, np.int64), 0
    for d in range(known.size):
        for p in range(document_paragraph[d], document_paragraph[d + 1]):
            first, last, count = paragraph_gram[p], paragraph_gram[p + 1], 0
            for g in range(first, last):
                count += holds(bits, hashers, seed, gram[g])
            known[d] += count
            removed[p] = last > first and count / (last - first) > threshold
            if learn and not removed[p]:
                for g in range(first, last):
                    added += not insert(bits, hashers, seed, gram[g])
    return removed, known, added
