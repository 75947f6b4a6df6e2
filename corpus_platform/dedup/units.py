"""Dedups of pieces of texts: a *unit* is compared as a whole, and taken out of its document when the corpus has it elsewhere.

Units are lines, and sentences in spans of n that follow each other and overlap; windows of words and bytes are in substrings.py. A unit is compared in a
normal form, by the hash of it: its *key*. Its *ordinal* is its place among the keys of its document. What has nothing to compare (a line that is blank
in its form, a span of blank sentences) is no unit: it has neither key nor ordinal, and no unit of its own makes it go.
Promise: the same text has the same keys and ordinals, whatever its batch; the hashes of different units are equal with a probability of 2^-64.
Sources: CCNet's dedup.py and C4's c4_utils.py (lines), datatrove's sentence_dedup.py (spans of sentences), BigScience's data-preparation (template lines).

Not here: who else has a unit (matching.py), whether what is left is enough (recipes/), paragraphs as CCNet counts them (paragraphs.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from corpus_platform.dedup.cuts import Parts, Removed, cut_out, joined_cuts, lines, sentences
from corpus_platform.dedup.keys import Keys
from corpus_platform.dedup.sorting import radix_sort
from corpus_platform.text import normalise
from corpus_platform.text.batch import Spans, TextBatch, gather, totals
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import span_characters, strip

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

Form = Literal["raw", "stripped", "lower", "stripped_lower", "norm_cc", "norm_rp", "norm_dt", "norm_slim"]
"""How a line or a sentence is compared: as it is, without white space at its ends, in lower case, or in a system's normal form (text/normalise.py)."""

Policy = Literal["first", "none"]
"""What stays of equal units: the first one in order, or none."""

_BYTES_PER_KEY = 32
"""What a key costs while its range is sorted: key and place, twice, with slack."""
_BUCKET_BITS = 12

_BLANK_AS_THEY_ARE: tuple[Form, ...] = ("raw", "stripped", "lower", "stripped_lower")
"""Forms that are blank where the line is."""


class UnitFamily(Protocol):
    """A way to cut documents into units."""

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:
        """The keys of each document's units, in order; the columns of the documents are not needed."""
        ...

    def remove(
        self,
        batch: TextBatch,
        document_of: np.ndarray,
        ordinal: np.ndarray,
        *,
        count_words: bool = False,
        count_sentences: bool = False,
    ) -> Removed:
        """The texts without some units: documents (0..n-1) and ordinals, int64 each, by document and then ordinal; ValueError where there is no such unit."""
        ...


@dataclass(frozen=True)
class LineUnits:
    r"""The lines of `text.split("\n")`. Those that are left are joined by newlines; a document of which only blank lines would be left is empty.

    A line whose form is white space or nothing is no unit, unless `blank` says that those too are compared, as CCNet does; nor is one whose form has fewer
    than `shortest` characters (ROOTS' template lines: 15).
    """

    form: Form = "stripped_lower"
    shortest: int = 0
    blank: bool = False

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  (other families read them)
        """The hash of the form of each line that is a unit."""
        forms = in_form(batch.lines, self.form)
        is_unit = self._is_unit(forms)
        if not is_unit.all():
            forms = Spans(forms.data, forms.start[is_unit], forms.end[is_unit])
        return Keys(hash_spans(forms), _offsets(is_unit)[batch.document_line])

    def remove(
        self,
        batch: TextBatch,
        document_of: np.ndarray,
        ordinal: np.ndarray,
        *,
        count_words: bool = False,
        count_sentences: bool = False,
    ) -> Removed:
        """The texts without some lines."""
        as_they_are = self.form in _BLANK_AS_THEY_ARE and not self.shortest
        is_unit = self._is_unit(batch.lines if as_they_are else in_form(batch.lines, self.form))
        offset = _offsets(is_unit)[batch.document_line]
        removed = np.zeros(is_unit.size, np.bool_)
        removed[np.flatnonzero(is_unit)[index_of(offset, document_of, ordinal)]] = True
        lines, first = batch.lines, batch.document_line
        if not self.blank:
            bare = strip(lines)
            left = totals((bare.end > bare.start) & ~removed, first)
            removed |= np.repeat((left == 0) & (totals(removed, first) > 0), np.diff(first))
        cuts = joined_cuts(batch, Parts(lines.start, lines.end, first), removed)
        named = np.bincount(document_of, minlength=len(batch))
        return cut_out(batch, cuts, named, count_words=count_words, count_sentences=count_sentences)

    def _is_unit(self, forms: Spans) -> np.ndarray:
        """Which lines are units, by their forms."""
        is_unit = np.ones(len(forms), np.bool_)
        if not self.blank:
            bare = strip(forms)
            is_unit &= bare.end > bare.start
        if self.shortest:
            is_unit &= span_characters(forms) >= self.shortest
        return is_unit


