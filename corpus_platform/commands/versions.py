"""Commands on the versions of a partition: what there were, going back to one, making shards anew.

Not here: removing old versions (`corpus vacuum`), keeping some for a release.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole
from corpus_platform.stages.run import where_of
from corpus_platform.stages.stage import Partition

Asset = Annotated[str, typer.Argument(help="An asset: web/wet/pages, corpora/fineweb, models/language_model ...")]
Key = Annotated[
    str,
    typer.Option("--snapshot", "--partition", help="Its partition: a snapshot, a dump (en-20250101), a language ..."),
]


def history(context: typer.Context, asset: Asset, partition: Key) -> None:
    """The versions of a partition, newest first: when, by which run, how many rows, and whether it can still be read."""
    home = Home.open(context.obj)
    name, where = _table_of(home, asset, partition)
    columns = (right("version"), *map(whole, ("time, UTC", "run")), *map(right, ("rows", "MB")), "stage", "what")
    shown = RichTable(*columns, box=None)
    states = [state for state in home.lake.history(name) if state.partition == where]
    for state in states:
        numbers = (f"{state.rows:,}", f"{state.bytes / 1e6:,.1f}")
        when = f"{state.time:%Y-%m-%d %H:%M:%S}"
        what = [f"as version {state.extra['restored']}"] if "restored" in state.extra else []
        what += [] if _can_be_read(home, name, state.version) else ["vacuumed"]
        shown.add_row(str(state.version), when, state.run[:20], *numbers, state.stage_version, ", ".join(what))
    if not states:
        raise SettingsError(f"{where_of(name, where)} has not been made yet")
    out.print(shown)
    if hold := home.lake.held(name, where):
        out.print(escaped(str(hold)), highlight=False, soft_wrap=True)
    out.print(f"Go back to one: corpus rollback {asset} --snapshot {partition} --to VERSION", highlight=False)


def rollback(
    context: typer.Context,
    asset: Asset,
    partition: Key,
    to: Annotated[int, typer.Option(help="The version to go back to: see corpus history")],
    reason: Annotated[str, typer.Option(help="Why, for those who find the partition held")] = "rolled back",
) -> None:
    """Makes a partition what it was at an earlier version, and holds it: no run changes it until `corpus resume`.

    What is made of it turns stale, and is made anew by the next run.
    """
    home = Home.open(context.obj)
    name, where = _table_of(home, asset, partition)
    # Held first, so that no schedule makes the restored partition anew before somebody has looked at it.
    hold = home.lake.hold(name, where, reason)
    try:
        made = home.lake.restore(name, where, to)
    except Exception:
        home.lake.let_go(name, where)
        raise
    state = home.lake.state(name, where)
    if home.settings.warehouse.publish:
        from corpus_platform.analytics.warehouse import publish

        publish(home.lake, home.warehouse, names={name, *(state.side if state else ())})
    rows = f", {state.rows:,} rows" if state else ""
    done = f"is version {made.version}" if made.changed else f"was as at version {to} already"
    out.print(f"{where_of(name, where)} {done}{rows}.\n{escaped(str(hold))}", highlight=False, soft_wrap=True)
    out.print(f"Let runs change it again: corpus resume {asset} --snapshot {partition}", highlight=False)


def resume(context: typer.Context, asset: Asset, partition: Key) -> None:
    """Lets a held partition go: the next run brings it up to date."""
    home = Home.open(context.obj)
    name, where = _table_of(home, asset, partition)
    home.lake.let_go(name, where)
    out.print(f"{where_of(name, where)} is free. Next: corpus run {asset} --snapshot {partition}", highlight=False)


def redo(
    context: typer.Context,
    asset: Asset,
    partition: Key,
    shard: Annotated[list[int] | None, typer.Option(help="A shard, may be repeated; all by default")] = None,
) -> None:
    """Makes shards unfinished, so that the next run makes them anew, though nothing that they are made of has changed.

    Readers see the partition as it is until then. Shards that failed need no such thing: a run makes what is not finished.
    """
    home = Home.open(context.obj)
    name, where = _table_of(home, asset, partition)
    if hold := home.lake.held(name, where):
        raise SettingsError(f"{hold}. Let it go first: corpus resume {asset} --snapshot {partition}")
    done = home.lake.unfinish(name, where, shard or None)
    told = f"{where_of(name, where)}: {len(done)} {'shard' if len(done) == 1 else 'shards'} unfinished."
    out.print(f"{told} Next: corpus run {asset} --snapshot {partition}", highlight=False, soft_wrap=True)


def _table_of(home: Home, asset: str, key: str) -> tuple[str, Partition]:
    """The one table and partition that an asset and a partition's key mean. Raises SettingsError where that is none or several."""
    opened = home.enabling([asset])
    batches = opened.batches([asset], [key], upstream=False)
    found = [one for batch in batches if batch.key == key for one in batch.tables]
    if not found:
        known = ", ".join(batch.key for batch in batches)
        raise SettingsError(f"{asset} has no partition {key}" + (f"; it has {known}" if known else ""))
    if len(found) > 1:
        named = ", ".join(name for batch in batches for name in batch.assets)
        raise SettingsError(f"{asset} is several assets: name one of {named}")
    return found[0]


def _can_be_read(home: Home, name: str, version: int) -> bool:
    try:
        home.lake.files(name, version=version)
    except SettingsError:
        return False
    return True
