"""Commands on releases: what has been given out, by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from corpus_platform.analytics.mix_release import Export
    from corpus_platform.analytics.private_counts import Privacy
    from corpus_platform.analytics.release import By

app = typer.Typer(no_args_is_help=True, help="Releases: versions of tables that have been given out, kept and named.")

Name = Annotated[str, typer.Argument(help="Name of the release")]


@app.command("make")
def make(
    context: typer.Context,
    name: Name,
    assets: Annotated[list[str] | None, typer.Argument(help="Assets: corpora/ccnet, corpora/fineweb ...")] = None,
    snapshot: Annotated[list[str] | None, typer.Option(help="A snapshot, may be repeated")] = None,
    mix: Annotated[
        str | None, typer.Option(help="A mix in place of assets: its documents are written to --out")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="New folder for the files of a mix")] = None,
    form: Annotated[str, typer.Option("--format", help="parquet, jsonl.zst")] = "parquet",
    megatron: Annotated[bool, typer.Option("--megatron", help="Also the tokens, as Megatron's .bin and .idx")] = False,
    licences: Annotated[
        str,
        typer.Option(
            help="permissive, all, or classes and licences by commas; other documents are left out and counted"
        ),
    ] = "all",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse the release where a document would be left out")
    ] = False,
    shard_mb: Annotated[int, typer.Option(help="Text of one file, in MB")] = 256,
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
    """Makes a release of what assets are now, or of a mix: a manifest with files, recipes, licences and figures, and pins that keep the versions.

    Of a mix also shards, a data card and a manifest with the SHA-256 of every file: `--mix NAME --out FOLDER`. The same mix gives the same bytes.
    Figures that are published of people's data take --min-group and --epsilon; the manifest records both.
    """
    from corpus_platform.analytics import release
    from corpus_platform.analytics.private_counts import Privacy

    home = Home.open(context.obj)
    privacy = Privacy(min_group, epsilon, sensitivity, unit)
    counted = cast("list[By]", by or ["language", "licence"])
    if mix is not None or folder is not None:
        if mix is None or folder is None or assets or snapshot:
            raise SettingsError("a release is of assets with --snapshot, or of a mix: --mix NAME --out FOLDER")
        _make_mix(
            home,
            name,
            mix,
            _export(folder, form, licences, shard_mb, megatron=megatron, strict=strict),
            privacy,
            counted,
        )
        return
    if not assets or not snapshot:
        raise SettingsError("name assets, and snapshots with --snapshot; or a mix with --mix")
    made = release.make(home, name, assets, snapshot, privacy=privacy, by=counted)
    rows = sum(entry["rows"] for entry in made["tables"])
    out.print(
        f"Release {name}: {len(made['tables'])} partitions, {rows:,} rows. Look: corpus release show {name}",
        highlight=False,
    )


@app.command("list")
def list_releases(context: typer.Context) -> None:
    """All releases: when they were made, of how much, what of them was forgotten since, and which would be made otherwise now.

    A stale release stays as it is: a new one is made by hand.
    """
    from corpus_platform.analytics.mix_release import is_stale
    from corpus_platform.lake import releases

    home = Home.open(context.obj)
    lake = home.lake
    shown = RichTable(whole("release"), "made, UTC", whole("tables"), right("rows"), "", box=None)
    for name in releases.names(lake.storage):
        manifest = releases.read(lake.storage, name)
        tables = ", ".join(sorted({entry["table"] for entry in manifest["tables"]}))
        mix = manifest.get("mix")
        rows = mix["totals"]["documents"] if mix else sum(entry["rows"] for entry in manifest["tables"])
        notes = [f"records forgotten on {manifest['forgotten'][-1]['when']}"] if manifest["forgotten"] else []
        notes += ["stale: what it was made of has changed since"] if is_stale(home, manifest) else []
        shown.add_row(
            name, manifest["made"][:19], f"mix {mix['mix']['name']}" if mix else tables, f"{rows:,}", "; ".join(notes)
        )
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
def verify(
    context: typer.Context,
    name: Name,
    folder: Annotated[Path | None, typer.Option("--out", help="Also the files of a mix in this folder")] = None,
) -> None:
    """Reads every file of a release and compares it with the manifest. Exit code 1 where something is not as it was given out."""
    from corpus_platform.analytics import release

    problems = [f"{one.where}: {one.what}" for one in release.verify(Home.open(context.obj).lake, name)]
    if folder is not None:
        from corpus_platform.analytics.mix_release import check

        problems += [f"{folder}: {what}" for what in check(folder)]
    for problem in problems:
        out.print(escaped(problem), highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print(f"Release {name} is as its manifest says.", highlight=False)


@app.command("drop")
def drop(context: typer.Context, name: Name) -> None:
    """Takes a release back: its manifest and pins go, and `corpus vacuum` may then remove its old versions."""
    from corpus_platform.analytics import release

    release.drop(Home.open(context.obj).lake, name)
    out.print(f"Release {name} is dropped. Free its space: corpus vacuum", highlight=False)


def _export(folder: Path, form: str, licences: str, shard_mb: int, *, megatron: bool, strict: bool) -> Export:
    """What is to be written. Raises SettingsError for a format that there is not."""
    from typing import get_args

    from corpus_platform.analytics.mix_export import Format
    from corpus_platform.analytics.mix_release import Export

    if form not in get_args(Format):
        raise SettingsError(f"there is no format `{form}`; there are {', '.join(get_args(Format))}")
    return Export(folder, cast("Format", form), megatron, licences, strict, shard_mb)


def _make_mix(home: Home, name: str, mix: str, export: Export, privacy: Privacy, by: list[By]) -> None:
    from corpus_platform.analytics import mix_release

    made = mix_release.make(home, name, mix, export, privacy=privacy, by=tuple(by))["mix"]
    totals, left = made["totals"], made["licences"]["left_out"]
    without = f", without {left:,} that are not under `{export.licences}`" if left else ""
    out.print(
        f"Release {name} of mix {mix}: {totals['documents']:,} documents, {totals['tokens']:,} tokens{escaped(without)}, "
        f"{len(made['files'])} files in {escaped(str(export.folder))}. Look: {escaped(str(export.folder / 'card.html'))}",
        highlight=False,
        soft_wrap=True,
    )
