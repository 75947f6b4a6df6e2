"""What the findings of all ranges say of each document, where units go or weights are given: rows from relations of a DuckDB session.

The session has `documents` (doc_id, place, domain, score) and `edges`: (place, ordinal, part) of units that go, with a null ordinal where the whole
document does; (place, keys, part) of the parts of weights.
Promise: rows come in the order of places, and depend on these relations alone.

Not here: clusters of documents (cluster_rows.py), how findings are made (unit_matching.py, filtering.py, weighting.py), where they are kept (stages/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.dedup.weighting import weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from corpus_platform.dedup.weighting import WeightStep

_ROWS_AT_ONCE = 100_000


def unit_rows(session: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """Some rows at a time, one for each document that loses units (ordinals `units`, ascending) or goes (`kept` is false)."""
    reader = session.sql(
        """
        SELECT d.doc_id, e.place, any_value(d.domain) AS domain, list(e.ordinal ORDER BY e.ordinal) FILTER (e.ordinal IS NOT NULL) AS units,
            count(*) FILTER (e.ordinal IS NULL) = 0 AS kept, max(e.part)::FLOAT AS similarity
        FROM edges e JOIN documents d USING (place) GROUP BY d.doc_id, e.place ORDER BY e.place
        """
    ).to_arrow_reader(_ROWS_AT_ONCE)
    for batch in reader:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        yield frame


def weight_rows(session: duckdb.DuckDBPyConnection, step: WeightStep) -> pl.DataFrame:
    """A row for each document, with its `weight`; `similarity` is the commonness that it comes from."""
    frame = session.sql(
        """
        SELECT d.doc_id, d.place, d.domain, d.score, sum(e.part) / nullif(sum(e.keys), 0) AS commonness
        FROM documents d LEFT JOIN edges e USING (place) GROUP BY ALL ORDER BY d.place
        """
    ).pl()
    weight = weights_of(step, frame["commonness"], frame["score"])
    rows = frame.select("doc_id", "place", "domain", pl.col("commonness").cast(pl.Float32).alias("similarity"))
    return rows.with_columns(kept=pl.lit(value=True), weight=weight)
