"""The command line `corpus`: the platform without a browser.

A command prints its plan, shows progress, and ends with the next thing to type. A `CorpusError` becomes one line; a bug keeps its traceback.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as RichTable

from corpus_platform.errors import CorpusError, SettingsError
from corpus_platform.home import Home

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
snapshots = typer.Typer(no_args_is_help=True, help="The snapshots of the web corpus.")
app.add_typer(snapshots, name="snapshots")

out = Console()
err = Console(stderr=True)

_home = Path(".corpus")
HomeOption = Annotated[
    Path, typer.Option("--home", envvar="CORPUS_HOME", help="Folder of settings, lake, models and Dagster instance.")
]
FormatOption = Annotated[str, typer.Option("--format", help="table, csv or json")]


@app.callback()
def corpus(home: HomeOption = Path(".corpus")) -> None:
    """Turns web crawls, books, papers and code into training corpora that can be explained page by page."""
    global _home  # noqa: PLW0603  (one option of the whole command line)
    _home = home


def main() -> None:
    """Entry point: errors that a reader can act upon are printed as one line."""
    try:
        app(standalone_mode=True)
    except CorpusError as error:
        err.print(f"[red]error[/red]: {error}", highlight=False, markup=True)
        sys.exit(1)


@app.command()
def version() -> None:
    """The platform's version, and those of the libraries its results depend on."""
    names = [
        "corpus-platform",
        "dagster",
        "deltalake",
        "duckdb",
        "polars",
        "pyarrow",
        "fastwarc",
        "resiliparse",
        "trafilatura",
    ]
    for name in names:
        out.print(f"{name} {installed_version(name)}", highlight=False)


@app.command()
def tables() -> None:
    """The tables of the lake: what a row is, rows, bytes and partitions."""
    from corpus_platform.lake import tables as registry  # noqa: PLC0415

    lake = Home.open(_home).lake
    shown = RichTable("table", "rows", "MB", "partitions", "what a row is", box=None)
    for spec in registry():
        files = lake.files(spec.name)
        rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
        shown.add_row(
            spec.name, f"{rows:,}", f"{size / 1e6:,.1f}", str(len(lake.partitions(spec.name))), spec.description
        )
    out.print(shown)


@app.command()
def sql(
    statement: Annotated[
        str, typer.Argument(help='SQL, e.g. "select language, count(*) from web.documents group by 1"')
    ],
    format: FormatOption = "table",  # noqa: A002  (the option's name)
) -> None:
    """Asks the lake in DuckDB SQL. Reads only; works while a run is writing."""
    from corpus_platform.analytics.sql import connect, query  # noqa: PLC0415

    print_rows(query(connect(Home.open(_home).lake), statement), format)


def print_rows(rows: Any, format: str) -> None:  # noqa: A002
    """Prints an Arrow table as a table, CSV or JSON lines."""
    import orjson  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    if format == "json":
        for row in rows.to_pylist():
            sys.stdout.buffer.write(orjson.dumps(row, default=str) + b"\n")
    elif format == "csv":
        pyarrow.csv.write_csv(rows, sys.stdout.buffer)
    elif format == "table":
        shown = RichTable(*rows.column_names, box=None)
        for row in rows.to_pylist():
            shown.add_row(*("" if value is None else str(value) for value in row.values()))
        out.print(shown, markup=False)
    else:
        raise SettingsError(f"there is no format `{format}`; there are table, csv and json")


@app.command()
def status() -> None:
    """Which partitions are up to date, stale or missing, by the lake's own account."""
    home = Home.open(_home)
    shown = RichTable("table", "partition", "state", "rows", "version", "shards to run", box=None)
    for name, partition in home.partitions():
        line = home.status_of(name, partition)
        colour = {"current": "green", "stale": "yellow"}.get(line.state, "red")
        shown.add_row(
            name,
            ",".join(partition.values()),
            f"[{colour}]{line.state}[/]",
            "" if line.rows is None else f"{line.rows:,}",
            "" if line.version is None else str(line.version),
            line.todo,
        )
    out.print(shown)
    out.print("Bring a table up to date: corpus run corpora/ccnet --snapshot SNAPSHOT", highlight=False)
