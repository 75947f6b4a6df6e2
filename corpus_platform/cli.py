"""The command line `corpus`: the platform without a browser.

A command prints its plan, shows progress, and ends with the next thing to type. A `CorpusError` becomes one line; a bug keeps its traceback.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.commands import catalogue, counts, dups, look, plain, recipes, review, sft, signals, sql, versions
from corpus_platform.commands import mix as mixes
from corpus_platform.commands import release as releases
from corpus_platform.commands.backfill import backfill
from corpus_platform.commands.batches import run_batches
from corpus_platform.commands.clean import clean
from corpus_platform.commands.compare import compare
from corpus_platform.commands.dedup import dedup
from corpus_platform.commands.forget import forget
from corpus_platform.commands.plan import plan
from corpus_platform.commands.quality import quality
from corpus_platform.commands.read import read
from corpus_platform.commands.report import report
from corpus_platform.commands.verify import verify
from corpus_platform.documents import SOURCES
from corpus_platform.errors import CorpusError, SettingsError, SourceError
from corpus_platform.home import SETTINGS_FILE, Home
from corpus_platform.printing import (
    err,
    escaped,
    out,
    print_data_sets,
    print_mix,
    print_mix_of_dialogues,
    print_next,
    print_sources,
    print_summary,
    right,
    whole,
)  # fmt: skip
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from corpus_platform.home import Batch

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
snapshots = typer.Typer(no_args_is_help=True, help="The snapshots of the web corpus.")
app.add_typer(snapshots, name="snapshots")
app.add_typer(recipes.app, name="recipes")
app.add_typer(signals.app, name="signals")
recipes.app.command("compare")(look.compare)
recipes.app.command("overlap")(look.overlap)
signals.app.command("distribution")(look.distribution)
for command in (
    look.explain,
    look.funnel,
    dups.dups,
    counts.counts,
    review.review,
    plain.annotate,
    plain.apply,
    plain.extract,
    versions.history,
    versions.rollback,
    versions.resume,
    versions.redo,
    sql.sql,
    sql.shell,
    sql.warehouse,
    sql.marts,
):
    app.command()(command)
app.command()(backfill)
app.command()(dedup)
app.command()(plan)
app.command()(verify)
app.command()(quality)
app.command()(report)
app.command()(forget)
app.command()(clean)
app.command()(read)
app.command()(compare)
app.add_typer(releases.app, name="release")
app.add_typer(mixes.app, name="mix")
app.add_typer(mixes.tokenizers, name="tokenizer")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(sft.app, name="sft")

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="CORPUS_HOME", help="Folder of settings, lake, models and Dagster instance.")
]


@app.callback()
def corpus(context: typer.Context, home: HomeOption = Path(".corpus")) -> None:
    """Turns web crawls, books, papers and code into training corpora that can be explained page by page."""
    context.obj = home


def main() -> None:
    """Entry point: an error that its reader can act upon is printed without a traceback."""
    try:
        app()
    except Exception as error:
        if not _is_ours(error):
            raise
        err.print(f"[bold red]error[/]: {escaped(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


def _is_ours(error: Exception) -> bool:
    """Whether a reader can act upon it: a CorpusError, a blocking check that failed, or a folder or disk that takes no files."""
    if isinstance(error, OSError):
        return error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR}
    return isinstance(error, CorpusError) or type(error).__name__ == "DagsterAssetCheckFailedError"


# Looking


@app.command()
def version() -> None:
    """The platform's version, and those of the libraries that its results depend on."""
    libraries = "dagster deltalake duckdb polars pyarrow numba fastwarc resiliparse trafilatura sentencepiece"
    for name in ("corpus-platform", *libraries.split()):
        out.print(f"{name} {installed_version(name)}", highlight=False)


@app.command()
def tables(
    context: typer.Context,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The reference of all columns, for docs/tables.md")
    ] = False,
) -> None:
    """The tables of the lake: rows, size, partitions, and what a row is."""
    from corpus_platform.analytics.reference import tables_markdown  # noqa: PLC0415  (imports Polars and Delta)

    if markdown:
        sys.stdout.write(tables_markdown())
        return
    lake = Home.open(context.obj).lake
    shown = RichTable(whole("table"), *(right(name) for name in ("rows", "MB", "partitions")), "a row is", box=None)
    for spec in lake.tables():
        files = lake.files(spec.name)
        rows, size = sum(file.rows for file in files), sum(file.bytes for file in files) / 1e6
        what = spec.description.removeprefix("A row is ")
        shown.add_row(spec.name, f"{rows:,}", f"{size:,.1f}", str(len(lake.partitions(spec.name))), what)
    out.print(shown)


