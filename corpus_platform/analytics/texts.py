"""Texts of a few documents, looked up where they are, and how alike they truly are.

Not here: which documents (duplicates.py, near_texts.py), estimates from signatures (near_texts.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.dedup.minhash import MinHashKeys
from corpus_platform.dedup.verify import jaccards
from corpus_platform.stages.texts import text_partition, text_table
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.normalise import norm_rp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.lake import Lake

SHINGLE = 5
SIMILARITY = f"Jaccard similarity of {SHINGLE}-word shingles of the normal form, Chinese characters as words"
"""What `true_similarities` gives, for people."""
_SHINGLES = MinHashKeys(form="norm_rp", unit="word", n=SHINGLE)


def texts_of(
    lake: Lake, variant: str, documents: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str | None, str]]:
    """(address, text) of documents of a text variant, by (doc_id, snapshot); those that it does not have are left out."""
    return {document: (url, text) for document, (url, text) in _rows_of(lake, variant, documents, ("url", "text"))}


def addresses_of(lake: Lake, variant: str, documents: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
    """Addresses of documents of a text variant, by (doc_id, snapshot), without reading their texts."""
    rows = _rows_of(lake, variant, documents, ("url",))
    return {document: url for document, (url,) in rows}


def true_similarities(text: str, others: Sequence[str]) -> list[float | None]:
    """`SIMILARITY` of a text to each of some others, 0..1. Of two that have fewer words than a shingle: 1 where they are equal, else None."""
    if not others:
        return []
    batch = TextBatch.of([text, *others])
    keys = _SHINGLES.shingle_hashes(batch)
    own = keys.key[: keys.offset[1]]
    n = len(others)
    repeated, starts = np.tile(own, n), np.arange(n + 1) * own.size
    found = jaccards(repeated, starts, keys.key[own.size :], keys.offset[1:] - own.size)
    forms = norm_rp(batch).texts.to_list()
    short = (np.diff(keys.offset) == 0).tolist()
    return [
        float(value) if not (short[0] and short[i]) else 1.0 if forms[i] == forms[0] else None
        for i, value in enumerate(found, 1)
    ]


def _rows_of(
    lake: Lake, variant: str, documents: Sequence[tuple[str, str]], columns: Sequence[str]
) -> Iterator[tuple[tuple[str, str], tuple[Any, ...]]]:
    for snapshot in sorted({snapshot for _, snapshot in documents}):
        own = [doc_id for doc_id, where in documents if where == snapshot]
        partition: Any = text_partition({"variant": variant, "snapshot": snapshot})
        rows = lake.scan(text_table(variant), **partition).filter(pl.col("doc_id").is_in(own))
        for doc_id, *values in rows.select("doc_id", *columns).collect().iter_rows():
            yield (doc_id, snapshot), tuple(values)
