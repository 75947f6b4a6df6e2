"""`corpus sft measure`: how varied a data set, a mix or a file of dialogues is, and what is known of its rows.

Not here: the figures (sft/measures.py), where rows are read (analytics/sft_measures.py).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from corpus_platform.errors import SettingsError
from corpus_platform.printing import out

if TYPE_CHECKING:
    from corpus_platform.sft.ability import AbilityModel


def measure(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="SET|MIX|FILE", help="A data set or mix of the home, or a file")],
    like: Annotated[
        str | None, typer.Option("--set", help="Data set of the catalogue that a file is of, e.g. belle.multiturn")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of a file's records, e.g. instruct, turns")] = None,
    ability_model: Annotated[
        Path | None, typer.Option(help="Folder of a model of abilities; the home's, or the shipped one, by default")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text (Markdown) or json")] = "text",
) -> None:
    """Tells languages, tasks, lengths, labels, distinct n-grams, verbs with their objects, abilities."""
    from corpus_platform.analytics.sft_measures import sections

    if form not in {"text", "json"}:
        raise SettingsError(f"--format {form}: text or json")
    told = _told(context, what, like, kind, ability_model)
    if form == "json":
        sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
        return
    out.print("\n\n".join([f"## Measures of {what}", *sections(told)]), highlight=False, markup=False, soft_wrap=True)


def _told(context: typer.Context, what: str, like: str | None, kind: str | None, folder: Path | None) -> dict[str, Any]:
    from corpus_platform.analytics.sft_measures import of_file, of_home
    from corpus_platform.commands.sft.filters import source_of
    from corpus_platform.home import Home

    if Path(what).is_file():
        return of_file(source_of(Path(what), like, kind), _model(folder))
    if like or kind:
        raise SettingsError(f"{what}: no such file; --set and --kind are for files")
    home = Home.open(context.obj)
    own = home.settings.signals.below(home.path).ability_model
    return of_home(home, what, _model(folder or (Path(own) if own else None)))


def _model(folder: Path | None) -> AbilityModel:
    from corpus_platform.sft.ability import model_at

    return model_at(str(folder) if folder else None)
