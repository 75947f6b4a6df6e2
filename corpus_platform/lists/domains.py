"""Categories of domains, looked up by hash: millions of domains in a few bytes each.

Promise: a domain that is listed is found with all of its categories; one that is not listed is found with a probability of 2^-40 at most (millions of 64-bit
hashes).

Not here: which lists there are (lists.py), how a domain is taken from an address (signals/).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from corpus_platform.lists.lists import WordList


@dataclass(frozen=True, eq=False)
class DomainCategories:
    """`hashes` uint64, sorted, of the listed domains; `number` int32: the index in `sets` of each one's categories (sorted)."""

    hashes: np.ndarray
    number: np.ndarray
    sets: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, words: WordList) -> DomainCategories:
        """The categories of a list of domains."""
        return _of(words)

    def look_up(self, domains: pl.Series) -> np.ndarray:
        """Index in `sets` of each domain's categories, -1 where it is not listed or null: int32[n]."""
        if not self.hashes.size:
            return np.full(len(domains), -1, np.int32)
        hashes = _hashes(domains)
        place = np.minimum(np.searchsorted(self.hashes, hashes), self.hashes.size - 1)
        listed = (self.hashes[place] == hashes) & domains.is_not_null().to_numpy()
        return np.where(listed, self.number[place], -1).astype(np.int32)


def _hashes(domains: pl.Series) -> np.ndarray:
    return domains.cast(pl.String).hash(seed=1).to_numpy()


@lru_cache(maxsize=4)
def _of(words: WordList) -> DomainCategories:
    sets = tuple(dict.fromkeys(words.labels))
    numbers = {labels: k for k, labels in enumerate(sets)}
    hashes = _hashes(pl.Series(words.entries, dtype=pl.String))
    order = np.argsort(hashes, kind="stable")
    number = np.array([numbers[labels] for labels in words.labels], np.int32)
    return DomainCategories(hashes[order], number[order], sets)
