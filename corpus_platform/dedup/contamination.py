"""Which documents hold items of test sets, and which item, how much of it, and where.

A *test item* is a question, an answer or a passage of a test set. It is searched for by its n-grams: n units (words or characters, grams.py) in a row of a
form of the text. An item of fewer than n units is one n-gram of its own length, if it has `min_units`; else it is *too short*, which is told and not
passed over. With `paragraphs` the whole paragraphs of an item take the place of n-grams, those of `min_units` and more.
Promise: neither the order of items nor that of documents matters; a planted item is found, which `prove` tries before a run trusts a silence.
Sources: GPT-3 (13-grams), MassiveText (Jaccard of 13-grams), Dolma (paragraphs of more than 12 words).

Not here: reading test sets (sources/), which share or Jaccard is too much (recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from corpus_platform.dedup.evidence import spans_of_units
from corpus_platform.dedup.grams import Form, Unit, grams, units
from corpus_platform.dedup.sorted_sets import HashLookup
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.text.batch import TextBatch, gather
from corpus_platform.text.kernel import kernel, part

if TYPE_CHECKING:
    from collections.abc import Sequence

By = Literal["share", "jaccard"]
"""What the best item is best by: the share of its n-grams that the document has, or the Jaccard similarity of both sets of n-grams."""

_VERSION = 1
_PARAGRAPH = 0
"""The length of n-grams that are whole paragraphs."""


@dataclass(frozen=True)
class Cut:
    """How texts become n-grams."""

    n: int
    unit: Unit
    form: Form
    min_units: int
    paragraphs: bool


@dataclass(frozen=True)
class ItemGrams:
    """The n-grams of one `length` of all items: distinct and ascending in `lookup`; the items of gram g are `item[first[g] : first[g + 1]]`, ascending."""

    length: int
    lookup: HashLookup
    first: np.ndarray
    item: np.ndarray


@dataclass(frozen=True)
class TestItems:
    """Test items made ready to be searched for: their `ids`, those that are `too_short`, the distinct n-grams of each (`size` int64), and all n-grams."""

    cut: Cut
    ids: tuple[str, ...]
    too_short: tuple[str, ...]
    size: np.ndarray
    parts: tuple[ItemGrams, ...]
    canary: str
    """The text of the first item."""

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        ids: Sequence[str],
        n: int = 13,
        unit: Unit = "word",
        form: Form = "words",
        *,
        min_units: int = 8,
        paragraphs: bool = False,
    ) -> TestItems:
        """The items with these texts and ids. Raises `SettingsError` when an id comes twice, or nothing can be searched for by such n-grams."""
        if min_units < 1 or n < 1:
            raise SettingsError(f"n-grams of test items have at least 1 unit, not n = {n} and min_units = {min_units}")
        items = sorted(zip(ids, texts, strict=True))
        twice = [a for (a, _), (b, _) in pairwise(items) if a == b]
        if twice:
            raise SettingsError(f"two test items are called `{twice[0]}`: give each an id of its own")
        cut = Cut(n, unit, form, min_units, paragraphs)
        gram, offset, length = _item_grams(cut, TextBatch.of([text for _, text in items]))
        usable = np.diff(offset) > 0
        item = np.repeat(np.cumsum(usable) - 1, np.diff(offset))
        parts = tuple(_part(int(size), gram, item, length[usable]) for size in np.unique(length[usable]))
        held = np.concatenate([np.empty(0, np.int64), *(own.item for own in parts)])
        return cls(
            cut,
            tuple(name for (name, _), use in zip(items, usable, strict=True) if use),
            tuple(name for (name, _), use in zip(items, usable, strict=True) if not use),
            np.bincount(held, minlength=int(usable.sum())),
            parts,
            next((text for (_, text), use in zip(items, usable, strict=True) if use), ""),
        )

    @cached_property
    def digest(self) -> str:
        """What a fingerprint names the items by: equal for the same items and cut, whatever their order."""
        digest = hashlib.blake2b(repr((_VERSION, self.cut, self.ids, self.too_short)).encode(), digest_size=16)
        for own in self.parts:
            for values in (own.lookup.values, own.first, own.item):
                digest.update(np.ascontiguousarray(values, values.dtype.newbyteorder("<")))
        return digest.hexdigest()

    def find(self, batch: TextBatch, by: By = "share", *, evidence: bool = True) -> Found:
        """The best item of each document: highest `by`, then most n-grams, then first id. `evidence`: where its first match stands."""
        best = _Best.none(len(batch))
        own = _paragraphs(batch) if self.cut.paragraphs else batch
        found = units(own, self.cut.unit, self.cut.form)
        for items in self.parts:
            if items.length == _PARAGRAPH:
                gram, offset = _whole(found.hash, found.offset, self.cut.min_units)
                offset = offset[batch.document_line]
            else:
                gram, offset = grams(found.hash, found.offset, items.length, items.length)
            lookup = (items.lookup.values, items.lookup.prefix_start, items.lookup.shift)
            best = best.or_better(
                _Best(*_best(gram, offset, *lookup, items.first, items.item, self.size, by == "jaccard"))
            )
        return self._told(batch, best, by, evidence=evidence)

    def prove(self) -> None:
        """Plants an item in a document and finds it. Raises `CheckFailed` when there is no item to search for, or it is not found."""
        if not self.ids:
            what = (
                f"all {len(self.too_short):,} test items are too short" if self.too_short else "there are no test items"
            )
            raise CheckFailed(
                f"nothing to search for: {what}; give longer items, or a `min_units` below {self.cut.min_units}"
            )
        found = self.find(TextBatch.of([f"Planted.\n{self.canary}\nPlanted."]))
        if found.share[0] < 1:
            raise CheckFailed(
                f"test item `{self.ids[0]}` was planted in a document and not found: the search is broken"
            )

    def _told(self, batch: TextBatch, best: _Best, by: By, *, evidence: bool) -> Found:
        hit = np.flatnonzero(best.item >= 0)
        share, start, end = np.zeros(len(batch)), np.full(len(batch), -1), np.full(len(batch), -1)
        share[hit] = best.matched[hit] / self.size[best.item[hit]]
        jaccard = best.score if by == "jaccard" else None
        if evidence and hit.size:
            texts = batch.texts.gather(hit).to_list()
            if self.cut.paragraphs:
                start[hit], end[hit] = self._paragraph_spans(texts, best.first[hit])
            else:
                length = np.zeros(len(self.ids), np.int64)
                for own in self.parts:
                    length[own.item] = own.length
                own_length = length[best.item[hit]]
                start[hit], end[hit] = spans_of_units(texts, best.first[hit], own_length, self.cut.unit, self.cut.form)
        return Found(self.ids, best.item, best.matched, share, jaccard, start, end)

    def _paragraph_spans(self, texts: list[str], first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the paragraphs stand that are number `first` of those with enough units."""
        spans = []
        for text, number in zip(texts, first, strict=True):
            lines = text.split("\n")
            count = units(TextBatch.of(lines), self.cut.unit, self.cut.form).count
            line = int(np.flatnonzero(count >= self.cut.min_units)[number])
            start = sum(map(len, lines[:line])) + line
            spans.append((start, start + len(lines[line])))
        return tuple(np.array(spans, np.int64).T)


