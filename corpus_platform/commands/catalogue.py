"""`corpus catalogue`: sources of text with their terms, and corpora that models were pretrained on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.catalogue.entries import Corpus, Source

app = typer.Typer(no_args_is_help=True, help="Sources of text with their terms, and corpora for pretraining.")

_LISTS = ("sources", "pretraining")


@app.command("list")
def list_entries(
    which: Annotated[str | None, typer.Argument(metavar="[sources|pretraining]", help="Both by default")] = None,
    openness: Annotated[str | None, typer.Option(help="Corpora that are full, part or closed")] = None,
    language: Annotated[str | None, typer.Option(help="In a language, e.g. zh; many languages are mul")] = None,
    risk: Annotated[str | None, typer.Option(help="Sources that are open, permission or refused")] = None,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each entry, with all that is known")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference, for docs/catalogue.md")] = False,
) -> None:
    """The entries that fit: what it is, how large, whether it may be used, and our recipe."""
    from corpus_platform.catalogue.entries import Openness, Risk
    from corpus_platform.catalogue.reference import catalogue_markdown

    if markdown:
        sys.stdout.write(catalogue_markdown())
        return
    if which not in (None, *_LISTS):
        raise SettingsError(f"there is no list `{which}`; there are {' and '.join(_LISTS)}")
    _check("--openness", openness, get_args(Openness))
    _check("--risk", risk, get_args(Risk))
    found_sources, found_corpora = _chosen(which, openness, language, risk)
    if json:
        _print_json([*found_sources, *found_corpora])
        return
    if found_sources:
        _print_sources(found_sources)
    if found_corpora:
        _print_corpora(found_corpora)
    out.print(f"{len(found_sources)} sources, {len(found_corpora)} corpora. More of one: corpus catalogue show NAME")


@app.command("show")
def show_entry(
    name: Annotated[str, typer.Argument(help="Name or title of an entry")],
    json: Annotated[bool, typer.Option("--json", help="As a line of JSON")] = False,
) -> None:
    """All that is known of an entry, and how it is known."""
    from corpus_platform.catalogue.entries import find
    from corpus_platform.catalogue.reference import facts

    found = find(name)
    if json:
        _print_json(found)
        return
    for i, entry in enumerate(found):
        if i:
            out.print()
        for label, value in facts(entry).items():
            told = ", ".join(value) if isinstance(value, list) else value
            if told not in ("", None):
                out.print(f"[bold]{label.replace('_', ' ')}[/] {escaped(str(told))}", highlight=False, soft_wrap=True)


def _chosen(
    which: str | None, openness: str | None, language: str | None, risk: str | None
) -> tuple[list[Source], list[Corpus]]:
    """A filter that is of sources alone, or of corpora alone, leaves the others out."""
    from corpus_platform.catalogue.entries import corpora, sources

    of_sources = [
        one
        for one in sources().values()
        if risk in (None, one.risk) and (language is None or language in one.languages)
    ]
    of_corpora = [
        one
        for one in corpora().values()
        if openness in (None, one.openness) and (language is None or language in one.languages)
    ]
    wants_sources = which == "sources" or (which is None and openness is None)
    wants_corpora = which == "pretraining" or (which is None and risk is None)
    return of_sources if wants_sources else [], of_corpora if wants_corpora else []


def _check(option: str, value: str | None, known: Sequence[str]) -> None:
    if value not in (None, *known):
        raise SettingsError(f"{option} {value}: choose one of {', '.join(known)}")


def _print_json(entries: Sequence[Source | Corpus]) -> None:
    from corpus_platform.catalogue.reference import facts

    lines = b"".join(orjson.dumps(facts(entry)) + b"\n" for entry in entries)
    sys.stdout.write(lines.decode())


def _print_sources(entries: Sequence[Source]) -> None:
    columns = (whole("source"), "kind", "languages", "access", "risk", whole("terms"), "reader", "recipe")
    shown = RichTable(*columns, box=None)
    colours = {"open": "green", "permission": "yellow", "refused": "red"}
    for one in entries:
        languages, risk = ",".join(one.languages), f"[{colours[one.risk]}]{one.risk}[/]"
        shown.add_row(
            one.name, one.kind, languages, one.access, risk, escaped(one.terms), one.reader or "", one.recipe or ""
        )
    out.print(shown)


def _print_corpora(entries: Sequence[Corpus]) -> None:
    columns = (
        whole("corpus"),
        "year",
        right("size"),
        "open",
        "languages",
        whole("licence"),
        whole("recipes"),
        "known by",
    )
    shown = RichTable(*columns, box=None)
    for one in entries:
        languages = ",".join(one.languages[:3]) + (" ..." if len(one.languages) > 3 else "")
        row = (
            one.name,
            str(one.year),
            one.size or "",
            one.openness,
            languages,
            one.licence or "",
            ", ".join(one.recipes),
        )
        shown.add_row(*map(escaped, row), one.evidence)
    out.print(shown)
