"""Addresses over snapshots: which are new, the same, changed, back again, or gone.

The rows of a snapshot are the addresses that it has, and those that the snapshot just before it had. Snapshots are ordered by name. Of earlier
ones only this table is read, never their pages: an address that was seen has a row in the last snapshot that had it, and one in the next as
`vanished`, so of all but the snapshot just before only the vanished rows can say anything new.
Promise: the tables depend on the pages of the snapshots that there are, not on the order in which these came; one that comes late makes the later
ones stale. Memory is bounded by the addresses of a range of hashes.

An address is taken as its record states it. Each shard reads the addresses of all pages and keeps those of its own range.

Not here: dedup by address (dedup/), counts over snapshots (sketches.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl
import pyarrow as pa
from pydantic import Field

from corpus_platform.documents import column
from corpus_platform.lake import TableSpec, register
from corpus_platform.stages.read import batches, digests, lazy
from corpus_platform.stages.stage import Settings, Shard, Stage
from corpus_platform.stages.texts import PAGES
from corpus_platform.tables import SNAPSHOT, VARIANT
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Output, Partition

URL_HISTORY = "web.url_history"
NEW, SAME, CHANGED, RETURNED, VANISHED = STATUSES = ("new", "same", "changed", "returned", "vanished")
_RANGES = "ranges"
"""Counter of a partition: ranges of hashes that its shards are, so that later snapshots read those that they need."""
_BATCH = 65_536
_PARTS = 8
"""Parts of a shard's range that are compared one after the other: joins and sorts take several times what their rows do."""
_CARRIED = ("first_seen", "digest", "previous_digest", "doc_id", "date", "times_seen")
"""Columns of an earlier row that a later one is made of, besides its place."""