@dataclass(frozen=True)
class Found:
    """What was found in n documents: the best item of each, as an index into `ids` (int64[n], -1 for none), and how well it fits.

    `matched` int64[n]: distinct n-grams of the item in the document; `share` float64[n]: of all of the item, 0 for none; `jaccard` float64[n], or None when
    it was not asked for; `start` and `end` int64[n]: the first match in code points of the document, -1 for none or when it was not asked for.
    """

    ids: tuple[str, ...]
    item: np.ndarray
    matched: np.ndarray
    share: np.ndarray
    jaccard: np.ndarray | None
    start: np.ndarray
    end: np.ndarray

    def frame(self) -> pl.DataFrame:
        """A row per document: `item` (its id, or null), `matched`, `share`, `jaccard`, `start`, `end`, null where nothing was found."""
        hit = pl.Series(self.item >= 0)
        columns = {
            "item": pl.Series(self.ids, dtype=pl.String).gather(pl.Series(self.item).set(~hit, None)),
            "matched": self.matched,
            "share": self.share,
            "jaccard": pl.repeat(None, len(hit), dtype=pl.Float64, eager=True)
            if self.jaccard is None
            else self.jaccard,
            "start": pl.Series(self.start).set(pl.Series(self.start < 0), None),
            "end": pl.Series(self.end).set(pl.Series(self.end < 0), None),
        }
        return pl.DataFrame(columns)


