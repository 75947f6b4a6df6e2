"""Text variants: the texts that signals and recipes start from, and how they are read.

A *base* says how a page became text (`wet`, `resiliparse` ...); its texts are in `web.pages`. `<base>.ccnet` is the same after CCNet's paragraph
dedup, in `web.documents`. A source other than the web is a variant too (`books`): its texts as they were read, and `books.cleaned` after its
cleaning recipe. What is kept per text (signals, dedups, corpora) has the whole name as its `variant`, pages and documents that of the base; in place
of a snapshot a source has the word for its partition (source_tables.py).

Not here: how a page becomes text (pages.py), what is measured or published (signals.py, corpus.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import polars as pl
from pydantic import StringConstraints

from corpus_platform.documents import SOURCES, TEXT_BASES, TextBase
from corpus_platform.source_tables import PARTITION_BY, key_of, partition_of_key
from corpus_platform.stages.read import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Partition

Base = TextBase
BASES = TEXT_BASES
AFTER_DEDUP = ".ccnet"
CLEANED = ".cleaned"
TextVariant = Annotated[
    str,
    StringConstraints(pattern=rf"^(({'|'.join(BASES)})(\.ccnet)?|({'|'.join(SOURCES)})(\.cleaned)?)$"),
]
"""A base, or `<base>.ccnet`; a source, or `<source>.cleaned`."""

PAGES, DOCUMENTS = "web.pages", "web.documents"
PLACE = ("doc_id", "file_index", "position")
"""Columns that say which document a row is about, and its place."""
BATCH_BYTES = 12 << 20
"""Text of a batch: enough for kernels to run long, little beside what a worker holds anyway."""
_ROWS = 250


def base_of(variant: str) -> str:
    """The base of a text variant: `wet` of `wet.ccnet`, `books` of `books.cleaned`."""
    return variant.removesuffix(AFTER_DEDUP).removesuffix(CLEANED)


def is_after_dedup(variant: str) -> bool:
    """Whether the texts have been through CCNet's paragraph dedup."""
    return variant.endswith(AFTER_DEDUP)


def source_of(variant: str) -> str | None:
    """The source whose texts these are; None for the web's."""
    base = variant.removesuffix(CLEANED)
    return base if base in SOURCES else None


def text_table(variant: str) -> str:
    """Table that has the texts."""
    source = source_of(variant)
    if source is None:
        return DOCUMENTS if is_after_dedup(variant) else PAGES
    return cleaned_table(source) if variant.endswith(CLEANED) else read_table(source)


def read_table(source: str) -> str:
    """Table of the texts of a source as they were read."""
    return "encyclopedia.articles" if source == "encyclopedia" else f"{source}.documents"


def cleaned_table(source: str) -> str:
    """Table of the texts of a source after its cleaning recipe."""
    return f"{source}{CLEANED}"


def text_partition(partition: Partition) -> Partition:
    """Partition of the table of texts, for a partition (variant and snapshot) of signals or of a corpus."""
    source = source_of(partition["variant"])
    if source is None:
        return {**partition, "variant": base_of(partition["variant"])}
    return partition_of_key(source, partition["snapshot"])


def of_texts(variant: str, partition: Partition) -> Partition:
    """The other way round: variant and snapshot of a partition of the table of texts."""
    source = source_of(variant)
    snapshot = partition["snapshot"] if source is None else key_of(source, partition)
    return {"variant": variant, "snapshot": snapshot}


def partition_columns(variant: str) -> tuple[str, ...]:
    """Partition columns of the table of texts."""
    source = source_of(variant)
    return ("variant", "snapshot") if source is None else PARTITION_BY[source]


def text_batches(lake: Lake, file: DataFile, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of a file of texts in order, about `BATCH_BYTES` of text at a time, or one row that is larger."""
    pending: list[pl.DataFrame] = []
    size = 0
    for frame in batches(lake, file, columns=columns, rows=_ROWS):
        for part in _cut(frame):
            pending.append(part)
            size += _text_bytes(part)
            if size >= BATCH_BYTES:
                yield pl.concat(pending, rechunk=True)
                pending, size = [], 0
    if pending:
        yield pl.concat(pending, rechunk=True)


class Rows:
    """Rows of a file, as many at a time as are asked for."""

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        self._frames = iter(frames)
        self._left: pl.DataFrame | None = None

    def take(self, rows: int) -> pl.DataFrame:
        """The next rows; fewer where the file ends."""
        found: list[pl.DataFrame] = []
        missing = rows
        while missing > 0:
            frame = self._left if self._left is not None else next(self._frames, None)
            if frame is None:
                break
            found.append(frame.head(missing))
            missing -= found[-1].height
            rest = frame.slice(found[-1].height)
            self._left = rest if rest.height else None
        return pl.concat(found, rechunk=True) if found else pl.DataFrame()


def _text_bytes(frame: pl.DataFrame) -> int:
    return int(frame["text"].str.len_bytes().sum())


def _cut(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The frame, in halves of halves where it has too much text."""
    if frame.height <= 1 or _text_bytes(frame) <= BATCH_BYTES:
        yield frame
        return
    half = frame.height // 2
    yield from _cut(frame.head(half))
    yield from _cut(frame.slice(half))
