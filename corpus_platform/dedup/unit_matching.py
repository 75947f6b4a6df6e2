"""Which units of which documents go: lines, paragraphs, spans and windows that the corpus has elsewhere, one range of keys at a time.

The keys of a snapshot's units are held against one another and against those that earlier snapshots have; the *index* of a snapshot is the keys
that are new with it. Promise: what goes depends on the documents alone, not on ranges, files or their order.

Not here: what a unit is and how it is taken out (units.py), whole documents (matching.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.dedup.sorted_sets import HashLookup
from corpus_platform.dedup.sorting import radix_sort
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

Keep = Literal["none", "first", "newest", "preferred"]
"""Which copy of a unit stays: none where two documents have it; the first of all; the first of the newest snapshot; that of the preferred document."""


@dataclass(frozen=True)
class Units:
    """Units of documents, m in all: `key` uint64[m] ascending, `place` int64[m] of the document, `ordinal` int64[m] in it.

    `preference` uint64[m] is that of the document; the least is the best.
    """

    key: np.ndarray
    place: np.ndarray
    ordinal: np.ndarray
    preference: np.ndarray

    @classmethod
    def sorted(
        cls, key: np.ndarray, place: np.ndarray, ordinal: np.ndarray, preference: np.ndarray | None = None
    ) -> Units:
        """The units in their order, whatever the order in which they come."""
        key, order = radix_sort(key, np.arange(key.size))
        best = np.zeros(key.size, np.uint64) if preference is None else preference[order]
        return cls(key, place[order], ordinal[order], best)


@dataclass(frozen=True)
class MatchedUnits:
    """What came of a range: `index` uint64, the keys that are new with this snapshot, ascending; `place` and `ordinal` int64 of the units that go."""

    index: np.ndarray
    place: np.ndarray
    ordinal: np.ndarray


def match_units(own: Units, earlier: Sequence[np.ndarray], keep: Keep) -> MatchedUnits:
    """Holds the units of a snapshot against one another and against the keys of earlier snapshots (uint64, ascending and distinct, one array for each)."""
    distinct = own.key[np.diff(own.key, prepend=~own.key[:1]) != 0]
    known = np.zeros(distinct.size, np.bool_)
    for keys in earlier:
        known |= HashLookup.of(keys).contains(distinct)
    judged = np.zeros(distinct.size, np.bool_) if keep == "newest" else known
    goes = _going(own.key, own.place, own.ordinal, own.preference, judged, keep == "none")
    order = np.lexsort((own.ordinal[goes], own.place[goes]))
    return MatchedUnits(distinct[~known], own.place[goes][order], own.ordinal[goes][order])


@kernel
def _going(
    key: np.ndarray,
    place: np.ndarray,
    ordinal: np.ndarray,
    preference: np.ndarray,
    known: np.ndarray,
    none_stays: bool,
) -> np.ndarray:
    """bool[m]: units that go. `known` bool, by distinct key: an earlier snapshot has it."""
    goes = np.ones(key.size, np.bool_)
    first, group = 0, 0
    while first < key.size:
        last, best, shared = first + 1, first, False
        while last < key.size and key[last] == key[first]:
            shared |= place[last] != place[first]
            if preference[last] != preference[best]:
                better = preference[last] < preference[best]
            elif place[last] != place[best]:
                better = place[last] < place[best]
            else:
                better = ordinal[last] < ordinal[best]
            best = last if better else best
            last += 1
        if not known[group] and not (shared and none_stays):
            goes[best] = False
        first = last
        group += 1
    return goes
