"""Whole crawls by measured rates: hours, memory, disk, requests and money of N snapshots on M cores, and what will be short first.

Time is shards in rounds: with S shards on M cores every core does ceil(S / M) of them, so a stage of one shard takes as long on a thousand cores as on one.
What a snapshot is held against grows with the snapshots before it: N of them are N (N - 1) / 2 pairs. Matching of keys and clusters is taken from the
benchmark of ten million documents (stages/dedup_estimates.py), for a sample is too small to tell; so is what clusters spill.

Promise: the same rates and orders give the same plan. It is arithmetic over a sample, and no measurement of a crawl.

Not here: the rates (rates.py), Common Crawl's figures (crawls.py), how a plan is printed (commands/).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from corpus_platform.planning.shape import shape_of
from corpus_platform.stages import dedup_estimates as dedup
from corpus_platform.stages.texts import base_of

if TYPE_CHECKING:
    from corpus_platform.planning.crawls import Crawl
    from corpus_platform.planning.rates import Rates, StageRate
    from corpus_platform.planning.shape import Shape

GB = 1e9
_PART, _RANGE = 50 * 2**20, 8 * 2**20
"""Bytes of one part of a multipart upload or of one read of an input file, as s3fs makes them, and of one read of a table's file (assumed)."""
_COMMIT_GETS, _COMMIT_PUTS = 24, 24
"""Requests of a run of one stage and its commit, whatever its shards. Lists are paid as puts, and are most of these."""
_FILE_GETS = 3
"""Requests to one file of a table of which some columns or rows are read."""
_ADDRESS_HELD = 400
"""Bytes of memory of an address of a range: 0.4 GB a million."""
_PASS_SECONDS, _PASS_BYTES = 2.9e-7, 72
"""Of one page, for each range of addresses that looks through all pages: hashing an address; four columns of a Parquet file, as real pages have them."""
_LISTED = 1_000
"""Names that one LIST request gives."""


@dataclass(frozen=True)
class Order:
    """What is to be planned: snapshots, on how many cores, cut how, at what prices (of a cloud's list, in one currency)."""

    crawl: Crawl
    snapshots: int
    cores: int
    earlier: int = 0
    """Snapshots that are there already."""
    core_gb: float = 4.0
    """Memory of a core."""
    shard_files: int = 8
    group_files: int = 2_500
    keys_per_range: int = 8_000_000
    shard_addresses: int = 2_000_000
    core_hour: float = 0.04
    gb_month: float = 0.023
    months: float = 1.0
    put_1000: float = 0.005
    get_1000: float = 0.0004

    @property
    def pairs(self) -> int:
        """Pairs of a new snapshot and one before it."""
        return self.snapshots * self.earlier + self.snapshots * (self.snapshots - 1) // 2


@dataclass(frozen=True)
class StagePlan:
    """One stage over all snapshots of the order. `hours` by the clock on all cores, `core_hours` of work; bytes; `memory` of one worker."""

    stage: str
    of: str
    shards: int
    core_hours: float
    hours: float
    memory: int
    disk: int
    files: int
    spill: int
    read: int
    gets: int
    puts: int
    earlier_core_hours: float = 0.0
    """Of `core_hours`, those that go to snapshots before."""

    @property
    def name(self) -> str:
        """`web.signals [resiliparse]`."""
        return f"{self.stage} [{self.of}]"


@dataclass(frozen=True)
class FullPlan:
    """All stages, what they cost together, and what is short first."""

    order: Order
    stages: tuple[StagePlan, ...]
    bottlenecks: tuple[str, ...] = field(default=())

    def total(self, what: str) -> float:
        """Sum of a figure over all stages."""
        return sum(getattr(stage, what) for stage in self.stages)

    @property
    def compute(self) -> float:
        """Money for cores: those that work, and those that wait for the last shards of a stage are paid as well."""
        return self.total("hours") * self.order.cores * self.order.core_hour

    @property
    def storage(self) -> float:
        """Money for what is stored, for the months of the order."""
        return self.total("disk") / GB * self.order.gb_month * self.order.months

    @property
    def requests(self) -> float:
        """Money for requests."""
        return self.total("puts") / 1e3 * self.order.put_1000 + self.total("gets") / 1e3 * self.order.get_1000