@dataclass(frozen=True)
class SentenceUnits:
    """Spans of n sentences, or lines, that follow each other; they overlap. A span that goes takes all of them with it, and the white space behind them.

    Sentences (cuts.py) end at marks of European and of Chinese writing, and with their line. They are compared joined by spaces; a document of fewer than n
    sentences has no unit. datatrove's are n = 3 in the form `norm_dt`.
    """

    n: int = 3
    form: Form = "norm_dt"
    piece: Literal["sentence", "line"] = "sentence"

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  (other families read them)
        """The hash of the forms of each span, joined by spaces."""
        _, forms, place, offset = self._spans(batch)
        return Keys(hash_spans(Spans(forms.data, forms.start[place], forms.end[place + self.n - 1])), offset)

    def remove(
        self,
        batch: TextBatch,
        document_of: np.ndarray,
        ordinal: np.ndarray,
        *,
        count_words: bool = False,
        count_sentences: bool = False,
    ) -> Removed:
        """The texts without the sentences of some spans."""
        parts, _, place, offset = self._spans(batch)
        removed = np.zeros(parts.start.size, np.bool_)
        named = place[index_of(offset, document_of, ordinal)]
        for behind in range(self.n):
            removed[named + behind] = True
        cuts = joined_cuts(batch, parts, removed)
        count = np.bincount(document_of, minlength=len(batch))
        return cut_out(batch, cuts, count, count_words=count_words, count_sentences=count_sentences)

    def _spans(self, batch: TextBatch) -> tuple[Parts, Spans, np.ndarray, np.ndarray]:
        """The sentences, their forms with a space between them, the first sentence of each span, and where each document's spans begin."""
        parts = sentences(batch) if self.piece == "sentence" else lines(batch)
        forms = in_form(Spans(batch.data, parts.start, parts.end), self.form)
        forms = Spans(*_spaced(forms.data, forms.start, forms.end))
        offset = window_offset(parts.first, self.n)
        place = np.arange(offset[-1]) + np.repeat(parts.first[:-1] - offset[:-1], np.diff(offset))
        bare = strip(Spans(forms.data, forms.start[place], forms.end[place + self.n - 1]))
        is_unit = bare.end > bare.start
        return parts, forms, place[is_unit], _offsets(is_unit)[offset]


def in_form(spans: Spans, form: Form) -> Spans:
    """The normal form of each span, in a buffer of its own where it is not a part of the span."""
    return _FORMS[form](spans)


def window_offset(first: np.ndarray, n: int) -> np.ndarray:
    """Where the windows of n items of each document begin among those of all: int64[d + 1]; `first` int64[d + 1] says which items a document has."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.maximum(np.diff(first) - n + 1, 0))])


def index_of(offset: np.ndarray, document_of: np.ndarray, ordinal: np.ndarray) -> np.ndarray:
    """The index of units among those of their batch, int64. Raises ValueError for one that its document has not: the keys were another text's."""
    index = offset[document_of] + ordinal
    wrong = np.flatnonzero((ordinal < 0) | (index >= offset[document_of + 1]))
    if wrong.size:
        document, wanted = int(document_of[wrong[0]]), int(ordinal[wrong[0]])
        has = int(offset[document + 1] - offset[document])
        raise ValueError(f"document {document} of the batch has {has} units, and no unit {wanted}")
    return index


