"""Texts in pieces that cover them, lines with their newline or sentences with the white space behind them, and texts without some pieces.

A sentence ends after a run of end marks and closing quotes that white space follows, after a Chinese or Japanese end mark wherever it stands, and with its
line. That is enough to take sentences out; it is no sentence splitter of a language (abbreviations end sentences here).
Promise: all pieces of a document put together are the document.

Not here: which pieces go (recipes/), counting sentences as C4 does (clean/sentences.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch, strings_of, totals
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.lines import code_point_offsets
from corpus_platform.text.utf8 import decode

_END, _WIDE_END, _CLOSING, _WHITE = 1, 2, 4, 8


@dataclass(frozen=True)
class Pieces:
    """Pieces of a batch's documents, in order: those of document d are `first[d]` to `first[d + 1]` (int64[d + 1])."""

    batch: TextBatch
    spans: Spans
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.spans)

    def count(self, chosen: np.ndarray) -> np.ndarray:
        """Chosen pieces (bool) of each document: int64[d]."""
        return totals(chosen, self.first)

    def without(self, removed: np.ndarray) -> pl.Series:
        """The texts without some pieces: bool[pieces]."""
        size = np.where(removed, 0, self.spans.end - self.spans.start)
        ends = np.append(0, np.cumsum(size))[self.first]
        kept = np.repeat(~removed, self.spans.end - self.spans.start)
        return pl.Series("text", strings_of(self.batch.data[kept], ends))

    def places(self, removed: np.ndarray, rule: str) -> pl.DataFrame:
        """Where the removed pieces are: `document`, `start`, `end` in characters, `rule`."""
        start, end = code_point_offsets(self.batch, self.spans, self.first)
        document = np.repeat(np.arange(len(self.batch)), np.diff(self.first))
        at = np.flatnonzero(removed)
        return pl.DataFrame(
            {"document": document[at], "start": start[at], "end": end[at], "rule": [rule] * at.size},
            schema=PLACES,
        )


PLACES = {"document": pl.Int64, "start": pl.Int64, "end": pl.Int64, "rule": pl.String}
"""Columns of what an edit took out."""


def line_pieces(batch: TextBatch) -> Pieces:
    """The lines of `split` at newlines, each with its newline; the empty one after a final newline too."""
    lines, first = batch.lines, batch.document_line
    end = lines.end + 1
    end[first[1:] - 1] -= 1
    return Pieces(batch, Spans(lines.data, lines.start, end), first)


def sentence_pieces(batch: TextBatch) -> Pieces:
    """The sentences, each with the white space behind it."""
    start, end, first = _sentences(batch.data, batch.document_start, _classes())
    return Pieces(batch, Spans(batch.data, start, end), first)


@cache
def _classes() -> np.ndarray:
    table = np.zeros(unicode.CODE_POINTS, np.uint8)
    table[[ord(c) for c in ".!?…"]] = _END
    table[[ord(c) for c in "。！？．｡"]] = _WIDE_END
    table[[ord(c) for c in "\"')]}»”’」』）】"]] = _CLOSING
    table[(unicode.facts() & unicode.SPACE) != 0] |= _WHITE
    table.flags.writeable = False
    return table


@part
def _sentence_end(data: np.ndarray, i: int, last: int, table: np.ndarray) -> int:
    """Where the sentence ends that has an end mark at i: behind the white space that follows; 0 where it goes on."""
    wide = False
    kind = _END
    while i < last and kind & (_END | _WIDE_END | _CLOSING):
        wide = wide or (kind & _WIDE_END) != 0
        code, size = decode(data, i)
        kind = table[code]
        if kind & (_END | _WIDE_END | _CLOSING):
            wide = wide or (kind & _WIDE_END) != 0
            i += size
    if i < last and not wide and not kind & _WHITE:
        return 0
    while i < last:
        code, size = decode(data, i)
        if not table[code] & _WHITE:
            break
        i += size
        if code == 10:
            break
    return i


@kernel
def _sentences(
    data: np.ndarray, document_start: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each sentence, and the first one of each document."""
    start, end = np.empty(data.size + 1, np.int64), np.empty(data.size + 1, np.int64)
    first = np.zeros(document_start.size, np.int64)
    n = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        begin = i
        while i < last:
            code, size = decode(data, i)
            stop = 0
            if table[code] & (_END | _WIDE_END):
                stop = _sentence_end(data, i, last, table)
            elif code == 10:
                stop = i + 1
            i = max(i + size, stop)
            if stop:
                start[n], end[n] = begin, stop
                n += 1
                begin = stop
        if begin < last:
            start[n], end[n] = begin, last
            n += 1
        first[d + 1] = n
    return start[:n].copy(), end[:n].copy(), first
