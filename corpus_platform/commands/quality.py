"""`corpus quality`: the suites of tables on the command line, with their page.

Not here: what is expected (quality/), the checks that Dagster runs (assets/checks.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track
from rich.table import Table as RichTable

from corpus_platform.errors import SourceError
from corpus_platform.home import Home
from corpus_platform.printing import err, escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.quality.run import Result
    from corpus_platform.stages.stage import Partition


def quality(
    context: typer.Context,
    assets: Annotated[
        list[str] | None, typer.Argument(help="Assets, e.g. web/documents, corpora/ccnet; every table by default")
    ] = None,
    snapshot: Annotated[list[str] | None, typer.Option(help="Only these snapshots; all by default")] = None,
) -> None:
    """Runs the suites of tables on what the lake has: keys, nulls, ranges, sets, balances, and drift against the snapshot before.

    Writes a page of the results beside the home. Exit code 1 where data are broken; what is only unusual leaves it 0.
    """
    from corpus_platform.quality.page import write_results
    from corpus_platform.quality.run import run_suite, suites_of

    home = Home.open(context.obj)
    asked = list(dict.fromkeys((name, tuple(where.items())) for name, where in _asked(home, assets or [], snapshot)))
    if not asked:
        raise SourceError("there is nothing to look at: none of that has been made yet, see corpus status")
    results = [
        run_suite(home, table, where)
        for name, partition in track(asked, "Suites", console=err, transient=True)
        for table, where in suites_of(home, name, dict(partition))
    ]
    _print(results)
    page = write_results(home, f"quality-{datetime.now(UTC):%Y%m%dT%H%M%S}", results)
    told = f"Page: {page}" if page else f"No page: {home.path} takes no files"
    out.print(f"{_summary(results)}\n{told}", highlight=False, soft_wrap=True)
    if not all(result.is_sound for result in results):
        raise typer.Exit(1)


def _asked(home: Home, assets: list[str], snapshots: list[str] | None) -> Iterator[tuple[str, Partition]]:
    """(table, partition) of what the lake has of some assets, or of all tables but side tables, which go with their main table."""
    if assets:
        known = snapshots or sorted({partition["snapshot"] for partition in home.lake.partitions("web.pages")})
        for batch in home.batches(assets, known, upstream=False):
            yield from ((n, p) for n, p in batch.tables if home.lake.state(n, p) is not None)
        return
    for spec in home.lake.tables():
        for partition in () if spec.side else home.lake.partitions(spec.name):
            if not snapshots or partition.get("snapshot", "") in snapshots:
                yield spec.name, partition


def _print(results: Iterable[Result]) -> None:
    """A line for each expectation that is not met."""
    heads = (*map(whole, ("", "table", "partition", "check", "figure")), right("found"), whole("allowed"))
    shown = RichTable(*heads, box=None)
    for result in results:
        for one in result.outcomes:
            if one.is_broken:
                found = "" if one.observed is None else f"{one.observed:,}"
                allowed = f"{one.allowed} ({one.other:,})" if one.other is not None else one.allowed
                word = "[red]broken[/]" if one.blocks else "[yellow]look[/]"
                cells = map(escaped, (result.table, result.where, one.check, one.figure, found, allowed))
                shown.add_row(word, *cells)
    if shown.row_count:
        out.print(shown)


def _summary(results: list[Result]) -> str:
    broken = sum(not result.is_sound for result in results)
    look = sum(result.is_sound and not result.is_green for result in results)
    return f"{len(results)} suite{'s' if len(results) > 1 else ''}: {len(results) - broken - look} green, {look} to look at, {broken} broken"
