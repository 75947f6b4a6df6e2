"""`corpus counts`: distinct addresses, domains and paragraphs of snapshots, and what each one adds.

Not here: the counting (stages/sketches.py), the merging (analytics/counts.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SourceError
from corpus_platform.home import Home
from corpus_platform.printing import check_format, out, print_rows, right, whole

if TYPE_CHECKING:
    import polars as pl

Format = Annotated[str, typer.Option("--format", help="table, csv or json")]


def counts(
    context: typer.Context,
    variant: Annotated[str | None, typer.Option(help="How a page became text, e.g. wet; the first by default")] = None,
    snapshot: Annotated[
        list[str] | None, typer.Option(help="Only this snapshot; all by default, may be repeated")
    ] = None,
    format: Format = "table",  # noqa: A002
) -> None:
    """How many distinct addresses, domains and paragraphs snapshots have, together and one after the other (estimates, to 1%)."""
    from corpus_platform.analytics.counts import counts_table

    check_format(format)
    home = Home.open(context.obj)
    where = variant or _default_variant(home)
    found = counts_table(home.lake, where, snapshot)
    if format == "table":
        _print(found, where)
    else:
        print_rows(found.to_arrow(), format)


def _default_variant(home: Home) -> str:
    from corpus_platform.analytics.counts import sketched_variants

    made = sketched_variants(home.lake)
    if not made:
        raise SourceError("web.sketches has not been made yet: corpus run web/sketches --snapshot NAME")
    return next((variant for variant in home.variants if variant in made), made[0])


def _print(found: pl.DataFrame, variant: str) -> None:
    """A row for each snapshot, and one for all together."""
    names = found["name"].unique(maintain_order=True).to_list()
    heads = (right(head) for name in names for head in (name, f"new {name}"))
    shown = RichTable(whole(f"snapshot ({variant})"), *heads, box=None)
    for (snapshot,), rows in found.group_by("snapshot", maintain_order=True):
        cells = (_whole(row[column]) for row in rows.iter_rows(named=True) for column in ("distinct", "new"))
        shown.add_row(str(snapshot), *cells)
    last = found.group_by("name", maintain_order=True).last()["union"]
    shown.add_row("all together", *(cell for union in last for cell in (_whole(union), "")))
    out.print(shown, highlight=False)


def _whole(estimate: float) -> str:
    return f"{round(estimate):,}"
