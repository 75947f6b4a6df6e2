"""The command that looks for damage in the lake."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole


def verify(
    context: typer.Context,
    tables: Annotated[list[str] | None, typer.Argument(help="Tables, e.g. web.pages; all by default")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set damaged files aside, so that the next run makes their shards anew")
    ] = False,
) -> None:
    """Reads every file of the tables and compares its size and digest with what was written.

    Exit code 1 where something is damaged that the next run will not make anew.
    """
    report = Home.open(context.obj).lake.verify(tables or None, repair=repair)
    if report.damaged:
        shown = RichTable(
            *map(whole, ("table", "partition")), right("shard"), *map(whole, ("file", "what is wrong", "")), box=None
        )
        for damage in report.damaged:
            where = ",".join(damage.partition.values())
            done = "its shard will be made anew" if damage.is_repaired else ""
            cells = (damage.table, where, str(damage.shard), damage.path.rpartition("/")[2], damage.what, done)
            shown.add_row(*map(escaped, cells))
        out.print(shown)
    out.print(str(report), highlight=False)
    if report.damaged:
        out.print(_next(is_repair=repair, is_sound=report.is_sound), highlight=False, soft_wrap=True)
    if not report.is_sound:
        raise typer.Exit(1)


def _next(*, is_repair: bool, is_sound: bool) -> str:
    if not is_repair:
        return (
            "Next: corpus verify --repair, then corpus run what the tables belong to: only damaged shards are made anew"
        )
    if is_sound:
        return "Next: corpus status, then corpus run what is stale: only these shards are made anew"
    return "No stage made the files without a remark: bring them back from a copy of the lake"
