"""What the command line prints: tables for people, CSV and JSON for programs, the summary of the demo and what to type next.

Not here: the commands (cli.py), values as text (analytics/rows.py).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from corpus_platform.demo import DataSetSummary, DialogueMixSummary, MixSummary, SnapshotSummary, SourceSummary
    from corpus_platform.home import Home

# A pipe or a file has no width: lines are cut for terminals only.
out = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
err = Console(stderr=True)


def print_summary(rows: list[SnapshotSummary]) -> None:
    """A column for each snapshot, from its records to the corpus."""
    shown = RichTable("", *(right(row.snapshot) for row in rows), box=None)
    figures: dict[str, Callable[[SnapshotSummary], str]] = {
        "records": lambda row: f"{row.records:,}",
        "rejects": lambda row: f"{sum(row.rejects.values()):,}",
        "pages": lambda row: f"{row.pages:,}",
        "paragraphs": lambda row: f"{row.lines:,}",
        "paragraphs removed": lambda row: f"{row.lines_removed:,}",
        "documents": lambda row: f"{row.documents:,}",
        "languages": lambda row: _counts(row.languages, 3),
        "buckets": lambda row: _counts(row.buckets.items(), 4),
        "corpus, MB": lambda row: f"{row.corpus_bytes / 1e6:.2f}",
    }
    for name, figure in figures.items():
        shown.add_row(name, *(figure(row) for row in rows))
    for judged in zip(*(row.corpora for row in rows), strict=True):
        shown.add_row(f"corpora.{judged[0][0]}", *(f"{kept:,} of {read:,}" for _, read, kept in judged))
    for compared in zip(*(row.copies for row in rows), strict=True):
        shown.add_row(f"copies: {compared[0][0]}", *(f"{gone:,} of {read:,}" for _, read, gone in compared))
    out.print(shown)
    for row in rows:
        if row.rejects:
            out.print(f"rejects of {row.snapshot}: {_counts(row.rejects.items(), 20)}", highlight=False)


def print_sources(rows: list[SourceSummary]) -> None:
    """A row for each source other than the web, from what was read to its corpus."""
    columns = (right(name) for name in ("documents", "rejects", "cleaned", "in its corpus", "in several_sources"))
    shown = RichTable("source", *columns, "rejects by reason", box=None)
    for row in rows:
        numbers = (row.documents, sum(row.rejects.values()), row.cleaned, row.kept, row.shared)
        shown.add_row(row.source, *(f"{number:,}" for number in numbers), _counts(row.rejects.items(), 3))
    out.print()
    out.print(shown)


def print_mix(mix: MixSummary) -> None:
    """A row for each part of the demo's mix, and where its release is."""
    shown = RichTable("part of the mix", right("documents"), right("tokens"), box=None)
    for part in mix.parts:
        shown.add_row(part.part, f"{part.documents:,}", f"{part.drawn:,}")
    shown.add_row("all", f"{sum(p.documents for p in mix.parts):,}", f"{sum(p.drawn for p in mix.parts):,}")
    out.print()
    out.print(shown)
    was = "Released" if mix.is_new else "Released before"
    out.print(f"{was}: {mix.files} files in {_place(mix.folder)}", highlight=False, soft_wrap=True)


def print_data_sets(rows: list[DataSetSummary]) -> None:
    """A row for each data set of dialogues, from its records to what is kept, with the rules that took most."""
    columns = (right(name) for name in ("read", "rejects", "dialogues", "kept"))
    shown = RichTable("data set", "kind or way", *columns, "dropped by", box=None)
    for row in rows:
        numbers = (row.records, sum(row.rejects.values()), row.dialogues, row.kept)
        shown.add_row(row.name, row.made_by, *(f"{number:,}" for number in numbers), _counts(row.dropped.items(), 3))
    out.print()
    out.print(shown)


def print_mix_of_dialogues(mix: DialogueMixSummary) -> None:
    """One line on the demo's mix of dialogues, and where its files are."""
    was = "Exported" if mix.is_new else "Exported before"
    drawn = f"{mix.rows:,} dialogues of {mix.sets} data sets, {mix.tokens:,} tokens that are learnt"
    out.print(
        f"Mix of dialogues: {drawn}. {was}: {mix.files} files in {_place(mix.folder)}", highlight=False, soft_wrap=True
    )


def _place(folder: Path) -> str:
    """A folder as it is seen from here."""
    return escaped(os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder))


