"""A Bloom filter over the documents of a snapshot, in their order: which ones, or which of their paragraphs, it has seen before.

Where documents are compared within groups of files only, each group has a filter of its own, made for the keys of the group as they come; else there
is one filter, which goes on from snapshot to snapshot.

Not here: the filter (bloom.py), the rule for n-grams (bff.py), tables (stages/dedup.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from corpus_platform.dedup.bff import ParagraphGrams, remove_old_both
from corpus_platform.dedup.bloom import BloomFilter, seen_documents, seen_units
from corpus_platform.dedup.keys import PLACE_BITS, Keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FilterStep(Protocol):
    """What a filter needs to know of its step."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def scope(self) -> str: ...  # noqa: D102
    @property
    def survivor(self) -> str: ...  # noqa: D102
    @property
    def items(self) -> int: ...  # noqa: D102
    @property
    def error_rate(self) -> float: ...  # noqa: D102
    @property
    def ratio(self) -> float | None: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102


@dataclass
class FilterState:
    """The filter on its way over the documents."""

    step: FilterStep
    group_files: int
    _filter: BloomFilter | None = field(default=None, init=False)
    _group: int = field(default=-1, init=False)

    @property
    def is_kept(self) -> bool:
        """Whether a later snapshot goes on from it: not where the newest copy stays, which is then that of each snapshot."""
        return self.step.scope in {"snapshots", "corpus", "language"} and self.step.survivor != "newest"

    @property
    def bytes(self) -> int:
        """Its memory."""
        return self._filter.bytes if self._filter else 0

    @property
    def added(self) -> int:
        """Keys that it has."""
        return self._filter.added if self._filter else 0

    @property
    def is_over_full(self) -> bool:
        """Whether it has more keys than it was made for, so that its share of errors is higher than asked for."""
        return self.added > self.step.items

    def load(self, path: Path) -> None:
        """Goes on from a stored filter."""
        self._filter = BloomFilter.load(path)

    def save(self, path: Path) -> None:
        """Stores the filter."""
        self._of(-1).save(path)

    def _of(self, group: int) -> BloomFilter:
        if self._filter is None or group != self._group:
            known = self._filter if self._group == -1 and group == -1 else None
            self._filter = known or BloomFilter.sized(self.step.items, self.step.error_rate, self.step.seed)
            self._group = group
        return self._filter

    def groups(self, place: np.ndarray) -> Iterator[tuple[slice, BloomFilter]]:
        """The documents of a batch (their places, ascending) by filter."""
        if self.step.scope not in {"group", "shard"}:
            yield slice(0, place.size), self._of(-1)
            return
        group = (place >> PLACE_BITS) // self.group_files
        first = np.flatnonzero(np.diff(group, prepend=-1))
        for start, stop in zip(first, [*first[1:], place.size], strict=True):
            yield slice(int(start), int(stop)), self._of(int(group[start]))


def filtered(state: FilterState, documents: pl.DataFrame) -> pl.DataFrame:
    """What the filter says of documents (`place` int64 ascending, `keys` list of uint64, `units` list of int32).

    A row (`place`, `ordinal` of a paragraph that goes, or null where the document goes, `part`: the share of seen n-grams) for each that goes.
    """
    place = documents["place"].to_numpy()
    found = [_asked(state.step, known, documents[part], place[part]) for part, known in state.groups(place)]
    schema = {"place": pl.Int64, "ordinal": pl.Int32, "part": pl.Float64}
    return pl.concat([pl.DataFrame(schema=schema), *(frame.cast(schema) for frame in found)])  # type: ignore[arg-type]


def _asked(step: FilterStep, known: BloomFilter, documents: pl.DataFrame, place: np.ndarray) -> pl.DataFrame:
    keys = _keys(documents["keys"])
    if step.key == "ngram":
        units = documents["units"]
        sizes = units.explode().drop_nulls().to_numpy()
        grams = ParagraphGrams(keys.key, _offsets(sizes), _offsets(units.list.len().fill_null(0).to_numpy()))
        gone = remove_old_both(known, grams, step.ratio or 0.8)
        whole = np.flatnonzero(gone.dropped)
        ratio = gone.ratio
        return pl.concat(
            [
                _rows(place[whole], None, ratio[whole]),
                _rows(place[gone.document], gone.ordinal, None),
            ]
        )
    if step.key == "paragraph":
        document, ordinal = seen_units(known, keys)
        return _rows(place[document], ordinal, None)
    return _rows(place[seen_documents(known, keys)], None, None)


def _rows(place: np.ndarray, ordinal: np.ndarray | None, part: np.ndarray | None) -> pl.DataFrame:
    nothing = [None] * place.size
    return pl.DataFrame(
        {
            "place": pl.Series(place, dtype=pl.Int64),
            "ordinal": pl.Series(nothing if ordinal is None else ordinal, dtype=pl.Int32),
            "part": pl.Series(nothing if part is None else part, dtype=pl.Float64),
        }
    )


def _keys(lists: pl.Series) -> Keys:
    flat = lists.explode().drop_nulls().cast(pl.UInt64)
    return Keys(np.array(flat.to_numpy()), _offsets(lists.list.len().fill_null(0).to_numpy()))


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
