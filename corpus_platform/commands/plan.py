"""The command that says what a run would make and take, and makes nothing; and what whole crawls would take (plan_full.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from corpus_platform.commands.plan_full import Asked, measure_rates, tell_full
from corpus_platform.errors import ModelError, NoRoom, SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out
from corpus_platform.stages.estimate import duration, size
from corpus_platform.stages.room import advice, check_room
from corpus_platform.stages.run import where_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.stages.run import Plan
    from corpus_platform.stages.stage import Partition


def plan(
    context: typer.Context,
    assets: Annotated[
        list[str] | None, typer.Argument(help="Assets: corpora/ccnet, dedup/wet/fineweb.minhash, web/documents ...")
    ] = None,
    snapshot: Annotated[list[str] | None, typer.Option(help="Snapshots; those that Dagster knows by default")] = None,
    only: Annotated[bool, typer.Option("--only", help="Leave out what the assets are made of")] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Run a sample through the stages and keep the rates, in rates.yaml")
    ] = False,
    made: Annotated[
        int | None, typer.Option(min=1, help="With --measure: the made sample, so many times as large")
    ] = None,
    files: Annotated[int, typer.Option(min=1, help="With --measure: input files of each of two snapshots")] = 4,
    full: Annotated[
        bool, typer.Option("--full", help="Whole crawls by the rates: hours, disk, requests, money")
    ] = False,
    snapshots: Annotated[str, typer.Option(help="With --full: how many snapshots, or `all`")] = "1",
    earlier: Annotated[int, typer.Option(min=0, help="With --full: snapshots that are there already")] = 0,
    cores: Annotated[int, typer.Option(min=1, help="With --full: cores, on one machine or on many")] = 96,
    core_gb: Annotated[float, typer.Option(help="With --full: memory of a core, GB")] = 4.0,
    price_core_hour: Annotated[float, typer.Option(help="With --full: of one core for an hour")] = 0.04,
    price_gb_month: Annotated[float, typer.Option(help="With --full: of a GB in the store for a month")] = 0.023,
    months: Annotated[float, typer.Option(help="With --full: months that what is made is stored")] = 1.0,
    price_put: Annotated[float, typer.Option(help="With --full: of a thousand PUT requests")] = 0.005,
    price_get: Annotated[float, typer.Option(help="With --full: of a thousand GET requests")] = 0.0004,
) -> None:
    """What `corpus run` would make: shards, bytes, and of dedups also keys, memory, disk and time. Nothing is run.

    What has to be made first is compared as it is now; what is made of it is told when it is there. With `--full` whole crawls are planned by rates
    that `--measure` has found on this machine.
    """
    home = Home.open(context.obj)
    if measure:
        measure_rates(home.enabling(assets or ()), made=made, files=files)
    if full:
        asked = Asked(snapshots, cores, earlier, core_gb, price_core_hour, price_gb_month, months, price_put, price_get)
        tell_full(home, asked)
    if not measure and not full:
        _plan_assets(home, assets or [], snapshot, only=only)


def _plan_assets(home: Home, assets: list[str], snapshot: list[str] | None, *, only: bool) -> None:
    """What a run of some assets would make."""
    from corpus_platform.definitions import instance_of, known_partitions  # imports Dagster

    if not assets:
        raise SettingsError("name an asset, such as corpora/fineweb; or plan whole crawls with --measure and --full")
    home = home.enabling(assets)
    wanted = list(snapshot) if snapshot else known_partitions(instance_of(home))
    batches = home.batches(assets, wanted, upstream=not only)
    tables = list(dict.fromkeys((name, tuple(where.items())) for batch in batches for name, where in batch.tables))
    if not tables:
        raise SettingsError(f"there is nothing to make {', '.join(assets)} of: name a snapshot with --snapshot")
    found: list[Plan] = []
    for name, where in tables:
        for line in _told(home, name, dict(where), found):
            out.print(escaped(line), highlight=False, soft_wrap=True)
    out.print("\n" + escaped(_total(found, len(tables))), highlight=False, soft_wrap=True)


def _told(home: Home, name: str, partition: Partition, found: list[Plan]) -> Iterator[str]:
    """Lines on one table and partition; its plan is added to those that are `found`."""
    where = where_of(name, partition)
    is_made = home.lake.state(name, partition) is not None
    try:
        made = home.plan(name, partition)
    except (SourceError, ModelError):
        yield f"{where}: {'made' if is_made else 'missing'}; what it is made of is not there{'' if is_made else ' yet'}"
        return
    found.append(made)
    if made.is_current:
        yield f"{where}: current"
        return
    yield f"{where}: {'stale' if is_made else 'missing'}, {len(made.todo)} of {len(made.shards)} shards to run, {size(made.bytes)} in"
    if made.estimate is None:
        return
    yield from (f"    {line}" for line in str(made.estimate).splitlines())
    if advised := advice(made.estimate, home.engine):
        yield f"    {advised}"
    if made.stage.needs_room:
        try:
            check_room(where, made.estimate, home.lake.storage, home.engine)
        except NoRoom as error:
            yield f"    no room: {error}"


def _total(plans: list[Plan], tables: int) -> str:
    todo = [one for one in plans if one.todo]
    shards, read = sum(len(one.todo) for one in todo), sum(one.bytes for one in todo)
    known = [one.estimate for one in todo if one.estimate]
    told = f"{shards:,} shards to run in {len(todo)} of {tables} tables, {size(read)} in"
    if known:
        disk = sum(one.disk for one in known) + max(one.spill for one in known)
        new, old = sum(one.new_seconds for one in known), sum(one.old_seconds for one in known)
        told += f"; dedups: {size(disk)} of disk, {duration(new)} of a core for new documents and {duration(old)} for earlier snapshots"
    waiting = tables - len(plans)
    return f"{told}. What is made of these, in {waiting} tables, can't be told yet." if waiting else f"{told}."
