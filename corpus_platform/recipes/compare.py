"""What two recipes make of the same documents, and how much the corpora of many have in common.

Not here: where the documents and decisions are read from, and how the result is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("doc_id", "step", "rule", "value", "threshold", "seen")


@dataclass(frozen=True)
class Compared:
    """Two recipes over the same documents. `reasons` counts, for the documents that one of them keeps, why the other dropped them."""

    both: pl.Series
    only_a: pl.Series
    only_b: pl.Series
    neither: int | None
    """Documents that both dropped; None where it is not known how many there were."""
    reasons: pl.DataFrame
    """`kept_by` (a | b), `step`, `rule` of the one that dropped them, `documents`; most first. Null where the ledger does not say."""
    examples: pl.DataFrame
    """Some documents of each reason: `kept_by`, `doc_id`, `step`, `rule`, `value`, `threshold`, `seen`."""

    @property
    def jaccard(self) -> float | None:
        """Documents of both by documents of either; None where there is none."""
        either = self.both.len() + self.only_a.len() + self.only_b.len()
        return self.both.len() / either if either else None


def compare(
    kept_a: pl.Series,
    kept_b: pl.Series,
    dropped_a: pl.DataFrame,
    dropped_b: pl.DataFrame,
    *,
    documents: int | None = None,
    examples: int = 3,
) -> Compared:
    """Compares the ids that two recipes keep; `dropped_*` are their decisions, which say why the others went. Ids come out sorted.

    `documents`: how many both were given, where that is known.
    """
    a, b = kept_a.unique().sort(), kept_b.unique().sort()
    both = a.filter(a.is_in(b.implode()))
    only_a, only_b = a.filter(~a.is_in(b.implode())), b.filter(~b.is_in(a.implode()))
    why = pl.concat([_why("a", only_a, dropped_b), _why("b", only_b, dropped_a)])
    reasons = why.group_by("kept_by", "step", "rule").agg(pl.len().cast(pl.Int64).alias("documents"))
    shown = why.sort("doc_id").group_by("kept_by", "step", "rule", maintain_order=True).head(examples)
    return Compared(
        both=both.alias("doc_id"),
        only_a=only_a.alias("doc_id"),
        only_b=only_b.alias("doc_id"),
        neither=None if documents is None else documents - both.len() - only_a.len() - only_b.len(),
        reasons=reasons.sort("documents", "kept_by", "step", "rule", descending=[True, False, False, False]),
        examples=shown.select("kept_by", *_NAMES).sort("kept_by", "step", "rule", "doc_id"),
    )


@dataclass(frozen=True)
class Overlap:
    """How much corpora have in common: `documents[i, j]` int64 of both i and j; the diagonal holds their sizes."""

    names: tuple[str, ...]
    documents: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """float64[n, n]: share of corpus i that is also in j; NaN for an empty corpus."""
        sizes = np.diag(self.documents).astype(np.float64)[:, None]
        return np.divide(self.documents, sizes, out=np.full(self.documents.shape, np.nan), where=sizes > 0)

    @property
    def jaccard(self) -> np.ndarray:
        """float64[n, n]: documents of both by documents of either; NaN where both are empty."""
        sizes = np.diag(self.documents)
        either = sizes[:, None] + sizes[None, :] - self.documents
        return np.divide(self.documents, either, out=np.full(either.shape, np.nan), where=either > 0)

    def table(self) -> pl.DataFrame:
        """A row per pair: `a`, `b`, `documents`, `share_of_a`, `jaccard`."""
        n = len(self.names)
        a, b = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
        return pl.DataFrame(
            {
                "a": [self.names[i] for i in a],
                "b": [self.names[i] for i in b],
                "documents": self.documents.ravel(),
                "share_of_a": self.share.ravel(),
                "jaccard": self.jaccard.ravel(),
            }
        ).with_columns(pl.col("share_of_a", "jaccard").fill_nan(None))


def overlap(kept: Mapping[str, pl.Series]) -> Overlap:
    """The overlap of corpora, given the ids that each keeps, in the order of the mapping."""
    names = tuple(kept)
    ids = pl.concat([series.unique().alias("doc_id").cast(pl.String) for series in kept.values()]) if names else None
    if ids is None:
        return Overlap((), np.zeros((0, 0), np.int64))
    code = ids.rank("dense").to_numpy().astype(np.int64) - 1
    sizes = [series.n_unique() if series.len() else 0 for series in kept.values()]
    ends = np.cumsum([0, *sizes])
    member = np.zeros((len(names), int(code.max()) + 1 if code.size else 0), np.bool_)
    for i in range(len(names)):
        member[i, code[ends[i] : ends[i + 1]]] = True
    common = [[int(np.count_nonzero(member[i] & member[j])) for j in range(len(names))] for i in range(len(names))]
    return Overlap(names, np.array(common, np.int64))


def _why(kept_by: str, ids: pl.Series, dropped: pl.DataFrame) -> pl.DataFrame:
    """The documents with the decision of the other recipe, where there is one."""
    asked = pl.DataFrame({"doc_id": ids.cast(pl.String)})
    joined = asked.join(dropped.select(_NAMES).unique("doc_id", keep="first"), on="doc_id", how="left")
    return joined.select(pl.lit(kept_by).alias("kept_by"), *_NAMES)
