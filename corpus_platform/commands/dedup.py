"""`corpus dedup`: plain files without their copies, by any of the dedups that recipes know. No home, no lake, no Dagster.

Not here: the work (recipes/dedup_files.py), dedups of the lake (stages/dedup.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from corpus_platform.commands.options import Compat, TextField
from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.dedup_files import Deduplicated

_FILES = "JSONL (plain, .gz, .zst) or Parquet"
_LARGE = 256 << 20
"""Bytes of files from which on workers are worth their start."""


def dedup(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="IN...", help=f"{_FILES} with `text`; several are one corpus")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Dedup, e.g. exact, minhash/fineweb, substring/lee_bytes; --list shows all")
    ] = None,
    kept: Annotated[Path | None, typer.Option("--out", help="File for the rows that stay, in their order")] = None,
    clusters: Annotated[
        Path | None, typer.Option(help="File for clusters (id, cluster, canonical, similarity ...), units or weights")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file of an earlier set, may be repeated: what it has too goes; it is only read"),
    ] = None,
    dropped: Annotated[
        Path | None, typer.Option(help="File for what is dropped: id, url, step, rule, value, seen")
    ] = None,
    survivor: Annotated[
        str | None,
        typer.Option(help="none, first, newest, lowest_id, smallest_url_hash, longest, one; the preset's by default"),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Similarity that a MinHash looks for")] = None,
    verify: Annotated[
        float | None, typer.Option(help="Least true similarity of a pair that is looked at again")
    ] = None,
    text_field: TextField = "text",
    compat: Compat = "sane",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes; the cores for large files, none for small ones")
    ] = None,
    memory_mb: Annotated[
        int, typer.Option(min=64, help="Memory of matching and clusters; what is more goes to disk")
    ] = 2_000,
    scratch: Annotated[
        Path | None,
        typer.Option(help="Folder for what lies between; it stays, and a run that was stopped goes on in it"),
    ] = None,
    list_presets: Annotated[bool, typer.Option("--list", help="Shows all presets, and ends")] = False,
) -> None:
    """Takes copies out of files: whole documents, lines, passages, by hashes or by filters, as one of the systems does."""
    if list_presets:
        _print_presets()
        return
    from corpus_platform.recipes.dedup_files import Outputs, Resources, dedup_files, preset_recipe
    from corpus_platform.recipes.file_verdicts import FileSet

    if not sources or preset is None or kept is None:
        raise SettingsError(
            "corpus dedup IN... --preset NAME --out KEPT [--clusters FILE]; `corpus dedup --list` shows the presets"
        )
    if compat not in {"sane", "reference"}:
        raise SettingsError(f"--compat is sane or reference, not {compat}")
    given: dict[str, Any] = {"survivor": survivor, "threshold": threshold, "verify": verify}
    changes = {name: value for name, value in given.items() if value is not None}
    recipe = preset_recipe(preset, changes, compat=compat, against=bool(against))
    done = dedup_files(
        recipe,
        FileSet(tuple(sources), text_field),
        Outputs(kept, clusters, dropped),
        against=FileSet(tuple(against), text_field) if against else None,
        resources=Resources(_engine(workers, [*sources, *(against or ())]), memory_mb << 20, scratch),
        on_plan=lambda plan: out.print(f"Plan: {plan}", highlight=False, soft_wrap=True),
    )
    _print_done(done, kept, clusters, dropped)


def _engine(workers: int | None, files: Sequence[Path]) -> Engine:
    from corpus_platform.engine.machine import usable_cores
    from corpus_platform.engine.settings import engine_from

    if workers is None:
        size = sum(path.stat().st_size for path in files if path.is_file())
        workers = usable_cores() if size >= _LARGE else 1
    return engine_from("serial") if workers == 1 else engine_from("process", workers=workers)


def _print_done(done: Deduplicated, kept: Path, clusters: Path | None, dropped: Path | None) -> None:
    applied, counts = done.applied, done.counts
    rows = applied.kept + applied.dropped + applied.rejects
    [step] = applied.funnel or [None]
    told = [f"{applied.kept:,} kept: {kept}", f"{applied.dropped:,} dropped" + (f": {dropped}" if dropped else "")]
    if applied.rejects:
        told.append(f"{applied.rejects:,} could not be read")
    out.print(f"{rows:,} rows: {', '.join(told)}", highlight=False, soft_wrap=True)
    if step and step.rules:
        rules = ", ".join(f"{rule} {n:,}" for rule, n in sorted(step.rules.items(), key=lambda item: -item[1]))
        out.print(f"dropped by rule: {rules}", highlight=False)
    if step and step.changed:
        taken = sum(step.removed.values())
        out.print(f"{step.changed:,} texts are shorter: {taken:,} units were taken out", highlight=False)
    if counts.get("clusters"):
        out.print(f"{done.clustered:,} documents are in {counts['clusters']:,} clusters", highlight=False)
    if clusters:
        out.print(f"{done.clustered:,} rows: {clusters}", highlight=False, soft_wrap=True)
    if counts.get("without_keys"):
        out.print(
            f"[yellow]{counts['without_keys']:,} documents have nothing to be compared by and stay[/]", highlight=False
        )


def _print_presets() -> None:
    from corpus_platform.recipes.dedup_files import presets

    shown = RichTable(whole("preset"), whole("what is compared"), whole("parameters"), box=None)
    for preset in presets():
        parameters = ", ".join(f"{name} {value}" for name, value in preset.parameters.items())
        shown.add_row(escaped(preset.name), escaped(preset.about), escaped(parameters))
    out.print(shown)
