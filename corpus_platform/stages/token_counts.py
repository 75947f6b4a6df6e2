"""How many tokens every document of a table has, by a tokenizer; counted once for each file, so that a second mix costs nothing.

A partition is a partition of a table as one tokenizer sees it.

Not here: which tables are counted (analytics/mixing.py), what a token is (mixes/tokenizer.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.stages.mix_sources import Origin, documents, origins
from corpus_platform.stages.mix_tables import TOKEN_COUNTS
from corpus_platform.stages.read import batches
from corpus_platform.stages.stage import Shard, Stage
from corpus_platform.stages.tokenizers import open_tokenizer, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Output, Partition

_ROWS = 500


@dataclass(frozen=True)
class _Work:
    origin: Origin
    file: DataFile
    path: str


@dataclass(frozen=True)
class TokenCounts(Stage):
    """Token counts of one partition of a table."""

    name: ClassVar[str] = TOKEN_COUNTS
    version: ClassVar[str] = "1"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Nothing that a home makes by itself: which tables there are is the mixes' choice."""
        del variant
        return ()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard a file of the table."""
        tokenizer = stored(lake, partition["tokenizer"])
        origin = _origin(lake, partition)
        return [
            Shard(
                file.shard,
                (f"tokenizer:{tokenizer['digest']}", read),
                _Work(origin, file, tokenizer["path"]),
                file.bytes,
            )
            for file, read in zip(origin.files, origin.reads, strict=True)
        ]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Counts batch by batch."""
        del partition
        work: _Work = shard.work
        tokenizer = open_tokenizer(lake, work.path)
        for frame in documents(lake, work.origin, work.file, text=True, rows=_ROWS):
            counted = tokenizer.count(frame["text"].to_list())
            output.count("records", frame.height)
            output.count("kept", frame.height)
            output.count("tokens", int(counted.sum()))
            output.write(frame.select("doc_id", pl.Series("tokens", counted, pl.Int64)))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the table that was counted."""
        return {partition["source"]: lake.version(partition["source"])}


def counts_partition(tokenizer: str, origin: Origin) -> Partition:
    """The partition of the counts of a partition of a table."""
    return {"tokenizer": tokenizer, "source": origin.table, "origin": origin.key}


def counts(lake: Lake, tokenizer: str, origin: Origin, file: DataFile) -> Iterator[pl.DataFrame]:
    """Token counts of a file, in its order; none where they are not made."""
    where = counts_partition(tokenizer, origin)
    for one in lake.files(TOKEN_COUNTS, where):
        if one.shard == file.shard:
            yield from batches(lake, one, columns=("doc_id", "tokens"))


def _origin(lake: Lake, partition: Partition) -> Origin:
    found = origins(lake, partition["source"], key=partition["origin"])
    if not found:
        raise SourceError(f"{partition['source']} has no partition {partition['origin']}")
    return found[0]
