"""`corpus sft filter`: a recipe over the dialogues of a file, with the reason for everything that goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus_platform.commands.options import (
    Compat,
    NamedLists,
    NamedModels,
    RecipeFolder,
    environment,
    pairs,
)
from corpus_platform.commands.plain import print_funnel
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.printing import escaped, out

if TYPE_CHECKING:
    from corpus_platform.recipes.explain import Explanation
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.sft_files import Source
    from corpus_platform.signals.environment import Environment


def filter_dialogues(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Rows with `messages` (JSONL, Parquet), or a data set's own file")
    ],
    kept: Annotated[Path | None, typer.Option("--out", help="File for what is kept, as repaired and edited")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="File for what is not: id, file, position, step, rule, value, threshold, seen")
    ] = None,
    recipe: Annotated[str, typer.Option(help="Name of a recipe over dialogues, or a YAML file")] = "sft",
    like: Annotated[
        str | None, typer.Option("--set", help="Data set of the catalogue that the file is of, e.g. belle.multiturn")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of the file's records, e.g. instruct, turns")] = None,
    against: Annotated[
        list[str] | None, typer.Option("--against", help="An evaluation set: NAME=FILE, may be repeated")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(help="Id of a dialogue: tells what every step makes of it, and writes nothing")
    ] = None,
    compat: Compat = "sane",
    lists: NamedLists = None,
    models: NamedModels = None,
    folder: RecipeFolder = None,
) -> None:
    """Runs a recipe over the dialogues of a file: what it keeps, and why it drops the rest."""
    from corpus_platform.recipes.sft_file_verdicts import verdicts_of_file
    from corpus_platform.recipes.sft_files import filter_file

    chosen = named_dialogue_recipe(recipe, folder)
    read = source_of(source, like, kind)
    where = environment(compat, "simple", lists, models, shipped=True)
    where = replace(where, test_sets=pairs(against, "--against"))
    if explain is not None:
        _tell(_explained(chosen, read, where, explain))
        return
    if kept is None or rejects is None:
        raise SettingsError("corpus sft filter IN --out OUT --rejects REJECTS, or --explain ID")
    _check_apart(source, kept, rejects)
    done = filter_file(chosen, read, kept, rejects, where, verdicts_of_file(chosen, read, where))
    print_funnel(done.funnel)
    told = f"{done.kept:,} dialogues kept: {kept}; {done.dropped:,} dropped: {rejects}"
    out.print(told, highlight=False, soft_wrap=True)
    if done.rejects:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(done.rejects.items()))
        out.print(f"could not be read, and stand in {rejects} as step `read`: {reasons}", highlight=False)


def named_dialogue_recipe(name: str, folder: Path | None = None) -> Recipe:
    """A recipe over dialogues by its name, or from its YAML file. Raises SettingsError for one that starts from other texts."""
    from corpus_platform.documents import DIALOGUES
    from corpus_platform.recipes.recipe import dialogue_recipe, read_recipe

    if not name.endswith((".yaml", ".yml")):
        return dialogue_recipe(name, folder)
    found = read_recipe(Path(name))
    if found.variant != DIALOGUES:
        raise SettingsError(f"{name}: a recipe over dialogues has `variant: {DIALOGUES}`, and not {found.variant}")
    return found


def source_of(path: Path, like: str | None, kind: str | None) -> Source:
    """A file as rows of the one form; with a set of the catalogue or a kind, as records of that."""
    from corpus_platform.recipes.sft_files import Source

    if like is None and kind is None:
        return Source(path)
    from corpus_platform.stages.sft_sets import DataSetSettings

    given = {name: value for name, value in (("like", like), ("kind", kind)) if value is not None}
    one = DataSetSettings.model_validate({"location": str(path.parent), **given})
    reading = one.reading().model_copy(update={"files": (), "skip": ()})
    return Source(path, reading, one.facts((like or path.stem).partition(".")[0]))


def _check_apart(source: Path, kept: Path, rejects: Path) -> None:
    places = [path.resolve() for path in (source, kept, rejects)]
    if len(set(places)) < len(places):
        raise SettingsError("what is read, what is kept and what is not need a file each")


def _explained(recipe: Recipe, source: Source, where: Environment, identity: str) -> Explanation:
    """What a recipe makes of the dialogue of an id. Raises SourceError where the file has none."""
    import polars as pl

    from corpus_platform.recipes.explain import explain
    from corpus_platform.recipes.sft_file_verdicts import verdicts_of_file
    from corpus_platform.recipes.sft_files import dialogue_batches

    verdicts = verdicts_of_file(recipe, source, where)
    for batch in dialogue_batches(source):
        found = batch.frame.filter(pl.col("doc_id") == identity)
        if found.height:
            return explain(recipe, found, where, verdicts)[0]
    raise SourceError(f"{source.path} has no dialogue with the id {identity}")


def _tell(explanation: Explanation) -> None:
    """Every step with what its rules saw."""
    for outcome in explanation.outcomes:
        by = f" by {outcome.rule}" if outcome.rule else ""
        out.print(f"{escaped(outcome.step)}: {outcome.result}{escaped(by)}", highlight=False, soft_wrap=True)
        for asked in outcome.rules:
            if asked.holds or asked.value is not None:
                out.print(f"  {'*' if asked.holds else ' '} {escaped(f'{asked.rule}: {asked}')}", highlight=False)
        for passage in outcome.passages:
            out.print(f"  - {escaped(f'{passage.rule} {passage.text[:80]!r}')}", highlight=False, soft_wrap=True)