register(
    TableSpec(
        URL_HISTORY,
        "A row is an address that a snapshot has or has lost: since when, how often, and whether its page changed",
        (
            column("url", pa.string(), "Address, as the record states it", nullable=False),
            column("url_hash", pa.uint64(), "xmx64 of the address; rows are sorted by it", nullable=False),
            column(
                "status",
                pa.string(),
                "new; same or changed: against the snapshot just before, by digest; returned: seen earlier, but not there; "
                "vanished: there, but not here",
                nullable=False,
            ),
            column("first_seen", pa.string(), "First snapshot that has the address", nullable=False),
            column("last_seen", pa.string(), "Last snapshot up to this one that has it", nullable=False),
            column("digest", pa.string(), "Payload digest when last seen; null where the record states none"),
            column("previous_digest", pa.string(), "Payload digest in the last snapshot before that one"),
            column("doc_id", pa.string(), "Document of the address when last seen", nullable=False),
            column("date", pa.timestamp("us", "UTC"), "When that was fetched"),
            column("times_seen", pa.int32(), "Snapshots up to this one that have the address", nullable=False),
            column(
                "pages",
                pa.int32(),
                "Records of this snapshot with the address; the first one gives digest and document",
                nullable=False,
            ),
            VARIANT,
            SNAPSHOT,
        ),
        key=("url", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=("url_hash", "url"),
    )
)


class UrlHistorySettings(Settings):
    """How the history of addresses is cut into shards."""

    shard_addresses: int = Field(
        default=2_000_000, ge=1, description="Addresses of a shard: what is held in memory, at some 0.4 GB a million"
    )


@dataclass(frozen=True)
class UrlHistory(Stage):
    """The addresses of a snapshot against those of the snapshots before it."""

    name: ClassVar[str] = URL_HISTORY
    upstream: ClassVar[tuple[str, ...]] = (PAGES,)
    version: ClassVar[str] = "1"
    settings: UrlHistorySettings = UrlHistorySettings()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """Ranges of hashes, as many as the rows of pages and of the snapshot just before ask for."""
        if lake.state(PAGES, partition) is None:
            return []
        pages = lake.files(PAGES, partition)
        earlier = earlier_snapshots(lake, partition)
        files = {snapshot: _ranged(lake, partition | {"snapshot": snapshot}) for snapshot in earlier}
        rows = sum(file.rows for file in pages)
        rows += sum(ranged.file.rows for snapshot in earlier[-1:] for ranged in files[snapshot])
        n = max(1, -(-rows // self.settings.shard_addresses))
        return [_shard(_Range(i, n), pages, files) for i in range(n)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Gathers the records of the range, then compares its addresses with their newest earlier rows, a part of the range at a time."""
        work: _Work = shard.work
        records = self._records(lake, work, output)
        output.count(_RANGES)
        for part in work.within.parts(_PARTS):
            now = _distinct(records.filter(part.holds()))
            rows = history(now, _seen(lake, work.earlier, part, now), partition["snapshot"])
            output.count("kept", rows.height)
            for status, n in rows["status"].value_counts().iter_rows():
                output.count(f"status:{status}", n)
            output.write(rows)

    def settings_hash(self) -> str:
        """How addresses are cut is part of the shards: what they read says it."""
        return ""

    @staticmethod
    def _records(lake: Lake, work: _Work, output: Output) -> pl.DataFrame:
        """The records whose address is of the range, in order."""
        found = [pl.DataFrame(schema=_RECORD).to_arrow(compat_level=pl.CompatLevel.oldest())]
        for file in work.pages:
            for frame in batches(lake, file, columns=("url", "digest", "doc_id", "date"), rows=_BATCH):
                known = frame.filter(pl.col("url").is_not_null())
                hashes = pl.Series("url_hash", hash_spans(TextBatch.of(known["url"]).documents))
                mine = known.with_columns(hashes).filter(work.within.holds())
                # A filtered frame holds on to the texts of all rows; Arrow's own form has a copy of those that are left.
                found.append(mine.cast(_RECORD).to_arrow(compat_level=pl.CompatLevel.oldest()))
                # An address is in one range; a record without one is told of by the first.
                unknown = (frame.height - known.height) * (work.within.index == 0)
                output.count("records", mine.height + unknown)
                output.count("dropped:no_address", unknown)
        records = pl.from_arrow(pa.concat_tables(found))
        assert isinstance(records, pl.DataFrame)
        return records


def earlier_snapshots(lake: Lake, partition: Partition) -> list[str]:
    """The snapshots before the partition's own whose history the lake has in its variant, in order."""
    known = (p["snapshot"] for p in lake.partitions(URL_HISTORY) if p["variant"] == partition["variant"])
    return sorted(snapshot for snapshot in known if snapshot < partition["snapshot"])


def history(now: pl.DataFrame, seen: pl.DataFrame, snapshot: str) -> pl.DataFrame:
    """The rows of a snapshot, sorted.

    `now`: a row per address of the snapshot, with `url_hash`, `digest`, `doc_id`, `date`, `pages`. `seen`: the newest earlier row of those
    addresses and of all that the snapshot just before had, with `was_there`: whether that one had it.
    """
    joined = now.join(seen.rename({name: f"{name}_then" for name in _CARRIED}), on="url", how="left")
    here = joined.select(
        "url",
        "url_hash",
        _status().alias("status"),
        pl.col("first_seen_then").fill_null(snapshot).alias("first_seen"),
        pl.lit(snapshot).alias("last_seen"),
        "digest",
        pl.col("digest_then").alias("previous_digest"),
        "doc_id",
        "date",
        (pl.col("times_seen_then").fill_null(0) + 1).alias("times_seen"),
        "pages",
    )
    gone = seen.filter("was_there").join(now, on="url", how="anti")
    gone = gone.with_columns(pl.lit(VANISHED).alias("status"), pl.lit(0, pl.Int32).alias("pages"))
    return pl.concat([here, gone.select(here.columns)]).sort("url_hash", "url")


def _distinct(records: pl.DataFrame) -> pl.DataFrame:
    """A row for each address, with its first record and `pages`, the number of its records."""
    of_first = (pl.first("url_hash", "digest", "doc_id", "date"), pl.len().cast(pl.Int32).alias("pages"))
    return records.group_by("url", maintain_order=True).agg(of_first)


def _status() -> pl.Expr:
    there = pl.col("was_there")
    return (
        pl.when(there.is_null())
        .then(pl.lit(NEW))
        .when(~there)
        .then(pl.lit(RETURNED))
        .when(pl.col("digest").eq_missing(pl.col("digest_then")))
        .then(pl.lit(SAME))
        .otherwise(pl.lit(CHANGED))
    )


@dataclass(frozen=True)
class _Range:
    """Part `index` of `of` equal parts of the hashes."""

    index: int
    of: int

    @property
    def bounds(self) -> tuple[int, int]:
        """First and last hash."""
        return (self.index << 64) // self.of, ((self.index + 1) << 64) // self.of - 1

    def parts(self, n: int) -> list[_Range]:
        """The range in n equal parts, in order."""
        return [_Range(self.index * n + i, self.of * n) for i in range(n)]

    def holds(self) -> pl.Expr:
        """Whether `url_hash` is of this part."""
        first, last = self.bounds
        return pl.col("url_hash").is_between(pl.lit(first, pl.UInt64), pl.lit(last, pl.UInt64))

    def meets(self, other: _Range) -> bool:
        """Whether both have hashes in common."""
        return self.bounds[0] <= other.bounds[1] and other.bounds[0] <= self.bounds[1]


@dataclass(frozen=True)
class _Ranged:
    """A file of an earlier snapshot's history, and the range that it is of."""

    file: DataFile
    range: _Range


@dataclass(frozen=True)
class _Work:
    """What one task reads: all pages, and of each earlier snapshot, newest first, the files that may have its hashes."""

    within: _Range
    pages: list[DataFile]
    earlier: list[list[DataFile]]
    """Empty lists are snapshots too: what is not in the one just before has been away."""


def _ranged(lake: Lake, partition: Partition) -> list[_Ranged]:
    state = lake.state(URL_HISTORY, partition)
    n = state.counters.get(_RANGES, 0) if state else 0
    # Rows that something else has committed say nothing of ranges.
    every = _Range(0, 1)
    return [_Ranged(f, _Range(f.shard, n) if 0 <= f.shard < n else every) for f in lake.files(URL_HISTORY, partition)]


def _shard(within: _Range, pages: list[DataFile], earlier: dict[str, list[_Ranged]]) -> Shard:
    files = {s: [one.file for one in ranged if one.range.meets(within)] for s, ranged in earlier.items()}
    before = [f"{snapshot}:{digest}" for snapshot, its in files.items() for digest in ("", *digests(its))]
    reads = (f"range {within.index} of {within.of}", *digests(pages), *before)
    size = sum(file.bytes for its in files.values() for file in its) + sum(file.bytes for file in pages) // within.of
    return Shard(within.index, reads, _Work(within, pages, list(files.values())[::-1]), size)


def _seen(lake: Lake, earlier: list[list[DataFile]], within: _Range, now: pl.DataFrame) -> pl.DataFrame:
    """The newest earlier row of some addresses of a range, and of all that the snapshot just before has; `was_there` as `history` takes it."""
    columns = ("url", "url_hash", "last_seen", *_CARRIED)
    found = [_NOT_SEEN]
    wanted = now.select("url")
    for i, files in enumerate(earlier):
        is_vanished = pl.col("status") == VANISHED
        for file in files:
            rows = lazy(lake, file).filter(within.holds())
            if i == 0:
                part = rows.select(*columns, (~is_vanished).alias("was_there")).collect()
            else:
                vanished = rows.filter(is_vanished).select(*columns, pl.lit(value=False).alias("was_there"))
                part = vanished.collect().join(wanted, on="url", how="semi")
            found.append(part)
        known = pl.concat(found)
        # Those of one snapshot are looked at before the next older one: the newest row counts.
        wanted = wanted.join(known, on="url", how="anti")
        found = [known]
    return pl.concat(found)


_RECORD = pl.Schema(
    {
        "url": pl.String(),
        "digest": pl.String(),
        "doc_id": pl.String(),
        "date": pl.Datetime("us", "UTC"),
        "url_hash": pl.UInt64(),
    }
)
_NOT_SEEN = pl.DataFrame(
    schema={
        "url": pl.String,
        "url_hash": pl.UInt64,
        "last_seen": pl.String,
        "first_seen": pl.String,
        "digest": pl.String,
        "previous_digest": pl.String,
        "doc_id": pl.String,
        "date": pl.Datetime("us", "UTC"),
        "times_seen": pl.Int32,
        "was_there": pl.Boolean,
    }
)
