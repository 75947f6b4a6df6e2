"""Options that several commands take, and the environment that they make.

Not here: settings of a home (settings.py).
"""

from __future__ import annotations

import os
from collections import ChainMap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.environment import Environment

Compat = Annotated[
    str, typer.Option(help="sane, or reference: repeat the oddities of the systems' own code", show_default=True)
]
Words = Annotated[str, typer.Option(help="Words of the Gopher and FineWeb rules: simple, or spacy (an extra)")]
NamedLists = Annotated[
    list[str] | None, typer.Option("--list", help="A list in place of the shipped one: NAME=FILE, may be repeated")
]
NamedModels = Annotated[
    list[str] | None, typer.Option("--model", help="A model: NAME=PLACE, e.g. dclm=dclm.bin; may be repeated")
]
LanguageCharacters = Annotated[
    int | None, typer.Option("--language-characters", help="Language id on the first characters only")
]
TextField = Annotated[str, typer.Option("--text-field", help="Name of the field with the text")]
RecipeFolder = Annotated[Path | None, typer.Option("--folder", help="Folder with recipes of your own")]


def environment(
    compat: str = "sane",
    words: str = "simple",
    lists: list[str] | None = None,
    models: list[str] | None = None,
    language_characters: int | None = None,
    *,
    shipped: bool = False,
) -> Environment:
    """What the options say; with `shipped` also the models of shipped texts, which are trained when they are first asked for.

    Raises SettingsError for a value that is none of those allowed, ModelError for a place without a model.
    """
    from pydantic import ValidationError

    from corpus_platform.signals.environment import Environment, SignalSettings

    given: dict[str, Any] = {"compat": compat, "words": words, "language_characters": language_characters}
    try:
        settings = SignalSettings(**given, lists=pairs(lists, "--list"))
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from None
    return Environment(settings, _models(pairs(models, "--model"), shipped=shipped))


def pairs(values: list[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` pairs. Raises SettingsError for anything else."""
    found: dict[str, str] = {}
    for value in values or ():
        name, sign, rest = value.partition("=")
        if not (name and sign and rest):
            raise SettingsError(f"{option} takes NAME=PLACE; `{value}` is not of that form")
        found[name] = rest
    return found


def _models(places: Mapping[str, str], *, shipped: bool) -> Mapping[str, Any]:
    """The models at some places, then the shipped ones, which are kept in the user's cache."""
    from corpus_platform.models.shelf import Shelf, Shipped, take

    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "corpus" / "models"
    named = Shelf({}, {name: take(name, place, cache) for name, place in places.items()})
    return ChainMap(named, Shipped(cache)) if shipped else named  # type: ignore[arg-type]
