"""Commands over plain files: no home, no lake, no Dagster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.commands.options import (
    Compat,
    LanguageCharacters,
    NamedLists,
    NamedModels,
    RecipeFolder,
    TextField,
    Words,
    environment,
    pairs,
)
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.analytics.corpora import StepCount
    from corpus_platform.recipes.apply import FunnelRow
    from corpus_platform.sources.records import Reject

Input = Annotated[Path, typer.Argument(metavar="IN", help="JSONL (plain, .gz, .zst) or Parquet with `text`")]
_SHOWN_REJECTS = 5


def annotate(
    source: Input,
    to: Annotated[Path, typer.Option("--out", help="File for the rows with their signals; its ending says the form")],
    signals: Annotated[
        str, typer.Option(help="default, all, or names with commas between; a name may end in *")
    ] = "default",
    compat: Compat = "sane",
    words: Words = "simple",
    lists: NamedLists = None,
    models: NamedModels = None,
    language_characters: LanguageCharacters = None,
    text_field: TextField = "text",
) -> None:
    """Measures signals of the documents of a file: every row comes out with a column for each."""
    from corpus_platform.signals.files import annotate_file, names_of

    names = names_of(signals)
    asked = signals != "default" and any(name.startswith("ml_") for name in names)
    where = environment(compat, words, lists, models, language_characters, shipped=asked)
    counts = annotate_file(source, to, names, where, text=text_field)
    out.print(f"{counts.documents:,} documents with {len(names)} signals: {to}", highlight=False, soft_wrap=True)
    print_rejects(counts.rejects)


def apply(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a YAML file")],
    source: Input,
    kept: Annotated[Path, typer.Option("--out", help="File for what is kept, with the texts as edited")],
    dropped: Annotated[Path, typer.Option(help="File for what is dropped: id, step, rule, value, threshold")],
    compat: Annotated[str | None, typer.Option(help="sane or reference; the recipe's own by default")] = None,
    words: Words = "simple",
    lists: NamedLists = None,
    models: NamedModels = None,
    language_characters: LanguageCharacters = None,
    text_field: TextField = "text",
    folder: RecipeFolder = None,
    test_sets: Annotated[
        list[str] | None, typer.Option("--test-set", help="A test set to decontaminate by: NAME=FILE, may be repeated")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Of a recipe over several sources: the part that the file is of")
    ] = None,
) -> None:
    """Runs a recipe over the documents of a file, dedups and all: what it keeps, and why it dropped the rest."""
    from dataclasses import replace

    from corpus_platform.recipes.files import apply_file, of_one_part
    from corpus_platform.recipes.steps.contamination import Decontaminate

    chosen = of_one_part(named_recipe(recipe, folder), part)
    if compat is not None:
        chosen = chosen.model_copy(update={"compat": environment(compat).settings.compat})
    where = environment(compat or "sane", words, lists, models, language_characters, shipped=True)
    where = replace(where, test_sets=pairs(test_sets, "--test-set"))
    if not where.test_sets and any(isinstance(step, Decontaminate) for step in chosen.steps):
        out.print(
            f"{chosen.name} decontaminates, and no test set is named (--test-set): nothing is held against one",
            highlight=False,
        )
    done = apply_file(chosen, source, kept, dropped, where, text=text_field)
    print_funnel(done.funnel)
    out.print(
        f"{done.kept:,} documents kept: {kept}; {done.dropped:,} dropped: {dropped}", highlight=False, soft_wrap=True
    )
    if done.rejects:
        out.print(f"{done.rejects:,} rows could not be read: they are in {dropped} as step `read`", highlight=False)


def extract(
    sources: Annotated[list[Path], typer.Argument(metavar="WARC|HTML...", help="WARC files, or pages as HTML")],
    to: Annotated[Path, typer.Option("--out", help="File for the texts; its ending says the form")],
    extractor: Annotated[str, typer.Option(help="resiliparse, trafilatura, justext or math")] = "resiliparse",
) -> None:
    """Takes the main text out of pages: the text that recipes see."""
    from corpus_platform.commands.pages import extract_files

    documents, rejects = extract_files(sources, to, extractor)
    out.print(f"{documents:,} documents: {to}", highlight=False, soft_wrap=True)
    print_rejects(rejects)


def named_recipe(name: str, folder: Path | None = None):  # noqa: ANN201  (a Recipe; the import is dear)
    """A recipe by its name, or from its YAML file."""
    from corpus_platform.recipes.recipe import read_recipe, recipe

    return read_recipe(Path(name)) if name.endswith((".yaml", ".yml")) else recipe(name, folder)


def print_funnel(funnel: Iterable[FunnelRow | StepCount]) -> None:
    """A row for each step: documents that came in, went by which rule, were changed."""
    numbers = (right(name) for name in ("documents", "dropped", "changed"))
    shown = RichTable(whole("step"), "kind", *numbers, whole("by rule"), box=None)
    for row in funnel:
        rules = ", ".join(f"{rule} {n:,}" for rule, n in sorted(row.rules.items(), key=lambda item: -item[1]))
        removed = ", ".join(f"{rule} {n:,}" for rule, n in sorted(row.removed.items(), key=lambda item: -item[1]))
        what = "; ".join(filter(None, [rules, f"taken out: {removed}" if removed else ""]))
        changed = f"{row.changed:,}" if row.changed else ""
        shown.add_row(escaped(row.step), row.kind, f"{row.documents:,}", f"{row.dropped:,}", changed, what)
    out.print(shown)


def print_rejects(rejects: Iterable[Reject]) -> None:
    """The first rows that could not be read, and how many there are."""
    rejects = tuple(rejects)
    for reject in rejects[:_SHOWN_REJECTS]:
        line = f"{reject.file}:{reject.position}: {reject.reason}: {reject.detail}"
        out.print(f"[yellow]rejected[/] {escaped(line)}", highlight=False, soft_wrap=True)
    if len(rejects) > _SHOWN_REJECTS:
        out.print(f"[yellow]rejected[/] {len(rejects):,} rows in all", highlight=False)
