"""Candidate pairs looked at again: the true Jaccard similarity of their shingles, which the tables of documents keep where it is asked for.

Not here: where candidates come from (matching.py), clusters (cluster_rows.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    import duckdb

_PAIRS_AT_ONCE = 20_000


@dataclass(frozen=True)
class ByShingles:
    """A measure (cluster_rows.py) by the shingles of both documents: pairs below `least` are none.

    `documents` and `earlier_documents` need a column `shingles`: hashes, distinct and ascending.
    """

    least: float

    def __call__(self, session: duckdb.DuckDBPyConnection) -> None:
        """Makes the table `pair`."""
        session.execute("CREATE TEMP TABLE pair (place BIGINT, other_snapshot BIGINT, other BIGINT, similarity DOUBLE)")
        session.execute(
            "CREATE TEMP TABLE candidate AS SELECT row_number() OVER (ORDER BY place, other_snapshot, other) AS number, * FROM pair_of_keys"
        )
        [(pairs,)] = session.execute("SELECT count(*) FROM candidate").fetchall()
        for first in range(1, pairs + 1, _PAIRS_AT_ONCE):
            frame = pl.from_arrow(session.sql(_SIDE_BY_SIDE, params=[first, first + _PAIRS_AT_ONCE]).to_arrow_table())
            assert isinstance(frame, pl.DataFrame)
            found = jaccards(*_flat(frame["a"]), *_flat(frame["b"]))
            verified = frame.select("place", "other_snapshot", "other", pl.Series("similarity", found))
            session.register("verified", verified.filter(pl.col("similarity") >= self.least).to_arrow())
            session.execute("INSERT INTO pair SELECT * FROM verified")
            session.unregister("verified")
        session.execute("DROP TABLE candidate")


_SIDE_BY_SIDE = """
SELECT c.place, c.other_snapshot, c.other, d.shingles AS a, coalesce(e.shingles, f.shingles) AS b
FROM (SELECT * FROM candidate WHERE number >= ? AND number < ?) c
JOIN documents d ON d.place = c.place
LEFT JOIN documents e ON c.other_snapshot < 0 AND e.place = c.other
LEFT JOIN earlier_documents f ON f.number = c.other_snapshot AND f.place = c.other
ORDER BY c.number
"""


def jaccards(a: np.ndarray, a_start: np.ndarray, b: np.ndarray, b_start: np.ndarray) -> np.ndarray:
    """float64[n]: Jaccard similarity of n pairs of sets; set i of a is `a[a_start[i] : a_start[i + 1]]`, uint64, distinct and ascending. Two empty sets: 0."""
    return _jaccards(a, a_start, b, b_start)


def _flat(lists: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values and offsets of a column of lists."""
    size = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    values = lists.explode().drop_nulls().cast(pl.UInt64).to_numpy()
    return np.array(values), np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])


@kernel
def _jaccards(a: np.ndarray, a_start: np.ndarray, b: np.ndarray, b_start: np.ndarray) -> np.ndarray:
    """Merges the two sets of each pair."""
    found = np.zeros(a_start.size - 1)
    for pair in range(found.size):
        i, j, shared = a_start[pair], b_start[pair], 0
        while i < a_start[pair + 1] and j < b_start[pair + 1]:
            if a[i] == b[j]:
                shared += 1
                i += 1
                j += 1
            elif a[i] < b[j]:
                i += 1
            else:
                j += 1
        union = a_start[pair + 1] - a_start[pair] + b_start[pair + 1] - b_start[pair] - shared
        if union:
            found[pair] = shared / union
    return found
