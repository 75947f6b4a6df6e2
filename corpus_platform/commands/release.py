"""Commands on releases: what has been given out, by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, cast

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from corpus_platform.analytics.release import By

app = typer.Typer(no_args_is_help=True, help="Releases: versions of tables that have been given out, kept and named.")

Name = Annotated[str, typer.Argument(help="Name of the release")]


@app.command("make")
def make(
    context: typer.Context,
    name: Name,
    assets: Annotated[list[str], typer.Argument(help="Assets: corpora/ccnet, corpora/fineweb ...")],
    snapshot: Annotated[list[str], typer.Option(help="A snapshot, may be repeated")],
    by: Annotated[
        list[str] | None, typer.Option(help="Count documents by language, domain, author, licence; may be repeated")
    ] = None,
    min_group: Annotated[int, typer.Option(help="Groups of fewer documents are merged into `other`; 0: none")] = 0,
    epsilon: Annotated[
        float | None,
        typer.Option(help="Privacy budget of all counts together: they get Laplace noise; none by default"),
    ] = None,
    unit: Annotated[
        str, typer.Option(help="What noise protects: document, or all documents of a domain or author")
    ] = "document",
    sensitivity: Annotated[int, typer.Option(help="Most documents that one unit counts with")] = 1,
) -> None:
    """Makes a release of what assets are now: a manifest with files, recipes, licences and figures, and pins that keep the versions.

    Figures that are published of people's data take --min-group and --epsilon; the manifest records both.
    """
    from corpus_platform.analytics import release
    from corpus_platform.analytics.private_counts import Privacy

    home = Home.open(context.obj)
    privacy = Privacy(min_group, epsilon, sensitivity, unit)
    counted = cast("list[By]", by or ["language", "licence"])
    made = release.make(home, name, assets, snapshot, privacy=privacy, by=counted)
    rows = sum(entry["rows"] for entry in made["tables"])
    out.print(
        f"Release {name}: {len(made['tables'])} partitions, {rows:,} rows. Look: corpus release show {name}",
        highlight=False,
    )


@app.command("list")
def list_releases(context: typer.Context) -> None:
    """All releases: when they were made, of how much, and whether something in them was forgotten since."""
    from corpus_platform.lake import releases

    lake = Home.open(context.obj).lake
    shown = RichTable(whole("release"), "made, UTC", whole("tables"), right("rows"), "", box=None)
    for name in releases.names(lake.storage):
        manifest = releases.read(lake.storage, name)
        tables = ", ".join(sorted({entry["table"] for entry in manifest["tables"]}))
        rows = sum(entry["rows"] for entry in manifest["tables"])
        since = f"records forgotten on {manifest['forgotten'][-1]['when']}" if manifest["forgotten"] else ""
        shown.add_row(name, manifest["made"][:19], tables, f"{rows:,}", since)
    out.print(shown)


@app.command("show")
def show(
    context: typer.Context,
    name: Name,
    public: Annotated[bool, typer.Option("--public", help="Only what may be given to anybody")] = False,
) -> None:
    """Prints the manifest of a release as JSON."""
    from corpus_platform.analytics import release
    from corpus_platform.lake import releases

    manifest = releases.read(Home.open(context.obj).lake.storage, name)
    shown = release.public(manifest) if public else manifest
    sys.stdout.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


@app.command("verify")
def verify(context: typer.Context, name: Name) -> None:
    """Reads every file of a release and compares it with the manifest. Exit code 1 where something is not as it was given out."""
    from corpus_platform.analytics import release

    problems = release.verify(Home.open(context.obj).lake, name)
    for problem in problems:
        out.print(escaped(f"{problem.where}: {problem.what}"), highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print(f"Release {name} is as its manifest says.", highlight=False)


@app.command("drop")
def drop(context: typer.Context, name: Name) -> None:
    """Takes a release back: its manifest and pins go, and `corpus vacuum` may then remove its old versions."""
    from corpus_platform.analytics import release

    release.drop(Home.open(context.obj).lake, name)
    out.print(f"Release {name} is dropped. Free its space: corpus vacuum", highlight=False)
