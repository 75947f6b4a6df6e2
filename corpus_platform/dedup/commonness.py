"""How common a document is, by the document frequencies of its n-grams, and the sampling weight that follows: deduplication that drops nothing.

The *frequency* of an n-gram is the number of documents that hold it, this one included. Its share in what everybody has is 1 - idf / idf_max, with
idf = ln(documents / frequency): 0 for what no other document has, 1 for what all have. The *commonness* of a document is the mean over its distinct
n-grams. Documents are put into classes of commonness; the least common weigh 1.
Promise: weights depend on the documents alone, not on their order; documents of equal commonness share a class; with the same classes, copies never
raise the weight of a text.
Source: TigerBot (Chen et al. 2023) names a soft deduplication by tf-idf and quality, and gives no numbers: the definitions here are our reading.

Not here: counting n-grams over snapshots (matching.py counts keys), drawing documents by weight.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.dedup.grams import grams, units
from corpus_platform.dedup.keys import Keys
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import share, totals
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from corpus_platform.dedup.grams import Form, Unit
    from corpus_platform.text.batch import TextBatch

_U64 = np.uint64


@dataclass(frozen=True)
class NgramKeys:
    """Keys that are the distinct n-grams of a document, or a fixed share of them: `n` units in a row of a form of the text.

    One of `keep_one_in` hashes is kept, the same ones in all documents. A document of which none is kept keeps its smallest; one of fewer than n
    units is one n-gram of its own length; one without units has no key.
    """

    n: int = 5
    unit: Unit = "word"
    form: Form = "words"
    keep_one_in: int = 16

    def of(self, batch: TextBatch) -> Keys:
        """The keys of each text, ascending."""
        own = units(batch, self.unit, self.form)
        return Keys(*_distinct(*grams(own.hash, own.offset, self.n, 1), _U64(self.keep_one_in)))


def document_frequency(keys: Keys) -> np.ndarray:
    """How many of these documents hold each key, int64[k]: for populations that fit into memory. A key comes once in a document at most."""
    _, place, count = np.unique(keys.key, return_inverse=True, return_counts=True)
    return count[place]


def commonness(keys: Keys, frequency: np.ndarray, documents: int) -> np.ndarray:
    """Commonness of each document from 0 to 1, float64[n]; NaN for one without keys.

    `frequency` int64[k]: of how many of the `documents` of the population each key is. It is the mean of ln(frequency) / ln(documents).
    """
    whole = max(documents, 2)
    common = np.log(np.clip(frequency, 1, whole)) / np.log(whole)
    return share(totals(common, keys.offset), np.diff(keys.offset))


@dataclass(frozen=True)
class CommonnessClasses:
    """Classes of commonness, c in all, from the least to the most common.

    `edge` float64[c - 1]: a document is in the class that has as many edges below its commonness; `middle` float64[c]: the quality above which a
    document belongs to the better half of its class, NaN without one; `weight` float32[c], evenly from 1 down.
    """

    edge: np.ndarray
    middle: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(
        cls, commonness: np.ndarray, quality: np.ndarray | None = None, classes: int = 10, least: float = 0.1
    ) -> CommonnessClasses:
        """The classes of a population: its quantiles of commonness (values that there are), and the lower median of the quality of each class.

        NaN takes no part. The last class weighs `least`.
        """
        if classes < 1 or not 0 < least <= 1:
            raise SettingsError(
                f"weights by commonness take at least 1 class and a least weight above 0 and up to 1, not {classes} and {least}"
            )
        known = np.sort(commonness[~np.isnan(commonness)])
        upper = np.append(known, np.inf)[[_rank(i, classes, known.size) for i in range(1, classes)]]
        found = cls(upper, np.full(classes, np.nan), np.linspace(1, least, classes, dtype=np.float32))
        if quality is None:
            return found
        judged = ~np.isnan(commonness) & ~np.isnan(quality)
        own = found.classes(commonness[judged])
        middle = [_lower_median(quality[judged][own == c]) for c in range(classes)]
        return cls(upper, np.array(middle), found.weight)

    def classes(self, commonness: np.ndarray) -> np.ndarray:
        """The class of each document, int64[n]; that of NaN, where nothing is known to be shared, is the first."""
        return np.where(np.isnan(commonness), 0, np.searchsorted(self.edge, commonness, side="left"))

    def weights(self, commonness: np.ndarray, quality: np.ndarray | None = None) -> np.ndarray:
        """Sampling weight of each document, float32[n]: that of its class, or of the class above for the better half by `quality` (higher is better)."""
        own = self.classes(commonness)
        if quality is not None:
            own = own - (quality > self.middle[own])
        return self.weight[np.maximum(own, 0)]


def weights(
    commonness: np.ndarray, quality: np.ndarray | None = None, classes: int = 10, least: float = 0.1
) -> np.ndarray:
    """Sampling weight of each document of a population by its own classes, float32[n]."""
    return CommonnessClasses.of(commonness, quality, classes, least).weights(commonness, quality)


def _rank(i: int, classes: int, size: int) -> int:
    """Place of the i-th quantile among `size` sorted values: at least i / classes of them are up to it."""
    return max(-(-i * size // classes) - 1, 0)


def _lower_median(values: np.ndarray) -> float:
    return float(np.sort(values)[(values.size - 1) // 2]) if values.size else np.nan


@kernel
def _distinct(gram: np.ndarray, offset: np.ndarray, keep_one_in: np.uint64) -> tuple[np.ndarray, np.ndarray]:
    """The distinct hashes of each range that are kept, ascending, and their offsets."""
    found, first = np.empty(gram.size, np.uint64), np.zeros(offset.size, np.int64)
    size = 0
    for d in range(offset.size - 1):
        begin = size
        for g in range(offset[d], offset[d + 1]):
            if gram[g] % keep_one_in == 0:
                found[size] = gram[g]
                size += 1
        if size > begin:
            found[begin:size].sort()
        elif offset[d + 1] > offset[d]:
            found[size] = gram[offset[d] : offset[d + 1]].min()
            size += 1
        end, size = size, begin
        for i in range(begin, end):
            if i == begin or found[i] != found[size - 1]:
                found[size] = found[i]
                size += 1
        first[d + 1] = size
    return found[:size].copy(), first
