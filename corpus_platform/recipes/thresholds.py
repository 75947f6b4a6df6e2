"""Thresholds that people have frozen for a language or a host: a file beside the settings, laid over the recipes when they are read.

The file is a YAML mapping: recipe -> list of {rule, value, language, source}; the last that fits a document counts.

Not here: how a value is found (analytics/review.py), how it is held against a document (judge.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from pydantic import TypeAdapter, ValidationError

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.recipe import strange_thresholds
from corpus_platform.recipes.step import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.recipes.recipe import Recipe

_HEADER = "# Thresholds frozen by `corpus review RECIPE/RULE --freeze`: they are laid over the recipes of this home. Take a line out to undo it.\n"
_FORM = TypeAdapter(dict[str, tuple[Frozen, ...]])


def read_thresholds(path: Path) -> dict[str, tuple[Frozen, ...]]:
    """What is frozen, by recipe; nothing where there is no file. Raises SettingsError for a file of another form."""
    if not path.is_file():
        return {}
    try:
        return _FORM.validate_python(yaml.safe_load(path.read_text("utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: not a mapping of recipe to a list of rule, value, language, source: {error}"
        ) from None


def with_thresholds(recipe: Recipe, path: Path) -> Recipe:
    """The recipe with what is frozen for it, after its own. Raises SettingsError for a rule that it has not."""
    own = read_thresholds(path).get(recipe.name, ())
    return _laid_over(recipe, own, path) if own else recipe


def freeze_threshold(path: Path, recipe: Recipe, frozen: Frozen) -> None:
    """Adds a threshold to the file; one for the same rule, language and source is replaced.

    Raises SettingsError, and leaves the file alone, where the recipe has no such rule.
    """
    known = read_thresholds(path)
    _laid_over(recipe, (*known.get(recipe.name, ()), frozen), path)
    same = (frozen.rule, frozen.language, frozen.source)
    kept = [one for one in known.get(recipe.name, ()) if (one.rule, one.language, one.source) != same]
    values = {**known, recipe.name: (*kept, frozen)}
    written = {name: [one.model_dump(exclude_none=True) for one in several] for name, several in values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(_HEADER + yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")
    part.replace(path)


def _laid_over(recipe: Recipe, own: tuple[Frozen, ...], path: Path) -> Recipe:
    made = recipe.model_copy(update={"thresholds": (*recipe.thresholds, *own)})
    if strange := strange_thresholds(made):
        raise SettingsError("\n".join(f"{path}: {recipe.name}: {complaint}" for _, complaint in strange))
    return made