@app.command()
def status(context: typer.Context) -> None:
    """Which partitions are current, stale or missing, by the lake's own account."""
    from corpus_platform.definitions import instance_of, known_partitions  # noqa: PLC0415  (imports Dagster)

    home = Home.open(context.obj)
    known = known_partitions(instance_of(home))
    columns = (right(name) for name in ("rows", "version", "shards to run"))
    shown = RichTable(whole("table"), whole("partition"), "state", *columns, box=None)
    stale, lacks = False, set[str]()
    for name, partition in home.partitions(known):
        found = home.status_of(name, partition)
        stale |= found.state == "stale"
        lacks |= {found.why} - {""}
        colour = {"current": "green", "held": "cyan", "stale": "yellow"}.get(found.state, "red")
        numbers = ["" if number is None else f"{number:,}" for number in (found.rows, found.version)]
        shown.add_row(name, ",".join(partition.values()), f"[{colour}]{found.state}[/]", *numbers, found.todo)
    out.print(shown)
    for why in sorted(lacks):
        out.print(f"no input: {escaped(why)}", highlight=False, soft_wrap=True)
    if stale:
        out.print("\nA table is compared with what it reads as that is now: this may change when that is made anew.")
    used = home.settings.sources.used
    hint = f"corpora/{used[0]}" if used and not known else "corpora/ccnet --snapshot NAME"
    out.print(f"\nBring one up to date: corpus run {hint}", highlight=False)


@snapshots.command("list")
def list_snapshots(context: typer.Context) -> None:
    """The snapshots at the source, and what the lake has of them."""
    home = Home.open(context.obj)
    source = home.settings.source.below(home.path)
    have = {partition["snapshot"] for partition in home.lake.partitions("corpora.ccnet")}
    names = source.snapshots()
    if not names:
        raise SourceError(f"there are no snapshots at {source.location}: set `source` in {home.path / SETTINGS_FILE}")
    for name in names:
        out.print(f"{name}{'  in the corpus' if name in have else ''}", highlight=False)


@snapshots.command("add")
def add_snapshots(
    context: typer.Context, names: Annotated[list[str], typer.Argument(help="Snapshots, e.g. CC-MAIN-2024-10")]
) -> None:
    """Makes snapshots known to Dagster, so that they can be materialised."""
    from corpus_platform.definitions import add_partitions, instance_of  # noqa: PLC0415  (imports Dagster)

    home = Home.open(context.obj)
    _check_known(home, names)
    add_partitions(instance_of(home), snapshots=names)
    out.print(f"Added. Next: corpus run corpora/ccnet --snapshot {names[0]}", highlight=False)


# Running


@app.command()
def run(
    context: typer.Context,
    assets: Annotated[
        list[str], typer.Argument(help="Assets: corpora/ccnet, web/documents, models/language_model ...")
    ],
    snapshot: Annotated[list[str] | None, typer.Option(help="Snapshots; those that Dagster knows by default")] = None,
    partition: Annotated[
        list[str] | None,
        typer.Option(
            help="Partitions of other sources (gutenberg, arxiv_2019-11, en-zh); all that have input by default"
        ),
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Leave out what the assets are made of")] = False,
) -> None:
    """Brings assets up to date, with everything that they are made of.

    What is current is left alone, and finished shards are not run again: repeating the command after a kill is safe.
    """
    from corpus_platform.definitions import instance_of, known_partitions  # noqa: PLC0415  (imports Dagster)

    home = Home.open(context.obj)
    wanted = list(snapshot) if snapshot else known_partitions(instance_of(home))
    _check_known(home, snapshot or [])
    named = home.dialogues.with_parents(partition or []) if not only else partition or []
    batches = _of_partitions(home.batches(assets, wanted, upstream=not only), named)
    if not batches:
        raise SettingsError(f"there is nothing to make {', '.join(assets)} of: {_lack(assets, wanted)}")
    ran = run_batches(home, batches)
    out.print(
        f"{ran} made, the others were current. Look: corpus status" if ran else "Everything is current.",
        highlight=False,
    )


@app.command()
def demo(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Option("--input", help="Real documents instead: a folder with web/crawl-data and encyclopedia/"),
    ] = None,
    variant: Annotated[
        str, typer.Option(help="How pages become text: resiliparse, trafilatura, justext, math or wet")
    ] = "resiliparse",
) -> None:
    """Two snapshots from WARC or WET files to the corpora of a few recipes, on this machine, without a network.

    Without `--input` it makes its own sample first: two small snapshots in Common Crawl's layout, encyclopedia dumps, and a little of every other
    source; these become corpora too, and a mix of everything is released. Small data sets of dialogues are read, filtered, mixed and exported.
    """
    from corpus_platform import demo as the_demo  # noqa: PLC0415  (imports the sample)

    the_demo.prepare(context.obj, source=source, variant=variant)
    home = Home.open(context.obj)
    names = home.settings.source.below(home.path).snapshots()
    out.print(f"Snapshots at {home.settings.source.location}: {', '.join(names)}", highlight=False)
    run_batches(home, home.batches(the_demo.assets(home), names, upstream=True))
    print_summary([the_demo.summary(home, name) for name in names])
    if home.settings.sources.used:
        print_sources(the_demo.source_summaries(home))
        print_mix(the_demo.mix_and_release(home))
    if home.settings.sft.sets:
        print_data_sets(the_demo.data_set_summaries(home))
        print_mix_of_dialogues(the_demo.mix_of_dialogues(home))
    print_next(home, list(the_demo.RECIPES)[-1])


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="An empty folder for the files")],
    snapshot: Annotated[str, typer.Option(help="The snapshot to export")],
    minify: Annotated[bool, typer.Option("--minify", help="Without text: what was kept, by line number")] = False,
) -> None:
    """Writes the CCNet corpus of a snapshot as CCNet's own JSON files."""
    from corpus_platform.stages.corpus import export_files  # noqa: PLC0415  (imports Polars)

    home = Home.open(context.obj)
    partition = {"variant": home.variant_of("ccnet"), "snapshot": snapshot}
    for file in export_files(home.lake, partition, folder, short=minify):
        out.print(f"{file.path}  {file.rows:,} documents, {file.bytes / 1e6:,.2f} MB", highlight=False)


