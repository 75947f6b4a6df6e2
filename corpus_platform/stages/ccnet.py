"""The corpus that CCNet publishes: documents whose language is sure enough, in the buckets head, middle and tail, with CCNet's own fields.

Every document ends as one row here or one row in ops.decisions, with rule, value and threshold.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net.

Not here: paragraph dedup, language and perplexity themselves (documents.py), the JSON files (recipes/ccnet.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from corpus_platform.errors import SourceError
from corpus_platform.recipes.ccnet import FIELDS, Dropped, ccnet_rows
from corpus_platform.recipes.ccnet_export import export
from corpus_platform.recipes.ccnet_minify import minify
from corpus_platform.stages.decisions import DECISIONS, drop
from corpus_platform.stages.documents import DOCUMENTS, RECIPE
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.stage import Settings, Shard, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corpus_platform.lake import Lake
    from corpus_platform.recipes.ccnet_export import ExportedFile
    from corpus_platform.stages.stage import Output, Partition

CCNET = "corpora.ccnet"


class CcnetSettings(Settings):
    """What CCNet keeps."""

    variant: Literal["resiliparse", "trafilatura", "wet"] | None = Field(
        default=None, description="Text variant; the first of `variants` by default"
    )
    min_language_score: float = Field(
        default=0.5, ge=0, le=1, description="CCNet's lang_threshold, on the score rounded to two decimals"
    )
    languages: tuple[str, ...] = Field(default=(), description="Languages that are kept; all where it is empty")


@dataclass(frozen=True)
class Ccnet(Stage):
    """A shard of documents through CCNet's language rule."""

    name: ClassVar[str] = CCNET
    upstream: ClassVar[tuple[str, ...]] = (DOCUMENTS,)
    version: ClassVar[str] = "1"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    settings: CcnetSettings = CcnetSettings()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of documents."""
        files = lake.files(DOCUMENTS, partition)
        return [Shard(file.shard, digests([file]), file, file.bytes) for file in files]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the documents; keeps those whose language is sure and wanted."""
        del partition
        # Rounded before the test, as CCNet does: 0.496 is kept.
        score = pl.col("language_score").cast(pl.Float64).round(2)
        sure = score >= self.settings.min_language_score
        wanted = pl.col("language").is_in(self.settings.languages) if self.settings.languages else pl.lit(value=True)
        for frame in batches(lake, shard.work):
            output.count("records", frame.height)
            self._drop(output, frame.filter(~sure), Dropped.LANGUAGE_BELOW_THRESHOLD)
            self._drop(output, frame.filter(sure & ~wanted), Dropped.LANGUAGE_NOT_WANTED)
            kept = frame.filter(sure & wanted)
            output.count("kept", kept.height)
            for bucket, n in kept["bucket"].value_counts(sort=True).iter_rows():
                output.count(f"bucket:{bucket}", n)
            output.write(
                pl.concat([kept.select("doc_id", "file_index", "position"), ccnet_rows(kept)], how="horizontal")
            )

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the documents."""
        state = lake.state(DOCUMENTS, partition)
        return {DOCUMENTS: state.version} if state else {}

    def _drop(self, output: Output, dropped: pl.DataFrame, rule: Dropped) -> None:
        value, threshold = pl.col("language_score"), self.settings.min_language_score
        drop(output, dropped, recipe=RECIPE, step="language", rule=rule, value=value, threshold=threshold)


def export_files(lake: Lake, partition: Partition, folder: Path, *, short: bool = False) -> list[ExportedFile]:
    """Writes a partition of the corpus as CCNet's `<language>_<bucket>_<nnnn>.json.gz`; `short`: without text, as its minify step does.

    Raises SourceError where the partition has not been made.
    """
    if lake.state(CCNET, partition) is None:
        made = ", ".join("/".join(known.values()) for known in lake.partitions(CCNET)) or "none"
        raise SourceError(
            f"{CCNET}: there is no corpus of {'/'.join(partition.values())} yet (there is: {made}): "
            f"corpus run corpora/ccnet --snapshot {partition['snapshot']}"
        )

    def frames() -> Iterator[pl.DataFrame]:
        for file in lake.files(CCNET, partition):
            for frame in batches(lake, file, columns=FIELDS):
                yield minify(frame) if short else frame.select(FIELDS)

    return export(frames(), folder)
