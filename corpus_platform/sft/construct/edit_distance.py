"""Edit distance of two texts: how many characters have to be put in, taken out or replaced (Levenshtein).

Not here: near-duplicates of many texts (dedup/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import kernel


@kernel
def _distance(a: np.ndarray, b: np.ndarray) -> int:
    row = np.arange(b.size + 1)
    for i in range(a.size):
        diagonal = row[0]
        row[0] = i + 1
        for j in range(b.size):
            above = row[j + 1]
            best = diagonal if a[i] == b[j] else diagonal + 1
            best = min(best, above + 1, row[j] + 1)
            diagonal = above
            row[j + 1] = best
    return row[b.size]


def edit_distance(one: str, other: str) -> int:
    """The distance in characters; time grows with the product of the lengths."""
    a, b = (np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32) for text in (one, other))
    return int(_distance(a, b))
