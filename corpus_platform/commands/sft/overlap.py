"""`corpus sft overlap`: how much of one data set another one has, in a home or of plain files.

Not here: the counting (analytics/sft_overlap.py).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from corpus_platform.recipes.sft_files import Source


def overlap(
    context: typer.Context,
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SET|NAME=FILE]...", help="Data sets of the home (all by default), or files of dialogues"
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Kind of the files' records; rows with `messages` by default, or as the catalogue says of NAME"
        ),
    ] = None,
    least: Annotated[float, typer.Option(help="Least share of a pair that is shown")] = 0.01,
    form: Annotated[str, typer.Option("--format", help="text or json")] = "text",
) -> None:
    """Tells of each pair of data sets how many prompts and dialogues of the one the other has: whether two are one."""
    asked = sets or []
    files = [one for one in asked if "=" in one]
    if files and len(files) < len(asked):
        raise SettingsError("name data sets of the home, or NAME=FILE for each: not both")
    found = _of_files(files, kind) if files else _of_home(context, asked)
    shown = found.filter((found["alike"] >= least) | (found["same_prompt"] >= least))
    if form == "json":
        sys.stdout.buffer.write(orjson.dumps(shown.to_dicts(), option=orjson.OPT_INDENT_2) + b"\n")
        return
    _print(shown)


def _of_home(context: typer.Context, names: list[str]) -> pl.DataFrame:
    from corpus_platform.analytics.sft_overlap import overlaps_of
    from corpus_platform.home import Home

    return overlaps_of(Home.open(context.obj), names)


def _of_files(values: list[str], kind: str | None) -> pl.DataFrame:
    from corpus_platform.analytics.sft_overlap import overlaps_of_frames
    from corpus_platform.catalogue.sft import data_sets
    from corpus_platform.commands.options import pairs
    from corpus_platform.commands.sft.filters import source_of

    frames = {}
    for name, file in pairs(values, "overlap").items():
        like = name if kind is None and name.partition(".")[0] in data_sets() else None
        frames[name] = _frames(source_of(Path(file), like, kind))
    return overlaps_of_frames(frames)


def _frames(source: Source) -> Iterator[pl.DataFrame]:
    """The dialogues of a file; columns that say nothing of what is said are of no concern here."""
    from corpus_platform.recipes.sft_files import dialogue_batches

    if source.reading is not None:
        columns = source.reading.map.model_copy(update={"others": "ignore"})
        source = replace(source, reading=source.reading.model_copy(update={"map": columns}))
    return (batch.frame for batch in dialogue_batches(source))


def _print(found: pl.DataFrame) -> None:
    from corpus_platform.analytics.sft_overlap import what_it_says

    numbers = (right(name) for name in ("rows", "prompts", "dialogues", "alike"))
    table = RichTable(whole("of"), whole("in"), *numbers, "", box=None)
    for row in found.iter_rows(named=True):
        shares = (f"{row[name]:.1%}" for name in ("same_prompt", "same_dialogue", "alike"))
        table.add_row(escaped(row["set"]), escaped(row["other"]), f"{row['rows']:,}", *shares, what_it_says(row))
    out.print(table)
