"""CCNet's pass 1 over a snapshot: paragraph hashes of every shard of pages, then the hashes that are repeated in a group of files.

A *group* is `group_files` input files in the order of the snapshot's list; shards may straddle groups, and how files are grouped into shards
changes no result.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net: 50 of 1,600 shards of a dump form a group.

Not here: what is removed (documents.py), hashing and merging (dedup/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl
from pydantic import Field

from corpus_platform.dedup.paragraphs import paragraph_hashes, repeated
from corpus_platform.dedup.sorted_sets import FlaggedHashes
from corpus_platform.lake.reading import read_columns
from corpus_platform.stages.read import batches, content_of, digests, lazy
from corpus_platform.stages.stage import Settings, Shard, Stage
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Output, Partition

PAGES, HASHES, PARAGRAPHS = "web.pages", "web.paragraph_hashes", "web.paragraphs"


class ParagraphSettings(Settings):
    """Which pages take part in paragraph dedup, and with which others."""

    min_characters: int = Field(
        default=300, ge=0, description="Shorter pages never enter (CCNet's min_len), in code points"
    )
    group_files: int = Field(default=2_500, ge=1, description="Input files that are deduplicated against one another")


@dataclass(frozen=True)
class ParagraphHashes(Stage):
    """The distinct paragraph hashes of one shard of pages, sorted, for each group that the shard touches."""

    name: ClassVar[str] = HASHES
    upstream: ClassVar[tuple[str, ...]] = (PAGES,)
    version: ClassVar[str] = "1"
    settings: ParagraphSettings = ParagraphSettings()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of pages."""
        files = lake.files(PAGES, partition)
        return [Shard(file.shard, digests([file]), file, file.bytes) for file in files]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the shard's pages; holds the distinct hashes of its groups."""
        groups: dict[int, FlaggedHashes] = {}
        for pages in batches(lake, shard.work, columns=("file_index", "title", "text")):
            content = content_of(pages, partition["variant"])
            long_enough = content.filter(pl.col("characters") >= self.settings.min_characters)
            output.count("records", content.height)
            output.count("dropped:too_short", content.height - long_enough.height)
            output.count("kept", long_enough.height)
            of_group = pl.col("file_index") // self.settings.group_files
            for (group,), part in long_enough.group_by(of_group, maintain_order=True):
                hashes = groups.setdefault(int(group), FlaggedHashes())
                hashes.add(*paragraph_hashes(TextBatch.of(part["text"])))
        for group in sorted(groups):
            found, flag = groups[group].finish()
            columns = {"hash": found, "in_two_documents": flag}
            rows = pl.DataFrame(columns).with_columns(pl.lit(group, pl.Int32).alias("paragraph_group"))
            output.write(rows.with_columns(pl.lit(shard.index, pl.Int32).alias("shard")))


@dataclass(frozen=True)
class Paragraphs(Stage):
    """The hashes of a group that two documents or two shards share, sorted."""

    name: ClassVar[str] = PARAGRAPHS
    upstream: ClassVar[tuple[str, ...]] = (HASHES,)
    version: ClassVar[str] = "1"
    settings: ParagraphSettings = ParagraphSettings()
    memory: int = 1 << 30
    """Bytes that a merge may hold; the result does not depend on it."""

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per group."""
        files = {file.shard: file for file in lake.files(HASHES, partition)}
        groups = groups_of(lake, partition)
        members = {
            group: sorted(shard for shard, its in groups.items() if group in its)
            for group in set().union(*groups.values())
        }
        return [self._shard(group, [files[shard] for shard in members[group]]) for group in sorted(members)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Merges the sorted sets of the group by hash range."""
        del partition
        of_group = pl.col("paragraph_group") == shard.index
        sets = [lazy(lake, file).filter(of_group) for file in shard.work]
        for chunk in repeated(sets, self.memory):
            output.count("kept", chunk.size)
            group = pl.lit(shard.index, pl.Int32).alias("paragraph_group")
            output.write(pl.DataFrame({"hash": chunk}).with_columns(group))

    @staticmethod
    def _shard(group: int, files: list[DataFile]) -> Shard:
        return Shard(group, digests(files), files, sum(file.bytes for file in files))


def groups_of(lake: Lake, partition: Partition) -> dict[int, set[int]]:
    """The groups that each shard of pages touches; a shard with none has no page that is long enough."""
    groups: dict[int, set[int]] = {}
    for file in lake.files(HASHES, partition):
        found = read_columns(lake, file, ("shard", "paragraph_group")).unique()
        for shard, group in found.iter_rows():
            groups.setdefault(shard, set()).add(group)
    return groups
