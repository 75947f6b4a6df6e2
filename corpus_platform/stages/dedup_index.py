"""Dedup of a snapshot, second stage: the keys held against one another and against the indexes of earlier snapshots.

A shard is a range of keys; a Bloom filter asks documents in their order, so it has one. The index of a snapshot is read by later ones, its findings by
`web.duplicates`. Promise: neither depends on the ranges.

Not here: who takes part (dedup.py), what becomes of the findings (duplicates.py), how keys are matched (dedup/).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from corpus_platform.dedup.filtering import FilterState, filtered
from corpus_platform.dedup.matching import Earlier, Equal, Holders, ranges
from corpus_platform.dedup.unit_matching import Units, match_units
from corpus_platform.dedup.weighting import parts_of_weights
from corpus_platform.errors import DamagedFile, SettingsError, SourceError
from corpus_platform.lake.reading import pieces_of, read_columns
from corpus_platform.recipes.steps.dedup import Bloom
from corpus_platform.stages import dedup_estimates as estimates
from corpus_platform.stages.dedup import (
    DEDUP_DOCUMENTS,
    DEDUP_EDGES,
    DEDUP_INDEX,
    Clock,
    DedupStage,
    earlier_partitions,
    identity_of,
    keys_of,
)
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.stage import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.population import Method
    from corpus_platform.stages.estimate import Estimate
    from corpus_platform.stages.stage import Output, Partition

_FILTER = "filter.bloom"


@dataclass(frozen=True)
class DedupIndex(DedupStage):
    """Who else holds the keys."""

    name: ClassVar[str] = DEDUP_INDEX
    side: ClassVar[tuple[str, ...]] = (DEDUP_EDGES,)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The documents with their keys."""
        return ((DEDUP_DOCUMENTS, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per range of keys; one in all for a filter."""
        method = self.method(partition)
        if lake.state(DEDUP_DOCUMENTS, partition) is None:
            return []
        documents, keys = lake.files(DEDUP_DOCUMENTS, partition), keys_of(lake, partition)
        earlier = {
            s: lake.files(DEDUP_INDEX, of) for s, of in earlier_partitions(lake, DEDUP_INDEX, partition, method).items()
        }
        own = documents if method.is_filter else keys
        old = tuple(f"{s}:{digest}" for s, files in earlier.items() for digest in digests(files))
        reads = (f"method:{identity_of(method)}", *digests(own), *old)
        rows = sum(file.rows for file in keys)
        count = 1 if method.is_filter else max(1, -(-rows // self.settings.keys_per_range))
        work = partial(_Range, method, own, earlier, population=sum(file.rows for file in documents))
        size = sum(file.bytes for file in (*own, *(f for files in earlier.values() for f in files)))
        shards = [
            Shard(i, (*reads, f"range:{i}/{count}"), work(*bounds), size // count)
            for i, bounds in enumerate(ranges(count))
        ]
        return shards if documents else []

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Matches the range, in smaller ones where the earlier snapshots have much there."""
        work: _Range = shard.work
        match work.method.step.matching:
            case "filter":
                self._filter(lake, work, output)
                return
            case "documents":
                task = _match_documents
            case "units":
                task = _match_units
            case _:
                task = partial(_match_weights, documents=self._population(lake, partition, work))
        # Equal keys are looked for as the indexes stream by; all else holds them.
        streams = work.method.step.matching == "documents" and isinstance(work.method.step.rule(), Equal)
        for low, high in [(work.first, work.last)] if streams else work.parts(self.settings.keys_per_range):
            task(lake, work, low, high, output)

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate:
        """Keys of the documents, and those of the earlier indexes."""
        work: _Range = shards[0].work
        keyed = lake.state(DEDUP_DOCUMENTS, partition)
        keys, size = estimates.rows_and_bytes(work.own)
        if work.method.is_filter:
            keys = keyed.counters.get("keys", 0) if keyed else 0
        widths = [shard.work.last - shard.work.first + 1 for shard in shards]
        todo = len(shards), round((1 << 64) * len(shards) / sum(widths))
        found = estimates.Keyed(work.population, keys, size, work.earlier, todo)
        return estimates.of_index(lake, partition, work.method, found, self.settings.keys_per_range)

    def _population(self, lake: Lake, partition: Partition, work: _Range) -> int:
        """Documents of this snapshot and of those that it is compared with."""
        earlier = earlier_partitions(lake, DEDUP_DOCUMENTS, partition, work.method)
        states = (lake.state(DEDUP_DOCUMENTS, of) for s, of in earlier.items() if s in work.earlier)
        return work.population + sum(state.rows for state in states if state)

    def _filter(self, lake: Lake, work: _Range, output: Output) -> None:
        """Asks a Bloom filter for one document after the other; it begins as the newest earlier snapshot has left it."""
        step = work.method.step
        assert isinstance(step, Bloom)
        state = FilterState(step, work.method.group_files)
        # A snapshot without documents has left no filter.
        for files in [some for some in work.earlier.values() if some][-1:] if state.is_kept else ():
            for file in files:
                for path in read_columns(lake, file, ("filter",))["filter"].drop_nulls():
                    _load(state, lake, file, path)
        clock = Clock(output)
        for file in work.own:
            for frame in batches(lake, file, columns=("place", "keys", "units")):
                output.count("keys", int(frame["keys"].list.len().sum() or 0))
                output.write(filtered(state, frame), DEDUP_EDGES)
        clock.tell()
        if state.is_kept:
            path = output.scratch() / _FILTER
            state.save(path)
            stored = lake.store_files("dedup", path)
            rows = {"key": [0], "filter": [stored.path]}
            output.write(pl.DataFrame(rows, schema={"key": pl.UInt64, "filter": pl.String}))
        output.count("filter_bytes", state.bytes)
        if state.is_over_full:
            output.count("filter_over_full", state.added)


@dataclass(frozen=True)
class _Range:
    """What one task reads: the keys of a range, of this snapshot (`own`) and of the indexes of earlier ones."""

    method: Method
    own: Sequence[DataFile]
    earlier: Mapping[str, Sequence[DataFile]]
    first: int
    last: int
    population: int

    def parts(self, keys: int) -> Iterator[tuple[int, int]]:
        """The range in parts of about so many keys of earlier snapshots."""
        share = (self.last - self.first + 1) / (1 << 64)
        old = share * sum(file.rows for files in self.earlier.values() for file in files)
        count = max(1, -(-int(old) // (2 * keys)))
        step = (self.last - self.first + 1) // count
        for i in range(count):
            yield self.first + i * step, self.last if i == count - 1 else self.first + (i + 1) * step - 1

    def rows(self, lake: Lake, files: Sequence[DataFile], columns: Sequence[str], low: int, high: int) -> pl.DataFrame:
        """The rows of sorted files in a part of the range."""
        frames = [read_columns(lake, file, columns, within=("key", low, high)) for file in files]
        return pl.concat(frames, rechunk=True) if frames else pl.DataFrame(schema=dict.fromkeys(columns, pl.UInt64))


def _match_documents(lake: Lake, work: _Range, low: int, high: int, output: Output) -> None:
    clock = Clock(output)
    own = _holders(work.rows(lake, work.own, ("key", "value", "place"), low, high), is_sorted=False)
    clock.tell()
    old = [0]

    def pieces(files: Sequence[DataFile]) -> Iterator[Holders]:
        for file in files:
            for frame in pieces_of(lake, file, ("key", "value", "place"), within=("key", low, high)):
                old[0] += frame.height
                yield _holders(frame, is_sorted=True)

    theirs = [Earlier(n, pieces(files)) for n, files in enumerate(work.earlier.values())]
    found = work.method.step.rule().match(own, theirs)
    output.count("keys", len(own))
    output.count("earlier_keys", old[0])
    clock.tell(earlier=old[0] / max(len(own) + old[0], 1))
    if work.method.step.sees_earlier:
        columns = {"key": found.index.key, "place": found.index.place}
        output.write(pl.DataFrame(columns if found.index.value is None else {**columns, "value": found.index.value}))
    names = pl.Series([*work.earlier, None], dtype=pl.String)
    snapshot = names.gather(found.edges["other_snapshot"].to_numpy() % len(names))
    output.count("edges", found.edges.height)
    output.write(found.edges.with_columns(snapshot.alias("other_snapshot")), DEDUP_EDGES)
    clock.tell()


def _match_units(lake: Lake, work: _Range, low: int, high: int, output: Output) -> None:
    clock = Clock(output)
    rows = work.rows(lake, work.own, ("key", "place", "ordinal", "preference"), low, high)
    own = Units.sorted(*(np.array(rows[name].to_numpy()) for name in ("key", "place", "ordinal", "preference")))
    clock.tell()
    theirs = [work.rows(lake, files, ("key",), low, high)["key"].to_numpy() for files in work.earlier.values()]
    old = sum(keys.size for keys in theirs)
    clock.tell(earlier=1.0)
    output.count("keys", rows.height)
    output.count("earlier_keys", old)
    found = match_units(own, theirs, work.method.keep)
    clock.tell(earlier=old / max(rows.height + old, 1))
    if work.method.step.sees_earlier:
        output.write(pl.DataFrame({"key": found.index}))
    output.count("edges", found.place.size)
    output.write(pl.DataFrame({"place": found.place, "ordinal": found.ordinal}), DEDUP_EDGES)
    clock.tell()


def _match_weights(lake: Lake, work: _Range, low: int, high: int, output: Output, *, documents: int) -> None:
    clock = Clock(output)
    rows = work.rows(lake, work.own, ("key", "place"), low, high).sort("key")
    clock.tell()
    theirs = [work.rows(lake, files, ("key", "documents"), low, high) for files in work.earlier.values()]
    old = sum(frame.height for frame in theirs)
    clock.tell(earlier=1.0)
    output.count("keys", rows.height)
    output.count("earlier_keys", old)
    counted, parts = parts_of_weights(rows, theirs, documents)
    clock.tell(earlier=old / max(rows.height + old, 1))
    if work.method.step.sees_earlier:
        output.write(counted)
    output.write(parts, DEDUP_EDGES)
    clock.tell()


def _holders(rows: pl.DataFrame, *, is_sorted: bool) -> Holders:
    key, place = rows["key"].to_numpy(), rows["place"].cast(pl.Int64).to_numpy()
    value = rows["value"].to_numpy() if rows.height and rows["value"].null_count() == 0 else None
    return Holders(key, place, value) if is_sorted else Holders.sorted(key, place, value)


def _load(state: FilterState, lake: Lake, file: DataFile, path: str) -> None:
    """Goes on from the filter that a file of the index names. Raises DamagedFile where it is not as it was stored."""
    try:
        state.load(lake.fetch_files(path) / _FILTER)
    except (SourceError, SettingsError) as error:
        raise DamagedFile(
            f"{error}. Nothing was made of it: delete {lake.storage.uri(path)} and {file.uri}, then `corpus verify --repair`, then run again: the "
            "snapshot's filter is made anew"
        ) from error