def repeated(
    keys: Keys, policy: Policy = "first", *, at_least: int = 2, memory: int = 4 << 30
) -> tuple[np.ndarray, np.ndarray]:
    """Document and ordinal (int64 each, in order) of the units that go because their key occurs `at_least` times in the batch.

    `first` lets the first occurrence stay, `none` none. Keys that don't fit into `memory` (bytes; 24 to 32 a key, beside the keys) are sorted range by range,
    each of which reads all keys once. Repeats that overlap each other (a row of dashes, in windows) go up to one period under `first`.
    """
    gone = np.zeros(keys.key.size, np.bool_)
    small = np.uint32 if gone.size <= np.iinfo(np.uint32).max else np.int64
    spare_first = policy == "first"
    if gone.size * _BYTES_PER_KEY <= memory:
        _mark(*radix_sort(keys.key, np.arange(gone.size, dtype=small)), at_least, spare_first, gone)
        return _named(gone, keys.offset)
    bucket_size = _bucket_sizes(keys.key)
    first = 0
    while first < bucket_size.size:
        full = np.cumsum(bucket_size[first:]) * _BYTES_PER_KEY > memory
        last = first + max(int(full.argmax()) if full.any() else full.size, 1)
        room = np.empty(bucket_size[first:last].sum() + 1, small)
        place = room[: _find(keys.key, first, last, room)]
        _mark(*radix_sort(keys.key[place], place), at_least, spare_first, gone)
        first = last
    return _named(gone, keys.offset)


def _texts(spans: Spans) -> TextBatch:
    return TextBatch(*gather(spans.data, spans.start, spans.end))


_FORMS: dict[Form, Callable[[Spans], Spans]] = {
    "raw": lambda spans: spans,
    "stripped": strip,
    "lower": lambda spans: normalise.lower(_texts(spans)).documents,
    "stripped_lower": lambda spans: normalise.lower(_texts(strip(spans))).documents,
    "norm_cc": normalise.norm_cc,
    "norm_rp": lambda spans: normalise.norm_rp(_texts(spans)).documents,
    "norm_dt": lambda spans: normalise.norm_dt(_texts(spans)).documents,
    "norm_slim": lambda spans: normalise.norm_slim(_texts(spans)).documents,
}


def _offsets(chosen: np.ndarray) -> np.ndarray:
    """How many are chosen before each place, and in all."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen, dtype=np.int64)])


@kernel
def _spaced(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranges one after the other with a space behind each: bytes, starts and ends."""
    spaced = np.empty((end - start).sum() + start.size, np.uint8)
    new_start, new_end, to = np.empty_like(start), np.empty_like(end), 0
    for row in range(start.size):
        new_start[row] = to
        for i in range(start[row], end[row]):
            spaced[to] = data[i]
            to += 1
        new_end[row], spaced[to] = to, 32
        to += 1
    return spaced, new_start, new_end


@kernel
def _bucket_sizes(key: np.ndarray) -> np.ndarray:
    """How many keys begin with each of the 4096 values of twelve bits."""
    count = np.zeros(1 << _BUCKET_BITS, np.int64)
    for i in range(key.size):
        count[key[i] >> np.uint64(64 - _BUCKET_BITS)] += 1
    return count


@kernel
def _find(key: np.ndarray, first: int, last: int, place: np.ndarray) -> int:
    """Writes the places of the keys in the buckets `first` to `last`, exclusive; returns their number, for one more than which there must be room."""
    n = 0
    for i in range(key.size):
        bucket = np.int64(key[i] >> np.uint64(64 - _BUCKET_BITS))
        # Without a branch, for it would be guessed wrong as often as not.
        place[n] = i
        n += (bucket >= first) & (bucket < last)
    return n


@kernel
def _mark(key: np.ndarray, place: np.ndarray, at_least: int, spare_first: bool, gone: np.ndarray) -> None:
    """Marks the places of sorted keys that occur often enough, all or all but the first."""
    i = 0
    while i < key.size:
        end = i + 1
        while end < key.size and key[end] == key[i]:
            end += 1
        if end - i >= at_least:
            for k in range(i + spare_first, end):
                gone[place[k]] = True
        i = end


@kernel
def _named(gone: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Document and ordinal of each place that is marked."""
    document, ordinal, n = np.empty(gone.sum(), np.int64), np.empty(gone.sum(), np.int64), 0
    for d in range(offset.size - 1):
        for i in range(offset[d], offset[d + 1]):
            if gone[i]:
                document[n], ordinal[n] = d, i - offset[d]
                n += 1
    return document, ordinal
