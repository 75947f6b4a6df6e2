"""The ledger of a recipe: a row for each document that it dropped, or a sample of such rows.

A row costs about 23 bytes on disk, 18 of them the document's id, and 50 with the document's address, which the documents have anyway.
Where that is too much the ledger keeps a sample per rule, the same one however the documents are batched, and explain.py finds the
reason of any other document by running the recipe over it.

Not here: the table `ops.decisions` (tables.py, stages/decisions.py), how documents come to be dropped (apply.py).
"""

from __future__ import annotations

import polars as pl

from corpus_platform.signals.document import share_of


def sample_of(decisions: pl.DataFrame, sample: int) -> pl.DataFrame:
    """The decisions of the `sample` documents of each rule whose ids come first in a random order, which is the same for ever.

    Samples can be put together: the sample of two samples is that of all their documents.
    """
    order = [share_of(identity) for identity in decisions["doc_id"].to_list()]
    rank = pl.col("_order").rank("ordinal").over("step", "rule")
    ranked = decisions.with_columns(pl.Series("_order", order, pl.Float64)).with_columns(rank.alias("_rank"))
    return ranked.filter(pl.col("_rank") <= sample).drop("_order", "_rank")
