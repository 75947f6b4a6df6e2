"""`corpus read`: what a source's reader makes of files and folders, as a plain file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.readers.files import UnitCounts

_SHOWN = 60
"""Units that have a row of their own; all of them count."""


def read(
    format: Annotated[str | None, typer.Argument(metavar="FORMAT", help="Name of a reader; --list tells them")] = None,  # noqa: A002
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files or folders")] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="JSONL (plain, .gz, .zst) or Parquet file for the documents")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="File for what could not be used, with the reasons")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the reader: NAME=VALUE, lists as [a, b]; may be repeated")
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Of a reader of folders: every folder in PATH is one, not PATH itself")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="The readers, what they read, and their options")] = False,
) -> None:
    """Reads files of a source: books, papers, code, posts, dumps, pairs ... Every document is a row, what can't be used is counted by reason."""
    from corpus_platform.readers.files import read_files
    from corpus_platform.readers.reader import reader_of

    if list_:
        _list()
        return
    if format is None or not paths or to is None:
        raise SettingsError("corpus read takes FORMAT PATH... --out OUT; corpus read --list tells the formats")
    found = read_files(reader_of(format, _options(option)), paths, to, rejects=rejects, each=each)
    _print_counts(found)
    documents, bad = sum(one.documents for one in found), sum(one.rejects.total() for one in found)
    where = f", {bad:,} rejects{f': {rejects}' if rejects else ''}" if bad else ""
    out.print(f"{documents:,} documents: {to}{where}", highlight=False, soft_wrap=True)


def _options(values: list[str] | None) -> dict[str, Any]:
    """Text as it is, for Pydantic makes numbers of it; a list or mapping as YAML has it."""
    found: dict[str, Any] = {}
    for value in values or ():
        name, sign, given = value.partition("=")
        if not (name and sign):
            raise SettingsError(f"--option takes NAME=VALUE; `{value}` is not of that form")
        try:
            found[name] = yaml.safe_load(given) if given[:1] in ("[", "{") else given
        except yaml.YAMLError:
            raise SettingsError(f"--option {name}: `{given}` is no list or mapping: write [a, b] or {{a: b}}") from None
    return found


def _list() -> None:
    from corpus_platform.readers.reader import readers

    shown = RichTable(whole("reader"), "source", "unit", whole("files"), whole("options"), box=None)
    for name, reader in sorted(readers().items(), key=lambda item: (item[1].source, item[0])):
        options = ", ".join(f"{field}={_default(info)}" for field, info in reader.model_fields.items())
        shown.add_row(*map(escaped, (name, reader.source, reader.by, " ".join(reader.suffixes) or "all", options)))
    out.print(shown)


def _default(info: Any) -> str:
    return "..." if info.is_required() else str(info.get_default(call_default_factory=True))


def _print_counts(units: Sequence[UnitCounts]) -> None:
    shown = RichTable(
        whole("unit"), right("documents"), right("characters"), right("rejects"), whole("reasons"), box=None
    )
    for one in units[:_SHOWN]:
        shown.add_row(escaped(one.name), *_figures(one.documents, one.characters, one.rejects))
    if len(units) > 1:
        if len(units) > _SHOWN:
            shown.add_row(f"... {len(units) - _SHOWN:,} more")
        rejects = sum((one.rejects for one in units), Counter[str]())
        sums = sum(one.documents for one in units), sum(one.characters for one in units)
        shown.add_row(f"all {len(units):,}", *_figures(*sums, rejects))
    out.print(shown)


def _figures(documents: int, characters: int, rejects: Counter[str]) -> tuple[str, ...]:
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in rejects.most_common())
    return f"{documents:,}", f"{characters:,}", f"{rejects.total():,}", reasons
