"""Verdicts of dedups as the stages after them read them: rows of `web.duplicates` of one snapshot, beside the texts that they are about.

A *coordinate* names which of several assets of one table is meant: `<text variant>/<method>` of a dedup's tables, where others have the variant alone.

Not here: how verdicts are found (dedup.py), what they do to a document (recipes/deduplicated.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.dedup.keys import places
from corpus_platform.errors import SourceError
from corpus_platform.lake.reading import read_columns
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.stages.read import digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.population import Method
    from corpus_platform.stages.judged import Work
    from corpus_platform.stages.stage import Partition, Shard

DUPLICATES = "web.duplicates"
_COLUMNS = ("place", *VERDICT_SCHEMA)


def coordinate(variant: str, method: str) -> str:
    """Coordinate of a dedup's assets."""
    return f"{variant}/{method}"


def variant_and_method(of: str) -> tuple[str, str]:
    """What a coordinate says: the text variant, and the method where there is one."""
    variant, _, method = of.partition("/")
    return variant, method


@dataclass(frozen=True)
class JudgedWork:
    """What one task reads: texts with their signals, and the files of the verdicts by dedup step."""

    texts: Work
    verdicts: Mapping[str, Sequence[DataFile]]


def with_verdicts(lake: Lake, partition: Partition, shards: list[Shard], methods: Sequence[Method]) -> list[Shard]:
    """The shards with the verdicts of some dedups among what they read. Raises SourceError where one has not been made."""
    found: dict[str, list[DataFile]] = {}
    for method in methods:
        where = {"method": method.name, **partition}
        if lake.state(DUPLICATES, where) is None:
            asset = f"dedup/{coordinate(partition['variant'], method.name)}"
            raise SourceError(
                f"{method.name} of {partition['snapshot']} is not made yet: corpus run {asset} --snapshot {partition['snapshot']}"
            )
        found[method.step.name] = lake.files(DUPLICATES, where)
    reads = tuple(
        f"verdicts:{step}:{digest}" for step, files in found.items() for digest in (digests(files) or ("none",))
    )
    return [replace(shard, reads=(*shard.reads, *reads), work=JudgedWork(shard.work, found)) for shard in shards]


class VerdictRows:
    """The verdicts on the documents of one file of texts, handed out batch by batch."""

    def __init__(self, lake: Lake, work: JudgedWork) -> None:
        self._rows: dict[str, tuple[np.ndarray, pl.DataFrame]] = {}
        if not work.verdicts:
            return
        first, last = _reach(lake, work.texts.texts)
        for step, files in work.verdicts.items():
            frames = [read_columns(lake, file, _COLUMNS, within=("place", first, last)) for file in files]
            empty = pl.DataFrame(schema={"place": pl.Int64, **VERDICT_SCHEMA})
            rows = pl.concat([empty, *(frame.cast(empty.schema) for frame in frames)]).sort("place")  # type: ignore[arg-type]
            self._rows[step] = (rows["place"].to_numpy(), rows.drop("place"))

    def of(self, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The verdicts on the documents of a batch (with `file_index` and `position`), by dedup step."""
        if not self._rows or frame.is_empty():
            return {step: rows.clear() for step, (_, rows) in self._rows.items()}
        own = places(frame["file_index"].to_numpy(), frame["position"].to_numpy())
        low, high = int(own.min()), int(own.max())
        found = {}
        for step, (place, rows) in self._rows.items():
            start, stop = np.searchsorted(place, [low, high + 1])
            found[step] = rows[int(start) : int(stop)]
        return found


def _reach(lake: Lake, file: DataFile) -> tuple[int, int]:
    """Places of the first and the last document of a file of texts."""
    frame = read_columns(lake, file, ("file_index", "position"))
    own = places(frame["file_index"].to_numpy(), frame["position"].to_numpy())
    return (int(own.min()), int(own.max())) if own.size else (0, -1)
