"""How stages read table files: lazily, in batches of bounded size, and pages as the title and lines that CCNet works on.

Promise: rows are those that were written, or there is a `DamagedFile`. A part of a sorted file: lake/reading.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.lake.reading import check_rows, check_whole, open_verified
from corpus_platform.recipes.ccnet import split_titles, strip_lines
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile

BATCH_ROWS = 1_000
"""Rows of a batch of documents: some MB of text."""


def lazy(lake: Lake, file: DataFile) -> pl.LazyFrame:
    """A table file as a lazy frame, without partition columns; its digest is checked first, for Polars checks nothing."""
    check_whole(lake, file)
    return pl.scan_parquet(file.uri, storage_options=lake.storage.polars_options(), hive_partitioning=False)


def batches(
    lake: Lake, file: DataFile, *, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS
) -> Iterator[pl.DataFrame]:
    """The rows of a table file in order, `rows` at a time, verified; memory is bounded by one row group."""
    seen = 0
    wanted = list(columns) if columns is not None else None
    with open_verified(lake, file) as parquet:
        for batch in parquet.iter_batches(batch_size=rows, columns=wanted):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            seen += frame.height if frame.width else batch.num_rows
            yield frame
    check_rows(file, seen)


def digests(files: Iterable[DataFile]) -> tuple[str, ...]:
    """What a shard that reads these files names as its inputs."""
    return tuple(f"{file.shard}:{file.digest}" for file in files)


def content_of(pages: pl.DataFrame, variant: str) -> pl.DataFrame:
    """Pages with CCNet's `title` and `text`, and `characters` (code points of the text).

    The first line of a WET text is its title; a page from HTML has its title, and all its lines are content.
    """
    batch = TextBatch.of(pages["text"])
    columns = {}
    if variant == "wet":
        titles, content = split_titles(batch)
        columns["title"] = pl.Series("title", pl.from_arrow(titles))
    else:
        content = strip_lines(batch)
    text = content.texts
    return pages.with_columns(text, *columns.values(), pl.Series("characters", content.characters))
