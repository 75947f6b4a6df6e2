"""`corpus sql`, `shell`, `warehouse` and `marts`: asking the lake in SQL, and publishing it for other programs.

Not here: sessions (analytics/sql.py), the prompt (analytics/shell.py), the published file (analytics/warehouse.py), dbt (assets/marts.py).
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.printing import check_format, err, escaped, out, print_rows

if TYPE_CHECKING:
    import pyarrow as pa

Format = Annotated[str, typer.Option("--format", help="table, csv or json")]
_SHOWN = 200
"""Rows of a result that the prompt shows as a table."""


def sql(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(help='e.g. "select language, count(*) from web.documents group by 1"')],
    format: Format = "table",  # noqa: A002  (the option's name)
) -> None:
    """Asks the lake in DuckDB SQL. It only reads, opens no file but the lake's, and works while a run is writing."""
    from corpus_platform.analytics.sql import Analyst

    check_format(format)
    home = Home.open(context.obj)
    with Analyst(home.lake, published=home.warehouse) as session:
        print_rows(session.query(statement), format)


def shell(
    context: typer.Context,
    format: Annotated[str, typer.Option("--format", help="table, lines, csv or json")] = "table",  # noqa: A002
) -> None:
    """A prompt for DuckDB SQL over the lake; `.help` there says more. It reads standard input where that is no terminal."""
    from corpus_platform.analytics import shell as prompt
    from corpus_platform.analytics.sql import Analyst

    home = Home.open(context.obj)
    typed = sys.stdin.isatty()
    with Analyst(home.lake, published=home.warehouse) as session:
        asked = prompt.Shell(session, _Printer(), format=format)
        if typed:
            out.print("DuckDB SQL over the lake, read-only. .help for help, Ctrl-D to leave.", highlight=False)
        history = home.path / "shell_history.log"  # As a log, `corpus forget` looks into it.
        with prompt.remembered(history) if typed else nullcontext(prompt.piped) as read:
            went_well = asked.run(read)
    if not typed and not went_well:
        raise typer.Exit(1)


def warehouse(
    context: typer.Context,
    dbt_sources: Annotated[
        bool, typer.Option("--dbt-sources", help="Print the sources of the dbt project, for dbt/models/sources.yml")
    ] = False,
) -> None:
    """Publishes views of all tables, and the marts, as `warehouse.duckdb`, which any client of DuckDB 2.0 opens.

    Runs do so by themselves after each commit, unless the setting `warehouse.publish` is false.
    """
    from corpus_platform.analytics.warehouse import publish

    if dbt_sources:
        from corpus_platform.analytics.dbt_project import sources_yaml

        sys.stdout.write(sources_yaml())
        return
    home = Home.open(context.obj)
    found = publish(home.lake, home.warehouse, marts=home.marts)
    out.print(str(found.path), highlight=False, soft_wrap=True)


def marts(
    context: typer.Context,
    snapshot: Annotated[
        list[str] | None, typer.Option(help="Only this snapshot's rows are made anew; may be repeated. All by default")
    ] = None,
) -> None:
    """Builds the marts with dbt, with their tests, in a Dagster run, and publishes them in `warehouse.duckdb`."""
    from corpus_platform.definitions import instance_of, make_marts

    home = Home.open(context.obj)
    if strange := sorted({*(snapshot or ())} - {p["snapshot"] for p in home.lake.partitions("web.pages")}):
        raise SettingsError(f"the lake has no snapshot {strange[0]}: corpus snapshots list")
    make_marts(home, instance_of(home), snapshot or ())
    out.print(str(home.warehouse), highlight=False, soft_wrap=True)


class _Printer:
    """Results on standard output, errors on standard error."""

    def rows(self, rows: pa.Table, format: str) -> None:  # noqa: A002
        if format == "lines":
            self._lines(rows)
        elif format == "table" and rows.num_rows > _SHOWN:
            print_rows(rows.slice(0, _SHOWN), format)
            out.print(f"... {rows.num_rows - _SHOWN:,} rows more: ask with LIMIT, or .format csv", highlight=False)
        else:
            print_rows(rows, format)

    def error(self, text: str) -> None:
        sys.stdout.flush()
        err.print(f"[bold red]error[/]: {escaped(text)}", highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        out.print(escaped(text), highlight=False, soft_wrap=True)

    def _lines(self, rows: pa.Table) -> None:
        width = max(map(len, rows.column_names), default=0)
        for number, row in enumerate(rows.to_pylist(), 1):
            self.say(f"-- {number}")
            for name, value in row.items():
                self.say(f"{name:>{width}}: {'' if value is None else value}")
