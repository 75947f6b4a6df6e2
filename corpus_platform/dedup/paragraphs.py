"""Paragraph deduplication as CCNet does it: lines that occur in two documents of a group of files go, everywhere.

A *paragraph* is a line of a document; it is known by the hash of its normalised form. Pass 1 makes the distinct hashes of each set of files,
flagged when two documents of the set hold them. A hash is *repeated* when it is flagged or in two sets of the group. Pass 2 removes repeated
lines, their first occurrence included, and then lines that their own document has already shown. The empty line is a line as any other.
Promise: the same documents give the same lines, however the files are grouped into sets and whatever their order.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net, dedup.py.

Not here: how text becomes lines (recipes/ccnet.py), which files form a group and where hashes are kept (stages/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.dedup.sorted_sets import HashLookup, HashSource, by_range
from corpus_platform.text.batch import TextBatch, join_spans, strings_of
from corpus_platform.text.kernel import kernel
from corpus_platform.text.normalise import norm_cc
from corpus_platform.text.sha1 import sha1_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MINIMUM_CHARACTERS = 300
"""CCNet's `min_len`: shorter documents never enter, neither into the hashes nor into the corpus."""


def long_enough(batch: TextBatch, minimum: int = MINIMUM_CHARACTERS) -> np.ndarray:
    """For each document: has it at least `minimum` code points, bool."""
    return batch.characters >= minimum


def paragraph_hashes(batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
    """The hash of each line, uint64, and the first line of each document, int64 of size n + 1.

    First 8 bytes of the SHA-1 of the normalised line, little-endian.
    """
    return sha1_prefix(norm_cc(batch.lines)), batch.document_line


def repeated(sets: Iterable[HashSource], memory: int = 1 << 30) -> Iterator[np.ndarray]:
    """The hashes of a group that are in two documents or in two sets: ascending uint64 arrays that follow each other.

    A source holds one or more sets as rows (`hash` uint64, `in_two_documents` bool), a row per distinct hash of a set; further columns are not read.
    Sources sorted by hash are read once in all; `memory` (bytes) bounds what is held at a time.
    """
    for rows in by_range(sets, ("hash", "in_two_documents"), memory):
        hashes = np.sort(rows["hash"].to_numpy())
        twice = hashes[1:][hashes[1:] == hashes[:-1]]
        yield np.union1d(twice, rows.filter("in_two_documents")["hash"].to_numpy())


@dataclass(frozen=True)
class KeptLines:
    """What is left of a batch: `keep` bool per line; per document, int32, the lines kept and those removed for each cause."""

    batch: TextBatch
    keep: np.ndarray
    nlines: np.ndarray
    repeated_in_group: np.ndarray
    repeated_in_document: np.ndarray

    def line_ids(self) -> pa.Array:
        """list<int32>: for each document the indices of its kept lines among all its lines."""
        ids = _line_ids(self.keep, self.batch.document_line)
        offsets = np.concatenate([[0], np.cumsum(self.nlines, dtype=np.int64)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids))

    def texts(self) -> TextBatch:
        """The kept lines of each document, joined by newlines; its `characters` are CCNet's `length`."""
        lines = self.batch.lines
        return TextBatch(*join_spans(lines.data, lines.start, lines.end, self.batch.document_line, self.keep))

    def frame(self) -> pl.DataFrame:
        """A row per document: `text`, `nlines` (int32), `length` (code points, int32), `line_ids` (list of int32)."""
        texts = self.texts()
        columns = {
            "text": strings_of(texts.data, texts.document_start),
            "nlines": pa.array(self.nlines),
            "length": pa.array(texts.characters.astype(np.int32)),
            "line_ids": self.line_ids(),
        }
        return pl.DataFrame(pa.table(columns))


def keep_lines(batch: TextBatch, hashes: np.ndarray, repeated_hashes: HashLookup | np.ndarray) -> KeptLines:
    """Removes lines whose hash is repeated in the group, then those that repeat an earlier line of their document.

    `hashes` are the batch's own (uint64 per line); `repeated_hashes` may be the part of the group's that the batch needs, sorted and distinct.
    Give a `HashLookup` when many batches ask the same set. A hash of 0 is CCNet's mark of a removed line, so such a line goes too.
    """
    lookup = repeated_hashes if isinstance(repeated_hashes, HashLookup) else HashLookup.of(repeated_hashes)
    return KeptLines(batch, *_keep_lines(hashes, lookup.contains(hashes), batch.document_line))


@kernel
def _keep_lines(
    hashes: np.ndarray, is_repeated: np.ndarray, document_line: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kept lines; per document the lines kept, removed as repeated in the group, and removed as repeated in the document."""
    keep = np.zeros(hashes.size, np.bool_)
    count = np.zeros((3, document_line.size - 1), np.int32)
    longest = 1
    for d in range(document_line.size - 1):
        longest = max(longest, document_line[d + 1] - document_line[d])
    size = 4
    while size < 2 * longest:
        size *= 2
    # A hash table that is emptied by raising the number of its owner. Hashes are spread evenly: their low bits are the address.
    seen, owner = np.empty(size, np.uint64), np.full(size, -1, np.int64)
    mask = np.uint64(size - 1)
    for d in range(document_line.size - 1):
        for line in range(document_line[d], document_line[d + 1]):
            if is_repeated[line] or hashes[line] == 0:
                count[1, d] += 1
                continue
            slot = hashes[line] & mask
            while owner[slot] == d and seen[slot] != hashes[line]:
                slot = (slot + np.uint64(1)) & mask
            if owner[slot] == d:
                count[2, d] += 1
                continue
            seen[slot], owner[slot], keep[line] = hashes[line], d, True
            count[0, d] += 1
    return keep, count[0], count[1], count[2]


@kernel
def _line_ids(keep: np.ndarray, document_line: np.ndarray) -> np.ndarray:
    """Indices of kept lines inside their documents, one after the other."""
    ids, size = np.empty(keep.sum(), np.int32), 0
    for d in range(document_line.size - 1):
        for line in range(document_line[d], document_line[d + 1]):
            if keep[line]:
                ids[size] = line - document_line[d]
                size += 1
    return ids