def _counts(values: Iterable[tuple[str, int]], most: int) -> str:
    """`en 139, de 83, +19 more`: the largest first."""
    ordered = sorted(values, key=lambda item: -item[1])
    more = [f"+{len(ordered) - most} more"] if len(ordered) > most else []
    return ", ".join([*(f"{name} {n}" for name, n in ordered[:most]), *more])


def print_next(home: Home, recipe: str) -> None:
    """Commands that look at what the demo has made, with a page that a recipe dropped as the example."""
    at = "" if home.path == Path(".corpus").resolve() else f" --home {shlex.quote(str(home.path))}"
    command = f"  {_program()}{at}"
    lines = (
        "",
        "Where to look next",
        f"{command} ui       # the same in the Dagster web UI",
        f"{command} report   # the same as one HTML file",
        *_about_corpora(home, command, recipe),
        *_about_sources(home, command),
        f'{command} sql "select language, bucket, count(*) from corpora.ccnet group by all order by 3 desc"',
        f'{command} sql "select reason, count(*) from ops.rejects group by 1"',
        f'{command} sql "select recipe, step, rule, count(*) from ops.decisions group by all order by 4 desc"',
    )
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)


def _about_sources(home: Home, command: str) -> list[str]:
    """Commands about the other sources and the mix, where the home has any."""
    if not home.settings.sources.used:
        return []
    return [
        f"{command} mix show demo",
        f"{command} release verify demo --out {shlex.quote(str(home.path / 'release'))}",
        f'{command} sql "select category, count(*) from books.cleaned group by all"',
        *_about_dialogues(home, command),
    ]


def _about_dialogues(home: Home, command: str) -> list[str]:
    """Commands about the data sets of dialogues, where the home has any."""
    if not home.settings.sft.sets:
        return []
    return [
        f"{command} sft mix show demo_dialogues",
        f"{command} sql \"select partition, rule, count(*) from ops.decisions where step like 'sft_%' group by all\"",
    ]


def _about_corpora(home: Home, command: str, recipe: str) -> list[str]:
    """Commands about the corpora that the home has, with a page of its own as the example."""
    import polars as pl  # noqa: PLC0415

    dropped = home.lake.scan("ops.decisions").filter(pl.col("recipe") == recipe).select("doc_id").sort("doc_id")
    found = home.lake.scan("web.pages").join(dropped.head(1), on="doc_id").select("url").head(1).collect()["url"]
    example = [f"{command} explain {shlex.quote(found[0])}"] if len(found) and found[0] else []
    copy = home.lake.scan("web.duplicates").filter(~pl.col("kept")).select("doc_id").sort("doc_id").head(1).collect()
    dups = [f"{command} dups {shlex.quote(copy['doc_id'][0])}"] if copy.height else []
    return [*example, f"{command} funnel {recipe}", f"{command} recipes overlap", *dups]


def _program() -> str:
    """The program as its user can type it: its name where that is on PATH, else its path from here."""
    name = Path(sys.argv[0])
    if shutil.which(name.name):
        return name.name
    return os.path.relpath(name) if name.exists() else name.name


def print_rows(rows: Any, format: str) -> None:  # noqa: A002
    """Prints an Arrow table as a table, CSV or JSON lines."""
    from corpus_platform.analytics.rows import csv_of, json_lines  # noqa: PLC0415  (imports Arrow)

    if format == "json":
        sys.stdout.buffer.write(b"".join(json_lines(rows)))
    elif format == "csv":
        sys.stdout.buffer.write(csv_of(rows))
    else:
        shown = RichTable(*(whole(escaped(name)) for name in rows.column_names), box=None)
        for row in rows.to_pylist():
            shown.add_row(*("" if value is None else escaped(str(value)) for value in row.values()))
        out.print(shown)
    sys.stdout.flush()


def check_format(format: str) -> None:  # noqa: A002
    """Raises SettingsError where there is no such format."""
    if format not in {"table", "csv", "json"}:
        raise SettingsError(f"there is no format `{format}`; there are table, csv and json")


def whole(name: str) -> Column:
    """A column whose long values go on in the next line: what is printed can be copied."""
    return Column(name, overflow="fold")


def right(name: str) -> Column:
    """A column of numbers."""
    return Column(name, justify="right")


def escaped(text: str) -> str:
    """The text as it is, for Rich would take `[...]` for markup."""
    return escape(text)
