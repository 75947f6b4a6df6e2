"""Commands about recipes: what there is, what each does, whether a file is one, how two differ."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.table import Table as RichTable

from corpus_platform.commands.options import RecipeFolder
from corpus_platform.commands.plain import named_recipe
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Step

app = typer.Typer(no_args_is_help=True, help="The recipes: how each system makes its corpus.")


@app.command("list")
def list_recipes(
    context: typer.Context,
    folder: RecipeFolder = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference, for docs/recipes.md")] = False,
) -> None:
    """All recipes: shipped ones, and those of the home's own folder."""
    from corpus_platform.recipes.recipe import dialogue_recipe, dialogue_recipes, recipes
    from corpus_platform.recipes.reference import recipes_markdown

    if markdown:
        sys.stdout.write(recipes_markdown())
        return
    home = Home.open(context.obj)
    enabled = set(home.enabled)
    columns = (whole("recipe"), whole("system"), "languages", "text", right("steps"), "dedups", "enabled")
    shown = RichTable(*columns, box=None)
    talks = [dialogue_recipe(name, folder) for name in dialogue_recipes(folder)]
    for recipe in [*(recipes(folder) if folder else home.recipes).values(), *talks]:
        dedups = ", ".join(dict.fromkeys(step.name for step in recipe.every_step if step.kind == "dedup"))
        languages, texts = ", ".join(recipe.languages) or "all", ", ".join(recipe.variants)
        row = (recipe.name, recipe.title, languages, texts, str(len(recipe.every_step)), dedups)
        shown.add_row(*map(escaped, row), "yes" if recipe.name in enabled else "")
    out.print(shown)


@app.command("show")
def show_recipe(
    name: Annotated[str, typer.Argument(help="Name of a recipe, or a YAML file")], folder: RecipeFolder = None
) -> None:
    """One recipe: its steps in order with every threshold, and what is not verified."""
    recipe = _recipe_of_either_kind(name, folder)
    for label, value in _facts(recipe):
        if value:
            out.print(f"[bold]{label}[/] {escaped(value)}", highlight=False, soft_wrap=True)
    for part in recipe.parts:
        said = f"none: {part.missing}" if part.missing else f"{part.variant} {', '.join(part.of)}".strip()
        out.print(f"\n[bold]part {escaped(part.part)}[/] ({escaped(said)})", highlight=False, soft_wrap=True)
        _print_steps(part.steps)
    if recipe.parts:
        out.print("\n[bold]all parts together[/]", highlight=False)
    _print_steps(recipe.steps)


def _recipe_of_either_kind(name: str, folder: Path | None) -> Recipe:
    """A recipe over texts, or one over dialogues."""
    from corpus_platform.recipes.recipe import dialogue_recipe, dialogue_recipes

    return dialogue_recipe(name, folder) if name in dialogue_recipes(folder) else named_recipe(name, folder)


def _print_steps(steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, 1):
        out.print(f"\n{number}. [bold]{escaped(step.name)}[/] ({step.kind})", highlight=False)
        values = step.model_dump(mode="json", exclude={"label", "note", "unverified"}, exclude_none=True)
        if values:
            text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, default_flow_style=False, width=120)
            out.print(escaped("   " + text.strip().replace("\n", "\n   ")), highlight=False, soft_wrap=True)
        for label in ("note", "unverified"):
            if said := getattr(step, label):
                out.print(f"   [yellow]{label}:[/] {escaped(said)}", highlight=False, soft_wrap=True)


@app.command("validate")
def validate(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML files")]) -> None:
    """Whether files are recipes: every mistake with its line, and the nearest right name."""
    from corpus_platform.recipes.recipe import read_recipe

    for file in files:
        recipe = read_recipe(file)
        out.print(f"{file}: {recipe.name}, {len(recipe.every_step)} steps: good", highlight=False, soft_wrap=True)


def _facts(recipe: Recipe) -> list[tuple[str, Any]]:
    return [
        ("recipe", recipe.name),
        ("system", recipe.title),
        ("reference", recipe.reference),
        ("homepage", recipe.homepage),
        ("languages", ", ".join(recipe.languages)),
        ("text", ", ".join(recipe.variants)),
        ("compat", recipe.compat),
        ("about", recipe.about),
    ]