@app.command()
def vacuum(
    context: typer.Context,
    retain_hours: Annotated[float, typer.Option(help="Versions younger than this stay readable")] = 168.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
) -> None:
    """Removes files that no retained version, pin or unfinished run needs. Safe while runs go on."""
    report = Home.open(context.obj).lake.vacuum(retain_hours=retain_hours, dry_run=dry_run)
    out.print(str(report), highlight=False)


@app.command()
def ui(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of the web server")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address it listens on; whoever reaches it can start runs: it has no log-in")
    ] = "127.0.0.1",
) -> None:
    """Opens the Dagster web UI over this home, on this machine only unless --host says otherwise."""
    from corpus_platform.definitions import instance_of  # noqa: PLC0415  (imports Dagster)

    home = Home.open(context.obj)
    instance_of(home).dispose()
    root = Path(__file__).parents[1]
    environment = {**os.environ, "DAGSTER_HOME": str(home.path / "dagster"), "CORPUS_HOME": str(home.path)}
    dagster = Path(sys.executable).with_name("dagster")
    if not _is_loopback(host):
        warning = f"{host} can be reached from other machines, and the web server has no log-in: whoever reaches it can read and start runs."
        err.print(
            f"[bold yellow]warning[/]: {escaped(warning)} Put a proxy with one before it.",
            highlight=False,
            soft_wrap=True,
        )
    out.print(f"Open http://{host}:{port} (stop with Ctrl-C)", highlight=False)
    is_on = home.settings.automation.enabled
    hint = "its sensors are on the page Automation" if is_on else f"`automation: {{enabled: true}}` in {SETTINGS_FILE}"
    out.print(f"Automation is {'on' if is_on else 'off'}: {hint}", highlight=False)
    command = [str(dagster), "dev", "-w", str(root / "workspace.yaml"), "-h", host, "-p", str(port)]
    # A shell without job control starts background jobs with SIGINT ignored, which Dagster copies onto SIGTERM: nothing would stop it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(root)
    os.execve(dagster, command, environment)  # noqa: S606  (this process becomes Dagster's)


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address. A name other than `localhost` may mean any."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_partitions(batches: list[Batch], words: list[str]) -> list[Batch]:
    """The batches without those of other partitions of sources than the named ones. Raises SettingsError for a word that names none."""
    known = {batch.key for batch in batches if batch.source}
    if strange := [word for word in words if word not in known]:
        raise SettingsError(
            f"there is no partition `{strange[0]}`{nearest(strange[0], known)}; there are {', '.join(sorted(known))}"
        )
    return [batch for batch in batches if not words or batch.source is None or batch.key in words]


def _lack(assets: list[str], snapshots: list[str]) -> str:
    first = assets[0].replace(".", "/").split("/")
    named = next((part for part in first if part in SOURCES), None)
    if named not in {None, "encyclopedia"}:
        return f"set `sources.{named}` to collections with a `location` and a `format`; docs/sources.md shows how"
    if snapshots:
        return "set `encyclopedia.location` to a place with dumps of the languages in `language_model.languages`"
    return "name a snapshot with --snapshot, or make some known with `corpus snapshots add`"


def _check_known(home: Home, names: list[str]) -> None:
    from difflib import get_close_matches  # noqa: PLC0415

    source = home.settings.source.below(home.path)
    known = source.snapshots() if names else []
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0)
            hint = f"nearest is {near[0]}" if near else f"set `source` in {home.path / SETTINGS_FILE}"
            raise SourceError(f"there is no snapshot {name} at {source.location}; {hint}")
