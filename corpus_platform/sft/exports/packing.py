"""Packing: dialogues put together into sequences of a length, first fit by falling length; a dialogue is cut only where it is longer than a sequence.

A trainer resets positions where a dialogue begins (`lengths`), so that none sees another. First fit decreasing fills as few sequences as that or at most
11/9 of the fewest and one more.
Source: Johnson, Near-optimal bin packing algorithms, 1973; LLaMA-Factory packs in the same way within a batch.

Not here: how many tokens a dialogue has (mixes/sft/tokens.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import SettingsError
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA = pa.schema(
    [
        ("sample_ids", pa.list_(pa.string())),
        ("lengths", pa.list_(pa.int64())),
        ("starts", pa.list_(pa.int64())),
        ("total", pa.int64()),
    ]
)
"""A sequence: its dialogues in order, tokens of each, the token where each begins (above 0 for later pieces of one that was cut), and their sum."""
_GROUP = 10_000


@dataclass(frozen=True)
class Packed:
    """Sequences of dialogues. Arrays are by piece: a dialogue, or a stretch of one that is longer than a sequence."""

    sample: np.ndarray
    start: np.ndarray
    length: np.ndarray
    sequence: np.ndarray
    """Number of the sequence that a piece is in."""
    sequences: int
    most: int

    @property
    def filled(self) -> float:
        """Share of the room that is used."""
        return float(self.length.sum()) / (self.sequences * self.most) if self.sequences else 0.0


def pack(lengths: Sequence[int] | np.ndarray, most: int) -> Packed:
    """Packs dialogues of these lengths (tokens) into sequences of at most `most`. Raises SettingsError for a length below 1."""
    if most < 1:
        raise SettingsError(f"a sequence has one token at least, not {most}")
    whole = np.asarray(lengths, np.int64)
    pieces = np.maximum(1, -(-whole // most))
    sample = np.repeat(np.arange(whole.size), pieces)
    first = np.concatenate(([0], np.cumsum(pieces)[:-1])) if whole.size else np.zeros(0, np.int64)
    start = (np.arange(sample.size) - first[sample]) * most
    length = np.minimum(whole[sample] - start, most)
    order = np.lexsort((np.arange(length.size), -length))
    sequence = np.empty(length.size, np.int64)
    sequence[order] = _first_fit(length[order], most) if length.size else 0
    return Packed(sample, start, length, sequence, int(sequence.max()) + 1 if length.size else 0, most)


def write(packed: Packed, sample_ids: Sequence[str], path: Path) -> None:
    """Writes the sequences as Parquet, a row for each."""
    order = np.lexsort((packed.start, packed.sample, packed.sequence))
    bounds = np.searchsorted(packed.sequence[order], np.arange(packed.sequences + 1))
    ids = pa.array(sample_ids, pa.string())
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", version="2.6") as writer:
        for begin in range(0, packed.sequences, _GROUP):
            end = min(begin + _GROUP, packed.sequences)
            own = order[bounds[begin] : bounds[end]]
            offsets = pa.array(bounds[begin : end + 1] - bounds[begin], pa.int32())
            lists = [
                pa.ListArray.from_arrays(offsets, values)
                for values in (ids.take(packed.sample[own]), pa.array(packed.length[own]), pa.array(packed.start[own]))
            ]
            totals = np.add.reduceat(packed.length[own], np.asarray(offsets)[:-1])
            writer.write_table(pa.Table.from_arrays([*lists, pa.array(totals)], schema=SCHEMA))


@kernel
def _first_fit(length: np.ndarray, most: int) -> np.ndarray:
    """The first sequence with room for each piece. A tree holds the largest room below each node, so a piece takes log n steps."""
    leaves = 1
    while leaves < length.size:
        leaves *= 2
    room = np.full(2 * leaves, most, np.int64)
    found = np.empty(length.size, np.int64)
    for i in range(length.size):
        node = 1
        while node < leaves:
            node = 2 * node if room[2 * node] >= length[i] else 2 * node + 1
        found[i] = node - leaves
        room[node] -= length[i]
        node //= 2
        while node:
            room[node] = max(room[2 * node], room[2 * node + 1])
            node //= 2
    return found