@dataclass(frozen=True)
class _Best:
    """The best item of each document so far: its index or -1, its n-grams in the document, its score, and the first of these n-grams in it."""

    item: np.ndarray
    matched: np.ndarray
    score: np.ndarray
    first: np.ndarray

    @classmethod
    def none(cls, documents: int) -> _Best:
        return cls(np.full(documents, -1), np.zeros(documents, np.int64), np.zeros(documents), np.full(documents, -1))

    def or_better(self, other: _Best) -> _Best:
        same, as_many = other.score == self.score, other.matched == self.matched
        better = (other.score > self.score) | (same & (other.matched > self.matched))
        better |= same & as_many & (other.item < self.item)
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Best(*(np.where(better, theirs, own) for own, theirs in pairs))


def _paragraphs(batch: TextBatch) -> TextBatch:
    return TextBatch(*gather(batch.data, batch.lines.start, batch.lines.end))


def _whole(hashes: np.ndarray, offset: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Each range as one n-gram, if it has at least so many units."""
    return grams(hashes, offset, int(np.diff(offset).max(initial=0)) + 1, least)


def _item_grams(cut: Cut, batch: TextBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N-grams of the items, their offsets by item, and the length of those of each item."""
    if cut.paragraphs:
        found = units(_paragraphs(batch), cut.unit, cut.form)
        gram, offset = _whole(found.hash, found.offset, cut.min_units)
        return gram, offset[batch.document_line], np.full(len(batch), _PARAGRAPH)
    found = units(batch, cut.unit, cut.form)
    gram, offset = grams(found.hash, found.offset, cut.n, cut.min_units)
    return gram, offset, np.minimum(found.count, cut.n)


def _part(size: int, gram: np.ndarray, item: np.ndarray, length: np.ndarray) -> ItemGrams:
    """The n-grams of one length: which there are, and of which items."""
    own = length[item] == size
    gram, item = gram[own], item[own]
    order = np.lexsort((item, gram))
    gram, item = gram[order], item[order]
    new_gram = np.diff(gram, prepend=~gram[:1]) != 0
    new = new_gram | (np.diff(item, prepend=-1) != 0)
    gram, item = gram[new], item[new]
    values, first = np.unique(gram, return_index=True)
    return ItemGrams(size, HashLookup.of(values), np.append(first, gram.size).astype(np.int64), item.astype(np.int64))


@part
def index_of(values: np.ndarray, prefix_start: np.ndarray, shift: int, key: np.uint64) -> int:
    """Where a key is among those that share its prefix; -1 if it is not there."""
    prefix = np.int64(key >> np.uint64(shift))
    low, end = prefix_start[prefix], prefix_start[prefix + 1]
    high = end
    while low < high:
        middle = (low + high) // 2
        if values[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < end and values[low] == key else -1


@kernel
def _distinct(gram: np.ndarray) -> int:
    """Number of different values."""
    ordered = np.sort(gram)
    count = min(ordered.size, 1)
    for i in range(1, ordered.size):
        count += ordered[i] != ordered[i - 1]
    return count


@kernel
def _best(
    gram: np.ndarray,
    offset: np.ndarray,
    values: np.ndarray,
    prefix_start: np.ndarray,
    shift: int,
    first: np.ndarray,
    item: np.ndarray,
    size: np.ndarray,
    by_jaccard: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The best item of each document, its n-grams in it, its score, and the place of the first of them."""
    documents = offset.size - 1
    best, matched = np.full(documents, -1, np.int64), np.zeros(documents, np.int64)
    score, place = np.zeros(documents), np.full(documents, -1, np.int64)
    # Counters of one document; those of another are told by its number.
    seen_in = np.full(values.size, -1, np.int64)
    count, begin, touched = np.zeros(size.size, np.int64), np.empty(size.size, np.int64), np.empty(size.size, np.int64)
    for d in range(documents):
        hits = 0
        for g in range(offset[d], offset[d + 1]):
            v = index_of(values, prefix_start, shift, gram[g])
            if v < 0 or seen_in[v] == d:
                continue
            seen_in[v] = d
            for p in range(first[v], first[v + 1]):
                i = item[p]
                if count[i] == 0:
                    touched[hits], begin[i] = i, g - offset[d]
                    hits += 1
                count[i] += 1
        own = _distinct(gram[offset[d] : offset[d + 1]]) if by_jaccard and hits else 0
        for t in range(hits):
            i = touched[t]
            value = count[i] / (size[i] + own - count[i] if by_jaccard else size[i])
            better = value > score[d] or (value == score[d] and count[i] > matched[d])
            if better or (value == score[d] and count[i] == matched[d] and i < best[d]):
                best[d], matched[d], score[d], place[d] = i, count[i], value, begin[i]
            count[i] = 0
    return best, matched, score, place
