"""Dedup of a snapshot in three stages: who takes part, who else holds their keys, what becomes of them.

- `web.dedup_documents`: the documents that a recipe's earlier steps leave, with their keys (side table `web.dedup_keys`), a shard per file of texts.
- `web.dedup_index`: the keys held against one another and against the indexes of earlier snapshots, a shard per range of keys; its findings are the
  side table `web.dedup_edges`. A filter asks documents in their order, so it has one shard.
- `web.duplicates`: what becomes of each document (verdicts.py reads it).

A partition is (method, text variant, snapshot); a method is a dedup step of a recipe. A snapshot reads of earlier ones, in the order of their names,
the index, the documents' ids and the clusters; never texts, and signatures only where pairs are verified. So an earlier partition never changes when
a later one comes, and one that arrives late makes the later ones stale: the earlier files are among what their shards read.
Promise: the tables depend on the documents up to the snapshot alone.

Not here: keys, matching and clusters (dedup/), who takes part (recipes/population.py).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.dedup.cluster_rows import cluster_rows
from corpus_platform.dedup.filtering import FilterState, filtered
from corpus_platform.dedup.findings import unit_rows, weight_rows
from corpus_platform.dedup.matching import Earlier, Holders, ranges
from corpus_platform.dedup.unit_matching import Units, match_units
from corpus_platform.dedup.verify import ByShingles
from corpus_platform.dedup.weighting import parts_of_weights
from corpus_platform.errors import DamagedFile, NoRoom, SettingsError, SourceError
from corpus_platform.lake.reading import check_whole, read_columns
from corpus_platform.recipes.steps.dedup import Bloom, SoftDedup
from corpus_platform.stages import dedup_estimates as estimates
from corpus_platform.stages.judged import JudgedTexts
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.verdicts import (
    DUPLICATES,
    JudgedWork,
    VerdictRows,
    coordinate,
    variant_and_method,
    with_verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.population import Method, Population
    from corpus_platform.stages.estimate import Estimate
    from corpus_platform.stages.stage import Output, Partition

DEDUP_DOCUMENTS, DEDUP_KEYS = "web.dedup_documents", "web.dedup_keys"
DEDUP_INDEX, DEDUP_EDGES = "web.dedup_index", "web.dedup_edges"
OF_METHOD = (DEDUP_DOCUMENTS, DEDUP_INDEX, DUPLICATES)
"""Tables that are one asset per dedup of a recipe."""
_FILTER = "filter.bloom"


class DedupSettings(Settings):
    """How much memory dedups take, and what is compared with what besides the recipes' dedups."""

    memory_mb: int = Field(
        default=2_000, ge=64, description="Memory of the step that makes clusters; what is more goes to disk"
    )
    keys_per_range: int = Field(
        default=8_000_000, ge=1, description="Keys that one task matches, with some 120 bytes each"
    )
    check_room: bool = Field(
        default=True, description="Whether a step is refused that would need more disk or memory than there is"
    )
    group_files: int = Field(
        default=2_500, ge=1, description="Input files that are compared with one another by scopes `group` and `shard`"
    )
    presets: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        default=(),
        description="Dedups of all texts of a variant, for `web.duplicates` alone: `minhash/fineweb`, or `exact: {scope: snapshots}` as in a recipe",
    )
    variants: tuple[str, ...] = Field(
        default=(), description="Text variants that get them; the first of `variants` by default"
    )


@dataclass(frozen=True)
class _DedupStage(Stage):
    """What the three stages share: the methods by name."""

    version: ClassVar[str] = "1"
    settings: DedupSettings = DedupSettings()
    methods: Mapping[str, Method] = field(default_factory=dict, kw_only=True, repr=False)
    signals: SignalsSettings = field(default_factory=SignalsSettings, kw_only=True, repr=False)
    test_sets: Mapping[str, str] = field(default_factory=dict, kw_only=True, repr=False)

    def method(self, name: str) -> Method:
        """The method of a name."""
        if name not in self.methods:
            raise SettingsError(f"there is no dedup `{name}`; there are {', '.join(self.methods) or 'none'}")
        return self.methods[name]

    @property
    def needs_room(self) -> bool:
        """As the settings say."""
        return self.settings.check_room

    def settings_hash(self) -> str:
        """Nothing of the settings changes a result but the files of a group; what a method does is part of its shards."""
        return digest_of([self.settings.group_files])