def plan_full(rates: Rates, order: Order) -> FullPlan:
    """The plan of an order by the rates."""
    from corpus_platform.planning.bottlenecks import bottlenecks  # noqa: PLC0415  (it looks at plans)

    stages = tuple(_stage(rates, rate, order) for rate in rates.stages)
    plan = FullPlan(order, stages)
    return FullPlan(order, stages, tuple(bottlenecks(rates, plan)))


def _stage(rates: Rates, rate: StageRate, order: Order) -> StagePlan:
    shape = shape_of(rate.stage)
    if rate.stage == "web.dedup_index":
        return _index(rates, rate, order, shape)
    if rate.stage == "web.duplicates":
        return _clusters(rates, rate, order, shape)
    if shape.spread == "addresses":
        return _addresses(rates, rate, order, shape)
    times = growth(rates, rate, order)
    shards = shards_of(rates, rate, order)
    seconds = rate.seconds * times
    read = order.crawl.bytes_of(base_of(rate.of)) if shape.driver == "input" else round(rate.bytes_in * times)
    disk = rate.bytes_out / rate.shards * shards if shape.is_summary else rate.bytes_out * times
    plan = _plan(rate, order, shape, shards=shards, seconds=seconds, disk=round(disk), read=read)
    files = order.crawl.files if shape.driver == "input" else 0
    if shape.spread == "groups":
        files = _FILE_GETS * -(-order.crawl.files // order.shard_files)
    return replace(plan, gets=plan.gets + files * order.snapshots)


def _addresses(rates: Rates, rate: StageRate, order: Order, shape: Shape) -> StagePlan:
    """Each range of addresses looks through the pages of the whole snapshot, and reads its part of each history before."""
    times, shards = growth(rates, rate, order), shards_of(rates, rate, order)
    passing = shards * order.crawl.pages * _PASS_SECONDS
    read = shards * order.crawl.pages * _PASS_BYTES + round(rate.bytes_out * times * order.pairs / order.snapshots)
    disk = round(rate.bytes_out * times)
    held = dedup.BASE + min(order.shard_addresses, 2 * order.crawl.pages) * _ADDRESS_HELD
    seconds = rate.seconds * times + passing
    plan = _plan(rate, order, shape, shards=shards, seconds=seconds, disk=disk, read=read, memory=held)
    files = shards * -(-order.crawl.files // order.shard_files)
    return replace(plan, gets=plan.gets + files * order.snapshots + _FILE_GETS * shards * order.pairs)


def growth(rates: Rates, rate: StageRate, order: Order) -> float:
    """By how much one snapshot is more than what was timed of the sample."""
    shape = shape_of(rate.stage)
    if shape.driver == "input":
        return order.crawl.bytes_of(base_of(rate.of)) / rate.bytes_in
    # A page of the crawl is taken to be as long as one of the sample: the sample must be of the crawl's kind.
    timed = _timed(rates, rate) if shape.spread == "files" else 1.0
    return order.crawl.pages / (rates.sample.pages * timed)


def _timed(rates: Rates, rate: StageRate) -> float:
    """The share of the sample that was timed: of its records, else of its files."""
    read = next((r.records for r in rates.stages if r.key == ("web.pages", base_of(rate.of.partition("/")[0]))), 0)
    return min(1.0, read / rates.sample.records if read else rate.shards / rates.sample.files)


def shards_of(rates: Rates, rate: StageRate, order: Order) -> int:
    """Shards of one snapshot."""
    crawl, spread = order.crawl, shape_of(rate.stage).spread
    counts = {
        "files": -(-crawl.files // order.shard_files),
        "groups": -(-crawl.files // order.group_files),
        "addresses": -(-2 * crawl.pages // order.shard_addresses),
        "ranges": max(1, -(-keys_of(rates, rate.of, order) // order.keys_per_range)),
        "one": 1,
    }
    return counts[spread]


def keys_of(rates: Rates, of: str, order: Order) -> int:
    """Keys of one snapshot in a dedup, by those that the sample's documents had."""
    found = [rate for rate in rates.stages if rate.key == ("web.dedup_documents", of)]
    return round(found[0].counters.get("keys", 0) * growth(rates, found[0], order)) if found else 0


def documents_of(rates: Rates, of: str, order: Order) -> int:
    """Documents of one snapshot that take part in a dedup."""
    found = [rate for rate in rates.stages if rate.key == ("web.dedup_documents", of)]
    return round(found[0].counters.get("kept", 0) * growth(rates, found[0], order)) if found else 0


def links_of(rates: Rates, of: str, order: Order) -> int:
    """Links that the matching of one snapshot's keys finds, by the share of the sample's keys that had one."""
    found = [rate for rate in rates.stages if rate.key == ("web.dedup_index", of)]
    counters = found[0].counters if found else {}
    share = counters.get("edges", 0) / counters["keys"] if counters.get("keys") else 0.0
    return round(keys_of(rates, of, order) * share)


def _index(rates: Rates, rate: StageRate, order: Order, shape: Shape) -> StagePlan:
    """Keys in ranges: those of the snapshot, and those of each one before it."""
    keys, shards = keys_of(rates, rate.of, order), shards_of(rates, rate, order)
    own, old = keys * dedup.SECONDS_OF_KEY, keys * dedup.SECONDS_OF_EARLIER_KEY * order.pairs / order.snapshots
    stored = keys * dedup.KEY_ON_DISK + links_of(rates, rate.of, order) * dedup.LINK_ON_DISK
    read = round(keys * dedup.KEY_ON_DISK * (1 + order.pairs / order.snapshots))
    memory = dedup.BASE + min(keys, order.keys_per_range) * dedup.OWN_KEY
    plan = _plan(rate, order, shape, shards=shards, seconds=own + old, disk=round(stored), read=read, memory=memory)
    # Each range reads its part of every file of keys, and of every earlier index.
    files = shards * -(-order.crawl.files // order.shard_files)
    gets = files * order.snapshots + _FILE_GETS * shards * order.pairs
    return replace(plan, gets=plan.gets + gets, earlier_core_hours=old * order.snapshots / 3600)


def _clusters(rates: Rates, rate: StageRate, order: Order, shape: Shape) -> StagePlan:
    """Clusters in one DuckDB: documents and links of the snapshot, rows of those before it."""
    documents, links = documents_of(rates, rate.of, order), links_of(rates, rate.of, order)
    own = documents * dedup.SECONDS_OF_DOCUMENT + links * dedup.SECONDS_OF_LINK
    old = documents * dedup.SECONDS_OF_EARLIER_ROW * order.pairs / order.snapshots
    told = min(documents, 2 * links)
    read = round(documents * dedup.DOCUMENT_ON_DISK + links * dedup.LINK_ON_DISK)
    plan = _plan(rate, order, shape, shards=1, seconds=own + old, disk=told * dedup.VERDICT_ON_DISK, read=read)
    spill = documents * dedup.DOCUMENT_SPILLED + links * dedup.LINK_SPILLED
    return replace(plan, spill=spill, earlier_core_hours=old * order.snapshots / 3600)


def _plan(
    rate: StageRate, order: Order, shape: Shape, *, shards: int, seconds: float, disk: int, read: int, memory: int = 0
) -> StagePlan:
    """One stage of all snapshots, from what one snapshot takes: shards, seconds of a core, bytes stored and read."""
    rounds = -(-shards // order.cores)
    parts = disk / max(shards, 1) / _PART
    reads = read / max(shards, 1) / (_PART if shape.driver == "input" else _RANGE)
    gets = shards * (shape.gets + reads + 1) + shards / _LISTED * 2 + _COMMIT_GETS
    puts = shards * (shape.puts + (parts + 1 if parts > 1 else 0)) + _COMMIT_PUTS
    return StagePlan(
        stage=rate.stage,
        of=rate.of,
        shards=shards * order.snapshots,
        core_hours=seconds * order.snapshots / 3600,
        hours=rounds * seconds / shards * order.snapshots / 3600,
        memory=max(rate.peak_memory, memory),
        disk=disk * order.snapshots,
        files=shards * order.snapshots,
        spill=0,
        read=read * order.snapshots,
        gets=round(gets) * order.snapshots,
        puts=round(puts) * order.snapshots,
    )
