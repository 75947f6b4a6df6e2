"""Banding: how often two signatures share a band, and how many bands of how many rows to cut them into.

Of two documents with a share s of common shingles (Jaccard similarity) each value of their signatures agrees with probability s, all r rows of a band
with s^r, and at least one of b bands with 1 - (1 - s^r)^b: a curve that rises steeply about (1/b)^(1/r).
Promise: bands and rows are those that datasketch 2.0 chooses.
Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3; datasketch 2.0, lsh.py.

Not here: signatures (text/minhash.py), keys of bands (minhash.py).
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import numpy as np

_ROUNDING = 1e-12
"""Errors that differ by less are equal: at a threshold of a half one row and two are equally good."""

_Number = TypeVar("_Number", float, np.ndarray)


@cache
def optimal_bands(threshold: float, permutations: int, weights: tuple[float, float] = (0.5, 0.5)) -> tuple[int, int]:
    """Bands and rows, at most `permutations` values in all, with the least weighted sum of false positives and false negatives.

    False positives are the area under the curve below the threshold, false negatives that above it from 1 on; `weights` are those of the two. Of equally
    good choices the one with fewest bands, then fewest rows, is taken. Raises `ValueError` for a threshold outside 0..1, or less than 1 permutation.
    """
    if not 0 <= threshold <= 1 or permutations < 1:
        raise ValueError(
            f"bands need a threshold of 0 to 1 and a permutation: {threshold} and {permutations} were given"
        )
    most_rows = permutations // np.arange(1, permutations + 1)
    bands = np.repeat(np.arange(1, permutations + 1), most_rows)
    rows = np.arange(bands.size) - np.repeat(np.cumsum(most_rows) - most_rows, most_rows) + 1
    unmatched = _area_unmatched(threshold, bands, rows)
    false_positives = threshold - unmatched
    false_negatives = _area_unmatched(1.0, bands, rows) - unmatched
    error = weights[0] * false_positives + weights[1] * false_negatives
    best = int(np.argmax(error <= error.min() + _ROUNDING))
    return int(bands[best]), int(rows[best])


def _area_unmatched(upto: float, bands: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Integral of (1 - s^r)^b for s from 0 to `upto`: with u = s^r it is an incomplete beta function."""
    from scipy.special import beta, betainc  # noqa: PLC0415  # heavy, and asked seldom

    return betainc(1 / rows, bands + 1, upto**rows) * beta(1 / rows, bands + 1) / rows


def probability_of_match(similarity: _Number, bands: int, rows: int) -> _Number:
    """Probability that signatures of documents with that Jaccard similarity (0..1, a number or an array) agree in at least one band."""
    return 1 - (1 - similarity**rows) ** bands


def similarity_of_bands(matching: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """float64[n]: the Jaccard similarity to be expected where `matching` (int[n]) of the bands agree, (matching / bands)^(1 / rows)."""
    return (matching / bands) ** (1 / rows)
