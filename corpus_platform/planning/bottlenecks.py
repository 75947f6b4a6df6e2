"""What will be short first: figures of a plan that more cores do not mend, each as a sentence with its number.

Not here: what to do about it (docs/scale.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.stages.estimate import duration, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.planning.full import FullPlan
    from corpus_platform.planning.rates import Rates

_NAME_IN_A_VIEW = 180
"""Bytes of a file's address in the SQL of a view."""
_MARKERS_A_SECOND = 600
"""Markers that the parent reads from a store: 32 at once, some 50 ms each."""
_MANY_FILES, _MANY_REQUESTS = 100_000, 10_000_000
_LINE = 10e9 / 8
"""Bytes a second of a network interface of 10 Gbit/s, which some 32 cores share in a cloud."""
_CORES_A_LINE = 32


def bottlenecks(rates: Rates, plan: FullPlan) -> Iterator[str]:
    """What is short, the worst of the clock first, then memory, network and numbers of files."""
    yield from _few_shards(plan)
    yield from _earlier(plan)
    yield from _memory(plan)
    yield from _network(plan)
    yield from _requests(plan)
    yield from _files(rates, plan)


def _few_shards(plan: FullPlan) -> Iterator[str]:
    """Stages that leave cores without work, where that costs an hour of a snapshot and more."""
    order = plan.order
    for stage in sorted(plan.stages, key=lambda s: -s.hours):
        each = stage.shards // order.snapshots
        if each < order.cores and stage.hours / order.snapshots > 1:
            spill = f", and spills {size(stage.spill)}" if stage.spill else ""
            shards = "one shard" if each == 1 else f"{each:,} shards"
            yield (
                f"{stage.name}: {shards} a snapshot on {order.cores:,} cores: {duration(stage.hours / order.snapshots * 3600)} "
                f"by the clock for each snapshot however many cores there are{spill}"
            )


def _earlier(plan: FullPlan) -> Iterator[str]:
    work, old = plan.total("core_hours"), plan.total("earlier_core_hours")
    if work and old / work > 0.05:
        yield (
            f"snapshots before: {old:,.0f} of {work:,.0f} core hours, for {plan.order.pairs:,} pairs of snapshots; "
            "this part grows with the square of their number"
        )


def _memory(plan: FullPlan) -> Iterator[str]:
    for stage in plan.stages:
        if stage.memory > plan.order.core_gb * 1e9:
            yield f"{stage.name}: a worker takes {size(stage.memory)}, a core has {plan.order.core_gb:g} GB: run it with fewer workers"


def _network(plan: FullPlan) -> Iterator[str]:
    has = _LINE * max(1.0, plan.order.cores / _CORES_A_LINE)
    for stage in plan.stages:
        needed = (stage.read + stage.disk) / (stage.hours * 3600) if stage.hours else 0.0
        if needed > has / 2:
            yield f"{stage.name}: moves {size(needed)} a second, of {size(has)} that {plan.order.cores:,} cores may have"


def _requests(plan: FullPlan) -> Iterator[str]:
    for stage in sorted(plan.stages, key=lambda s: -s.gets):
        of_one = (stage.gets + stage.puts) / plan.order.snapshots
        if of_one > _MANY_REQUESTS:
            each = stage.gets / stage.shards
            yield f"{stage.name}: {of_one:,.0f} requests to the store for each snapshot, {each:,.0f} for a shard"


def _files(rates: Rates, plan: FullPlan) -> Iterator[str]:
    """Logs, markers and views, of the table with the most files."""
    most = max(plan.stages, key=lambda stage: stage.files)
    each = most.shards // plan.order.snapshots
    log = each * rates.log_bytes_per_file
    markers = each / _MARKERS_A_SECOND
    if most.files > _MANY_FILES:
        yield (
            f"{most.stage}: {most.files:,} files: {size(most.files * rates.log_bytes_per_file)} of log, of which whoever opens the table reads a part, "
            f"and a view of {size(most.files * _NAME_IN_A_VIEW)} of SQL in the warehouse"
        )
    yield f"one commit of {most.stage} writes {size(log)} of log, and the parent reads {each:,} markers for it: {duration(markers)}"
