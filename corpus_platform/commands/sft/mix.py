"""Commands on mixes of dialogues: what there is, what one would give, making it, files for trainers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.table import Table as RichTable

from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.mixes.sft.report import ShareRow
    from corpus_platform.stages.sft_mix import SftMixes

app = typer.Typer(
    no_args_is_help=True, help="Mixes of dialogues: which rows of which data sets, by tokens that are learnt."
)

Name = Annotated[str, typer.Argument(help="Name of the mix")]
_TABLE = "sft.mixes"


@app.command("list")
def list_mixes(context: typer.Context) -> None:
    """All mixes of dialogues: shipped ones, and those of the home's own folder."""
    home = Home.open(context.obj)
    shown = RichTable(whole("mix"), "what it is", right("budget"), right("parts"), right("rows"), "", box=None)
    for mix in home.mixing.dialogues.values():
        state = home.lake.state(_TABLE, {"mix": mix.name})
        budget = f"{mix.size:,} {mix.unit}" if mix.size else "epochs"
        rows = f"{state.rows:,}" if state else ""
        shown.add_row(mix.name, escaped(mix.title), budget, str(len(mix.parts)), rows, _stale(home, mix.name))
    out.print(shown)
    out.print("\nSee what one would give: corpus sft mix plan NAME; make it: corpus sft mix make NAME", highlight=False)


@app.command("show")
def show(context: typer.Context, name: Name) -> None:
    """One mix as YAML, with the data sets that it takes; when it was made, also what it gave."""
    from corpus_platform.mixes.sft.report import ShareRow, in_order
    from corpus_platform.stages.sft_mix import left_out, sets_of

    home = Home.open(context.obj)
    stage = _stage(home)
    mix = stage.mix({"mix": name})
    values = mix.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    out.print(escaped(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=150)), highlight=False)
    named = ", ".join(info.name for info in sets_of(mix, stage.sft))
    out.print(f"Data sets: {named or 'none of this home'}", highlight=False)
    state = home.lake.state(_TABLE, {"mix": name})
    if state is not None:
        _print_shares(in_order(mix, ShareRow.of_counters(state.counters)), left_out(state.counters))
        out.print(f"\nMade in version {state.version} of {_TABLE}; {_stale(home, name) or 'current'}.", highlight=False)


@app.command("plan")
def plan(context: typer.Context, name: Name) -> None:
    """What a mix would give now, without keeping it: asked, given, epochs, what could not be met, what stays out."""
    from corpus_platform.mixes.sft.report import ShareRow, in_order
    from corpus_platform.stages.sft_mix import left_out

    home = Home.open(context.obj)
    stage = _stage(home)
    _, counters = stage.preview(home.lake, {"mix": name})
    _print_shares(in_order(stage.mix({"mix": name}), ShareRow.of_counters(counters)), left_out(counters))


@app.command("make")
def make(context: typer.Context, name: Name) -> None:
    """Draws a mix of what the data sets' recipes have kept. What is current is left alone."""
    from corpus_platform.mixes.sft.report import ShareRow, in_order
    from corpus_platform.stages.sft_mix import left_out

    home = Home.open(context.obj)
    report = home.run(_TABLE, {"mix": name})
    state = home.lake.state(_TABLE, {"mix": name})
    assert state is not None
    mix = _stage(home).mix({"mix": name})
    _print_shares(in_order(mix, ShareRow.of_counters(state.counters)), left_out(state.counters))
    done = f"{state.rows:,} rows drawn" if report.changed else "It is current"
    out.print(f"\n{done}. Files for trainers: corpus sft mix export {name} --format all --out FOLDER", highlight=False)


@app.command("export")
def export(
    context: typer.Context,
    name: Name,
    folder: Annotated[Path, typer.Option("--out", help="Folder, new or empty")],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Forms by commas: messages, llama_factory, trl, axolotl, ms_swift, firefly, data_juicer, nemo; or all",
        ),
    ] = "messages",
    pack: Annotated[
        int | None, typer.Option(min=1, help="Pack into sequences of so many tokens: packed.parquet")
    ] = None,
) -> None:
    """Writes a mix for trainers: files, their settings, report, card, and a manifest with the SHA-256 of each."""
    from corpus_platform.analytics import sft_release
    from corpus_platform.sft.exports.formats import chosen_formats

    home = Home.open(context.obj)
    wanted = sft_release.Export(folder, chosen_formats(formats), pack)
    manifest = sft_release.export(home.lake, _stage(home), name, wanted)
    shown = RichTable(whole("file"), right("records"), right("bytes"), box=None)
    for file in manifest["files"]:
        shown.add_row(file["path"], "" if file["rows"] is None else f"{file['rows']:,}", f"{file['bytes']:,}")
    out.print(shown)
    out.print(f"\nDigest {manifest['digest'][:16]}. What it is and is not: {folder / 'card.md'}", highlight=False)


def _stage(home: Home) -> SftMixes:
    return home.stage(_TABLE)  # type: ignore[return-value]


def _stale(home: Home, name: str) -> str:
    """`stale` where what was made would be made otherwise now."""
    from corpus_platform.errors import CorpusError

    state = home.lake.state(_TABLE, {"mix": name})
    if state is None:
        return ""
    try:
        return "" if home.plan(_TABLE, {"mix": name}).fingerprint == state.fingerprint else "stale"
    except CorpusError:
        return "stale"


def _print_shares(rows: Iterable[ShareRow], left: Iterable[tuple[str, int]]) -> None:
    numbers = ("asked", "given", "rows", "there once", "epochs", "missing")
    shown = RichTable(whole("by"), whole("value"), *map(right, numbers), box=None)
    for row in rows:
        values: Mapping[str, Any] = {
            "asked": row.wanted,
            "given": row.given,
            "rows": row.rows,
            "there once": row.available,
        }
        missing = f"{row.missing:,}" if row.missing else ""
        shown.add_row(
            row.dimension, escaped(row.value), *(f"{n:,}" for n in values.values()), f"{row.epochs:.2f}", missing
        )
    out.print(shown)
    told = [f"{reason} {n:,}" for reason, n in left]
    if told:
        out.print(f"\nLeft out: {escaped(', '.join(told))}", highlight=False)
