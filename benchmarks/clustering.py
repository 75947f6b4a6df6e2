"""Our side of the clustering benchmark: planted documents or texts, signed, matched by hash range, clustered, in worker processes and bounded memory.

A module of its own, for workers import it. Not here: what is measured (dedup.py), the documents (planted.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from banding import signed

from corpus_platform.dedup.cluster_rows import ByExpression
from corpus_platform.dedup.keys import Keys, together
from corpus_platform.dedup.local import DocumentSet, cluster_set, match_sets
from corpus_platform.dedup.matching import Equal
from corpus_platform.dedup.minhash import MinHashKeys, band_keys
from corpus_platform.engine.processes import Processes
from corpus_platform.engine.protocol import raise_failures
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from measuring import Clock
    from planted import Planted

BATCH = 20_000
PART = 250_000
"""Documents that a task signs, and whose keys are one file."""
SIGN = "sign"
"""The phase in which documents become signatures; its time is not compared with peers that are handed signatures."""


@dataclass(frozen=True)
class Work:
    """What is to be deduplicated: the documents `first` to `last` of `planted`, or the lines of `texts` (JSON lines with `id` and `text`).

    `folder` holds what an earlier call left there (of the documents before `first`), and is all that may be written to.
    """

    folder: Path
    first: int
    last: int
    planted: Planted | None = None
    texts: Path | None = None
    workers: int = 2
    memory_mb: int = 2000
    bands: int = 14
    rows: int = 8


def ours(work: Work, clock: Clock) -> Callable[[], np.ndarray]:
    """Clusters the documents, telling `clock` its phases (`SIGN` for signing); the answer reads the components afterwards, off the clock.

    The components: int64[work.last], for each document from 0 on the number of one document of its component, equal where they are connected.
    """
    earlier = [DocumentSet(folder) for folder in sorted(work.folder.glob("set-*"))]
    own = DocumentSet(work.folder / f"set-{len(earlier)}")
    engine = Processes(work.workers)
    if work.planted is not None:
        parts = range(-(-(work.last - work.first) // PART))
        raise_failures(engine.map(partial(sign_part, work, own), parts, label=str))
    else:
        sign_texts(work, own)
    clock.told(SIGN)
    match_sets(own, earlier, Equal(), engine)
    clock.told("match")
    measure = ByExpression(f"power(keys / {float(work.bands)}, {1 / work.rows})")
    cluster_set(own, earlier, measure, "first", work.memory_mb << 20)
    clock.told("cluster")
    return partial(components_of, work, [*earlier, own])


def sign_part(work: Work, own: DocumentSet, part: int) -> None:
    """Signs some of the planted documents and stores the keys of their bands."""
    assert work.planted is not None
    first, last = work.first + part * PART, min(work.first + (part + 1) * PART, work.last)
    keys = [_keys(work, batch.hashes, batch.offset) for batch in work.planted.batches(BATCH, first, last)]
    own.add(part, documents_of(first, last), together(keys))


def sign_texts(work: Work, own: DocumentSet) -> None:
    """The same for the texts of a file, as the FineWeb preset does."""
    assert work.texts is not None
    family = MinHashKeys(form="norm_dt", n=5, permutations=work.bands * work.rows, bands=work.bands, rows=work.rows)
    texts = [json.loads(line)["text"] for line in work.texts.read_text(encoding="utf-8").splitlines()]
    own.add(0, documents_of(work.first, work.last), family.keys(TextBatch.of(texts), pl.DataFrame()))


def _keys(work: Work, hashes: np.ndarray, offset: np.ndarray) -> Keys:
    key = band_keys(signed(hashes, offset, work.bands * work.rows), work.bands, work.rows)
    return Keys(key.reshape(-1), np.arange(offset.size) * work.bands)


def documents_of(first: int, last: int) -> pl.DataFrame:
    """Rows of documents that are called by their numbers."""
    number = pl.int_range(first, last, eager=True)
    columns = {"doc_id": number.cast(pl.String), "place": number, "domain": pl.lit(None, pl.String)}
    return pl.select(**columns).with_columns(preference=pl.lit(0, pl.UInt64))


def components_of(work: Work, sets: list[DocumentSet]) -> np.ndarray:
    """What the tables of clusters say, with the clusters that later documents have joined."""
    found = np.arange(work.last)
    for own in sets:
        rows = pl.read_parquet(own.duplicates).select("place", pl.col("cluster").cast(pl.Int64), "merged")
        gone = rows.explode("merged").drop_nulls("merged").select("cluster", pl.col("merged").cast(pl.Int64))
        renamed = np.arange(work.last)
        renamed[gone["merged"].to_numpy()] = gone["cluster"].to_numpy()
        found = renamed[found]
        found[rows["place"].to_numpy()] = rows["cluster"].to_numpy()
    return found
