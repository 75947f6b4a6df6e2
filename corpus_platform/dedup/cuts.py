"""Texts without some of their parts, and what was taken out.

A *cut* is a byte range of a document that goes. Cuts of a document follow each other and do not overlap; none begins or ends inside a character.
Promise: what is left are the bytes outside the cuts, in their order; a document without a cut has the same bytes as before.

Not here: which parts go (units.py, substrings.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from corpus_platform.text.batch import Spans, TextBatch, totals
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import code_point_offsets, strip
from corpus_platform.text.pieces import sentence_pieces
from corpus_platform.text.words import cjk_words


@dataclass(frozen=True)
class Removed:
    """What became of a batch of n documents when units were taken out.

    `texts`: the new texts; per document `changed` bool[n], `units_removed` int64[n] (the units that were named), `characters_removed` int64[n];
    `spans`: what was taken out, as `document`, `start`, `end` in characters of the text before; `words_left` (text/words.py, `cjk_words`) and
    `sentences_left`, int64[n], where they were asked for.
    """

    texts: TextBatch
    changed: np.ndarray
    units_removed: np.ndarray
    characters_removed: np.ndarray
    spans: pl.DataFrame
    words_left: np.ndarray | None = None
    sentences_left: np.ndarray | None = None


@dataclass(frozen=True)
class Parts:
    """Parts of n documents in order, p in all: bytes `start` to `end` (int64[p]) of their buffer, those of document d being `first[d]` to `first[d + 1]`."""

    start: np.ndarray
    end: np.ndarray
    first: np.ndarray

    def select(self, keep: np.ndarray) -> Parts:
        """The parts for which `keep` (bool[p]) holds."""
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])[self.first]
        return Parts(self.start[keep], self.end[keep], first)


def sentences(batch: TextBatch) -> Parts:
    """The sentences of each text without the white space around them; a piece of white space alone is none."""
    pieces = sentence_pieces(batch)
    bare = strip(pieces.spans)
    return Parts(bare.start, bare.end, pieces.first).select(bare.end > bare.start)


def lines(batch: TextBatch) -> Parts:
    """The lines of each text without the white space around them; a blank one is none."""
    bare = strip(batch.lines)
    return Parts(bare.start, bare.end, batch.document_line).select(bare.end > bare.start)


def cut_out(
    batch: TextBatch,
    cuts: Parts,
    units_removed: np.ndarray,
    *,
    count_words: bool = False,
    count_sentences: bool = False,
) -> Removed:
    """The batch without the cuts; of those that are empty nothing is said. `units_removed` (int64[n]) goes into the answer."""
    cuts = cuts.select(cuts.end > cuts.start)
    spans = Spans(batch.data, cuts.start, cuts.end)
    start, end = code_point_offsets(batch, spans, cuts.first)
    texts = TextBatch(*_without(batch.data, batch.document_start, cuts.start, cuts.end, cuts.first))
    count = np.diff(cuts.first)
    document = np.repeat(np.arange(len(batch)), count)
    return Removed(
        texts,
        count > 0,
        units_removed,
        totals(end - start, cuts.first),
        pl.DataFrame({"document": document, "start": start, "end": end}),
        cjk_words(texts).count if count_words else None,
        np.diff(sentences(texts).first) if count_sentences else None,
    )


def joined_cuts(batch: TextBatch, parts: Parts, removed: np.ndarray) -> Parts:
    """Cuts that take out parts (bool[p]) with what stands between them and the next part.

    Where the last part of a document goes, what stood before it goes too, so that what is left ends as its last part does; where all go, nothing is left.
    """
    return Parts(*_joined_cuts(batch.document_start, parts.start, parts.end, parts.first, removed))


@kernel
def _without(
    data: np.ndarray, document_start: np.ndarray, start: np.ndarray, end: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The bytes outside the cuts, and where each document starts in them."""
    new_start = np.zeros(document_start.size, np.int64)
    for d in range(document_start.size - 1):
        size = document_start[d + 1] - document_start[d]
        for cut in range(first[d], first[d + 1]):
            size -= end[cut] - start[cut]
        new_start[d + 1] = new_start[d] + size
    kept = np.empty(new_start[-1], np.uint8)
    to, at = 0, 0
    for cut in range(start.size):
        kept[to : to + start[cut] - at] = data[at : start[cut]]
        to += start[cut] - at
        at = end[cut]
    kept[to:] = data[at:]
    return kept, new_start


@kernel
def _joined_cuts(
    document_start: np.ndarray, start: np.ndarray, end: np.ndarray, first: np.ndarray, removed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each cut, and the first one of each document."""
    cut_start, cut_end = np.empty(removed.sum(), np.int64), np.empty(removed.sum(), np.int64)
    cut_first, n = np.zeros(document_start.size, np.int64), 0
    for d in range(document_start.size - 1):
        i = first[d]
        while i < first[d + 1]:
            if not removed[i]:
                i += 1
                continue
            before = i
            while i < first[d + 1] and removed[i]:
                i += 1
            if before == first[d]:
                cut_start[n] = document_start[d]
            else:
                cut_start[n] = start[before] if i < first[d + 1] else end[before - 1]
            cut_end[n] = start[i] if i < first[d + 1] else document_start[d + 1]
            n += 1
        cut_first[d + 1] = n
    return cut_start[:n].copy(), cut_end[:n].copy(), cut_first
