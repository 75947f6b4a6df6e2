"""What whole crawls take: measures rates, and tells hours, memory, disk, requests and money by them.

Not here: the arithmetic (planning/), plans of what a home would make next (plan.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import err, escaped, out, right
from corpus_platform.stages.estimate import duration, size

if TYPE_CHECKING:
    from corpus_platform.home import Home
    from corpus_platform.planning.full import FullPlan, Order
    from corpus_platform.planning.rates import Rates

ALL = "all"


@dataclass(frozen=True)
class Asked:
    """Options of the command that whole crawls have."""

    snapshots: str
    cores: int
    earlier: int
    core_gb: float
    core_hour: float
    gb_month: float
    months: float
    put_1000: float
    get_1000: float


def measure_rates(home: Home, *, made: int | None, files: int) -> None:
    """Measures, and keeps the rates in the home."""
    from corpus_platform.planning.measure import measure
    from corpus_platform.planning.rates import FILE, write_rates

    rates = measure(home, made=made, files=files, watch=lambda p: err.print(f"{p.stage} {p.shard}", highlight=False))
    write_rates(home.path / FILE, rates)
    print_rates(rates)
    out.print(f"\nKept in {home.path / FILE}. Next: corpus plan --full --snapshots 1 --cores 96", highlight=False)


def print_rates(rates: Rates) -> None:
    """What was measured, a line for each stage."""
    sample, machine = rates.sample, rates.machine
    out.print(
        escaped(
            f"{rates.measured} on {machine.processor}, one of {machine.cores} cores; {sample.pages:,} pages ({sample.kind}), "
            f"{size(sample.input_bytes / sample.pages)} of input and {size(sample.text_bytes / sample.pages)} of text a page"
        ),
        highlight=False,
    )
    heads = ("ms a record", "MB in a second", "bytes out a record", "memory")
    shown = RichTable("stage", *(right(name) for name in heads), box=None)
    for rate in rates.stages:
        records = rate.records or rates.sample.pages
        shown.add_row(
            escaped(f"{rate.stage} [{rate.of}]"),
            f"{rate.seconds / records * 1e3:,.2f}",
            f"{rate.bytes_in / 1e6 / rate.seconds:,.1f}" if rate.seconds else "",
            f"{rate.bytes_out / records:,.0f}",
            size(rate.peak_memory),
        )
    out.print(shown)


def tell_full(home: Home, asked: Asked) -> None:
    """Prints the plan of whole crawls by the home's rates."""
    from corpus_platform.planning.full import plan_full
    from corpus_platform.planning.rates import FILE, read_rates

    rates = read_rates(home.path / FILE)
    plan = plan_full(rates, order_of(home, asked))
    print_plan(rates, plan)


def order_of(home: Home, asked: Asked) -> Order:
    """The order that the options and the home's settings make. Raises SettingsError for a number that is none."""
    from corpus_platform.planning.crawls import figures
    from corpus_platform.planning.full import Order

    s, known = home.settings, figures()
    crawl, snapshots = known.snapshot, known.all.snapshots
    if asked.snapshots == ALL:
        crawl = crawl.scaled(known.all.pages // known.all.snapshots)
    elif asked.snapshots.isdigit() and int(asked.snapshots):
        snapshots = int(asked.snapshots)
    else:
        raise SettingsError(
            f"--snapshots takes a number, or `{ALL}` for the {snapshots} there are; not `{asked.snapshots}`"
        )
    return Order(
        crawl=crawl,
        snapshots=snapshots,
        cores=asked.cores,
        earlier=asked.earlier,
        core_gb=asked.core_gb,
        shard_files=s.pages.shard_files,
        group_files=s.paragraphs.group_files,
        keys_per_range=s.dedup.keys_per_range,
        shard_addresses=s.url_history.shard_addresses,
        core_hour=asked.core_hour,
        gb_month=asked.gb_month,
        months=asked.months,
        put_1000=asked.put_1000,
        get_1000=asked.get_1000,
    )


def print_plan(rates: Rates, plan: FullPlan) -> None:
    """The table of stages, the sums, the money, and what is short first."""
    order = plan.order
    pages = order.crawl.pages * order.snapshots
    shown = RichTable(
        "stage", *(right(h) for h in ("shards", "core hours", "hours", "a worker", "stored", "requests")), box=None
    )
    for stage in plan.stages:
        shown.add_row(
            escaped(stage.name),
            f"{stage.shards:,}",
            f"{stage.core_hours:,.0f}",
            f"{stage.hours:,.1f}",
            size(stage.memory),
            size(stage.disk),
            f"{stage.gets + stage.puts:,}",
        )
    count = "1 snapshot" if order.snapshots == 1 else f"{order.snapshots:,} snapshots"
    out.print(
        f"{count}, {pages:,} pages, on {order.cores:,} cores; rates of {rates.measured} on {rates.sample.pages:,} pages",
        highlight=False,
    )
    out.print(shown)
    money = plan.compute + plan.storage + plan.requests
    lines = (
        f"{plan.total('core_hours'):,.0f} core hours of work, {duration(plan.total('hours') * 3600)} by the clock, {plan.total('hours') / 24:,.1f} days",
        (
            f"{size(plan.total('disk'))} stored in {plan.total('files'):,.0f} files; at most {size(max(s.spill for s in plan.stages))} of scratch; "
            f"a worker takes up to {size(max(s.memory for s in plan.stages))}"
        ),
        f"{plan.total('puts'):,.0f} PUT and {plan.total('gets'):,.0f} GET requests",
        f"money: {money:,.0f} = {plan.compute:,.0f} for cores + {plan.storage:,.0f} for {order.months:g} months of storage + {plan.requests:,.0f} for requests",
    )
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
    out.print("\nShort first:", highlight=False)
    for line in plan.bottlenecks:
        out.print(escaped(f"- {line}"), highlight=False, soft_wrap=True)
