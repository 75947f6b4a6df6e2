"""`corpus compare`: n-gram models of corpora, trained on equally many tokens, asked about each other's held-out documents."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.printing import err, escaped, out, right, whole

if TYPE_CHECKING:
    from corpus_platform.analytics.comparison import CompareSettings, Comparison

_SHOWN = 12
"""Sets by source and language that are printed; --json and --html have all."""


def compare(
    context: typer.Context,
    corpora: Annotated[
        list[str],
        typer.Argument(metavar="CORPORA...", help="Files, or assets as corpora/fineweb; NAME=FILE gives a name"),
    ],
    tokens: Annotated[
        int | None, typer.Option(help="Tokens that each model sees; as many as the smallest corpus has, by default")
    ] = None,
    order: Annotated[int, typer.Option(help="Longest n-gram")] = 3,
    held_out: Annotated[float, typer.Option("--held-out", help="Share of the documents that is held out")] = 0.1,
    text_field: Annotated[str, typer.Option("--text-field", help="Of files: name of the field with the text")] = "text",
    json: Annotated[bool, typer.Option("--json", help="All figures as one JSON object")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the page with the heat map into this file")] = None,
) -> None:
    """How well a model of each corpus foretells held-out documents of all of them: perplexity by source and language, as a matrix.

    Exact copies of training documents are never held out. The figures order corpora by likeness and breadth, and replace no training run.
    """
    from corpus_platform.analytics.compare_corpora import compare as run
    from corpus_platform.analytics.compare_page import compare_page
    from corpus_platform.analytics.corpus_texts import texts_of

    named = _named(corpora)
    settings = _settings(tokens, order, held_out)
    sources = {name: texts_of(place, lambda: Home.open(context.obj), text=text_field) for name, place in named.items()}
    found = run(
        sources, settings, progress=lambda step: err.print(f"[bright_black]{escaped(step)}[/]", highlight=False)
    )
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(compare_page(found), encoding="utf-8")
    if json:
        sys.stdout.write(orjson.dumps(_as_json(found)).decode() + "\n")
        return
    _print(found)
    if html is not None:
        out.print(f"The heat map: {html}", highlight=False, soft_wrap=True)


def _named(corpora: list[str]) -> dict[str, str]:
    """Places by name: that which was given, the stem of a file, or the last part of an asset's name; more of it where two are alike."""
    found: dict[str, str] = {}
    for given in corpora:
        name, sign, place = given.partition("=")
        if not sign or Path(given).exists():
            place = given
            name = Path(given).name.partition(".")[0] if Path(given).is_file() else given.replace("/", ".")
        if found.get(name, place) != place:
            name = place
        if name in found:
            raise SettingsError(f"`{given}` is named twice: a corpus is compared with others")
        found[name] = place
    return found


def _settings(tokens: int | None, order: int, held_out: float) -> CompareSettings:
    from pydantic import ValidationError

    from corpus_platform.analytics.comparison import CompareSettings

    try:
        return CompareSettings(tokens=tokens, order=order, held_out=held_out)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from None


def _print(found: Comparison) -> None:
    from corpus_platform.analytics.compare_page import name_of

    taken = RichTable(whole("corpus"), *map(right, ("documents", "trained on", "tokens", "held out")), box=None)
    for one in found.corpora:
        numbers = (one.documents, one.trained, one.tokens, one.held_out)
        taken.add_row(escaped(one.name), *(f"{number:,}" for number in numbers))
    out.print(taken)
    out.print(
        "\nBits per byte, log2 of perplexity per byte, of held-out documents (columns). Bold: as good as the best."
    )
    whole_corpora = [one for one in found.sets() if one[1] is None]
    by_kind = [one for one in found.sets() if one[1] is not None]
    models = [one.name for one in found.corpora]
    shown = RichTable(whole("model of"), *(right(escaped(name_of(one))) for one in whole_corpora), box=None)
    for model in models:
        cells = (_cell(found, model, one) for one in whole_corpora)
        shown.add_row(escaped(model), *cells)
    out.print(shown)
    if len(by_kind) > len(models):
        kinds = RichTable(whole("documents of"), right("n"), *(right(escaped(model)) for model in models), box=None)
        for one in by_kind[:_SHOWN]:
            n = found.at(models[0], one).documents
            kinds.add_row(escaped(name_of(one)), f"{n:,}", *(_cell(found, model, one) for model in models))
        out.print("\nBy source and language (columns: models)")
        out.print(kinds)
        if len(by_kind) > _SHOWN:
            out.print(f"... {len(by_kind) - _SHOWN} more: --json or --html")
    out.print("\nWhat this does not say")
    for limit in found.limits:
        out.print(f"- {limit}", highlight=False, soft_wrap=True)


def _cell(found: Comparison, model: str, of: tuple[str, str | None, str | None]) -> str:
    cell = found.at(model, of)
    text = f"{cell.bits_per_byte:.3f} ±{(cell.high - cell.low) / 2:.3f}"
    return f"[bold]{text}[/]" if model in found.best(of) else text


def _as_json(found: Comparison) -> dict[str, object]:
    computed = ("perplexity_per_byte", "perplexity_per_word")
    cells = [{**asdict(cell), **{name: getattr(cell, name) for name in computed}} for cell in found.cells]
    return {
        "tokens": found.tokens,
        "pieces": found.pieces,
        "settings": found.settings.model_dump(),
        "corpora": [asdict(one) for one in found.corpora],
        "cells": cells,
        "limits": list(found.limits),
    }
