"""`corpus clean`: plain files cleaned by operators that are named, FlagData's and our own. No home, no lake, no Dagster.

Not here: the work (recipes/clean_files.py), the operators (recipes/steps/).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from corpus_platform.commands.options import Compat, NamedModels, RecipeFolder, environment
from corpus_platform.commands.plain import named_recipe, print_funnel, print_rejects
from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, whole

if TYPE_CHECKING:
    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import EditStep

_LARGE = 128 << 20
"""Bytes of a file from which on workers are worth their start."""


def clean(
    source: Annotated[
        Path | None, typer.Argument(metavar="IN", help="JSONL (plain, .gz, .zst) or Parquet with `text`")
    ] = None,
    op: Annotated[
        list[str] | None,
        typer.Option("--op", help="Operator: NAME[:param=value,...], may be repeated; in this order. --list shows all"),
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="File for the rows with their clean texts")] = None,
    spans: Annotated[
        Path | None, typer.Option(help="File for what was taken out: id, step, rule, start, end, text")
    ] = None,
    dropped: Annotated[
        Path | None, typer.Option(help="File for rows that an operator drops: id, url, step, rule, value")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Name of a recipe, or a YAML file: its edits first, none of its filters")
    ] = None,
    text_field: Annotated[str, typer.Option("--text", "--text-field", help="Name of the field with the text")] = "text",
    compat: Compat = "sane",
    lists: Annotated[
        list[str] | None,
        typer.Option("--word-list", help="A list in place of the shipped one: NAME=FILE, may be repeated"),
    ] = None,
    models: NamedModels = None,
    folder: RecipeFolder = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes; the cores for a large file, none for a small one")
    ] = None,
    list_operators: Annotated[
        bool, typer.Option("--list", help="Shows all operators, or all of those given by --op, and ends")
    ] = False,
) -> None:
    """Cleans the texts of a file by operators: e-mails, links, tables of contents, mojibake, advertisements and many more."""
    if list_operators:
        _print_operators(op or [])
        return
    if source is None or to is None or not (op or recipe):
        raise SettingsError(
            "corpus clean IN --op NAME[:param=value,...] --out OUT; `corpus clean --list` shows the operators"
        )
    from corpus_platform.recipes.clean_files import CleanOutputs, clean_file, operator_of, recipe_of

    edits = [*_edits_of(recipe, folder), *map(operator_of, op or ())]
    where = environment(compat, "simple", lists, models, shipped=True)
    done = clean_file(
        recipe_of(edits, where.settings.compat),
        source,
        CleanOutputs(to, spans, dropped),
        where,
        text=text_field,
        engine=_engine(workers, source),
    )
    print_funnel(done.funnel)
    told = [f"{done.documents:,} rows, {done.changed:,} of them changed: {to}"]
    if spans:
        told.append(f"{done.spans:,} spans: {spans}")
    if done.dropped:
        told.append(
            f"{done.dropped:,} rows dropped" + (f": {dropped}" if dropped else ", which --dropped FILE would tell")
        )
    out.print("; ".join(told), highlight=False, soft_wrap=True)
    print_rejects(done.rejects)


def _edits_of(name: str | None, folder: Path | None) -> tuple[EditStep, ...]:
    if name is None:
        return ()
    from corpus_platform.recipes.clean_files import edits_of

    chosen: Recipe = named_recipe(name, folder)
    edits = edits_of(chosen)
    if not edits:
        raise SettingsError(f"the recipe {chosen.name} edits nothing: give operators by --op")
    left = len(chosen.steps) - len(edits)
    if left:
        out.print(f"{chosen.name}: {len(edits)} edits; its {left} other steps are left out", highlight=False)
    return edits


def _engine(workers: int | None, source: Path) -> Engine:
    from corpus_platform.engine.machine import usable_cores
    from corpus_platform.engine.settings import engine_from

    if workers is None:
        large = source.is_file() and source.stat().st_size >= _LARGE
        workers = usable_cores() if large else 1
    return engine_from("serial") if workers == 1 else engine_from("process", workers=workers)


def _print_operators(asked: list[str]) -> None:
    """A row for each operator; of those that are asked for every parameter with what it says."""
    from corpus_platform.recipes.clean_files import operator_named, operators

    if asked:
        for name in asked:
            operator = operator_named(name)
            peer = f" (FlagData's {operator.peer})" if operator.peer else ""
            out.print(f"[bold]{escaped(operator.name)}[/]{escaped(peer)}", highlight=False)
            out.print(f"  {escaped(operator.about)}", highlight=False, soft_wrap=True)
            for parameter, info in operator.takes.items():
                told = f"  {parameter}={_default(info)}: {info.description}"
                out.print(escaped(told), highlight=False, soft_wrap=True)
        return
    shown = RichTable(whole("operator"), whole("FlagData's"), "what it does", "parameters", box=None)
    for operator in operators().values():
        takes = ", ".join(f"{name}={_short(_default(info))}" for name, info in operator.takes.items())
        about = operator.about.partition(". ")[0].partition(": ")[0].rstrip(".")
        shown.add_row(escaped(operator.name), escaped(operator.peer or ""), escaped(about), escaped(takes))
    out.print(shown)
    out.print("What the parameters of one mean: corpus clean --list --op NAME", highlight=False)


_SHORT = 24


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _default(info: Any) -> str:
    """A default as one would write it behind the colon; `?` where a value must be given."""
    import json

    if info.is_required():
        return "?"
    value = info.get_default(call_default_factory=True)
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, str | bool | tuple | dict) or value is None
        else str(value)
    )