@dataclass(frozen=True)
class DedupDocuments(_DedupStage):
    """The documents that take part, and their keys."""

    name: ClassVar[str] = DEDUP_DOCUMENTS
    side: ClassVar[tuple[str, ...]] = (DEDUP_KEYS,)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """What the recipe reads up to the step, and the verdicts of its earlier dedups."""
        of, name = variant_and_method(variant)
        method = self.method(name)
        return (*self._texts(method).above(of), *((DUPLICATES, coordinate(of, m.name)) for m in method.before))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts."""
        method, of = self.method(partition["method"]), _without_method(partition)
        shards = self._texts(method).shards(lake, of)
        identity = f"method:{identity_of(method)}"
        found = with_verdicts(lake, of, shards, method.before)
        return [Shard(s.index, (*s.reads, identity), (s.work, method), s.bytes) for s in found]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts; holds the keys of a shard, sorted at the end."""
        work, method = shard.work
        assert isinstance(work, JudgedWork)
        texts, verdicts = self._texts(method), VerdictRows(lake, work)
        environment = texts.environment(lake, work.texts)
        keys: list[pl.DataFrame] = []
        clock = _Clock(output)
        for frame in texts.documents(lake, _without_method(partition), work.texts):
            output.count("records", frame.height)
            found = method.population(frame, environment, verdicts.of(frame))
            output.count("kept", found.documents.height)
            output.count("dropped:earlier_steps", frame.height - found.documents.height)
            output.count("keys", found.keys.key.size)
            output.write(found.documents)
            if not method.is_filter:
                keys.append(_key_rows(method, found))
        if keys:
            output.write(pl.concat(keys).sort("key", "place", "ordinal", maintain_order=True), DEDUP_KEYS)
        clock.tell()

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate:
        """Texts at most, and their keys."""
        texts = [shard.work[0].texts.texts for shard in shards]
        return estimates.of_documents(lake, partition, self.method(partition["method"]), texts)

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the texts and signals."""
        return self._texts(self.method(partition["method"])).inputs(lake, _without_method(partition))

    def _texts(self, method: Method) -> JudgedTexts:
        steps = method.recipe.steps[: method.index + 1]
        return JudgedTexts(method.recipe.model_copy(update={"steps": steps}), self.signals, self.test_sets)


@dataclass(frozen=True)
class DedupIndex(_DedupStage):
    """Who else holds the keys."""

    name: ClassVar[str] = DEDUP_INDEX
    side: ClassVar[tuple[str, ...]] = (DEDUP_EDGES,)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The documents with their keys."""
        return ((DEDUP_DOCUMENTS, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per range of keys; one in all for a filter."""
        method = self.method(partition["method"])
        if lake.state(DEDUP_DOCUMENTS, partition) is None:
            return []
        documents, keys = lake.files(DEDUP_DOCUMENTS, partition), keys_of(lake, partition)
        earlier = {
            s: lake.files(DEDUP_INDEX, {**partition, "snapshot": s}) for s in self._earlier(lake, partition, method)
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
        for low, high in work.parts(self.settings.keys_per_range):
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

    def _earlier(self, lake: Lake, partition: Partition, method: Method) -> list[str]:
        return earlier_snapshots(lake, DEDUP_INDEX, partition, method)

    def _population(self, lake: Lake, partition: Partition, work: _Range) -> int:
        """Documents of this snapshot and of those that it is compared with."""
        states = (lake.state(DEDUP_DOCUMENTS, {**partition, "snapshot": s}) for s in work.earlier)
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
        clock = _Clock(output)
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


@dataclass(frozen=True)
class Duplicates(_DedupStage):
    """What becomes of the documents."""

    name: ClassVar[str] = DUPLICATES

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The documents, and what was found of their keys."""
        return ((DEDUP_DOCUMENTS, variant), (DEDUP_INDEX, variant))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: clusters are of the whole snapshot."""
        method = self.method(partition["method"])
        if any(lake.state(name, partition) is None for name in (DEDUP_DOCUMENTS, DEDUP_INDEX)):
            return []
        documents = lake.files(DEDUP_DOCUMENTS, partition)
        if not documents:
            return []
        where = lake.side_partition(DEDUP_INDEX, partition)
        edges = lake.files(DEDUP_EDGES, where)
        earlier: dict[str, tuple[list[DataFile], list[DataFile]]] = {}
        if method.step.matching == "documents":
            for snapshot in earlier_snapshots(lake, DUPLICATES, partition, method):
                of = {**partition, "snapshot": snapshot}
                earlier[snapshot] = (lake.files(DEDUP_DOCUMENTS, of), lake.files(DUPLICATES, of))
        old = tuple(f"{s}:{digest}" for s, files in earlier.items() for part in files for digest in digests(part))
        reads = (f"method:{identity_of(method)}", *digests(documents), *(f"edge:{d}" for d in digests(edges)), *old)
        work = _Found(method, documents, edges, earlier, partition["snapshot"], _keys_counted(lake, partition))
        return [Shard(0, reads, work, sum(file.bytes for file in (*documents, *edges)))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Puts the findings of all ranges together."""
        del partition
        work: _Found = shard.work
        clock = _Clock(output)
        work.check(lake)
        memory = self.settings.memory_mb << 20
        spill = str(output.scratch() / "spill")
        with _too_little_named(self.settings.memory_mb), work.session(lake, memory, spill) as session:
            output.count("records", work.documents_count)
            match work.method.step.matching:
                case "documents":
                    gone = _write_clusters(session, work, memory, output)
                case "weights":
                    gone = _write_weights(session, work, output)
                case _:
                    gone = _write_units(session, output)
            output.count("dropped:copy", gone)
            output.count("kept", work.documents_count - gone)
        clock.tell()

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate:
        """Documents and links."""
        [shard] = shards
        work: _Found = shard.work
        return estimates.of_duplicates(
            lake,
            partition,
            work.method,
            documents=estimates.rows_and_bytes(work.documents),
            links=estimates.rows_and_bytes(work.edges),
            earlier={snapshot: [*parts[0], *parts[1]] for snapshot, parts in work.earlier.items()},
            memory_mb=self.settings.memory_mb,
        )


@dataclass(frozen=True)
class _Found:
    """What the findings of a snapshot are put together from."""

    method: Method
    documents: Sequence[DataFile]
    edges: Sequence[DataFile]
    earlier: Mapping[str, tuple[Sequence[DataFile], Sequence[DataFile]]]
    snapshot: str
    keys: tuple[int, int]
    """Keys that documents have, and those that ranges have read: all of them, or something was lost."""

    @property
    def documents_count(self) -> int:
        """Documents that take part."""
        return sum(file.rows for file in self.documents)

    def check(self, lake: Lake) -> None:
        """Raises DamagedFile where a file is not as it was written, or keys were lost on the way."""
        had, read = self.keys
        if had != read:
            raise DamagedFile(
                f"{self.method.name} of {self.snapshot}: the documents have {had:,} keys, and {read:,} were matched, so that copies would be "
                f"missed. Nothing was made of it: make {DEDUP_INDEX} anew, then run again"
            )
        for file in (
            *self.documents,
            *self.edges,
            *(f for parts in self.earlier.values() for part in parts for f in part),
        ):
            check_whole(lake, file)

    def session(self, lake: Lake, memory: int, spill: str) -> duckdb.DuckDBPyConnection:
        """DuckDB with the relations of cluster_rows.py."""
        import duckdb  # noqa: PLC0415  (definitions load without it)

        session = duckdb.connect(
            config={
                "memory_limit": f"{memory >> 20}MiB",
                "temp_directory": spill,
                "preserve_insertion_order": "false",
            }
        )
        if lake.storage.is_s3:
            session.register_filesystem(lake.storage.filesystem())
        number = {snapshot: n for n, snapshot in enumerate(self.earlier)}
        names = pl.DataFrame(
            {"number": list(number.values()), "name": list(number)}, schema={"number": pl.Int64, "name": pl.String}
        )
        session.register("snapshot_names", names.to_arrow())
        session.execute("CREATE TABLE snapshot AS SELECT * FROM snapshot_names")
        session.execute(f"CREATE VIEW documents AS SELECT * FROM {_read(self.documents)}")
        session.execute(
            f"CREATE VIEW edges AS SELECT e.* REPLACE (CASE WHEN e.other_snapshot IS NULL THEN -1 ELSE s.number END AS other_snapshot) "
            f"FROM {_read(self.edges, _EDGE_TYPES)} e LEFT JOIN snapshot s ON s.name = e.other_snapshot"
        )
        documents = [
            f"SELECT {number[s]}::BIGINT AS number, doc_id, place, shingles FROM {_read(files)}"
            for s, (files, _) in self.earlier.items()
            if files
        ]
        session.execute(f"CREATE VIEW earlier_documents AS {' UNION ALL '.join(documents) or _NO_DOCUMENTS}")
        duplicates = [
            f"SELECT {number[s]}::BIGINT AS number, place, cluster, canonical, size, first_snapshot, first_place, merged FROM {_read(files)}"
            for s, (_, files) in self.earlier.items()
            if files
        ]
        rows = " UNION ALL ".join(duplicates) or _NO_DUPLICATES
        session.execute(
            f"CREATE VIEW earlier_duplicates AS SELECT d.* EXCLUDE first_snapshot, s.number AS first_number "
            f"FROM ({rows}) d LEFT JOIN snapshot s ON s.name = d.first_snapshot"
        )
        return session


def identity_of(method: Method) -> str:
    """16 hex digits of what a method does: its step, and those before it, by what they do and not by what is said of them."""
    said = {"note", "unverified"}
    steps = [(s.step, s.name, s.model_dump(mode="json", exclude=said)) for s in method.recipe.steps[: method.index + 1]]
    frozen = [one.model_dump(mode="json") for one in method.recipe.thresholds]
    return digest_of([method.recipe.compat, steps, frozen, method.group_files])


def earlier_snapshots(lake: Lake, name: str, partition: Partition, method: Method) -> list[str]:
    """The snapshots whose documents the method compares with those of the partition, in their order."""
    if not method.step.sees_earlier:
        return []
    made = {
        known["snapshot"]
        for known in lake.partitions(name)
        if known["method"] == partition["method"] and known["variant"] == partition["variant"]
    }
    wanted = method.step.snapshots
    return sorted(s for s in made if s < partition["snapshot"] and (not wanted or s in wanted))


def keys_of(lake: Lake, partition: Partition) -> list[DataFile]:
    """The files of a partition's keys."""
    return lake.files(DEDUP_KEYS, lake.side_partition(DEDUP_DOCUMENTS, partition))


def _keys_counted(lake: Lake, partition: Partition) -> tuple[int, int]:
    """Keys that the documents have, and those that were matched, by the commits."""
    had, matched = lake.state(DEDUP_DOCUMENTS, partition), lake.state(DEDUP_INDEX, partition)
    counted = had.counters.get("keys") if had else None
    read = matched.counters.get("keys", 0) if matched else 0
    return (read if counted is None else counted, read)


def _without_method(partition: Partition) -> Partition:
    return {name: value for name, value in partition.items() if name != "method"}


def _key_rows(method: Method, found: Population) -> pl.DataFrame:
    """Rows of `web.dedup_keys`."""
    keys, document = found.keys, found.keys.document()
    n = keys.key.size
    units = method.step.matching == "units"
    preference = found.documents["preference"].to_numpy()[document] if units else None
    columns = {
        "key": pl.Series(keys.key, dtype=pl.UInt64),
        "value": pl.Series(keys.value, dtype=pl.UInt64)
        if keys.value is not None
        else pl.Series([None] * n, dtype=pl.UInt64),
        "place": pl.Series(found.documents["place"].to_numpy()[document], dtype=pl.Int64),
        "ordinal": pl.Series(keys.ordinal(), dtype=pl.Int32) if units else pl.Series([None] * n, dtype=pl.Int32),
        "preference": pl.Series(preference, dtype=pl.UInt64) if units else pl.Series([None] * n, dtype=pl.UInt64),
    }
    return pl.DataFrame(columns)


def _load(state: FilterState, lake: Lake, file: DataFile, path: str) -> None:
    """Goes on from the filter that a file of the index names. Raises DamagedFile where it is not as it was stored."""
    try:
        state.load(lake.fetch_files(path) / _FILTER)
    except (SourceError, SettingsError) as error:
        raise DamagedFile(
            f"{error}. Nothing was made of it: delete {lake.storage.uri(path)} and {file.uri}, then `corpus verify --repair`, then run again: the "
            "snapshot's filter is made anew"
        ) from error


@contextmanager
def _too_little_named(memory_mb: int) -> Iterator[None]:
    """What DuckDB says of memory that is too little even for going to disk becomes a `NoRoom`."""
    import duckdb  # noqa: PLC0415  (definitions load without it)

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        if "max_temp_directory_size" in str(error):
            raise  # a full disk: lake/disk.py names it
        raise NoRoom(
            f"`dedup.memory_mb: {memory_mb}` is too little, even with a disk to go to: set it to {2 * memory_mb}, then run again. {error}"
        ) from error


class _Clock:
    """Counts what a task spends on what is new (`ms:own`) and on earlier snapshots (`ms:earlier`), in milliseconds: the next plan goes by it."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._since = perf_counter()

    def tell(self, earlier: float = 0.0) -> None:
        """Adds the time since the last call; `earlier` is the share of it that earlier snapshots took."""
        now = perf_counter()
        spent = 1000 * (now - self._since)
        self._since = now
        self._output.count("ms:own", round(spent * (1 - earlier)))
        if earlier:
            self._output.count("ms:earlier", round(spent * earlier))


def _match_documents(lake: Lake, work: _Range, low: int, high: int, output: Output) -> None:
    clock = _Clock(output)
    own = _holders(work.rows(lake, work.own, ("key", "value", "place"), low, high), is_sorted=False)
    clock.tell()
    theirs = [
        Earlier(n, _holders(work.rows(lake, files, ("key", "value", "place"), low, high), is_sorted=True))
        for n, files in enumerate(work.earlier.values())
    ]
    old = sum(len(index.holders) for index in theirs)
    clock.tell(earlier=1.0)
    output.count("keys", len(own))
    output.count("earlier_keys", old)
    found = work.method.step.rule().match(own, theirs)
    clock.tell(earlier=old / max(len(own) + old, 1))
    if work.method.step.sees_earlier:
        columns = {"key": found.index.key, "place": found.index.place}
        output.write(pl.DataFrame(columns if found.index.value is None else {**columns, "value": found.index.value}))
    names = pl.Series([*work.earlier, None], dtype=pl.String)
    snapshot = names.gather(found.edges["other_snapshot"].to_numpy() % len(names))
    output.count("edges", found.edges.height)
    output.write(found.edges.with_columns(snapshot.alias("other_snapshot")), DEDUP_EDGES)
    clock.tell()


def _match_units(lake: Lake, work: _Range, low: int, high: int, output: Output) -> None:
    clock = _Clock(output)
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
    clock = _Clock(output)
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
    key, place = np.array(rows["key"].to_numpy()), np.array(rows["place"].cast(pl.Int64).to_numpy())
    value = np.array(rows["value"].to_numpy()) if rows.height and rows["value"].null_count() == 0 else None
    return Holders(key, place, value) if is_sorted else Holders.sorted(key, place, value)


def _write_clusters(session: duckdb.DuckDBPyConnection, work: _Found, memory: int, output: Output) -> int:
    """A row for each document of a cluster of two or more; how many of them go."""
    step = work.method.step
    measure = ByShingles(step.verified) if step.verified is not None else step.measure()
    summary, frames = cluster_rows(session, measure, work.method.survivor, memory // 2)
    names = pl.Series([*work.earlier, work.snapshot], dtype=pl.String)
    own = len(names) - 1
    kept = 0
    for frame in frames:
        first = names.gather(frame["first_number"].fill_null(own).to_numpy())
        kept += int(frame["kept"].sum())
        output.write(frame.drop("first_number").with_columns(first.alias("first_snapshot")))
    output.count("clustered", summary.documents)
    output.count("clusters", summary.clusters)
    output.count("pairs", summary.pairs)
    return summary.documents - kept


def _write_units(session: duckdb.DuckDBPyConnection, output: Output) -> int:
    """A row for each document that loses units, or goes; how many go."""
    gone = 0
    for frame in unit_rows(session):
        output.count("units", int(frame["units"].list.len().sum() or 0))
        gone += int((~frame["kept"]).sum())
        output.write(frame)
    return gone


def _write_weights(session: duckdb.DuckDBPyConnection, work: _Found, output: Output) -> int:
    """A row for each document, with its weight; none goes."""
    step = work.method.step
    assert isinstance(step, SoftDedup)
    output.write(weight_rows(session, step))
    return 0


_EDGE_TYPES = (
    "NULL::BIGINT AS place, NULL::VARCHAR AS other_snapshot, NULL::BIGINT AS other, NULL::BIGINT AS keys, NULL::BIGINT AS apart, "
    "NULL::INTEGER AS ordinal, NULL::DOUBLE AS part"
)
_NO_DOCUMENTS = "SELECT NULL::BIGINT AS number, NULL::VARCHAR AS doc_id, NULL::BIGINT AS place, NULL::UBIGINT[] AS shingles WHERE false"
_NO_DUPLICATES = (
    "SELECT NULL::BIGINT AS number, NULL::BIGINT AS place, NULL::VARCHAR AS cluster, NULL::VARCHAR AS canonical, NULL::INTEGER AS size, "
    "NULL::VARCHAR AS first_snapshot, NULL::BIGINT AS first_place, []::VARCHAR[] AS merged WHERE false"
)


def _read(files: Sequence[DataFile], empty: str = "") -> str:
    """The rows of some files in SQL."""
    if not files:
        return f"(SELECT {empty} WHERE false)"
    listed = ", ".join("'" + file.uri.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
